"""A server that does to its clients whatever a test says, byte for byte.

It listens on a free port of 127.0.0.1 with plain sockets and threads, because a web framework
would refuse to send half an answer. Requests without a script go to the fallback, usually a whole
sandbox system, so that a test can put one fault among good data. Everything that arrives is
recorded exactly as it stood on the wire.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import socket
import ssl
import struct
import threading
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fallback = Callable[["Seen"], "Reply"]
    Answer = Callable[["Exchange"], None]

LONGEST_LINE = 1 << 16
TLS_HELLO = b"\x16"
"""First byte of a client that speaks TLS; plain servers answer it with a 400."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    head: bytes
    """Request line and headers, untouched."""
    body: bytes
    connection: int
    at: float

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        """The second word of the request line: path and query, still encoded."""
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines if line)
        return [(name.strip().lower(), value.strip()) for name, _, value in pairs]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)


@dataclasses.dataclass(frozen=True)
class Reply:
    """A whole, correct answer."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def head(self, length: int | None) -> bytes:
        """Return status line and headers; without a length none is announced."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        names = {name.lower() for name, _value in self.headers}
        if "date" not in names:
            lines.append(f"Date: {formatdate(usegmt=True)}")
        if length is not None and self.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {length}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class ClientGoneError(Exception):
    """The client has closed its end, or the server stops."""


class Exchange:
    """One request and the raw connection its answer is written to."""

    def __init__(self, server: FaultServer, connection: socket.socket, seen: Seen) -> None:
        self.server = server
        self.seen = seen
        self.keep_alive = True
        self._connection = connection

    def send(self, data: bytes) -> None:
        """Write bytes as they are.

        Raises:
            ClientGoneError: Nobody reads them.
        """
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise ClientGoneError from error

    def reply(self, reply: Reply) -> None:
        """Write a whole answer; the connection stays open."""
        self.send(reply.head(len(reply.body)) + reply.body)

    def whole(self) -> Reply:
        """Return the answer the fallback would give."""
        return self.server.fallback(self.seen)

    def close(self) -> None:
        """End the connection after this answer."""
        self.keep_alive = False

    def reset(self) -> None:
        """Break the connection off so that the client gets a reset, not an end."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close()

    def pause(self, seconds: float) -> None:
        """Wait, unless the server stops or the client goes.

        Raises:
            ClientGoneError: One of the two.
        """
        if self.server.stopping.wait(seconds):
            raise ClientGoneError
        self._connection.setblocking(False)  # noqa: FBT003
        try:
            if not self._connection.recv(1, socket.MSG_PEEK):
                raise ClientGoneError
        except (BlockingIOError, ssl.SSLError, ValueError):
            pass
        except OSError as error:
            raise ClientGoneError from error
        finally:
            self._connection.setblocking(True)  # noqa: FBT003

    def upgrade(self, context: ssl.SSLContext) -> None:
        """Begin TLS, as behind a proxy's CONNECT."""
        self._connection = context.wrap_socket(self._connection, server_side=True)


@dataclasses.dataclass
class Script:
    """What to answer to the requests of one route, in turn."""

    pattern: str
    answers: list[Answer]
    forever: Answer | None


class FaultServer:
    """The server. Use it in a ``with`` block.

    Args:
        fallback: Answers what no script does; 404 by default.
        tls: Speaks HTTPS with this context.
    """

    def __init__(
        self, fallback: Fallback | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.fallback: Fallback = fallback or (lambda _seen: Reply(404))
        self.seen: list[Seen] = []
        self.dropped = 0
        """So many connections are closed as soon as they are made."""
        self.stopping = threading.Event()
        self.arrived = threading.Condition()
        self._tls = tls
        self._scripts: list[Script] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._connections = 0
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def script(self, pattern: str, *answers: Answer, forever: Answer | None = None) -> None:
        """Answer the requests of a route.

        Args:
            pattern: Path, ``*`` stands for anything; a method may stand before it.
            answers: One for each request, in turn.
            forever: For all later ones; without it they go to the fallback.
        """
        self._scripts.insert(0, Script(pattern, list(answers), forever))

    def requests(self, pattern: str = "*") -> list[Seen]:
        """Return the requests of a route, in the order they came."""
        return [seen for seen in self.seen if _matches(pattern, seen)]

    def wait_for(self, pattern: str, count: int = 1, timeout: float = 20) -> None:
        """Wait until so many requests of a route have arrived.

        Raises:
            TimeoutError: They did not.
        """
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.requests(pattern)) >= count, timeout):
                raise TimeoutError(f"{len(self.requests(pattern))} of {count} {pattern} arrived")

    # Connections

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections += 1
            number = self._connections
            self._open.add(connection)
        plain = connection
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if number <= self.dropped:
                return
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._talk(connection, number)
        except (OSError, ClientGoneError):
            pass
        except Exception:  # a script is wrong: let nobody wait for it
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            raise
        finally:
            with self._lock:
                self._open.discard(plain)
            connection.close()

    def _talk(self, connection: socket.socket, number: int) -> None:
        if not self._tls and connection.recv(1, socket.MSG_PEEK) == TLS_HELLO:
            connection.sendall(Reply(400).head(0))
            return
        reader = connection.makefile("rb")
        while not self.stopping.is_set():
            seen = read_request(reader, number)
            if seen is None:
                return
            with self.arrived:
                self.seen.append(seen)
                self.arrived.notify_all()
            exchange = Exchange(self, connection, seen)
            answer = self._answer_to(seen)
            if answer is None:
                exchange.reply(self.fallback(seen))
            else:
                answer(exchange)
            if not exchange.keep_alive or seen.header("connection") == "close":
                return
            if exchange._connection is not connection:  # TLS has begun
                connection = exchange._connection
                reader = connection.makefile("rb")

    def _answer_to(self, seen: Seen) -> Answer | None:
        with self._lock:
            for script in self._scripts:
                if not _matches(script.pattern, seen):
                    continue
                if script.answers:
                    return script.answers.pop(0)
                if script.forever:
                    return script.forever
        return None


def _matches(pattern: str, seen: Seen) -> bool:
    method, _, path = pattern.rpartition(" ")
    return (not method or method == seen.method) and fnmatch.fnmatchcase(seen.path, path)


def read_request(reader: BinaryIO, connection: int = 0) -> Seen | None:
    """Read one request; nothing if the client has gone."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline(LONGEST_LINE)
        if not line:
            return None
        head += line
    head = head.removesuffix(b"\r\n")
    seen = Seen(head, b"", connection, time.monotonic())
    length = int(seen.header("content-length") or 0)
    body = reader.read(length) if length else b""
    if seen.header("transfer-encoding") == "chunked":
        body = b"".join(_chunks(reader))
    return dataclasses.replace(seen, body=body)


def _chunks(reader: BinaryIO) -> Iterator[bytes]:
    while size := int(reader.readline().split(b";")[0], 16):
        yield reader.read(size)
        reader.readline()
    reader.readline()


def free_port() -> tuple[socket.socket, str]:
    """Reserve a port on which nobody listens; returns its socket and its URL."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved, f"http://127.0.0.1:{reserved.getsockname()[1]}"


def origin_of(url: str) -> str:
    """Return host and port."""
    return urlsplit(url).netloc
