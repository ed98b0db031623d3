"""The server every contender reads from.

It runs in a process of its own and renders everything before it says that it is ready, so that it
is never what is measured: an answer is a join of bytes. Raw asyncio, because the fastest framework
costs several times as much for a request.

Run as a program it prints ``READY <url>`` and stops when its standard input closes.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import email.utils
import json
import math
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from bench import worlds

if TYPE_CHECKING:
    from bench.worlds import World

CONTROL = "/-/"
"""Routes of the benchmark itself; neither delayed nor limited nor counted."""
MINUTE = 60.0
BUCKET = 50
"""Requests a token bucket lets through at once."""
PHRASES = {200: "OK", 404: "Not Found", 429: "Too Many Requests"}


class Limiter:
    """Refuses what goes beyond a limit of requests per minute, as one of two kinds of server do.

    Args:
        per_minute: 0 for no limit.
        window: ``fixed`` counts in minutes that begin with the first request; ``bucket`` fills
            evenly and holds 50.
    """

    def __init__(self, per_minute: int, window: str) -> None:
        self.per_minute = per_minute
        self.window = window
        self.reset()

    def reset(self) -> None:
        """Forget what came so far."""
        self._began = -math.inf
        self._count = 0
        self._tokens = float(BUCKET)
        self._filled = time.monotonic()

    def wait(self) -> float:
        """Count a request; returns the seconds it comes too early, 0 if it may pass."""
        if not self.per_minute:
            return 0.0
        now = time.monotonic()
        return self._fixed(now) if self.window == "fixed" else self._bucket(now)

    def _fixed(self, now: float) -> float:
        if now - self._began >= MINUTE:
            self._began, self._count = now, 0
        self._count += 1
        return 0.0 if self._count <= self.per_minute else self._began + MINUTE - now

    def _bucket(self, now: float) -> float:
        rate = self.per_minute / MINUTE
        self._tokens = min(BUCKET, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / rate


@dataclasses.dataclass
class Statistics:
    """What one contender asked for."""

    requests: int = 0
    """Answered as asked."""
    refused: int = 0
    """Answered 429."""
    missed: int = 0
    """Answered 404: a contender asked for what the world does not have."""
    first: float = 0.0
    last: float = 0.0

    def note(self, status: int) -> None:
        """Count an answer."""
        now = time.monotonic()
        self.first = self.first or now
        self.last = now
        self.requests += status == 200  # noqa: PLR2004
        self.refused += status == 429  # noqa: PLR2004
        self.missed += status == 404  # noqa: PLR2004


class Site:
    """One world behind one port."""

    def __init__(self, world: World, latency: float, limiter: Limiter) -> None:
        self.world = world
        self.latency = latency
        self.limiter = limiter
        self.statistics = Statistics()

    def respond(self, method: str, target: str, body: bytes) -> tuple[float, bytes]:
        """Return the seconds to hold an answer back, and the answer."""
        path, _, query = target.partition("?")
        if path.startswith(CONTROL):
            return 0.0, self._control(path)
        early = self.limiter.wait()
        if early:
            self.statistics.note(429)
            retry = f"Retry-After: {math.ceil(early)}\r\n"
            return self.latency, _response(429, b'{"message":"Too Many Attempts."}', retry)
        found = self.world.answer(method, path, dict(parse_qsl(query)), body)
        status = 404 if found is None else 200
        self.statistics.note(status)
        return self.latency, _response(status, found or b'{"message":"Not found."}')

    def _control(self, path: str) -> bytes:
        if path.endswith("reset"):
            self.statistics = Statistics()
            self.limiter.reset()
        return _response(200, json.dumps(dataclasses.asdict(self.statistics)).encode())


_second: tuple[int, str] = (0, "")


def _date() -> str:
    global _second  # noqa: PLW0603  # once a second, as servers do
    now = int(time.time())
    if _second[0] != now:
        _second = (now, email.utils.formatdate(now, usegmt=True))
    return _second[1]


def _response(status: int, body: bytes, headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status} {PHRASES[status]}\r\nDate: {_date()}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode("ascii") + body


class Connection(asyncio.Protocol):
    """HTTP/1.1 with kept connections and known lengths: all that the contenders speak."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # TCP always is
        transport.set_write_buffer_limits(high=1 << 24)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the request once it is whole."""
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = 0
        if not head.startswith(b"GET"):
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
        if len(rest) < length:
            return
        self._received = rest[length:]
        method, target, _version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        delay, response = self.site.respond(method, target, rest[:length])
        if delay:
            asyncio.get_running_loop().call_later(delay, self._send, response)
        else:
            self._send(response)

    def _send(self, response: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(response)


async def serve(site: Site) -> None:
    """Answer until standard input closes."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), stop.set)
    server = await loop.create_server(lambda: Connection(site), "127.0.0.1", 0, backlog=256)
    port = server.sockets[0].getsockname()[1]
    print(f"READY http://127.0.0.1:{port}", flush=True)
    await stop.wait()


def main() -> None:
    """Render a world and serve it."""
    parser = argparse.ArgumentParser(prog="python -m bench.server", description=__doc__)
    parser.add_argument("world", choices=sorted(worlds.WORLDS))
    parser.add_argument("--size", type=int, default=1000, help="records or entities")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--limit", type=int, default=0, help="requests a minute")
    parser.add_argument("--window", choices=["fixed", "bucket"], default="fixed")
    options = parser.parse_args()
    world = worlds.WORLDS[options.world](options.size)
    limiter = Limiter(options.limit, options.window)
    asyncio.run(serve(Site(world, options.latency_ms / 1000, limiter)))


if __name__ == "__main__":
    main()
