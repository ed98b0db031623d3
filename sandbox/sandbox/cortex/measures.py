"""Engineering metrics: aggregates over the raw events of a window."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from .answers import BAD_REQUEST, ApiError
from .generate.engineering import ATTRIBUTES, DEPLOYS, INCIDENTS, PULL_REQUESTS
from .params import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .model import Row
    from .world import World

    Group = tuple[Any, ...]

LONGEST_RANGE = dt.timedelta(days=180)
NINETY_FIVE = 0.95
TEAM = "team"


@dataclasses.dataclass(frozen=True)
class Measure:
    """What a metric is made of.

    Attributes:
        source: Where its events are.
        time: The date that puts an event into a window; events without it do not count.
        value: The attribute that is aggregated; nothing counts events.
    """

    source: str
    time: str
    value: str | None


MEASURES = {
    "pr-cycle-time": Measure(PULL_REQUESTS, "mergedAt", "cycleTimeSeconds"),
    "deploy-count": Measure(DEPLOYS, "deployedAt", None),
    "incident mttr": Measure(INCIDENTS, "resolvedAt", "timeToResolveSeconds"),
}


def _percentile(values: list[float], share: float) -> float:
    """Return the smallest value that so large a share does not exceed."""
    return sorted(values)[max(0, -int(-len(values) * share // 1) - 1)]


AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "COUNT": len,
    "MIN": min,
    "MAX": max,
    "P50": lambda values: _percentile(values, 0.5),
    "P95": lambda values: _percentile(values, NINETY_FIVE),
}


def check_range(start: dt.datetime, end: dt.datetime) -> None:
    """Refuse windows that are too long or run backwards.

    Raises:
        ApiError: This is one.
    """
    if end - start > LONGEST_RANGE:
        raise ApiError(BAD_REQUEST, "Date range exceeds 6 months")
    if end < start:
        raise ApiError(BAD_REQUEST, "The end of the range lies before its start")


def groups_of(world: World, group_by: list[str], sources: Iterable[str]) -> list[Group]:
    """Return the groups of a query: every team, or every value that events have.

    Raises:
        ApiError: A source has no such attribute.
    """
    unknown = [name for name in group_by for source in sources if name not in ATTRIBUTES[source]]
    if unknown:
        raise ApiError(BAD_REQUEST, f"Invalid groupBy: {', '.join(dict.fromkeys(unknown))}")
    if not group_by:
        return [()]
    if group_by == [TEAM]:
        return [(row["teamTag"],) for row in world.teams]
    found = {
        tuple(row[name] for name in group_by) for source in sources for row in world.trace[source]
    }
    return sorted(found, key=lambda group: [(value is None, str(value)) for value in group])


def measure(
    world: World,
    asked: Row,
    window: tuple[dt.datetime, dt.datetime],
    group_by: list[str],
    fits: Callable[[Row], bool] = lambda _: True,
) -> dict[Group, float]:
    """Return the value of a metric for every group that has events in the window.

    The start belongs to the window, the end does not; events that do not fit are left out.

    Raises:
        ApiError: There is no such metric, or it cannot be aggregated like that.
    """
    metric, aggregation = asked["metric"], asked["aggregation"]
    made_of = MEASURES.get(metric)
    if made_of is None:
        raise ApiError(BAD_REQUEST, f"Invalid metric names: {metric}")
    if aggregation not in AGGREGATIONS:
        raise ApiError(BAD_REQUEST, f"Invalid aggregation: {aggregation}")
    start, end = window
    values: dict[Group, list[float]] = {}
    for row in world.trace[made_of.source]:
        at = row[made_of.time]
        if at is None or not start <= parse_instant(at) < end or not fits(row):
            continue
        group = tuple(row[name] for name in group_by)
        values.setdefault(group, []).append(1 if made_of.value is None else row[made_of.value])
    return {group: AGGREGATIONS[aggregation](found) for group, found in values.items()}


def columns_of(group_by: list[str], metrics: list[Row]) -> list[Row]:
    """Return the columns of an answer, each with its place in a row."""
    columns: list[Row] = [
        {"type": "ATTRIBUTE", "name": name, "alias": name, "ordinal": n, "attributeName": name}
        for n, name in enumerate(group_by)
    ]
    for metric in metrics:
        columns.append(
            {
                "type": "METRIC_AGGREGATE",
                "name": metric["metric"],
                "alias": f"{metric['metric']}_{metric['aggregation']}".lower(),
                "ordinal": len(columns),
                "metricKey": metric["metric"],
                "aggregationFunction": metric["aggregation"],
            }
        )
    return columns
