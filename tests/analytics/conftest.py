from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from postgres import start_postgres

from analytics.loading import NOW, ROOT, SYSTEMS, Warehouse, Worlds, dbt, load, messages, worlds

TARGET_DLT = str(Path(sys.executable).parent / "target-dlt")
TARGET_POSTGRES = ROOT / ".meltano" / "loaders" / "target-postgres" / "venv" / "bin"
DAILY = ("scorecard_scores_daily", "scorecard_rule_results_daily")
GIVEN = ("api_url", "api_key", "access_token")
"""What the ready sources take by name; everything else is a setting of the tap."""
WEEK = 7
AS_OF = NOW.replace(tzinfo=None).isoformat(sep=" ")


def variables(raw: dict[str, str]) -> dict[str, Any]:
    return {"as_of": AS_OF, **{f"{system}_schema": schema for system, schema in raw.items()}}


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "target" / "manifest.json").read_text())
    return found


def twice(found: Worlds, load_one: Callable[[str], None], run: Callable[[str], object]) -> None:
    """Load all three, and Cortex once more a week later, when scores have moved."""
    for system in SYSTEMS:
        load_one(system)
    for stream in DAILY:
        run(f"update {{cortex}}.{stream} set snapshot_date = snapshot_date - {WEEK}")
    found.cortex.reevaluate()
    load_one("cortex")


def in_file(database: Path, raw: dict[str, str]) -> Callable[[str], object]:
    """Return what runs a statement in a DuckDB file."""

    def run(statement: str) -> None:
        with duckdb.connect(str(database)) as connection:
            connection.execute(statement.format(**raw))

    return run


def by_target_dlt(found: Worlds, database: Path) -> dict[str, str]:
    """Load all three with target-dlt into one DuckDB file."""
    raw = {system: f"tap_{system}" for system in SYSTEMS}

    def load_one(system: str) -> None:
        env = {
            "TARGET_DLT_CREDENTIALS": str(database),
            "TARGET_DLT_DATASET_NAME": raw[system],
            "TARGET_DLT_PIPELINES_DIR": str(database.parent / "pipelines" / system),
        }
        load([TARGET_DLT, "--config", "ENV"], messages(found, system), env)

    twice(found, load_one, in_file(database, raw))
    return raw


def by_dlt_sources(found: Worlds, database: Path) -> dict[str, str]:
    """Load all three with the ready dlt sources into one DuckDB file."""
    import dlt  # noqa: PLC0415  # takes a second, and only this way of loading needs it

    from dlt_bridge import (  # noqa: PLC0415
        cachet_source,
        cinchy_source,
        cortex_source,
    )

    sources: dict[str, Any] = {
        "cachet": cachet_source,
        "cortex": cortex_source,
        "cinchy": cinchy_source,
    }
    raw = {system: f"{system}_data" for system in SYSTEMS}

    def load_one(system: str) -> None:
        pipeline = dlt.pipeline(
            f"analytics_{system}",
            destination=dlt.destinations.duckdb(str(database)),
            dataset_name=raw[system],
            pipelines_dir=str(database.parent / "pipelines"),
        )
        config = dict(found.configs[system])
        own = {name: config.pop(name) for name in GIVEN if name in config}
        pipeline.run(sources[system](**own, config=config))

    twice(found, load_one, in_file(database, raw))
    return raw


def in_duckdb(folder: Path, found: Worlds, raw: dict[str, str], database: Path) -> Warehouse:
    env = {"ANALYTICS_TARGET": "duckdb", "ANALYTICS_DUCKDB": str(database)}
    output = dbt(folder, "build", variables=variables(raw), **env)
    connection = duckdb.connect(str(database), read_only=True)
    return Warehouse(
        found,
        lambda query: connection.execute(query).fetchall(),
        output,
        manifest(folder),
        raw,
        str(database),
    )


def in_postgres(folder: Path, found: Worlds) -> Iterator[Warehouse]:
    """Load all three with target-postgres, which keeps the taps' own names of columns."""
    with start_postgres() as server:
        raw = {system: f"raw_{system}" for system in SYSTEMS}

        def load_one(system: str) -> None:
            settings = {
                "host": server.host,
                "port": server.port,
                "user": server.user,
                "password": server.password,
                "database": server.database,
                "default_target_schema": raw[system],
                "hard_delete": True,
            }
            config = folder / f"{system}.json"
            config.write_text(json.dumps(settings), encoding="utf-8")
            command = [str(TARGET_POSTGRES / "target-postgres"), "--config", str(config)]
            load(command, messages(found, system))

        def run(statement: str) -> None:
            with psycopg.connect(server.url) as connection:
                connection.execute(statement.format(**raw).encode())

        twice(found, load_one, run)
        env = {
            "ANALYTICS_TARGET": "postgres",
            "ANALYTICS_PG_HOST": server.host,
            "ANALYTICS_PG_PORT": str(server.port),
            "ANALYTICS_PG_USER": server.user,
            "ANALYTICS_PG_PASSWORD": server.password,
            "ANALYTICS_PG_DATABASE": server.database,
        }
        output = dbt(folder, "build", variables=variables(raw), **env)
        with psycopg.connect(server.url, autocommit=True) as connection:
            yield Warehouse(
                found,
                lambda query: connection.execute(query.encode()).fetchall(),
                output,
                manifest(folder),
                raw,
                server.url,
            )


WAYS = [
    pytest.param(("target-dlt", 7, True), id="target-dlt-hostile"),
    pytest.param(("dlt", 42, True), id="dlt-hostile", marks=pytest.mark.slow),
    pytest.param(("target-postgres", 3, False), id="postgres-plain", marks=pytest.mark.slow),
]


@pytest.fixture(scope="session", params=WAYS)
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """Marts over one seed, loaded in one way into one database."""
    way, seed, hostile = request.param
    folder = tmp_path_factory.mktemp(way)
    database = folder / "warehouse.duckdb"
    with worlds(seed, hostile=hostile) as found:
        if way == "target-postgres":
            yield from in_postgres(folder, found)
            return
        loading = by_target_dlt if way == "target-dlt" else by_dlt_sources
        raw = loading(found, database)
        yield in_duckdb(folder, found, raw, database)
