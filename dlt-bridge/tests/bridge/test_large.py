"""Thirty kills over two hundred thousand rows: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from .messages import INTEGER, TEXT, activate, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Warehouse

ROWS = 200_000
KILLS = 30
KEYS = 50_000
SNAPSHOT = 20_000


def messages(start: int, end: int, version: int) -> Iterator[Any]:
    """What a tap sends that continues from a STATE: merged, appended and replaced rows."""
    if start:
        yield state(n=start)
    yield schema("keyed", {"id": INTEGER, "v": TEXT}, ("id",))
    yield schema("events", {"id": INTEGER})
    yield schema("whole", {"id": INTEGER, "version": INTEGER})
    for number in range(SNAPSHOT):
        yield record("whole", version, id=number, version=version)
    yield activate("whole", version)
    for number in range(start, end):
        yield record("keyed", id=number % KEYS, v=f"{number}")
        yield record("events", id=number)
        if number % 2_000 == 1_999:
            yield state(n=number + 1)
    yield state(n=end)


def write(path: Path, start: int, end: int) -> int:
    version = time.time_ns()
    with path.open("w") as file:
        file.writelines(json.dumps(line) + "\n" for line in messages(start, end, version))
    return version


def check(warehouse: Warehouse, end: int, version: int) -> None:
    sums = "count(*), count(DISTINCT id), min(id), max(id)"
    assert warehouse.query(f"SELECT {sums} FROM events") == [(end, end, 0, end - 1)]
    assert warehouse.query(f"SELECT {sums} FROM keyed") == [(KEYS, KEYS, 0, KEYS - 1)]
    last = warehouse.query("SELECT count(*) FROM keyed WHERE CAST(v AS bigint) % 50000 <> id")
    assert last == [(0,)]
    newest = f"CAST(v AS bigint) < {end - KEYS}"
    assert warehouse.query(f"SELECT count(*) FROM keyed WHERE {newest}") == [(0,)]
    assert warehouse.query(f"SELECT {sums} FROM whole") == [(SNAPSHOT, SNAPSHOT, 0, SNAPSHOT - 1)]
    assert warehouse.query("SELECT DISTINCT version FROM whole") == [(version,)]


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_thirty_kills(warehouse: Warehouse) -> None:
    source = warehouse.folder / "kills.singer"
    chance = random.Random(1)
    write(source, 0, 10_000)
    started = time.monotonic()
    assert warehouse.load_file(source, batch_size_rows=10_000).code == 0
    duration = time.monotonic() - started
    reached, end = 10_000, ROWS
    for kill in range(KILLS):
        if reached == end:
            end += ROWS
        write(source, reached, end)
        point = chance.uniform(0.2, 2) * duration
        killed = warehouse.load_file(source, batch_size_rows=10_000, kill_after=point)
        if killed.states:
            reached = killed.states[-1]["n"]
        sys.stdout.write(f"kill {kill}: after {point:.1f} s, STATE at {reached} of {end}\n")
    version = write(source, reached, end)
    run = warehouse.load_file(source, batch_size_rows=100_000)
    assert run.code == 0, run.stderr
    check(warehouse, end, version)
