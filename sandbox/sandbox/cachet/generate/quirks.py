"""What real installations hold now and then, added to a generated world when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from sandbox.cachet.clock import DAY, MINUTE, ZERO_DATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.cachet.world import World

Quirk = Literal["list_meta", "zero_dates", "points_ahead"]
QUIRKS: tuple[Quirk, ...] = get_args(Quirk)

LIST_META = {"0": "eu", "1": "prod"}
"""As PHP keeps ``["eu", "prod"]``; it leaves the server as a list again."""
AHEAD = 7 * DAY
ORDINARY_POINTS = 60


def add_quirks(world: World, quirks: Iterable[str]) -> None:
    """Add what the names say.

    Args:
        world: A finished world.
        quirks: ``list_meta``: metadata with keys 0..n-1. ``zero_dates``: dates of a database that
            came from 2.x. ``points_ahead``: metrics with a point dated seven days ahead, to which
            a later write was added while newer ids stand behind it.

    Raises:
        ValueError: A name is unknown.
    """
    for quirk in quirks:
        if quirk not in _ADD:
            raise ValueError(f"quirk {quirk!r} is unknown: use {', '.join(QUIRKS)}")
        _ADD[quirk](world)


def _add_list_meta(world: World) -> None:
    tables: tuple[Any, ...] = (
        world.components,
        world.component_groups,
        world.incidents,
        world.schedules,
        world.subscribers,
    )
    for table in tables:
        for row in list(table)[::3]:
            table.update(row.id, meta=LIST_META)


def _add_zero_dates(world: World) -> None:
    for row in list(world.incidents)[1::7]:
        world.incidents.update(row.id, touch=False, occurred_at=ZERO_DATE)
    for component in list(world.components)[2::7]:
        world.components.update(component.id, created_at=ZERO_DATE, updated_at=ZERO_DATE)
    for subscriber in list(world.subscribers)[::6]:
        world.subscribers.update(subscriber.id, touch=False, verified_at=ZERO_DATE)
    for schedule in list(world.schedules)[::5]:
        world.schedules.update(schedule.id, touch=False, completed_at=ZERO_DATE)


def _add_points_ahead(world: World) -> None:
    now = world.clock.now()
    for metric in list(world.metrics)[::2]:
        step = (metric.threshold + 1) * MINUTE
        begin = now - (ORDINARY_POINTS + 1) * step
        ahead = world.record(metric.id, 1.5, dated=begin + AHEAD, at=begin)
        for number in range(1, ORDINARY_POINTS + 1):
            world.record(metric.id, float(number), at=begin + number * step)
        world.record(metric.id, 2.5, dated=ahead.created_at + MINUTE, at=now)


_ADD: dict[str, Callable[[World], None]] = {
    "list_meta": _add_list_meta,
    "zero_dates": _add_zero_dates,
    "points_ahead": _add_points_ahead,
}
