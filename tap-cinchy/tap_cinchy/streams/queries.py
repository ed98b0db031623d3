"""One stream for every query the configuration names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StateError, StreamError
from singer_rest.records import timestamps
from singer_rest.records.columns import INTEGER, TEXT
from singer_rest.run.bookmarks import HOW_TO_RESET
from tap_cinchy import answers
from tap_cinchy.client import Parameter
from tap_cinchy.cql import ID, literal
from tap_cinchy.incremental import ANCHOR, check_bookmark, date_literal
from tap_cinchy.queries import (
    AFTER,
    TOP,
    UNKNOWN_COLUMNS,
    first_value,
    is_query,
    is_single_value,
    shape_of_answer,
    shape_of_catalog,
    shape_of_config,
    shape_unknown,
)
from tap_cinchy.query_pages import LOWEST, KeysetSource, WindowedSource
from tap_cinchy.query_requests import ask
from tap_cinchy.query_sources import QuerySource, rank
from tap_cinchy.questions import Reading
from tap_cinchy.shapes import field
from tap_cinchy.sources import TableSource
from tap_cinchy.streams.base import CinchyStream
from tap_cinchy.values import wall_clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_rest.sdk.catalog import Catalog
    from singer_rest.sources.base import Source
    from tap_cinchy.answers import Answer
    from tap_cinchy.client import CinchyApi
    from tap_cinchy.queries import Query
    from tap_cinchy.shapes import Shape
    from tap_cinchy.tap import TapCinchy

logger = logging.getLogger(__name__)

SOURCES = {"none": QuerySource, "start_row": WindowedSource, "keyset": KeysetSource}


class QueryStream(CinchyStream):
    """The rows of a saved query or of a CQL query."""

    table: Shape
    route = "GET /API/{domain}/{query}, GET /BasicAuthAPI/{domain}/{query} or POST /API/ExecuteCQL"
    permission = "the right to execute the query, and to view what it reads"
    cost = "1 request, or 1 per page"

    def __init__(self, tap: TapCinchy, query: Query) -> None:
        self.query = query
        self.trouble: StreamError | None = None
        """Why the columns are not known."""
        self.table = tap.clock.dated(self._shape(tap), query.name)
        super().__init__(tap, name=query.name)
        if query.replication_key and self.table.title != UNKNOWN_COLUMNS:
            self.replication_key = query.replication_key

    # Columns

    def _shape(self, tap: TapCinchy) -> Shape:
        if self.query.json_schema:
            return shape_of_config(self.query)
        if tap.input_catalog is not None:
            entry = tap.input_catalog.get_stream(self.query.name)
            return shape_of_catalog(self.query, entry.schema.to_dict() if entry else {})
        try:
            return self._shape_by_asking(tap)
        except StreamError as error:
            self.trouble = error
            logger.error("The columns of %s are not known: %s", self.query.name, error.sentence)  # noqa: TRY400
            return shape_unknown(self.query)

    def _shape_by_asking(self, tap: TapCinchy) -> Shape:
        """Return the columns an answer shows.

        Raises:
            StreamError: It cannot be asked, or an answer without rows shows none.
        """
        query = self.query
        tap.guard.check(query)
        answer = None if query.saved else self._schema_only(tap.api, tap)
        if answer is None:
            text = query.query.replace(TOP, "1").replace(AFTER, str(LOWEST))
            answer = answers.read(ask(tap.api, query, self._parameters(tap), text))
        if not answer.names:
            raise StreamError(
                f"The query {query.title} answers without rows and without columns; set its "
                "json_schema.",
                code="NO-COLUMNS",
            )
        return shape_of_answer(query, answer)

    def _schema_only(self, api: CinchyApi, tap: TapCinchy) -> Answer | None:
        """Ask for the columns alone; nothing where the server does not tell them so."""
        text = self.query.query.replace(TOP, "1").replace(AFTER, str(LOWEST))
        parameters = [Parameter(*pair) for pair in self._parameters(tap).items()]
        try:
            kind: Any = self.query.type
            answer = answers.read(api.execute(text, kind, parameters, schema_only=True))
        except StreamError:
            return None
        return answer if answer.names and answer.typed else None

    def _parameters(self, tap: TapCinchy) -> dict[str, Any]:
        """Return the parameters of a first run."""
        params = dict(self.query.params)
        if self.query.replication_param:
            start = timestamps.parse(tap.config.get("start_date"))
            value = first_value(self.query, start)
            if value is not None:
                params[self.query.replication_param] = value
        return params

    # Reading

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over what the catalog says; keys and replication are the configuration's."""
        super().apply_catalog(catalog)
        self.primary_keys = self.table.primary_keys
        if self.table.title != UNKNOWN_COLUMNS:
            self.replication_key = self.query.replication_key or None
            if not self.query.replication_key:
                self.forced_replication_method = None

    def check(self) -> None:
        """Check the bookmark before anything is read.

        Raises:
            StateError: It is neither a number nor a text.
        """
        value = self._bookmark()
        if value is not None and not isinstance(value, (int, float, str)):
            raise StateError(f"The bookmark of {self.name} is no value; {HOW_TO_RESET}.")
        if wall_clock(value) is not None and not check_bookmark(self.name, value):
            self.tap.bookmarks.forget(self.name)

    def _bookmark(self) -> Any:
        if not self.replication_key or self.is_full_table:
            return None
        return self.tap.bookmarks.value(self.name, self.replication_key)

    def new_source(self) -> Source:
        """Return the query with its parameters.

        Raises:
            StreamError: Its columns are not known, or it is one that writes.
        """
        if self.table.title == UNKNOWN_COLUMNS:
            raise self.trouble or StreamError(self.table.description, code="NO-COLUMNS")
        self.tap.guard.check(self.query)
        params = self._parameters(self.tap)
        since = self._since(self._bookmark())
        if since is not None:
            params[self.query.replication_param] = since
        kind_of_source = SOURCES[self.query.paging]
        kind = self.tap.guard.kind(self.query)
        size = self.config["page_size"]
        ahead = self.tap.prefetch
        source = kind_of_source(
            self.api, self.query, self.table, params, size, kind=kind, ahead=ahead
        )
        if self.tap.has_bearer:
            source.check_answers = self.tap.registry.check_answers
        return source

    def _since(self, bookmark: Any) -> Any:
        """Return what the bookmark becomes as a parameter: a time is taken back a little."""
        moment = wall_clock(bookmark) if isinstance(bookmark, str) else None
        if moment is None:
            return bookmark
        if self.tap.has_bearer:
            entry = self.tap.bookmarks.entry(self.name)
            self.tap.zones.expect(entry.get(ANCHOR), self.tap.zones.platform_anchor)
            self.tap.zones.compare_somewhere()
        return date_literal(self.tap.zones.back_from(moment)).strip("'")

    def move_bookmark(self, source: Source) -> bool:
        """Remember the greatest value of the replication key, as received."""
        newest = source.newest if isinstance(source, QuerySource) else None
        before = self._bookmark()
        if newest is not None and (before is None or rank(newest) > rank(before)):
            self.tap.bookmarks.put(self.name, self.replication_key or "", newest)
        if self.tap.has_bearer and wall_clock(self._bookmark()) is not None:
            self.tap.bookmarks.note(self.name, **{ANCHOR: self.tap.zones.platform_anchor})
        return True


class SavedQueryGuard:
    """Refuses saved queries that write, as far as the platform tells: by GET they write too."""

    def __init__(self, api: CinchyApi, queries: Iterable[Query], *, readable: bool) -> None:
        self._api = api
        self._queries = [query for query in queries if query.saved]
        self._types: dict[tuple[str, str], str] | None = None if readable else {}

    def check(self, query: Query) -> None:
        """Refuse a query whose type does not read.

        Raises:
            StreamError: It does not.
        """
        if not query.saved:
            return
        kind = self.kind(query)
        if kind and not is_single_value(kind) and not is_query(kind):
            raise StreamError(
                f"The saved query {query.title} is of the type {kind!r}, and this tap only reads; "
                "remove it from saved_queries.",
                code="QUERY-WRITES",
            )

    def kind(self, query: Query) -> str:
        """Return what a saved query does, as the platform tells; nothing if it does not."""
        if not query.saved:
            return ""
        return self._known().get((query.domain.lower(), query.query.lower()), "")

    def _known(self) -> dict[tuple[str, str], str]:
        if self._types is None:
            self._types = {}
            try:
                for page in TableSource(self._api, self._reading()).pages():
                    for row in page.rows:
                        name = (str(row["Domain"]).lower(), str(row["Name"]).lower())
                        self._types[name] = str(row.get("Type") or "")
            except StreamError as error:
                logger.info("The types of saved queries are not readable: %s", error.sentence)
        return self._types

    def _reading(self) -> Reading:
        names = ", ".join(literal(name) for name in sorted({q.query for q in self._queries}))
        return Reading(
            where="Cinchy.Saved Queries",
            tables=("[Cinchy].[Saved Queries]",),
            fields=(
                field(ID, INTEGER, "Cinchy Id."),
                field("Domain", TEXT, "Domain.", "[Domain].[Name]", "[Data Product].[Name]"),
                field("Name", TEXT, "Name."),
                field("Type", TEXT, "Type.", optional=True),
            ),
            keys=1,
            size=1000,
            blank=("[Deleted]",),
            conditions=(f"t.[Name] IN ({names})",),
        )
