"""A whole tap on singer-rest: one paged list, proved complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest import (
    INSTANT,
    INTEGER,
    TEXT,
    Column,
    HeaderCredential,
    ListSource,
    Paging,
    Request,
    RestTap,
    Source,
    SourceStream,
    Table,
    envelope,
    settings,
    th,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
        """Return the reading of the list."""
        size = self.config["page_size"]
        paging = Paging("page", "per_page", size, 1, key=lambda row: row.get("id"))
        request = Request(f"{self.tap.api_url}/books")
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

    def credentials(self) -> Mapping[str, HeaderCredential]:
        """Return the key, for its origin only."""
        bearer = {"Authorization": f"Bearer {self.config['api_key']}"}
        return {self.api_url: HeaderCredential("api_key", bearer)}

    def connect(self) -> None:
        """Prove that the key is good."""
        self.transport.send(Request(f"{self.api_url}/me"))


if __name__ == "__main__":
    TapExample.cli()
