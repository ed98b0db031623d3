"""Pages of queries that the configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.cinchy import story
from sandbox.cinchy.furnish import add_saved_query

from .configured import ALL, PAGED, cql, ids, saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    from .conftest import Site

    Start = Callable[..., Site]


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("cap", [None, 9])
def test_saved_queries_in_overlapping_pages(start: Start, base: int, cap: int | None) -> None:
    running = start(start_row_base=base, saved_query_cap=cap)
    run = saved(running, {**ALL, "paging": "start_row"}, settings={"page_size": 11})
    assert run.exit_code == 0, run.stderr
    assert [record["Cinchy Id"] for record in run.records["q"]] == ids(running)


@pytest.mark.parametrize("rows", [0, 1, 2])
@pytest.mark.parametrize("base", [0, 1])
def test_small_queries_in_pages(start: Start, rows: int, base: int) -> None:
    running = start(start_row_base=base)
    add_saved_query(
        running.world,
        "Delivery",
        "Few",
        "SELECT [Cinchy Id], [Title] FROM [Delivery].[Tasks] "
        f"WHERE [Cinchy Id] <= {rows} ORDER BY [Cinchy Id]",
    )
    query = {**ALL, "query": "Few", "paging": "start_row"}
    run = saved(running, query, settings={"page_size": 2})
    assert run.exit_code == 0, run.stderr
    assert len(run.records["q"]) == rows


def test_a_query_without_an_order_is_not_paged_silently(start: Start) -> None:
    running = start(shuffle_unordered=True)
    query = {**ALL, "query": "All Tasks In No Order", "paging": "start_row"}
    run = saved(running, query, settings={"page_size": 11})
    assert run.exit_code == 1
    assert "no ORDER BY" in run.last_line
    assert "q" not in run.activated


def test_rows_that_shift_between_pages_stop_the_read(start: Start) -> None:
    running = start()
    asked = 0

    def erase(request: SandboxRequest) -> None:
        nonlocal asked
        if "/API/Delivery" in request.path:
            asked += 1
            if asked == 3:  # the first was discovery's
                for id_ in ids(running)[:3]:
                    running.world.erase(story.TASKS, id_)

    running.world.on_request(erase)
    run = saved(running, {**ALL, "paging": "start_row"}, settings={"page_size": 11})
    assert run.exit_code == 1
    assert "changed while it was read" in run.last_line


@pytest.mark.parametrize("cap", [None, 7])
def test_cql_in_keyset_pages(start: Start, cap: int | None) -> None:
    running = start(page_cap=cap)
    run = cql(running, PAGED, settings={"page_size": 13})
    assert run.exit_code == 0, run.stderr
    assert [record["id"] for record in run.records["q"]] == ids(running)


def test_a_keyset_query_that_goes_in_circles_is_stopped(shared: Site) -> None:
    text = PAGED["query"].replace("t.[Cinchy Id] > {{after}}", "t.[Cinchy Id] > 0 OR {{after}} > 0")  # type: ignore[attr-defined]
    run = cql(shared, {**PAGED, "query": text}, settings={"page_size": 13})
    assert run.exit_code == 1
    assert "in the order of id" in run.last_line
