"""Which pages are asked for again when rows come and go, and what is proved then."""

from __future__ import annotations

from typing import Any

import pytest
from list_server import ListServer, listed

from singer_rest.sources.keys import Order

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING
Case = tuple[str, ListServer, dict[str, Any], str, str]
"""A name; the list; how it is read; the requests as page:size; rows and proof."""


def come(*ids: int) -> str:
    return " ".join(f"+{one}" for one in ids)


def go(*ids: int) -> str:
    return " ".join(f"-{one}" for one in ids)


CASES: list[Case] = [
    (
        "nothing came at first, and rows when asked again",
        listed(0, changes={2: "+1 +2"}),
        {"size": 10},
        "1:10 1:5 1:10 2:2 1:3 1:2 2:2 1:3",
        "2 rows; two passes with the same keys",
    ),
    (
        "rows of the first page go, and the walk steps back",
        listed(30, totals=True, changes={2: "-3 -27"}),
        {"size": 10, "order": RISING},
        "1:10 2:9 1:10 2:9 3:8 3:10",
        "29 rows; overlapping pages in order: total 28",
    ),
    (
        "rows of the first page go from a falling list",
        listed(30, FALLING, changes={2: "-3 -27"}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 1:10 2:9 3:8 3:10 4:9 1:10",
        "29 rows; overlapping pages in order",
    ),
    (
        "rows of the first page go, and no order tells",
        listed(30, UNKNOWN, changes={2: "-3 -27"}),
        {"size": 10, "order": RISING},
        "1:10 2:10 3:10 4:9 1:10 2:10 3:10 4:9 1:10 2:10 3:10 4:9",
        "29 rows; two passes with the same keys",
    ),
    (
        "most rows go, and each step back is twice as far",
        listed(60, totals=True, changes={4: go(*range(20), *range(40, 58))}),
        {"size": 10, "order": RISING},
        "1:10 2:9 3:8 3:10 2:9 1:10 2:9 3:8",
        "42 rows; overlapping pages in order: total 22",
    ),
    (
        "most rows go from a falling list",
        listed(60, FALLING, changes={4: go(*range(20), *range(40, 58))}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 3:8 3:10 2:9 1:10 2:9 3:8 3:10 1:10",
        "40 rows; overlapping pages in order",
    ),
    (
        "all rows go",
        listed(30, totals=True, changes={3: go(*range(30))}),
        {"size": 10, "order": RISING},
        "1:10 2:9 3:8 2:7 1:10 1:5",
        "18 rows; overlapping pages in order: total 0",
    ),
    (
        "all rows go, and no order tells",
        listed(30, UNKNOWN, changes={3: go(*range(30))}),
        {"size": 10, "order": RISING},
        "1:10 2:10 3:10 3:9 1:10",
        "20 rows; page below a known cap",
    ),
    (
        "all rows go but the last ones",
        listed(30, changes={3: go(*range(15), *range(18, 30))}),
        {"size": 10, "order": RISING},
        "1:10 2:9 3:8 2:7 1:10 1:3 2:2",
        "18 rows; one answer: nothing follows the last row",
    ),
    (
        "rows come at the end",
        listed(25, changes={3: come(*range(70, 82))}),
        {"size": 10, "order": RISING},
        "1:10 2:9 3:8 3:10 4:9 6:7 5:9",
        "37 rows; overlapping pages in order",
    ),
    (
        "rows come at the front, which is read until a row is known",
        listed(25, FALLING, changes={3: come(*range(70, 82))}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 3:8 3:10 4:9 6:7 5:9 1:10 2:10",
        "37 rows; overlapping pages in order",
    ),
    (
        "rows come somewhere",
        listed(25, UNKNOWN, totals=True, changes={3: come(*range(70, 82))}),
        {"size": 10, "order": RISING},
        "1:10 2:10 3:10 4:10 1:10 2:10 3:10 4:10 1:10 2:10 3:10 4:10",
        "37 rows; two passes with the same keys: total 37",
    ),
    (
        "rows come and go",
        listed(25, FALLING, totals=True, changes={2: "+70", 3: "-70 -2", 4: "+80"}),
        {"size": 7, "order": FALLING},
        "1:7 2:6 3:5 3:7 5:5 6:5 1:7",
        "25 rows; overlapping pages in order: total 25",
    ),
    (
        "rows come and go, and no order tells",
        listed(25, UNKNOWN, totals=True, changes={2: "+70", 3: "-70 -2", 4: "+80"}),
        {"size": 7, "order": RISING},
        "1:7 2:7 3:7 4:7 1:7 2:7 3:7 4:7 1:7 2:7 3:7 4:7",
        "26 rows; two passes with the same keys: total 25",
    ),
    (
        "pages of rows come at the front",
        listed(25, FALLING, changes={4: come(*range(70, 95))}),
        {"size": 10, "order": FALLING},
        (
            "1:10 2:9 3:8 3:10 2:9 1:10 2:10 3:10 4:10 5:10 6:10 7:8 1:10 2:10 3:10 4:10 5:10 "
            "6:10 7:8"
        ),
        "55 rows; two passes with the same keys",
    ),
    (
        "a row comes at the end of a list without order",
        listed(25, UNKNOWN, as_they_stand=True, changes={2: "+99"}),
        {"size": 5},
        "1:5 2:5 3:5 4:5 5:5 6:5 14:2 6:5 1:5 2:5 3:5 4:5 5:5 6:5 14:2 6:5",
        "26 rows; two passes with the same keys",
    ),
    (
        "a page of rows comes at the front, and known ones fill the second page",
        listed(20, FALLING, changes={2: come(*range(70, 80))}),
        {"size": 10},
        "1:10 2:9 1:10 2:10 1:10 3:10 4:10 4:9 1:10 2:10 3:10 4:10 4:9",
        "30 rows; two passes with the same keys",
    ),
    (
        "a page of rows comes at the front, pages from 0",
        listed(20, FALLING, first=0, changes={2: come(*range(70, 80))}),
        {"size": 10, "order": FALLING},
        "0:10 1:9 0:10 1:10 0:10 2:10 3:10 3:9 0:10 1:10 2:10 3:10 3:9",
        "30 rows; two passes with the same keys",
    ),
    (
        "two pages of rows come at the front, and no order is seen yet",
        listed(20, FALLING, changes={2: come(*range(70, 80))}),
        {"size": 5},
        (
            "1:5 2:5 3:5 1:5 4:5 5:5 6:5 7:5 8:4 1:5 2:5 3:5 4:5 5:5 6:5 7:5 8:4 1:5 2:5 3:5 "
            "4:5 5:5 6:5 7:5 8:4"
        ),
        "30 rows; two passes with the same keys",
    ),
    (
        "the last rows go before the end is shown",
        listed(25, changes={4: "-24 -23 -22"}),
        {"size": 10, "order": RISING},
        "1:10 2:9 3:8 3:10 4:10 1:10 2:9 3:8 3:10",
        "24 rows; overlapping pages in order",
    ),
    (
        "the last row goes at the end",
        listed(25, UNKNOWN, changes={4: "-24"}),
        {"size": 10},
        "1:10 2:10 3:10 4:8 3:10 1:10 2:10 3:10 4:8 3:10 1:10 2:10 3:10 4:8 3:10",
        "25 rows; two passes with the same keys",
    ),
    (
        "all rows go before the front is read again",
        listed(12, FALLING, totals=True, changes={3: go(*range(12))}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 1:10",
        "12 rows; overlapping pages in order: total 0",
    ),
    (
        "nothing is left at the front",
        listed(12, FALLING, changes={4: go(*range(12))}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 2:10 1:10",
        "12 rows; overlapping pages in order",
    ),
    (
        "a row comes before the front is read again",
        listed(12, FALLING, totals=True, changes={3: "+70"}),
        {"size": 10, "order": FALLING},
        "1:10 2:9 1:10",
        "13 rows; overlapping pages in order: total 13",
    ),
    (
        "a row goes where the end is looked for",
        listed(25, UNKNOWN, cuts={2: 3}, changes={4: "-13"}),
        {"size": 10},
        "1:10 2:10 14:1 2:10 3:10 4:8 3:10 1:10 2:10 3:10 4:8 3:10",
        "24 rows; two passes with the same keys",
    ),
]


@pytest.mark.parametrize(
    ("server", "reading", "requests", "told"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_a_list_that_moves(
    server: ListServer, reading: dict[str, Any], requests: str, told: str
) -> None:
    assert (server.account(**reading), server.requests) == (told, requests)


@pytest.mark.parametrize(("steps", "told"), [(80, "complete"), (81, "rows moved up 81 times.")])
def test_a_list_that_moves_too_often_is_given_up(steps: int, told: str) -> None:
    """Whenever the second page is asked for, one more row of the first has gone."""
    server = listed(120, changes={2 * step: go(step) for step in range(1, steps + 1)})
    said = server.account(10, order=RISING)
    if told == "complete":
        assert said == "120 rows; overlapping pages in order"
    else:
        assert said == f"list changes faster than it can be read: {told}"
        assert server.requests == " ".join(["1:10 2:9"] * steps)


@pytest.mark.parametrize(
    ("deep", "steps", "requests"),
    [
        (400, 8, "1:10 2:9 3:8 3:10"),
        (410, 9, "1:10 2:10 3:10 1:10 2:10 3:10 1:10 2:10 3:10"),
    ],
)
def test_a_walk_that_finds_nothing_it_knows_begins_again(
    deep: int, steps: int, requests: str
) -> None:
    """After nine steps back in a row pages are not where they are asked for: none overlaps then."""
    changes = f"{go(*range(5_000))} {come(*range(7_000, 7_025))}"
    server = listed(5_000, totals=True, changes={deep: changes})
    server.account(10, order=RISING)
    assert " ".join(server.requests.split()[deep + steps - 1 :]) == requests


@pytest.mark.parametrize(("come_at_the_front", "pages"), [(150, 76), (500, 80)])
def test_a_front_that_grows_for_ever_is_read_to_an_end(come_at_the_front: int, pages: int) -> None:
    quiet = listed(4, FALLING)
    quiet.account(2, order=FALLING)
    front = len(quiet.asked)
    server = listed(4, FALLING, changes={front: come(*range(10, 10 + come_at_the_front))})
    server.account(2, order=FALLING)
    assert server.asked[front - 1 :] == [(number, 2) for number in range(1, pages + 1)]
