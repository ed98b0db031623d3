"""Queries that the configuration names, and what of them is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import story
from sandbox.cinchy.pages import as_json

from .configured import ALL, cql, ids, saved
from .conftest import Site
from .target import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

SINCE = {
    **ALL,
    "query": "Tasks Since",
    "replication_key": "Modified",
    "replication_param": "@since",
}
CQL = {
    "name": "q",
    "query": "SELECT t.[Cinchy Id] AS 'id', t.[Title], t.[Modified] FROM [Delivery].[Tasks] t "
    "WHERE t.[Modified] >= @since",
    "primary_keys": ["id"],
    "replication_key": "Modified",
    "replication_param": "@since",
}

# How a saved query is reached

ODD = {
    **ALL,
    "domain": "O'Brien & Sons (EU)",
    "query": "Orders: A/B (100%) + = @ ! & more",
}
ODD_DOMAIN = "O%27Brien%20%26%20Sons%20%28EU%29"
ODD_NAME = "Orders%3A%20A%2FB%20%28100%25%29%20%2B%20%3D%20%40%20%21%20%26%20more"


@pytest.mark.parametrize(
    ("query", "path", "table"),
    [
        (ALL, "/API/Delivery/All%20Tasks", story.TASKS),
        ({**ALL, "api_version": "1.0"}, "/API/v1.0/Delivery/All%20Tasks", story.TASKS),
        (
            {**ALL, "api_version": "v1.0", "method": "POST"},
            "/API/v1.0/Delivery/All%20Tasks",
            story.TASKS,
        ),
        (ODD, f"/API/{ODD_DOMAIN}/{ODD_NAME}", story.ORDERS),
    ],
)
def test_paths(shared: Site, query: dict[str, Any], path: str, table: str) -> None:
    shared.forget()
    run = saved(shared, query)
    assert run.exit_code == 0, run.stderr
    run.check_records()
    assert [record["Cinchy Id"] for record in run.records["q"]] == ids(shared, table)
    asked = {request.path for request in shared.server.requests if "/API/" in request.path}
    assert asked - {"/API/ExecuteCQL"} == {path}


def test_a_query_that_has_left_the_old_path_is_found_by_its_version(start: Start) -> None:
    running = start(unversioned_urls="legacy")
    run = saved(running, SINCE)
    assert run.exit_code == 0, run.stderr
    assert len(run.records["q"]) == len(ids(running))


@pytest.mark.parametrize("status", [400, 404])
def test_a_query_that_does_not_exist(start: Start, status: int) -> None:
    running = start(missing_query_status=status)
    run = saved(running, {**ALL, "query": "No Such"})
    assert run.exit_code == 1
    assert "Stream q is" in run.last_line
    assert "No Such" in run.last_line
    assert run.records["healthcheck"]


def test_a_query_the_account_may_not_execute_costs_the_others_nothing(start: Start) -> None:
    running = start()
    restricted = {**ALL, "name": "r", "domain": "Finance", "query": "Restricted Totals"}
    settings = {"saved_queries": [restricted, ALL], "tables_include": [story.DEPARTMENTS]}
    run = running.run(config=running.password(**settings))
    assert run.exit_code == 1
    assert "may not execute the query Finance.Restricted Totals" in run.last_line
    assert len(run.records["q"]) == len(ids(running))
    assert len(run.records["hr_departments"]) == 9


def test_a_query_open_to_everybody_needs_no_credential(shared: Site) -> None:
    query = {"name": "q", "domain": "HR", "query": "Public Directory"}
    settings = {"access_token": None, "saved_queries": [query]}
    unproved = shared.run(config=shared.config(**settings))
    assert unproved.exit_code == 1
    assert "does not tell that HR.Public Directory only reads" in unproved.last_line
    run = shared.run(config=shared.config(**settings, accept_unproved=["q"]))
    assert run.exit_code == 0, run.stderr
    assert run.records["q"]
    assert run.schemas["q"]["key_properties"] == []


@pytest.mark.parametrize("options", [{"always_expanded": True}, {"schema_when_empty": False}])
def test_both_shapes_of_an_answer(start: Start, options: dict[str, Any]) -> None:
    running = start(**options)
    run = saved(running, ALL)
    assert run.exit_code == 0, run.stderr
    truth = {row["Cinchy Id"]: row["Status"] for row in running.world.truth(story.TASKS)}
    assert {r["Cinchy Id"]: r["Status"] for r in run.records["q"]} == truth


# Parameters


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_parameters(shared: Site, method: str) -> None:
    query = {**ALL, "query": "Tasks By Status", "params": {"@status": "Open"}, "method": method}
    run = saved(shared, query)
    open_tasks = [r["Cinchy Id"] for r in shared.world.truth(story.TASKS) if r["Status"] == "Open"]
    assert [record["Cinchy Id"] for record in run.records["q"]] == open_tasks


def test_text_parameters(shared: Site) -> None:
    query = {**ALL, "query": "Projects In", "text_params": {"{0}": "1,3"}}
    run = saved(shared, query)
    assert [record["Cinchy Id"] for record in run.records["q"]] == [1, 3]


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ("Done", "[Status] = @p"),
        (2.5, "[Estimate] > @p"),
        (3, "[Cinchy Id] < @p"),
        (True, "[Billable] = @p"),
    ],
)
def test_parameters_of_cql_have_types(shared: Site, value: Any, condition: str) -> None:
    text = f"SELECT t.[Cinchy Id] FROM [Delivery].[Tasks] t WHERE t.{condition}"
    run = cql(shared, {"name": "q", "query": text, "params": {"@p": value}})
    assert run.exit_code == 0, run.stderr
    assert 0 < len(run.records["q"]) < len(ids(shared))


def test_the_servers_words_are_shown_and_parameters_are_not(shared: Site) -> None:
    query = {"name": "q", "domain": "Finance", "query": "Invoice Check", "params": {"@Int": "0"}}
    run = saved(shared, query)
    assert run.exit_code == 1
    assert "Invalid parameter: @Int cannot be NULL or zero" in run.last_line
    secret = {
        "name": "q",
        "query": "SELECT t.[Oops] FROM [Delivery].[Tasks] t WHERE t.[Title] = @p",
    }
    run = cql(shared, {**secret, "params": {"@p": "sensitive-value"}}, env={"LOGLEVEL": "DEBUG"})
    assert run.exit_code == 1
    assert "The column [Oops] could not be found" in run.last_line
    bad = {**secret, "query": "SELECT t.[Title] FROM [Delivery].[Tasks] t WHERE t.[Billable] = @p"}
    echoed = cql(shared, {**bad, "params": {"@p": "sensitive-value"}})
    assert "[redacted]" in echoed.last_line
    assert "sensitive-value" not in run.stderr + echoed.stderr


# Bookmarks


@pytest.mark.parametrize("kind", ["saved", "cql"])
def test_the_bookmark_is_a_parameter(start: Start, kind: str) -> None:
    running = start()
    query, ask = (SINCE, saved) if kind == "saved" else (CQL, cql)
    setting = "saved_queries" if kind == "saved" else "cql_queries"
    catalog = select(running.discover(tables_include=[], **{setting: [query]}), "q")
    first = ask(running, query, catalog=catalog)
    assert first.exit_code == 0, first.stderr
    assert len(first.records["q"]) == len(ids(running))
    bookmark = first.states[-1]["bookmarks"]["q"]
    assert bookmark["replication_key_value"] == max(r["Modified"] for r in first.records["q"])
    running.world.clock.advance(86_400)
    running.world.insert(story.TASKS, {"Title": "newest"})
    again = ask(running, query, catalog=catalog, state=first.states[-1])
    target = Target()
    target.load([*first.messages, *again.messages])
    assert len(target.tables["q"]) == len(ids(running))
    assert len(again.records["q"]) < len(first.records["q"])
    assert "q" not in again.activated


def test_a_number_as_bookmark_is_not_taken_back(shared: Site) -> None:
    query = {
        **CQL,
        "query": "SELECT t.[Cinchy Id] AS 'id' FROM [Delivery].[Tasks] t "
        "WHERE t.[Cinchy Id] > @since",
        "replication_key": "id",
        "params": {"@since": 0},
    }
    first = cql(shared, query)
    assert first.exit_code == 0, first.stderr
    assert first.states[-1]["bookmarks"]["q"]["replication_key_value"] == max(ids(shared))
    again = cql(shared, query, state=first.states[-1])
    assert again.exit_code == 0, again.stderr
    assert again.records["q"] == []


def test_zones_that_differ_do_not_lose_rows_of_a_query(start: Start) -> None:
    running = start(output_zone="Asia/Kolkata", filter_zone="UTC")
    catalog = select(running.discover(tables_include=[], cql_queries=[CQL]), "q")
    first = cql(running, CQL, catalog=catalog)
    running.world.insert(story.TASKS, {"Title": "newest"})
    again = cql(running, CQL, catalog=catalog, state=first.states[-1])
    assert any(record["Title"] == "newest" for record in again.records["q"])


def test_an_account_that_moved_to_another_zone_loses_no_rows_of_a_query(start: Start) -> None:
    running = start(output_zone="Pacific/Kiritimati")
    catalog = select(running.discover(tables_include=[], cql_queries=[CQL]), "q")
    first = cql(running, CQL, catalog=catalog)
    world = running.world
    world.clock.advance(3 * 3600)
    world.insert(story.TASKS, {"Title": "looks older than the bookmark"})
    running.app.options.output_zone = "UTC"
    world.clock.advance(20 * 3600)
    again = cql(running, CQL, catalog=catalog, state=first.states[-1])
    assert "looks older than the bookmark" in {record["Title"] for record in again.records["q"]}


def test_a_start_date_is_the_first_bookmark(shared: Site) -> None:
    run = cql(shared, CQL, settings={"start_date": "2026-08-01T00:00:00Z"})
    assert 0 < len(run.records["q"]) < len(ids(shared))


# What is refused


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"query": "DELETE FROM [Delivery].[Tasks]"}, "holds DELETE"),
        ({"query": "SELECT 1; update [A].[B] set [C] = 1"}, "holds UPDATE"),
        ({"query": "SELECT * INTO [A].[B] FROM [C].[D]"}, "holds INTO"),
        ({"query": "SELECT 1 /* DELETE */ -- DROP\n EXEC x"}, "holds EXEC"),
        ({"query": "SELECT 'it''s' /* not closed"}, "this tap only reads"),
        ({"query": "SELECT 1", "replication_key": "a"}, "needed together"),
        ({"query": "SELECT 1", "params": {"since": 1}}, "must begin with @"),
        ({"query": "SELECT 1", "paging": "keyset"}, "paging needs primary_keys"),
        ({"query": "SELECT 1", "paging": "keyset", "primary_keys": ["a"]}, "{{top}}"),
        ({"query": "SELECT 1", "name": "with space"}, "letters, digits"),
        ({"query": "SELECT 1", "name": "healthcheck"}, "Two streams are called healthcheck"),
    ],
)
def test_bad_queries_are_refused_before_anything_is_asked(
    shared: Site, query: dict[str, Any], words: str
) -> None:
    shared.forget()
    run = cql(shared, {"name": "q", **query})
    assert run.exit_code == 2
    assert words in run.last_line
    assert shared.server.requests == []
    assert run.stdout == ""


def test_words_that_only_look_like_writing_are_allowed(shared: Site) -> None:
    text = (
        "SELECT t.[Title] AS 'UPDATE' /* DELETE */ FROM [Delivery].[Tasks] t -- DROP\n"
        "WHERE t.[Title] <> 'INSERT INTO'"
    )
    run = cql(shared, {"name": "q", "query": text})
    assert run.exit_code == 0, run.stderr
    assert run.records["q"]


def test_a_saved_query_that_writes_is_not_run(start: Start) -> None:
    running = start()
    query = {**ALL, "query": "Delete Message", "params": {"@msgId": "1"}}
    run = saved(running, query)
    assert run.exit_code == 1
    assert "only reads" in run.last_line
    assert running.app.seen.writes == []
    assert not any("Delete" in request.path for request in running.server.requests)
    schema = {"properties": {"Cinchy Id": {"type": "integer"}}}
    with_schema = saved(running, {**query, "json_schema": schema})
    assert with_schema.exit_code == 1
    assert running.app.seen.writes == []


def test_saved_queries_are_never_found_by_themselves(shared: Site) -> None:
    shared.forget()
    catalog = shared.discover()
    shared.run(catalog=select(json.loads(json.dumps(catalog))))
    assert {query.route for query in shared.app.seen.queries} == {"ExecuteCQL"}


def test_drafts_on_request(shared: Site) -> None:
    query = {"query": "SELECT t.[Cinchy Id] FROM [Finance].[Invoices] t", "type": "DRAFT_QUERY"}
    drafts = cql(shared, {"name": "q", **query})
    approved = cql(shared, {"name": "q", "query": query["query"]})
    assert len(drafts.records["q"]) == len(approved.records["q"]) + 1


def test_a_parameter_that_is_null_is_left_out(start: Start) -> None:
    running = start()
    query = {**ALL, "method": "POST", "params": {"@status": None}}
    run = saved(running, query)
    assert run.exit_code == 0, run.stderr
    assert len(run.records["q"]) == len(saved(running, ALL).records["q"]) > 0
    posted = [r for r in running.server.requests if r.path.endswith("All%20Tasks")]
    assert posted
    assert all(b"status" not in r.body for r in posted if hasattr(r, "body"))


@pytest.mark.parametrize("value", [["x", "y"], {"a": 1}])
def test_a_parameter_that_nobody_understands_is_refused(shared: Site, value: Any) -> None:
    run = saved(shared, {**ALL, "params": {"@status": value}})
    assert run.exit_code == 2
    assert "@status" in run.last_line


def test_a_message_in_the_place_of_rows_is_no_row(start: Start) -> None:
    running = start()
    query = {name: value for name, value in ALL.items() if name != "primary_keys"}
    settings = {"tables_include": [], "saved_queries": [query]}
    catalog = select(running.discover(**settings), "q")

    def fail(request: SandboxRequest) -> Any:
        found = "All%20Tasks" in request.path
        return as_json({"message": "An error has occurred."}) if found else None

    running.world.on_request(fail)
    run = running.run(catalog=catalog, settings=settings)
    assert run.exit_code == 1
    assert run.records.get("q", []) == []
    assert run.activated == []
