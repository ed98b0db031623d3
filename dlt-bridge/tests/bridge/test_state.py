"""STATE is passed on when the rows before it are safe; a killed run leaves no trace."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

import pytest

from .conftest import Warehouse
from .messages import INTEGER, TEXT, activate, record, schema, state


def test_the_last_duplicate_wins(warehouse: Warehouse) -> None:
    declared = schema("t", {"id": INTEGER, "v": INTEGER}, ("id",))
    run = warehouse.load(
        declared,
        *(record("t", id=1, v=number) for number in range(25_000)),
        record("t", id=2, v=1),
        record("t", id=2, v=0),
    )
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id, v FROM t ORDER BY id") == [(1, 24_999), (2, 0)]
    warehouse.load(declared, record("t", id=1, v=-1))
    assert warehouse.query("SELECT id, v FROM t ORDER BY id") == [(1, -1), (2, 0)]


def test_state_is_exact(duck: Warehouse) -> None:
    text = '{"a": 1.10, "n": 123456789012345678901234567890, "t": "\\u00e9"}'
    run = duck.load(f'{{"type": "STATE", "value": {text}}}')
    assert run.stdout == text + "\n"


def test_state_follows_the_rows_before_it(duck: Warehouse) -> None:
    run = duck.load(
        schema("t", {"id": INTEGER}, ("id",)),
        *(record("t", id=number) for number in range(10_000)),
        state(n=1),
        *(record("t", id=10_000 + number) for number in range(10_000)),
        state(n=2),
        record("unknown", id=1),
        batch_size_rows=5_000,
    )
    assert run.code == 1
    assert run.states == [{"n": 1}, {"n": 2}]
    assert duck.query("SELECT count(*) FROM t") == [(20_000,)]


def test_without_state_rows_are_loaded_all_the_same(duck: Warehouse) -> None:
    run = duck.load(
        schema("t", {"id": INTEGER}, ("id",)),
        *(record("t", id=number) for number in range(25_000)),
        batch_size_rows=5_000,
    )
    assert (run.code, run.states) == (0, [])
    assert run.stderr.count("Loaded 10000 rows") == 2
    assert duck.query("SELECT count(*) FROM t") == [(25_000,)]


@pytest.mark.parametrize("told", [True, False])
def test_killed_between_passing_on_state_and_writing_that_down(
    warehouse: Warehouse, *, told: bool
) -> None:
    declared = schema("events", {"id": INTEGER})

    def run(start: int, end: int) -> None:
        events = [record("events", id=number) for number in range(start, end)]
        found = warehouse.load(state(n=start), declared, *events, state(n=end))
        assert found.code == 0, found.stderr

    run(0, 10)
    run(10, 20)
    sequence = warehouse.query("SELECT id, _singer_seq FROM events ORDER BY id")
    journal = next((warehouse.folder / "dlt").rglob("*journal-*.json"))
    before, after = sequence[9][1], sequence[19][1]
    entry = {
        "covered": before,
        "state": '{"n":10}',
        "is_open": True,
        "appended": {"events": [before, after]},
        "acknowledging": [after, '{"n": 20}'],
    }
    journal.write_text(json.dumps(entry))
    run(20 if told else 10, 30)
    events = [row[0] for row in warehouse.query("SELECT id FROM events ORDER BY id")]
    assert events == list(range(30))


def test_killed_while_it_emptied_its_folder(duck: Warehouse) -> None:
    """Its schema is gone, what names it is not; which rows come again is known all the same."""
    declared = schema("events", {"id": INTEGER})
    assert duck.load(declared, record("events", id=1), state(n=1)).code == 0
    events = [record("events", id=2), record("events", id=3)]
    assert duck.load(state(n=1), declared, *events, state(n=3)).code == 0
    [(covered,)] = duck.query("SELECT _singer_seq FROM events WHERE id = 1")
    [(last,)] = duck.query("SELECT max(_singer_seq) FROM events")
    journal = next((duck.folder / "dlt").rglob("*journal-*.json"))
    entry = {"covered": covered, "state": '{"n":1}', "appended": {"events": [covered, last]}}
    journal.write_text(json.dumps(entry | {"is_open": True}))
    for file in (duck.folder / "dlt" / "pipelines" / "target_dlt" / "schemas").iterdir():
        file.unlink()
    run = duck.load(state(n=1), declared, *events, state(n=3))
    assert run.code == 0, run.stderr
    assert duck.query("SELECT id FROM events ORDER BY id") == [(1,), (2,), (3,)]


class Source:
    """What a tap reads: a table with a key, one without, both by increments, and a snapshot.

    It continues from the STATE it is given, as a tap does.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def messages(self, start: int) -> list[Any]:
        found: list[Any] = [state(n=start)] if start else []
        found += [
            schema("keyed", {"id": INTEGER, "v": TEXT}, ("id",)),
            schema("events", {"id": INTEGER}),
        ]
        for number in range(start, self.rows):
            found += [record("keyed", id=number % 70, v=f"{number}"), record("events", id=number)]
            if number % 10 == 9:
                found.append(state(n=number + 1))
        found.append(schema("whole", {"id": INTEGER}))
        version = time.time_ns()
        found += [record("whole", version, id=number) for number in range(30)]
        return [*found, activate("whole", version), state(n=self.rows)]

    def check(self, warehouse: Warehouse) -> None:
        last = {number % 70: f"{number}" for number in range(self.rows)}
        assert dict(warehouse.query("SELECT id, v FROM keyed")) == last
        assert warehouse.query("SELECT count(*) FROM keyed") == [(len(last),)]
        events = [row[0] for row in warehouse.query("SELECT id FROM events ORDER BY id")]
        assert events == list(range(self.rows))
        whole = [row[0] for row in warehouse.query("SELECT id FROM whole ORDER BY id")]
        assert whole == list(range(30))


def kill_and_check(warehouse: Warehouse, seeds: range) -> None:
    source = Source(20)
    assert warehouse.load(*source.messages(0)).code == 0
    source = Source(60)
    started = time.monotonic()
    assert warehouse.load(*source.messages(20), batch_size_rows=25).code == 0
    duration = time.monotonic() - started
    reached = source.rows
    for seed in seeds:
        source = Source(source.rows + 40)
        point = random.Random(seed).uniform(0, duration)
        killed = warehouse.load(*source.messages(reached), batch_size_rows=25, kill_after=point)
        if killed.states:
            reached = killed.states[-1]["n"]
        sys.stdout.write(f"seed {seed}: killed after {point:.3f} s, STATE at {reached}\n")
        run = warehouse.load(*source.messages(reached))
        assert run.code == 0, run.stderr
        reached = run.states[-1]["n"]
        source.check(warehouse)


def test_killed_at_any_point_nothing_is_lost_or_doubled(warehouse: Warehouse) -> None:
    kill_and_check(warehouse, range(3))


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("first", range(100, 150, 10))
def test_killed_a_hundred_times(warehouse: Warehouse, first: int) -> None:
    kill_and_check(warehouse, range(first, first + 10))
