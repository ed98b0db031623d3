"""A workspace that changes between any two requests stays a healthy one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.cortex import Churn, Options, World, WorldSpec
from sandbox.cortex.churn import ACTIONS, LISTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cortex_client import Client

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"


def test_something_happens_before_every_so_many_requests(start: Start) -> None:
    world, client = start()
    churn = Churn(world, every=3, seed=4)
    world.on_request(churn)
    for number in range(1, 10):
        assert client.get(CATALOG).status == 200
        assert len(churn.changes) == number // 3


@pytest.mark.parametrize("order", ["as_made", "recent_first"])
def test_everything_happens_and_every_list_goes_on_answering(start: Start, order: str) -> None:
    world, client = start(Options(order=order))  # type: ignore[arg-type]
    churn = Churn(world, seed=2)
    world.on_request(churn)
    for _ in range(40):
        for path in ("catalog", "audit-logs", "gitops-logs", "users", "deploys/search"):
            assert client.get(f"/api/v1/{path}", pageSize=100).status == 200
        entity = world.entities[0]
        assert client.get(f"{CATALOG}/{entity.id}/deploys").status in {200, 404}
    assert {change.action for change in churn.changes} == set(ACTIONS)
    assert {change.list for change in churn.changes} == set(LISTS)
    world.listeners.clear()
    shown = {row["id"] for row in client.rows(CATALOG, includeArchived="true", pageSize=1000)}
    assert shown <= {key[0] for key in world.truth("entities")}
    assert len(client.rows("/api/v1/users")) == world.truth.count("users")


def test_the_same_seed_changes_the_same() -> None:
    def changes(seed: int) -> list[object]:
        churn = Churn(World(WorldSpec(entities=30, logs=20)), seed=seed)
        return [churn.change() for _ in range(60)]

    assert changes(1) == changes(1) != changes(2)


def test_a_row_that_moves_keeps_its_values(start: Start) -> None:
    world, client = start()
    before = client.rows(CATALOG, pageSize=1000)
    Churn(world, actions=["move"], lists=["entities"], seed=3).change()
    after = client.rows(CATALOG, pageSize=1000)
    assert after != before
    assert sorted(map(str, after)) == sorted(map(str, before))
