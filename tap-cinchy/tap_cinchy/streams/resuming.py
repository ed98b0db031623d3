"""Streams of tables that are taken up again where a read of them ended early."""

from __future__ import annotations

import abc
import dataclasses
import functools
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from singer_rest.run.resume import ResumeMark, why_not
from singer_rest.sources.catching_up import Missed
from tap_cinchy import backups
from tap_cinchy.incremental import ChangesSource
from tap_cinchy.positions import parse_position
from tap_cinchy.resume import (
    Beginning,
    CatchUpSource,
    ResumableChangesSource,
    ResumableSource,
    ResumedSource,
    can_tell_changes,
    read_anchor,
)
from tap_cinchy.shapes import DELETED, Shape
from tap_cinchy.sources import TableSource
from tap_cinchy.streams.base import CinchyStream

if TYPE_CHECKING:
    import datetime as dt

    from singer_rest.sources.base import Source
    from singer_rest.sources.catching_up import Begun
    from tap_cinchy.questions import Reading

RESTORED = (
    "rows show earlier changes than they did, or are not there any more; the platform was restored "
    "from a backup"
)
DIGITS = 16
"""Of the hash of what is read."""


class ResumableStream(CinchyStream):
    """What a table needs to be read in several runs, and to be whole all the same."""

    table: Shape

    # What a table says of itself

    @abc.abstractmethod
    def reading(self) -> Reading:
        """Return what is read."""

    @property
    @abc.abstractmethod
    def offers_incremental(self) -> bool:
        """Whether changes can be found by when they were made."""

    @abc.abstractmethod
    def bookmark_value(self) -> Any:
        """Return up to where a target has the changes; nothing on the first run."""

    @abc.abstractmethod
    def start_of_first_run(self) -> dt.datetime | None:
        """Return from when on changes are read where there is no bookmark."""

    @abc.abstractmethod
    def may_be_empty(self, full_name: str) -> bool:
        """Whether a table without rows is believed."""

    # Where the last run stood

    @functools.cached_property
    def can_resume(self) -> bool:  # type: ignore[override]
        """Whether this read can be taken up where it ends, if it ends early."""
        reading = self.reading()
        reads_all = self.is_full_table or self.bookmark_value() is None
        return (
            self.config["resume"]
            and self.tap.planned_bound is None
            and reads_all
            and self.offers_incremental
            and can_tell_changes(reading, hides_deleted=bool(reading.blank))
        )

    @functools.cached_property
    def resumed(self) -> ResumeMark | None:
        """Return where an earlier run stood, if this one goes on there."""
        text = self.tap.bookmarks.resume(self.name)
        if not text:
            return None
        mark = ResumeMark.parse(text)
        why = self._why_not(mark)
        if why or mark is None:
            self.logger.warning(
                "%s: a read of it ended early, and is not taken up where it stood: %s. It is read "
                "from the start.",
                self.name,
                why,
            )
            return None
        self.logger.info(
            "%s goes on behind the row %s, where the read of %s ended early.",
            self.name,
            mark.position,
            mark.begun.isoformat(timespec="seconds"),
        )
        return mark

    def _why_not(self, mark: ResumeMark | None) -> str:
        if mark is None or parse_position(mark.position) is None:
            return "what the state says of it cannot be read"
        if not self.config["resume"]:
            return "resume is off"
        if not self.can_resume:
            return "this run reads it in another way"
        if mark.reads != self._reads:
            return "other rows or columns are asked for now"
        completed = self.tap.bookmarks.completed(self.name)
        why = why_not(mark, completed, self.config["resume_max_age"])
        if why or not mark.witnesses:
            return why
        time = backups.ask(self.api, self.reading(), mark.witnesses, mark.anchor)
        return "" if time is backups.Time.GOES_ON else RESTORED

    @functools.cached_property
    def _reads(self) -> str:
        """Return what tells apart what is read: system, table, columns, conditions, method."""
        start = None if self.is_full_table else self.start_of_first_run()
        parts = (self.tap.system, self.covers, self.reading().blank, start, self.is_full_table)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:DIGITS]

    @property
    def table_version(self) -> int:
        """Return what the rows of a full table are known by."""
        return self.resumed.version if self.resumed else super().table_version

    @property
    def begun(self) -> dt.datetime:
        """Return when the read began, in an earlier run if it is taken up again."""
        return self.resumed.begun if self.resumed else super().begun

    @property
    def earlier_rows(self) -> int:  # type: ignore[override]
        """Return the rows that runs before this one have written of the same read."""
        return self.resumed.rows if self.resumed else 0

    # Reading on

    @functools.cached_property
    def _beginning(self) -> Beginning:
        return Beginning()

    @functools.cached_property
    def _anchors(self) -> dict[str, str]:
        return {}

    def resume_text(self, source: Source, position: str, rows: int) -> str:
        """Return what the bookmark says of a read that ends behind a position."""
        if self.resumed is not None:
            return str(dataclasses.replace(self.resumed, position=position, rows=rows))
        if "anchor" not in self._anchors:
            self._anchors["anchor"] = read_anchor(source) if isinstance(source, TableSource) else ""
        return str(
            ResumeMark(
                position,
                self.table_version,
                self.begun,
                self._beginning.text,
                self._reads,
                rows,
                self._anchors["anchor"],
                witnesses=getattr(source, "witnesses", ""),
            )
        )

    def whole_source(self, reading: Reading) -> TableSource:
        """Return the source of all rows, from the start or from where an earlier run stood."""
        more = (self.api, reading, self.tap.prefetch, self.may_be_empty)
        if not self.can_resume:
            return TableSource(*more)
        source = ResumableSource(*more)
        source.beginning = self._beginning
        return source

    def changes_source(self, reading: Reading, anchor: str | None) -> ChangesSource:
        """Return the source of what changed since the bookmark, or of all rows without one."""
        kind = ResumableChangesSource if self.can_resume else ChangesSource
        source = kind(
            self.api,
            reading,
            self.tap.zones,
            prefetch=self.tap.prefetch,
            is_listed=self.may_be_empty,
            bookmark=self.bookmark_value(),
            start=self.start_of_first_run(),
            with_deleted=self.table.has(DELETED),
            anchor=anchor,
        )
        if isinstance(source, ResumableChangesSource):
            source.beginning = self._beginning
        return source

    def taken_up(self, source: TableSource) -> Source:
        """Return a source, or the rest of it and what changed where an earlier run has begun."""
        mark = self.resumed
        if mark is None:
            return source
        source.goes_on_behind = parse_position(mark.position)
        return ResumedSource(source, functools.partial(self._catch_up, mark))

    def _catch_up(self, mark: ResumeMark) -> ChangesSource:
        """Return the source of what changed since the read began, deleted rows among it."""
        return ChangesSource(
            self.api,
            dataclasses.replace(self.reading(), blank=()),
            self.tap.zones,
            prefetch=self.tap.prefetch,
            bookmark=mark.since,
            start=None,
            with_deleted=self.table.has(DELETED),
            anchor=mark.anchor or None,
        )

    # Catching up with parts

    @property
    def _tells_changes(self) -> bool:
        reading = self.reading()
        told = can_tell_changes(reading, hides_deleted=bool(reading.blank))
        return self.offers_incremental and told

    def change_anchor(self) -> str:
        """Return from when on changes are read again, and how the oldest row is shown.

        Both are as the server shows them; no clock but its own decides what is read again.
        """
        if not self._tells_changes:
            return ""
        source = ResumableSource(self.api, self.reading())
        source.beginning = Beginning()
        source.ask_tail()
        return urlencode({"since": source.beginning.text, "zone": read_anchor(source)})

    def catch_up_source(self, begun: Begun) -> tuple[Source, Missed]:
        """Return the source of what changed since the plan was made, deleted rows among it."""
        found = {name: values[-1] for name, values in parse_qs(begun.anchor).items()}
        if not self._tells_changes or "since" not in found:
            return self.new_source(), Missed.NOTHING
        source = CatchUpSource(
            self.api,
            dataclasses.replace(self.reading(), blank=()),
            self.tap.zones,
            prefetch=self.tap.prefetch,
            bookmark=found["since"],
            start=None,
            with_deleted=self.table.has(DELETED),
            anchor=found.get("zone"),
        )
        source.had_rows = bool(begun.rows)
        return source, Missed.CHANGES

    def find_changes(self, source: Source) -> ChangesSource | None:
        """Return the source whose watermark becomes the bookmark."""
        if isinstance(source, ResumedSource):
            return source.catch_up
        return source if isinstance(source, ChangesSource) else None
