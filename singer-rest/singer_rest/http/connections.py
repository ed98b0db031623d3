"""Connections whose answers have a deadline as a whole, headers included.

A socket's timeout counts from the last byte that came, so a server that sends a byte a second
would hold a client for ever, in the headers as well as in the body.
"""

from __future__ import annotations

import http.client
import io
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import requests.adapters
import urllib3
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection

from singer_rest.http.urls import origin

if TYPE_CHECKING:
    import socket

MAX_ORIGINS = 8
"""Pools remembered; fewer than urllib3 keeps open, so that none of them is a closed one."""


class DeadlineError(TimeoutError):
    """An answer kept coming for too long."""


class _TimedReader(io.RawIOBase):
    """Reads from a socket until a moment, and no longer than its timeout at a time."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, seconds: float) -> None:
        self._sock = sock
        self._raw = raw
        self._until = time.monotonic() + seconds
        self._patience = sock.gettimeout() or seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise DeadlineError
        self._sock.settimeout(min(left, self._patience))
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            if left < self._patience:
                raise DeadlineError from None
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """Reads its headers and its body through a :class:`_TimedReader`."""

    seconds: ClassVar[float]

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(sock, raw, self.seconds))

    def begin(self) -> None:
        """Read the head of the answer, behind those that only announce it (RFC 9110, 15.2).

        The standard library skips 100 alone. It takes a 103 for the whole answer, and the
        connection goes back to its pool with the answer itself still on its way.
        """
        super().begin()
        while self.status // 100 == 1 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # so that it begins anew
            super().begin()


class TimedAdapter(requests.adapters.HTTPAdapter):
    """The adapter of requests with a deadline for every whole answer.

    Args:
        seconds: From the request's end to the last byte of its answer. A longer one raises
            :class:`DeadlineError`, wrapped as requests and urllib3 wrap timeouts.
        pool_size: Connections kept open for each host.
    """

    def __init__(self, seconds: float, pool_size: int) -> None:
        reader = {"response_class": type("Response", (_TimedResponse,), {"seconds": seconds})}
        plain = type("Http", (HTTPConnection,), reader)
        secure = type("Https", (HTTPSConnection,), reader)
        self._pools = {
            "http": type("HttpPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("HttpsPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        self._direct: dict[tuple[Any, Any], Any] = {}
        super().__init__(pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the manager of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Any = None,
        cert: Any = None,
    ) -> Any:
        """Return the pool of connections to an origin; finding one costs as much as using it."""
        key = origin(request.url or ""), verify
        if proxies or cert:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        if key not in self._direct:
            if len(self._direct) == MAX_ORIGINS:
                self._direct.clear()
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._direct[key] = pool
        return self._direct[key]

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what the request line names: the path, unless a proxy must know more."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the answer, without the cookies and the guesses that nobody here asks for."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        response.connection = self
        return response

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the manager of connections through a proxy; SOCKS ones have pools of their own."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager
