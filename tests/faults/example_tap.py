"""A whole tap on singer-rest: one paged list, proved complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.http.credentials import HeaderCredential
from singer_rest.http.exchange import Request
from singer_rest.http.urls import base_url
from singer_rest.records.columns import INSTANT, INTEGER, TEXT, Column, Table
from singer_rest.sdk import settings
from singer_rest.sdk.settings import th
from singer_rest.sdk.streams import SourceStream
from singer_rest.sdk.tap import RestTap
from singer_rest.sources.base import Source
from singer_rest.sources.lists import ListSource, Paging
from singer_rest.sources.pages import Meta, Page
from singer_rest.sources.single import envelope

if TYPE_CHECKING:
    from collections.abc import Sequence


def meta(page: Page) -> Meta:
    """Say what a page tells of the list: how many rows it has."""
    return Meta(total=page.reply.body["total"])


class Books(SourceStream):
    """Every book."""

    name = "books"
    route = "GET /books"
    table = Table(
        (
            Column("id", INTEGER, "Id of the book."),
            Column("title", TEXT, "Its title."),
            Column("bought_at", INSTANT, "When it was bought, in UTC."),
        ),
        primary_keys=("id",),
    )

    def new_source(self) -> Source:
        """Return the walk over the list."""
        size = self.config["page_size"]
        paging = Paging("page", "per_page", size, 1, meta, key=lambda row: row.get("id"))
        request = Request(f"{self.config['api_url']}/books")
        return ListSource(self.tap.transport, request, envelope("rows"), paging)


class TapExample(RestTap):
    """Reads a library."""

    name = "tap-example"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True, description="Where it is."),
        th.Property("api_key", th.StringType, required=True, secret=True, description="A key."),
        *settings.common(page_size=100, largest_page=100, requests_per_minute=600, concurrency=4),
    ).to_dict()

    def discover_streams(self) -> Sequence[SourceStream]:
        """Return the streams."""
        return [Books(self)]

    def connect(self) -> None:
        """Prove that the key is good."""
        url = base_url(self.config["api_url"], example="https://library.example.com")
        bearer = {"Authorization": f"Bearer {self.config['api_key']}"}
        self.origin_credentials.bind(url, HeaderCredential("api_key", bearer))
        self.transport.send(Request(f"{url}/me"))


if __name__ == "__main__":
    TapExample.cli()
