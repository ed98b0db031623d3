"""Reading a table so that nothing is lost, doubled or cut off.

Rows follow each other by key, never by an offset: rows that come, go or change while the table is
read cannot push others across the border of a page. How a table is cut, and why no answer has to
be believed by itself, is in :mod:`tap_cinchy.windows`; this is how it is asked.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
from typing import TYPE_CHECKING

from singer_rest.errors import StatusError, StreamError, TooLargeError
from singer_rest.records.columns import INTEGERS
from singer_rest.sources.ahead import SLOW_ENOUGH
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.cuts import Cut
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from tap_cinchy.behind import AskedOfOthers
from tap_cinchy.client import SlowQueryError
from tap_cinchy.cuts import NO_NUMBER, to_stretch, weigh
from tap_cinchy.extent import Extent
from tap_cinchy.held import HeldAgainstIds
from tap_cinchy.ordering import distinct, in_order
from tap_cinchy.positions import in_steps, position_of
from tap_cinchy.questions import Brought, Reading, TableQuestions, key_paths
from tap_cinchy.shapes import MODIFIED
from tap_cinchy.values import look_like_pairs
from tap_cinchy.windows import Key, Piece, Stretch, TableWalk, Window, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.cuts import Span
    from tap_cinchy.client import CinchyApi
    from tap_cinchy.cql import Select
    from tap_cinchy.questions import Columns

    _Begun = tuple[TableWalk, Generator[Piece] | None, Piece | None]

__all__ = ["Reading", "TableSource"]

logger = logging.getLogger(__name__)

PROBED = 50
"""Rows that a test of a table looks at."""
TAIL = 1000
"""Ids that are asked for alone at the end of a table, to be held against the rows that come."""
PAGES_A_WINDOW = 20
"""How many pages of keys the first window under a condition spans."""
MAX_WINDOW = 1 << 31


class TableSource(AskedOfOthers, HeldAgainstIds, Source):
    """A table in pages, each beginning behind the key of the last row.

    Args:
        api: The requests.
        reading: What is read.
        prefetch: The threads that read parts of a large table side by side, if there are any.
        is_listed: Tells by name whether the platform lists a table for the account.
    """

    def __init__(
        self,
        api: CinchyApi,
        reading: Reading,
        prefetch: Prefetcher | None = None,
        is_listed: Callable[[str], bool] | None = None,
    ) -> None:
        super().__init__()
        self.api = api
        self.reading = reading
        self.where = reading.where
        self.questions = TableQuestions(api, reading)
        self.conditions = (*(f"t.{path} IS NULL" for path in reading.blank), *reading.conditions)
        self.extra: tuple[str, ...] = reading.blank
        """Asked for beside the fields, to see whether a sentinel meets the condition."""
        options = api.transport.options
        self.size = Extent(reading.size, ceiling=options.largest_body)
        self._prefetch = prefetch
        self._is_listed = is_listed
        self._longest = 0
        """Rows of the longest page so far: perhaps a limit of the server."""
        self._unseen = set()
        self._end: list[Key | None] = []
        self.goes_on_behind: Key | None = None
        """What lies up to here was read by an earlier run."""
        self.is_empty = False
        self._begun: _Begun | Exception | None = None
        self._amount = self.size
        self.on_reading: Callable[[], None] | None = None
        """Called when the first page is about to be taken."""
        self.check_answers: Callable[[str], None] | None = None
        """Called before a table without rows is believed, unless others answer with rows."""
        self._seemed_empty: int | None = None

    tells_positions = False
    """Whether pages say up to where everything has come."""

    # The walk

    def pages(self) -> Iterator[Page]:
        """Yield pages until the highest key is read.

        Raises:
            LoopError: Rows do not come in the order that was asked for.
            IncompleteError: Rows that exist do not come.
            StreamError: A page cannot be had.
        """
        try:
            yield from self.walk()
        except StatusError as error:
            begun = self.evidence.pages > 0
            raise self.questions.explained(error, begun=begun) from None

    def walk(self) -> Iterator[Page]:
        """Yield the pages; every refusal of the server is explained by the caller."""
        if self.on_reading is not None:
            self.on_reading()
        begun = self._begun or self._begin()
        self._begun = None  # a source lives as long as the run, and its first page would with it
        if isinstance(begun, Exception):
            raise begun
        walk, rest, first = begun
        conditional = bool(self.conditions)
        if rest is None:
            self.is_empty = True
            self.judge_empty()
        else:
            for piece in self._side_by_side(walk, rest, first):
                page = self._taken(piece)
                again = self._compared_with_ids(piece, conditional=conditional)
                if again is not None:
                    yield page
                    page = again
                page.position = self._position(walk, piece)
                in_order_of_keys = again is None and piece.skip is None
                yield from in_steps(page, piece.keys) if in_order_of_keys else (page,)
            self._judge_unseen()
        self.evidence.prove(ProofKind.KEYS_IN_ORDER)

    def begin(self) -> None:
        """Ask for the end of the table and its first page; an error waits for :meth:`pages`."""
        try:
            self._begun = self._begin()
        except Exception as error:  # noqa: BLE001  # raised again where it belongs
            self._begun = error

    def _begin(self) -> _Begun:
        self.prepare()
        width = Extent(MAX_WINDOW, start=PAGES_A_WINDOW * self.reading.size)
        # Tables with a key of one number are read side by side instead.
        ahead = self._prefetch if self.reading.keys > 1 else None
        walk = TableWalk(self, self.where, width if self.conditions else None, ahead)
        self._amount = width if self.conditions else self.size
        if not walk.find_end():
            self._seemed_empty = self.api.answers
            return walk, None, None
        if self.conditions:
            self._unseen = self.due()  # not all of them come
        self._unseen = {key for key in self._unseen if self.span.holds(key[0])}
        part = Stretch(self.goes_on_behind, None) if self.goes_on_behind else to_stretch(self.span)
        rest = walk.pieces(part)
        return walk, rest, next(rest, None)

    def _side_by_side(
        self, walk: TableWalk, rest: Generator[Piece], first: Piece | None
    ) -> Iterator[Piece]:
        """Yield pieces in order, with several under way where it pays."""
        if first is None:
            return
        yield first
        pool, end = self._prefetch, walk.end
        slow = first.seconds > SLOW_ENOUGH
        alone = pool is None or pool.workers == 1 or self.reading.keys > 1 or not slow
        if pool is None or alone or end is None or first.keys[-1] >= end:
            yield from rest
            return
        rest.close()
        parts = stretches(walk, first.keys[-1], lambda: self._amount.value, to_stretch(self.span))
        for piece, others in pool.ordered(functools.partial(_begun, walk, part) for part in parts):
            if piece is not None:
                yield piece
            yield from others

    def cut(self, parts: int) -> Cut:
        """Cut between keys, by how dense they are at many places."""
        if self.why_whole or self.reading.keys != 1:
            return Cut(why_whole=self.why_whole or NO_NUMBER)
        try:
            return weigh(self.questions, self.ask_tail(), parts)
        except StatusError as error:
            raise self.questions.explained(error) from None

    def restrict(self, span: Span) -> None:
        """Read the rows whose key lies in a span."""
        self.span = span

    why_whole = ""
    """Why it cannot be cut, if it has a key of one number."""

    def _position(self, walk: TableWalk, piece: Piece) -> str:
        """Say up to where everything has come; nothing at the end, which is judged as a whole."""
        if not self.tells_positions or walk.end is None:
            return ""
        kept = list(piece.keys[: piece.last])
        if kept and piece.skip == len(kept) - 1:
            kept.pop()  # a sentinel that may belong to the next stretch
        if not kept or kept[-1] >= walk.end:
            return ""
        self._judge_unseen(kept[-1])
        return position_of(kept[-1])

    def prepare(self) -> None:
        """Find out what has to be known before the first page; a hook."""

    def judge_empty(self) -> None:
        """Tell an empty table from one the account may not see, which may look the same.

        What the platform lists for the account it may see; of other tables the rights are asked
        for.

        Raises:
            StreamError: The account has no right to it, or the platform gives no rows at all.
        """
        since = self.api.answers if self._seemed_empty is None else self._seemed_empty
        if self.check_answers is not None and not self.api.gave_rows_after(since):
            self.check_answers(self.where)
        if self._is_listed is not None and self._is_listed(self.where):
            return
        forbidden = self.questions.forbidden()
        if forbidden is not None:
            raise forbidden

    def _taken(self, piece: Piece) -> Page:
        """Return the page of a piece, and keep account of it."""
        brought: Brought = piece.payload
        self.evidence.pages += 1
        self._unseen.difference_update(piece.keys)
        if piece.skip is None:
            rows = brought.rows(piece.last)
        else:
            stop = len(piece.keys) if piece.last is None else piece.last
            rows = brought.only([index for index in range(stop) if index != piece.skip]).rows()
        self.evidence.received += len(rows)
        return Page(rows, brought.reply)

    # What the walk asks; see windows.Asker

    def highest(self) -> Key | None:
        """Return the highest key there is."""
        if self._end:
            return self._end.pop()
        return self.ask_tail()

    def remember_end(self) -> None:
        """Ask for the highest key now, for the walk that follows."""
        self._end = [self.ask_tail()]

    def ask_tail(self) -> Key | None:
        """Ask for the highest key, and at the first time for some ids before it."""
        count = self.reading.keys
        top = min(TAIL, self.size.value) if count == 1 else 1
        paths = self.tail_paths()
        try:
            reply, columns = self._tail(paths, top)
        except SlowQueryError:
            reply, columns = self._tail(paths, 1)
        keys = self._keys(columns)
        if not self.evidence.pages and count == 1:
            self._unseen = {
                key for key in keys if self.goes_on_behind is None or key > self.goes_on_behind
            }
        self.note_tail(reply, columns)
        return keys[0] if keys else None

    def _tail(self, paths: Sequence[str], top: int) -> tuple[Reply, Columns]:
        keys = key_paths(self.reading.keys)

        def query(select: Select) -> str:
            order = tuple(f"t.{path} DESC" for path in keys)
            return dataclasses.replace(select, order=order).text(top=top)

        return self.questions.bare(query, paths)

    def tail_paths(self) -> tuple[str, ...]:
        """Return what is asked for at the end of the table, keys first; a hook."""
        stamp = (f"[{MODIFIED}]",) if self.reads_stamps else ()
        return (*key_paths(self.reading.keys), *stamp)

    def note_tail(self, reply: Reply, columns: Columns) -> None:  # noqa: ARG002  # for subclasses
        """Take the rows at the end of the table; a hook."""
        if self.reads_stamps:
            self.note_shown(self._keys(columns), columns[self.reading.keys])

    def meets(self, piece: Piece, index: int) -> bool:
        """Whether a sentinel meets the condition."""
        brought: Brought = piece.payload
        return all(column[index] is None for column in brought.extra)

    def fetch(self, window: Window, most: int | None) -> Piece:
        """Return the first rows of a window, in smaller pieces if need be.

        Raises:
            SlowQueryError: The window is too wide, or a page without a condition too slow.
            LoopError: Rows do not come in the order of their keys.
        """
        while True:
            asked = min(self.size.value, most or self.size.value)

            def query(select: Select, asked: int = asked) -> str:
                wanted = dataclasses.replace(select, conditions=self.conditions)
                return wanted.text(
                    window.after or (),
                    asked,
                    upto=window.upto or (),
                    besides=window.sentinel or (),
                )

            try:
                brought = self.questions.rows(query, self.extra)
            except SlowQueryError as error:
                if self.conditions or not self.size.shrink_after_timeout(asked):
                    raise
                self._told(error)
            except TooLargeError as error:
                if not self.size.shrink_after_weight(asked):
                    raise
                self._told(error)
            else:
                return self._piece(window, asked, brought)

    def _told(self, error: StreamError) -> None:
        logger.info("%s Asking for %d rows at a time.", error.sentence, self.size.value)

    def _piece(self, window: Window, asked: int, brought: Brought) -> Piece:
        keys = self._keys(brought.columns)
        count, reply = len(keys), brought.reply
        self.size.note(asked, count, reply.size, reply.seconds)
        full = count >= asked or (0 < self._longest <= count)
        self._longest = max(self._longest, count)
        if keys and not in_order(keys, window):
            kept = distinct(self.where, keys, brought, window)
            self.evidence.duplicates += count - len(kept)
            keys = [keys[index] for index in kept]
            brought = brought.only(kept)
        doubled = len(keys) < count
        return Piece(keys, brought, full, reply.seconds, after=window.after, doubled=doubled)

    # Before a run

    def probe(self) -> Reply:
        """Ask for a few rows, with every column."""
        try:
            brought = self.questions.rows(lambda select: select.text(top=PROBED))
        except StatusError as error:
            raise self.questions.explained(error) from None
        for field, cells in zip(brought.form.fields, brought.columns, strict=True):
            if field.column.kind is INTEGERS and look_like_pairs(cells):
                logger.warning(
                    "%s: the lists of %s look like ids that are each followed by a version (such "
                    "as %s). Compare them with the platform; if so, leave the column out.",
                    self.where,
                    field.name,
                    next(filter(None, cells)),
                )
        return brought.reply

    def plan(self) -> Plan:
        """Ask for the highest key: rows are numbered from 1 on and seldom removed for good."""
        if not self.reading.keys:
            return Plan(2, exact=False)
        end = self.ask_tail()
        highest = max(end[0], 1) if end else 0
        return Plan(1 + max(1, -(-highest // self.reading.size)), highest, exact=False)

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        return ProofKind.KEYS_IN_ORDER.value


def _begun(walk: TableWalk, part: Stretch) -> tuple[Piece | None, Iterator[Piece]]:
    """Ask for the first piece of a stretch; the others are asked for where they are taken."""
    pieces = walk.pieces(part)
    return next(pieces, None), pieces
