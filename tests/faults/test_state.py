"""States that must load for ever, and states that must be refused: F60.

Every file of ``states/good`` is what some version of a tap, the SDK or an orchestrator has
written; none may ever be taken away. Those of ``states/bad`` are what disks and people make of it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from .books import BookServer
from .systems import CinchyStage, CortexStage

if TYPE_CHECKING:
    from .runner import Run, Runner
    from .stage import Stage
    from .systems import System

STATES = Path(__file__).with_name("states")
GOOD = sorted(file.name for file in STATES.glob("good/*.json"))
CORTEX_SINCE = "2026-03-01T10:00:00"
NEVER = "2999-01-01T00:00:00Z"


def read_text(folder: str, name: str) -> str:
    return (STATES / folder / name).read_bytes().decode("utf-8", "surrogateescape")


def given(name: str) -> set[str]:
    """Return the streams a good state has bookmarks of."""
    state = json.loads(read_text("good", name).lstrip("\ufeff"))
    state = state.get("value", state.get("singer_state", state))
    return set(state["bookmarks"])


def split_names(tap: str) -> list[str]:
    return [name for name in GOOD if name.startswith(f"{tap}-")]


def test_f60_the_corpus_covers_every_tap() -> None:
    assert {name.partition("-")[0] for name in GOOD} == {"cachet", "cinchy", "cortex"}


@pytest.mark.parametrize("name", split_names("cachet"))
def test_f60_cachet_goes_on_from_a_state(stage: Stage, tap: Runner, name: str) -> None:
    run = tap(stage.config(), select=["metric_points"], state=read_text("good", name))
    assert run.code == 0, run.last
    asked = [seen.query["sort"] for seen in stage.requests("/api/metrics/*/points")]
    # Some of these bookmarks do not tell which point goes on changing: that is asked for.
    assert set(asked) - {"-created_at"} == {"-id"}, "the newest first, as from a bookmark"
    assert given(name) <= set(run.state["bookmarks"]), "what is not ours to judge stays"
    for part in run.state["bookmarks"]["metric_points"]["partitions"]:
        assert part["replication_key"] == "updated_at"
        assert part["replication_key_value"] >= "2026-03-01T10:00:00Z"


@pytest.mark.parametrize("name", split_names("cortex"))
def test_f60_cortex_goes_on_from_a_state(tap_cortex: Runner, name: str) -> None:
    with CortexStage() as stage:
        settings = stage.config(lookback_minutes=0)
        run = tap_cortex(settings, select=["audit_logs"], state=read_text("good", name))
        assert run.code == 0, run.last
        asked = {seen.query["startTime"] for seen in stage.requests("/api/v1/audit-logs")}
    assert min(asked) == CORTEX_SINCE, "the windows begin at the bookmark"
    assert given(name) <= set(run.state["bookmarks"])
    bookmark = run.state["bookmarks"]["audit_logs"]
    assert set(bookmark) == {"replication_key", "replication_key_value", "covers"}
    assert bookmark["replication_key_value"] > CORTEX_SINCE


@pytest.mark.parametrize("name", split_names("cinchy"))
def test_f60_cinchy_goes_on_from_a_state(tap_cinchy: Runner, name: str) -> None:
    with CinchyStage() as stage:
        settings = stage.config(incremental_tables=["HR.*"])
        run = tap_cinchy(settings, state=read_text("good", name))
        assert run.code == 0, run.last
        asked = [unquote_plus(seen.body.decode()) for seen in stage.seen]
    since = re.compile(r"FROM \[HR\]\.\[Employees\].*Modified\] >= '2026-0(2-28|3-01)T")
    assert any(since.search(text) for text in asked), "from the bookmark"
    assert given(name) <= set(run.state["bookmarks"])


REFUSED = {
    "empty.json": "The state file is empty",
    "blank.json": "The state file is empty",
    "truncated.json": "is not JSON (line",
    "two-lines.json": "is not JSON (line 2, column 1: Extra data)",
    "number.json": "is not an object but int",
    "list.json": "is not an object but list",
    "null.json": "is not an object but NoneType",
    "text.json": "is not an object but str",
    "message-without-value.json": "is not an object but NoneType",
    "record-message.json": "has no bookmarks",
    "another-tap.json": "those it has are of customers, orders",
    "another-tool.json": "has no bookmarks",
    "bookmarks-in-a-list.json": "bookmarks are not an object",
    "bookmark-as-text.json": "The bookmark of audit_logs is not an object",
    "bookmark-null.json": "The bookmark of audit_logs is not an object",
    "partitions-in-an-object.json": "The partitions of audit_logs are damaged",
    "partition-without-context.json": "The partitions of audit_logs are damaged",
    "partition-of-lists.json": "The partitions of audit_logs are damaged",
    "no-date.json": "The bookmark of audit_logs is not a point in time: 'the day before'",
    "date-of-zeros.json": "The bookmark of audit_logs is not a point in time",
    "date-in-an-object.json": "The bookmark of audit_logs is not a point in time",
    "utf-16.json": "is not UTF-8 text",
    "binary.json": "is not UTF-8 text",
}


def test_f60_every_bad_state_is_tried() -> None:
    assert set(REFUSED) == {file.name for file in STATES.glob("bad/*.json")}


def refused(run: Run, words: str) -> None:
    assert run.code == 2
    assert run.stdout == b"", "not even a STATE"
    assert words in run.last
    assert "[STATE]" in run.last or "[CONFIG]" in run.last


@pytest.mark.parametrize("name", REFUSED)
def test_f60_a_state_that_cannot_be_used_is_refused(tap_cortex: Runner, name: str) -> None:
    with CortexStage() as stage:
        state = read_text("bad", name)
        run = tap_cortex(stage.config(), select=["audit_logs"], state=state, log="INFO")
        assert not stage.seen, "nobody reads everything again without being asked"
    refused(run, REFUSED[name])


@pytest.mark.parametrize("name", ["empty.json", "truncated.json", "list.json", "another-tool.json"])
def test_f60_also_by_the_others(any_system: System, name: str) -> None:
    run = any_system(state=read_text("bad", name), log="INFO")
    refused(run, REFUSED[name])
    assert not any_system.stage.seen


def test_f60_the_remedy_names_one_stream(tap_cortex: Runner) -> None:
    with CortexStage() as stage:
        state = read_text("bad", "no-date.json")
        run = tap_cortex(stage.config(), select=["audit_logs"], state=state, log="INFO")
    assert "remove the stream from the state's bookmarks to read it from the start" in run.last
    assert "meltano state edit" in run.last


def test_f60_a_state_nested_without_end(example: Runner) -> None:
    with BookServer(3) as server:
        run = example(server.config(), state='{"bookmarks":' + "[" * 200_000, log="INFO")
        assert not server.seen
    refused(run, "nested too deeply")


def test_f60_the_state_of_another_tap_is_told_of_where_tables_come_and_go(
    tap_cinchy: Runner,
) -> None:
    with CinchyStage() as stage:
        run = tap_cinchy(stage.config(), state=read_text("bad", "another-tap.json"), log="INFO")
    assert run.code == 0, run.last
    assert (
        "those it has are of customers, orders. Everything is read from the start" in run.warnings
    )
    assert {"orders", "customers"} <= set(run.state["bookmarks"])


def bookmark_of(stream: str, key: str, value: Any) -> dict[str, Any]:
    return {"bookmarks": {stream: {"replication_key": key, "replication_key_value": value}}}


def test_f60_a_bookmark_by_another_column_is_not_used_in_silence(tap_cortex: Runner) -> None:
    with CortexStage() as stage:
        state = bookmark_of("audit_logs", "createdAt", NEVER)
        run = tap_cortex(stage.config(), select=["audit_logs"], state=state, log="INFO")
    assert run.code == 0, run.last
    assert "is for createdAt, but the stream is read by timestamp now" in run.warnings
    assert len(run.rows("audit_logs")) == 40
    assert run.state["bookmarks"]["audit_logs"]["replication_key"] == "timestamp"


def test_f60_a_bookmark_in_the_future(tap_cortex: Runner) -> None:
    with CortexStage() as stage:
        state = bookmark_of("audit_logs", "timestamp", NEVER)
        settings = stage.config(lookback_minutes=60)
        run = tap_cortex(settings, select=["audit_logs"], state=state, log="INFO")
        [asked] = {seen.query["startTime"] for seen in stage.requests("/api/v1/audit-logs")}
    assert run.code == 0, run.last
    assert f"The bookmark of audit_logs lies in the future ({NEVER})" in run.warnings
    assert "remove the stream from the state's bookmarks" in run.warnings
    assert asked < "2999"
    kept = run.state["bookmarks"]["audit_logs"]["replication_key_value"]
    assert kept < "2999", "or nothing would be read for centuries"


def test_f60_a_bookmark_of_one_metric_in_the_future(stage: Stage, tap: Runner) -> None:
    state = json.loads(read_text("good", "cachet-0.1.json"))
    parts = state["bookmarks"]["metric_points"]["partitions"]
    parts[2]["replication_key_value"] = NEVER
    run = tap(stage.config(), select=["metric_points"], state=state, log="INFO")
    assert run.code == 0, run.last
    assert "The bookmark of metric_points lies in the future" in run.warnings
    moved = run.state["bookmarks"]["metric_points"]["partitions"]
    assert all(part["replication_key_value"] < "2999" for part in moved)


def test_f60_a_bookmark_of_cinchy_in_the_future(tap_cinchy: Runner) -> None:
    with CinchyStage() as stage:
        settings = stage.config(incremental_tables=["HR.*"])
        state = bookmark_of("hr_employees", "Modified", "2999-01-01T00:00:00")
        run = tap_cinchy(settings, state=state, log="INFO")
    assert run.code == 0, run.last
    assert "The bookmark of hr_employees lies in the future" in run.warnings
    assert len(run.rows("hr_employees")) > 0, "nobody knows what the target lacks"
    bookmark = run.state["bookmarks"]["hr_employees"]
    assert bookmark["replication_key_value"] < "2999"
    assert bookmark["covers"]


def test_f60_a_state_goes_through_a_run_that_has_no_use_for_it(any_system: System) -> None:
    streams = {"cachet": "incidents", "cortex": "teams", "cinchy": "tables"}
    kept = {
        streams[any_system.name]: {"complete_rows": 10**6, "note": ["\u00e9", None, 1e300]},
        "x": {},
    }
    run = any_system(state={"bookmarks": kept, "mine": {"deep": [1]}})
    assert run.code == 0, run.last
    assert run.state["mine"] == {"deep": [1]}
    assert run.state["bookmarks"]["x"] == {}
    if any_system.name != "cinchy":  # which reads the stream
        assert run.state["bookmarks"][streams[any_system.name]] == kept[streams[any_system.name]]
