"""Metrics and their points in a generated world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cachet.clock import DAY, HOUR, MINUTE
from sandbox.cachet.generate import words
from sandbox.cachet.rows import Metric, MetricPoint
from sandbox.cachet.world import POINT_SECONDS

if TYPE_CHECKING:
    import random

    from sandbox.cachet.world import World

DEFAULTS = ("0.000", None, "12.500", "-3.142")
THRESHOLDS = (5, 10, 30, 60)


def add_metrics(world: World, count: int, points: int, rng: random.Random) -> None:
    """Add metrics, and points for all but each fifth of them.

    Ids of points follow the time of writing over all metrics. Some points are back-dated: an old
    ``created_at`` under a new id. Merged ones have a counter above one.
    """
    now = world.clock.now()
    born = now - 650 * DAY
    metrics = []
    for number in range(1, count + 1):
        name, suffix, description = words.METRICS[(number - 1) % len(words.METRICS)]
        metrics.append(
            Metric(
                id=number,
                name=name if number <= len(words.METRICS) else f"{name} {number}",
                suffix=suffix,
                created_at=born + number // 2 * DAY,  # pairs share a date: ties when sorted by it
                updated_at=born + number * DAY,
                description=description,
                default_value=DEFAULTS[number % len(DEFAULTS)],
                calc_type=number % 2,
                display_chart=number % 4 != 0,
                places=number % 4,
                default_view=number % 4,
                threshold=THRESHOLDS[number % len(THRESHOLDS)],
                order=count - number,
                visible=2 if number % 6 == 4 else 0 if number % 6 == 2 else 1,  # noqa: PLR2004
                tags=words.TAGS[1:] if number % 2 else (),
            )
        )
    world.metrics.load(metrics, rng)
    written = [
        point
        for metric in metrics
        if metric.id % 5
        for point in _points_of(metric, points, now, rng)
    ]
    written.sort(key=lambda point: (point[0], point[1]))
    world.metric_points.load(
        (
            MetricPoint(row_id, metric_id, value, created, updated, counter)
            for row_id, (updated, metric_id, created, value, counter) in enumerate(written, 1)
        ),
        rng,
    )


def _points_of(
    metric: Metric, count: int, now: int, rng: random.Random
) -> list[tuple[int, int, int, float, int]]:
    step = metric.threshold * MINUTE + 90
    found = []
    level = rng.uniform(1, 100)
    for number in range(count):
        written = now - (count - number) * step + rng.randrange(MINUTE)
        created = written - written % POINT_SECONDS
        if number % 50 == 30:  # noqa: PLR2004
            created -= HOUR * rng.randrange(1, 200)
        counter = rng.randrange(2, 9) if number % 8 == 5 else 1  # noqa: PLR2004
        value = round(level * rng.uniform(0.5, 1.5), metric.places + 1)
        if number % 25 == 24:  # noqa: PLR2004
            value = (0.0, 70.0, -1.5, 1e-7, 123456789.125)[number % 5]
        updated = written + (metric.threshold * MINUTE // 2 if counter > 1 else 0)
        found.append((updated, metric.id, created, value, counter))
    return found
