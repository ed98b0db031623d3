"""The year of the demo's company: what the tap reads as metrics is what happened in it."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import statistics
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex import PlainWorld, plain_world
from sandbox.cortex.app import create_app
from sandbox.cortex.generate import engineering
from sandbox.cortex.options import Options
from sandbox.cortex.params import parse_instant
from sandbox.serve import serve

from .conftest import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    Window = tuple[dt.datetime, dt.datetime]
    ByTeam = dict[str | None, float]

QUERY: dict[str, Any] = {
    "name": "q",
    "metrics": [
        {"metric": "incident mttr", "aggregation": "AVG"},
        {"metric": "deploy-count", "aggregation": "COUNT"},
        {"metric": "pr-cycle-time", "aggregation": "P50"},
    ],
    "group_by": ["team"],
}
MTTR, DEPLOYS, CYCLE = "incident mttr_avg", "deploy-count_count", "pr-cycle-time_p50"


@contextlib.contextmanager
def demo() -> Iterator[tuple[Site, PlainWorld]]:
    """Serve the company of ``make demo``, as it is today."""
    now = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    world = plain_world(1, now=now)
    options = Options()
    with serve(create_app(world, options)) as server:
        yield Site(world, options, server), world


def truth(world: PlainWorld, window: Window) -> dict[str, ByTeam]:
    """Return what happened in a window, from the story itself and not from its metrics."""
    start, end = window
    team = {entity.tag: engineering.team_of(entity) for entity in world.entities}
    repair: dict[Any, list[float]] = collections.defaultdict(list)
    for one in world.troubles:
        if one.fixed and start.timestamp() <= one.fixed < end.timestamp():
            repair[team[one.services[0]]].append(one.fixed - one.noticed)
    deploys: collections.Counter[Any] = collections.Counter(
        team[entity.tag]
        for entity in world.entities
        for deploy in entity.deploys
        if start <= parse_instant(deploy["timestamp"]) < end
    )
    pulls: dict[Any, list[float]] = collections.defaultdict(list)
    for row in world.trace[engineering.PULL_REQUESTS]:
        if row["mergedAt"] and start <= parse_instant(row["mergedAt"]) < end:
            pulls[row["team"]].append(row["cycleTimeSeconds"])
    return {
        MTTR: {key: statistics.fmean(found) for key, found in repair.items()},
        DEPLOYS: dict(deploys),
        CYCLE: {key: statistics.median_low(found) for key, found in pulls.items()},
    }


def compare(world: PlainWorld, window: Window, read: dict[str | None, dict[str, Any]]) -> int:
    """Assert that values by team are those of the world; returns how many there were."""
    count = 0
    for column, expected in truth(world, window).items():
        for team, values in read.items():
            found = values[column]
            assert found == (expected.get(team) and pytest.approx(expected[team])), (column, team)
            count += found is not None
        assert {key for key in expected if key} <= read.keys()
    return count


def test_metrics_of_the_demo_are_what_happened() -> None:
    with demo() as (running, world):
        settings = {"engineering_metric_queries": [{**QUERY, "days": 90}]}
        run = running.run("engineering_metrics", settings=settings)
        rows = run.records["engineering_metrics"]
        window = parse_instant(rows[0]["start_time"]), parse_instant(rows[0]["end_time"])
        read = {row["values"]["team"]: row["values"] for row in rows}
        assert run.exit_code == 0, run.stderr
        assert compare(world, window, read) > 2 * len(QUERY["metrics"])


def test_metrics_of_every_month_of_the_demo_are_what_happened() -> None:
    with demo() as (running, world):
        start = world.now - dt.timedelta(days=200)
        settings = {
            "engineering_metric_queries": [{**QUERY, "period": "month"}],
            "start_date": start.replace(day=1, hour=0).isoformat(),
        }
        run = running.run("engineering_metrics_by_period", settings=settings)
        assert run.exit_code == 0, run.stderr
        months: dict[Window, dict[str | None, Any]] = collections.defaultdict(dict)
        for row in run.records["engineering_metrics_by_period"]:
            window = parse_instant(row["period_start"]), parse_instant(row["period_end"])
            months[window][row["groups"]["team"]] = row["values"]
        counts = [compare(world, window, read) for window, read in months.items()]
    assert len(months) >= 6
    assert min(counts) > 0
