"""The habits of PHP and Laravel that show on the wire."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

LARGEST_INT = 2**63 - 1
LARGEST_KEY = 2**31 - 1
"""Keys of both versions are four bytes wide."""


class ApiError(Exception):
    """An answer that is an error: its status, the sentence in it, and headers of its own."""

    def __init__(
        self, status: int, message: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def query_of(request: Request) -> dict[str, Any]:
    """Return the query as PHP reads it: ``filter[a][b]=c`` nests, the last of equals wins."""
    query: dict[str, Any] = {}
    for name, value in parse_qsl(request.url.query, keep_blank_values=True):
        match = re.fullmatch(r"([^\[]+)((?:\[[^\]]*\])*)", name)
        path = [match[1], *re.findall(r"\[([^\]]*)\]", match[2])] if match else [name]
        place = query
        for key, inner_key in itertools.pairwise(path):
            inner = place.get(key)
            if not isinstance(inner, dict):
                inner = place[key] = {}
            place = inner
            if inner_key == "":
                path[-1] = str(len(inner))
        place[path[-1]] = value
    return query


def to_int(text: str) -> int:
    """Cast text to an integer as ``(int)`` does: leading digits count, junk is 0."""
    match = re.match(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", text)
    if match is None:
        return 0
    return int(float(match[0])) if match[1] or match[2] else int(match[0])


def page_number(text: Any) -> int:
    """Return the page Laravel takes: 1 for junk, zero and negative numbers."""
    if not isinstance(text, str) or not re.fullmatch(r"\s*\+?(0|[1-9]\d*)\s*", text):
        return 1
    number = int(text)
    return number if 1 <= number <= LARGEST_INT else 1


def wants_json(accept: str | None) -> bool:
    """Tell whether Laravel answers an error as JSON: the first accepted type decides."""
    weighted = []
    for part in (accept or "").split(","):
        kind, _, parameters = part.strip().partition(";")
        match = re.search(r"q=([\d.]+)", parameters)
        weighted.append((-float(match[1]) if match else -1.0, kind.strip().lower()))
    first = min(weighted, key=lambda pair: pair[0])[1] if weighted else ""
    return "/json" in first or "+json" in first


def number(value: float) -> float:
    """Return a float as PHP's JSON writes it: 70.0 is 70."""
    return int(value) if value.is_integer() else value


def empty_as_list(value: Any) -> Any:
    """Return JSON as PHP gives it back: an object without keys, or with keys 0..n-1, is a list."""
    if isinstance(value, dict):
        inner = {key: empty_as_list(one) for key, one in value.items()}
        # An array whose keys are 0, 1, 2 and so on is a list to PHP, however it was written.
        return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] else inner
    if isinstance(value, list):
        return [empty_as_list(inner) for inner in value]
    return value


def to_json(value: Any) -> bytes:
    """Encode as PHP does: compact, and ASCII only."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def resolve_id(raw: str, database: str) -> int | None:
    """Read a path segment as the database does when it compares it with an integer key.

    Raises:
        ApiError: PostgreSQL refuses text that is no integer, or one too large for a key.
    """
    if re.fullmatch(r"\d+", raw, re.ASCII) and (
        database != "postgresql" or int(raw) <= LARGEST_KEY
    ):
        return int(raw)
    if database == "postgresql":
        raise ApiError(500, "Server Error")
    return to_int(raw) if database == "mysql" else None
