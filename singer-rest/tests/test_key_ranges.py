"""Keys as ranges: any set comes back as it was, and what is read again counts once."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singer_rest.records import key_ranges
from singer_rest.records.digest import INTEGER, Digest, digest_terms
from singer_rest.records.tally import KeyTally

KEYS = st.integers(-(10**13), 10**13) | st.integers(0, 60)
Rows = list[tuple[int, bool]]
ROWS = st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=25)
"""Keys, and whether their rows are deleted."""


def numbers_of(ranges: list[range]) -> list[int]:
    return [number for one in ranges for number in one]


@given(st.sets(KEYS), st.sets(KEYS))
def test_a_set_comes_back_as_it_was(keys: set[int], less: set[int]) -> None:
    ranges = list(key_ranges.ranges_of(sorted(keys)))
    assert numbers_of(ranges) == sorted(keys)
    assert key_ranges.merged(reversed(ranges)) == ranges
    assert numbers_of(list(key_ranges.without(ranges, sorted(less)))) == sorted(keys - less)
    text = key_ranges.pack(ranges)
    assert text is not None
    assert key_ranges.unpack(text) == ranges


def test_ranges_that_overlap_are_no_set() -> None:
    assert key_ranges.merged([range(5), range(4, 6)]) is None
    assert key_ranges.merged([range(5, 9), range(5)]) == [range(9)]


def test_what_is_long_is_left_out() -> None:
    assert key_ranges.pack([range(n * n, n * n + 1 + n % 7) for n in range(10**6)]) is None
    assert len(key_ranges.pack([range(10**9)]) or "") < 30


@pytest.mark.parametrize("text", ["", "x", "eJw=", "eJxjBAAAAgAC"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of whatever is below
        key_ranges.unpack(text)


def tally_of(rows: Rows, tally: KeyTally | None = None) -> KeyTally:
    tally = tally or KeyTally({"id": INTEGER})
    for start in range(0, len(rows), 4):
        page = rows[start : start + 4]
        cells: dict[str, list[Any]] = {
            "id": [key for key, _gone in page],
            "_sdc_deleted_at": ["2026-01-01" if gone else None for _key, gone in page],
        }
        tally.add(cells, len(page))
    return tally


@given(ROWS, ROWS, ROWS)
def test_what_is_read_again_counts_once(low: Rows, high: Rows, again: Rows) -> None:
    parts = [low, [(key + 41, gone) for key, gone in high]]
    tallies = [tally_of(rows) for rows in parts]
    together = key_ranges.merged(one for tally in tallies for one in tally.key_ranges or ())
    assert together is not None
    joined = KeyTally({"id": INTEGER})
    digests = [tally.digest for tally in tallies if tally.digest is not None]
    joined.adopt(functools.reduce(Digest.plus, digests), together)
    wide = [(key * 2, gone) for key, gone in again]
    tally_of(wide, joined)
    last = dict([*parts[0], *parts[1], *wide])
    assert joined.digest == digest_terms([key for key, gone in last.items() if not gone])


def test_only_whole_numbers_have_ranges() -> None:
    assert KeyTally({"id": "text"}).key_ranges is None
    assert KeyTally({"a": INTEGER, "b": INTEGER}).key_ranges is None
    assert KeyTally(None).key_ranges is None
