"""What proves that a query gave everything, and what becomes of one that nothing proves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy.pages import as_json

from .configured import ALL, PAGED, cql, ids, saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    from .conftest import Site

    Start = Callable[..., Site]


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("cap", [None, 30])
def test_a_saved_query_is_asked_for_what_follows_its_last_row(
    start: Start, base: int, cap: int | None
) -> None:
    running = start(start_row_base=base)
    running.app.options.saved_query_cap = cap
    run = saved(running, ALL)
    if cap is None:
        assert run.exit_code == 0, run.stderr
        assert "one answer: nothing follows its last row" in run.stderr
        assert "q" in run.activated
        return
    assert run.exit_code == 1
    assert "gives 30 rows and has more" in run.last_line
    assert "q" not in run.activated


def test_a_server_that_ignores_start_row_proves_nothing(start: Start) -> None:
    running = start()

    def ignore(request: SandboxRequest) -> Any:
        if "StartRow" not in dict(request.query):
            return None
        return as_json([{"Cinchy Id": ids(running)[0], "Title": "first"}])

    catalog = select(running.discover(tables_include=[], saved_queries=[ALL]), "q")
    first = running.run(catalog=catalog, settings={"tables_include": [], "saved_queries": [ALL]})
    assert first.exit_code == 0, first.stderr
    running.world.on_request(ignore)
    run = running.run(catalog=catalog, settings={"tables_include": [], "saved_queries": [ALL]})
    assert run.exit_code == 1
    assert "q" not in run.activated


def test_cql_in_one_answer_is_unproved_until_somebody_accepts_it(start: Start) -> None:
    running = start(page_cap=30)
    text = "SELECT t.[Cinchy Id] FROM [Delivery].[Tasks] t"
    query = {"name": "q", "query": text, "primary_keys": ["Cinchy Id"]}
    run = cql(running, query, settings={"accept_unproved": []})
    assert run.exit_code == 1
    assert "q is unproved" in run.last_line
    assert "Set paging to keyset" in run.last_line
    assert "q" not in run.activated
    accepted = cql(running, query)
    assert accepted.exit_code == 0
    assert "unproved" in accepted.stderr


@pytest.mark.parametrize("page_size", [7, 1000])
def test_pages_by_key_prove_themselves(start: Start, page_size: int) -> None:
    running = start()
    run = cql(running, PAGED, settings={"page_size": page_size, "accept_unproved": []})
    assert run.exit_code == 0, run.stderr
    assert {key[0] for key in run.keys("q")} == set(ids(running))
    pages = 0

    def lose(request: SandboxRequest) -> Any:
        nonlocal pages
        if "[Delivery].[Tasks]" in request.cql:
            pages += 1
            return as_json([]) if pages > 1 else None
        return None

    catalog = select(running.discover(tables_include=[], cql_queries=[PAGED]), "q")
    running.world.on_request(lose)
    settings = {"tables_include": [], "cql_queries": [PAGED], "page_size": page_size}
    cut = running.run(catalog=catalog, settings=settings)
    assert cut.exit_code == 1
    assert "q" not in cut.activated


@pytest.mark.parametrize(
    "query",
    [
        "SELECT u.[Password] FROM [Cinchy].[Users] u",
        "SELECT t.[Created By].[Password] FROM [Delivery].[Tasks] t",
    ],
)
def test_cql_reads_no_credentials(shared: Site, query: str) -> None:
    run = cql(shared, {"name": "q", "query": query})
    assert run.exit_code == 2
    assert "holds credentials" in run.last_line
