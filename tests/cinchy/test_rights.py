"""What an account with few rights gets: everything it may see, and the name of what it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import story

from .conftest import Site, incremental, streams_of
from .target import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., Site]

TABLES = {"tables_include": [story.TASKS, story.PROJECTS]}


def hide(running: Site, *tables: str) -> None:
    running.world.accounts["reader"].hidden_tables = tables


def properties(run: Any, stream: str = "delivery_tasks") -> dict[str, Any]:
    found: dict[str, Any] = run.schemas[stream]["schema"]["properties"]
    return found


@pytest.mark.parametrize("blamed", [False, True])
def test_a_link_to_a_hidden_table_costs_the_link(start: Start, blamed: bool) -> None:  # noqa: FBT001
    running = start(hidden_link_blamed=blamed)
    hide(running, story.EMPLOYEES)
    run = running.run(settings=TABLES)
    assert run.exit_code == 0, run.stderr
    assert "Delivery.Tasks: Assignee is left out" in run.stderr
    assert "Assignee" not in properties(run)
    assert "Project" in properties(run)
    assert len(run.records["delivery_tasks"]) == len(running.world.truth(story.TASKS))


@pytest.mark.parametrize("blamed", [False, True])
def test_a_catalog_from_before_the_table_was_hidden(start: Start, blamed: bool) -> None:  # noqa: FBT001
    running = start(hidden_link_blamed=blamed)
    catalog = select(running.discover(**TABLES), "delivery_tasks")
    whole = running.run(catalog=catalog)
    hide(running, story.EMPLOYEES)
    first = running.run(catalog=catalog)
    assert first.exit_code == 0, first.stderr
    assert "may not view what Assignee links to" in first.stderr
    records = first.records["delivery_tasks"]
    assert len(records) == len(running.world.truth(story.TASKS))
    assert all(record["Assignee"] is None for record in records)
    # A target that has the values would lose them.
    later = running.run(catalog=catalog, state=whole.states[-1])
    assert later.exit_code == 1
    assert "may not view what Assignee links to" in later.last_line
    assert "deselect Assignee" in later.last_line
    assert later.records["delivery_tasks"] == []


def test_the_users_hidden_cost_who_did_it(start: Start) -> None:
    running = start()
    hide(running, "Cinchy.Users")
    running.forget()
    run = running.run(settings=TABLES)
    assert run.exit_code == 0, run.stderr
    assert "Created By is left out" in run.stderr
    assert not properties(run).keys() & {"Created By", "Modified By", "Deleted By"}
    assert len(run.records["delivery_tasks"]) == len(running.world.truth(story.TASKS))
    probes = [q for q in running.queries if "TOP 1 t.[Created By]" in q]
    assert len(probes) == 1


def test_descriptions_hidden_do_not_change_types_without_a_word(start: Start) -> None:
    running = start()
    running.world.accounts["reader"].hidden = {"Cinchy.Tables": {"Json"}}
    run = running.run("--discover", settings=TABLES)
    assert run.exit_code == 0
    assert "all of its links become lists" in run.stderr


@pytest.mark.parametrize(
    ("table", "name"), [("Cinchy.Tables", "Full Name"), ("Cinchy.Table Columns", "Name")]
)
def test_a_column_that_discovery_needs_is_not_to_be_deselected(
    start: Start, table: str, name: str
) -> None:
    running = start()
    running.world.accounts["reader"].hidden = {table: {name}}
    run = running.run("--discover", settings=TABLES)
    assert run.exit_code == 2
    assert f"{table}: the account may not view {name}" in run.last_line
    assert "Grant the right to view [Cinchy].[Tables]" in run.last_line
    assert "deselect" not in run.last_line


def test_tables_that_are_refused_get_the_advice_of_tables_that_are_empty(start: Start) -> None:
    running = start()
    hide(running, "Cinchy.Tables")
    run = running.run("--discover", settings=TABLES)
    assert run.exit_code == 2
    assert "Grant the right to view [Cinchy].[Tables]" in run.last_line
    assert "tables_include to an empty list" in run.last_line


@pytest.mark.parametrize(
    "path", ["[Created By].[Password]", "[Owner].[GUID]", "[A].[B].[Secret Value]"]
)
def test_no_path_leads_to_credentials(start: Start, path: str) -> None:
    running = start()
    catalog = select(running.discover(**TABLES), "delivery_tasks")
    entry = streams_of(catalog)["delivery_tasks"]
    entry["schema"]["properties"]["Trick"] = {"type": ["string", "null"], "title": path}
    run = running.run(catalog=catalog)
    assert "may hold credentials and is not read" in run.stderr
    assert not any(path in query for query in running.queries)
    assert "pass-admin" not in run.stdout


def test_deletes_reach_a_target_that_wants_no_deleted_rows(start: Start) -> None:
    running = start()
    settings = {
        "tables_include": [story.TASKS],
        "include_deleted": False,
        "incremental_tables": ["*"],
    }
    target = Target()
    first = running.run(settings=settings)
    target.load(first.messages)
    alive = {row["Cinchy Id"] for row in running.world.truth(story.TASKS, deleted=False)}
    assert {key[0] for key in first.keys("delivery_tasks")} == alive
    gone = min(alive)
    running.world.delete(story.TASKS, gone)
    again = running.run(settings=settings, state=target.state)
    assert again.exit_code == 0, again.stderr
    [told] = [r for r in again.records["delivery_tasks"] if r["Cinchy Id"] == gone]
    assert told["_sdc_deleted_at"]


def test_changes_are_refused_where_no_target_could_see_deletes(start: Start) -> None:
    running = start()
    settings = {"tables_include": [story.TASKS], "include_deleted": False}
    catalog = incremental(running.discover(**settings), "delivery_tasks")
    warned = running.run(catalog=catalog, settings=settings)
    assert warned.exit_code == 0
    assert "deleted rows come with their time in Deleted only" in warned.stderr
    for entry in streams_of(catalog)["delivery_tasks"]["metadata"]:
        if entry["breadcrumb"] == ["properties", "Deleted"]:
            entry["metadata"]["selected"] = False
    refused = running.run(catalog=catalog, settings=settings)
    assert refused.exit_code == 2
    assert "no target would learn of deleted rows" in refused.last_line
