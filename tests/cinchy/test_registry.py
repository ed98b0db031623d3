"""Tables that go, come again, change their name or get a column between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import Account, World
from sandbox.cinchy.columns import number, text

from .conftest import Site
from .target import Target, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., Site]

TABLE, STREAM = "Lab.Things", "lab_things"
ALL = {"tables_include": ["Lab.*"], "incremental_tables": ["*"]}


def lab(*tables: str) -> World:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    for table in tables or (TABLE, "Lab.Others"):
        world.create_table(table, [text("Name")])
        for place in range(20):
            world.insert(table, {"Name": f"n{place}"})
    return world


def read(running: Site, target: Target, **settings: Any) -> Any:
    run = running.run(settings={**ALL, **settings}, state=target.state or None)
    target.load(run.messages)
    return run


def test_a_table_made_anew_under_its_name_is_another_table(start: Start) -> None:
    running, target = start(lab()), Target()
    read(running, target)
    world = running.world
    world.drop_table(TABLE)
    world.create_table(TABLE, [text("Name")])
    world.insert(TABLE, {"Name": "new"})
    run = read(running, target)
    assert run.exit_code == 0, run.stderr
    assert "made anew under this name" in run.stderr
    assert STREAM in run.activated
    assert target.versions(STREAM) == versions_of(world, TABLE)
    world.insert(TABLE, {"Name": "newer"})
    assert read(running, target).exit_code == 0
    assert target.versions(STREAM) == versions_of(world, TABLE)


def test_a_new_column_is_read_of_old_rows_too(start: Start) -> None:
    running, target = start(lab()), Target()
    read(running, target)
    world = running.world
    world.clock.advance(48 * 3600)
    world.add_column(TABLE, number("Extra"), 5.0)
    world.update(TABLE, 3, {"Name": "x"})
    run = read(running, target)
    assert "has columns that were not read before" in run.stderr
    assert [record["Extra"] for record in target.tables[STREAM].values()] == [5.0] * 20
    world.clock.advance(48 * 3600)
    world.update(TABLE, 4, {"Name": "x"})
    assert len(read(running, target).records[STREAM]) < 20


@pytest.mark.parametrize("how", ["drop", "rename", "hide"])
def test_a_table_that_is_not_read_any_more_is_named(start: Start, how: str) -> None:
    running, target = start(lab()), Target()
    read(running, target)
    if how == "drop":
        running.world.drop_table(TABLE)
    elif how == "rename":
        running.world.rename_table(TABLE, "Lab.Items")
    else:
        running.world.accounts["reader"].hidden_tables = (TABLE,)
    run = read(running, target)
    assert run.exit_code == 0, run.stderr
    assert "lab_things (the table Lab.Things) is not read any more" in run.stderr
    assert ("is called Lab.Items now" in run.stderr) is (how == "rename")
    assert len(run.records["lab_others"]) > 0


def test_a_named_table_that_is_gone_fails_the_run_and_no_other(start: Start) -> None:
    running, target = start(lab()), Target()
    named = {"tables_include": [TABLE, "Lab.Others"]}
    read(running, target, **named)
    running.world.drop_table(TABLE)
    run = read(running, target, **named)
    assert run.exit_code == 1
    assert "Stream lab_things is unavailable" in run.last_line
    assert "tables_include names Lab.Things" in run.last_line
    assert run.records["lab_others"]
    fresh = running.run(settings={**ALL, **named})
    assert fresh.exit_code == 2
    assert "tables_include names Lab.Things" in fresh.last_line
    assert fresh.stdout == ""
