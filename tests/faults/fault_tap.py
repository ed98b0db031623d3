"""A tap with the routes our vendors do not have: ids as text, POST, tokens that expire."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.http.exchange import Request
from singer_rest.http.urls import segment
from singer_rest.records.columns import INTEGER, TEXT, Column, Table
from singer_rest.sdk import settings
from singer_rest.sdk.settings import th
from singer_rest.sdk.streams import SourceStream
from singer_rest.sdk.tap import RestTap
from singer_rest.sources.base import Source
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import ListedParents, PerParentSource
from singer_rest.sources.single import SingleSource, envelope

from .example_tap import Books

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_rest.http.credentials import Credential

ROWS = envelope("rows")
NOTES = Table(
    (
        Column("parent", TEXT, "Id of what the note is about."),
        Column("id", INTEGER, "Id of the note."),
        Column("text", TEXT, "The note."),
    ),
    ("parent", "id"),
)
THINGS = Table((Column("id", TEXT, "Id."), Column("text", TEXT, "Text.")), ("id",))


class Token:
    """A token that is fetched when it is first needed, and again when it is refused."""

    name = "client_secret"

    def __init__(self, tap: TapFaults, url: str) -> None:
        self._tap = tap
        self._url = url
        self._lock = threading.Lock()
        self._sent = threading.local()
        self._token = ""

    def headers(self) -> Mapping[str, str]:
        with self._lock:
            if not self._token:
                self._fetch()
            self._sent.token = self._token
            return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        with self._lock:
            if self._token == self._sent.token:
                self._fetch()
        return True

    def _fetch(self) -> None:
        pair = f"tap:{self._tap.config['api_key']}".encode()
        basic = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        request = Request(f"{self._url}/token", headers=basic, authenticated=False)
        self._token = self._tap.transport.send(request).body["access_token"]
        self._tap.redactor.add(self._token)


class Notes(SourceStream):
    """The notes of every thing: one request a parent."""

    name = "notes"
    table = NOTES

    def new_source(self) -> Source:
        url = self.tap.api_url

        def things() -> Source:
            return SingleSource(self.tap.transport, Request(f"{url}/things"), ROWS)

        def notes(parent: str) -> Source:
            request = Request(f"{url}/things/{segment(parent)}/notes")
            return SingleSource(self.tap.transport, request, ROWS)

        parents = ListedParents(things, lambda row: row["id"])
        where = f"{url}/things/{{id}}/notes"
        return PerParentSource(where, parents, notes, prefetch=self.tap.prefetch)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        return [{**row, "parent": page.parent} for row in page.rows]


class Found(SourceStream):
    """What a search returns: a POST."""

    name = "found"
    table = THINGS

    def new_source(self) -> Source:
        request = Request(f"{self.tap.api_url}/search", method="POST", json={"all": True})
        return SingleSource(self.tap.transport, request, ROWS)


class TapFaults(RestTap):
    """The tap."""

    name = "tap-faults"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True, description="Where it is."),
        th.Property("api_key", th.StringType, secret=True, description="The client's secret."),
        *settings.common(page_size=10, largest_page=100, requests_per_minute=0, concurrency=4),
    ).to_dict()

    def discover_streams(self) -> Sequence[SourceStream]:
        return [Books(self), Found(self), Notes(self)]

    def credentials(self) -> Mapping[str, Credential]:
        return {self.api_url: Token(self, self.api_url)}

    def connect(self) -> None:
        self.transport.send(Request(f"{self.api_url}/me"))


if __name__ == "__main__":
    TapFaults.cli()
