"""The judge is worth no more than what makes it cry out."""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import Any

import pytest
from support.tap_run import discover

from lies.excuses import EXCUSES
from lies.judge import judge
from lies.matrix import Unit, now, parsed, run_unit, sampled
from lies.routes import ROUTES
from lies.runs import Rows, Run, Theatre, Truth, halfway
from lies.ways import WAYS

WITHOUT_ROUTE = {"chat_completions"}
"""Its answers are single texts of another service, which tests of its own cut and break."""


def rows(*keys: int, **values: Any) -> Rows:
    return {(str(key),): [{"id": key, **values}] for key in keys}


def run(**changes: Any) -> Run:
    whole = Run(
        rows={"s": rows(1, 2, 3)},
        outcomes={"s": "complete"},
        reasons={},
        activated={"s"},
        state={"bookmarks": {"s": {"replication_key_value": "1"}}},
        exit_code=0,
        last_line="",
        stderr="",
        seconds=0.1,
        requests=3,
        hung=False,
    )
    return dataclasses.replace(whole, **changes)


TRUTH = Truth(run(), [], None, {"s": rows(0, 1, 2, 3)})
PARTIAL: dict[str, Any] = {"outcomes": {"s": "partial"}, "activated": set(), "exit_code": 1}


def verdict(found: Run, healed: Run | None = None) -> str:
    return judge(found, TRUTH, heal=lambda _state: healed or run()).verdict


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "exact"),
        ({"rows": {"s": rows(0, 1, 2, 3)}}, "exact"),  # it was there, though not due
        ({"rows": {"s": rows(1, 2)}}, "SILENT"),
        ({"rows": {}}, "SILENT"),
        ({"rows": {"s": rows(1, 2, 3, 4)}}, "SILENT"),
        ({"rows": {"s": rows(1, 2, 3, name="x")}}, "SILENT"),
        ({"rows": {"s": rows(1, 2, 3, _sdc_unparsed={"name": "x"})}}, "exact"),
        ({"rows": {"s": {**rows(1, 2, 3), ("1",): [{"id": 1}] * 2}}}, "SILENT"),
        ({"rows": {"s": rows(1, 2)}, **PARTIAL}, "honest"),
        ({"rows": {"s": rows(1, 2)}, **PARTIAL, "exit_code": 0}, "SILENT"),
        ({"rows": {"s": rows(1, 2)}, **PARTIAL, "activated": {"s"}}, "SILENT"),
        ({"rows": {"s": rows(1, 2)}, **PARTIAL, "outcomes": {"s": "unproved"}}, "honest"),
        ({"rows": {"s": rows(1, 2)}, **PARTIAL, "outcomes": {"s": "complete"}}, "SILENT"),
        (PARTIAL, "honest"),
        ({"exit_code": 139}, "CRASH"),
        ({"last_line": "Unexpected KeyError: a bug in tap-x; [BUG]", "exit_code": 1}, "CRASH"),
        ({"stderr": "Traceback (most recent call last):"}, "CRASH"),
        ({"torn": "stdout is no JSON"}, "CRASH"),
        ({"hung": True}, "HANG"),
    ],
)
def test_verdicts(changes: dict[str, Any], expected: str) -> None:
    assert verdict(run(**changes)) == expected


def test_a_bookmark_that_passed_what_is_lost() -> None:
    partial = run(rows={"s": rows(1, 2)}, **PARTIAL)
    assert verdict(partial, healed=run(rows={"s": rows(3)})) == "honest"
    assert verdict(partial, healed=run(rows={"s": rows(2)})) == "SILENT"


def test_a_bookmark_moves_halfway() -> None:
    found = run(
        rows={"s": {(str(n),): [{"at": f"2026-01-0{n}"}] for n in range(1, 6)}},
        state={
            "bookmarks": {"s": {"replication_key": "at", "replication_key_value": "2026-01-05"}}
        },
    )
    state = halfway(found)
    assert state is not None
    assert state["bookmarks"]["s"]["replication_key_value"] == "2026-01-03"


@pytest.mark.parametrize("tap", ["tap-cachet", "tap-cortex"])
def test_every_stream_is_attacked(tap: str) -> None:
    attacked = {s for r in ROUTES.values() if r.scenario.tap == tap for s in r.scenario.streams}
    streams = {stream["tap_stream_id"] for stream in discover(tap)["streams"]}
    shared = {"scorecard_rule_results_daily", "singer_receipts"}  # of the pass of another
    assert streams - attacked - WITHOUT_ROUTE - shared == set()


def test_excuses_are_of_ways_that_exist() -> None:
    assert EXCUSES.keys() <= WAYS.keys()


def test_a_sample_is_spread_over_all_routes() -> None:
    units = sampled(300, seed=7)
    assert sum(unit.sample or 0 for unit in units) == 300
    assert {unit.route for unit in units} == set(ROUTES)
    assert units == sampled(300, seed=7)


def test_an_id_says_all_that_is_needed() -> None:
    unit = parsed("cachet-3.groups:drop_first_row:last:bookmark")
    assert unit == Unit("cachet-3.groups", bookmark=True, ways=("drop_first_row",), spots=("last",))
    with pytest.raises(ValueError, match="is no pair"):
        parsed("cachet-3.groups:drop_first_row")


def test_a_server_that_fails_is_heard() -> None:
    """The proxy lies, the tap reads through it, and the judge knows what is missing."""
    theatre = Theatre(now())
    try:
        unit = Unit("cachet-3.groups", bookmark=False, ways=("status_403",), spots=("middle",))
        [result] = run_unit(theatre, unit)
    finally:
        theatre.close()
    assert result.verdict == "honest"
    assert fnmatch.fnmatch(result.what[0], "components_groups is *, exit code 1: * lost * of *")
