"""Keys are remembered exactly, whatever their order and number."""

from __future__ import annotations

import random
from typing import Any

import pytest

from singer_rest.records.hash_set import FEW, HashSet
from singer_rest.sources.keys import KeyLedger

PAGE = 100


def pages(keys: list[object]) -> list[list[dict[str, object]]]:
    rows = [{"id": key} for key in keys]
    return [rows[start : start + PAGE] for start in range(0, len(rows), PAGE)]


def mixed(count: int) -> list[object]:
    keys: list[object] = list(range(count))
    random.Random(7).shuffle(keys)
    return keys


@pytest.mark.parametrize(
    "keys",
    [
        list(range(3000)),
        list(range(3000, 0, -1)),
        mixed(3000),
        [f"k{number}" for number in range(FEW + 3000)],
        [*range(1500), *(f"k{number}" for number in range(1500))],
        [(number, "x") for number in range(3000)],
    ],
    ids=["ascending", "descending", "mixed", "many texts", "numbers then texts", "pairs"],
)
def test_every_key_is_known_once_it_came_and_none_before(keys: list[object]) -> None:
    ledger = KeyLedger(lambda row: row["id"])
    came = 0
    for page in pages(keys):
        assert not any(ledger.knows(row) for row in page)
        assert ledger.take(page) == (page, 0)
        came += len(page)
        assert ledger.count == came
    for page in pages(keys):
        assert all(ledger.knows(row) for row in page)
        assert ledger.take(page)[1] == len(page)
    assert ledger.count == len(keys)


def test_a_set_of_hashes_knows_what_it_was_given() -> None:
    for count in (10, FEW + 10):
        hashes = HashSet(range(count))
        assert hashes.isdisjoint([-5, count])
        hashes.update([-5])
        assert -5 in hashes
        assert count not in hashes
        assert not hashes.isdisjoint([count, -5])


@pytest.mark.parametrize(
    ("one", "other"),
    [(-1, -2), ((-1, "x"), (-2, "x")), (("x", (-1, 2)), ("x", (-2, 2))), ((-1, "x"), (None, "x"))],
)
def test_minus_one_and_minus_two_are_two_keys(one: Any, other: Any) -> None:
    """Python makes one hash of both, and of all that holds them."""
    ledger = KeyLedger(lambda row: row["key"])
    ledger.take([{"key": "a text, so that hashes are kept"}, {"key": one}])
    assert ledger.knows_key(one)
    assert not ledger.knows_key(other)
    fresh, again = ledger.take([{"key": other}, {"key": one}])
    assert (fresh, again) == ([{"key": other}], 1)
