"""Resources work as dlt's users know it: steps, hints, contracts, descriptions, a polite guest."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import psycopg
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from postgres import Postgres

import dlt_bridge
from dlt_bridge import singer_source
from dlt_bridge.errors import ConfigError, TapError

from .conftest import Warehouse
from .messages import INTEGER, record, schema
from .rude_tap import RudeTap
from .test_source import found, numbers, pipeline, script

EXTRA = {"rows": [{"id": 1, "v": "1", "x": "new"}, {"id": 2, "v": "2", "x": None}]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    yield tmp_path
    dlt.pipeline("last").deactivate()


def add_map(source: Any) -> None:
    source.a.add_map(lambda row: row | {"v": row["v"] * 2})


def add_filter(source: Any) -> None:
    source.a.add_filter(lambda row: row["id"] != 3)


def incremental(source: Any) -> None:
    source.a.apply_hints(incremental=dlt.sources.incremental("id", initial_value=4))


STEPS: dict[str, tuple[Callable[[Any], None], list[tuple[int, str]]]] = {
    "map": (add_map, [(1, "1"), (2, "2"), (3, "33"), (4, "44")]),
    "filter": (add_filter, [(1, "1"), (2, "2"), (4, "4")]),
    "incremental": (incremental, [(1, "1"), (2, "2"), (4, "4")]),
}


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_steps_on_a_table_that_exists(destination: str, postgres: Postgres) -> None:
    # One table after the other, since a pipeline costs seconds.
    target: Any = dlt.destinations.postgres(postgres.url) if destination == "postgres" else "duckdb"
    steps = STEPS if destination == "duckdb" else {"map": STEPS["map"]}
    for step, (change, rows) in steps.items():
        pipe = pipeline(target, f"{step}_{destination}")
        pipe.dataset_name = f"seen_{step}"
        pipe.run(script({"a": numbers(1, 2, keys=["id"])}))
        source = script({"a": numbers(1, 2, 3, 4, keys=["id"])})
        change(source)
        pipe.run(source)
        assert found(pipe, "SELECT id, v FROM a ORDER BY id") == rows, step
        # Afterwards the table takes rows without steps as before.
        pipe.run(script({"a": numbers(1, 2, 3, 4, 5, keys=["id"])}))
        assert found(pipe, "SELECT id FROM a ORDER BY id")[-1] == (5,), step


def test_a_sample_does_not_move_the_state() -> None:
    pipe = pipeline()
    source = script({"a": numbers(*range(2500), keys=["id"])})
    source.add_limit(1)
    pipe.run(source)
    assert found(pipe, "SELECT count(*) FROM a") == [(1000,)]
    pipe.run(script({"a": numbers(*range(2500), keys=["id"])}))
    assert found(pipe, "SELECT count(*) FROM a") == [(2500,)]


@pytest.mark.parametrize(
    ("contract", "rows"),
    [
        ({"columns": "discard_value"}, [(1, "1"), (2, "2")]),
        ({"columns": "discard_row"}, [(2, "2")]),
        ({"columns": "freeze"}, None),
        ({"tables": "freeze"}, [(1, "1"), (2, "2")]),
    ],
)
def test_contracts(contract: Any, rows: list[tuple[int, str]] | None) -> None:
    pipe = pipeline()
    pipe.run(script({"a": numbers(0, keys=["id"], full_table=True)}))
    source = script({"a": EXTRA | {"keys": ["id"], "full_table": True}})
    source.schema_contract = contract
    if rows is None:
        with pytest.raises(PipelineStepFailed, match="frozen"):
            pipe.run(source)
        return
    pipe.run(source)
    assert found(pipe, "SELECT id, v FROM a ORDER BY id") == rows
    has_column = "x" in pipe.default_schema.tables["a"]["columns"]
    assert has_column == (contract.get("columns") is None)


def test_a_table_that_must_not_be_made() -> None:
    pipe = pipeline()
    pipe.run(script({"a": numbers(1, keys=["id"])}))
    source = script({"a": numbers(1, 2, keys=["id"]), "b": numbers(1)})
    source.schema_contract = {"tables": "discard_value"}
    pipe.run(source)
    assert found(pipe, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]
    assert "b" not in pipe.default_schema.tables


def test_descriptions_reach_the_schema_and_the_destination(warehouse: Warehouse) -> None:
    described = {"id": INTEGER | {"description": "It's 100% the \\ key."}, "v": {"type": "string"}}
    for text in ("What it means.", "What it means now."):
        properties = described | {"w": {"type": "string", "description": text}}
        run = warehouse.load(schema("t", properties, ("id",)), record("t", id=1))
        assert run.code == 0, run.stderr
    if warehouse.kind == "postgres":
        with psycopg.connect(warehouse.database.url) as connection:
            comments = connection.execute(
                "SELECT column_name, col_description((table_schema || '.t')::regclass, "
                "ordinal_position) FROM information_schema.columns WHERE table_name = 't' "
                "AND table_schema = %s",
                [warehouse.config["dataset_name"]],
            ).fetchall()
    else:
        with duckdb.connect(warehouse.config["credentials"]) as file:
            comments = file.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 't' "
                "AND schema_name = 'loaded'"
            ).fetchall()
    texts: dict[str, str | None] = dict(comments)
    assert texts["id"] == "It's 100% the \\ key."
    assert texts["w"] == "What it means now."
    assert texts["v"] is None


def test_a_tap_is_a_polite_guest(capfd: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    logging.getLogger().addHandler(handler)

    def process() -> list[Any]:
        root = logging.getLogger()
        return [
            gc.isenabled(),
            gc.get_threshold(),
            gc.get_freeze_count(),
            list(root.handlers),
            root.level,
            logging.getLogger("host").level,
            logging.root.manager.disable,
            sys.excepthook,
            threading.excepthook,
            sys.getrecursionlimit(),
            [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
            {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")},
        ]

    logging.getLogger("host").setLevel(logging.WARNING)
    before = process()
    source = singer_source(RudeTap, {"rows": 3})
    assert process() == before
    pipe = pipeline()
    pipe.run(source)
    assert process() == before
    assert found(pipe, "SELECT count(*) FROM rude") == [(3,)]
    with pytest.raises(PipelineStepFailed, match="tap-rude failed: SystemExit"):
        pipe.run(singer_source(RudeTap, {"rows": -1}))
    assert process() == before
    logging.getLogger().removeHandler(handler)
    assert "host" not in capfd.readouterr().out


def test_what_is_complete_can_be_loaded_alone() -> None:
    pipe = pipeline()
    broken = {"rows": 3, "broken": True}
    with pytest.raises(PipelineStepFailed):
        dlt_bridge.run(pipe, singer_source(RudeTap, broken))
    with duckdb.connect("sky.duckdb") as file:
        assert (
            file.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'rude'").fetchall() == []
        )
    with pytest.raises(TapError, match="half of it"):
        dlt_bridge.run(pipe, singer_source(RudeTap, broken), on_stream_error="load_rest")
    assert found(pipe, "SELECT count(*) FROM rude") == [(3,)]
    assert "broken" not in pipe.default_schema.tables
    dlt_bridge.run(pipe, singer_source(RudeTap, {"rows": 4}), on_stream_error="load_rest")
    assert found(pipe, "SELECT count(*) FROM rude") == [(4,)]
    assert found(pipe, "SELECT count(*) FROM broken") == [(1,)]
    columns = pipe.default_schema.tables["rude"]["columns"]
    assert columns["id"]["description"] == "A number."
    with pytest.raises(ConfigError, match="fail, load_rest"):
        dlt_bridge.run(pipe, singer_source(RudeTap, broken), on_stream_error="skip")


def test_a_tap_that_does_not_say_what_is_complete_fails_as_a_whole() -> None:
    with pytest.raises(PipelineStepFailed, match="exit code 3"):
        dlt_bridge.run(
            pipeline(),
            script({"a": numbers(1, 2)}, fails_after=1),
            on_stream_error="load_rest",
        )
