"""A table is replaced when, and only when, a whole snapshot of it arrived."""

from __future__ import annotations

import pytest

from dlt_bridge.snapshots import ReplaceWhen, Versions

from .conftest import Warehouse
from .messages import INTEGER, TEXT, activate, record, schema, state

KEYED = schema("t", {"id": INTEGER, "v": TEXT}, ("id",))
KEYLESS = schema("t", {"id": INTEGER, "v": TEXT})


def ids(warehouse: Warehouse) -> list[int]:
    return [row[0] for row in warehouse.query("SELECT id FROM t ORDER BY id")]


def rows(version: int, *numbers: int) -> list[object]:
    return [record("t", version, id=number, v=f"{version}") for number in numbers]


@pytest.mark.parametrize("declared", [KEYED, KEYLESS], ids=["keyed", "keyless"])
def test_activation_after_the_records_replaces(warehouse: Warehouse, declared: object) -> None:
    warehouse.load(declared, *rows(1, 1, 2, 3), activate("t", 1), state(n=1))
    run = warehouse.load(declared, *rows(2, 3, 4), activate("t", 2), state(n=2))
    assert (run.code, run.states) == (0, [{"n": 2}]), run.stderr
    assert ids(warehouse) == [3, 4]


def test_the_last_duplicate_of_a_snapshot_wins(duck: Warehouse) -> None:
    later = record("t", 1, id=1, v="later")
    run = duck.load(KEYED, *rows(1, 1, 2, 1), later, activate("t", 1))
    assert run.code == 0, run.stderr
    assert duck.query("SELECT id, v FROM t ORDER BY id") == [(1, "later"), (2, "1")]


def test_a_partial_snapshot_takes_nothing_away(warehouse: Warehouse) -> None:
    for declared, expected in ((KEYED, [1, 2, 3]), (KEYLESS, [1, 2])):
        table = dict(declared, stream="t" if declared is KEYED else "k")
        name = table["stream"]

        def of(version: int, *numbers: int, name: str = name) -> list[object]:
            return [record(name, version, id=number, v=f"{version}") for number in numbers]

        warehouse.load(table, *of(1, 1, 2), activate(name, 1))
        run = warehouse.load(table, *of(2, 2, 3), state(n=20))
        assert (run.code, run.states) == (0, [{"n": 20}]), run.stderr
        found = [row[0] for row in warehouse.query(f"SELECT id FROM {name} ORDER BY id")]
        assert found == expected
    assert "keeps the last whole snapshot" in run.stderr


def test_a_first_partial_snapshot_without_key_is_appended(duck: Warehouse) -> None:
    assert duck.load(KEYLESS, *rows(1, 1, 2)).code == 0
    assert ids(duck) == [1, 2]
    assert duck.load(KEYLESS, *rows(2, 1, 2, 3), activate("t", 2)).code == 0
    assert ids(duck) == [1, 2, 3]


def test_activation_before_the_records_proves_nothing(duck: Warehouse) -> None:
    duck.load(KEYED, activate("t", 1), *rows(1, 1, 2))
    died = duck.load(KEYED, activate("t", 2))
    assert died.code == 0, died.stderr
    assert ids(duck) == [1, 2]
    # The Singer SDK sends it once more before each partition.
    partial = duck.load(KEYED, activate("t", 3), *rows(3, 3), KEYED, activate("t", 3), *rows(3, 4))
    assert partial.code == 0, partial.stderr
    assert ids(duck) == [1, 2, 3, 4]


def test_the_end_of_the_input_can_be_taken_as_proof(duck: Warehouse) -> None:
    duck.load(KEYED, activate("t", 1), *rows(1, 1, 2), replace_when="end_of_input")
    duck.load(KEYED, activate("t", 2), *rows(2, 3), replace_when="end_of_input")
    assert ids(duck) == [3]
    duck.load(KEYED, activate("t", 3), replace_when="end_of_input")
    assert ids(duck) == []


def test_an_empty_snapshot_empties_only_where_that_is_trusted(duck: Warehouse) -> None:
    duck.load(KEYED, *rows(1, 1, 2), activate("t", 1))
    kept = duck.load(KEYED, activate("t", 2))
    assert "keeps its rows" in kept.stderr
    assert ids(duck) == [1, 2]
    duck.load(KEYED, activate("t", 3), replace_when="trusted")
    assert ids(duck) == []


def test_never_merges(duck: Warehouse) -> None:
    duck.load(KEYED, *rows(1, 1), activate("t", 1), replace_when="never")
    duck.load(KEYED, *rows(2, 2), activate("t", 2), replace_when="never")
    assert ids(duck) == [1, 2]


def test_records_of_the_active_version_amend_it(duck: Warehouse) -> None:
    duck.load(KEYED, *rows(7, 1, 2), activate("t", 7), *rows(7, 3))
    assert ids(duck) == [1, 2, 3]
    run = duck.load(KEYED, *rows(7, 4), state(n=1))
    assert run.states == [{"n": 1}]
    assert ids(duck) == [1, 2, 3, 4]


def test_state_waits_for_an_open_snapshot(duck: Warehouse) -> None:
    run = duck.load(
        KEYED,
        *rows(1, 1),
        state(n=1),
        schema("other", {"id": INTEGER}, ("id",)),
        *(record("other", id=number) for number in range(40)),
        state(n=2),
        b'{"type": "RECORD", "stream": "t", "rec',
        batch_size_rows=1,
    )
    assert run.code == 1
    assert run.states == []


def test_a_version_seen_is_a_snapshot_until_activated() -> None:
    versions = Versions(ReplaceWhen.PROVED)
    assert versions.is_snapshot(1)
    assert versions.activate(1, follows_records=True)
    assert not versions.is_snapshot(None)
    versions.active = 1
    assert not versions.activate(1, follows_records=False)
