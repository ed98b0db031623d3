"""What a scripted route can answer: good, bad, and broken on the way."""

from __future__ import annotations

import dataclasses
import gzip
import json
import threading
import zlib
from typing import TYPE_CHECKING, Any

from .server import ClientGoneError, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from .server import Answer, Exchange

JSON = "application/json"
LOGIN_PAGE = b"<!doctype html><html><head><title>Log in</title></head><body>Log in</body></html>"


def raw(
    status: int = 200, body: bytes = b"", content_type: str | None = JSON, **headers: str
) -> Answer:
    """Answer these bytes; ``retry_after="1"`` becomes the header ``Retry-After``."""
    pairs = [("Content-Type", content_type)] if content_type else []
    pairs += [(name.replace("_", "-").title(), value) for name, value in headers.items()]
    reply = Reply(status, tuple(pairs), body)
    return lambda exchange: exchange.reply(reply)


def status(code: int, body: Any = None, **headers: str) -> Answer:
    """Answer a status, with a JSON body if one is given."""
    return raw(code, b"" if body is None else json.dumps(body).encode(), **headers)


def data(value: Any, code: int = 200, **headers: str) -> Answer:
    """Answer a value as JSON."""
    return raw(code, json.dumps(value).encode(), **headers)


def html(code: int = 200, body: bytes = LOGIN_PAGE) -> Answer:
    """Answer a web page."""
    return raw(code, body, "text/html; charset=utf-8")


def redirect(target: str, code: int = 302) -> Answer:
    """Send the client elsewhere."""
    return raw(code, b"", None, location=target)


def whole() -> Answer:
    """Answer what the fallback answers: nothing is wrong with this one."""
    return lambda exchange: exchange.reply(exchange.whole())


def changed(change: Callable[[bytes], bytes], **headers: str) -> Answer:
    """Answer the fallback's body after a change, correctly framed."""

    def answer(exchange: Exchange) -> None:
        good = exchange.whole()
        pairs = [pair for pair in good.headers if pair[0].lower() not in lowered]
        pairs += [(name.replace("_", "-").title(), value) for name, value in headers.items()]
        exchange.reply(Reply(good.status, tuple(pairs), change(good.body)))

    lowered = {name.replace("_", "-").lower() for name in headers}
    return answer


def edited(edit: Callable[[Any], Any]) -> Answer:
    """Answer the fallback's JSON after an edit in place (or a value to send instead)."""

    def change(body: bytes) -> bytes:
        value = json.loads(body)
        result = edit(value)
        return json.dumps(value if result is None else result).encode()

    return changed(change)


def short(missing: int = 10) -> Answer:
    """Announce more bytes than are sent."""

    def answer(exchange: Exchange) -> None:
        good = exchange.whole()
        exchange.send(good.head(len(good.body)) + good.body[:-missing])
        exchange.close()

    return answer


def reset_in_body() -> Answer:
    """Break the connection off in the middle of the body."""

    def answer(exchange: Exchange) -> None:
        good = exchange.whole()
        exchange.send(good.head(len(good.body)) + good.body[: len(good.body) // 2])
        exchange.reset()

    return answer


def hang_up() -> Answer:
    """Close the connection without a byte."""
    return lambda exchange: exchange.close()


def chunked(*, broken: bool = False) -> Answer:
    """Send the body in chunks; broken ends with a size that is no number."""

    def answer(exchange: Exchange) -> None:
        good = exchange.whole()
        head = dataclasses.replace(good, headers=(*good.headers, ("Transfer-Encoding", "chunked")))
        half = len(good.body) // 2
        exchange.send(head.head(None))
        exchange.send(b"%x\r\n%s\r\n" % (half, good.body[:half]))
        if broken:
            exchange.send(b"zz\r\n" + good.body[half:])
            exchange.close()
        else:
            rest = good.body[half:]
            exchange.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest))

    return answer


def silence() -> Answer:
    """Never answer."""

    def answer(exchange: Exchange) -> None:
        while True:
            exchange.pause(0.05)

    return answer


def drip(pause: float = 0.05) -> Answer:
    """Send a body without end, a byte at a time."""

    def answer(exchange: Exchange) -> None:
        exchange.send(Reply(200, (("Content-Type", JSON),)).head(1 << 30))
        while True:
            exchange.send(b" ")
            exchange.pause(pause)

    return answer


def drip_head(pause: float = 0.05) -> Answer:
    """Send headers without end, a byte at a time."""

    def answer(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            exchange.send(b"a")
            exchange.pause(pause)

    return answer


def drip_chunk_size(pause: float = 0.05) -> Answer:
    """Send the size line of a chunk without end."""

    def answer(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            exchange.send(b"0")
            exchange.pause(pause)

    return answer


def held(gate: threading.Event) -> Answer:
    """Answer correctly, but only once a gate opens."""

    def answer(exchange: Exchange) -> None:
        while not gate.is_set():
            exchange.pause(0.02)
        exchange.reply(exchange.whole())

    return answer


def gzipped() -> Answer:
    """Answer what the fallback answers, packed."""
    return changed(gzip.compress, content_encoding="gzip")


def bad_gzip() -> Answer:
    """Say gzip and send something else."""
    return changed(lambda body: b"\x1f\x8b" + body, content_encoding="gzip")


def bomb(megabytes: int) -> Answer:
    """Answer a small body that unpacks to a very large one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    body = b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
    return raw(200, body, content_encoding="gzip")


def unless_identity(packed: Answer) -> Answer:
    """Answer packed, but whole to a client that asks for ``identity``."""

    def answer(exchange: Exchange) -> None:
        if exchange.seen.header("accept-encoding") == "identity":
            exchange.reply(exchange.whole())
        else:
            packed(exchange)

    return answer


def when(condition: Callable[[Any], bool], then: Answer) -> Answer:
    """Answer by a script where a condition on the request holds, else correctly."""

    def answer(exchange: Exchange) -> None:
        if condition(exchange.seen):
            then(exchange)
        else:
            exchange.reply(exchange.whole())

    return answer


def gone() -> Answer:
    """End the connection as if the process had died."""

    def answer(_exchange: Exchange) -> None:
        raise ClientGoneError

    return answer
