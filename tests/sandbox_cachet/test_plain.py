"""The plain year: harmless, the same in all systems, and seen from any of its days."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import company
from sandbox.cachet import Clock, Options, plain_world, truth

from .conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet import World

    from .client import Client

    Start = Callable[..., tuple[Client, World, Options]]

DAY = 86_400
END = int(NOW.timestamp())
HARMLESS = re.compile(r"[A-Za-z0-9 .,:;'()/@%{}_&\[\]\"<>=*+?!-]*")


def seen_on(days_ago: int, seed: int = 1) -> World:
    return plain_world(seed, clock=Clock(END - days_ago * DAY), days_ago=days_ago)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_seed_and_day_give_the_same_year(seed: int) -> None:
    def rows(seed: int) -> list[Any]:
        world = seen_on(0, seed)
        tables = (world.incidents, world.updates, world.schedules, world.metric_points)
        return [list(table.with_deleted()) for table in tables]

    assert rows(seed) == rows(seed) != rows(seed + 1)


def test_nothing_in_it_is_meant_to_break_a_reader(start: Start) -> None:
    client, _, _ = start(world=seen_on(0))
    for path, query in (
        ("components", "include=group,meta"),
        ("incidents", "include=components,updates,meta"),
        ("schedules", "include=components,updates"),
        ("metrics", ""),
        ("metrics/1/points", ""),
        ("subscribers", "include=components"),
        ("incident-templates", ""),
    ):
        rows = client.all(path, f"sort=id&{query}")
        assert rows, path
        for text in texts(rows):
            assert HARMLESS.fullmatch(text), text


def test_incidents_are_those_of_the_company(start: Start) -> None:
    client, world, options = start(world=seen_on(0))
    troubles = company.troubles(1, END)
    assert 40 < len(troubles) < 120
    assert truth(world, options, options.tokens[0]).ids("incidents") == {
        one.number for one in troubles
    }
    rows = {int(row["id"]): row["attributes"] for row in client.all("incidents", "sort=id")}
    opened = [number for number, row in rows.items() if row["status"]["value"] != 4]
    assert opened == [one.number for one in troubles if one.fixed is None] != []
    updates = {row.parent_id: row for row in world.updates if row.status == 4}
    for one in troubles:
        incident = world.incidents.find(one.number)
        assert incident
        assert incident.occurred_at == one.began
        if one.fixed is not None:
            assert updates[one.number].created_at == one.fixed
    weekend = sum(company.instant(one.began).weekday() > 4 for one in troubles)
    assert weekend < len(troubles) / 4


def test_an_earlier_day_shows_the_same_year(start: Start) -> None:
    whole, earlier = seen_on(0), seen_on(100)
    cut = END - 100 * DAY
    assert earlier.clock.now() == cut
    ids = {row.id for row in earlier.incidents}
    assert ids == {row.id for row in whole.incidents if (row.created_at or 0) <= cut}
    assert {row.name for row in earlier.incidents} <= {row.name for row in whole.incidents}
    for name in ("updates", "metric_points"):
        rows = list(getattr(earlier, name))
        assert all(row.created_at <= cut for row in rows), name
    client, _, _ = start(world=seen_on(1))
    assert client.get("status").status == 200
    client, _, _ = start(world=seen_on(3), api="2.4")
    assert client.get("incidents", "per_page=5").status == 200
