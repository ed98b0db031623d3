"""Run one sandbox application on a free port of 127.0.0.1, and stop by itself.

Tests use :func:`serve` (the server lives in a thread of the test process, so a test can look at
the requests that arrived); the demo uses the command, ``python -m sandbox``.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

START_SECONDS = 15.0
STOP_SECONDS = 2
IDLE_SECONDS = 75
"""An idle connection stays open that long, as at nginx; clients on a busy machine need it."""


@dataclasses.dataclass(frozen=True)
class SeenRequest:
    """One request as it arrived on the wire."""

    method: str
    path: str
    """The path as it was sent, still percent-encoded."""
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    at: float
    """Seconds of a monotonic clock."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or nothing."""
        return dict(reversed(self.headers)).get(name.lower())


class Recorder:
    """ASGI wrapper that writes down every request before the application sees it.

    It also delays every answer by ``latency`` seconds, and dates answers that carry no date of
    their own (an application with a clock of its own dates them by that).
    """

    def __init__(self, app: App, latency: float = 0.0) -> None:
        self.app = app
        self.latency = latency
        self.requests: list[SeenRequest] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, then pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        self.requests.append(
            SeenRequest(
                method=scope["method"],
                path=raw.decode("latin-1"),
                query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), True)),  # noqa: FBT003
                headers=tuple(
                    (k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in scope["headers"]
                ),
                at=time.monotonic(),
            )
        )
        if self.latency:
            await asyncio.sleep(self.latency)

        async def dated_send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if not any(name.lower() == b"date" for name, _ in headers):
                    headers.append((b"date", formatdate(usegmt=True).encode()))
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, dated_send)


@dataclasses.dataclass
class Running:
    """A server that is up: where it is and what it has seen."""

    url: str
    requests: list[SeenRequest]

    def forget(self) -> None:
        """Start counting requests anew."""
        self.requests.clear()


def free_socket(port: int = 0) -> socket.socket:
    """Bind 127.0.0.1 on a port, any free one by default."""
    # asyncio switches Nagle's delay off only for sockets that say they are TCP.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


@contextlib.contextmanager
def serve(app: App, port: int = 0, *, latency: float = 0.0) -> Iterator[Running]:
    """Serve an application from a thread until the block ends.

    Args:
        app: The ASGI application.
        port: The port on 127.0.0.1; 0 takes a free one.
        latency: Seconds every answer is held back.

    Raises:
        OSError: The port is taken.
        RuntimeError: The server did not come up within 15 seconds.
    """
    recorder = Recorder(app, latency)
    sock = free_socket(port)
    config = uvicorn.Config(
        recorder,
        log_level="error",
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the sandbox server did not start")
        time.sleep(0.005)
    try:
        yield Running(f"http://127.0.0.1:{sock.getsockname()[1]}", recorder.requests)
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()
