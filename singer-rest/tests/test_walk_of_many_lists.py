"""What the lists of one route cost together: what each shows of its caps spares requests."""

from __future__ import annotations

from typing import Any

import pytest
from list_server import ListServer

from singer_rest.sources.keys import LearnedCap, Order

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING
Case = tuple[str, list[int], dict[str, Any], dict[str, Any], list[str]]
"""A name; the rows of each list; how they are served; how they are read; the requests for each."""

CASES: list[Case] = [
    (
        "empty lists are asked twice until one was",
        [0, 0, 0],
        {"order": RISING},
        {"size": 10},
        ["1:10 1:5", "1:10", "1:10"],
    ),
    (
        "empty lists that say nothing follows",
        [5, 0, 0],
        {"order": RISING, "more": True},
        {"size": 10},
        ["1:10", "1:10 1:5", "1:10"],
    ),
    (
        "empty lists with their count",
        [5, 0, 0],
        {"order": RISING, "totals": True},
        {"size": 10},
        ["1:10", "1:10", "1:10"],
    ),
    (
        "lists of one row",
        [1, 1, 1, 2, 0],
        {"order": RISING},
        {"size": 10},
        ["1:10 2:1 1:2 1:1 2:1 1:2", "1:10", "1:10", "1:10 2:2 1:3 1:2 2:2 1:3", "1:10"],
    ),
    (
        "lists of one row a page",
        [0, 0, 1, 1],
        {"order": RISING},
        {"size": 1},
        ["1:1 1:1", "1:1", "1:1 2:1 1:2 1:1 2:1 1:2", "1:1 2:1 1:2 1:1 2:1 1:2"],
    ),
    (
        "a cut is no end, though a list is as long",
        [20, 7, 20],
        {"order": RISING, "clamp": 7},
        {"size": 10},
        [
            "1:10 2:6 3:5 3:7 5:5 4:6 1:7 2:6 3:5 3:7 5:5 4:6",
            "1:10 2:6",
            "1:10 2:6 3:5 3:7 5:5 4:6 1:7 2:6 3:5 3:7 5:5 4:6",
        ],
    ),
    (
        "a cut of two pages is no end",
        [10, 7, 10],
        {"order": RISING, "clamp": 7},
        {"size": 10},
        ["1:10 2:6 3:5 2:7 1:7 2:6 3:5 2:7", "1:10 2:6", "1:10 2:6 3:5 2:7 1:7 2:6 3:5 2:7"],
    ),
    (
        "a list below or as long as a known one costs one request",
        [7, 7, 8, 7, 3],
        {"order": RISING},
        {"size": 10},
        ["1:10 2:6", "1:10", "1:10 2:7", "1:10", "1:10"],
    ),
    (
        "a full page is asked behind",
        [10, 10, 3, 10],
        {"order": RISING},
        {"size": 10},
        ["1:10 2:9", "1:10 2:9", "1:10", "1:10 2:9"],
    ),
    (
        "the longest list so far is asked behind",
        [3, 5, 4, 5, 6, 0],
        {"order": UNKNOWN},
        {"size": 10},
        ["1:10 2:2", "1:10 2:4", "1:10", "1:10", "1:10 2:5", "1:10"],
    ),
    (
        "a list as long as a first page that went on",
        [13, 8, 8, 7],
        {"order": RISING, "clamp": 8},
        {"size": 9},
        ["1:9 2:7 3:6", "1:9 2:7", "1:9 2:7", "1:9"],
    ),
    (
        "lists with their count",
        [12, 10, 3, 0, 50],
        {"order": RISING, "totals": True},
        {"size": 60},
        ["1:60", "1:60", "1:60", "1:60", "1:60 2:50"],
    ),
]


@pytest.mark.parametrize(
    ("counts", "served", "reading", "requests"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_lists_of_one_route(
    counts: list[int], served: dict[str, Any], reading: dict[str, Any], requests: list[str]
) -> None:
    cap, asked = LearnedCap(), []
    for count in counts:
        server = ListServer(list(range(count)), **served)
        assert server.account(**reading, cap=cap).startswith(f"{count} rows; ")
        asked.append(server.requests)
    assert asked == requests
