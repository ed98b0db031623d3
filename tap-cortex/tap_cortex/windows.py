"""Logs, read window by window from the oldest instant to the newest.

The upper end of a read is the server's clock at the start of the run, so what is logged meanwhile
does not move the pages. A long span is cut into windows of a few pages, in the order of time; when
a window is proved complete the bookmark may move to its end, and a run cut short goes on there.

A window is held in memory until it is proved: as many rows came as the server counts, all of them
different, or the same ones twice in a row. Order is never assumed, neither in a window nor between
pages.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from singer_rest.errors import StatusError, TooLargeError
from singer_rest.http.retry import RETRIED_STATUSES
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import Evidence, IncompleteError
from singer_rest.sources.pages import Page, PageWalk
from tap_cortex.client import FIRST, SizedPage, total_or_short_page
from tap_cortex.values import digest, without_zone

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from singer_rest.http.exchange import Reply, Request
    from tap_cortex.client import CortexApi, Key, Record, Rows

BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WINDOW_PAGES = 8
MIN_PIECE = dt.timedelta(minutes=1)
MAX_PIECES = 64
TRIES = 3


@dataclasses.dataclass(frozen=True)
class Log:
    """How one log is asked for.

    Attributes:
        request: Without dates.
        rows: Reads the rows of an answer.
        since: Name of the parameter for the lower end.
        until: Name of the parameter for the upper end.
        key: Tells rows apart.
        key_column: Where a key made up by the tap goes. Rows that are alike in every field are
            then told apart by counting them; elsewhere a repeated key is the same row.
    """

    request: Request
    rows: Rows
    since: str
    until: str
    key: Key
    key_column: str = ""


class WindowSource(Source):
    """A log between two instants.

    Args:
        api: The requests.
        log: What is asked.
        start: Where to begin; nothing for the beginning of time, which is said to the server too,
            lest a default of its own cut off the past.
        end: Where to end.
    """

    def __init__(
        self, api: CortexApi, log: Log, start: dt.datetime | None, end: dt.datetime
    ) -> None:
        super().__init__()
        self.api = api
        self.log = log
        self.start = min(start or BEGINNING, end)
        self.end = end
        self.where = log.request.url
        self.evidence.proof = "server total"
        self._previous: set[Hashable] = set()

    @property
    def largest(self) -> int:
        """Return how many rows a window may have before it is cut."""
        return WINDOW_PAGES * self.api.page_size

    def _between(self, start: dt.datetime, end: dt.datetime) -> Request:
        dates = {self.log.since: without_zone(start), self.log.until: without_zone(end)}
        return dataclasses.replace(self.log.request, params={**self.log.request.params, **dates})

    def _fetch(self, start: dt.datetime, end: dt.datetime, number: int, size: int) -> SizedPage:
        return self.api.fetch(self._between(start, end), self.log.rows, number, size)

    def pages(self) -> Iterator[Page]:
        """Yield one page per window, the oldest first."""
        yield from self._span(self.start, self.end)

    def _span(self, start: dt.datetime, end: dt.datetime) -> Iterator[Page]:
        first = self._opening(start, end)
        pieces = self._pieces(start, end, total_or_short_page(first).total if first else None)
        if pieces:
            self.evidence.pages += 1
            for piece in pieces:
                yield from self._span(*piece)
            return
        page = self._proved(start, end, first)
        yield dataclasses.replace(page, rows=self._fresh(page.rows), complete_to=end)

    def _opening(self, start: dt.datetime, end: dt.datetime) -> Page | None:
        """Return the first page of a span; nothing if it is too heavy in its full size."""
        try:
            return self._fetch(start, end, FIRST, self.api.page_size)
        except TooLargeError:
            return None
        except StatusError as error:
            if error.status not in RETRIED_STATUSES:
                raise
            return None

    def _pieces(
        self, start: dt.datetime, end: dt.datetime, total: int | None
    ) -> list[tuple[dt.datetime, dt.datetime]]:
        """Cut a span whose rows are too many; neighbours share the second between them."""
        if total is None or total <= self.largest or end - start < 2 * MIN_PIECE:
            return []
        count = min(-(-total // self.largest), MAX_PIECES, (end - start) // MIN_PIECE)
        step = (end - start) / count
        cuts = [(start + step * index).replace(microsecond=0) for index in range(1, count)]
        return list(zip([start, *cuts], [*cuts, end], strict=True))

    def _proved(self, start: dt.datetime, end: dt.datetime, first: Page | None) -> Page:
        """Return the rows of a window as one page.

        Raises:
            IncompleteError: They do not stand still.
        """
        before: collections.Counter[Hashable] | None = None
        size = self.api.page_size if first else max(1, self.api.page_size // 2)
        opening = first
        for _attempt in range(TRIES):
            page, total = self._read(start, end, opening, size)
            opening = None
            count = len(page.rows)
            keys = collections.Counter(self.log.key(row) for row in page.rows)
            if total is None or (count == total and (len(keys) == total or keys == before)):
                self.evidence.expected = (self.evidence.expected or 0) + count
                self.evidence.received += count
                return page
            self.evidence.rereads += 1
            before = keys
        raise IncompleteError(
            f"{self.where} from {without_zone(start)} to {without_zone(end)} changes faster than "
            f"it can be read: the server counts {total} rows, {len(keys)} came."
        )

    def _read(
        self, start: dt.datetime, end: dt.datetime, first: Page | None, size: int
    ) -> tuple[Page, int | None]:
        """Read a window once; a walk that reads again by itself starts it anew."""
        once = [first] if first else []

        def fetch(number: int, asked: int) -> Page:
            if once and (number, asked) == (FIRST, size):
                return once.pop()
            return self._fetch(start, end, number, asked)

        part = Evidence()
        whole: Page | None = None
        rereads = 0
        for page in PageWalk(
            where=self.where,
            fetch=fetch,
            meta=total_or_short_page,
            size=size,
            evidence=part,
            first=FIRST,
            ahead=self.api.prefetch,
        ).pages():
            again = part.rereads != rereads
            rereads = part.rereads
            rows = page.rows if whole is None or again else whole.rows + page.rows
            whole = dataclasses.replace(page, rows=rows)
        assert whole is not None  # noqa: S101  # a walk yields at least one page
        self.evidence.pages += part.pages
        return whole, part.expected

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
        return self._fetch(self.start, self.end, FIRST, 1).reply

    def plan(self) -> Plan:
        """Count the rows of every window."""
        return self._plan(self.start, self.end)

    def _plan(self, start: dt.datetime, end: dt.datetime) -> Plan:
        total = total_or_short_page(self._fetch(start, end, FIRST, 1)).total
        if total is None:
            return Plan(1, exact=False)
        pieces = self._pieces(start, end, total)
        if not pieces:
            return Plan(max(1, -(-total // self.api.page_size)), total)
        counts = [self._plan(*piece) for piece in pieces]
        return Plan(
            1 + sum(plan.requests for plan in counts),
            sum(plan.rows or 0 for plan in counts),
            exact=all(plan.exact for plan in counts),
        )
