"""The walk never loses a row that is there all the time, whatever else moves."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singer_rest.errors import StatusError, TooLargeError
from singer_rest.http.exchange import Reply
from singer_rest.http.json_body import Repairs
from singer_rest.http.prefetch import Prefetcher
from singer_rest.sources.evidence import Evidence, IncompleteError, LoopError
from singer_rest.sources.pages import Meta, Page, PageWalk, overlapping_size

Row = dict[str, Any]


class Server:
    """A list served by page number, which may change between two requests."""

    def __init__(self, ids: list[int], *, totals: bool = False) -> None:
        self.ids = sorted(ids)
        self.totals = totals
        self.asked: list[tuple[int, int]] = []
        self.before_answer: Any = lambda: None

    def fetch(self, number: int, size: int) -> Page:
        self.asked.append((number, size))
        if len(self.asked) > 1:
            self.before_answer()
        start = (number - 1) * size
        rows = [{"id": i} for i in self.ids[start : start + size]]
        more = len(self.ids) > start + size
        body = {"more": more, "total": len(self.ids)}
        return Page(rows, Reply(200, {}, body, "http://x", 1.0, 0, Repairs()))

    def meta(self, page: Page) -> Meta:
        body = page.reply.body
        return Meta(more=body["more"], total=body["total"] if self.totals else None)

    def walk(self, size: int, **more: Any) -> tuple[list[int], Evidence]:
        evidence = Evidence()
        options = {"key": lambda row: row["id"], **more}
        pages = PageWalk(
            where="list", fetch=self.fetch, meta=self.meta, size=size, evidence=evidence, **options
        ).pages()
        return [row["id"] for page in pages for row in page.rows], evidence


@given(st.integers(1, 5000), st.integers(1, 120))
def test_an_overlapping_page_holds_the_row_before_and_new_ones(position: int, limit: int) -> None:
    size = overlapping_size(position, limit)
    number = (position - 1) // size
    assert number * size <= position - 1 < position < (number + 1) * size
    assert size <= max(limit, 11)  # no number up to 5000 is a multiple of everything up to 11


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 400), st.integers(1, 40), st.randoms(use_true_random=False))
def test_no_row_is_lost_while_others_come_and_go(
    count: int, size: int, chance: random.Random
) -> None:
    server = Server(list(range(0, count * 2, 2)))
    stays = set(server.ids)
    changes = 12

    def change() -> None:
        nonlocal changes
        if not changes or chance.random() < 0.5:
            return
        changes -= 1
        if server.ids and chance.random() < 0.6:
            stays.discard(server.ids.pop(chance.randrange(len(server.ids))))
        else:
            server.ids = sorted({*server.ids, chance.randrange(1, 2 * count + 50, 2)})

    server.before_answer = change
    read, evidence = server.walk(size, overlap=True)
    assert stays <= set(read)
    assert len(read) == len(set(read))
    assert evidence.received == len(read)
    assert evidence.problems == []


@given(st.integers(0, 300), st.integers(1, 30))
def test_a_quiet_list_is_read_in_order(count: int, size: int) -> None:
    server = Server(list(range(count)))
    read, evidence = server.walk(size, overlap=True)
    assert read == list(range(count))
    assert (evidence.duplicates, evidence.problems) == (0, [])


def test_overlap_costs_little() -> None:
    server = Server(list(range(10_000)))
    server.walk(100, overlap=True)
    assert len(server.asked) <= 115


def test_totals_make_a_shrinking_list_be_read_again() -> None:
    server = Server(list(range(100)), totals=True)
    victims = [5]

    def change() -> None:
        if victims:
            server.ids.remove(victims.pop())

    server.before_answer = change
    read, evidence = server.walk(10)
    assert set(range(100)) - {5} <= set(read)
    assert evidence.rereads == 1
    assert evidence.outcome.value == "complete"


def test_a_list_that_never_stands_still_is_partial() -> None:
    server = Server(list(range(100)), totals=True)
    server.before_answer = lambda: server.ids.pop(0)
    _read, evidence = server.walk(10)
    assert evidence.outcome.value == "partial"


def test_fewer_rows_than_the_server_counts_are_partial() -> None:
    server = Server(list(range(30)), totals=True)
    server.meta = lambda page: Meta(more=page.reply.body["more"], total=31)  # type: ignore[method-assign]
    _read, evidence = server.walk(10)
    assert evidence.outcome.value == "partial"
    assert "31" in evidence.problems[0]


@pytest.mark.parametrize("overlap", [True, False])
def test_a_server_that_ignores_the_page_is_caught(overlap: bool) -> None:  # noqa: FBT001
    server = Server(list(range(10)))
    first = server.fetch(1, 10)
    with pytest.raises(LoopError, match="same page again"):
        list(
            PageWalk(
                where="list",
                fetch=lambda _number, _size: first,
                meta=lambda _page: Meta(more=True),
                size=10,
                evidence=Evidence(),
                key=lambda row: row["id"],
                overlap=overlap,
            ).pages()
        )


@pytest.mark.parametrize("workers", [1, 4])
def test_pages_ahead_come_in_order_and_follow_growth(workers: int) -> None:
    server = Server(list(range(95)), totals=True)

    def grow() -> None:
        if len(server.ids) < 120:
            server.ids.append(server.ids[-1] + 1)

    server.before_answer = grow
    prefetch = Prefetcher(workers)
    try:
        read, evidence = server.walk(10, ahead=prefetch)
    finally:
        prefetch.close()
    assert read[:95] == list(range(95))
    assert evidence.problems == []


def fault(status: int) -> StatusError:
    return StatusError("no.", code="X", url="u", status=status, headers={})


@pytest.mark.parametrize("overlap", [True, False])
def test_a_heavy_page_is_asked_for_in_halves(overlap: bool) -> None:  # noqa: FBT001
    server = Server(list(range(100)), totals=True)
    plain = server.fetch

    def fetch(number: int, size: int) -> Page:
        if size > 10:
            raise TooLargeError("too much.", code="TOO-LARGE", url="u")
        return plain(number, size)

    server.fetch = fetch  # type: ignore[method-assign]
    read, _tally = server.walk(20, overlap=overlap)
    assert read == list(range(100))


def test_a_page_that_cannot_be_had_makes_the_list_partial() -> None:
    server = Server(list(range(100)))
    plain = server.fetch

    def fetch(number: int, size: int) -> Page:
        if number * size >= 50:
            raise fault(500)
        return plain(number, size)

    server.fetch = fetch  # type: ignore[method-assign]
    with pytest.raises(IncompleteError, match="half the size"):
        server.walk(20)


def test_a_refusal_is_not_taken_for_a_heavy_page() -> None:
    server = Server([1])

    def fetch(number: int, size: int) -> Page:
        del number, size
        raise fault(403)

    server.fetch = fetch  # type: ignore[method-assign]
    with pytest.raises(StatusError):
        server.walk(20)
