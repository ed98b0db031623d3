# mypy: disable-error-code="method-assign,assignment"
"""How often a list is read, what is written of each reading, and what is said of it at the end."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
from typing import Any

import pytest
from list_server import ListServer

from singer_rest.errors import Outcome
from singer_rest.sources.claims import Claims
from singer_rest.sources.evidence import Evidence
from singer_rest.sources.keys import LearnedCap, Order
from singer_rest.sources.passes import whole_row

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING
MIXED = [7, 3, 9, 1, 8, 2, 6, 4, 5, 0]
TWICE = "two passes with the same keys"


@dataclasses.dataclass
class Walks(ListServer):
    """A list as each walk over it finds it.

    Attributes:
        walks: The ids, or whole rows, by walk; the last one stays.
        said: What all answers of a walk say beside the rows; the last one stays.
    """

    walks: list[list[Any]] = dataclasses.field(default_factory=list)
    said: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    walk: int = 0

    def served(self) -> list[Any]:
        return self.walks[min(self.walk, len(self.walks)) - 1]

    def body(self, number: int, size: int) -> dict[str, Any]:
        self.walk += (number, size) == self.asked[0]
        self.ids = self.served()
        body = super().body(number, size)
        rows = [row["id"] for row in body["rows"]]
        body["rows"] = [row if isinstance(row, dict) else {"id": row} for row in rows]
        return body | (self.said[min(self.walk, len(self.said)) - 1] if self.said else {})


def walks(*found: list[Any], totals: bool = False, said: Any = ()) -> Walks:
    return Walks([], totals=totals, walks=list(found), said=list(said))


def proof(evidence: Evidence) -> str:
    """Return the proof as the summary has it, or why there is none."""
    assert (evidence.outcome is Outcome.COMPLETE) is not bool(evidence.reason)
    return evidence.reason or str(evidence.proof)


# Rows without a key


def test_a_row_is_told_by_all_that_is_in_it() -> None:
    """The digest stands in tables as a key, so it is the same in each run and version."""
    row: dict[str, Any] = {"b": [1, "x"], "a": {"n": None, "m": 2}}
    assert whole_row(row) == whole_row({"a": {"m": 2, "n": None}, "b": [1, "x"]})
    assert whole_row(row) == "7d7823c8f4053f9366f06f18005dc089"
    rows = [row, {"a": 1}, {"a": "1"}, {"a": 2}, {"b": 1}, {}, {"a": dt.date(2026, 1, 1)}]
    rows += [{"a": decimal.Decimal("1.10")}, {"a": decimal.Decimal("1.2")}]
    assert len({whole_row(row) for row in rows}) == len(rows)


def test_rows_that_nothing_tells_apart_are_left_out_and_counted_once() -> None:
    odd = [{"id": None}, {"id": True}, {"id": {"a": 1}}, {"id": [1]}, {"id": 2.5}]
    server = walks([7, *odd, 3, 9, 1, 8], totals=True)
    read, evidence = server.read(5)
    assert read == [7, 2.5, 3, 9, 1, 8]
    assert evidence.received == 6
    assert evidence.without_key == 4
    assert evidence.reason == "4 rows came without a key and were left out"
    evidence.keyless_allowed = True
    assert proof(evidence) == f"{TWICE}: total 10"
    assert evidence.rereads == 1


# What is written of a list


def test_a_list_in_order_is_written_once_though_its_pages_overlap() -> None:
    server = ListServer(list(range(100)), totals=True)
    read, evidence = server.read(20, order=RISING)
    assert read == list(range(100))
    assert (evidence.duplicates, evidence.rereads) == (0, 0)
    assert (evidence.received, evidence.expected) == (100, 100)
    assert evidence.pages == len(server.asked) == 7
    assert proof(evidence) == "overlapping pages in order: total 100"


def test_a_row_that_comes_again_with_other_values_is_written_again() -> None:
    """Not in the next pass, which comes moments later."""
    changed = {"id": 3, "v": 2}
    server = walks([7, 3, 9, 8, 1, changed, 2, 5], [7, 3, 9, 8, 1, changed, 2, 4])
    read, evidence = server.read(4)
    assert read == [7, 3, 9, 8, 1, 3, 2, 5, 4]
    assert evidence.duplicates == 1


def test_rows_without_key_that_come_again_on_a_later_page_are_written_once() -> None:
    server = walks([7, 3, 9, 8, 1, 3, 2, 5])
    read, evidence = server.read(4, key=None)
    assert read == [7, 3, 9, 8, 1, 2, 5]
    assert evidence.duplicates == 0


def test_a_second_pass_writes_what_is_new_and_nothing_else() -> None:
    server = walks(MIXED, [99, *MIXED])
    read, evidence = server.read(4)
    assert read == [*MIXED, 99]
    assert (evidence.received, evidence.duplicates, evidence.rereads) == (11, 0, 2)
    assert proof(evidence) == TWICE


def test_the_front_of_a_falling_list_is_read_again_for_what_was_added() -> None:
    server = ListServer(list(range(60)), FALLING, totals=True)

    def add() -> None:
        if len(server.asked) == 2:
            server.ids.append(60)

    server.before_answer = add
    read, evidence = server.read(20, order=FALLING)
    assert sorted(read) == list(range(61))
    assert (evidence.duplicates, evidence.rereads) == (0, 0)
    assert proof(evidence) == "overlapping pages in order: total 61"


# Different rows with the same key


def test_rows_that_share_a_key_are_counted_one_by_one() -> None:
    server = walks([7, 3, 7, 7, 1, 3, 2], totals=True)
    _read, evidence = server.read(4, repeats=True)
    assert (evidence.received, evidence.expected) == (7, 7)
    assert proof(evidence) == f"{TWICE}: total 7"
    assert evidence.rereads == 1


def test_passes_agree_if_each_key_came_as_often() -> None:
    server = walks([7, 3, 7, 7, 1, 2], [7, 3, 3, 7, 1, 2], [7, 3, 3, 7, 1, 2])
    _read, evidence = server.read(4, repeats=True)
    assert proof(evidence) == TWICE
    assert evidence.rereads == 2


# One pass


@pytest.mark.parametrize(
    ("server", "size", "said"),
    [
        (walks([3, 1, 2], totals=True), 10, "one answer: total 3"),
        (walks([3, 1, 2]), 10, "one answer: nothing follows the last row"),
        (walks([3, 1, 2], said=[{"more": False}]), 10, "one answer: nothing follows the last row"),
        (
            walks([3, 1, 2], said=[{"hasMore": False}]),
            10,
            "one answer: the server says that no rows follow",
        ),
        (walks([], totals=True), 10, "one answer: total 0"),
    ],
)
def test_one_answer_proves_a_list_by_what_it_says_of_its_end(
    server: Walks, size: int, said: str
) -> None:
    _read, evidence = server.read(size)
    assert proof(evidence) == said
    assert evidence.rereads == 0


def test_a_page_below_a_known_cap_is_the_whole_list() -> None:
    cap = LearnedCap()
    walks(list(range(9, 0, -1))).read(20, cap=cap)
    _read, evidence = walks([3, 1, 2]).read(20, cap=cap)
    assert proof(evidence) == "page below a known cap"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (73, "one answer: the same rows for any page and any size"),
        (50, "list gives the same 50 rows for any page and size, which may be a cap"),
    ],
)
def test_a_list_without_pages_is_read_once(count: int, said: str) -> None:
    server = ListServer(list(range(count)))
    whole = ListServer(list(range(count))).body(1, 10_000)
    server.body = lambda _number, _size: whole
    _read, evidence = server.read(40)
    assert proof(evidence) == said
    assert (evidence.rereads, evidence.received) == (0, count)


def test_back_to_the_bookmark_is_no_longer_way_than_that() -> None:
    server = ListServer(list(range(500)), FALLING, totals=True)
    _read, evidence = server.read(
        20, order=FALLING, stop_when=lambda page: all(row["id"] < 450 for row in page.rows)
    )
    assert proof(evidence) == "newest first back to the bookmark"
    assert (evidence.rereads, len(server.asked)) == (0, 4)


@pytest.mark.parametrize(
    ("options", "requests"),
    [
        ({}, 2),
        ({"cap": LearnedCap()}, 1),
        ({"repeatable": False}, 1),
        ({"cap": LearnedCap(), "repeatable": False}, 1),
    ],
)
def test_a_list_that_counts_no_rows_is_asked_once_more_if_it_is_the_only_one(
    options: dict[str, Any], requests: int
) -> None:
    server = walks([], totals=True)
    _read, evidence = server.read(10, **options)
    assert proof(evidence) == "one answer: total 0"
    assert len(server.asked) == requests


# The second pass


@pytest.mark.parametrize(
    ("server", "size", "order"),
    [
        (walks(MIXED[:8], totals=True), 4, UNKNOWN),
        (walks(MIXED), 10, UNKNOWN),
        (walks([1, 2, 3, 4, 5, 6], totals=True), 3, UNKNOWN),
        (walks([*MIXED[:6], 9, *MIXED[6:]], MIXED), 4, UNKNOWN),
    ],
    ids=["no order", "nothing but an empty page at the end", "too few for an order", "row again"],
)
def test_what_one_pass_does_not_prove_two_do(server: Walks, size: int, order: Order) -> None:
    _read, evidence = server.read(size, order=order)
    assert proof(evidence).startswith(TWICE)
    assert (evidence.rereads, server.walk) == (1, 2)


def test_a_known_row_out_of_its_place_leaves_an_order_unproved() -> None:
    server = walks([*range(1, 9), 5, *range(9, 13)], list(range(1, 13)))
    _read, evidence = server.read(8, order=RISING)
    assert proof(evidence) == "overlapping pages in order"
    assert evidence.rereads == 1


def test_a_count_that_changed_on_the_way_needs_another_pass() -> None:
    server = walks(MIXED[:4])
    totals = iter([5, 4])
    server.claims = lambda _page: Claims(total=next(totals, 4))
    _read, evidence = server.read(4)
    assert proof(evidence) == "one answer: total 4"
    assert evidence.rereads == 1


def test_a_second_pass_of_a_list_without_order_asks_for_plain_pages() -> None:
    """The order is broken on the second page only, after overlapping ones were asked for."""
    server = walks([*range(20), *reversed(range(20, 60))])
    _read, evidence = server.read(20, order=RISING)
    assert proof(evidence) == TWICE
    second = server.asked[server.asked.index((1, 20), 1) :]
    assert second[:3] == [(1, 20), (2, 20), (3, 20)]


def test_a_second_pass_of_a_list_in_order_overlaps_like_the_first() -> None:
    server = walks(list(range(50)), totals=True)
    _read, evidence = server.read(20, order=RISING, confirm=True)
    assert proof(evidence) == f"{TWICE}: total 50"
    assert server.asked == [(1, 20), (2, 19), (3, 18)] * 2
