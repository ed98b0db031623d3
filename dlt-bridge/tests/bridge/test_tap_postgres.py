"""The real pipelinewise-tap-postgres resumes an interrupted read, and no row is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from postgres import Postgres

    from .conftest import Run, Warehouse

PACKAGE = "pipelinewise-tap-postgres==2.1.0"


@pytest.fixture(scope="session")
def tap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tap's command, in an environment of its own."""
    home = tmp_path_factory.mktemp("tap")
    python = home / "bin" / "python"
    uv = shutil.which("uv")
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(home)],
            [uv, "pip", "install", "--quiet", "--python", str(python), PACKAGE],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", str(home)],
            [str(python), "-m", "pip", "install", "--quiet", PACKAGE],
        ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{PACKAGE} cannot be installed here: {done.stderr.strip()[-200:]}")
    return home / "bin" / "tap-postgres"


class Source:
    """A table in a PostgreSQL and the tap that reads it."""

    def __init__(self, tap: Path, folder: Path, postgres: Postgres) -> None:
        self._tap, self._folder, self._url = tap, folder, postgres.url
        self._config = folder / "tap.json"
        self._config.write_text(
            json.dumps(
                {
                    "host": postgres.host,
                    "port": postgres.port,
                    "user": postgres.user,
                    "password": postgres.password,
                    "dbname": postgres.database,
                    "filter_schemas": "public",
                }
            )
        )

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def discover(self) -> None:
        catalog = json.loads(self._run("--discover"))
        for stream in catalog["streams"]:
            for part in stream["metadata"]:
                if not part["breadcrumb"]:
                    chosen = {"selected": True, "replication-method": "FULL_TABLE"}
                    part["metadata"] |= chosen
        (self._folder / "catalog.json").write_text(json.dumps(catalog))

    def read(self, state: Any = None) -> list[str]:
        arguments = ["--properties", str(self._folder / "catalog.json")]
        if state:
            path = self._folder / "state.json"
            path.write_text(json.dumps(state))
            arguments += ["--state", str(path)]
        return self._run(*arguments).splitlines()

    def _run(self, *arguments: str) -> str:
        command = [str(self._tap), "--config", str(self._config), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2_000:]
        return done.stdout


def until(lines: list[str], records: int) -> list[str]:
    """What a tap wrote that died after so many records."""
    kept = []
    for line in lines:
        kept.append(line)
        records -= json.loads(line)["type"] == "RECORD"
        if not records:
            break
    return kept


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "keyless"])
def test_a_read_that_was_interrupted_and_resumed(
    tap: Path, warehouse: Warehouse, postgres: Postgres, *, keyed: bool
) -> None:
    source = Source(tap, warehouse.folder, postgres)
    source.execute("DROP TABLE IF EXISTS public.orders")
    key = "PRIMARY KEY" if keyed else ""
    source.execute(f"CREATE TABLE public.orders (id integer {key}, v text)")
    for first in (1, 2_001, 4_001):  # each with a transaction number of its own
        numbers = f"generate_series({first}, {first + 1_999})"
        source.execute(f"INSERT INTO public.orders SELECT i, 'v' || i FROM {numbers} AS i")
    source.discover()

    def load(lines: list[str]) -> Run:
        run = warehouse.load(*lines)
        assert run.code == 0, run.stderr
        return run

    def check() -> None:
        truth = source.execute("SELECT id, v FROM public.orders ORDER BY id")
        assert warehouse.query(f"SELECT id, v FROM {table} ORDER BY id") == truth

    lines = source.read()
    stream = next(json.loads(line)["stream"] for line in lines if '"SCHEMA"' in line)
    table = stream.replace("-", "_")
    state = load(lines).states[-1]
    check()
    source.execute("DELETE FROM public.orders WHERE id % 100 = 7")
    half = until(source.read(state), 4_000)
    state = load(half).states[-1]
    assert "xmin" in json.dumps(state)
    rest = source.read(state)
    assert 0 < sum('"RECORD"' in line for line in rest) < 5_940
    load(rest)
    if keyed:
        check()
        return
    # The tap begins with the transaction it was at, and sends its rows once more.
    sent = [json.loads(line)["record"] for line in half + rest if '"RECORD"' in line]
    rows = sorted((row["id"], row["v"]) for row in sent)
    assert warehouse.query(f"SELECT id, v FROM {table} ORDER BY id") == rows
    assert sorted(set(rows)) == source.execute("SELECT id, v FROM public.orders ORDER BY id")
