"""Columns of queries: seen by one run, kept in the catalog, and what they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.tap_run import select

from .configured import ALL, PAGED, cql, ids, saved
from .conftest import Site, streams_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., Site]


def test_columns_are_seen_by_one_run_and_come_back_from_the_catalog(shared: Site) -> None:
    settings = {
        "tables_include": [],
        "saved_queries": [ALL],
        "cql_queries": [{**PAGED, "name": "p"}],
    }
    shared.forget()
    catalog = shared.discover(**settings)
    kinds = streams_of(catalog)["q"]["schema"]["properties"]
    assert kinds["Cinchy Id"]["type"] == "integer"
    assert kinds["Due"]["format"] == kinds["Modified"]["format"] == "date-time-local"
    routes = [query.route for query in shared.app.seen.queries]
    assert routes.count("API") == 1
    shared.forget()
    run = shared.run(catalog=select(catalog, "q", "p"), settings=settings)
    assert run.exit_code == 0, run.stderr
    assert [query.route for query in shared.app.seen.queries].count(
        "API"
    ) == 2  # once more for what follows its last row
    assert len(run.records["q"]) == len(run.records["p"]) == len(ids(shared))


@pytest.mark.parametrize("how", ["schema", "empty", "ignored"])
def test_schema_only_is_used_where_it_works(start: Start, how: str) -> None:
    running = start(schema_only=how)
    catalog = running.discover(tables_include=[], cql_queries=[PAGED])
    kinds = streams_of(catalog)["q"]["schema"]["properties"]
    assert set(kinds) == {"id", "Title", "_sdc_unparsed"}
    assert kinds["id"]["type"] == "integer"


def test_a_configured_schema_needs_no_run(shared: Site) -> None:
    schema = {"properties": {"Cinchy Id": {"type": "integer"}, "Status": {"type": "string"}}}
    settings = {"tables_include": [], "saved_queries": [{**ALL, "json_schema": schema}]}
    shared.forget()
    catalog = shared.discover(**settings)
    assert shared.server.requests == []
    run = shared.run(catalog=select(catalog, "q"), settings=settings)
    assert run.exit_code == 0, run.stderr
    assert set(run.records["q"][0]) == {"Cinchy Id", "Status"}
    assert "Title is not in the catalog" in run.stderr


def test_columns_that_repeat_or_have_no_name(shared: Site) -> None:
    text = "SELECT t.[Title], t.[Title], t.[Status] AS 'Title', 1 FROM [Delivery].[Tasks] t"
    run = cql(shared, {"name": "q", "query": text})
    assert run.exit_code == 0, run.stderr
    names = set(run.records["q"][0])
    assert names == {"Title", "Title_2", "Title_3", "Column1"}


def test_no_rows_and_no_columns_ask_for_a_schema(start: Start) -> None:
    running = start(schema_when_empty=False, schema_only="empty")
    text = "SELECT t.[Title] FROM [Delivery].[Tasks] t WHERE t.[Cinchy Id] < 0"
    run = cql(running, {"name": "q", "query": text})
    assert run.exit_code == 1
    assert "set its json_schema" in run.last_line
    catalog = running.discover(tables_include=[], cql_queries=[{"name": "q", "query": text}])
    later = cql(running, {"name": "q", "query": text}, catalog=select(catalog, "q"))
    assert later.exit_code == 1
    assert "run discovery again" in later.last_line


def test_a_column_that_is_gone_or_has_changed_fails_the_stream(start: Start) -> None:
    running = start()
    catalog = running.discover(tables_include=[], saved_queries=[ALL])
    id_ = next(
        row["Cinchy Id"]
        for row in running.world.truth("Cinchy.Saved Queries")
        if row["Name"] == "All Tasks"
    )
    text = "SELECT [Cinchy Id], [Title] FROM [Delivery].[Tasks]"
    running.world.update("Cinchy.Saved Queries", id_, {"CQL": text})
    gone = saved(running, ALL, catalog=select(catalog, "q"))
    assert gone.exit_code == 1
    assert "has no column" in gone.last_line
    assert gone.activated == []
    text = text.replace("[Cinchy Id]", "[Status], [Due], [Modified], [Title] AS 'Cinchy Id'")
    running.world.update("Cinchy.Saved Queries", id_, {"CQL": text})
    changed = saved(running, ALL, catalog=select(catalog, "q"))
    assert changed.exit_code == 1
    assert "has String in the column Cinchy Id now, the catalog says integer" in changed.last_line


def test_keys_that_are_none_are_noticed(shared: Site) -> None:
    run = saved(shared, {**ALL, "primary_keys": ["Status"]})
    assert run.exit_code == 1
    assert "share a primary key" in run.last_line
    missing = saved(shared, {**ALL, "primary_keys": ["Nope"]})
    assert missing.exit_code == 2
    assert "names Nope as a key" in missing.last_line
