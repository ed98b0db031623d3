# mypy: disable-error-code="method-assign"
"""All pages of a list without order at once, where its answers count the rows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from list_server import ListServer, listed

from singer_rest.errors import StatusError, TooLargeError
from singer_rest.http.prefetch import Prefetcher
from singer_rest.sources.evidence import IncompleteError
from singer_rest.sources.keys import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.sources.pages import Page

UNKNOWN = Order.UNKNOWN


@pytest.fixture(name="ahead")
def ahead_fixture() -> Iterator[Prefetcher]:
    prefetcher = Prefetcher(4)
    yield prefetcher
    prefetcher.close()


def failing(server: ListServer, fails: Callable[[int, int], Exception | None]) -> ListServer:
    plain = server.fetch

    def fetch(number: int, size: int) -> Page:
        error = fails(number, size)
        if error is not None:
            raise error
        return plain(number, size)

    server.fetch = fetch
    return server


def refusal(status: int) -> StatusError:
    return StatusError("no.", code="X", url="u", status=status, headers={})


def too_large() -> TooLargeError:
    return TooLargeError("too much.", code="TOO-LARGE", url="u")


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("count", [90, 91, 99])
def test_every_page_is_asked_for_once(ahead: Prefetcher, first: int, count: int) -> None:
    server = listed(count, UNKNOWN, totals=True, first=first)
    assert server.account(10, ahead=ahead, repeatable=False).startswith(f"{count} rows; unproved")
    behind = [(first + 9, 10)]  # the last page, or what a full one is asked for behind it
    assert sorted(server.asked) == [(first + page, 10) for page in range(9)] + behind


def test_pages_are_under_way_at_once(ahead: Prefetcher) -> None:
    """The second page to the fifth wait for each other."""
    server = listed(45, UNKNOWN, totals=True)
    together = threading.Barrier(4)

    def wait(number: int, _size: int) -> None:
        if number > 1 and not together.broken:
            together.wait(10)

    failing(server, wait)
    said = server.account(10, ahead=ahead)
    assert said == "45 rows; two passes with the same keys: total 45"


@pytest.mark.parametrize("totals", [True, False])
def test_a_walk_that_may_end_early_asks_for_one_page_ahead(
    ahead: Prefetcher, *, totals: bool
) -> None:
    """Where nothing counts the rows either: how many pages follow is not known."""
    server = listed(45, UNKNOWN, totals=totals)
    written = 0

    def while_written() -> None:
        nonlocal written
        written += 1
        assert len(server.asked) <= written + 1

    server.while_written = while_written
    stop_when = (lambda _page: False) if totals else None
    said = server.account(10, ahead=ahead, stop_when=stop_when, repeatable=False)
    assert said.startswith("45 rows; unproved")


def test_pages_of_another_size_than_asked_for_are_found(ahead: Prefetcher) -> None:
    server = listed(95, UNKNOWN, totals=True, clamp=7)
    assert server.account(10, ahead=ahead, repeatable=False).startswith("95 rows; unproved")
    assert sorted(server.asked) == [(1, 10), *((page, 7) for page in range(2, 15))]


def test_what_a_page_lacks_is_asked_for_before_the_pages_behind_it(ahead: Prefetcher) -> None:
    server = listed(95, UNKNOWN, totals=True)
    plain = server.fetch

    def fetch(number: int, size: int) -> Page:
        page = plain(number, size)
        if (number, size) == (4, 10):
            page.rows = page.rows[:3]
        return page

    server.fetch = fetch
    read, _evidence = server.read(10, ahead=ahead, repeatable=False)
    assert read == server.served()


def test_a_list_that_shrinks_ends_where_it_ends_now(ahead: Prefetcher) -> None:
    """Pages that were asked for behind its end are not taken."""
    server = listed(95, UNKNOWN, totals=True)
    served = server.served()
    server.as_they_stand, server.ids = True, served

    def before_answer() -> None:
        server.ids = served[:50]

    server.before_answer = before_answer
    read, evidence = server.read(10, ahead=ahead, repeatable=False)
    assert (read, evidence.pages) == (served[:50], 5)


@pytest.mark.parametrize("error", [refusal(500), too_large()], ids=["status", "size"])
def test_a_heavy_page_among_those_ahead_is_asked_for_in_halves(
    ahead: Prefetcher, error: Exception
) -> None:
    server = listed(95, UNKNOWN, totals=True)
    failing(server, lambda number, size: error if number * size > 40 and size > 5 else None)
    read, _evidence = server.read(10, ahead=ahead, repeatable=False)
    assert read == server.served()


def test_what_cannot_be_had_in_halves_is_named(ahead: Prefetcher) -> None:
    """Page 5 in ten rows, then page 15 in five: both while others are under way."""
    server = listed(95, UNKNOWN, totals=True)
    failing(
        server,
        lambda number, size: refusal(500) if number * size > (40 if size == 10 else 70) else None,
    )
    with pytest.raises(IncompleteError, match=r"Page 15 of list cannot be had"):
        server.read(10, ahead=ahead)


def test_a_refusal_among_pages_ahead_comes_after_the_pages_before_it(ahead: Prefetcher) -> None:
    server = listed(95, UNKNOWN, totals=True)
    failing(server, lambda number, _size: refusal(403) if number == 5 else None)
    written: list[int] = []
    server.while_written = lambda: written.append(1)
    with pytest.raises(StatusError):
        server.read(10, ahead=ahead)
    assert len(written) == 4
