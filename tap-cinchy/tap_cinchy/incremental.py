"""Reading only what changed, without knowing the server's time zone.

Cinchy shows timestamps in the zone of the account, without saying which, and nobody has written
down in which zone it reads the dates of a query. So the bookmark is the server's own text, and:

* The bookmark is a change that was there before the first page. A row that is passed and then
  changed again has a later timestamp, whatever else the run has seen.
* The next run goes back from the bookmark by ``lookback_minutes``, for changes that were
  committed late, and by one hour more, because a clock change repeats or skips one.
* Once in a run the zones are compared: a row must be found when it is asked for by the timestamp
  the server has just shown, and the oldest row must be shown as created when it was on the run
  before, or the account has moved to another zone. If not, the run goes back by 26 hours more,
  the widest that two zones can be apart.

Rows that come twice cost nothing but time: the target keeps one row per key.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import itertools
import logging
import threading
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StateError, StreamError
from singer_rest.records import timestamps
from singer_rest.run.bookmarks import HOW_TO_RESET
from tap_cinchy import answers
from tap_cinchy.cql import ID, Select, literal
from tap_cinchy.ordering import read_keys
from tap_cinchy.questions import key_paths
from tap_cinchy.shapes import CREATED, DELETED, MODIFIED
from tap_cinchy.sources import TableSource
from tap_cinchy.values import wall_clock
from tap_cinchy.witnesses import latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.pages import Page
    from tap_cinchy.client import CinchyApi
    from tap_cinchy.questions import Brought, Columns, Reading
    from tap_cinchy.windows import Key, Piece

logger = logging.getLogger(__name__)

CLOCK_CHANGE = dt.timedelta(hours=1)
WIDEST = dt.timedelta(hours=26)
EASTERNMOST = dt.timedelta(hours=15)
"""No clock on Earth is further ahead of UTC than 14 hours; one more for clocks that go wrong."""
WESTERNMOST = dt.timedelta(hours=13)
ROUNDING = dt.timedelta(seconds=2)
TABLES = "[Cinchy].[Tables]"
ANCHOR = "zone_anchor"
"""Where a bookmark keeps what :func:`oldest` returned."""


def earlier(moment: dt.datetime, span: dt.timedelta) -> dt.datetime:
    """Go back in time, but not before the year 1900, which older databases cannot express."""
    first = dt.datetime(1900, 1, 1)  # noqa: DTZ001  # a wall clock
    return max(first, moment - span) if moment - first > span else first


def date_literal(moment: dt.datetime) -> str:
    """Return a date as every database reads it: whole seconds and no offset."""
    return literal(moment.replace(microsecond=0).isoformat())


def check_bookmark(stream: str, value: Any) -> bool:
    """Check a bookmark before anything is read.

    Returns:
        Whether it can be used. One in the future is none of ours, or from a clock that was wrong:
        nobody knows since when a target lacks changes.

    Raises:
        StateError: It is not a point in time.
    """
    if value is None:
        return True
    moment = wall_clock(value)
    if moment is None:
        raise StateError(
            f"The bookmark of {stream} is not a point in time: {str(value)[:40]!r}; {HOW_TO_RESET}."
        )
    if is_future(moment):
        logger.warning(
            "The bookmark of %s lies in the future (%s), so nobody knows which changes the target "
            "lacks: the stream is read from the start once.",
            stream,
            value,
        )
        return False
    return True


def is_future(moment: dt.datetime) -> bool:
    """Whether no clock on Earth can show a time yet."""
    return moment > timestamps.now().replace(tzinfo=None) + EASTERNMOST


@dataclasses.dataclass(frozen=True)
class Newest:
    """The row of a table with the latest timestamp."""

    id: int
    text: str
    """As the server shows it."""
    shown: dt.datetime
    """The same on the wall clock."""


def newest(api: CinchyApi, table: str, column: str) -> tuple[Newest | None, Reply]:
    """Ask for the latest timestamp of a column; none if no row has one."""
    stamp = f"[{column}]"
    select = Select(
        table,
        (f"[{ID}]", stamp),
        # PostgreSQL sorts null in front of everything else.
        conditions=(f"t.{stamp} IS NOT NULL",),
        order=(f"t.{stamp} DESC",),
    )
    reply = api.execute(select.text(top=1))
    _types, columns = answers.by_position(reply, 2)
    keys, texts = read_keys(table, columns[:1]), columns[1]
    shown = wall_clock(texts[0]) if texts else None
    if shown is None:
        return None, reply
    return Newest(keys[0][0], str(texts[0]), shown), reply


def oldest(api: CinchyApi, table: str) -> str | None:
    """Return id and creation of the first row of a table, as shown now; both never change."""
    select = Select(table, (f"[{ID}]", f"[{CREATED}]"), keys=1)
    _types, columns = answers.by_position(api.execute(select.text(top=1)), 2)
    keys = read_keys(table, columns[:1])
    return f"{keys[0][0]} {columns[1][0]}" if keys else None


class Zones:
    """Whether the server reads dates in the zone in which it shows them; found out once a run."""

    def __init__(self, api: CinchyApi, lookback: int) -> None:
        self._api = api
        self._lookback = dt.timedelta(minutes=lookback)
        self._agree: bool | None = None
        self._lock = threading.RLock()

    @property
    def agree(self) -> bool:
        """Whether they are known to be one."""
        return bool(self._agree)

    def back_from(self, bookmark: dt.datetime) -> dt.datetime:
        """Return from when on rows have to be read again."""
        span = self._lookback + CLOCK_CHANGE
        return earlier(bookmark, span if self._agree else span + WIDEST)

    def compare(self, table: str, row: Newest) -> None:
        """Ask for a row by the timestamp it was shown with, unless that is settled."""
        with self._lock:
            if self._agree is None:
                self._compare(table, row)

    def _compare(self, table: str, row: Newest) -> None:
        low, high = row.shown - ROUNDING, row.shown + ROUNDING + dt.timedelta(seconds=1)
        self._agree = self._finds(table, row, ">=", low) and self._finds(table, row, "<=", high)
        if not self._agree:
            logger.warning(
                "The server shows timestamps in another time zone than it reads them, or the "
                "newest row changed just now: going back 26 hours more to lose nothing."
            )

    def expect(self, before: str | None, now: str | None) -> None:
        """Go back further if an old row is not shown as it was on the last run."""
        with self._lock:
            if before is None or before == now or self._agree is False:
                return
            self._agree = False
        logger.warning(
            "The server shows timestamps in another time zone than on the last run: going back "
            "26 hours more to lose nothing."
        )

    @functools.cached_property
    def platform_anchor(self) -> str | None:
        """Return the oldest of the platform's own tables, for queries whose tables nobody knows."""
        try:
            return oldest(self._api, TABLES)
        except StreamError:
            return None

    def compare_somewhere(self) -> None:
        """Compare on the platform's own tables, for queries whose tables nobody knows."""
        if self._agree is not None:
            return
        try:
            row, _reply = newest(self._api, TABLES, MODIFIED)
            if row is not None:
                self.compare(TABLES, row)
        except StreamError as error:
            logger.info("Time zones cannot be compared (%s); going back further.", error.sentence)

    def _finds(self, table: str, row: Newest, sign: str, moment: dt.datetime) -> bool:
        conditions = (f"t.[{ID}] = {row.id}", f"t.[{MODIFIED}] {sign} {date_literal(moment)}")
        text = Select(table, (f"[{ID}]",), conditions=conditions).text(top=1)
        return bool(answers.by_position(self._api.execute(text), 1)[1][0])


class Watermark:
    """The latest change that is certain to have been there before the first page was asked for.

    The rows at the end of the table were shown at the beginning. A row that comes with a later
    page may have changed meanwhile, but by no more than the time that has passed on the server's
    clock; so much is taken back from what it shows.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._began: dt.datetime | None = None
        self._latest: dt.datetime | None = None
        self.text: str | None = None
        """The server's own where it was shown at the beginning; nothing if no row has any."""

    def note(self, stamps: Iterable[Any], answered: dt.datetime) -> None:
        """Take timestamps that an answer shows.

        Args:
            stamps: As they came.
            answered: The server's clock at the answer.
        """
        began, self._began = self._began, self._began or answered
        text = max((str(stamp) for stamp in stamps if stamp), default=None)
        shown = wall_clock(text)
        if text is None or shown is None:
            return
        now = answered.astimezone(dt.UTC).replace(tzinfo=None)
        if shown > now + EASTERNMOST:
            # Written while the server's clock was wrong; it would hide all changes until then.
            logger.warning(
                "%s has a row of %s, which is in the future; the bookmark stays at the present.",
                self._where,
                text,
            )
            shown = (now - WESTERNMOST).replace(microsecond=0)
            text = shown.isoformat()
        if began is not None:
            shown -= max(answered - began, dt.timedelta(0)) + ROUNDING
            text = shown.isoformat()
        if self._latest is None or shown > self._latest:
            self._latest, self.text = shown, text


class ChangesSource(TableSource):
    """The rows of a table that changed since the bookmark.

    Args:
        api: The requests.
        reading: Of one table with Cinchy Id and Modified.
        zones: Shared by all tables.
        prefetch: The threads that read parts of a large table side by side.
        is_listed: Tells by name whether the platform lists a table for the account.
        bookmark: The server's text of an earlier run; nothing on the first one.
        start: Instead of it on the first run, in UTC.
        with_deleted: The table tells when rows were deleted.
        anchor: What :attr:`anchor` was on the run that left the bookmark.
    """

    def __init__(
        self,
        api: CinchyApi,
        reading: Reading,
        zones: Zones,
        *,
        prefetch: Prefetcher | None = None,
        is_listed: Callable[[str], bool] | None = None,
        bookmark: str | None,
        start: dt.datetime | None,
        with_deleted: bool,
        anchor: str | None = None,
    ) -> None:
        super().__init__(api, reading, prefetch, is_listed)
        self.zones = zones
        self.bookmark = bookmark
        self.since = wall_clock(bookmark) if bookmark is not None else None
        self.start = start
        self.stamps = (MODIFIED, DELETED) if with_deleted else (MODIFIED,)
        self.extra = (*self.extra, *(f"[{stamp}]" for stamp in self.stamps))
        self.anchor: str | None = None
        """What :func:`oldest` returned on this run."""
        self.witnesses = ""
        """The latest changes that this run was shown, see :mod:`tap_cinchy.witnesses`."""
        self._watermark = Watermark(self.where)
        self._anchor_before = anchor
        self._bound: dt.datetime | None = None
        """No row that shows an earlier change can meet the condition."""

    @property
    def watermark(self) -> str | None:
        """Return what becomes the bookmark when everything up to it has been read."""
        found = wall_clock(self._watermark.text)
        if self.since is not None and (found is None or found < self.since):
            return self.bookmark
        return self._watermark.text

    @property
    def why_whole(self) -> str:  # type: ignore[override]  # of this one it depends
        """Return why it cannot be cut: not on a first run, when all rows come."""
        first = self.since is None and self.start is None
        return "" if first else "it is read by what changed"

    def prepare(self) -> None:
        """Look at the end of the table, compare the zones, and bound what is read."""
        self.anchor = oldest(self.api, self.questions.form().table)
        self.zones.expect(self._anchor_before, self.anchor)
        self.remember_end()
        since = self._since()
        if since is None:
            return
        self._bound = since - (dt.timedelta(0) if self.zones.agree else WIDEST)
        changed = [f"t.[{stamp}] >= {date_literal(since)}" for stamp in self.stamps]
        # Nobody can tell when a row without Modified was changed.
        either = " OR ".join([*changed, f"t.[{MODIFIED}] IS NULL"])
        self.conditions += (f"({either})",)

    def tail_paths(self) -> tuple[str, ...]:
        """Return what is asked for at the end of the table."""
        return (*key_paths(self.reading.keys), *(f"[{stamp}]" for stamp in self.stamps))

    reads_stamps = True  # whatever is selected

    def stamps_of(self, brought: Brought) -> Sequence[Any]:
        """Return when the rows of an answer were changed last."""
        return brought.extra[-len(self.stamps)]

    def note_tail(self, reply: Reply, columns: Columns) -> None:
        """Take the latest change among the last rows, and compare the zones by it."""
        super().note_tail(reply, columns)
        stamps = columns[self.reading.keys :]
        self._watermark.note(itertools.chain.from_iterable(stamps), reply.date)
        self._note_witnesses(columns[0], stamps[0])
        pairs = [
            (str(shown), id_) for id_, shown in zip(columns[0], stamps[0], strict=True) if shown
        ]
        if self.since is not None and pairs:
            text, id_ = max(pairs)
            shown = wall_clock(text)
            if shown is not None:
                self.zones.compare(self.questions.form().table, Newest(id_, text, shown))

    def due(self) -> set[Key]:
        """Return the rows at the end that have changed since the bookmark for certain.

        The latest changes are left out: the next run reads them again, and a machine that answers
        for the server may well be some seconds behind.
        """
        since, shown = self._since(), self._shown
        zones = dt.timedelta(0) if self.zones.agree else WIDEST
        high = max(shown.values(), default=None)
        if since is None or high is None or self.reading.blank:
            return set()
        low, high = since + zones + CLOCK_CHANGE, high - CLOCK_CHANGE
        return {key for key, moment in shown.items() if low <= moment <= high}

    def _taken(self, piece: Piece) -> Page:
        brought: Brought = piece.payload
        stamps = brought.extra[-len(self.stamps) :]
        self._watermark.note(itertools.chain.from_iterable(stamps), brought.reply.date)
        self._note_witnesses([key[0] for key in piece.keys], stamps[0])
        return super()._taken(piece)

    def _note_witnesses(self, ids: Sequence[Any], stamps: Sequence[Any]) -> None:
        self.witnesses = latest(self.witnesses, ids, stamps)

    def meets(self, piece: Piece, index: int) -> bool:
        """Whether a sentinel may have changed; in doubt it has."""
        brought: Brought = piece.payload
        blank = brought.extra[: -len(self.stamps)]
        if any(column[index] is not None for column in blank):
            return False
        if self._bound is None:
            return True
        shown = [column[index] for column in brought.extra[-len(self.stamps) :]]
        moments = [moment for moment in map(wall_clock, filter(None, shown)) if moment]
        return shown[0] is None or any(moment >= self._bound for moment in moments)

    def _since(self) -> dt.datetime | None:
        if self.since is not None:
            return self.zones.back_from(self.since)
        if self.start is not None:
            return earlier(self.start.astimezone(dt.UTC).replace(tzinfo=None), EASTERNMOST)
        return None
