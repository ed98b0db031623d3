"""A platform that changes between any two requests stays a healthy one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cinchy import build_world, story
from sandbox.cinchy.churn import ACTIONS, Churn

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]

TASKS = "SELECT [Cinchy Id], [Title] FROM [Delivery].[Tasks]"


def test_something_happens_before_every_so_many_requests(start: Start) -> None:
    site = start(build_world(rows=30))
    churn = Churn(site.world, every=3, seed=4)
    site.world.on_request(churn)
    for number in range(1, 10):
        assert site.rows(TASKS)
        assert len(churn.changes) == number // 3


def test_everything_happens_in_every_table_that_has_ids() -> None:
    world = build_world(rows=30)
    churn = Churn(world, seed=2)
    for _ in range(400):
        churn.change()
    assert {change.action for change in churn.changes} == set(ACTIONS)
    tables = {change.table for change in churn.changes}
    assert story.TASKS in tables
    assert not tables & {story.LEDGER, story.READINGS}
    for table in tables:
        assert len(world.truth(table, deleted=False)) >= 2


def test_the_same_seed_changes_the_same() -> None:
    def changes(seed: int) -> list[object]:
        churn = Churn(build_world(rows=30), seed=seed)
        return [churn.change() for _ in range(60)]

    assert changes(1) == changes(1) != changes(2)


def test_a_row_that_moves_keeps_what_people_wrote() -> None:
    world = build_world(rows=30)
    before = world.truth(story.TASKS)
    change = Churn(world, actions=["move"], tables=[story.TASKS]).change()
    after = world.truth(story.TASKS)
    [old] = [row for row in before if row["Cinchy Id"] == change.cinchy_id]
    [new] = [row for row in after if row["Cinchy Id"] == change.cinchy_id]
    assert new["Version"] == old["Version"] + 1
    assert new["Modified"] > old["Modified"]
    assert new["Title"] == old["Title"]
