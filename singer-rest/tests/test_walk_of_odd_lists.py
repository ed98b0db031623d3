"""Rows that come again, that have no key, that cannot be had: what is asked, what is proved."""

from __future__ import annotations

from typing import Any

import pytest
from list_server import ListServer, Row, listed, standing

from singer_rest.sources.keys import Order

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING
Case = tuple[str, ListServer, dict[str, Any], str, str]
"""A name; the list; how it is read; the requests as page:size; rows and proof."""


def some_keys(row: Row) -> Any:
    return row["id"] if row["id"] % 4 else None


def no_key(row: Row) -> None:
    del row


CASES: list[Case] = [
    # Rows that come again
    (
        "a row stands at two places",
        standing(8, 7, 6, 5, 9, 4, 3, 2, 1, 3, 0, totals=True),
        {"size": 4},
        "1:4 2:4 3:4 1:4 2:4 3:4",
        "10 rows; unproved: the server counts 11 rows, 10 came in two passes alike",
    ),
    (
        "a row stands at two places of a list in order",
        standing(8, 7, 6, 5, 4, 3, 5, 2, 1, 0),
        {"size": 4, "order": FALLING},
        "1:4 2:3 2:4 3:3 3:4 3:4 1:4 1:4 2:3 2:4 3:3 3:4 3:4 1:4",
        (
            "9 rows; partial: list contradicts itself: 1 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "the last row stands at two places",
        standing(1, 2, 3, 4, 5, 6, 7, 8, 9, 9),
        {"size": 3},
        "1:3 2:3 3:3 4:3 1:3 2:3 3:3 4:3",
        (
            "9 rows; partial: list contradicts itself: 1 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "a whole page of rows comes again",
        standing(1, 5, 3, 4, 2, 6, 7, 8, 9, 5, 3, 4, 10, 11),
        {"size": 3},
        "1:3 2:3 3:3 4:3 5:3 8:2 5:3 1:3 2:3 3:3 4:3 5:3 8:2 5:3",
        (
            "11 rows; partial: list contradicts itself: 3 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "a whole page of rows comes again, pages from 0",
        standing(1, 5, 3, 4, 2, 6, 5, 3, 1, 10, 11, first=0),
        {"size": 3},
        "0:3 1:3 2:3 3:3 11:1 3:3 0:3 1:3 2:3 3:3 11:1 3:3",
        (
            "8 rows; partial: list contradicts itself: 3 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "the last rows have come before",
        standing(1, 5, 3, 4, 2, 6, 7, 8, 9, 5, 3),
        {"size": 3},
        "1:3 2:3 3:3 4:3 5:3 1:3 2:3 3:3 4:3 5:3",
        (
            "9 rows; partial: list contradicts itself: 2 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "known rows, and known ones behind them",
        standing(1, 5, 3, 4, 2, 5, 3, 4, 2, 1, 4, 2, cuts={2: 2}),
        {"size": 5},
        "1:5 2:5 3:5 4:4 3:5 1:5 2:5 3:5",
        "5 rows; two passes with the same keys",
    ),
    (
        "known rows, and unknown ones behind them",
        standing(1, 5, 3, 4, 2, 5, 3, 4, 2, 1, 6, 7, 8, cuts={2: 2}),
        {"size": 5},
        "1:5 2:5 3:5 2:5 3:5 4:4 1:5 2:5 3:5 4:4",
        (
            "8 rows; partial: list contradicts itself: 5 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "known rows, and the first page behind them",
        standing(1, 5, 3, 4, 2, 5, 3, 9, 9, 9, 1, 5, 3, 4, 2, cuts={2: 2}),
        {"size": 5},
        "1:5 2:5 3:5 1:5 1:2 1:6",
        (
            "list gives the same page again (asked for 3); the server ignores the page "
            "parameter or its cursor goes round in circles."
        ),
    ),
    (
        "known rows where the end is looked for",
        listed(25, UNKNOWN, cuts={2: 3, 4: 2}),
        {"size": 10},
        "1:10 2:10 14:1 2:10 3:10 3:7 3:10 4:8 1:10 2:10 3:10 4:8",
        "25 rows; two passes with the same keys",
    ),
    (
        "known rows, and the page behind them cannot be had",
        standing(1, 5, 3, 4, 2, 5, 3, refused={3: 500}),
        {"size": 5},
        "1:5 2:5 3:5 6:1 4:2 5:2 1:2 2:2 3:2 4:2 5:2",
        (
            "5 rows; partial: list contradicts itself: 2 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "rows that are alike in everything",
        standing(1, 1, 2, 3, 3, 3, 4, 5, 5),
        {"size": 4, "key": None},
        "1:4 2:4 3:4 1:4 2:4 3:4",
        (
            "5 rows; partial: list contradicts itself: 4 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "keys that repeat, and rows stand at two places",
        standing(1, 1, 2, 3, 3, 3, 4, 5, 5),
        {"size": 4, "repeats": True},
        "1:4 2:4 3:4 1:4 2:4 3:4",
        (
            "5 rows; partial: list contradicts itself: 1 rows stood at two places, in two "
            "passes alike"
        ),
    ),
    (
        "keys that repeat, on a page that was cut",
        standing(1, 1, 2, 3, 3, 3, 4, 5, 5, totals=True, cuts={2: 3}),
        {"size": 4, "repeats": True},
        "1:4 2:4 8:1 3:4 1:4 2:4 3:4",
        "5 rows; two passes with the same keys: total 9",
    ),
    (
        "keys that repeat, all on one page",
        standing(1, 1, 2, 3, 3, 3, 4, 5, 5, totals=True, unpaged=True),
        {"size": 4, "repeats": True},
        "1:4",
        "5 rows; one answer: total 9",
    ),
    # No pages
    (
        "a route without pages",
        listed(8, unpaged=True),
        {"size": 10},
        "1:10 2:7 2:8 1:8 1:4 1:9",
        "8 rows; one answer: the same rows for any page and any size",
    ),
    (
        "a route without pages gives more than was asked for",
        listed(33, UNKNOWN, unpaged=True),
        {"size": 2},
        "1:2 2:32 1:32 1:16 1:34",
        "33 rows; one answer: the same rows for any page and any size",
    ),
    (
        "a route without pages gives as many as were asked for",
        listed(8, unpaged=True),
        {"size": 8},
        "1:8 2:7 2:8 1:8 1:4 1:9",
        "8 rows; unproved: list gives the same 8 rows for any page and size, which may be a cap",
    ),
    (
        "a route without pages counts its rows",
        listed(20, FALLING, unpaged=True, totals=True),
        {"size": 7, "order": FALLING},
        "1:7",
        "20 rows; one answer: total 20",
    ),
    # Rows without a key
    (
        "some rows have no key",
        listed(30, FALLING),
        {"size": 10, "key": some_keys},
        "1:10 2:10 3:10 4:10 4:9 1:10 2:10 3:10 4:10 4:9",
        "22 rows; partial: 8 rows came without a key and were left out",
    ),
    (
        "some rows have no key, in order",
        listed(13),
        {"size": 10, "key": some_keys, "order": RISING},
        "1:10 2:9 2:10 2:10",
        "9 rows; partial: 4 rows came without a key and were left out",
    ),
    (
        "no row has a key",
        listed(5),
        {"size": 3, "key": no_key},
        "1:3 2:3 6:1 2:3 1:3 2:3 6:1 2:3",
        "0 rows; partial: 5 rows came without a key and were left out",
    ),
    (
        "no row has a key, and pages are full",
        listed(6),
        {"size": 3, "key": no_key, "order": RISING},
        "1:3 2:2 1:3",
        "0 rows; partial: 3 rows came without a key and were left out",
    ),
    # Pages that cannot be had
    (
        "a page is too large",
        listed(12, heavy=6),
        {"size": 10},
        "1:10 1:5 2:4 2:5 3:5 4:4 3:5 1:5 2:4 2:5 3:5 4:4 3:5",
        "12 rows; two passes with the same keys",
    ),
    (
        "half a page is too large",
        listed(12, heavy=5),
        {"size": 10},
        "1:10 1:5",
        "Page 1 of list cannot be had, not even in half the size: too much.",
    ),
    (
        "a later page is too large",
        listed(25, refused={2: 500}),
        {"size": 10},
        (
            "1:10 2:9 3:4 4:4 6:3 5:4 6:4 7:4 26:1 7:4 1:4 2:3 2:4 3:3 3:4 4:4 6:3 5:4 6:4 "
            "7:4 26:1 7:4"
        ),
        "25 rows; two passes with the same keys",
    ),
    (
        "half of a later page is too large",
        listed(25, refused={2: 500, 4: 500}),
        {"size": 10, "order": RISING},
        "1:10 2:9 3:4 4:4",
        "Page 4 of list cannot be had, not even in half the size: no.",
    ),
    (
        "the page that shows the end is too large",
        listed(25, FALLING, refused={5: 500}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 3:8 3:10 4:8 7:4 1:4",
        "25 rows; overlapping pages in order",
    ),
    (
        "the front is too large when it is read again",
        listed(25, FALLING, refused={6: 500}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 3:8 3:10 4:8 1:10 1:5",
        "25 rows; overlapping pages in order",
    ),
]


@pytest.mark.parametrize(
    ("server", "reading", "requests", "told"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_a_list_with_odd_rows_or_pages(
    server: ListServer, reading: dict[str, Any], requests: str, told: str
) -> None:
    assert (server.account(**reading), server.requests) == (told, requests)


@pytest.mark.parametrize(
    ("keyed", "requests"),
    [
        (0, "1:10 2:6 3:4 2:6 1:6 2:6 3:4 2:6"),
        (1, "1:10 2:6 3:4 2:6 1:6 2:6 3:4 2:6"),
        (2, "1:10 2:5 2:6 3:4 2:6 1:6 2:5 2:6 3:4 2:6"),
    ],
)
def test_rows_without_a_key_are_not_asked_for_to_show_the_end(keyed: int, requests: str) -> None:
    """Six rows come at most. Nothing tells whether a row that came last and has no key is last."""
    server = standing(*range(8), clamp=6)
    said = server.account(10, key=lambda row: row["id"] if row["id"] < keyed else None)
    assert said == (f"{keyed} rows; partial: {8 - keyed} rows came without a key and were left out")
    assert server.requests == requests
