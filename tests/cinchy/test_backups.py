"""Platforms that were restored from a backup between two runs by what changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from sandbox.cinchy import Clock, World

from .conftest import Site
from .target import Target
from .test_incremental import FALL_BACK, STREAM, TABLE, catalog, lab, run_through

__all__ = ["catalog"]

Start = Callable[..., Site]
ROWS = 40
LAST = 2 * ROWS
AGAIN = 9
"""Rows that every run reads again, see the tests of what changed."""


def restore(world: World, running: Site) -> None:
    """Make the table what it was before its last rows changed."""
    running.forget()
    world.erase(TABLE, LAST)
    for id_ in (LAST - 2, LAST - 4):
        world.update(TABLE, id_, {"Name": "as it was"}, at=world.now() - dt.timedelta(days=3))


@pytest.mark.parametrize("added", [0, 1])
def test_a_restored_table_is_read_in_full_once(
    start: Start, catalog: dict[str, object], added: int
) -> None:
    world = lab(Clock(FALL_BACK))
    running, target = start(world), Target()
    run_through(running, target, catalog)
    restore(world, running)
    for _ in range(added):
        world.clock.advance(3600)
        world.insert(TABLE, {"Name": "new"})
    again = run_through(running, target, catalog)
    assert again.activated == [STREAM]
    assert "restored from a backup" in again.stderr
    there = {row["Cinchy Id"]: row["Name"] for row in world.truth(TABLE)}
    assert {row["Cinchy Id"]: row["Name"] for row in again.records[STREAM]} == there
    run_through(running, target, catalog)
    last = run_through(running, target, catalog)
    assert len(last.records[STREAM]) < ROWS
    assert "backup" not in last.stderr


def test_where_all_witnesses_are_gone_the_table_is_read_and_nothing_retired(
    start: Start, catalog: dict[str, object]
) -> None:
    world = lab(Clock(FALL_BACK))
    running, target = start(world), Target()
    run_through(running, target, catalog)
    for id_ in (LAST, LAST - 2, LAST - 4):
        world.erase(TABLE, id_)
    again = run_through(running, target, catalog)
    assert again.activated == []
    assert len(again.records[STREAM]) == ROWS - 3
    assert "they were erased, or" in again.stderr


def test_a_row_that_is_erased_or_changed_is_no_news(
    start: Start, catalog: dict[str, object]
) -> None:
    world = lab(Clock(FALL_BACK))
    running, target = start(world), Target()
    run_through(running, target, catalog)
    world.erase(TABLE, LAST)
    world.update(TABLE, LAST - 2, {"Name": "changed"})
    again = run_through(running, target, catalog)
    assert len(again.records[STREAM]) == AGAIN - 1
    assert "backup" not in again.stderr


def test_deleted_witnesses_are_no_news(start: Start, catalog: dict[str, object]) -> None:
    """Rows of a queue go every night: that is no reason to read all of its table again."""
    world = lab(Clock(FALL_BACK))
    running, target = start(world), Target()
    run_through(running, target, catalog)
    for id_ in (LAST, LAST - 2, LAST - 4):
        world.delete(TABLE, id_)
    again = run_through(running, target, catalog)
    assert len(again.records[STREAM]) < ROWS
    assert "backup" not in again.stderr
