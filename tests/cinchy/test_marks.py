"""What was deleted is marked wherever it shows, and names and ties that mislead do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from sandbox.cinchy import Account, World, build_world, story
from sandbox.cinchy.columns import text

from .conftest import Site, incremental

Start = Callable[..., Site]


def lab() -> World:
    world = World(3)
    world.add_account(Account(username="reader"), "R")
    return world


@pytest.mark.parametrize("stream", ["tables", "table_columns", "saved_queries_catalog", "domains"])
def test_the_platforms_own_lists_mark_what_was_deleted(start: Start, stream: str) -> None:
    running = start(build_world(rows=20))
    table = {
        "tables": "Cinchy.Tables",
        "table_columns": "Cinchy.Table Columns",
        "saved_queries_catalog": "Cinchy.Saved Queries",
        "domains": "Cinchy.Domains",
    }[stream]
    gone = running.world.truth(table)[-1]["Cinchy Id"]
    running.world.delete(table, gone)
    run = running.run(settings={"tables_include": []})
    marked = {row["Cinchy Id"] for row in run.records[stream] if row["_sdc_deleted_at"]}
    assert gone in marked
    assert marked == {row["Cinchy Id"] for row in run.records[stream] if row["Deleted"]}
    run = running.run(settings={"tables_include": [], "include_deleted": False})
    assert gone not in {row["Cinchy Id"] for row in run.records[stream]}


def test_a_deletion_that_is_approved_late_is_seen(start: Start) -> None:
    """Deleted is the time of the request, and only approving it moves Modified."""
    world = lab()
    world.create_table("Lab.Visits", [text("Name")])
    for place in range(5):
        world.insert("Lab.Visits", {"Name": f"n{place}"})
    running = start(world)
    settings = {"tables_include": ["Lab.Visits"]}
    catalog = incremental(running.discover(**settings), "lab_visits")
    world.propose_delete("Lab.Visits", 2)
    world.clock.advance(60)
    first = running.run(catalog=catalog, settings=settings)
    assert first.exit_code == 0, first.stderr
    requested = dt.timedelta(days=3)
    world.clock.advance(requested.total_seconds())
    world.insert("Lab.Visits", {"Name": "later"})
    second = running.run(catalog=catalog, settings=settings, state=first.states[-1])
    world.clock.advance(60)
    world.approve("Lab.Visits", 2)
    third = running.run(catalog=catalog, settings=settings, state=second.states[-1])
    assert third.exit_code == 0, third.stderr
    told = {row["Cinchy Id"]: row for row in third.records["lab_visits"]}
    assert told[2]["_sdc_deleted_at"]
    assert told[2]["_sdc_deleted_at"] < told[2]["Modified"]


def test_a_column_with_a_name_of_the_taps_own_is_not_dropped(start: Start) -> None:
    world = lab()
    world.create_table("Lab.Odd", [text("_sdc_unparsed"), text("Name")])
    world.insert("Lab.Odd", {"_sdc_unparsed": "mine", "Name": "n"})
    run = start(world).read("Lab.Odd")
    assert run.exit_code == 0, run.stderr
    [row] = run.records["lab_odd"]
    assert row["_sdc_unparsed_2"] == "mine"
    assert "the column _sdc_unparsed is read as _sdc_unparsed_2" in run.stderr


def test_ties_prove_nothing_of_a_table_without_ids(start: Start) -> None:
    """Loaded in one piece, all rows have one time: a cap gives the same ones from both ends."""
    world = lab()
    world.create_table(story.LEDGER, [text("Account"), text("Memo")], keyed=False)
    at = world.now()
    for place in range(300):
        world.insert(story.LEDGER, {"Account": "a", "Memo": "m" * (place % 2)}, at=at)
    running = start(world, page_cap=100)
    run = running.read(story.LEDGER)
    assert run.exit_code == 1, run.stderr
    assert "finance_imported_ledger" not in run.activated
