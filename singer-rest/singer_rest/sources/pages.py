"""Walking a list page by page so that nothing can slip through between two pages.

Offset paging loses a row whenever a row before the offset is deleted between two requests: all
later rows move up by one, and the first row of the next page is never seen. No server tells. So
where a list is sorted by its key, a walk makes every page *overlap* the one before by at least a
row: if the last row read is found again at its place, nothing moved; if not, the walk steps back
until it finds rows it knows. Page numbers can only express offsets that are multiples of the page
size, hence the page size varies a little from page to page (100, 99, 98, ...), which costs one
request in twenty on short lists and one in eight on long ones.

Where the order is not documented, a walk trusts the server's total, and reads the list again when
fewer distinct rows came than the server counts. It can be told to read such a list, and one without
a total, again in any case and to compare the keys.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError, TooLargeError
from singer_rest.http.retry import RETRIED_STATUSES
from singer_rest.sources.evidence import Comparison, Evidence, IncompleteError, KeyLedger, PageGuard

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher

MAX_STEPS_BACK = 50
MAX_PASSES = 3
"""Two passes in a row must show the same keys; a list that changes gets one chance more."""
SLOW_ENOUGH = 0.01
"""Seconds a page must take before it pays to ask for the next ones ahead."""


@dataclasses.dataclass(slots=True)
class Page:
    """Rows that came together, as the server sent them."""

    rows: list[dict[str, Any]]
    reply: Reply
    parent: Any = None
    """Of a per-parent source: what the request was made for."""
    ends_parent: bool = False
    """Of a per-parent source: the last page of this parent."""
    complete_to: dt.datetime | None = None
    """Of a source that goes through time: with this page, every row up to here has come."""


@dataclasses.dataclass(frozen=True)
class Meta:
    """What a page says about the whole list; what it does not say is ``None``."""

    more: bool | None = None
    """Whether rows follow."""
    total: int | None = None
    """Rows in the list."""


@dataclasses.dataclass
class PageWalk:
    """One list, read from its first page to its last.

    Rows whose key is ``None`` are left out and counted: nothing could tell them from others.

    Args:
        where: Names the list in messages.
        fetch: Asks for page ``number`` of ``size`` rows; called from several threads.
        meta: Reads what a page says about the list.
        size: Rows a page.
        tally: Gets the counts.
        key: Identifies a row; without it neither overlap nor duplicates can be seen.
        first: Number of the first page, 0 or 1.
        overlap: The list is sorted by its key, so pages overlap (see the module).
        ahead: Asks for later pages ahead of time once the total is known.
        ledger: Shared with other walks, or made here.

    Raises:
        LoopError: The server goes round in circles.
        IncompleteError: A page cannot be had in any size, or the list does not stand still.
    """

    where: str
    fetch: Callable[[int, int], Page]
    meta: Callable[[Page], Meta]
    size: int
    evidence: Evidence
    key: Callable[[dict[str, Any]], Any] | None = None
    first: int = 1
    overlap: bool = False
    ahead: Prefetcher | None = None
    stop_when: Callable[[Page], bool] | None = None
    """Ends the walk early, after this page: the rest is known to be old."""
    repeats: bool = False
    """Different rows may have the same key. A second pass that brings as many rows and no new key
    then proves that nothing is missing."""
    confirm: bool = False
    """Read a list that may have changed unseen again, until two passes agree."""

    def __post_init__(self) -> None:
        self.ledger = KeyLedger(self.key) if self.key else None
        self.guard = PageGuard(self.where)
        self.overlap = self.overlap and self.key is not None
        self._limit = self.size
        self._totals: list[int] = []
        self._received = 0
        self._stopped_early = False
        self._comparison: Comparison | None = None
        self._keyless: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """Yield pages with the rows that are new."""
        yield from self._once()
        if self.confirm and self.ledger and self._may_have_changed():
            yield from self._confirm(self.ledger.copy())
        if self._short():
            before = self._counts()
            yield from self._again()
            if self.repeats and self._totals[-1:] == [before[0]] and before == self._counts():
                self.evidence.received += self._received - self._distinct()
                self.evidence.proof = "two passes agree"
            elif self._short():
                self.evidence.problems.append(
                    f"{self.where} changes faster than it can be read: the server counts "
                    f"{self._totals[-1]} rows, {self._distinct()} came in two passes"
                )

    def _may_have_changed(self) -> bool:
        """Whether rows may be missing although nothing says so.

        The total alone does not tell: with one row deleted and one added between two pages it
        stays the same, and the first row of the second page is not seen.
        """
        in_one_answer = self._totals and self.guard.pages == 1
        return not (self._stopped_early or in_one_answer or (self._totals and self.overlap))

    def _again(self) -> Iterator[Page]:
        self.evidence.rereads += 1
        self.guard = PageGuard(self.where)
        self._totals.clear()
        self._received = 0
        yield from self._once()

    def _confirm(self, before: KeyLedger) -> Iterator[Page]:
        """Read again and compare the keys; rows that appear only then are yielded."""
        for _further in range(MAX_PASSES - 1):
            comparison = self._comparison = Comparison(before, growing=self.overlap)
            yield from self._again()
            if comparison.same:
                self.evidence.proof = "two passes with the same keys"
                return
            before = comparison.seen
        self.evidence.problems.append(
            f"{self.where} does not stand still: the last of {MAX_PASSES} passes showed "
            f"{comparison.added} rows that the one before had not, and lacked {comparison.gone}"
        )

    def _counts(self) -> tuple[int, int]:
        return self._received, self._distinct()

    def _distinct(self) -> int:
        return self.ledger.count if self.ledger else self._received

    def _short(self) -> bool:
        """Whether rows are missing, or may be: the list shrank while it was read."""
        if not self._totals or self._stopped_early:
            return False
        shrank = self._totals[-1] < self._totals[0] and not self.overlap
        came = self._distinct() + self.evidence.without_key
        return came < self._totals[-1] or shrank

    def _once(self, position: int = 0) -> Iterator[Page]:
        """Yield the pages from a position on."""
        back = steps = 0
        while True:
            number, size = self._window(position)
            offset = (number - self.first) * size
            page = self._ask(number, size)
            if page is None:
                continue  # the page was too heavy; the window is smaller now
            found = self._meta(page)
            count = len(page.rows)
            keys = None if self.ledger is None else self.ledger.keys(page.rows)
            if self.overlap and offset and not self._continues(keys):
                back += 1
                steps += 1
                if steps > MAX_STEPS_BACK:
                    raise IncompleteError(
                        f"{self.where} changes faster than it can be read: rows moved up "
                        f"{steps} times."
                    )
                self.guard = PageGuard(self.where)  # pages seen before will come again
                position = max(0, offset - size * (1 << (back - 1)))
                continue
            back = 0
            self.guard.check(number, _marks(page, keys))
            yield self._account(page, keys)
            position = offset + count
            if self.stop_when is not None and self.stop_when(page):
                self._stopped_early = True
                return
            if self._ended(found, count, size, position):
                return
            if self._can_run_ahead(page, found, count, size):
                yield from self._run_ahead(number, size)
                return

    def _continues(self, keys: list[Any] | None) -> bool:
        assert self.ledger is not None  # noqa: S101  # overlap implies a key
        first = next((key for key in keys or () if key is not None), None)
        return first is not None and self.ledger.knows_key(first)

    def _meta(self, page: Page) -> Meta:
        found = self.meta(page)
        if found.total is not None:
            self._totals.append(found.total)
            self.evidence.expect(found.total, "server total")
        elif self.overlap:
            self.evidence.proof = "overlapping pages"
        return found

    def _noted(self, page: Page, number: int) -> Page:
        """Do for a page that was asked for ahead of time what is done for the others."""
        self._meta(page)
        keys = None if self.ledger is None else self.ledger.keys(page.rows)
        self.guard.check(number, _marks(page, keys))
        return self._account(page, keys)

    def _account(self, page: Page, keys: list[Any] | None) -> Page:
        """Count a page and keep only its new rows."""
        self.evidence.pages += 1
        self._received += len(page.rows)
        if self.ledger is None or keys is None:
            self.evidence.received += len(page.rows)
            return page
        rows = page.rows
        if None in keys:
            rows, keys = self._with_key(rows, keys)
        if self._comparison:
            self._comparison.note(rows)
        before = self.ledger.count
        if self.overlap or self.evidence.rereads:
            # These come again by design, moments after they were written.
            indexes = self.ledger.unknown(keys)
            rows = [rows[index] for index in indexes]
            keys = [keys[index] for index in indexes]
        fresh, again = self.ledger.take(rows, keys)
        self.evidence.received += self.ledger.count - before
        if not self.evidence.rereads:
            self.evidence.duplicates += again
        return dataclasses.replace(page, rows=fresh)

    def _with_key(
        self, rows: list[dict[str, Any]], keys: list[Any]
    ) -> tuple[list[dict[str, Any]], list[Any]]:
        """Return the rows that have a key; the others are counted, once if they come again."""
        pairs = list(zip(rows, keys, strict=True))
        keyless = [repr(row) for row, key in pairs if key is None]
        self.evidence.without_key += sum(row not in self._keyless for row in keyless)
        self._keyless.update(keyless)
        return (
            [row for row, key in pairs if key is not None],
            [key for key in keys if key is not None],
        )

    def _window(self, position: int) -> tuple[int, int]:
        """Return page number and size of the request that goes on at a position."""
        if position == 0:
            return self.first, self._limit
        if not self.overlap:
            size = self._limit
            while position % size:
                size -= 1
            return self.first + position // size, size
        size = overlapping_size(position, self._limit)
        return self.first + (position - 1) // size, size

    @staticmethod
    def _ended(found: Meta, count: int, size: int, position: int) -> bool:
        """Trust what the server says about the end; guess only where it says nothing."""
        if found.more is not None:
            return not found.more
        if found.total is not None:
            return position >= found.total or count == 0
        del size
        return count == 0

    def _ask(self, number: int, size: int) -> Page | None:
        """Fetch a page; nothing if it must be asked for in smaller pieces."""
        try:
            return self.fetch(number, size)
        except (StatusError, TooLargeError) as error:
            self._lighten(error, number, size)
            return None

    def _lighten(self, error: StatusError | TooLargeError, number: int, size: int) -> None:
        """Halve the page size, once, if the page was too heavy for the server or for us.

        Raises:
            IncompleteError: It was halved before; the error itself if it is of another kind.
        """
        too_heavy = isinstance(error, TooLargeError) or error.status in RETRIED_STATUSES
        if not too_heavy or size == 1:
            raise error
        if self._limit == self.size:
            self._limit = size // 2
            return
        if number == self.first and isinstance(error, StatusError):
            raise error
        raise IncompleteError(
            f"Page {number} of {self.where} cannot be had, not even in half the size: "
            f"{error.sentence}"
        ) from error

    def _can_run_ahead(self, page: Page, found: Meta, count: int, size: int) -> bool:
        return (
            self.ahead is not None
            and self.ahead.workers > 1
            and not self.overlap
            and self.stop_when is None
            and found.total is not None
            and count == size
            and page.reply.seconds > SLOW_ENOUGH
        )

    def _run_ahead(self, number: int, size: int) -> Iterator[Page]:
        """Yield all further pages, asked for ahead of time; the total is known."""
        assert self.ahead is not None  # noqa: S101  # checked by the caller
        last = self.first - 1 + -(-self._totals[-1] // size)
        tasks = (
            functools.partial(self.fetch, following, size)
            for following in range(number + 1, last + 1)
        )
        current = number
        try:
            for page in self.ahead.ordered(tasks):
                current += 1
                yield self._noted(page, current)
        except (StatusError, TooLargeError) as error:
            self._lighten(error, current + 1, size)
            yield from self._once((current + 1 - self.first) * size)
            return
        # Rows added meanwhile lie behind the page that was the last one.
        grown = -(-self._totals[-1] // size) + self.first - 1
        while current < grown:
            current += 1
            yield self._noted(self.fetch(current, size), current)


def _marks(page: Page, keys: list[Any] | None) -> list[Any]:
    """Return what a page is recognised by when it comes again."""
    return page.rows if keys is None or None in keys else keys


def overlapping_size(position: int, limit: int) -> int:
    """Choose the page size whose page holds the row before ``position`` and most new rows.

    A page of size ``s`` that contains row ``position - 1`` ends at the next multiple of ``s``; it
    brings new rows unless ``s`` divides ``position``.
    """
    lowest = max(2, limit // 2)
    best, maximum = 0, 0
    for size in range(max(limit, 2), lowest - 1, -1):
        gain = -position % size
        if gain > maximum:
            best, maximum = size, gain
    size = max(limit, 2)
    while not best:
        size += 1
        if position % size:
            best = size
    return best
