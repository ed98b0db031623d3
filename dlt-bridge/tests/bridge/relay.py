"""A way to a server that can be cut, as a network or a server that stops does it."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class Relay:
    """Hands on what is sent to its port, until so many bytes were sent; a context manager.

    Args:
        host: The server's address.
        port: The server's port.
    """

    def __init__(self, host: str, port: int) -> None:
        self.sent = 0
        """Bytes from clients to the server since the relay was opened."""
        self._server = (host, port)
        self._lock = threading.Lock()
        self._cut_at: int | None = None
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        """Close every connection, and refuse new ones."""
        with self._lock:
            _close(self._listener)
            for each in self._open:
                _close(each)
            self._open.clear()

    def reopen(self, cut_at: int | None = None) -> None:
        """Take connections again, until so many bytes were sent."""
        self.cut()
        self.sent, self._cut_at = 0, cut_at
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._server)
                with self._lock:
                    self._open += [client, server]
                for pair in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._hand_on, args=pair, daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if counts:
                    self.sent += len(data)
                    if self._cut_at is not None and self.sent >= self._cut_at:
                        self.cut()
                        return
                target.sendall(data)
        _close(source)
        _close(target)


def _close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
