"""What every stream of Cortex has in common."""

from __future__ import annotations

import datetime as dt
import functools
import logging
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.errors import StreamError
from singer_rest.records import timestamps
from singer_rest.records.rows import Rows
from singer_rest.sdk.streams import SourceStream
from singer_rest.sources.base import UnconfiguredSource
from singer_rest.sources.single import SingleSource, envelope
from tap_cortex.client import CortexList, UndocumentedList, by_fields, listed
from tap_cortex.fanout import ChildRoute, Entities, EntityFanOut
from tap_cortex.known_parents import KnownParents, as_text
from tap_cortex.schemas.common import OTHER_FIELDS
from tap_cortex.schemas.personal import OR_AN_ID, PERSONAL
from tap_cortex.values import json_text, parsed, without_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from singer_rest.sources.parents import On404
    from tap_cortex.client import CortexApi, Key, Record
    from tap_cortex.client import Rows as Reader
    from tap_cortex.entity_index import Parent
    from tap_cortex.tap import TapCortex

logger = logging.getLogger(__name__)

WHOSE = "whose"
"""The entities among what a bookmark is of; stands last in the text, for it is long."""


class CortexStream(SourceStream):
    """A stream of Cortex.

    Rows pass through :meth:`row`, which a stream overrides to lift columns, and then through
    :meth:`keep`, which moves what has no column into ``other_fields``.
    """

    tap: TapCortex
    filtered_by: ClassVar[tuple[str, ...]] = ()
    """Settings that leave rows out when they are switched off."""
    is_history: ClassVar[bool] = False
    """Rows tell what happened, and stay true when what they are about is archived or deleted."""

    @property
    def api(self) -> CortexApi:
        """Return the requests to the workspace."""
        return self.tap.api

    @property
    def personal(self) -> frozenset[str]:
        """Return the columns that can hold personal data."""
        return PERSONAL.get(self.name, frozenset()) & self.table.names

    @property
    def personal_addresses(self) -> frozenset[str]:
        """Return those of them in which only e-mail addresses are personal."""
        return OR_AN_ID

    @property
    def is_full_table(self) -> bool:
        """Whether a complete read shows every row there is, and retires the others.

        Not if a setting leaves some out, and not of a history: it goes on after the entity that
        it is about was archived.
        """
        if self.is_history and not self.config["retire_history"]:
            return False
        return super().is_full_table and all(self.config.get(name) for name in self.filtered_by)

    @property
    def today(self) -> str:
        """Return the day of a snapshot."""
        return self.tap.upper_bound.date().isoformat()

    def is_selected(self, name: str) -> bool:
        """Whether another stream is selected too."""
        return bool(self.tap.streams[name].selected)

    def row(self, record: Record) -> Record:
        """Return the row of one record, as a new object if it differs."""
        return record

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every record."""
        return self.move_unknown([self.row(record) for record in page.rows])

    @functools.cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(column.name for column in self.table.columns)

    @functools.cached_property
    def _reported(self) -> set[str]:
        return set()

    def move_unknown(self, rows: list[Record]) -> Iterable[Record]:
        """Move fields that have no column into ``other_fields``, and report each name once."""
        known = self._known
        page = Rows.of(rows)
        strange = page.cells.keys() - known
        if not strange or OTHER_FIELDS.name not in known:
            return page
        for name in strange - self._reported:
            self._reported.add(name)
            logger.info("%s: %s has no column and is in other_fields.", self.name, name)
        return [_with_others(row, strange) for row in rows]


def _with_others(row: Record, strange: AbstractSet[str]) -> Record:
    others = {name: value for name, value in row.items() if name in strange}
    return {**row, OTHER_FIELDS.name: others} if others else row


class ListStream(CortexStream):
    """One list whose records become rows one to one.

    Attributes:
        path: Below ``/api/v1``.
        envelope: Key of the body under which the rows stand.
        params: Parameters that are always sent.
        flags: Parameters that a setting switches: its name by that of the parameter.
        identity: Fields that tell records apart while pages are walked; all of them by default.
        may_repeat: Whether several records may be the same in every field.
        undocumented: No document describes the route: it may be absent, or answer in another
            envelope.
        marks: Of an undocumented route: fields of which every row has at least one.
    """

    path: ClassVar[str]
    envelope: ClassVar[str | tuple[str, ...]]
    params: ClassVar[dict[str, Any]] = {}
    flags: ClassVar[dict[str, str]] = {}
    identity: ClassVar[tuple[str, ...]] = ()
    may_repeat: ClassVar[bool] = False
    undocumented: ClassVar[bool] = False
    marks: ClassVar[tuple[str, ...]] = ()

    def query(self) -> dict[str, Any]:
        """Return the parameters beside those of paging."""
        return self.params | {name: self.config[flag] for name, flag in self.flags.items()}

    def new_list(self) -> CortexList:
        """Return the walk over the list."""
        request = self.api.request(self.path, self.query())
        key = self.key()
        if self.undocumented:
            keys = (self.envelope,) if isinstance(self.envelope, str) else self.envelope
            rows = listed(*keys, marks=self.marks, one_name=True)
            return UndocumentedList(self.api, request, rows, key, repeats=self.may_repeat)
        return CortexList(self.api, request, self.reader(), key, repeats=self.may_repeat)

    def key(self) -> Key | None:
        """Return what tells records apart; nothing for all of their fields."""
        return by_fields(*self.identity)

    def reader(self) -> Reader:
        """Return the reader of an answer."""
        assert isinstance(self.envelope, str)  # noqa: S101  # several keys are for uncertain routes
        return envelope(self.envelope)

    def new_source(self) -> Source:
        """Return the walk over the list."""
        return self.new_list()


class WholeStream(ListStream):
    """A list that comes in one answer."""

    cost = "1 request"

    def new_source(self) -> Source:
        """Return the one request."""
        request = self.api.request(self.path, self.query())
        source = SingleSource(self.api.transport, request, self.reader(), key=self.key())
        source.is_alone = True
        return source


class EntityStream(CortexStream):
    """What is asked of every entity.

    Attributes:
        path: With ``{id}`` where the entity's id goes.
        envelope: Key of the body under which the rows stand; nothing where the body is the list.
        paged: Whether the route has pages.
        identity: Fields that tell the rows of one entity apart.
        one: Whether the answer is one record.
        on_404: What a 404 says, see :class:`PerParentSource`.
        may_repeat: Whether several rows of an entity may have the same key.
        probe_count: Entities that may answer 404 before an undocumented route counts as absent.
    """

    selected_by_default = False
    cost = "N, and 1 per further page of an entity"
    path: ClassVar[str]
    envelope: ClassVar[str | None] = None
    paged: ClassVar[bool] = True
    one: ClassVar[bool] = False
    identity: ClassVar[tuple[str, ...]] = ()
    may_repeat: ClassVar[bool] = False
    on_404: ClassVar[On404] = "deleted"
    probe_count: ClassVar[int] = 0

    @property
    def is_full_table(self) -> bool:
        """Whether every entity was asked."""
        return super().is_full_table and not self.config["fan_out_types"]

    def query(self) -> dict[str, Any]:
        """Return the parameters beside those of paging."""
        return {}

    def reader(self) -> Reader:
        """Return the reader of an answer."""
        return envelope(self.envelope)

    def key(self) -> Key | None:
        """Return what tells the rows of one entity apart; nothing for all of their fields."""
        return by_fields(*self.identity)

    def child(self) -> ChildRoute:
        """Return what is asked of an entity."""
        query = self.query()
        return ChildRoute(
            lambda entity: self.api.request(self.path, query, id=entity.id),
            self.reader(),
            paged=self.paged,
            one=self.one,
            key=self.key(),
            on_404=self.on_404,
            probe_count=self.probe_count,
            repeats=self.may_repeat,
        )

    def entities(self) -> Entities:
        """Return the entities to ask about."""
        return Entities(self.tap.entities, self.config["fan_out_types"])

    def new_source(self) -> Source:
        """Return the requests for every entity."""
        return EntityFanOut(self.entities(), self.path, self.child())

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the row of one record of an entity; ``index`` is its place in the list."""
        del index
        return {"entity_id": entity.id, "entity_tag": entity.tag, **record}

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every record of the entity."""
        offset = getattr(page, "offset", 0)
        return self.move_unknown(
            [
                self.entity_row(page.parent, record, offset + index)
                for index, record in enumerate(page.rows)
            ]
        )


class Incremental(CortexStream):
    """A stream whose server filters by time.

    One bookmark for all of it, whatever the number of entities: it moves to the greatest value
    written when the whole of a span is proved, and a read begins ``lookback_minutes`` before it.
    """

    def since(self) -> dt.datetime | None:
        """Return the first instant to ask for; nothing for all of the past.

        Raises:
            StreamError: Nobody knows when the present is.
        """
        if self.tap.clock_warning:
            raise StreamError(
                f"{self.name} is read up to the present, and {self.tap.clock_warning}. Set the "
                "clock right that is wrong.",
                code="CLOCK",
            )
        if self.replication_method == "FULL_TABLE":
            return None
        bookmark = self.tap.bookmarks.start(self.name, self.replication_key or "")
        if bookmark is not None:
            return bookmark - self.lookback
        return self.tap.start_date

    @property
    def lookback(self) -> dt.timedelta:
        """Return how far before the bookmark is read again."""
        return timestamps.minutes(self.config["lookback_minutes"])


class IncrementalEntityStream(EntityStream, Incremental):
    """What is asked of every entity since an instant.

    The bookmark is one for all entities, so it stands beside it what it is of: with a type, a key
    or an entity that is asked about for the first time, all of the past is read.

    Attributes:
        dates: Parameters for both ends of a span.
        beginning: What is said for the lower end where all of the past is wanted.
    """

    dates: ClassVar[tuple[str, str]]
    beginning: ClassVar[str | None] = None
    _covered: dict[str, list[str]] | None = None
    _known_entities: KnownParents | None = None
    _asked: EntityFanOut | None = None

    def scope(self) -> dict[str, list[str]]:
        """Return what is asked about, by kind; a kind without names stands for all of it."""
        return {"types": sorted(set(self.config["fan_out_types"]))}

    @property
    def covers(self) -> str:
        """Return what is asked about as one text; nothing for all there is."""
        named = {kind: names for kind, names in self.scope().items() if names}
        read = None if self._asked is None else self._asked.answering_parents()
        if read is not None:
            named[WHOSE] = [as_text(map(str, read))]
        return json_text(named) if named else ""

    def new_source(self) -> Source:
        """Return the requests for every entity, which know afterwards whose rows were read."""
        self._asked = self.new_fan_out()
        return self._asked

    def new_fan_out(self) -> EntityFanOut:
        """Return the requests for every entity."""
        return EntityFanOut(self.entities(), self.path, self.child())

    def widen(self, covered: str) -> bool:
        """Remember what the bookmark is of; the rest is read from the start."""
        found = parsed(covered) if covered else {}
        if found is None or not all(isinstance(names, list) for names in found.values()):
            return False
        self._covered = found
        self._known_entities = KnownParents(str(found[WHOSE][0])) if found.get(WHOSE) else None
        new = [
            name
            for kind, names in self.scope().items()
            for name in names or ["all others"]
            if found.get(kind) and name not in found[kind]
        ]
        if new:
            logger.info("%s: %s: read from the start.", self.name, ", ".join(new))
        return True

    def is_new(self, entity: Parent, **names: str) -> bool:
        """Tell whether the bookmark is of something else than this entity, or this of a kind."""
        covered = self._covered or {}
        names["types"] = entity.type
        if self._known_entities is not None and entity.id not in self._known_entities:
            return True
        return any(covered.get(kind) and name not in covered[kind] for kind, name in names.items())

    def spans(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the parameters for what the bookmark covers, and for what is new."""
        since = self._widely(self.since())
        if self.replication_method == "FULL_TABLE":
            whole = {self.dates[0]: self.beginning}
            return whole, whole
        return self._span(since), self._span(self.tap.start_date)

    def _widely(self, since: dt.datetime | None) -> dt.datetime | None:
        """Go back further in the first run of a week: points and events may be dated back."""
        days = self.config["wide_lookback_days"]
        bookmark = self.tap.bookmarks.start(self.name, self.replication_key or "")
        if since is None or bookmark is None or not days:
            return since
        now = self.tap.upper_bound
        monday = now.date() - dt.timedelta(days=now.weekday())
        if bookmark.date() >= monday:
            return since
        return min(since, now - dt.timedelta(days=days))

    def _span(self, since: dt.datetime | None) -> dict[str, Any]:
        start = self.beginning if since is None else without_zone(since)
        return {self.dates[0]: start, self.dates[1]: without_zone(self.tap.upper_bound)}


def nothing(path: str, setting: str) -> Source:
    """Return the source of a stream that a setting would have to ask for."""
    return UnconfiguredSource(path, f"{setting} is not set")
