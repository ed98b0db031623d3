# mypy: disable-error-code="method-assign,assignment"
"""Pages that are asked for ahead, and pages that are too heavy."""

from __future__ import annotations

import itertools
import threading

import pytest
from list_server import ListServer

from singer_rest.errors import Outcome, StatusError, TooLargeError
from singer_rest.http.prefetch import Prefetcher
from singer_rest.sources.evidence import IncompleteError
from singer_rest.sources.keys import Order
from singer_rest.sources.pages import Page

UNKNOWN, RISING, FALLING = Order.UNKNOWN, Order.RISING, Order.FALLING


@pytest.mark.parametrize("workers", [1, 4])
def test_pages_ahead_come_in_order_and_follow_growth(workers: int) -> None:
    server = ListServer(list(range(95)), UNKNOWN, totals=True)
    first = server.served()
    prefetch = Prefetcher(workers)
    try:
        read, evidence = server.read(10, ahead=prefetch)
    finally:
        prefetch.close()
    assert read == first
    assert evidence.outcome is Outcome.COMPLETE


@pytest.mark.parametrize("totals", [False, True])
@pytest.mark.parametrize("order", [RISING, FALLING])
def test_the_next_page_is_under_way_while_one_is_written(order: Order, *, totals: bool) -> None:
    """The same requests in the same order, one page ahead and never more."""
    plain = ListServer(list(range(150)), order, totals=totals)
    expected, _evidence = plain.read(20, order=order)
    server = ListServer(list(range(150)), order, totals=totals)
    begun: dict[int, threading.Event] = {n: threading.Event() for n in range(len(plain.asked))}
    at_once, written = server.fetch, itertools.count(1)
    fronts = 1 if order is FALLING else 0  # read again at the end, when nothing is to be written

    def fetch(number: int, size: int) -> Page:
        begun[len(server.asked)].set()
        return at_once(number, size)

    def while_written() -> None:
        page = next(written)
        if page < len(plain.asked) - fronts:
            assert begun[page].wait(30)
        assert len(server.asked) <= page + 1

    server.fetch, server.while_written = fetch, while_written
    prefetch = Prefetcher(2)
    try:
        read, evidence = server.read(20, order=order, ahead=prefetch)
    finally:
        prefetch.close()
    assert (read, server.asked) == (expected, plain.asked)
    assert evidence.outcome is Outcome.COMPLETE


def test_a_page_asked_for_ahead_fails_where_it_is_wanted() -> None:
    server = ListServer(list(range(100)))
    plain, seen = server.fetch, []

    def fetch(number: int, size: int) -> Page:
        if len(server.asked) == 3:
            raise refusal(403)
        return plain(number, size)

    server.fetch, server.while_written = fetch, lambda: seen.append(1)
    prefetch = Prefetcher(2)
    with pytest.raises(StatusError):
        server.read(20, order=RISING, ahead=prefetch)
    prefetch.close()
    assert len(seen) == 3


def refusal(status: int) -> StatusError:
    return StatusError("no.", code="X", url="u", status=status, headers={})


@pytest.mark.parametrize("order", [UNKNOWN, RISING])
def test_a_heavy_page_is_asked_for_in_halves(order: Order) -> None:
    server = ListServer(list(range(100)), totals=True)
    plain = server.fetch

    def fetch(number: int, size: int) -> Page:
        if size > 10:
            raise TooLargeError("too much.", code="TOO-LARGE", url="u")
        return plain(number, size)

    server.fetch = fetch
    read, _evidence = server.read(20, order=order)
    assert read == list(range(100))


def test_a_page_that_cannot_be_had_makes_the_list_partial() -> None:
    server = ListServer(list(range(100)))
    plain = server.fetch

    def fetch(number: int, size: int) -> Page:
        if number * size >= 50:
            raise refusal(500)
        return plain(number, size)

    server.fetch = fetch
    with pytest.raises(IncompleteError, match="half the size"):
        server.read(20)


def test_a_refusal_is_not_taken_for_a_heavy_page() -> None:
    server = ListServer([1])

    def fetch(number: int, size: int) -> Page:
        del number, size
        raise refusal(403)

    server.fetch = fetch
    with pytest.raises(StatusError):
        server.read(20)
