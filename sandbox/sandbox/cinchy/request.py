"""One request as the platform understands it, and what the platform remembers of them all."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from .cql import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = "application/x-www-form-urlencoded"


@dataclasses.dataclass(kw_only=True)
class SandboxRequest:
    """A request; names of parameters keep their case, :meth:`parameter` does not look at it."""

    number: int
    """1 for the first request the application got."""
    method: str
    path: str
    """As sent, still percent-encoded."""
    segments: tuple[str, ...]
    """The path's segments, each decoded once."""
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    origin: str
    """Scheme and authority the caller used."""

    @property
    def content_type(self) -> str:
        """The body's media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The fields of a form body, or of a JSON object (nested values as JSON text)."""
        if self.content_type == FORM:
            return tuple(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))
        if self.content_type == "application/json":
            found = self.json()
            if isinstance(found, dict):
                return tuple((name, _as_text(value)) for name, value in found.items())
        return ()

    def json(self) -> Any:
        """Return the JSON body, or nothing when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def parameters(self) -> dict[str, str]:
        """Return query and form parameters; the form wins."""
        return {**dict(self.query), **dict(self.form)}

    def parameter(self, name: str, default: str = "") -> str:
        """Return one parameter, whatever the case of its name."""
        for known, value in self.parameters().items():
            if known.lower() == name.lower():
                return value
        return default

    @property
    def cql(self) -> str:
        """The query of an ExecuteCQL request, or nothing."""
        return self.parameter("query")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def split_path(raw: str) -> tuple[str, ...]:
    """Return the decoded segments of a percent-encoded path; an encoded slash stays in one."""
    return tuple(unquote(part) for part in raw.strip("/").split("/")) if raw.strip("/") else ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """One request for a token and how it ended."""

    username: str
    grant_type: str
    outcome: str
    """``granted``, or the error given."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeenQuery:
    """One query that arrived, by ExecuteCQL or as a saved query."""

    route: str
    """``ExecuteCQL``, ``API`` or ``BasicAuthAPI``."""
    kind: str
    """The Type asked for, or the display type of a saved query."""
    text: str
    username: str
    parameters: Mapping[str, str]
    cost: Cost = dataclasses.field(default_factory=Cost, compare=False)
    """What it cost the database, also when it took too long."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeenJob:
    """One job that was started."""

    feed: str
    options: Mapping[str, Any]
    files: tuple[str, ...]
    execution_id: int


@dataclasses.dataclass
class Seen:
    """What arrived, for tests to assert on."""

    token_requests: list[TokenRequest] = dataclasses.field(default_factory=list)
    queries: list[SeenQuery] = dataclasses.field(default_factory=list)
    writes: list[SeenQuery] = dataclasses.field(default_factory=list)
    """Queries that would have changed data, whatever way they came. None is carried out."""
    jobs: list[SeenJob] = dataclasses.field(default_factory=list)
    secrets: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    """Domain and name of every secret asked for."""
    side_effects: list[str] = dataclasses.field(default_factory=list)
    """Paths no reader should ever call."""
    in_flight: int = 0
    in_flight_peak: int = 0
