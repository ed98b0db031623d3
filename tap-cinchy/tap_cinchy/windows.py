"""Walking a table by its key so that no answer has to be believed by itself.

Every question has an answer that is known before it is asked: a row that exists. Rows behind a
place are asked for only while a higher key is known to exist, so an answer without rows is a
contradiction and never the end. Under a condition, which many rows may not meet, the window ends
with a *sentinel*, an existing key that is asked for whatever the condition says; it has to come.

The end is the highest key, which was asked for from the other end of the table. Rows behind it
say that the table has grown or that the answer was too low; then it is asked for again, once.

Nothing here knows how a question is sent: a server is whatever implements :class:`Asker`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import threading
from typing import TYPE_CHECKING, Any, Protocol

from singer_rest.sources.ahead import Ahead
from singer_rest.sources.evidence import IncompleteError
from tap_cinchy.client import SlowQueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from singer_rest.http.prefetch import Prefetcher
    from tap_cinchy.extent import Extent

Key = tuple[int, ...]

TRIES = 3
"""How often a question is asked whose answer cannot be."""
MAX_GONE = 20
"""How many rows in a row may vanish just before they are asked for."""
SPARE = 1.25
"""How much more of the rest of a piece is asked for than there should be."""
FILL = 0.97
"""How full a page is planned where keys have gaps, so that few pieces need a second page."""


@dataclasses.dataclass(frozen=True)
class Window:
    """Which rows are asked for.

    Args:
        after: They lie behind it; nothing for the beginning of the table.
        upto: They do not lie behind this; nothing for whatever follows.
        sentinel: Comes whatever the condition of the reading says.
    """

    after: Key | None = None
    upto: Key | None = None
    sentinel: Key | None = None


@dataclasses.dataclass
class Piece:
    """Rows that came, in the order of their keys."""

    keys: Sequence[Key]
    payload: Any = None
    full: bool = False
    """As many came as were asked for or as ever come, so the server may have more."""
    seconds: float = 0.0
    last: int | None = None
    """How many of the rows are wanted; all if nothing is said."""
    skip: int | None = None
    """Index of a sentinel that is not wanted."""
    after: Key | None = None
    """They lie behind it."""
    doubled: bool = False
    """Rows came twice, word for word; they are here once."""


class Asker(Protocol):
    """A table that answers questions."""

    def page(self, window: Window, most: int | None) -> Piece:
        """Return the first rows of a window, at most so many; one row at least if any is there.

        Raises:
            SlowQueryError: The window is too wide for the time a query has.
        """

    def first(self, after: Key | None) -> Key | None:
        """Return the lowest key behind a place, whatever the condition says."""

    def has(self, key: Key) -> bool:
        """Whether a row with this key exists, whatever the condition says."""

    def highest(self) -> Key | None:
        """Return the highest key there is, whatever the condition says."""

    def meets(self, piece: Piece, index: int) -> bool:
        """Whether a row that came as a sentinel meets the condition as well."""


@dataclasses.dataclass(frozen=True)
class Stretch:
    """A part of a table that is read by itself.

    Args:
        after: It begins behind this place.
        end: It ends with this number, whether such a row exists or not; nothing for the rest of
            the table.
    """

    after: Key | None
    end: int | None


EVERYTHING = Stretch(None, None)


class Pace:
    """How many keys it takes to fill a page, learned from what has come."""

    def __init__(self) -> None:
        self.keys_per_row = 1.0
        self.jump: int | None = None
        """Nothing lies before this key."""
        self._lock = threading.Lock()

    def note(self, after: Key | None, keys: Sequence[Key]) -> None:
        """Learn from rows that followed each other."""
        low, high = keys[0][0], keys[-1][0]
        if len(keys) > 1:
            # A hole at the beginning says nothing about the rows behind it.
            self.keys_per_row = max(1.0, (high - low) / (len(keys) - 1))
        if after is not None and low - after[0] > self.keys_per_row * len(keys):
            self.skip_to(low)

    def skip_to(self, key: int) -> None:
        """Note that nothing lies between what has been asked for and a key."""
        with self._lock:
            self.jump = key if self.jump is None else max(self.jump, key)

    def span(self, rows: int) -> int:
        """Return how many keys a page of so many rows should take."""
        dense = self.keys_per_row == 1.0
        return max(1, int(rows * self.keys_per_row * (1.0 if dense else FILL)))

    def rows(self, keys: int) -> int:
        """Return how many rows to ask for to get those of so many keys in one answer."""
        return math.ceil(keys / self.keys_per_row * SPARE) + 1


class TableWalk:
    """Reads a table, or one stretch of it after the other, by its key.

    Args:
        asker: Answers.
        where: Names the table in messages.
        width: How many keys a window may have under a condition; nothing without one.
        ahead: Asks for the next page while one is written, where nothing is read side by side.
    """

    def __init__(
        self,
        asker: Asker,
        where: str,
        width: Extent | None = None,
        ahead: Prefetcher | None = None,
    ) -> None:
        self._asker = asker
        self._where = where
        self._width = width
        self._ahead: Ahead[Piece] = Ahead(ahead)
        self.pace = Pace()
        self.end: Key | None = None
        """The highest key, as far as it is known."""

    def find_end(self) -> bool:
        """Ask for the highest key.

        Returns:
            Whether there is any row; that there is none is said by two different questions.

        Raises:
            IncompleteError: The two contradict each other.
        """
        for _try in range(TRIES):
            self.end = self._asker.highest()
            lowest = self._asker.first(None) if self.end is None else None
            if lowest is None:
                return self.end is not None
        raise IncompleteError(
            f"{self._where} has the row {_text(lowest)}, but no row when it is read from its other "
            "end. The server contradicts itself; run again."
        )

    def pieces(self, stretch: Stretch = EVERYTHING) -> Generator[Piece]:
        """Yield the rows of one stretch.

        Raises:
            IncompleteError: Rows that exist do not come.
            SlowQueryError: Not even the smallest window can be had.
        """
        if self._width is None:
            yield from self._open(stretch)
        else:
            yield from self._bounded(stretch, self._width)

    # Without a condition: a page of whatever follows

    def _open(self, stretch: Stretch) -> Iterator[Piece]:
        after, tries, grown = stretch.after, 0, False
        goal = self.end
        while goal is not None and (after is None or after < goal):
            piece = self._ahead.ask(after, self._page_behind(after, stretch))
            if not piece.keys:
                tries += 1
                goal = self._missing(goal, after, tries, stretch)
                continue
            self.pace.note(after, piece.keys)
            after, tries = piece.keys[-1], 0
            if after < goal and self._ahead.pays(piece.seconds):
                self._ahead.begin(after, self._page_behind(after, stretch))
            if stretch.end is None:
                yield piece
                if after >= goal and not grown:
                    goal, grown = self._grown(goal, after, full=piece.full)
            else:
                yield _cut(piece, stretch.end)
                if after[0] >= stretch.end:
                    return

    def _page_behind(self, after: Key | None, stretch: Stretch) -> Callable[[], Piece]:
        most = self._most(after, stretch.end)
        return functools.partial(self._asker.page, Window(after), most)

    def _most(self, after: Key | None, end: int | None) -> int | None:
        """Return how many rows are left of a stretch; nothing where that is not known."""
        if end is None or after is None:
            return None
        return self.pace.rows(end - after[0])

    # Under a condition: windows that end with an existing row

    def _bounded(self, stretch: Stretch, width: Extent) -> Iterator[Piece]:
        after, tries, grown = stretch.after, 0, False
        goal = self._goal(stretch)
        sentinel: Key | None = None
        while goal is not None and (after is None or after < goal):
            if sentinel is None:
                sentinel = self._sentinel(after, goal, width)
            ends = stretch.end is None and sentinel == goal
            span = sentinel[0] - (after[0] if after else 0)
            try:
                piece = self._asker.page(Window(after, None if ends else sentinel, sentinel), None)
            except SlowQueryError:
                if not width.shrink_after_timeout(max(1, min(span, width.value))):
                    raise
                lowest = self._asker.first(None) if after is None else None
                after = after if lowest is None else (lowest[0] - 1,)
                sentinel = None
                continue
            keys = piece.keys
            if not keys or (keys[-1] > sentinel and sentinel not in keys):
                tries += 1
                instead = self._missing(sentinel, after, tries, stretch)
                goal, sentinel = instead if sentinel == goal else goal, None
                continue
            if sentinel in keys:
                index = keys.index(sentinel)
                self._judge(piece, index, sentinel, stretch)
                tries, sentinel = 0, None
            if piece.full:
                width.value = max(1, width.value // 2)
            else:
                width.note(max(1, span), len(keys), 0, piece.seconds)
            after = keys[-1]
            yield piece
            if stretch.end is None and after >= goal and not grown:
                goal, grown = self._grown(goal, after, full=piece.full)

    def _goal(self, stretch: Stretch) -> Key | None:
        """Return an existing key at the end of a stretch or behind it."""
        if stretch.end is None or (self.end is not None and self.end[0] <= stretch.end):
            return self.end
        return self._asker.first((stretch.end - 1,)) or self._asker.highest()

    def _sentinel(self, after: Key | None, goal: Key, width: Extent) -> Key:
        """Return an existing key not further away than a window may be wide, if there is one."""
        low = after[0] if after else 0
        if goal[0] - low <= width.value:
            return goal
        near = self._asker.first((low + width.value - 1,))
        return goal if near is None or near > goal else near

    def _judge(self, piece: Piece, index: int, sentinel: Key, stretch: Stretch) -> None:
        """Leave a sentinel out that does not meet the condition or belongs to the next stretch."""
        behind = stretch.end is not None and sentinel[0] > stretch.end
        if behind or not self._asker.meets(piece, index):
            piece.skip = index
        if behind and len(piece.keys) == 1:
            self.pace.skip_to(sentinel[0])

    # What cannot be

    def _missing(self, goal: Key, after: Key | None, tries: int, stretch: Stretch) -> Key:
        """Find out why a row did not come that was there before.

        Returns:
            The row that takes its place.

        Raises:
            IncompleteError: It is still there, or the whole table is said to be empty now.
        """
        there = self._asker.has(goal)
        if there and tries < TRIES:
            return goal
        if there or tries > MAX_GONE:
            raise IncompleteError(
                f"{self._where} answers without rows behind {_text(after)}, although the row "
                f"{_text(goal)} is there. Run again; if it stays so, this server leaves rows out "
                "whose links lead to nothing: deselect the columns with links."
            )
        found = self._asker.first(goal) if stretch.end is not None else None
        found = found or self._asker.highest()
        if found is None:
            raise IncompleteError(
                f"{self._where} has no row any more, although it had the row {_text(goal)} a "
                "moment ago. If everything was erased just now, run again."
            )
        return found

    def _grown(self, goal: Key, after: Key, *, full: bool) -> tuple[Key, bool]:
        """Judge the end when it has been reached: the page itself shows what lies behind it.

        Returns:
            The end to go on to, which is where we are if nothing follows, and whether it is final.

        Raises:
            IncompleteError: Rows come from behind the highest one.
        """
        beyond = after
        if after == goal:
            follower = self._asker.first(goal) if full else None
            if follower is None:
                return goal, True
            beyond = follower
        for _try in range(TRIES):
            found = self._asker.highest()
            if found is not None and found >= beyond:
                return found, True
            if not self._asker.has(beyond):
                return after, True  # it was removed just now
        raise IncompleteError(
            f"{self._where} says that {_text(found)} is its highest row, but {_text(beyond)} is "
            "there too. The server contradicts itself; run again."
        )


def _cut(piece: Piece, end: int) -> Piece:
    """Leave out rows behind the end of a stretch, which the next one brings."""
    keys = piece.keys
    last = len(keys)
    while last and keys[last - 1][0] > end:
        last -= 1
    piece.last = last
    return piece


def _text(key: Key | None) -> str:
    return "the beginning" if key is None else ".".join(map(str, key))


def stretches(
    walk: TableWalk, begin: Key | None, rows: Callable[[], int], whole: Stretch = EVERYTHING
) -> Iterator[Stretch]:
    """Cut what lies between a place and the end of a stretch into stretches of about a page.

    They are cut when they are taken, with what is known by then of the gaps between keys.

    Args:
        walk: Knows the end and the pace.
        begin: Where the first one begins.
        rows: Returns how many rows a stretch should have.
        whole: What is cut; a table as a whole, unless it is read in parts.
    """
    low = begin
    while walk.end is not None and (low is None or low < walk.end):
        start = walk.pace.jump
        if low is not None and start is not None and start - 1 > low[0]:
            low = (start - 1,)
        high = (low[0] if low is not None else 0) + walk.pace.span(rows())
        if whole.end is not None and (low is None or high >= whole.end):
            if low is None or low[0] < whole.end:
                yield Stretch(low, whole.end)
            return
        if low is None or high >= walk.end[0]:
            yield Stretch(low, whole.end)
            return
        yield Stretch(low, high)
        low = (high,)
