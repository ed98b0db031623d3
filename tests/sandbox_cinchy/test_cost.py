"""What a query costs: the rows looked at and sorted, not the rows given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.cinchy import build_world, story

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]

TASKS = "[Delivery].[Tasks]"
CHANGED = "([Modified] >= '2027-01-01' OR [Deleted] >= '2027-01-01')"


def costs(site: Site) -> list[tuple[int, int, int]]:
    """Return what every query so far cost: rows looked at, sorted and given."""
    queries = site.app.seen.queries
    return [(one.cost.scanned, one.cost.sorted, one.cost.given) for one in queries]


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("TOP 5 [Cinchy Id] FROM {} ORDER BY [Cinchy Id]", (5, 0, 5)),
        ("TOP 1 [Cinchy Id] FROM {} ORDER BY [Cinchy Id] DESC", (1, 0, 1)),
        ("TOP 5 [Cinchy Id] FROM {} WHERE [Cinchy Id] > 40 ORDER BY [Cinchy Id]", (5, 0, 5)),
        ("[Title] FROM {} WHERE [Cinchy Id] > 40 AND [Cinchy Id] <= 47", (7, 0, 7)),
        (f"TOP 1 [Cinchy Id] FROM {{}} WHERE {CHANGED} ORDER BY [Cinchy Id]", (60, 0, 0)),
        (f"TOP 9 [Title] FROM {{}} WHERE {CHANGED} AND [Cinchy Id] <= 20", (20, 0, 0)),
        ("TOP 1 [Modified] FROM {} ORDER BY [Modified] DESC", (60, 60, 1)),
        ("TOP 1 [Title] FROM {} WHERE [Cinchy Id] <= 9 ORDER BY [Title]", (9, 9, 1)),
        ("TOP 3 [Title] FROM {}", (3, 0, 3)),
        ("[Title] FROM {} WHERE [Status] = 'Open'", (60, 0, 15)),
    ],
)
def test_what_a_query_looks_at_and_sorts(
    start: Start, query: str, cost: tuple[int, int, int]
) -> None:
    site = start()
    site.rows("SELECT " + query.format(TASKS))
    assert costs(site) == [cost]


def test_a_question_about_few_changes_times_out_however_small_top_is(start: Start) -> None:
    site = start(timeout_above_scanned=25)
    changes = f"SELECT TOP 1 [Cinchy Id] FROM {TASKS} WHERE {CHANGED} ORDER BY [Cinchy Id]"
    assert "Timeout" in site.refusal(changes)
    within = changes.replace("WHERE", "WHERE [Cinchy Id] > 20 AND [Cinchy Id] <= 45 AND")
    assert site.rows(within) == []
    site.world.update(story.TASKS, 44, {"Title": "new"}, at=site.world.clock.advance(1e8))
    assert site.rows(within) == [[44]]
    assert costs(site)[0] == (26, 0, 0)  # it was stopped, not carried through


def test_sorting_a_large_table_times_out(start: Start) -> None:
    newest = f"SELECT TOP 1 [Modified] FROM {TASKS} ORDER BY [Modified] DESC"
    site = start(timeout_above_scanned=100)
    assert "Timeout" in site.refusal(newest)
    assert len(site.rows(f"SELECT [Title] FROM {TASKS}")) == 60
    site.app.options.sort_cost = 0
    assert site.rows(newest)
    site.app.options.sort_cost = 1
    assert site.rows(newest.replace("ORDER", "WHERE [Cinchy Id] > 30 ORDER"))


def test_a_longer_time_limit_looks_at_more(start: Start) -> None:
    site = start(scanned_per_second=1)
    everything = f"SELECT [Cinchy Id] FROM {TASKS} WHERE [Status] = 'Nothing'"
    assert "Timeout" in site.refusal(everything)
    assert site.rows(everything, CommandTimeout=60) == []
    site.app.options.timeout_above_scanned = 59
    assert "Timeout" in site.refusal(everything, CommandTimeout=60)


def test_the_limit_holds_for_saved_queries_and_their_own_timeout(start: Start) -> None:
    site = start(scanned_per_second=1, timeout_status=500)
    assert site.saved("Delivery", "All Tasks").status_code == 500
    assert site.saved("Delivery", "All Tasks", CommandTimeout="60").status_code == 200


def test_history_and_drafts_cost_what_they_look_at(start: Start) -> None:
    site = start(build_world(rows=20), timeout_above_scanned=19)
    for kind in ("VERSION_HISTORY_QUERY", "DRAFT_QUERY"):
        assert "Timeout" in site.refusal(f"SELECT [Title] FROM {TASKS}", Type=kind)
        assert site.rows(f"SELECT TOP 2 [Title] FROM {TASKS}", Type=kind)
