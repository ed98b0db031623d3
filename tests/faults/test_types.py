"""Fields, types and dates that are not what the schema says: F54 to F56; and F16 of tap-cortex."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from .answers import edited, status, when
from .books import BookServer
from .systems import CinchyStage, CortexStage

if TYPE_CHECKING:
    from .runner import Run, Runner
    from .stage import Stage

INCIDENTS = "/api/incidents"
UNPARSED = "_sdc_unparsed"


def check_schema(run: Run) -> None:
    """Assert that every record is what its SCHEMA says."""
    schemas = {m["stream"]: m["schema"] for m in run.messages if m["type"] == "SCHEMA"}
    for stream, schema in schemas.items():
        for row in run.rows(stream):
            jsonschema.validate(row, schema)


def test_f54_a_new_field_is_named_once(example: Runner) -> None:
    with BookServer(25) as server:
        for row in server.rows:
            row["colour"] = "red"
        run = example(server.config(), log="INFO")
    assert run.code == 0, run.last
    assert len(run.rows("books")) == 25
    assert sum("new field, colour" in line for line in run.lines) == 1
    assert all("colour" not in row for row in run.rows("books"))


def test_f54_a_new_field_of_cachet(stage: Stage, tap: Runner) -> None:
    def edit(body: Any) -> None:
        for row in body["data"]:
            row["attributes"]["mood"] = {"human": "sunny", "value": 3}

    stage.script(INCIDENTS, forever=edited(edit))
    run = tap(stage.config(), select=["incidents"], log="INFO")
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    assert sum("new field, mood" in line for line in run.lines) == 1
    check_schema(run)


def test_f54_a_new_field_of_cortex_is_kept(tap_cortex: Runner) -> None:
    with CortexStage() as stage:

        def edit(body: Any) -> None:
            for row in body.get("entities", []):
                row["mood"] = {"value": 3}

        stage.script("/api/v1/catalog", edited(lambda body: body), forever=edited(edit))
        run = tap_cortex(stage.config(), select=["entities"], log="INFO")
    assert run.code == 0, run.last
    assert len(run.rows("entities")) == 24
    assert all(row["other_fields"]["mood"] == {"value": 3} for row in run.rows("entities"))
    assert sum("mood has no column" in line for line in run.lines) == 1
    check_schema(run)


def test_f55_what_loses_nothing_is_converted(example: Runner) -> None:
    with BookServer(3) as server:
        server.rows[0] = {"id": "7", "title": 5}
        server.rows[1] = {"id": 8.0, "title": ["a", {"b": None}]}
        server.rows[2] = {"id": 9, "title": True}
        run = example(server.config())
    assert run.code == 0, run.last
    assert [(row["id"], row["title"]) for row in run.rows("books")] == [
        (7, "5"),
        (8, '["a", {"b": null}]'),
        (9, "true"),
    ]
    assert all(UNPARSED not in row for row in run.rows("books"))
    check_schema(run)


def test_f55_what_cannot_be_converted_is_kept_beside(example: Runner) -> None:
    with BookServer(4) as server:
        server.rows[1]["bought_at"] = {"year": 2026}
        server.rows[2]["bought_at"] = "soon"
        server.rows[3]["bought_at"] = None
        run = example(server.config(), log="INFO")
    assert run.code == 0, "the rows are there, and nothing of them is lost"
    rows = run.rows("books")
    assert [row["bought_at"] for row in rows] == [None] * 4
    assert [row.get(UNPARSED) for row in rows] == [
        None,
        {"bought_at": {"year": 2026}},
        {"bought_at": "soon"},
        None,
    ]
    assert "2 values of bought_at did not fit and are in _sdc_unparsed" in run.warnings
    assert run.result("books")["notes"] == [
        "2 values of bought_at did not fit and are in _sdc_unparsed"
    ]
    check_schema(run)


@pytest.mark.parametrize("number", ["1_000", "\u0661", "0x10", "3.5", "", "9" * 5000])
def test_f55_only_numbers_become_numbers(example: Runner, number: str) -> None:
    with BookServer(2) as server:
        server.rows[1]["id"] = number
        run = example(server.config(), log="INFO")
    assert run.code == 1
    assert run.ids("books") == [0]
    assert "1 row came without a key" in run.last


def test_f55_drift_in_cachet(stage: Stage, tap: Runner) -> None:
    def edit(body: Any) -> None:
        first, second, third, *_rest = (row["attributes"] for row in body["data"])
        first["status"] = {"human": "Rephrased", "value": 99}
        second["visible"] = "maybe"
        second["stickied"] = "1"
        third["name"] = None

    stage.script(INCIDENTS, forever=edited(edit))
    run = tap(stage.config(), select=["incidents"], log="INFO")
    assert run.code == 0, run.last
    first, second, third, *rest = run.rows("incidents")
    assert (first["status"], first["status_name"]) == (99, "Rephrased")
    assert second["visible"] is None
    assert second[UNPARSED] == {"visible": "maybe"}
    assert second["stickied"] is True
    assert third["name"] is None
    assert all(UNPARSED not in row for row in [first, third, *rest])
    assert "1 values of visible did not fit" in run.warnings
    check_schema(run)


def test_f55_drift_in_cortex(tap_cortex: Runner) -> None:
    with CortexStage() as stage:

        def edit(body: Any) -> None:
            first, second, third, *_rest = body["entities"]
            first["type"] = "brand-new-type"
            second["isArchived"] = "perhaps"
            third["lastUpdated"] = "yesterday"

        stage.script("/api/v1/catalog", edited(lambda body: body), edited(edit))
        run = tap_cortex(stage.config(), select=["entities"], log="INFO")
    assert run.code == 0, run.last
    first, second, third, *_rest = run.rows("entities")
    assert first["type"] == "brand-new-type"
    assert (second["isArchived"], second[UNPARSED]) == (None, {"isArchived": "perhaps"})
    assert (third["lastUpdated"], third[UNPARSED]) == (None, {"lastUpdated": "yesterday"})
    check_schema(run)


def test_f55_drift_in_cinchy(tap_cinchy: Runner) -> None:
    with CinchyStage() as stage:

        def edit(body: Any) -> None:
            names = [column["columnName"] for column in body["schema"]]
            if len(names) > 20 and body["data"]:
                salary = names.index("c21")
                body["data"][0][salary] = "a lot"

        catalog = json.loads(tap_cinchy(stage.config(), "--discover").stdout)
        stage.script("*/API/ExecuteCQL", forever=edited(edit))
        run = tap_cinchy(stage.config(), catalog=catalog, select=["hr_employees"], log="INFO")
    assert run.code in {0, 1}
    assert run.rows("hr_employees")[0]["Salary"] is None
    assert run.rows("hr_employees")[0][UNPARSED] == {"Salary": "a lot"}
    check_schema(run)


DATES = {
    "2026-11-20 10:00:00": "2026-11-20T10:00:00Z",
    "2026-11-20T10:00:00": "2026-11-20T10:00:00Z",
    "2026-11-20T10:00:00z": "2026-11-20T10:00:00Z",
    "2026-11-20T10:00:00+05:30": "2026-11-20T04:30:00Z",
    "2026-11-20T10:00:00-0800": "2026-11-20T18:00:00Z",
    "2026-11-20T10:00+02": "2026-11-20T08:00:00Z",
    "2026-11-20 10:00:00 UTC": "2026-11-20T10:00:00Z",
    "2026-11-20T10:00:00.12": "2026-11-20T10:00:00.120000Z",
    "2026-11-20T10:00:00.123456789Z": "2026-11-20T10:00:00.123456Z",
    "2026-11-20": "2026-11-20T00:00:00Z",
    "1763632800": "2025-11-20T10:00:00Z",
    "1763632800000": "2025-11-20T10:00:00Z",
    1763632800: "2025-11-20T10:00:00Z",
    1763632800500: "2025-11-20T10:00:00.500000Z",
    0: "1970-01-01T00:00:00Z",
    -86400: "1969-12-31T00:00:00Z",
    "0000-00-00": None,
    "0000-00-00 00:00:00": None,
    "2026-02-30": None,
    "20/11/2026": None,
    "3 days ago": None,
    "": None,
    "1" * 400: None,
    10**400: None,
}


def test_f56_every_way_to_write_a_date(example: Runner) -> None:
    with BookServer(len(DATES)) as server:
        for row, text in zip(server.rows, DATES, strict=True):
            row["bought_at"] = text
        # Large numbers would be cut by a round trip through this test's own floats.
        run = example(server.config(page_size=100), log="INFO")
    assert run.code == 0, run.last
    found = [row["bought_at"] for row in run.rows("books")]
    assert dict(zip(DATES, found, strict=True)) == DATES
    lost = [text for text, instant in DATES.items() if instant is None]
    assert [row[UNPARSED]["bought_at"] for row in run.rows("books") if UNPARSED in row] == lost
    assert f"{len(lost)} values of bought_at did not fit" in run.warnings
    check_schema(run)


def test_f56_times_without_a_zone_are_in_the_stated_one(stage: Stage, tap: Runner) -> None:
    told = {
        "2026-07-01 12:00:00": "2026-07-01T10:00:00Z",
        "2026-03-29 02:30:00": "2026-03-29T01:30:00Z",  # left out by the clock change
        "2026-10-25 02:30:00": "2026-10-25T00:30:00Z",  # comes twice
        "2026-07-01T12:00:00-04:00": "2026-07-01T16:00:00Z",  # has a zone of its own
    }

    def edit(body: Any) -> None:
        for row, text in zip(body["data"], told, strict=False):
            row["attributes"]["occurred"] = {"human": "some day", "string": text}

    stage.script(INCIDENTS, forever=edited(edit))
    run = tap(stage.config(timezone="Europe/Berlin"), select=["incidents"])
    assert run.code == 0, run.last
    found = [row["occurred_at"] for row in run.rows("incidents")]
    assert found[: len(told)] == list(told.values())


BOOKMARK = "2026-11-01T03:00:00+09:00"
"""As text greater than much that is later."""


def test_f56_a_bookmark_is_an_instant(tap_cortex: Runner) -> None:
    state = {
        "bookmarks": {
            "audit_logs": {"replication_key": "timestamp", "replication_key_value": BOOKMARK}
        }
    }
    with CortexStage() as stage:
        run = tap_cortex(stage.config(lookback_minutes=0), select=["audit_logs"], state=state)
        assert run.code == 0, run.last
        asked = {seen.query["startTime"] for seen in stage.requests("/api/v1/audit-logs")}
        assert asked == {"2026-10-31T18:00:00"}
        whole = tap_cortex(stage.config(), select=["audit_logs"])
    times = [row["timestamp"] for row in whole.rows("audit_logs")]
    late = [time for time in times if time >= "2026-10-31T18:00:00"]
    assert sorted(row["timestamp"] for row in run.rows("audit_logs")) == sorted(late)
    moved = run.state["bookmarks"]["audit_logs"]["replication_key_value"]
    assert moved == (max(late) if late else BOOKMARK)
    assert late


@pytest.mark.parametrize("code", [413, 414, 431])
def test_f16_the_types_of_cortex_are_split(tap_cortex: Runner, code: int) -> None:
    with CortexStage() as stage:
        too_long = when(lambda seen: seen.target.count("types=") > 3, status(code))
        stage.script("/api/v1/catalog", forever=too_long)
        run = tap_cortex(stage.config(), select=["entities", "entity_descriptors"], log="INFO")
        assert run.code == 0, run.last
        assert len(set(run.ids("entities"))) == len(run.rows("entities")) == 24
        assert run.result("entities")["expected"] == 24
        lengths = [seen.target.count("types=") for seen in stage.requests("/api/v1/catalog")]
    assert max(lengths) > 3, "it was tried"
    assert len([length for length in lengths if length > 3]) < 6, "and learnt"


def test_f16_one_type_that_is_too_long_fails_aloud(tap_cortex: Runner) -> None:
    with CortexStage() as stage:
        refusing = when(lambda seen: "types=" in seen.target, status(414))
        stage.script("/api/v1/catalog", forever=refusing)
        run = tap_cortex(stage.config(), select=["entities"], log="INFO")
    assert run.code == 1
    assert run.rows("entities") == []
    assert "answered 414" in run.last
