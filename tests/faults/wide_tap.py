"""A tap of lists so long that only their pages fit into memory: keys as numbers, and as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.http.exchange import Request
from singer_rest.records.columns import INTEGER, TEXT, Column, Table
from singer_rest.sdk import settings
from singer_rest.sdk.settings import th
from singer_rest.sdk.streams import SourceStream
from singer_rest.sdk.tap import RestTap
from singer_rest.sources.base import Source
from singer_rest.sources.lists import ListSource
from singer_rest.sources.pages import Paging
from singer_rest.sources.single import envelope

if TYPE_CHECKING:
    from collections.abc import Sequence


class Numbers(SourceStream):
    """Rows known by a number, in its order."""

    name = "numbers"
    table = Table((Column("id", INTEGER, "Id."), Column("text", TEXT, "Text.")), ("id",))

    def new_source(self) -> Source:
        size = self.config["page_size"]
        paging = Paging("page", "per_page", size, 1, key=lambda row: row.get("id"))
        request = Request(f"{self.config['api_url']}/{self.name}")
        ahead = self.tap.prefetch
        return ListSource(self.tap.transport, request, envelope("rows"), paging, ahead=ahead)


class Names(Numbers):
    """Rows known by a text, in no order."""

    name = "names"
    table = Table((Column("id", TEXT, "Id."), Column("text", TEXT, "Text.")), ("id",))


class TapWide(RestTap):
    """The tap."""

    name = "tap-wide"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True, description="Where it is."),
        *settings.common(page_size=1000, largest_page=10_000, requests_per_minute=0, concurrency=1),
    ).to_dict()

    def discover_streams(self) -> Sequence[SourceStream]:
        return [Names(self), Numbers(self)]

    def connect(self) -> None:
        self.transport.send(Request(f"{self.config['api_url']}/me"))


if __name__ == "__main__":
    TapWide.cli()
