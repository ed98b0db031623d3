"""What goes to a server and what comes back: request, answer as it came, reply worth having."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from singer_rest.http.retry import parse_http_date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_rest.http import json_body

    Scalar = str | int | bool
    Params = Mapping[str, Scalar | Sequence[Scalar] | None]


@dataclasses.dataclass(frozen=True)
class Request:
    """One request, said completely; what may hold a secret is not shown by ``repr``."""

    url: str
    params: Params = dataclasses.field(default_factory=dict, repr=False)
    """Parameters with the value ``None`` are left out; a sequence repeats its key."""
    method: str = "GET"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    form: Params | None = dataclasses.field(default=None, repr=False)
    json: Any = dataclasses.field(default=None, repr=False)
    files: Any = dataclasses.field(default=None, repr=False)
    accept_statuses: frozenset[int] = frozenset()
    """Statuses beside 200 and 203 that the caller wants as a reply instead of an error."""
    may_carry_errors: bool = False
    """Whether an answer with ``error`` or ``errors`` at its top level is good all the same: on
    routes whose one record has a field of that name."""
    may_be_empty: bool = False
    """Whether a body without content is an answer on this route."""
    raw: bool = False
    """Return the body as text instead of decoding JSON."""
    once: bool = False
    """Never repeat the request once it may have reached the server."""
    authenticated: bool = True
    """Whether the credential of the URL's origin is sent."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """One answer worth having."""

    status: int
    headers: Mapping[str, str] = dataclasses.field(repr=False)
    """Names compare without case."""
    body: Any = dataclasses.field(repr=False)
    """Decoded JSON, text for raw requests, nothing for an empty body."""
    url: str
    """Without the query."""
    seconds: float
    size: int
    """Bytes of the decoded body."""
    repairs: json_body.Repairs

    @property
    def date(self) -> dt.datetime:
        """The server's clock when it answered; ours if it does not tell."""
        return parse_http_date(self.headers.get("Date", "")) or dt.datetime.now(dt.UTC)


@dataclasses.dataclass(frozen=True)
class Answer:
    """A complete answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    method: str
    seconds: float
    received: dt.datetime
