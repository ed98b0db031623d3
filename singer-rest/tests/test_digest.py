"""The digest of keys: the same whatever the order and the pages, another for other keys."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singer_rest.records.digest import BOUND, Digest, digest_terms, key_kinds, terms
from singer_rest.records.tally import DELETED_AT, KeyTally, SeenTerms

INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-1000, 1000)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def hashed(*parts: str | None) -> int:
    """Return what the definition says of a key whose parts are these texts."""
    words = "".join(
        "0" * 32 if part is None else hashlib.md5(part.encode()).hexdigest() for part in parts
    )
    return int(hashlib.md5(words.encode()).hexdigest()[:15], 16)


def digest(columns: list[list[Any]], *kinds: str) -> Digest:
    return digest_terms(terms(columns, kinds))


def test_small_integers_are_summed_and_large_ones_hashed() -> None:
    keys = [7, -3, BOUND - 1, BOUND, -BOUND]
    assert digest([keys], "integer") == (
        *(5, 4 + BOUND - 1, 49 + 9 + (BOUND - 1) ** 2),
        hashed(str(BOUND)) + hashed(str(-BOUND)),
    )


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("instant", "1970-01-01T00:00:01.000001Z", "1000001"),
        ("instant", "1969-12-31T23:59:59Z", "-1000000"),
        ("instant", "2026-11-20T10:00:00.1234567Z", "1795168800123456"),
        ("instant", "2026-11-20T11:00:00+01:00", "1795168800000000"),
        ("date", "2026-11-20", "2026-11-20"),
        ("boolean", True, "1"),
        ("boolean", False, "0"),
        ("text", "a\x1fb ", "a\x1fb "),
        ("text", "a\0b", "a\ufffdb"),
        ("text", None, None),
    ],
)
def test_parts_are_texts(kind: str, value: object, text: str | None) -> None:
    assert digest([[value]], kind) == (1, 0, 0, hashed(text))
    assert digest([["x"] * 3, [value] * 3], "text", kind).hashes == 3 * hashed("x", text)


def test_other_keys_have_other_digests() -> None:
    def of(*keys: tuple[str | None, str | None]) -> Digest:
        return digest([list(part) for part in zip(*keys, strict=True)], "text", "text")

    assert of(("a", "b")) != of(("b", "a"))
    assert of(("a\x1f", "b")) != of(("a", "\x1fb"))
    assert of(("a", None)) != of((None, "a"))
    assert of(("a", "")) != of(("a", None))
    assert of(("Ab", "c")) != of(("ab", "c "))
    lost, doubled = [[100, 400]], [[200, 300]]
    assert digest(lost, "integer")[:2] == digest(doubled, "integer")[:2]
    assert digest(lost, "integer") != digest(doubled, "integer")


def test_kinds_come_from_the_schema() -> None:
    properties = {
        "id": {"type": "integer"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "on": {"type": "string", "format": "date"},
        "name": {"type": "string"},
        "flag": {"type": "boolean"},
        "share": {"type": "number"},
        "any": {"type": ["object", "string"]},
    }
    schema = {"properties": properties}
    assert key_kinds(schema, ["flag", "id", "at", "on", "name"]) == {
        "flag": "boolean",
        "id": "integer",
        "at": "instant",
        "on": "date",
        "name": "text",
    }
    for none in (["share"], ["id", "any"], ["missing"], []):
        assert key_kinds(schema, none) is None


@settings(deadline=None)
@given(keys=st.lists(st.tuples(INTEGERS, TEXTS | st.none())), seed=st.integers(0, 99))
def test_order_and_pages_do_not_matter(keys: list[tuple[int, str | None]], seed: int) -> None:
    mixed = random.Random(seed)
    for kinds in ({"a": "integer"}, {"a": "integer", "b": "text"}):
        distinct = list(dict.fromkeys(key[: len(kinds)] for key in keys))
        whole = KeyTally(kinds)
        whole.add(_cells(kinds, distinct), len(distinct))
        pieces = KeyTally(kinds)
        again = [*keys, *mixed.sample(keys, len(keys) // 2)]
        mixed.shuffle(again)
        while again:
            page = [again.pop() for _ in range(min(len(again), mixed.randint(1, 5)))]
            pieces.add(_cells(kinds, page), len(page))
        assert pieces.digest == whole.digest
        assert whole.digest is not None
        assert whole.digest.keys == len(distinct)
        assert Digest.read(whole.digest.keys, whole.digest.text) == whole.digest


@settings(deadline=None)
@given(events=st.lists(st.tuples(st.integers(1, 9), st.booleans())), size=st.integers(1, 4))
def test_what_came_last_of_a_key_decides_whether_it_lives(
    events: list[tuple[int, bool]], size: int
) -> None:
    for kinds in ({"a": "integer"}, {"a": "text"}):
        tally = KeyTally(kinds)
        living: dict[int, bool] = {}
        for start in range(0, len(events), size):
            page = events[start : start + size]
            keys: list[Any] = [key if kinds["a"] == "integer" else str(key) for key, _ in page]
            dead = ["2026-11-20T10:00:00Z" if gone else None for _, gone in page]
            tally.add({"a": keys, DELETED_AT: dead}, len(page))
            living |= {key: not gone for key, gone in page}
        left: list[Any] = [key for key, lives in living.items() if lives]
        expected = KeyTally(kinds)
        cells = left if kinds["a"] == "integer" else list(map(str, left))
        expected.add({"a": cells}, len(left))
        assert tally.digest == expected.digest
        assert tally.tombstones == sum(gone for _, gone in events)


@given(pages=st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=12)))
def test_each_term_is_new_once(pages: list[list[int]]) -> None:
    for in_order in (True, False):
        seen, known = SeenTerms(), set[int]()
        for page in pages:
            fresh = seen.fresh(page, in_order=in_order)
            assert sorted(fresh) == sorted(set(page) - known)
            known |= set(page)


def _cells(kinds: dict[str, str], keys: list[Any]) -> dict[str, list[Any]]:
    return {name: [key[index] for key in keys] for index, name in enumerate(kinds)}
