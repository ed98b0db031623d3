"""The base class of every stream: a declaration, and how rows come out of a page."""

from __future__ import annotations

import abc
import functools
import logging
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.conform import TypeConformanceLevel

from singer_rest.errors import Outcome, StreamError
from singer_rest.records import timestamps
from singer_rest.records.columns import RejectedValues, Table
from singer_rest.records.personal import mark_personal
from singer_rest.records.rows import Records, Rows
from singer_rest.sdk import selection, settings
from singer_rest.sdk.compat import CompatStream
from singer_rest.sources.cuts import WHOLE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.singerlib.catalog import Catalog, MetadataMapping

    from singer_rest.sdk.configured_tap import ConfiguredTap
    from singer_rest.sources.base import Source
    from singer_rest.sources.catching_up import Begun, Missed
    from singer_rest.sources.cuts import Span
    from singer_rest.sources.pages import Page

logger = logging.getLogger(__name__)


class SourceStream(CompatStream):
    """What a tap sends to the target under one name.

    A subclass states its table, its route and what reading it needs and costs; its source knows
    how to ask, and :meth:`rows` picks its rows out of what came.

    The SDK's parent and child streams are not used: they send SCHEMA again for every parent,
    keep a bookmark for every parent and read one after the other.
    """

    table: Table
    """Of the class; of the instance where the server says which columns there are."""
    route: ClassVar[str] = ""
    """What is asked, for the documentation: ``GET /incidents``."""
    permission: ClassVar[str] = ""
    """What the account needs, in the vendor's words; nothing if any account will do."""
    cost: ClassVar[str] = "1 request per page"
    """Requests of one run, for the documentation."""
    source_name: ClassVar[str] = ""
    """Streams with the same source name are made from the same answers."""
    daily_snapshot: ClassVar[bool] = False
    """Rows are added to history under today's date; earlier days are never retired."""

    joins_to_least: ClassVar[bool] = False
    """Read in parts, the least of their bookmarks holds for all of them, not the greatest."""
    span: Span = WHOLE
    """What this process reads of the stream."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # the table's conformer has done it

    def __init__(self, tap: ConfiguredTap, name: str | None = None) -> None:
        self.tap = tap
        self.name = name or self.name
        schema = mark_personal(
            self.table.schema, self.personal, self.table.primary_keys, tap.personal_data
        )
        super().__init__(tap, schema=schema, name=name)
        self.primary_keys = self.table.primary_keys

    @abc.abstractmethod
    def new_source(self) -> Source:
        """Return a fresh source for one pass."""

    def part_source(self) -> Source:
        """Return the source of one pass, or the span of it that this process reads."""
        source = self.new_source()
        if not self.span.is_whole:
            source.restrict(self.span)
        return source

    def change_anchor(self) -> str:
        """Return from when on changes are read again when parts are joined; empty for nothing."""
        return self.new_source().change_anchor()

    def catch_up_source(self, begun: Begun) -> tuple[Source, Missed]:
        """Return the source of what all parts have missed, and what that is.

        Args:
            begun: What is known of the parts.
        """
        source = self.new_source()
        return source, source.catch_up_with(begun)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Make this stream's rows of one page; the table makes them conform afterwards.

        By default they are what came, and each field without a column is named once.
        """
        rows = Rows.of(page.rows)
        for name in rows.cells.keys() - self._named:
            self._named.add(name)
            logger.info("%s: the server has a new field, %s; it is not read.", self.name, name)
        return rows

    @functools.cached_property
    def _named(self) -> set[str]:
        return {column.name for column in self.table.columns}

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over what a catalog chooses, less the columns that are left out now."""
        super().apply_catalog(catalog)
        entry = catalog.get_stream(self.tap_stream_id)
        if entry is None:
            return
        for name in self.personal:
            if self.tap.personal_data.leaves_out(name, self.table.primary_keys):
                (entry.schema.properties or {}).pop(name, None)
                entry.metadata.pop(("properties", name), None)

    def in_catalog(self) -> bool:
        """Whether the catalog given to the tap describes this stream."""
        catalog = self.tap.input_catalog
        return catalog is not None and catalog.get_stream(self.tap_stream_id) is not None

    def describe(self, metadata: MetadataMapping) -> None:
        """Put an opt-in stream out of reach until it is asked for; what a catalog says stays."""
        if not self.in_catalog() and not self.selected_by_default:
            selection.mark_opt_in(metadata.root, named=selection.is_named(self.config, self.name))

    @property
    def is_named(self) -> bool:
        """Whether a user asked for this very stream.

        By the setting ``opt_in_streams``, by a catalog that leaves another stream out (Meltano's
        rule for everything names every stream), or by a setting of the stream's own.
        """
        return selection.is_named(self.config, self.name) or self.tap.catalog_is_chosen

    @property
    def personal(self) -> frozenset[str]:
        """Return the columns that can hold personal data."""
        return frozenset()

    @property
    def personal_addresses(self) -> frozenset[str]:
        """Return those of them in which only e-mail addresses are personal."""
        return frozenset()

    def conceal(self, records: Records) -> None:
        """Hash or leave out what is personal in conforming records, if the settings say so."""
        self.tap.personal_data.conceal(
            records, self.personal, self.table.primary_keys, self.personal_addresses
        )

    @property
    def concealed_by(self) -> str:
        """Return how personal data is hidden in its rows; nothing if there is none, or it shows."""
        return self.tap.personal_data.mark if self.personal else ""

    @property
    def covers(self) -> str:
        """Return in one text what a bookmark covers beside the system; nothing if all there is."""
        return ""

    def widen(self, covered: str) -> bool:
        """Make ready to read what a bookmark does not cover; see the run's contract."""
        del covered
        return False

    @property
    def source_key(self) -> str:
        """Return what streams of one pass have in common."""
        return self.source_name or self.name

    @property
    def zone(self) -> dt.tzinfo:
        """Return the time zone of timestamps that name none."""
        return timestamps.UTC

    @property
    def is_full_table(self) -> bool:
        """Whether a complete read shows every row there is."""
        return self.replication_method == "FULL_TABLE" and not self.daily_snapshot

    @property
    def emit_activate_version_messages(self) -> bool:
        """Keep the SDK from sending ACTIVATE_VERSION before the first record.

        A target may then delete everything that a failing tap does not send again; the reader
        sends it after the last record instead.
        """
        return False

    @property
    def has_instant_bookmark(self) -> bool:
        """Whether the bookmark is a point in time that any server would understand."""
        return bool(self.replication_key) and not self.is_full_table

    @property
    def lookback_minutes(self) -> int:
        """Return how far behind its bookmark an incremental stream is read again."""
        return int(self.config.get("lookback_minutes") or 0)

    def starting_point(self, partition: Mapping[str, Any] | None = None) -> dt.datetime | None:
        """Return the instant to read from; nothing for everything there is.

        That is the bookmark less the lookback, or the setting ``start_date`` on a first run.

        Args:
            partition: Whose bookmark it is, where parents have bookmarks of their own.
        """
        if self.replication_key is None or self.replication_method == "FULL_TABLE":
            return None
        bookmark = self.tap.bookmarks.start(self.name, self.replication_key, partition)
        if bookmark is not None:
            return bookmark - timestamps.minutes(self.lookback_minutes)
        return settings.start_date(self.config)

    can_resume = False
    """Whether a read that ends early can be taken up where it stood."""
    earlier_rows = 0
    """Rows that runs before this one have written of the same read."""

    @property
    def table_version(self) -> int:
        """Return what the rows of a full table are known by."""
        return self.tap.snapshot_version

    @property
    def begun(self) -> dt.datetime:
        """Return when the read began, in an earlier run if it is taken up again."""
        return self.tap.began

    def resume_text(self, source: Source, position: str, rows: int) -> str:
        """Return what the bookmark says of a read that ends behind a position."""
        del source, position, rows
        return ""

    def find_partition(self, page: Page) -> Mapping[str, Any] | None:
        """Return the partition whose bookmark the rows of a page belong to, if any."""
        del page
        return None

    def partition_mark(self, partition: Mapping[str, Any]) -> str:
        """Return one text to keep in the bookmark of a partition; nothing to keep none."""
        del partition
        return ""

    def move_bookmark(self, source: Source) -> bool:
        """Set the bookmark of a complete pass where the server itself marked the place.

        Returns:
            Whether that was done; otherwise the bookmark moves to the greatest value written.
        """
        del source
        return False

    def get_records(self, context: Context | None) -> Iterable[dict[str, Any]]:
        """Yield conforming records, for the SDK's own ways of reading a stream.

        A stream that no setting asks for has none.
        """
        del context
        read = self.table.reader(self.zone)
        rejected = RejectedValues()
        try:
            for page in self.new_source().pages():
                records = read(self.rows(page), rejected)
                self.conceal(records)
                yield from records
        except StreamError as error:
            if error.outcome is not Outcome.SKIPPED:
                raise
