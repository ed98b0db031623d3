"""Times without a zone are what the platform shows, from the SCHEMA to the loaded column.

Nobody takes them for UTC on the way: where their zone is known they are instants, else they have
a format of their own and a column without a zone.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from postgres import Postgres, start_postgres
from support.tap_run import TapRun, select

from sandbox.cinchy import Account, Clock, World
from sandbox.cinchy.columns import date, text

from .conftest import Site, streams_of

Start = Callable[..., Site]
TARGET = Path(sys.executable).with_name("target-dlt")
TABLE, STREAM = "Lab.Visits", "lab_visits"
NOW = dt.datetime(2026, 10, 1, 5, 20, 30, 125000, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 3, 8, 2, 30)  # noqa: DTZ001  # an hour that New York left out
SETTINGS: dict[str, Any] = {"tables_include": [TABLE]}
LOCAL, INSTANT = "date-time-local", "date-time"


def visits() -> World:
    world = World(3, clock=Clock(NOW))
    world.add_account(Account(username="reader"), "R")
    world.create_table(TABLE, [text("Name"), date("Due")])
    for place in range(5):
        world.insert(TABLE, {"Name": f"n{place}", "Due": DUE + dt.timedelta(days=place)})
    world.clock.advance(3600)
    world.delete(TABLE, 2)
    return world


def formats(run: TapRun, stream: str = STREAM) -> dict[str, str]:
    properties = run.schemas[stream]["schema"]["properties"]
    return {name: one["format"] for name, one in properties.items() if "format" in one}


@pytest.mark.parametrize("options", [{}, {"fraction_digits": 7}, {"output_zone": "Asia/Kolkata"}])
def test_times_of_an_unknown_zone_have_a_format_of_their_own(
    start: Start, options: dict[str, Any]
) -> None:
    running = start(visits(), **options)
    run = running.run(settings=SETTINGS)
    run.check_records()
    assert set(formats(run).values()) == {LOCAL}
    system = {"Created", "Modified", "Deleted", "Replaced", "_sdc_deleted_at"}
    assert set(formats(run)) == {*system, "Due"}
    assert run.stderr.count("in which zone this platform shows its times") == 1
    # A catalog remembers it, and nobody is asked again.
    catalog = select(running.discover(**SETTINGS), STREAM)
    again = running.run(catalog=catalog, settings=SETTINGS)
    assert formats(again) == formats(run)
    assert again.records[STREAM] == run.records[STREAM]


def test_a_known_zone_makes_instants_and_leaves_dates_of_users(start: Start) -> None:
    running = start(visits())
    catalog = select(running.discover(**SETTINGS), STREAM)
    settings = {**SETTINGS, "timezone": "America/New_York"}
    for run in (running.run(settings=settings), running.run(catalog=catalog, settings=settings)):
        run.check_records()
        assert formats(run).pop("Due") == LOCAL
        assert {f for name, f in formats(run).items() if name != "Due"} == {INSTANT}
        assert "in which zone" not in run.stderr
        first, gone = run.records[STREAM][:2]
        truth = running.world.truth(TABLE)[1]
        assert first["Created"] == "2026-10-01T05:20:30.125000Z"
        assert first["Due"] == DUE.isoformat()
        assert dt.datetime.fromisoformat(gone["_sdc_deleted_at"]) == truth["Deleted"]


def test_shown_offsets_need_no_setting(start: Start) -> None:
    running = start(visits(), show_offset=True)
    catalog = running.discover(**SETTINGS)
    assert streams_of(catalog)["tables"]["schema"]["properties"]["Created"]["format"] == INSTANT
    runs = (
        running.run(settings=SETTINGS),
        running.run(catalog=select(catalog, STREAM, "tables"), settings=SETTINGS),
    )
    for run in runs:
        run.check_records()
        assert {formats(run)[name] for name in ("Created", "Modified", "Deleted")} == {INSTANT}
        assert formats(run)["Due"] == LOCAL
        assert formats(run, "tables")["Created"] == INSTANT
        assert run.records[STREAM][0]["Created"] == "2026-10-01T05:20:30.125000Z"
        assert "_sdc_unparsed" not in json.dumps(run.records[STREAM])
        assert "in which zone" not in run.stderr


def test_columns_of_a_query_too(start: Start) -> None:
    running = start(visits())
    query = {
        "name": "q",
        "query": "SELECT t.[Cinchy Id] AS 'id', t.[Created], t.[Due] FROM [Lab].[Visits] t",
        "primary_keys": ["id"],
    }
    settings = {"tables_include": [], "cql_queries": [query], "accept_unproved": ["q"]}
    run = running.run(settings=settings)
    run.check_records()
    assert formats(run, "q") == {"Created": LOCAL, "Due": LOCAL}
    run = running.run(settings={**settings, "timezone": "America/New_York"})
    run.check_records()
    assert formats(run, "q") == {"Created": INSTANT, "Due": LOCAL}


# From the tap to the loaded column


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with start_postgres() as running:
        yield running


def load(run: TapRun, folder: Path, **config: Any) -> None:
    path = folder / "target.json"
    given = {"dataset_name": "loaded", "pipelines_dir": str(folder / "p"), "verify": "values"}
    path.write_text(json.dumps({**given, **config}))
    done = subprocess.run(
        [TARGET, "--config", str(path)],
        input=run.stdout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def query(kind: str, place: str, sql: str) -> list[tuple[Any, ...]]:
    """Ask in a session of another zone, which must not move what has none."""
    if kind == "postgres":
        with psycopg.connect(place) as connection:
            connection.execute("SET TIME ZONE 'Asia/Tokyo'; SET search_path TO loaded")
            return connection.execute(sql.encode()).fetchall()
    with duckdb.connect(place) as file:
        file.execute("SET TimeZone='Asia/Tokyo'; USE loaded")
        return file.execute(sql).fetchall()


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_the_loaded_time_is_the_written_one(
    start: Start, server: Postgres, tmp_path: Path, kind: str
) -> None:
    running = start(visits())
    place = server.url if kind == "postgres" else str(tmp_path / "warehouse.duckdb")
    run = running.run(settings=SETTINGS)
    written = [
        tuple(
            None if row[name] is None else dt.datetime.fromisoformat(row[name])
            for name in ("Created", "Modified", "_sdc_deleted_at", "Due")
        )
        for row in run.records[STREAM]
    ]
    load(run, tmp_path, destination=kind, credentials=place)
    sql = f"SELECT created, modified, _sdc_deleted_at, due FROM {STREAM} ORDER BY cinchy_id"
    assert query(kind, place, sql) == written
    types = query(
        kind,
        place,
        "SELECT DISTINCT data_type FROM information_schema.columns "
        f"WHERE table_name = '{STREAM}' AND column_name IN ('created', 'modified', 'due')",
    )
    assert types in ([("TIMESTAMP",)], [("timestamp without time zone",)])
