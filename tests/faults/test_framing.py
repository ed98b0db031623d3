"""Answers that end otherwise than they say, and answers that nobody asked for.

However an answer is framed, its stream has every row once or is not complete.
"""

from __future__ import annotations

import dataclasses
import gzip
import itertools
from collections.abc import Callable

import pytest

from .runner import Runner
from .server import Exchange, Reply
from .stage import SMALL, Stage

INCIDENTS = "/api/incidents"
Framing = Callable[[Exchange, Reply], None]


def _old(good: Reply, body: bytes) -> bytes:
    """Return an answer of HTTP/1.0, which ends where the connection does."""
    return good.head(None).replace(b"HTTP/1.1", b"HTTP/1.0", 1) + body


def _with(good: Reply, *headers: tuple[str, str]) -> Reply:
    return dataclasses.replace(good, headers=(*good.headers, *headers))


def old_and_whole(exchange: Exchange, good: Reply) -> None:
    exchange.send(_old(good, good.body))
    exchange.close()


def old_and_cut(exchange: Exchange, good: Reply) -> None:
    exchange.send(_old(good, good.body[: len(good.body) // 2]))
    exchange.close()


def old_and_cut_within_its_zip(exchange: Exchange, good: Reply) -> None:
    body = gzip.compress(good.body)
    exchange.send(_old(_with(good, ("Content-Encoding", "gzip")), body[: len(body) // 2]))
    exchange.close()


def closed_instead_of_counted(exchange: Exchange, good: Reply) -> None:
    exchange.send(_with(good, ("Connection", "close")).head(None) + good.body)
    exchange.close()


def counted_too_short(exchange: Exchange, good: Reply) -> None:
    exchange.send(good.head(len(good.body) - 9) + good.body)


def counted_too_long(exchange: Exchange, good: Reply) -> None:
    exchange.send(good.head(len(good.body) + 9) + good.body)
    exchange.close()


def counted_twice(exchange: Exchange, good: Reply) -> None:
    more = _with(good, ("Content-Length", str(len(good.body) // 2)))
    exchange.send(more.head(len(good.body)) + good.body)
    exchange.close()


def chunks_without_their_end(exchange: Exchange, good: Reply) -> None:
    head = _with(good, ("Transfer-Encoding", "chunked")).head(None)
    exchange.send(head + b"%x\r\n%s\r\n" % (len(good.body), good.body))
    exchange.close()


def chunks_that_end_early(exchange: Exchange, good: Reply) -> None:
    head = _with(good, ("Transfer-Encoding", "chunked")).head(None)
    half = len(good.body) // 2
    exchange.send(head + b"%x\r\n%s\r\n0\r\n\r\n" % (half, good.body[:half]))


def chunks_and_a_count(exchange: Exchange, good: Reply) -> None:
    head = _with(good, ("Transfer-Encoding", "chunked")).head(len(good.body) // 2)
    exchange.send(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(good.body), good.body))
    exchange.close()


def zipped_without_saying_so(exchange: Exchange, good: Reply) -> None:
    exchange.reply(dataclasses.replace(good, body=gzip.compress(good.body)))


def zipped_in_two(exchange: Exchange, good: Reply) -> None:
    half = len(good.body) // 2
    body = gzip.compress(good.body[:half]) + gzip.compress(good.body[half:])
    exchange.reply(dataclasses.replace(_with(good, ("Content-Encoding", "gzip")), body=body))


def zipped_without_its_trailer(exchange: Exchange, good: Reply) -> None:
    body = gzip.compress(good.body)[:-8]
    exchange.reply(dataclasses.replace(_with(good, ("Content-Encoding", "gzip")), body=body))


def a_word_before(exchange: Exchange, good: Reply) -> None:
    exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
    exchange.reply(good)


def another_answer_behind(exchange: Exchange, good: Reply) -> None:
    """The next request on this connection would get it."""
    empty = dataclasses.replace(good, body=b'{"data": [], "links": {}, "meta": {}}')
    exchange.send(good.head(len(good.body)) + good.body + empty.head(len(empty.body)) + empty.body)


def the_answer_before(exchange: Exchange, good: Reply) -> None:
    """A connection that is out of step: what was asked last time."""
    kept: list[Reply] = exchange.server.__dict__.setdefault("kept", [])
    kept.append(good)
    exchange.reply(kept[-2] if len(kept) > 1 else good)


WHOLE: tuple[Framing, ...] = (
    old_and_whole,
    closed_instead_of_counted,
    zipped_in_two,
    another_answer_behind,
    a_word_before,
)
OTHERS: tuple[Framing, ...] = (
    old_and_cut,
    old_and_cut_within_its_zip,
    counted_too_short,
    counted_too_long,
    counted_twice,
    chunks_without_their_end,
    chunks_that_end_early,
    chunks_and_a_count,
    zipped_without_saying_so,
    zipped_without_its_trailer,
    the_answer_before,
)


@pytest.mark.parametrize("always", [True, False], ids=["always", "once"])
@pytest.mark.parametrize("framing", [*WHOLE, *OTHERS], ids=lambda one: one.__name__)
def test_however_an_answer_is_framed(tap: Runner, framing: Framing, *, always: bool) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=40)) as stage:
        turn = itertools.count()

        def answer(exchange: Exchange) -> None:
            good = exchange.whole()
            if always or next(turn) == 1:
                framing(exchange, good)
            else:
                exchange.reply(good)

        stage.script(INCIDENTS, forever=answer)
        run = tap(stage.config(page_size=10, max_retries=1), select=["incidents"])
        expected = stage.ids("incidents")
    ids = run.ids("incidents")
    assert len(ids) == len(set(ids)), "no row twice"
    assert set(ids) <= expected, "none that is not there"
    assert run.code == 0 or run.activated == []
    assert run.code or set(ids) == expected
    if framing in WHOLE or not (always or framing is the_answer_before):
        assert run.code == 0, run.last
