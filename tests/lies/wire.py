"""Requests and answers as the proxy sees them."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable

Pairs = tuple[tuple[str, str], ...]
FORM = "application/x-www-form-urlencoded"


@dataclasses.dataclass(frozen=True)
class Ask:
    """One request.

    Attributes:
        path: As it was sent, still encoded.
        query: Its parameters.
        headers: Names in lower case.
    """

    method: str
    path: str
    query: Pairs
    headers: Pairs
    body: bytes = b""

    @property
    def identity(self) -> tuple[str, str, Pairs, bytes]:
        """What makes two requests the same question."""
        return self.method, self.path, self.query, self.body

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters by name; of one that comes twice the last."""
        return dict(self.query)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a posted form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def cql(self) -> str:
        """The text of a posted query; nothing in any other request."""
        return self.form.get("Query", "") if self.method == "POST" else ""

    def asking(self, **changes: str | None) -> Ask:
        """Return the request with other parameters; ``None`` leaves one out."""
        kept = [(name, value) for name, value in self.query if name not in changes]
        more = [(name, value) for name, value in changes.items() if value is not None]
        return dataclasses.replace(self, query=(*kept, *more))

    def without(self, names: Iterable[str]) -> Ask:
        """Return the request without some parameters."""
        gone = set(names)
        return dataclasses.replace(self, query=tuple(p for p in self.query if p[0] not in gone))

    def with_cql(self, text: str) -> Ask:
        """Return the request with another query; its other fields stay."""
        body = urlencode({**self.form, "Query": text}).encode()
        return dataclasses.replace(self, body=body)

    def without_credential(self) -> Ask:
        """Return the request as a guest sends it."""
        secret = {"authorization", "x-cachet-token"}
        return dataclasses.replace(
            self, headers=tuple(pair for pair in self.headers if pair[0] not in secret)
        )

    def scope(self) -> dict[str, Any]:
        """Return the request as an ASGI application takes it."""
        headers = [(n, v) for n, v in self.headers if n != "content-length"]
        headers.append(("content-length", str(len(self.body))))
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode("latin-1"),
            "query_string": urlencode(self.query, quote_via=quote).encode(),
            "root_path": "",
            "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
        }


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer, whole.

    Attributes:
        headers: Without the length, which follows from the body.
        cut: Break the connection in the middle of the body.
    """

    status: int
    headers: Pairs
    body: bytes
    cut: bool = False

    @property
    def json(self) -> Any:
        """The decoded body; nothing if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def header(self, name: str) -> str:
        """Return a header, or nothing."""
        return dict(self.headers).get(name.lower(), "")

    def with_json(self, value: Any) -> Answer:
        """Return the answer with another body."""
        return dataclasses.replace(self, body=json.dumps(value).encode())

    def with_body(self, body: bytes, kind: str | None = None) -> Answer:
        """Return the answer with other bytes, and perhaps another content type."""
        answer = dataclasses.replace(self, body=body)
        return answer if kind is None else answer.with_header("content-type", kind)

    def with_header(self, name: str, value: str | None) -> Answer:
        """Return the answer with another header; ``None`` takes it away."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return dataclasses.replace(self, headers=kept if value is None else (*kept, (name, value)))

    def with_status(self, status: int) -> Answer:
        """Return the answer with another status."""
        return dataclasses.replace(self, status=status)
