"""Rows come, change and go while they are read: F08, F48 and F57, for all three systems.

A ledger knows which rows were there all the time; a read that calls itself complete has them all.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

import pytest

from .places import LOGS, PLACES, Place, Target, Unrest, instant
from .runner import Run, Runner

if TYPE_CHECKING:
    from pathlib import Path

TAPS = ["cachet", "cortex", "cinchy"]
ALL = ["insert", "update", "delete"]
SEEDS = range(1, 1 + int(os.environ.get("FAULT_SEEDS", "2")))
"""More of them soak: ``FAULT_SEEDS=100``."""
RARELY = 0.2


def read(folder: Path, place: Place, target: Target, **settings: Any) -> Run:
    """Run the tap and load what it wrote."""
    run = Runner(folder, place.command)(
        place.config(**settings), catalog=place.catalog(folder), state=target.state or None
    )
    target.load(run.messages)
    return run


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["cachet", "cinchy"])
def test_f48_nothing_is_lost_while_rows_come_and_go(tmp_path: Path, name: str, seed: int) -> None:
    """Lists in the order of a key: complete at the first reading, whatever happens."""
    with PLACES[name](60) as place:
        target, unrest = Target(), Unrest(place, seed, ALL)
        place.before_pages(unrest)
        run = read(tmp_path, place, target)
    assert run.code == 0, run.last
    assert unrest.always < unrest.ever
    assert place.stream in run.activated
    assert unrest.always <= target.keys(place.stream) <= unrest.ever


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["cachet-2.4", "cortex"])
def test_f48_what_cannot_be_proved_is_not_called_complete(
    tmp_path: Path, name: str, seed: int
) -> None:
    """Lists in no order one can rely on, read twice on request while they change now and then."""
    with PLACES[name](60) as place:
        target, unrest = Target(), Unrest(place, seed, ALL)
        place.before_pages(lambda _page: unrest() if unrest.chance.random() < RARELY else None)
        run = read(tmp_path, place, target, confirm_complete=True)
    complete = run.outcome(place.stream) == "complete"
    assert run.code == (0 if complete else 1), run.last
    assert (place.stream in run.activated) == complete
    if complete:
        assert unrest.always <= target.keys(place.stream) <= unrest.ever


@pytest.mark.parametrize("name", TAPS)
def test_f48_a_row_deleted_before_the_offset_hides_no_other(tmp_path: Path, name: str) -> None:
    """The server's total drops, or its rows are no longer where the last page ended."""
    with PLACES[name](60) as place:
        target, unrest = Target(), Unrest(place, 3, ["delete"])

        def change(page: int) -> None:
            if page <= 2:
                place.delete(place.first())
                unrest.note()

        place.before_pages(change)
        run = read(tmp_path, place, target)
    assert run.code == 0, run.last
    assert len(unrest.ever - unrest.always) == 2
    assert place.stream in run.activated
    assert unrest.always <= target.keys(place.stream)


def test_f48_what_a_total_cannot_tell_a_second_reading_does(tmp_path: Path) -> None:
    """One row goes, another comes: the total stays, and a row between two pages is not seen."""
    with PLACES["cortex"](60) as place:
        target, unrest = Target(), Unrest(place, 5, ["delete", "insert"])

        def change(page: int) -> None:
            if page <= 2:
                place.insert()
                place.delete(place.first())
                unrest.note()

        place.before_pages(change)
        run = read(tmp_path, place, target, confirm_complete=True)
    assert run.code == 0, run.last
    assert unrest.always <= target.keys(place.stream)
    assert run.result(place.stream)["proof"] == "two passes with the same keys: total 60"


def test_f48_a_list_that_never_stands_still_is_not_complete(tmp_path: Path) -> None:
    with PLACES["cortex"](60) as place:
        target, unrest = Target(), Unrest(place, 5, ["delete", "insert"])

        def change(_page: int) -> None:
            unrest.step("delete")
            unrest.step("insert")

        place.before_pages(change)
        run = read(tmp_path, place, target, confirm_complete=True)
    assert run.code == 1
    assert run.outcome(place.stream) == "partial"
    assert place.stream not in run.activated
    assert "changes faster than it can be read" in run.last


@pytest.mark.parametrize("name", TAPS)
def test_f08_a_scope_that_shrinks_retires_nothing(tmp_path: Path, name: str) -> None:
    with PLACES[name](40) as place:
        target = Target()
        read(tmp_path, place, target)
        before = target.keys(place.stream)
        for key in sorted(place.keys())[: len(before) * 3 // 5]:
            place.delete(key)
        run = read(tmp_path, place, target)
        assert run.code == 0, run.last
        assert run.outcome(place.stream) == "complete"
        assert f"rows where the last complete run had {len(before)}" in run.warnings
        assert place.stream not in run.activated
        assert target.keys(place.stream) == before
        again = read(tmp_path, place, target)
        assert "accept_fewer_rows" in again.warnings, "once is easily overlooked"
        sure = read(tmp_path, place, target, accept_fewer_rows=True)
        assert place.stream in sure.activated
        assert target.keys(place.stream) == place.keys()
        assert "accept_fewer_rows" not in read(tmp_path, place, target).warnings


def test_f08_half_is_not_less_than_half(tmp_path: Path) -> None:
    with PLACES["cachet"](40) as place:
        target = Target()
        read(tmp_path, place, target)
        for key in sorted(place.keys())[: len(place.keys()) // 2]:
            place.delete(key)
        run = read(tmp_path, place, target)
    assert place.stream in run.activated
    assert run.warnings == ""


@pytest.mark.parametrize("name", LOGS)
def test_f57_late_rows_come_with_the_next_run(tmp_path: Path, name: str) -> None:
    """Rows at the instant of the bookmark and shortly before it, committed after it was taken."""
    with LOGS[name]() as place:
        target = Target()
        first = read(tmp_path, place, target)
        newest = place.newest()
        place.add(newest)
        place.add(newest - dt.timedelta(seconds=40))
        again = read(tmp_path, place, target)
    assert first.code == again.code == 0, again.last
    assert place.found(target) == place.keys()
    assert len(again.rows(place.stream)) < len(first.rows(place.stream))
    assert place.stream not in again.activated


@pytest.mark.parametrize("name", LOGS)
def test_f57_a_row_from_the_future_hides_nothing(tmp_path: Path, name: str) -> None:
    with LOGS[name]() as place:
        target, begun = Target(), dt.datetime.now(dt.UTC)
        before = place.keys()
        place.add(begun + dt.timedelta(days=1))
        future = place.keys() - before
        first = read(tmp_path, place, target)
        bookmark = max(map(instant, bookmarks(target.state, place.stream)))
        assert bookmark <= dt.datetime.now(dt.UTC)
        place.add(begun - dt.timedelta(seconds=3))
        again = read(tmp_path, place, target)
    assert first.code == again.code == 0, again.last
    assert place.keys() - future <= place.found(target)


def bookmarks(state: dict[str, Any], stream: str) -> list[str]:
    """Return the values of a stream's bookmark, or of those of its partitions."""
    found = state["bookmarks"][stream]
    return [
        part["replication_key_value"]
        for part in found.get("partitions", [found])
        if "replication_key_value" in part
    ]
