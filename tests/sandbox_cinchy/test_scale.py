"""Worlds as large as real ones, odd ids, and rows that one instant cannot tell apart."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import pytest

from sandbox.cinchy import build_world, story
from sandbox.cinchy.columns import ColumnType, calculated, number, text
from sandbox.cinchy.scale import EVENTS, add_series
from sandbox.cinchy.stored import Ids, Series

from .test_worlds import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import World

    from .site import Site

    Start = Callable[..., Site]

SERIES = "[Scale].[Events]"


@pytest.fixture(scope="module")
def large() -> World:
    return build_world(rows=20, empty_tables=1000, series_rows=1_000_000)


def test_ids_behave_like_a_sorted_list() -> None:
    chance = random.Random(4)
    for base in (range(0), range(-6, 60, 3), range(5, 9)):
        ids, model = Ids(base), sorted(base)
        for _ in range(100):
            id_ = chance.randrange(-20, 80)
            if id_ in model:
                ids.remove(id_)
                model.remove(id_)
            else:
                ids.add(id_)
                model = sorted([*model, id_])
            low, high = sorted(chance.choices(range(-25, 85), k=2))
            window = [one for one in model if low <= one <= high]
            assert list(ids.between(low, high)) == window
            assert list(ids.between(low, high, descending=True)) == window[::-1]
            assert (ids == model, len(ids), list(ids)) == (True, len(model), model)
            assert [ids[place] for place in range(-len(model), len(model))] == model * 2
            assert ids[2:7] == model[2:7]
        with pytest.raises(ValueError, match="500"):
            ids.remove(500)


def test_a_series_keeps_only_what_changed() -> None:
    made: list[int] = []

    def make(id_: int) -> tuple[int, ...]:
        made.append(id_)
        return (id_, 0)

    rows = Series(range(10, 10**9, 10), make)
    assert rows.get(15) is None
    rows[20] = (20, 5)
    rows[7] = (7, 7)
    del rows[30]
    rows.rewrite(lambda row: (*row, row[0] + 1))
    assert [rows.get(id_) for id_ in (10, 20, 30, 7)] == [(10, 0, 11), (20, 5, 21), None, (7, 7, 8)]
    assert made == [10]
    small = Series(range(3), make)
    del small[1]
    small[9] = (9, 9)
    assert (sorted(small), len(small), 1 in small, 9 in small) == ([0, 2, 9], 3, False, True)
    with pytest.raises(KeyError):
        del small[1]


def test_a_million_rows_answer_any_window_at_once(large: World, start: Start) -> None:
    site = start(large, timeout_above_scanned=20_000)
    select = f"SELECT TOP 3 e.[Cinchy Id], e.[Name], e.[Kind] FROM {SERIES} e WHERE e.[Cinchy Id]"
    assert site.rows(f"{select} > 700000 ORDER BY e.[Cinchy Id]") == [
        [700001, "Event 700001", "Stopped"],
        [700002, "Event 700002", "Moved"],
        [700003, "Event 700003", "Failed"],
    ]
    highest = f"SELECT TOP 1 e.[Cinchy Id] FROM {SERIES} e ORDER BY e.[Cinchy Id] DESC"
    assert site.rows(highest) == [[1_000_000]]
    assert "Timeout" in site.refusal(
        f"SELECT TOP 1 [Cinchy Id] FROM {SERIES} WHERE [Modified] >= '2030-01-01'"
    )
    found = site.rows(f"SELECT [Cinchy Id], [Modified] FROM {SERIES} WHERE [Cinchy Id] > 999990")
    assert len({modified for _, modified in found}) == 10


def test_rows_of_a_series_change_like_others(start: Start) -> None:
    site = start(build_world(rows=20, series_rows=500))
    world = site.world
    world.update(EVENTS, 7, {"Name": "renamed"})
    world.delete(EVENTS, 8)
    world.erase(EVENTS, 9)
    assert world.insert(EVENTS, {"Name": "new"}) == 501
    world.add_column(EVENTS, number("More"), 1.5)
    shout = calculated("Shout", ColumnType.TEXT, lambda row: row["Name"].upper(), "UPPER([Name])")
    world.add_column(EVENTS, shout)
    rows = site.read(EVENTS, site.discover()[EVENTS])
    assert rows == written(world, EVENTS)
    assert (len(rows), rows[6]["Name"], rows[5]["Shout"]) == (500, "renamed", "EVENT 6")
    assert [row["Cinchy Id"] for row in rows if row["Deleted"]] == [8]
    versions = [row["Version"] for row in world.truth(EVENTS, history=True)[5:8]]
    assert versions == [1, 1, 2]


def test_a_series_may_have_holes_one_instant_or_no_ids(start: Start) -> None:
    site = start()
    columns = [text("Name")]
    add_series(
        site.world, "Odd.Holes", 50, columns=columns, values=lambda id_: (f"n{id_}",),
        first_id=-100, id_step=7, every=0, kind="Unversioned",
    )  # fmt: skip
    found = site.rows("SELECT [Cinchy Id], [Name], [Modified] FROM [Odd].[Holes]")
    assert [row[:2] for row in found[:2]] == [[-100, "n-100"], [-93, "n-93"]]
    assert (len(found), len({row[2] for row in found})) == (50, 1)
    add_series(
        site.world, "Odd.Keyless", 40, columns=columns, values=lambda _id: ("same",), keyed=False
    )
    assert site.rows("SELECT [Name] FROM [Odd].[Keyless]") == [["same"]] * 40
    assert "could not be found" in site.refusal("SELECT [Cinchy Id] FROM [Odd].[Keyless]")


def test_a_thousand_tables_without_a_row(large: World, start: Start) -> None:
    site = start(large)
    found = site.discover()
    assert sum(name.startswith("Scale.Empty ") for name in found) == 1000
    assert site.rows("SELECT [Cinchy Id] FROM [Scale].[Empty 0999]") == []


def test_ids_may_begin_below_zero_and_have_holes(start: Start) -> None:
    site = start(build_world(rows=40, first_id=-12, id_step=3))
    world = site.world
    ids = [row["Cinchy Id"] for row in world.truth(story.TASKS)]
    assert ids == list(range(-12, 108, 3))
    query = "SELECT TOP 3 [Cinchy Id] FROM [Delivery].[Tasks] {}ORDER BY [Cinchy Id]"
    assert site.rows(query.format("")) == [[-12], [-9], [-6]]
    assert site.rows(query.format("WHERE [Cinchy Id] > -9 ")) == [[-6], [-3], [0]]
    assert site.rows(query.format("WHERE [Cinchy Id] > 0 ")) == [[3], [6], [9]]
    assert site.rows("SELECT [Title] FROM [Delivery].[Tasks] WHERE [Cinchy Id] = 0")
    people = world.table(story.EMPLOYEES).rows
    assert 21 not in people  # the one that was erased
    assert {row["Owner"] for row in world.truth(story.PROJECTS)} - {None} <= {*people, 21}
    world.erase(story.TASKS, -12)
    where = "WHERE [Full Name] = 'Delivery.Tasks'"
    assert site.rows(f"SELECT [Has Erased Records] FROM [Cinchy].[Tables] {where}") == [[True]]


def test_a_bulk_load_gives_all_rows_one_instant(start: Start) -> None:
    site = start(build_world(rows=40, bulk_loaded={story.LEDGER}), shuffle_ties=True)
    rows = site.world.truth(story.LEDGER)
    assert len(rows) == 40
    assert len({(row["Created"], row["Modified"]) for row in rows}) == 1
    query = "SELECT TOP 40 [Account], [Amount] FROM [Finance].[Imported Ledger]"
    ordered = f"{query} ORDER BY [Created], [Modified]"
    first, second = site.rows(ordered), site.rows(ordered)
    assert first != second
    assert sorted(first) == sorted(second) == sorted([r["Account"], r["Amount"]] for r in rows)
    assert site.rows(query) == site.rows(query)


def test_ties_keep_the_stored_order_both_ways_unless_asked(start: Start) -> None:
    site = start(build_world(rows=40, bulk_loaded={story.LEDGER}))
    query = "SELECT TOP 9 [Amount] FROM [Finance].[Imported Ledger] ORDER BY [Created]"
    assert site.rows(query) == site.rows(f"{query} DESC")
    tasks = "SELECT [Cinchy Id] FROM [Delivery].[Tasks] ORDER BY [Status]"
    site.app.options.shuffle_ties = True
    assert site.rows(tasks) != site.rows(tasks)
    assert site.rows(f"{tasks}, [Cinchy Id]") == site.rows(f"{tasks}, [Cinchy Id]")


def test_the_last_row_of_a_bulk_load_is_a_year_old(world: World) -> None:
    bulk = build_world(rows=20, bulk_loaded={story.TASKS})
    [at] = {row["Modified"] for row in bulk.truth(story.TASKS)}
    assert bulk.now() - at > dt.timedelta(days=300)
    assert len({row["Modified"] for row in world.truth(story.TASKS)}) > 20
