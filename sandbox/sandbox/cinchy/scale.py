"""Worlds as large as real ones, made at once: many empty tables, one table of a million rows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from . import story
from .columns import choice, date, link, number, text, yes_no
from .stored import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .columns import Column, Row
    from .table import Table
    from .world import World

DOMAIN = "Scale"
EVENTS = f"{DOMAIN}.Events"
KINDS = ("Started", "Stopped", "Moved", "Failed")
MIDNIGHT = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a wall-clock time, as users enter it
MINUTES = tuple(MIDNIGHT + dt.timedelta(minutes=minute) for minute in range(1440))


def add_empty_tables(world: World, count: int, *, domain: str = DOMAIN) -> list[str]:
    """Create tables without a single row and return their names, ``Domain.Table``."""
    names = [f"{domain}.Empty {place:04d}" for place in range(1, count + 1)]
    world.define({name: [text("Name"), number("Amount"), date("Day")] for name in names})
    return names


def add_series(
    world: World,
    full_name: str = EVENTS,
    count: int = 1_000_000,
    *,
    columns: Iterable[Column] | None = None,
    values: Callable[[int], tuple[Any, ...]] | None = None,
    first_id: int = 1,
    id_step: int = 1,
    every: float = 1.0,
    **options: Any,
) -> Table:
    """Create a table whose rows are made when they are read, so that any number costs nothing.

    Its rows may be changed, deleted and added like any others; what changed is kept.

    Args:
        world: The platform.
        full_name: ``Domain.Table``.
        count: How many rows it begins with.
        columns: Its columns; some of every common type when nothing is said.
        values: Returns the values of the row with an id, in the order of the columns.
        first_id: Cinchy Id of the first row.
        id_step: From one Cinchy Id to the next; more than 1 leaves holes.
        every: Seconds from one row's Created and Modified to the next; the last one is an hour
            old. 0 gives all rows one instant.
        options: Arguments of :class:`Table`, such as ``kind`` or ``keyed``.
    """
    ids = range(first_id, first_id + count * id_step, id_step)
    versioned = options.get("keyed", True) and options.get("kind") != "Unversioned"
    version, draft = (1, 0) if versioned else (None, None)
    made = values or _event
    step = dt.timedelta(seconds=every)
    start = world.now() - dt.timedelta(hours=1) - step * max(count - 1, 0)

    def make(id_: int) -> Row:
        at, by = start + step * ((id_ - first_id) // id_step), 1 + id_ % 3
        return (id_, version, draft, None, by, at, by, at, None, None, None, *made(id_))

    described = _events() if columns is None else columns
    return world.create_table(full_name, described, series=Series(ids, make), **options)


def _events() -> list[Column]:
    return [
        text("Name", mandatory=True),
        choice("Kind", ",".join(KINDS)),
        number("Amount"),
        date("Happened"),
        yes_no("Confirmed"),
        link("Reported By", f"{story.EMPLOYEES}.Full Name"),
    ]


def _event(id_: int) -> tuple[Any, ...]:
    return (
        f"Event {id_}",
        KINDS[id_ % 4],
        id_ / 4,
        MINUTES[id_ % 1440],
        id_ % 3 > 0,
        1 + id_ % 24 if id_ % 5 else None,
    )
