"""Streams that are read by CQL: every table discovery finds, and the history of its rows."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from singer_rest.errors import ConfigError
from singer_rest.records import timestamps
from singer_rest.records.columns import INTEGER, Column
from singer_rest.sdk.catalog import Metadata
from singer_rest.sources.base import AbsentSource
from tap_cinchy import backups
from tap_cinchy.coverage import Coverage
from tap_cinchy.cql import ID, table_path
from tap_cinchy.incremental import ANCHOR, check_bookmark
from tap_cinchy.questions import Reading
from tap_cinchy.shapes import CREATED, DELETED, DELETED_AT, MODIFIED, Field, Shape
from tap_cinchy.streams.resuming import ResumableStream
from tap_cinchy.values import wall_clock
from tap_cinchy.whole_table import WholeTableSource
from tap_cinchy.witnesses import WITNESSES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from singer_rest.sdk.catalog import Catalog, MetadataMapping
    from singer_rest.sources.base import Source
    from tap_cinchy.client import ReadType
    from tap_cinchy.sources import TableSource
    from tap_cinchy.tap import TapCinchy

FULL_TABLE, INCREMENTAL = "FULL_TABLE", "INCREMENTAL"


class TableStream(ResumableStream):
    """The rows of one table.

    Read in full unless its replication method is INCREMENTAL, which it offers with the
    replication key ``Modified`` where the table has the columns for it.
    """

    table: Shape
    _made_anew = False
    """The bookmark is of another table under this name."""
    _was_told = False
    """A target has rows up to a bookmark, whether this run can use it or not."""
    route = "POST /API/ExecuteCQL, once a page"
    permission = "the right to view the table, every selected column and what its links point to"
    cost = "1 request per page, and 1 to see the end; 3 to 6 more when INCREMENTAL"
    joins_to_least = True  # a bookmark was there before the first page of its part

    def __init__(self, tap: TapCinchy, shape: Shape | None = None, name: str | None = None) -> None:
        self.table = tap.clock.dated(shape or self.table, name or self.name)
        super().__init__(tap, name=name)
        if self.offers_incremental and tap.wants_incremental(self.full_name):
            self.replication_key = MODIFIED

    # What it is

    @property
    def personal(self) -> frozenset[str]:
        """Return the columns that can hold personal data, as the platform classifies them."""
        return self.table.personal

    @property
    def full_name(self) -> str:
        """Return the table as ``Domain.Table``."""
        return self.table.full_name

    @property
    def quoted(self) -> tuple[str, ...]:
        """Return the table in CQL; later ones are its names in other versions."""
        return (table_path(self.full_name),)

    @property
    def offers_incremental(self) -> bool:
        """Whether changes can be found by when they were made."""
        has = self.table.has
        return not self.table.is_history and has(ID) and has(MODIFIED) and has(CREATED)

    def describe(self, metadata: MetadataMapping) -> None:
        """Offer the replication key, and leave out what is heavy; what a catalog says stays."""
        super().describe(metadata)
        if self.in_catalog():
            return
        if self.offers_incremental:
            metadata.root.valid_replication_keys = [MODIFIED]
            metadata["properties", MODIFIED].inclusion = Metadata.InclusionType.AUTOMATIC
        for field in self.table.fields:
            if field.unselected:
                metadata["properties", field.name].selected_by_default = False

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take over what the catalog says.

        Raises:
            ConfigError: A replication that this table does not offer.
        """
        super().apply_catalog(catalog)
        if self.replication_method == FULL_TABLE:
            return
        if self.replication_method != INCREMENTAL:
            raise ConfigError(
                f"{self.name} has the replication method {self.replication_method}; it offers "
                f"{FULL_TABLE}{f' and {INCREMENTAL}' if self.offers_incremental else ''}."
            )
        if not self.offers_incremental or (self.replication_key or MODIFIED) != MODIFIED:
            offered = (
                f"its replication key is {MODIFIED}"
                if self.offers_incremental
                else "it can only be read in full"
            )
            raise ConfigError(
                f"{self.name} cannot be read by {self.replication_key or INCREMENTAL}: {offered}."
            )
        self.replication_key = MODIFIED

    # What a bookmark covers

    @property
    def is_full_table(self) -> bool:
        """Whether every row is read: also where the table is not the one the bookmark is of."""
        return self._made_anew or super().is_full_table

    @functools.cached_property
    def _coverage(self) -> Coverage:
        found = self.tap.registry.find(self.full_name) if self.tap.has_bearer else None
        paths = [field.paths[0] for field in self.selected_fields()]
        return Coverage.of(found.guid if found else "", self.full_name, paths)

    @property
    def covers(self) -> str:
        """Return which table is read, and which columns of it."""
        return str(self._coverage)

    def widen(self, covered: str) -> bool:
        """Say how the table differs from the one the bookmark is of, and read what that takes.

        Args:
            covered: What the bookmark says of itself.

        Returns:
            Whether the bookmark may be used.
        """
        before, now = Coverage.parse(covered), self._coverage
        if before is None:
            return True
        if now.is_other_table(before):
            self._made_anew = not super().is_full_table
            self.logger.warning(
                "%s is not the table it was on the last run: %s was made anew under this name. It "
                "is read in full, and the rows of the old one are retired.",
                self.name,
                self.full_name,
            )
            return False
        if before.full_name.lower() != self.full_name.lower():
            self.logger.warning(
                "%s: the table %s is called %s now.", self.name, before.full_name, self.full_name
            )
        if now.is_wider(before) and not super().is_full_table:
            self.logger.warning(
                "%s has columns that were not read before; old rows have them too and did not "
                "change, so the table is read in full once.",
                self.name,
            )
            return False
        return True

    # How it is read

    def check(self) -> None:
        """Check the bookmark before anything is read.

        Raises:
            StateError: It cannot be used.
        """
        if self.replication_key and not self.is_full_table:
            bookmark = self.bookmark_value()
            self._was_told = bookmark is not None
            if not check_bookmark(self.name, bookmark):
                self.tap.bookmarks.forget(self.name)
            elif bookmark is not None:
                self._check_backup()
            self._check_marks()

    def _check_backup(self) -> None:
        """Read the whole table where it has gone back in time: old rows do not count as changed."""
        entry = self._bookmark()
        if not entry.get(WITNESSES) or self.resumed is not None:
            return
        time = backups.ask(self.api, self.reading(), entry[WITNESSES], entry.get(ANCHOR))
        if time is backups.Time.GOES_ON:
            return
        self._made_anew = time is backups.Time.WENT_BACK
        self.logger.warning(
            "%s: %s. The table is read in full once%s.",
            self.name,
            "rows show earlier changes than on the last run, so the platform was restored from a "
            "backup"
            if self._made_anew
            else "none of the rows that were changed last is there any more; they were erased, or "
            "the platform was restored from a backup",
            ", and rows that are not there any more are retired" if self._made_anew else "",
        )
        self.tap.bookmarks.forget(self.name)

    def _check_marks(self) -> None:
        """Refuse to read changes whose deletions no target could see.

        Raises:
            ConfigError: Neither column that tells of them is selected.
        """
        mask = self.mask
        told = [
            field.name
            for field in self.table.fields
            if field.paths[0] == f"[{DELETED}]" and mask["properties", field.name]
        ]
        if not self.table.has(DELETED) or DELETED_AT in told:
            return
        if not told:
            raise ConfigError(
                f"{self.name} is read by what changed, and neither {DELETED} nor {DELETED_AT} is "
                "selected: no target would learn of deleted rows. Select one of them, or read the "
                "table in full."
            )
        self.logger.warning(
            "%s: deleted rows come with their time in %s only, because the catalog was made with "
            "include_deleted off; name the table in incremental_tables and run discovery again to "
            "have %s as well.",
            self.name,
            DELETED,
            DELETED_AT,
        )

    def selected_fields(self) -> tuple[Field, ...]:
        """Return the fields to read, keys first."""
        mask = self.mask
        chosen = [field for field in self.table.fields if mask["properties", field.name]]
        keys = [field for key in self.table.primary_keys for field in chosen if field.name == key]
        return (*keys, *(field for field in chosen if field not in keys))

    def reading(self) -> Reading:
        """Return what is read."""
        kind: ReadType = "VERSION_HISTORY_QUERY" if self.table.is_history else "QUERY"
        with_deleted = self.table.is_history or self.config["include_deleted"]
        # A target has to be told of rows that were deleted since it got them.
        with_deleted = with_deleted or self._was_told
        hides = self.table.has(DELETED) and not with_deleted
        return Reading(
            where=self.full_name,
            tables=self.quoted,
            fields=self.selected_fields(),
            keys=len(self.table.primary_keys),
            size=self.config["page_size"],
            blank=(f"[{DELETED}]",) if hides else (),
            kind=kind,
            lenient=not self._has_better_values(),
        )

    def new_source(self) -> Source:
        """Return the table, as a whole or what changed of it; it may have begun."""
        return self.tap.lookahead.source(self)

    def fresh_source(self) -> Source:
        """Return the table, and have the next ones begin as soon as it is read."""
        source = self._source()
        source.on_reading = self.tap.lookahead.note_reading
        source.check_answers = self.tap.registry.check_answers
        if not self.span.is_whole:
            source.restrict(self.span)  # it may begin before its turn
        return self.taken_up(source)

    def _source(self) -> TableSource:
        reading = self.reading()
        if not reading.keys:
            return WholeTableSource(self.api, reading, is_listed=self.may_be_empty)
        if self.is_full_table:
            return self.whole_source(reading)
        return self.changes_source(reading, self._bookmark().get(ANCHOR))

    def bookmark_value(self) -> Any:
        """Return up to where a target has the changes; nothing on the first run."""
        return None if self.is_full_table else self.tap.bookmarks.value(self.name, MODIFIED)

    def may_be_empty(self, full_name: str) -> bool:
        """Whether a table without rows is believed: it is listed, and has not had any before."""
        return not self._had_before() and self.tap.registry.lists(full_name)

    def _has_better_values(self) -> bool:
        """Whether a target may have what a column that is left out would be null instead of."""
        bookmarks = self.tap.bookmarks
        return bool(
            bookmarks.rows_last_time(self.name)
            or self._was_told
            or bookmarks.value(self.name, MODIFIED) is not None
        )

    def _had_before(self) -> bool:
        """Whether a target may have rows of this stream."""
        return self._has_better_values() or bool(self.tap.bookmarks.resume(self.name))

    def start_of_first_run(self) -> dt.datetime | None:
        """Return from when on changes are read where there is no bookmark."""
        return timestamps.parse(self.config.get("start_date"))

    def _bookmark(self) -> Mapping[str, Any]:
        return self.tap.bookmarks.entry(self.name)

    def move_bookmark(self, source: Source) -> bool:
        """Remember the newest change there was before the first page, as the server showed it."""
        changes = self.find_changes(source)
        if changes is None:
            return False
        mark = wall_clock(changes.watermark)
        here = wall_clock(self.bookmark_value())  # where parts have come to, if there were any
        if mark is not None and (here is None or mark >= here):
            self.tap.bookmarks.put(self.name, MODIFIED, changes.watermark)
            noted = {ANCHOR: changes.anchor, WITNESSES: changes.witnesses}
            self.tap.bookmarks.note(self.name, **noted)
        return True


class MissingTable(TableStream):
    """A table that the configuration names and the platform does not list any more."""

    def __init__(self, tap: TapCinchy, name: str, full_name: str, reason: str) -> None:
        fields = [Field(Column(ID, INTEGER, "Id of the row."), (f"[{ID}]",))]
        super().__init__(tap, Shape(fields, title=table_path(full_name), description=reason), name)
        self._reason = reason

    @property
    def is_named(self) -> bool:
        """Return that somebody asked for this very table."""
        return True

    def check(self) -> None:
        """Refuse a first run: nobody has had this table, so its name is mistyped.

        Raises:
            ConfigError: The state knows of no earlier run.
        """
        if not self.tap.bookmarks.state.get("bookmarks"):
            raise ConfigError(f"{self._reason}. Correct tables_include, or grant the right.")

    def widen(self, covered: str) -> bool:
        """Leave the bookmark as it is."""
        del covered
        return True

    def new_source(self) -> Source:
        """Return that there is nothing to read."""
        return AbsentSource(self.full_name, self._reason)
