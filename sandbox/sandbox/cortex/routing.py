"""Find the route of a request by the path exactly as it was sent.

A path is split at its slashes first and decoded afterwards, each segment once. ``%2F`` is
therefore part of a name and never a separator, and ``..`` is a name like any other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from .answers import Answer
    from .keys import ApiKey
    from .options import Options
    from .params import Params
    from .world import World


@dataclasses.dataclass(kw_only=True)
class Call:
    """One request and everything a handler needs to answer it.

    Attributes:
        world: The workspace.
        options: How the server behaves.
        key: The key it was sent with.
        method: HTTP method.
        path: The path as it was sent, still encoded.
        route: Pattern of the route, such as ``/api/v1/catalog/{tagOrId}``.
        names: Decoded values of the placeholders.
        query: Its parameters.
        accept: The ``Accept`` header.
        body: What was posted.
    """

    world: World
    options: Options
    key: ApiKey
    method: str
    path: str
    route: str
    names: dict[str, str]
    query: Params
    accept: str
    body: bytes = b""


@dataclasses.dataclass(frozen=True)
class Route:
    """One method and pattern, and who may call it.

    Attributes:
        method: GET or POST.
        pattern: The path with ``{placeholders}``.
        handler: Makes the answer.
        permission: What the key must be allowed to do, if anything.
        product: What the workspace must have licensed, if anything.
    """

    method: str
    pattern: str
    handler: Callable[[Call], Answer]
    permission: str | None
    product: str | None


class Routes(list[Route]):
    """A list of routes, filled by decorating their handlers."""

    def get(
        self, pattern: str, *, permission: str | None = None, product: str | None = None
    ) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
        """Register the decorated function for GET."""
        return self._add("GET", pattern, permission, product)

    def post(
        self, pattern: str, *, permission: str | None = None, product: str | None = None
    ) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
        """Register the decorated function for POST."""
        return self._add("POST", pattern, permission, product)

    def _add(
        self, method: str, pattern: str, permission: str | None, product: str | None
    ) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
        def register(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
            self.append(Route(method, pattern, handler, permission, product))
            return handler

        return register


class Router:
    """Match raw paths against routes; literal segments win over placeholders.

    Args:
        routes: All routes.
    """

    def __init__(self, routes: list[Route]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Route]]] = {}
        for route in routes:
            segments = route.pattern.split("/")
            self._by_length.setdefault(len(segments), []).append((segments, route))
        for candidates in self._by_length.values():
            candidates.sort(key=lambda candidate: [s.startswith("{") for s in candidate[0]])

    def match(self, path: bytes) -> tuple[dict[str, Route], dict[str, str]]:
        """Return the routes of a path by method, and the values of the placeholders.

        Raises:
            UnicodeDecodeError: A segment is no UTF-8.
        """
        raw = path.decode("latin-1").split("/")
        for segments, route in self._by_length.get(len(raw), []):
            if all(s == r or (s.startswith("{") and r) for s, r in zip(segments, raw, strict=True)):
                names = {
                    segment[1:-1]: unquote_to_bytes(value).decode()
                    for segment, value in zip(segments, raw, strict=True)
                    if segment.startswith("{")
                }
                pattern = route.pattern
                methods = {
                    other.method: other
                    for _, other in self._by_length[len(raw)]
                    if other.pattern == pattern
                }
                return methods, names
        return {}, {}
