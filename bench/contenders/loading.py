"""Who loads a file of Singer messages, and what goes from the wire into DuckDB."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contenders import BIN, Contender, cachet, cinchy, dlt_rest, script, written
from bench.messages import STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgres import Postgres

    from bench.contenders import Job

ROOT = Path(__file__).parent.parent.parent
POSTGRES_LOADER = Path(".meltano/loaders/target-postgres/venv/bin/target-postgres")
"""Where ``make meltano`` puts it, in an environment of its own."""
OURS, THEIRS = "ours.duckdb", "dlt.duckdb"
DUCKDB_MEMORY = "128MB"
"""What DuckDB may take; unless told it keeps what it has loaded, up to most of the memory."""
NO_TELEMETRY = {"RUNTIME__DLTHUB_TELEMETRY": "false"}


def target_dlt(job: Job) -> list[str]:
    """Return our target, into a DuckDB file in the job's folder."""
    settings = {
        "credentials": str(job.folder / OURS),
        "pipelines_dir": str(job.folder / "pipelines"),
        "dataset_name": "bench",
    }
    return [str(BIN / "target-dlt"), "--config", written(job, "target", settings)]


def target_dlt_postgres(job: Job) -> list[str]:
    """Return our target, into a schema of its own in PostgreSQL."""
    settings = {
        "destination": "postgres",
        "credentials": _server().url,
        "pipelines_dir": str(job.folder / "pipelines"),
        "dataset_name": _schema(job),
    }
    return [str(BIN / "target-dlt"), "--config", written(job, "target", settings)]


def rows_in(*where: str) -> int:
    """Return how many rows have arrived."""
    command = script("count", *where)
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rows_in_duckdb(job: Job, file: str, table: str) -> int:
    """Return how many rows have arrived in a file of the job's folder."""
    return rows_in("duckdb", str(job.folder / file), "bench", table)


def tap_into_duckdb() -> Contender:
    """Return our tap and our target, from Cachet into DuckDB."""
    return Contender(
        "tap-cachet + target-dlt",
        lambda job: [cachet(job), target_dlt(job)],
        counted=lambda job: rows_in_duckdb(job, OURS, "incidents"),
    )


def in_process_into_duckdb() -> Contender:
    """Return our source for dlt, which reads Cachet in dlt's own process, into DuckDB."""
    return Contender(
        "cachet_source, in process",
        lambda job: [in_process(job, "cachet", job.url)],
        counted=lambda job: rows_in_duckdb(job, OURS, "incidents"),
        env=NO_TELEMETRY,
    )


def in_process_bounded() -> Contender:
    """Return the same with a DuckDB that may take little memory."""

    def commands(job: Job) -> list[list[str]]:
        where = f"{job.folder / OURS},{DUCKDB_MEMORY}"
        return [in_process(job, "cachet", job.url, "duckdb", where, "bench")]

    return dataclasses.replace(
        in_process_into_duckdb(),
        name=f"cachet_source, in process, {DUCKDB_MEMORY} for DuckDB",
        commands=commands,
    )


def wide_into_duckdb() -> Contender:
    """Return our tap and our target, from Cinchy into DuckDB."""
    return Contender(
        "tap-cinchy + target-dlt",
        lambda job: [cinchy(job), target_dlt(job)],
        counted=lambda job: rows_in_duckdb(job, OURS, "orders"),
    )


def wide_in_process() -> Contender:
    """Return our source for dlt, which reads Cinchy in dlt's own process, into DuckDB."""

    def commands(job: Job) -> list[list[str]]:
        files = ("config.json", "catalog.json")
        cinchy(job)  # writes both
        return [in_process(job, "cinchy", ",".join(str(job.folder / file) for file in files))]

    return Contender(
        "tap-cinchy as a source, in process",
        commands,
        counted=lambda job: rows_in_duckdb(job, OURS, "orders"),
        env=NO_TELEMETRY,
    )


def tap_into_postgres() -> Contender:
    """Return our tap and our target, from Cachet into PostgreSQL."""
    return Contender(
        "tap-cachet + target-dlt, PostgreSQL",
        lambda job: [cachet(job), target_dlt_postgres(job)],
        counted=lambda job: rows_in("postgres", _server().url, _schema(job), "incidents"),
    )


def in_process_into_postgres() -> Contender:
    """Return our source for dlt, which reads Cachet in dlt's own process, into PostgreSQL."""
    return Contender(
        "cachet_source, in process, PostgreSQL",
        lambda job: [in_process(job, "cachet", job.url, "postgres", _server().url, _schema(job))],
        counted=lambda job: rows_in("postgres", _server().url, _schema(job), "incidents"),
        env=NO_TELEMETRY,
    )


def in_process(job: Job, system: str, what: str, *where: str) -> list[str]:
    """Return the command that loads in dlt's own process, into a DuckDB file unless told."""
    into = where or ("duckdb", str(job.folder / OURS), "bench")
    return script("in_process", system, what, *into, str(job.folder))


def bare_arrow() -> Contender:
    """Return the least that brings the same columns into DuckDB."""
    return Contender(
        "bare loop to Arrow and DuckDB",
        lambda job: [script("bare_arrow", job.url, str(job.page_size), str(job.folder / OURS))],
        counted=lambda job: rows_in_duckdb(job, OURS, "incidents"),
    )


def rest_into_duckdb(task: str, name: str) -> Contender:
    """Return dlt's REST source, from Cachet into DuckDB."""
    return dataclasses.replace(
        dlt_rest(task, "list", name),
        counted=lambda job: rows_in_duckdb(job, THEIRS, "incidents"),
    )


def file_into_duckdb() -> Contender:
    """Return our target."""
    return Contender(
        "target-dlt, DuckDB",
        lambda job: [["cat", job.url], target_dlt(job)],
        counted=lambda job: rows_in_duckdb(job, OURS, STREAM),
    )


def dictionaries(share: float) -> Contender:
    """Return dlt, given the same rows as Python dictionaries."""
    return Contender(
        "dlt from dictionaries, DuckDB",
        lambda job: [script("dlt_dictionaries", job.url, str(job.folder))],
        counted=lambda job: rows_in_duckdb(job, THEIRS, STREAM),
        share=share,
        env={"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"},
    )


def target_postgres(share: float) -> Contender:
    """Return the SDK's PostgreSQL target, which Meltano users load with."""
    loader = ROOT / POSTGRES_LOADER

    def commands(job: Job) -> list[list[str]]:
        server = _server()
        settings: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
            "database": server.database,
            "default_target_schema": _schema(job),
        }
        target = [str(loader), "--config", written(job, "target", settings)]
        return [["cat", job.url], target]

    return Contender(
        "target-postgres, PostgreSQL",
        commands,
        counted=lambda job: rows_in("postgres", _server().url, _schema(job), STREAM),
        share=share,
        missing="" if loader.exists() else f"{POSTGRES_LOADER} is missing: run `make meltano`",
    )


def _schema(job: Job) -> str:
    # No underscore from the name of a temporary folder: dlt writes those at the end as x.
    return f"bench_{job.folder.name.replace('_', '')}".lower()


_servers = contextlib.ExitStack()


@functools.cache
def _server() -> Postgres:
    sys.path.append(str(ROOT / "tests"))
    from postgres import start_postgres  # noqa: PLC0415  # the tests' own, found only now

    return _servers.enter_context(start_postgres())


@contextlib.contextmanager
def databases() -> Iterator[None]:
    """Stop the PostgreSQL that somebody may have needed, at the end."""
    with _servers:
        yield
