"""A destination that goes away in the middle of a load costs nothing but another run."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from .messages import INTEGER, TEXT, activate, record, schema, state
from .relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgres import Postgres

    from .conftest import Run, Warehouse

KEYS = 300
SNAPSHOT = 100


@pytest.fixture
def relay(pg: Warehouse, postgres: Postgres) -> Iterator[Relay]:
    with Relay(postgres.host, postgres.port) as found:
        pg.config["credentials"] = replace(postgres, port=found.port).url
        yield found


def messages(start: int, end: int, version: int) -> Iterator[Any]:
    """What a tap sends that continues from a STATE: merged, appended and replaced rows."""
    if start:
        yield state(n=start)
    yield schema("keyed", {"id": INTEGER, "v": INTEGER}, ("id",))
    yield schema("events", {"id": INTEGER, "v": TEXT})
    yield schema("whole", {"id": INTEGER, "version": INTEGER})
    for number in range(SNAPSHOT):
        yield record("whole", version, id=number, version=version)
    yield activate("whole", version)
    for number in range(start, end):
        yield record("keyed", id=number % KEYS, v=number)
        yield record("events", id=number, v="v" * 50)
        if number % 100 == 99:
            yield state(n=number + 1)
    yield state(n=end)


def load(warehouse: Warehouse, start: int, end: int, version: int) -> Run:
    run = warehouse.load(*messages(start, end, version), batch_size_rows=500)
    assert "Traceback" not in run.stderr
    return run


def check(warehouse: Warehouse, end: int, version: int) -> None:
    sums = "count(*), count(DISTINCT id), min(id), max(id)"
    assert warehouse.query(f"SELECT {sums} FROM events") == [(end, end, 0, end - 1)]
    newest = [(key, max(range(key, end, KEYS))) for key in range(min(end, KEYS))]
    assert warehouse.query("SELECT id, v FROM keyed ORDER BY id") == newest
    assert warehouse.query(f"SELECT {sums} FROM whole") == [(SNAPSHOT, SNAPSHOT, 0, SNAPSHOT - 1)]
    assert warehouse.query("SELECT DISTINCT version FROM whole") == [(version,)]


def load_and_cut(warehouse: Warehouse, relay: Relay, points: list[float]) -> None:
    """Load a part of the rows whole, then cut each further load after a part of its bytes."""
    reached, version = 1_000, 1
    assert load(warehouse, 0, reached, version).code == 0
    needed, end = relay.sent, 2 * reached
    cut = 0
    for point in points:
        relay.reopen(cut_at=int(needed * point))
        version += 1
        run = load(warehouse, reached, end, version)
        if run.code:
            cut += 1
            assert run.code == 1
            assert "'postgres'" in run.last_line
            assert run.last_line.startswith("CRITICAL Could not ")
        reached = run.states[-1]["n"] if run.states else reached
        end = end + 1_000 if reached == end else end
    assert cut >= len(points) * 2 // 3
    relay.reopen()
    run = load(warehouse, reached, end, version + 1)
    assert (run.code, run.states[-1]) == (0, {"n": end}), run.stderr
    check(warehouse, end, version + 1)


def test_it_goes_away_midway(pg: Warehouse, relay: Relay) -> None:
    load_and_cut(pg, relay, [0.1, 0.4, 0.7])


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(6))
def test_it_goes_away_many_times(pg: Warehouse, relay: Relay, seed: int) -> None:
    chance = random.Random(seed)
    load_and_cut(pg, relay, [chance.uniform(0.02, 0.95) for _ in range(10)])
