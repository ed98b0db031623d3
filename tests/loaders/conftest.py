from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres import Postgres, start_postgres

ROOT = Path(__file__).resolve().parents[2]
MELTANO = ROOT / ".tools" / "meltano" / "bin" / "meltano"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def warehouse() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Let one test at a time use the project: Meltano keeps catalogs of a run in it."""
    folder = ROOT / ".meltano"
    folder.mkdir(exist_ok=True)  # what loads through a pipe needs no Meltano
    with (folder / ".tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def meltano(tmp_path: Path) -> Run:
    """Run Meltano in this repository, with state of its own."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env["MELTANO_DATABASE_URI"] = f"sqlite:///{tmp_path}/meltano.db"
        return subprocess.run(
            [str(MELTANO), *arguments],
            cwd=ROOT,
            env={**env, **settings},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    return run
