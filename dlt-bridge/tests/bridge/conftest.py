"""What the tests of the bridge share: the target, and databases to load into."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from postgres import Postgres, start_postgres

COMMAND = Path(sys.executable).parent / "target-dlt"
HERE = Path(__file__).parent


@dataclass
class Run:
    """What one run of the target did."""

    code: int
    stdout: str
    stderr: str

    @property
    def states(self) -> list[Any]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def last_line(self) -> str:
        return self.stderr.splitlines()[-1] if self.stderr else ""


class WarmTarget:
    """Forks of a process that has imported dlt, so that a run costs a fraction of a second."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "warm_target.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def run(self, request: dict[str, Any], kill_after: float | None = None) -> int:
        """Runs to the end, or kills after so many seconds; returns the exit code."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        child = int(self._process.stdout.readline())
        timer = None
        if kill_after is not None:
            timer = threading.Timer(kill_after, os.kill, (child, signal.SIGKILL))
            timer.start()
        status = int(self._process.stdout.readline())
        if timer:
            timer.cancel()
        return os.waitstatus_to_exitcode(status)

    def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)


@dataclass
class Warehouse:
    """A destination, empty at the start of a test, and the target that loads into it."""

    kind: str
    folder: Path
    config: dict[str, Any]
    warm: WarmTarget
    database: Any = field(default=None)

    def load(self, *messages: Any, kill_after: float | None = None, **settings: Any) -> Run:
        """Gives messages, dictionaries or raw lines, to the target."""
        source = self.folder / "input.singer"
        source.write_bytes(b"".join(map(_line, messages)))
        return self.load_file(source, kill_after=kill_after, **settings)

    def load_file(self, source: Path, *, kill_after: float | None = None, **settings: Any) -> Run:
        config = self.folder / "config.json"
        config.write_text(json.dumps(self.config | settings))
        stdout, stderr = self.folder / "stdout", self.folder / "stderr"
        code = self.warm.run(
            {
                "arguments": ["--config", str(config)],
                "environment": {"DLT_DATA_DIR": str(self.folder / "dlt")},
                "folder": str(self.folder),
                "stdin": str(source),
                "stdout": str(stdout),
                "stderr": str(stderr),
            },
            kill_after,
        )
        return Run(code, stdout.read_text(), stderr.read_text())

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Runs SQL with the dataset as the default schema."""
        dataset = self.config["dataset_name"]
        if self.kind == "postgres":
            with psycopg.connect(self.database.url) as connection:
                connection.execute(f'SET search_path TO "{dataset}"')
                return connection.execute(sql).fetchall()
        with duckdb.connect(self.config["credentials"]) as file:
            file.execute(f"SET TimeZone='UTC'; USE {dataset}")
            return file.execute(sql).fetchall()

    def execute(self, sql: str) -> None:
        """Changes the dataset."""
        dataset = self.config["dataset_name"]
        if self.kind == "postgres":
            with psycopg.connect(self.database.url) as connection:
                connection.execute(f'SET search_path TO "{dataset}"')
                connection.execute(sql)
            return
        with duckdb.connect(self.config["credentials"]) as file:
            file.execute(f"USE {dataset}; {sql}")

    def types(self, table: str) -> dict[str, str]:
        """The columns of a table with the database's names of their types."""
        columns = self.query(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_name = '{table}' AND table_schema = '{self.config['dataset_name']}'"
        )
        return dict(columns)


def _line(message: Any) -> bytes:
    if isinstance(message, bytes):
        return message
    if isinstance(message, str):
        return message.encode() + b"\n"
    return json.dumps(message).encode() + b"\n"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmTarget]:
    target = WarmTarget()
    yield target
    target.stop()


def new_duck(folder: Path, warm: WarmTarget) -> Warehouse:
    config = {
        "destination": "duckdb",
        "credentials": str(folder / "warehouse.duckdb"),
        "dataset_name": "loaded",
    }
    return Warehouse("duckdb", folder, config, warm)


@pytest.fixture
def duck(tmp_path: Path, warm: WarmTarget) -> Warehouse:
    return new_duck(tmp_path, warm)


@pytest.fixture
def pg(tmp_path: Path, warm: WarmTarget, postgres: Postgres) -> Warehouse:
    config = {
        "destination": "postgres",
        "credentials": postgres.url,
        "dataset_name": f"loaded_{uuid.uuid4().hex[:8]}",
    }
    return Warehouse("postgres", tmp_path, config, warm, postgres)


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.integration)])
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    found: Warehouse = request.getfixturevalue({"duckdb": "duck", "postgres": "pg"}[request.param])
    return found


def _databases(first: str, later: str) -> pytest.MarkDecorator:
    cases = [first, pytest.param(later, marks=pytest.mark.slow)]
    return pytest.mark.parametrize("warehouse", cases, indirect=True)


MOSTLY_DUCKDB = _databases("duckdb", "postgres")
"""Both databases among the slow tests, one in a plain run: for what is decided before any SQL."""

MOSTLY_POSTGRES = _databases("postgres", "duckdb")
