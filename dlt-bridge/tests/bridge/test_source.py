"""Singer taps as dlt sources."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pyarrow.dataset
import pytest
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed
from postgres import Postgres

from dlt_bridge import singer_source
from dlt_bridge.errors import ConfigError, TapError

from .sdk_tap import SkyTap

SCRIPT = [sys.executable, str(Path(__file__).with_name("script_tap.py"))]
SECRET = "api-key-of-the-tap"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    yield tmp_path
    dlt.pipeline("last").deactivate()


def pipeline(destination: Any = "duckdb", name: str = "sky") -> dlt.Pipeline:
    return dlt.pipeline(
        name,
        destination=destination,
        dataset_name="seen",
        pipelines_dir=str(Path("dlt") / "pipelines"),
    )


def script(streams: dict[str, Any], *, name: str = "script", **more: Any) -> DltSource:
    Path("data.json").write_text(json.dumps(streams))
    options: dict[str, Any] = {
        key: more.pop(key) for key in ("only", "replace_when", "nested") if key in more
    }
    options["streams"] = options.pop("only", None)
    config = {"data": "data.json", "api_key": SECRET, **more}
    return singer_source(SCRIPT, config, name=name, **options)


def numbers(*ids: int, **more: Any) -> dict[str, Any]:
    return {"rows": [{"id": number, "v": f"{number}"} for number in ids], **more}


def found(pipe: dlt.Pipeline, sql: str) -> list[tuple[Any, ...]]:
    with pipe.sql_client() as client:
        rows: list[tuple[Any, ...]] = list(client.execute_sql(sql) or ())  # type: ignore[arg-type]
        return rows


def test_a_command_goes_on_where_it_ended() -> None:
    pipe = pipeline()
    pipe.run(script({"a": numbers(1, 2, keys=["id"]), "b": numbers(1)}))
    assert found(pipe, "SELECT id, v FROM a ORDER BY id") == [(1, "1"), (2, "2")]
    pipe.run(script({"a": numbers(1, 2, 3, keys=["id"]), "b": numbers(1, 7)}))
    assert found(pipe, "SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,)]
    assert found(pipe, "SELECT id FROM b ORDER BY id") == [(1,), (7,)]
    assert pipe.state["sources"]["script"]["singer_state"] == {"a": 3, "b": 2}


def test_only_what_is_selected_is_read() -> None:
    streams = {"a": numbers(1), "b": numbers(2), "c": numbers(3, off=True)}
    source = script(streams)
    assert list(source.resources) == ["a", "b", "c"]
    assert list(source.selected_resources) == ["a", "b"]
    pipe = pipeline()
    pipe.run(source.with_resources("c", "b"))
    assert pipe.state["sources"]["script"]["singer_state"] == {"b": 1, "c": 1}
    assert list(script(streams, only=["a"]).selected_resources) == ["a"]
    with pytest.raises(ConfigError, match="has no stream d; it has a, b, c"):
        script(streams, only=["d"])


def test_a_failed_tap_loads_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pipe = pipeline()
    pipe.run(script({"a": numbers(1, full_table=True)}))
    with pytest.raises(PipelineStepFailed) as failure:
        pipe.run(script({"a": numbers(1, 2, full_table=True)}, fails_after=1))
    cause = failure.value.__cause__
    while cause is not None and not isinstance(cause, TapError):
        cause = cause.__cause__
    assert "ended with exit code 3: [redacted] broke" in str(cause)
    assert SECRET not in str(failure.value) + caplog.text
    assert "reading with [redacted]" in caplog.text
    assert found(pipe, "SELECT id FROM a") == [(1,)]
    pipe.run(script({"a": numbers(1, 2, full_table=True)}))
    assert found(pipe, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]


def test_what_came_is_held_against_the_receipt() -> None:
    pipe = pipeline()
    receipt: dict[str, Any] = {
        "run_id": "r",
        "tap_name": "tap-script",
        "stream_name": "a",
        "table_name": "a",
        "verdict": "complete",
        "scope": "run",
        "rows_written": 2,
        "key_count": 2,
        "key_columns": '{"id": "integer"}',
    }
    untrue: dict[str, dict[str, Any]] = {
        "2 records came of the 3 that": {"rows_written": 3},
        "but not the same ones": {"key_digest": "4:10:0"},
        "it has 2 keys where 1 were sent": {"key_count": 1},
    }
    for sentence, wrong in untrue.items():
        sent = {"rows": [receipt | {"key_digest": "3:5:0"} | wrong]}
        with pytest.raises(PipelineStepFailed, match=sentence):
            pipe.run(script({"a": numbers(1, 2, keys=["id"]), "singer_receipts": sent}))
    sent = {"rows": [receipt | {"key_digest": "3:5:0"}]}
    pipe.run(script({"a": numbers(1, 2, keys=["id"]), "singer_receipts": sent}))
    assert found(pipe, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]


@pytest.mark.parametrize("ids", [(1, 2, 3), (1, 2, 1)])
def test_a_receipt_spares_only_the_search_for_keys_that_come_once(ids: tuple[int, ...]) -> None:
    keys = set(ids)
    receipt = {
        "run_id": "r",
        "tap_name": "tap-script",
        "stream_name": "a",
        "table_name": "a",
        "verdict": "complete",
        "scope": "whole",
        "rows_written": len(ids),
        "key_count": len(keys),
        "key_columns": '{"id": "integer"}',
        "key_digest": f"{sum(keys)}:{sum(key * key for key in keys)}:0",
    }
    pipe = pipeline()
    rows = numbers(*ids, keys=["id"], full_table=True)
    pipe.run(script({"a": rows, "singer_receipts": {"rows": [receipt]}}))
    assert found(pipe, "SELECT id FROM a ORDER BY id") == [(key,) for key in sorted(keys)]


def test_a_full_table_is_replaced_when_it_is_whole() -> None:
    pipe = pipeline()
    both = {"plain": numbers(1, 2, 1, keys=["id"], full_table=True)}
    pipe.run(script(both))
    assert found(pipe, "SELECT id FROM plain ORDER BY id") == [(1,), (2,)]
    pipe.run(script({"plain": numbers(full_table=True)}))
    assert found(pipe, "SELECT id FROM plain") == []


def test_of_a_tap_that_activates_only_active_streams_are_replaced() -> None:
    pipe = pipeline()
    whole = numbers(1, 2, keys=["id"], full_table=True, version=1)
    pipe.run(script({"a": whole, "b": whole, "c": whole | {"keys": []}}))
    part = numbers(3, keys=["id"], full_table=True)
    pipe.run(script({"a": part | {"version": 2}, "b": part, "c": part | {"keys": []}}))
    assert found(pipe, "SELECT id FROM a") == [(3,)]
    assert found(pipe, "SELECT id FROM b ORDER BY id") == [(1,), (2,), (3,)]
    assert found(pipe, "SELECT id FROM c ORDER BY id") == [(1,), (2,)]
    pipe.run(script({"a": numbers(full_table=True, keys=["id"])}, replace_when="activated"))
    assert found(pipe, "SELECT id FROM a") == [(3,)]


def test_one_source_can_be_run_again_and_again() -> None:
    pipe = pipeline()
    whole = numbers(1, 2, full_table=True, version=1)
    source = script({"a": whole, "b": whole})
    pipe.run(source)
    Path("data.json").write_text(json.dumps({"a": numbers(3, full_table=True), "b": whole}))
    pipe.run(source)
    assert found(pipe, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]
    Path("data.json").write_text(
        json.dumps({"a": numbers(3, full_table=True, version=2), "b": whole})
    )
    pipe.run(source)
    assert found(pipe, "SELECT id FROM a ORDER BY id") == [(3,)]
    assert found(pipe, "SELECT id FROM b ORDER BY id") == [(1,), (2,)]


def test_what_is_printed_besides_messages_is_an_error() -> None:
    with pytest.raises(PipelineStepFailed, match="not a Singer message"):
        pipeline().run(script({"a": numbers(1)}, mumbles=True))
    with pytest.raises(ConfigError, match="cannot be started"):
        singer_source("no-such-tap")
    with pytest.raises(ConfigError, match="printed no catalog"):
        singer_source("echo")
    with pytest.raises(ConfigError, match="exit code 1"):
        singer_source("false")
    with pytest.raises(ConfigError, match="nested has to be one of"):
        singer_source(SkyTap, {"planets": {}}, nested="deep")


def test_a_class_runs_in_this_process() -> None:
    pipe = pipeline()
    config = {"planets": {"Mars": 2, "Venus": 0}, "sightings": 3}
    pipe.run(singer_source(SkyTap, config))
    assert found(pipe, "SELECT name, moons FROM planets ORDER BY name") == [
        ("Mars", 2),
        ("Venus", 0),
    ]
    config = {"planets": {"Mars": 3}, "sightings": 4}
    pipe.run(singer_source(SkyTap, config))
    assert found(pipe, "SELECT name, moons FROM planets") == [("Mars", 3)]
    assert found(pipe, "SELECT id FROM sightings ORDER BY id") == [(1,), (2,), (3,), (4,)]
    state = pipe.state["sources"]["tap_sky"]["singer_state"]
    assert state["bookmarks"]["sightings"]["replication_key_value"] == 4
    broken = {"planets": {"Mars": 1, "Vulcan": None}, "api_key": SECRET}
    with pytest.raises(PipelineStepFailed, match=r"Vulcan is hidden from \[redacted\]"):
        pipe.run(singer_source(SkyTap, broken))
    assert found(pipe, "SELECT name, moons FROM planets") == [("Mars", 3)]
    with pytest.raises(ConfigError, match="tap-sky failed"):
        singer_source(SkyTap, {"sightings": 1})


def test_rows_can_be_looked_at_and_changed() -> None:
    source = script({"a": numbers(1, 2, keys=["id"])})
    assert [(row["id"], row["v"]) for row in source.a] == [(1, "1"), (2, "2")]
    source.a.add_map(lambda row: row | {"v": row["v"] * 2})
    source.a.apply_hints(write_disposition="append", columns={"v": {"description": "doubled"}})
    pipe = pipeline()
    pipe.run(source)
    pipe.run(script({"a": numbers(1, 2, 3, keys=["id"])}))
    assert found(pipe, "SELECT id, v FROM a ORDER BY id") == [(1, "11"), (2, "22"), (3, "3")]
    assert pipe.default_schema.tables["a"]["columns"]["v"]["description"] == "doubled"


def test_other_destinations(postgres: Postgres) -> None:
    streams = {
        "a": {"rows": [{"id": 1, "v": "", "tags": [{"n": 1}]}], "keys": ["id"], "full_table": True}
    }
    server = pipeline(dlt.destinations.postgres(postgres.url), "to_postgres")
    server.run(script(streams))
    server.run(script(streams))
    assert found(server, "SELECT id, v, tags FROM a") == [(1, "", [{"n": 1}])]
    files = pipeline(dlt.destinations.filesystem(str(Path("bucket").resolve())), "to_files")
    files.run(script(streams))
    files.run(script(streams))
    rows = pyarrow.dataset.dataset(Path("bucket") / "seen" / "a").to_table()
    assert rows["id"].to_pylist() == [1]
    children = pipeline(name="children")
    children.run(script(streams, nested="tables"))
    assert found(children, "SELECT n FROM a__tags") == [(1,)]
