"""A plain HTTP client for the tests of the sandbox: it hides nothing."""

from __future__ import annotations

import dataclasses
import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.cachet import ADMIN_TOKEN

JSON = "application/json"


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[int]:
        """Ids of the rows of a list, as numbers."""
        return [int(row["id"]) for row in self.json["data"]]


class Client:
    """Talks to one server over one connection.

    Args:
        url: Of the server.
        token: Sent the way both versions want it; nothing for a guest.
        root: Path of the API.
        headers: Sent with everything.
    """

    def __init__(
        self, url: str, token: str | None = ADMIN_TOKEN, root: str = "/api", **headers: str
    ) -> None:
        self.root = root
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        self.headers = {"Accept": JSON}
        if token:
            self.headers |= {"Authorization": f"Bearer {token}", "X-Cachet-Token": token}
        self.headers |= {name.replace("_", "-"): value for name, value in headers.items()}

    def with_token(self, token: str | None) -> Client:
        """Another caller of the same server."""
        url = f"http://{self.connection.host}:{self.connection.port}"
        return Client(url, token, self.root)

    def as_guest(self) -> Client:
        return self.with_token(None)

    def get(self, path: str, query: str | dict[str, Any] = "", method: str = "GET") -> Answer:
        text = query if isinstance(query, str) else urlencode(query)
        target = f"{self.root}/{path}" + (f"?{text}" if text else "")
        self.connection.request(method, target, headers=self.headers)
        answer = self.connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())

    def all(self, path: str, query: str = "", per_page: int = 100) -> list[dict[str, Any]]:
        """Read a list by page numbers until it says it is over."""
        rows: list[dict[str, Any]] = []
        page = 1
        while True:
            parts = (query, f"per_page={per_page}", f"page={page}")
            body = self.get(path, "&".join(part for part in parts if part)).json
            rows += body["data"]
            if "links" in body:
                more = "next" in body["links"]
            else:
                more = page < body["meta"]["pagination"]["total_pages"]
            if not more:
                return rows
            page += 1
