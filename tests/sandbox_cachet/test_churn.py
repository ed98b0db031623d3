"""An installation that changes between any two requests stays a healthy one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from sandbox.cachet import Churn, Clock, Size, generate, truth
from sandbox.cachet.churn import ACTIONS, TABLES

from .conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet import Options, World

    from .client import Client

    Start = Callable[..., tuple[Client, World, Options]]

SMALL = Size(incidents=40, metric_points=30, schedules=12, subscribers=12)


def test_something_happens_before_every_so_many_requests(start: Start) -> None:
    client, world, _ = start(SMALL)
    churn = Churn(world, every=3, seed=4)
    world.on_request(churn)
    for number in range(1, 10):
        assert client.get("ping").status == 200
        assert len(churn.changes) == number // 3


@pytest.mark.parametrize("api", ["2.3", "2.4", "3"])
def test_everything_happens_and_every_list_goes_on_answering(start: Start, api: str) -> None:
    client, world, options = start(SMALL, api=api)
    churn = Churn(world, seed=2)
    world.on_request(churn)
    three = options.family == 3
    paths = ("incidents", "components", "metrics", "subscribers", "metrics/1/points")
    for _, path in zip(range(160), itertools.cycle(paths), strict=False):
        include = "include=components,updates" if three and path == "incidents" else ""
        assert client.get(path, f"per_page=100&{include}").status == 200
    assert {change.action for change in churn.changes} == set(ACTIONS)
    assert {change.table for change in churn.changes} <= set(TABLES)
    found = truth(world, options, options.tokens[0])
    listed = {int(row["id"]) for row in client.all("incidents", "sort=id" if three else "")}
    assert abs(len(listed) - len(found.ids("incidents"))) < 5, "changes go on while it is read"


def test_the_same_seed_changes_the_same() -> None:
    def changes(seed: int) -> list[object]:
        world = generate(SMALL, clock=Clock(NOW))
        churn = Churn(world, seed=seed)
        return [churn.change() for _ in range(60)]

    assert changes(1) == changes(1) != changes(2)


def test_a_row_that_moves_keeps_its_values(start: Start) -> None:
    client, world, _ = start(SMALL)
    before = client.all("components", "filter[enabled]=0,1")
    Churn(world, actions=["move"], tables=["components"]).change()
    after = client.all("components", "filter[enabled]=0,1")
    assert after != before
    assert sorted(map(str, after)) == sorted(map(str, before))
