"""A tap whose one list names its next page, by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_rest.http.exchange import Request
from singer_rest.records.columns import INTEGER, Column, Table
from singer_rest.sdk.streams import SourceStream
from singer_rest.sources.cursors import TokenSource
from singer_rest.sources.single import envelope

from .example_tap import TapExample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_rest.sources.base import Source


class Scrolls(SourceStream):
    """Every scroll."""

    name = "scrolls"
    table = Table((Column("id", INTEGER, "Id of the scroll."),), ("id",))

    def new_source(self) -> Source:
        return TokenSource(
            self.tap.transport,
            Request(f"{self.tap.api_url}/scrolls"),
            envelope("rows"),
            parameter="token",
            token=lambda reply: reply.body.get("next"),
            key=lambda row: row.get("id"),
            stable=True,
            ahead=self.tap.prefetch,
        )


class TapCursors(TapExample):
    """The tap."""

    name = "tap-cursors"

    def discover_streams(self) -> Sequence[SourceStream]:
        return [Scrolls(self)]


if __name__ == "__main__":
    TapCursors.cli()
