"""Which pages of a list that stands still are asked for, and what they prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from list_server import ListServer, listed, standing

from singer_rest.sources.keys import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_rest.sources.pages import Page

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING
Case = tuple[str, ListServer, dict[str, Any], str, str]
"""A name; the list; how it is read; the requests as page:size; rows and proof."""


def older_than(bookmark: int) -> Callable[[Page], bool]:
    return lambda page: all(row["id"] < bookmark for row in page.rows)


CASES: list[Case] = [
    # One answer, or what takes its place
    (
        "nothing came, so half as much is asked for",
        listed(0),
        {"size": 10},
        "1:10 1:5",
        "0 rows; one answer: nothing follows the last row",
    ),
    (
        "nothing came where pages are numbered from 0",
        listed(0, first=0),
        {"size": 7},
        "0:7 0:3",
        "0 rows; one answer: nothing follows the last row",
    ),
    (
        "nothing came, and a page has one row",
        listed(0),
        {"size": 1},
        "1:1 1:1",
        "0 rows; one answer: nothing follows the last row",
    ),
    (
        "nothing came, and nothing follows as the server says",
        listed(0, more=True),
        {"size": 2},
        "1:2 1:1",
        "0 rows; one answer: nothing follows the last row",
    ),
    (
        "nothing came, and nothing is counted",
        listed(0, totals=True),
        {"size": 3},
        "1:3 1:1",
        "0 rows; one answer: total 0",
    ),
    (
        "nothing came, and rows are counted",
        listed(0, claims_too={"total": 10}),
        {"size": 4},
        "1:4 1:4",
        "0 rows; unproved: the server counts 10 rows, 0 came in two passes alike",
    ),
    (
        "nothing came, twice as the user wishes",
        listed(0, more=True),
        {"size": 7, "confirm": True},
        "1:7 1:3 1:7",
        "0 rows; two passes with the same keys",
    ),
    (
        "nothing came, and the question behind it fails",
        listed(0, refused={2: 500}),
        {"size": 10},
        "1:10 1:5 1:2 1:1",
        "0 rows; one answer: nothing follows the last row",
    ),
    (
        "a short page is asked for again with what follows it",
        listed(7),
        {"size": 10},
        "1:10 2:6",
        "7 rows; one answer: nothing follows the last row",
    ),
    (
        "a short page with its count",
        listed(7, totals=True),
        {"size": 10},
        "1:10",
        "7 rows; one answer: total 7",
    ),
    (
        "a short page with its count, twice as the user wishes",
        listed(7, totals=True),
        {"size": 10, "confirm": True},
        "1:10 1:10",
        "7 rows; two passes with the same keys: total 7",
    ),
    (
        "a short page that says it is the last",
        listed(3, UNKNOWN, more=True, first=0),
        {"size": 10, "order": RISING},
        "0:10",
        "3 rows; one answer: the server says that no rows follow",
    ),
    (
        "two rows cannot show an order",
        listed(2, UNKNOWN),
        {"size": 10},
        "1:10 2:2 1:3 1:2 2:2 1:3",
        "2 rows; two passes with the same keys",
    ),
    (
        "a full page with its count is asked behind",
        listed(10, totals=True),
        {"size": 10},
        "1:10 2:10",
        "10 rows; one answer: total 10",
    ),
    (
        "a full page that says it is the last is asked behind",
        listed(10, more=True),
        {"size": 10},
        "1:10 2:10",
        "10 rows; one answer: the server says that no rows follow",
    ),
    (
        "a full page is asked for again with what follows it",
        listed(10),
        {"size": 10},
        "1:10 2:9",
        "10 rows; one answer: nothing follows the last row",
    ),
    (
        "a page as long as a cap is asked behind, whatever its count",
        listed(50, totals=True),
        {"size": 70},
        "1:70 2:50",
        "50 rows; one answer: total 50",
    ),
    (
        "a second page shows the end with its count alone",
        listed(70, totals=True),
        {"size": 60},
        "1:60 2:59",
        "70 rows; overlapping pages in order: total 70",
    ),
    (
        "a cut that calls itself the end",
        listed(60, claims_too={"hasMore": False}, clamp=50),
        {"size": 70},
        "1:70 2:50 1:70 2:50",
        "50 rows; partial: list contradicts itself: it ends after 50 rows, and more follow",
    ),
    (
        "a full page that calls itself the end",
        listed(60, claims_too={"hasMore": False}),
        {"size": 20},
        "1:20 2:20 1:20 2:20",
        "20 rows; partial: list contradicts itself: it ends after 20 rows, and more follow",
    ),
    (
        "a count below the rows there are",
        listed(30, UNKNOWN, claims_too={"total": 20}),
        {"size": 7, "order": RISING},
        "1:7 2:7 3:7 4:7 1:7 2:7 3:7 4:7",
        "21 rows; partial: list contradicts itself: it ends after 21 rows, and more follow",
    ),
    (
        "what is behind a full page cannot be had",
        listed(10, totals=True, refused={2: 500}),
        {"size": 10},
        "1:10 2:10",
        "10 rows; one answer: total 10",
    ),
    (
        "a count above the rows there are",
        listed(12, claims_too={"total": 20}),
        {"size": 10},
        "1:10 2:9 2:10 1:10 2:9 2:10",
        "12 rows; unproved: the server counts 20 rows, 12 came in two passes alike",
    ),
    (
        "a server that always says that rows follow",
        listed(3, claims_too={"hasMore": True}),
        {"size": 10},
        "1:10 2:2 1:3 2:2",
        "3 rows; partial: list contradicts itself: it says that rows follow the last one",
    ),
    # Several pages
    (
        "an order is seen",
        listed(25),
        {"size": 10},
        "1:10 2:9 3:8 3:10 4:8",
        "25 rows; overlapping pages in order",
    ),
    (
        "an order is asked for, and rows are counted",
        listed(25, totals=True, first=0),
        {"size": 10, "order": RISING},
        "0:10 1:9 2:8 2:10",
        "25 rows; overlapping pages in order: total 25",
    ),
    (
        "an order is the other one, and the front is read again",
        listed(25, FALLING, totals=True, first=0),
        {"size": 10, "order": FALLING},
        "0:10 1:9 2:8 2:10 0:10",
        "25 rows; overlapping pages in order: total 25",
    ),
    (
        "no order: two passes",
        listed(25, UNKNOWN),
        {"size": 10},
        "1:10 2:10 3:10 4:8 1:10 2:10 3:10 4:8",
        "25 rows; two passes with the same keys",
    ),
    (
        "an order is asked for and not given",
        listed(25, UNKNOWN, first=0),
        {"size": 10, "order": RISING},
        "0:10 1:10 2:10 3:8 0:10 1:10 2:10 3:8",
        "25 rows; two passes with the same keys",
    ),
    (
        "no order, and each page tells what follows",
        listed(25, UNKNOWN, totals=True, more=True),
        {"size": 10},
        "1:10 2:10 3:10 1:10 2:10 3:10",
        "25 rows; two passes with the same keys: total 25",
    ),
    (
        "newest first is asked for and not given",
        listed(30),
        {"size": 5, "order": FALLING, "stop_when": older_than(18)},
        "1:5 2:4 2:5 3:4 3:5 4:4 4:5 7:3 5:5 7:4 6:5 8:4",
        "30 rows; overlapping pages in order",
    ),
    (
        "newest first, back to the bookmark",
        listed(30, FALLING),
        {"size": 5, "order": FALLING, "stop_when": older_than(18)},
        "1:5 2:4 2:5 3:4 3:5 4:4",
        "16 rows; newest first back to the bookmark",
    ),
    (
        "newest first is seen, back to the bookmark",
        listed(30, FALLING, totals=True),
        {"size": 9, "stop_when": older_than(18)},
        "1:9 2:8 3:7",
        "21 rows; newest first back to the bookmark",
    ),
    (
        "no order: no bookmark ends the walk",
        listed(30, UNKNOWN, totals=True),
        {"size": 5, "order": FALLING, "stop_when": older_than(18)},
        "1:5 2:5 3:5 4:5 5:5 6:5 7:5 1:5 2:5 3:5 4:5 5:5 6:5",
        "30 rows; two passes with the same keys: total 30",
    ),
    (
        "no order: behind a full page is asked once more",
        listed(20, UNKNOWN),
        {"size": 10},
        "1:10 2:10 3:10 3:9 1:10 2:10 3:10 3:9",
        "20 rows; two passes with the same keys",
    ),
    (
        "seven keys in a row are no order yet",
        listed(20),
        {"size": 7},
        "1:7 2:7 3:7 4:6 1:7 2:7 3:7 4:6",
        "20 rows; two passes with the same keys",
    ),
    (
        "eight keys in a row are an order",
        listed(20),
        {"size": 8},
        "1:8 2:7 3:6 3:8 3:8",
        "20 rows; overlapping pages in order",
    ),
    (
        "pages of one row cannot overlap",
        listed(3, totals=True),
        {"size": 1, "order": RISING},
        "1:1 2:1 3:1 4:1 1:1 2:1 3:1",
        "3 rows; two passes with the same keys: total 3",
    ),
    (
        "pages of one row, and nothing tells the end",
        listed(3),
        {"size": 1, "order": RISING},
        "1:1 2:1 3:1 4:1 2:2 1:1 2:1 3:1 4:1 2:2",
        "3 rows; two passes with the same keys",
    ),
    (
        "pages of two rows overlap",
        listed(5, FALLING),
        {"size": 2, "order": FALLING},
        "1:2 1:3 2:2 2:3 3:2 1:2",
        "5 rows; overlapping pages in order",
    ),
    (
        "the last row is out of order",
        standing(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0),
        {"size": 10},
        "1:10 2:9 2:10 1:10 2:10 14:1 2:10",
        "13 rows; two passes with the same keys",
    ),
    (
        "a server that gives seven rows at most",
        listed(20, UNKNOWN, clamp=7, totals=True),
        {"size": 10},
        "1:10 2:7 3:7 1:7 2:7 3:7",
        "20 rows; two passes with the same keys: total 20",
    ),
    (
        "a server that gives seven rows at most, in order",
        listed(20, clamp=7),
        {"size": 10, "order": RISING},
        "1:10 2:6 3:5 3:7 4:6",
        "20 rows; overlapping pages in order",
    ),
    (
        "a server that gives one row at most",
        listed(3, clamp=1),
        {"size": 10, "order": RISING},
        "1:10 2:1 3:1 4:1 2:2 1:1 2:1 3:1 4:1 2:2",
        "3 rows; two passes with the same keys",
    ),
    (
        "a server that gives two rows at most, in order",
        listed(9, clamp=2),
        {"size": 10, "order": RISING},
        "1:10 2:2 3:2 4:2 5:2 10:1 5:2 1:2 2:2 3:2 4:2 5:2 10:1 5:2",
        "9 rows; two passes with the same keys",
    ),
    (
        "a page is cut in the middle",
        listed(25, UNKNOWN, cuts={2: 3}),
        {"size": 10},
        "1:10 2:10 14:1 2:10 3:10 4:8 1:10 2:10 3:10 4:8",
        "25 rows; two passes with the same keys",
    ),
    (
        "a page is cut in the middle, in order",
        listed(25, cuts={2: 3}),
        {"size": 10},
        "1:10 2:9 2:10 3:9 4:8",
        "25 rows; overlapping pages in order",
    ),
    (
        "the first page is cut",
        listed(25, UNKNOWN, cuts={1: 3}),
        {"size": 10},
        (
            "1:10 2:2 2:3 3:3 5:2 6:2 5:3 8:2 6:3 7:3 11:2 8:3 9:3 26:1 9:3 1:3 2:2 2:3 3:3 "
            "5:2 6:2 5:3 8:2 6:3 7:3 11:2 8:3 9:3 26:1 9:3"
        ),
        "25 rows; two passes with the same keys",
    ),
]


@pytest.mark.parametrize(
    ("server", "reading", "requests", "told"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_a_list_that_stands_still(
    server: ListServer, reading: dict[str, Any], requests: str, told: str
) -> None:
    assert (server.account(**reading), server.requests) == (told, requests)
