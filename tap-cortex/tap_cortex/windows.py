"""Logs, read window by window from the oldest instant to the newest.

The upper end of a read lies before the start of the run, so nothing is added to what is read. A
long span is cut into windows of one page each, in the order of time; a window whose rows are as
many as the server counts for it is closed, the bookmark may move to its end, and a run cut short
goes on there. Order is never assumed.

Within a span that is too short to be cut, more rows than a page holds are read in pages until two
passes bring the same.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import functools
import re
from typing import TYPE_CHECKING

from singer_rest.errors import StatusError, TooLargeError
from singer_rest.http.retry import RETRIED_STATUSES
from singer_rest.records import timestamps
from singer_rest.sources.ahead import Ahead
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.claims import check_page
from singer_rest.sources.cuts import Cut, by_weight
from singer_rest.sources.evidence import Evidence, IncompleteError, LoopError, ProofKind
from singer_rest.sources.passes import MAX_PASSES
from tap_cortex.client import FIRST, read_list_claims
from tap_cortex.log import cut_evenly, may_be_cut, requests_for, without_a_second
from tap_cortex.values import digest, without_zone

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.cuts import Span as PartSpan
    from singer_rest.sources.pages import Page
    from tap_cortex.client import CortexApi, Record
    from tap_cortex.log import Log, Span

BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MARGIN = dt.timedelta(seconds=10)
"""Before the start of the run: what is written a moment late comes with the next one."""
TOLERANCE = dt.timedelta(seconds=2)
"""Between the ends of a span, which have whole seconds, and the rows of it."""
ZONES = dt.timedelta(hours=15)
"""So far off may be a row that does not say in which zone its time is."""
MAX_PAGES = 100_000
FINER = 4
"""Pieces that too heavy a piece is cut into when a log is to be read in parts."""
ROUNDS = 3
"""How often that is done."""

_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


class WindowSource(Source):
    """A log between two instants.

    Args:
        api: The requests.
        log: What is asked.
        start: Where to begin; nothing for the beginning of time, which is said to the server too,
            lest a default of its own cut off the past.
        end: The start of the run.
    """

    def __init__(
        self, api: CortexApi, log: Log, start: dt.datetime | None, end: dt.datetime
    ) -> None:
        super().__init__()
        self.api = api
        self.log = log
        self.end = end
        self.start = min(start or BEGINNING, self.end)
        self.where = log.request.url
        self.size = api.page_size
        """Rows a page, as far as the server has shown that it gives them."""
        self._is_new = True
        self._previous: set[Hashable] = set()
        self._openings: dict[Span, Page | None] = {}
        self._ahead: Ahead[Page | None] = Ahead(api.prefetch)

    def _between(self, span: Span) -> Request:
        dates = {self.log.since: without_zone(span[0]), self.log.until: without_zone(span[1])}
        return dataclasses.replace(self.log.request, params={**self.log.request.params, **dates})

    def _fetch(self, span: Span, number: int, size: int) -> Page:
        return self.api.fetch(self._between(span), self.log.rows, number, size)

    def pages(self) -> Iterator[Page]:
        """Yield one page per window, the oldest first."""
        yield from self._read_span((self.start, self.end))
        if not self.evidence.problems and not self.evidence.doubts:
            self.evidence.prove(ProofKind.CLOSED_WINDOW)

    def _read_span(self, span: Span) -> Iterator[Page]:
        opening = self._opening(span)
        pieces = self._pieces(span, opening)
        if not pieces:
            yield self._window(span, opening)
            return
        self.evidence.pages += 1
        total = read_list_claims(opening).total if opening else None
        before = 0
        for index, piece in enumerate(pieces):
            before += self._check_piece(span, piece, total, before, pieces[index + 1 :])
            self._begin_behind(self._openings[piece], pieces[index + 1 :])
            yield from self._read_span(piece)

    def _check_piece(
        self, span: Span, piece: Span, total: int | None, before: int, rest: list[Span]
    ) -> int:
        """Find out whether the server looks at the dates; returns how many rows a piece has.

        Raises:
            IncompleteError: A piece has as many rows as the whole, and so has another one.
        """
        opening = self._openings[piece] = self._opening(piece)
        count = read_list_claims(opening).total if opening else None
        if not count or count != total:
            return count or 0
        last = None
        if rest and not before:
            last = self._openings[rest[-1]] = self._opening(rest[-1])
        if before or (last is not None and last.rows):
            raise IncompleteError(
                f"{self.where} ignores the dates that it is asked for: from "
                f"{without_zone(piece[0])} to {without_zone(piece[1])} it counts {count} rows, as "
                f"many as from {without_zone(span[0])} to {without_zone(span[1])}. A log without "
                "dates cannot be read; deselect the stream, and tell your Cortex administrator.",
                code="DATES-IGNORED",
            )
        return count

    def _opening(self, span: Span) -> Page | None:
        """Return the first page of a span; nothing if it is too heavy in its full size."""
        if span in self._openings:
            return self._openings.pop(span)
        return self._ahead.ask(span, functools.partial(self._asked_opening, span))

    def _begin_behind(self, opening: Page | None, rest: list[Span]) -> None:
        """Ask for the next piece while the rows of one are written, unless that is cut again."""
        if not opening or not rest or rest[0] in self._openings:
            return
        whole = len(opening.rows) >= (read_list_claims(opening).total or 0)
        if whole and self._ahead.pays(opening.reply.seconds):
            self._ahead.begin(rest[0], functools.partial(self._asked_opening, rest[0]))

    def _asked_opening(self, span: Span) -> Page | None:
        try:
            return self._fetch(span, FIRST, self.size)
        except TooLargeError:
            return None
        except StatusError as error:
            if error.status not in RETRIED_STATUSES:
                raise
            return None

    def _pieces(self, span: Span, opening: Page | None) -> list[Span]:
        """Cut a span whose rows are more than a page; neighbours share the second between them."""
        if opening is None:
            return cut_evenly(span, 2)
        total, count = read_list_claims(opening).total, len(opening.rows)
        if total is None or not count or total <= count:
            return []
        self.size = min(self.size, count)
        return self._cut_for(span, total, opening)

    def _cut_for(self, span: Span, total: int, opening: Page) -> list[Span]:
        """Cut a span into as many pieces as so many rows need, with room for uneven ones.

        What lies before the oldest row of the page is a piece of its own, at first: nothing, in
        most logs.
        """
        wanted = -(-3 * total // (2 * self.size))
        start, end = span
        if start == BEGINNING and self._is_new:
            self._is_new = False
            dates = map(timestamps.parse, (row.get(self.log.date) for row in opening.rows))
            oldest = min(filter(None, dates), default=start).replace(microsecond=0)
            if start < oldest < end:
                rest = (oldest, end)
                return [(start, oldest), *(cut_evenly(rest, wanted) or [rest])]
        return cut_evenly(span, wanted)

    # In parts

    def cut(self, parts: int) -> Cut:
        """Cut where the server counts about as many rows on both sides."""
        whole = (self.start, self.end)
        pieces = self._pieces(whole, self._opening(whole))
        if not pieces:
            return Cut(why_whole="it is one page, or too short a time to be cut")
        counted = [(piece, self._rows_in(piece)) for piece in pieces]
        heavy = sum(rows for _piece, rows in counted) / (2 * parts)
        for _round in range(ROUNDS):
            counted = [
                one
                for piece, rows in counted
                for one in ([(piece, rows)] if rows <= heavy else self._finer(piece, rows))
            ]
        return by_weight([(without_zone(end), rows) for (_start, end), rows in counted], parts)

    def _finer(self, piece: Span, rows: int) -> list[tuple[Span, int]]:
        return [(one, self._rows_in(one)) for one in cut_evenly(piece, FINER)] or [(piece, rows)]

    def _rows_in(self, span: Span) -> int:
        return read_list_claims(self._fetch(span, FIRST, 1)).total or 0

    def restrict(self, span: PartSpan) -> None:
        """Read what was logged in a span; neighbours share the second between them."""
        self.span = span
        after, upto = (timestamps.parse(border) for border in (span.after, span.upto))
        if after is not None:
            self.start = min(max(self.start, after), self.end)
        if upto is not None:
            self.end = max(min(self.end, upto), self.start)

    # One window

    def _window(self, span: Span, opening: Page | None) -> Page:
        """Return the rows of a window; the bookmark may pass it only if it is proved."""
        part = Evidence()
        page = self._read(span, opening, part)
        if span == (self.start, self.end) or not (page.rows or span[0] == BEGINNING):
            page = self._read_differently(span, page, part)
        page = self._in_span(page, span, part)
        part.received = len(page.rows)
        self.evidence.absorb(part, f"{without_zone(span[0])} to {without_zone(span[1])}")
        self.evidence.expect((self.evidence.expected or 0) + (part.expected or part.received))
        evidence = self.evidence
        left_out = evidence.rejected or (evidence.without_key and not evidence.keyless_allowed)
        whole = not evidence.problems and not evidence.doubts and not left_out
        return dataclasses.replace(
            page, rows=self._fresh(page.rows), complete_to=span[1] if whole else None
        )

    def _read_differently(self, span: Span, page: Page, part: Evidence) -> Page:
        """Hold the whole log in one answer, or none of it, against the answer to another question.

        The answer to a question about less time is the right one for a shorter log; nothing in it
        tells that it is of another question.
        """
        if (earlier := without_a_second(span)) is None:
            return page
        other = self._fetch(earlier, FIRST, self.size)
        part.pages += 1
        for again in (False, True):
            if again:
                page = self._read(span, self._fetch(span, FIRST, self.size), part)
            known = set(map(self.log.key, page.rows))
            lacking = sum(self.log.key(row) not in known for row in other.rows)
            if not lacking:
                return page
        part.contradict(f"it lacks {lacking} rows that it brings for a second less")
        return page

    def _in_span(self, page: Page, span: Span, part: Evidence) -> Page:
        """Leave out what is no row of a log, and hold the others against what was asked."""
        rows, outside = [], []
        for row in page.rows:
            text = row.get(self.log.date)
            moment = timestamps.parse(text)
            if self.log.key(row) is None or moment is None:
                part.without_key += 1
                continue
            rows.append(row)
            slack = TOLERANCE if _ZONE.search(str(text)) else ZONES
            if not span[0] - slack <= moment <= span[1] + slack:
                outside.append(without_zone(moment))
        if outside:
            part.contradict(f"it brings {len(outside)} rows of another time, such as {outside[0]}")
        return dataclasses.replace(page, rows=rows)

    def _read(self, span: Span, opening: Page | None, part: Evidence) -> Page:
        """Read a window as often as its proof takes.

        Raises:
            StreamError: It cannot be read.
        """
        size = self.size if opening else max(1, self.size // 2)
        before: collections.Counter[Hashable] | None = None
        wrong_before: list[str] = []
        for attempt in range(MAX_PASSES):
            page, total, count, wrong = self._pass(span, size, opening)
            opening = None
            part.pages += count
            part.rereads += attempt > 0
            part.expected = total
            keys = collections.Counter(map(self.log.key, page.rows))
            came = len(page.rows) if self.log.key_column else len(keys)
            if wrong:
                if wrong_before:
                    part.contradict(f"it contradicts itself: {wrong[0]}")
                    return page
            elif total is not None and came < total:
                if keys == before:
                    part.doubt(f"the server counts {total} rows, {came} came in two passes alike")
                    return page
            elif count == 1 or (total is None and count <= 2 and came <= size):  # noqa: PLR2004
                part.prove(ProofKind.CLOSED_WINDOW)
                return page
            elif keys == before:
                part.prove(ProofKind.TWO_PASSES)
                return page
            before, wrong_before = keys, wrong
        part.contradict("it changes faster than it can be read")
        return page

    def _pass(
        self, span: Span, size: int, opening: Page | None
    ) -> tuple[Page, int | None, int, list[str]]:
        """Read a window once.

        Returns:
            Its rows as one page, the total, the number of pages, and what contradicts.

        Raises:
            LoopError: It has no end.
        """
        rows: list[Record] = []
        wrong: list[str] = []
        seen: set[int] = set()
        for number in range(FIRST, MAX_PAGES):
            page = opening if opening and number == FIRST else self._fetch(span, number, size)
            claims = read_list_claims(page)
            came = len(page.rows)
            wrong += check_page(claims, rows=came, position=len(rows), asked=size, number=number)
            print_ = hash(str(page.rows))
            if print_ in seen and len(set(map(self.log.key, page.rows))) > 1:
                break
            seen.add(print_)
            rows += page.rows
            ends = len(rows) >= claims.total if claims.total is not None else not page.rows
            if ends or not page.rows:
                wrong += self._behind(span, len(page.rows), size) if number == FIRST else []
                return dataclasses.replace(page, rows=rows), claims.total, number + 1, wrong
            if number == FIRST and len(page.rows) < size:  # cut below what was asked for
                size, self.size = len(page.rows), min(self.size, len(page.rows))
        raise LoopError(f"{self.where} gives the same page again and again; it has no end.")

    def _behind(self, span: Span, count: int, size: int) -> list[str]:
        """Ask behind a total that is just the length of a page: it may count no more than that."""
        if not may_be_cut(count, size):
            return []
        more = self._fetch(span, FIRST + 1, count).rows
        return [f"it counts {count} rows, and more follow"] if more else []

    def _fresh(self, rows: list[Record]) -> list[Record]:
        """Give every row its key, and leave out what the neighbouring window has brought."""
        times: collections.Counter[Hashable] = collections.Counter()
        found: dict[Hashable, Record] = {}
        for row in rows:
            key = self.log.key(row)
            if self.log.key_column:
                times[key] += 1
                if times[key] > 1:
                    key = digest(key, times[key])
                row[self.log.key_column] = key
            found[key] = row
        fresh = [row for key, row in found.items() if key not in self._previous]
        self.evidence.duplicates += len(rows) - len(fresh)
        self._previous = set(found)
        return fresh

    def probe(self) -> Reply:
        """Ask for one row."""
        return self._fetch((self.start, self.end), FIRST, 1).reply

    @property
    def expected_proof(self) -> str:
        """Return which proof the log will have."""
        return ProofKind.CLOSED_WINDOW.value

    def plan(self) -> Plan:
        """Count the rows of every window."""
        opening = self._fetch(span := (self.start, self.end), FIRST, self.size)
        total = read_list_claims(opening).total
        if total is None:
            return Plan(1, exact=False)
        pieces = self._pieces(span, opening)
        plan = self._plan(total, pieces)
        again = not pieces and without_a_second(span) is not None
        return dataclasses.replace(plan, requests=plan.requests + again)

    def _plan(self, total: int, pieces: list[Span]) -> Plan:
        if not pieces:
            return Plan(requests_for(total, self.size), total)
        counts = []
        for piece in pieces:
            rows = read_list_claims(self._fetch(piece, FIRST, 1)).total or 0
            wanted = -(-3 * rows // (2 * self.size))
            parts = cut_evenly(piece, wanted) if rows > self.size else []
            counts.append(self._plan(rows, parts))
        return Plan(
            1 + sum(plan.requests for plan in counts), sum(plan.rows or 0 for plan in counts)
        )
