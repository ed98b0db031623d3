"""Worlds made from a seed: the same seed and clock give the same rows."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING

from sandbox.cachet.generate.history import add_incidents_and_schedules
from sandbox.cachet.generate.inventory import (
    add_components,
    add_groups,
    add_subscribers,
    add_templates,
)
from sandbox.cachet.generate.points import add_metrics
from sandbox.cachet.generate.quirks import add_quirks
from sandbox.cachet.options import parse_build
from sandbox.cachet.world import World

if TYPE_CHECKING:
    from collections.abc import Collection

    from sandbox.cachet.clock import Clock


@dataclasses.dataclass(frozen=True)
class Size:
    """How many rows of each kind are alive; deleted ones and gaps in the ids come on top.

    ``metric_points`` counts per metric; every fifth metric has none.
    """

    components: int = 30
    component_groups: int = 6
    incidents: int = 128
    incident_templates: int = 5
    metrics: int = 6
    metric_points: int = 344
    schedules: int = 16
    subscribers: int = 40

    def __post_init__(self) -> None:
        """Refuse negative numbers.

        Raises:
            ValueError: One of them is.
        """
        for name, count in dataclasses.asdict(self).items():
            if count < 0:
                raise ValueError(f"{name} must not be negative, it is {count}")


def generate(
    size: Size | None = None,
    *,
    seed: int = 1,
    api: str = "3",
    clock: Clock | None = None,
    quirks: Collection[str] = (),
) -> World:
    """Make a world.

    A world of some size holds every oddity a reader must bear: disabled and ungrouped components,
    hidden and embargoed rows, gaps in the ids, null dates, empty meta, Markdown, odd letters.

    Args:
        size: How many rows.
        seed: Different seeds give different worlds.
        api: The version it is for: statuses and null columns differ between 2.x and 3.x.
        clock: The clock of the world; history ends at its present time.
        quirks: Rarer things to add: ``list_meta``, ``zero_dates``, ``points_ahead``; see
            :func:`sandbox.cachet.generate.quirks.add_quirks`.

    Raises:
        ValueError: The version or a quirk is unknown.
    """
    size = size or Size()
    if api not in {"2.3", "2.4"}:
        parse_build(api)
    rng = random.Random(seed)
    world = World(clock)
    add_groups(world, size.component_groups, rng)
    add_components(world, size.components, rng, api)
    add_templates(world, size.incident_templates)
    add_incidents_and_schedules(world, size.incidents, size.schedules, rng, api)
    add_metrics(world, size.metrics, size.metric_points, rng)
    add_subscribers(world, size.subscribers, rng)
    add_quirks(world, quirks)
    return world
