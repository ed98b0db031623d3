"""Speak HTTP to the sandbox exactly as written: nothing is normalised, nothing is retried."""

from __future__ import annotations

import dataclasses
import http.client
import json
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode, urlsplit

from sandbox.cortex import DEFAULT_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = "application/json"
ENVELOPE = {"page", "total", "totalPages"}


@dataclasses.dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection with one key."""

    def __init__(self, url: str, token: str | None = DEFAULT_TOKEN) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        self.token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Reply:
        sent = {"Accept": JSON, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, target, body, {k: v for k, v in sent.items() if v})
        answer = self.connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())

    def get(self, path: str, /, **query: Any) -> Reply:
        return self.send("GET", f"{path}?{urlencode(query, doseq=True)}" if query else path)

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        sent = {"Content-Type": JSON, **headers}
        return self.send("POST", path, json.dumps(body).encode(), **sent)

    def pages(self, path: str, /, **query: Any) -> Iterator[list[Any]]:
        """Yield pages until totalPages is reached, as a careful reader would."""
        page = 0
        while True:
            data = self.get(path, page=page, **query).data
            yield next(value for name, value in data.items() if name not in ENVELOPE)
            page += 1
            if page >= data["totalPages"]:
                return

    def rows(self, path: str, /, **query: Any) -> list[Any]:
        return [row for page in self.pages(path, **query) for row in page]


def segment(name: str) -> str:
    """Write a name as one path segment."""
    return quote(name, safe="")
