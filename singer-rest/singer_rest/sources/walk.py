"""Walking a list once, page by page, so that nothing can slip through between two pages.

Offset paging loses a row whenever a row before the offset is deleted between two requests: all
later rows move up by one, and the first row of the next page is never seen. No server tells. So
where a list is sorted by its key, asked for or seen, a walk makes every page *overlap* the one
before by at least a row: if the last row read is found again, nothing moved; if not, the walk
steps back until it finds rows it knows. Page numbers can only express offsets that are multiples
of the page size, hence the page size varies a little from page to page (100, 99, 98, ...), which
costs one request in twenty on short lists and one in eight on long ones.

Whether one walk proves that all rows came is judged in :mod:`singer_rest.sources.passes`.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError, TooLargeError
from singer_rest.sources.asking import PageAsker
from singer_rest.sources.circles import CircleGuard
from singer_rest.sources.claims import check_length, check_page, says_more
from singer_rest.sources.evidence import IncompleteError
from singer_rest.sources.keys import ROUND_CAPS, Order
from singer_rest.sources.pages import End, Page, WalkState, overlapping_size

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.claims import Claims
    from singer_rest.sources.keys import LearnedCap
    from singer_rest.sources.pages import Paging, RowTaker

MAX_STEPS_BACK = 80
MAX_STEPS_IN_A_ROW = 8
"""Each goes back twice as far as the one before."""
MIN_SEEN = 8
"""Keys in a row that must rise or fall before an order that nobody promised is believed: by chance
they do so once in twenty thousand times."""


class PageWalk:
    """One walk over a list, from its first page to its last.

    Args:
        where: Names the list in messages.
        fetch: Asks for page ``number`` of ``size`` rows; called from several threads.
        paging: How the list is paged.
        rows: Takes the rows of every page.
        cap: What is known of the route's caps.
        ahead: Asks for the next page while one is written, and for all once the total is known.
        stop_when: Ends the walk early, after this page: the rest is known to be old. Believed in
            a falling order only.
        limit: Rows a page to begin with; those of the paging unless given.
        ordered: Whether the list may be sorted by its key, as far as is known.
        is_alone: It is not one of many lists, of which most may well be empty.
        looks_behind: Where nothing but a total says that a full page is the last, the page behind
            it is asked for.

    Raises:
        LoopError: The server goes round in circles.
        IncompleteError: A page cannot be had in any size, or the list does not stand still.
    """

    def __init__(
        self,
        where: str,
        fetch: Callable[[int, int], Page],
        paging: Paging,
        rows: RowTaker,
        *,
        cap: LearnedCap,
        ahead: Prefetcher | None,
        stop_when: Callable[[Page], bool] | None,
        limit: int | None,
        ordered: bool,
        is_alone: bool,
        looks_behind: bool,
    ) -> None:
        self.where = where
        self.fetch = fetch
        self.paging = paging
        self.rows = rows
        self.ahead = ahead
        self.stop_when = stop_when
        self.cap = cap
        self.is_alone = is_alone
        self.looks_behind = looks_behind
        self.asker = PageAsker(where, fetch, paging, limit, ahead)
        self.state = WalkState(overlapping=ordered and paging.order is not Order.UNKNOWN)
        self._may_see_order = ordered
        self._steps = self._back = 0
        self.circles = CircleGuard(where, paging, rows, self.asker)
        assert paging.key is not None  # noqa: S101  # rows without one are told apart as a whole
        self._key = paging.key
        self._first_count = 0
        self._last_rows: list[dict[str, Any]] = []
        self._plainly = False

    def pages(self) -> Iterator[Page]:
        """Yield pages with the rows that are new."""
        position, begun = 0, None
        while self.state.end is None:
            (number, size), begun = begun or self._window(position), None
            page = self.asker.ask(number, size)
            if page is None:
                continue  # the page was too heavy; the window is smaller now
            offset = (number - self.paging.first) * size
            if self.state.overlapping and offset and len(page.rows) > size:
                # The server has a page size of its own, so pages are not where they were asked for.
                self.state.overlapping = False
                continue
            if self.state.overlapping and offset and not self._continues(page):
                position = self._step_back(offset, size)
                continue
            self._back = 0
            position, fresh = self._took(page, number, size, position)
            if self._can_run_ahead(page, size):
                yield fresh
                position = yield from self._run_ahead(number, size, position)
                continue
            begun = self._begin_next(page, position)
            yield fresh
        if self.state.end is not End.BOOKMARK and self._falls:
            yield from self._read_front()

    # One page

    def _took(self, page: Page, number: int, size: int, position: int) -> tuple[int, Page]:
        """Judge a page; returns the position to go on at and what of it is worth writing."""
        offset = (number - self.paging.first) * size
        claims = self._read_claims(page, number, size)
        count = len(page.rows)
        if self._is_circle(page, number, size):
            return position, dataclasses.replace(page, rows=[])
        fresh, new, keys = self.rows.take(page)
        self.state.order.add(new)
        self._note_repeated(keys, new, position - offset)
        self.state.data_pages += bool(new)
        self._learn(claims, count, size, offset)
        self._plainly = False
        before, position = position, offset + count
        if self._stops(page):
            self.state.end = End.BOOKMARK
        elif count and not new and len(keys) == count:
            position = self._judge_known(page, claims, number, size, before)
        elif count and not new and page.rows == self._last_rows:
            self.state.end = End.NOTHING_NEW  # rows without a key are at the end
        else:
            if offset and new:
                self.cap.note_continued(self._first_count)
            self._judge_end(claims, count, size, position)
        self._first_count = count if self.state.pages == 1 else self._first_count
        self._choose_mode(position)
        self._last_rows = page.rows
        return position, fresh

    def _read_claims(self, page: Page, number: int, size: int) -> Claims:
        claims, count = self.paging.claims(page), len(page.rows)
        state, offset = self.state, (number - self.paging.first) * size
        state.pages += 1
        if claims.total is not None:
            state.totals.append(claims.total)
        state.contradictions += check_page(
            claims, rows=count, position=offset, asked=size, number=number
        )
        if self.paging.repeats and offset:
            state.contradictions += check_length(claims, count, size, offset)
        return claims

    def _learn(self, claims: Claims, count: int, size: int, offset: int) -> None:
        """Take the rows that the server really gives a page for the size to ask for."""
        more = says_more(claims, count)
        if not offset and count and count != size and more is not False:
            self.asker.limit = count

    def _note_repeated(self, keys: list[Any], new: list[Any], overlap: int) -> None:
        """Count rows that were known and stand at a place that was not."""
        state = self.state
        if self.paging.repeats:
            return
        if state.overlapping:
            state.repeated += not state.order.holds(keys)
        elif new:
            state.repeated += max(0, len(keys) - len(new) - overlap)

    def _judge_end(self, claims: Claims, count: int, size: int, position: int) -> None:
        """Find out whether this was the last page, from what the server says and what came."""
        state = self.state
        more = says_more(claims, position)
        if more is False and claims.total is not None:
            state.end = End.TOTAL
            is_cap = state.pages == 1 and count in ROUND_CAPS
            if self.looks_behind and count and (count == size or is_cap):
                self._doubt_end(count, size, position)
            elif not position and self.is_alone:
                self._judge_empty(position)
        elif more is False and state.pages == 1 and count:
            state.end = End.TOLD  # over several pages this alone is not enough
            if count == size or count in ROUND_CAPS:
                self._doubt_end(count, size, position)
        elif count == 0:
            self._judge_empty(position)
        elif more is None:
            if state.pages == 1 and self.cap.tells(count, size):
                state.end = End.CAP
            self.cap.note(count)

    def _doubt_end(self, count: int, size: int, position: int) -> None:
        """Ask behind a page that is full and calls itself the last, as one in many lists has it."""
        beyond = self.asker.ask(self.paging.first + position // count, min(size, count))
        if beyond is not None and self._has_unknown(beyond):
            self.state.contradictions.append(f"it ends after {position} rows, and more follow")

    def _has_unknown(self, page: Page) -> bool:
        """Tell whether a page has a row that the walk has not shown."""
        return any(self._key(row) is not None and not self.rows.knows(row) for row in page.rows)

    def _judge_empty(self, position: int) -> None:
        """Believe an empty page only where another question says the same.

        A list that has rows is asked for its last one, and for what stands behind it there.
        """
        state, limit = self.state, self.asker.limit
        state.end, state.bare_end = End.NOTHING_NEW, position > 0
        if state.total is None or not (position or state.total):
            if not position and self.cap.tells(0, limit):
                state.end = End.CAP
                return
            size = overlapping_size(position, limit) if position else max(1, limit // 2)
            again = self.asker.ask(self.paging.first + position // size, size)
            if again is None or self._has_unknown(again):
                state.contradictions.append("it was empty at first and had rows when asked again")
                return
        self.cap.note_end(self._first_count)

    def _judge_known(
        self, page: Page, claims: Claims, number: int, size: int, position: int
    ) -> int:
        """Judge a page of nothing but known rows; returns the position to go on at.

        It is the end if the last one is among them.
        """
        if len(page.rows) == size:  # rows were added before it, and pushed it on
            self.state.repeated += 0 if self.state.overlapping else size
            return (number - self.paging.first) * size + size
        if self._key(page.rows[-1]) == self.state.order.last:
            self.state.end = End.NOTHING_NEW
            if (number - self.paging.first) * size >= position and page.rows != self._last_rows:
                self.state.repeated += len(page.rows)  # not the last page again: rows have moved
            if claims.more:
                self.state.contradictions.append("it says that rows follow the last one")
            if self.state.pages == 2:  # noqa: PLR2004  # the list had one, this one showed its end
                self.cap.note_end(self._first_count)
            return position
        beyond = self.asker.ask(number + 1, size)
        if beyond is None or any(not self.rows.knows(row) for row in beyond.rows):
            self._plainly = True  # rows have moved, or a page was cut
        elif not beyond.rows:
            self.state.end = End.NOTHING_NEW
            self.state.repeated += len(page.rows)
        elif self._is_circle(beyond, number + 1, size):
            pass
        else:  # the last rows were deleted meanwhile
            return (number + 1 - self.paging.first) * size + len(beyond.rows)
        return position

    def _stops(self, page: Page) -> bool:
        if self.stop_when is None or not self.state.overlapping:
            return False
        return self.state.order.proves(Order.FALLING) and self.stop_when(page)

    # Order

    @property
    def _falls(self) -> bool:
        order, state = self.state.order, self.state
        falls = order.direction is Order.FALLING and not order.broken
        return falls and state.pages > 1 and state.overlapping

    def _choose_mode(self, position: int) -> None:
        """Overlap pages while the keys are in order; give it up when they are not."""
        state, order = self.state, self.state.order
        if order.broken or self.asker.limit < 2:  # noqa: PLR2004
            state.overlapping = False
        elif self._may_see_order and state.pages == 1 and position:
            state.overlapping = state.overlapping or order.count >= MIN_SEEN

    def _continues(self, page: Page) -> bool:
        first = next((row for row in page.rows if self._key(row) is not None), None)
        return first is not None and self.rows.knows(first)

    def _step_back(self, offset: int, size: int) -> int:
        """Return the position to go on at when a page does not begin with a known row."""
        self._back += 1
        self._steps += 1
        if self._steps > MAX_STEPS_BACK:
            raise IncompleteError(
                f"{self.where} changes faster than it can be read: rows moved up "
                f"{self._steps} times."
            )
        self.circles.forget()  # pages seen before will come again
        if self._back > MAX_STEPS_IN_A_ROW:
            # Pages are not where they were asked for: the server has a size of its own.
            self.state.overlapping = False
            return 0
        return max(0, offset - size * (1 << (self._back - 1)))

    def _read_front(self) -> Iterator[Page]:
        """Read the front of a falling list again, where what was added stands, to a known row."""
        number, known = self.paging.first, False
        while not known and number < self.paging.first + MAX_STEPS_BACK:
            page = self.asker.ask(number, self.asker.limit)
            if page is None:
                continue
            claims = self.paging.claims(page)
            if claims.total is not None:
                self.state.totals.append(claims.total)
            known = not page.rows or any(self.rows.knows(row) for row in page.rows)
            fresh, _new, _keys = self.rows.take(page, only_new=True)
            yield fresh
            number += 1

    # Circles

    def _is_circle(self, page: Page, number: int, size: int) -> bool:
        """Whether the route has no pages, so that its one page came again.

        Raises:
            LoopError: It has some, and goes round in circles, or has no end.
        """
        state = self.state
        if not self.circles.comes_again(page, number, size, state):
            return False
        if not self.circles.is_unpaged(page, number, size):
            return False
        state.end, state.doubt = End.UNPAGED, self.circles.doubt
        return True

    # Asking

    def _window(self, position: int) -> tuple[int, int]:
        """Return page number and size of the request that goes on at a position."""
        wants_end = not self._plainly and self._asks_for_end(position)
        overlapping = self.state.overlapping
        number, size = self.asker.window(position, overlapping=overlapping, wants_end=wants_end)
        if overlapping and position and (number - self.paging.first) * size >= position:
            self.state.overlapping = False  # no page that the server gives holds the row before
        return number, size

    def _asks_for_end(self, position: int) -> bool:
        """Whether the next request is to show that nothing follows: it holds the last row too."""
        state = self.state
        return (
            state.total is None
            and position % self.paging.size != 0
            and state.order.count > 1  # rows without a key cannot show it
        )

    def _begin_next(self, page: Page, position: int) -> tuple[int, int] | None:
        wanted = self.state.end is None and self.asker.pays(page)
        return self.asker.begin(*self._window(position)) if wanted else None

    def _can_run_ahead(self, page: Page, size: int) -> bool:
        return (
            self.state.end is None
            and self.asker.pays(page)
            and not self.state.overlapping
            and self.stop_when is None
            and self.state.total is not None
            and len(page.rows) == size
        )

    def _run_ahead(self, number: int, size: int, position: int) -> Generator[Page, None, int]:
        """Yield further full pages, asked for ahead of time; returns the position after them."""
        assert self.ahead is not None  # noqa: S101  # checked by the caller
        assert self.state.total is not None  # noqa: S101
        last = self.paging.first - 1 + -(-self.state.total // size)
        tasks = (
            functools.partial(self.fetch, following, size)
            for following in range(number + 1, last + 1)
        )
        current = number
        results = self.ahead.ordered(tasks)
        try:
            for page in results:
                current += 1
                position, fresh = self._took(page, current, size, position)
                yield fresh
                if self.state.end is not None or len(page.rows) != size:
                    break  # the end, or pages that are not what was asked for
        except (StatusError, TooLargeError) as error:
            self.asker.lighten(error, current + 1, size)
        finally:
            results.close()
        return position
