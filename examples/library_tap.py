"""A tap with two streams: a paged list, and what is new of each of its rows. Run by the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest import (
    INSTANT,
    INTEGER,
    TEXT,
    Column,
    HeaderCredential,
    ListedParents,
    ListSource,
    Paging,
    PerParentSource,
    Request,
    RestTap,
    SingleSource,
    SourceStream,
    Table,
    envelope,
    settings,
    th,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROWS = envelope("rows")


class Books(SourceStream):
    """Every book."""

    name = "books"
    route = "GET /books"
    table = Table(
        (Column("id", INTEGER, "Id of the book."), Column("title", TEXT, "Its title.")),
        primary_keys=("id",),
    )

    def new_source(self) -> ListSource:
        """Return the list, page by page."""
        size = self.config["page_size"]
        paging = Paging("page", "per_page", size, 1, key=lambda row: row.get("id"))
        request = Request(f"{self.tap.api_url}/books")
        return ListSource(self.tap.transport, request, ROWS, paging)


class Reviews(SourceStream):
    """What was written about each book since the last run."""

    name = "reviews"
    route = "GET /books/{id}/reviews"
    cost = "1 request per book"
    replication_key = "written_at"
    state_partitioning_keys: ClassVar = ("book_id",)
    table = Table(
        (
            Column("id", INTEGER, "Id of the review."),
            Column("book_id", INTEGER, "Which book it is about."),
            Column("text", TEXT, "What it says."),
            Column("written_at", INSTANT, "When it was written, in UTC."),
        ),
        primary_keys=("id",),
    )

    def new_source(self) -> PerParentSource:
        """Return one request for every book."""
        where = f"{self.tap.api_url}/books/{{id}}/reviews"
        books = ListedParents(Books(self.tap).new_source, lambda row: row["id"])
        return PerParentSource(where, books, self._reviews, prefetch=self.tap.prefetch)

    def _reviews(self, book: int) -> SingleSource:
        since = self.starting_point({"book_id": book})
        request = Request(
            f"{self.tap.api_url}/books/{book}/reviews",
            {"since": since.isoformat() if since else None},
        )
        return SingleSource(self.tap.transport, request, ROWS)

    def find_partition(self, page: Any) -> Mapping[str, Any]:
        """Return the book whose bookmark the rows of a page belong to."""
        return {"book_id": page.parent}

    def rows(self, page: Any) -> Iterable[Mapping[str, Any]]:
        """Return the reviews, each with its book."""
        return [{**row, "book_id": page.parent} for row in page.rows]


class TapLibrary(RestTap):
    """Reads a library."""

    name = "tap-library"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True, description="Where it is."),
        th.Property("api_key", th.StringType, required=True, secret=True, description="A key."),
        *settings.common(page_size=100, largest_page=100, requests_per_minute=600, concurrency=4),
    ).to_dict()

    def discover_streams(self) -> Sequence[SourceStream]:
        """Return the streams."""
        return [Books(self), Reviews(self)]

    def credentials(self) -> Mapping[str, HeaderCredential]:
        """Return the key, and the one place it is for."""
        bearer = {"Authorization": f"Bearer {self.config['api_key']}"}
        return {self.api_url: HeaderCredential("api_key", bearer)}

    def connect(self) -> None:
        """Prove that the key is good."""
        self.transport.send(Request(f"{self.api_url}/me"))


if __name__ == "__main__":
    TapLibrary.cli()
