"""Sources of lists that come page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.keys import Order
from singer_rest.sources.pages import Page, Paging
from singer_rest.sources.passes import MAX_PASSES, ListReading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply, Request
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.keys import LearnedCap


class ListSource(Source):
    """A list of pages, read until something proves that all of it came.

    Args:
        transport: The way to the server.
        request: For the list, without paging parameters.
        rows: Reads the rows of an answer.
        paging: How the list is paged.
        ahead: Asks for later pages ahead of time once the total is known.
        stop_when: Ends the walk early, after this page: the rest is known to be old.
        cap: Shared by the lists of one route, such as the children of many parents.
        where: Names the list in messages; its address unless given.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Callable[[Reply], list[dict[str, Any]]],
        paging: Paging,
        *,
        ahead: Prefetcher | None = None,
        stop_when: Callable[[Page], bool] | None = None,
        cap: LearnedCap | None = None,
        where: str = "",
    ) -> None:
        super().__init__()
        self.transport = transport
        self.request = request
        self.rows = rows
        self.paging = paging
        self.ahead = ahead
        self.stop_when = stop_when
        self.cap = cap
        self.where = where or request.url
        self._begun: Page | None = None

    def fetch(self, number: int, size: int) -> Page:
        """Ask for one page; called from several threads."""
        reply = self.transport.send(self.paging.asking(self.request, number, size))
        return Page(self.rows(reply), reply)

    def begin(self) -> None:
        """Ask for the first page ahead of time."""
        if self._begun is None:
            self._begun = self.fetch(self.paging.first, self.paging.size)

    def pages(self) -> Iterator[Page]:
        """Read the list, as often as its proof takes."""
        yield from ListReading(
            self.where,
            self._begun_or_fetched,
            self.paging,
            self.evidence,
            ahead=self.ahead,
            stop_when=self.stop_when,
            cap=self.cap,
        ).pages()

    def _begun_or_fetched(self, number: int, size: int) -> Page:
        begun, self._begun = self._begun, None
        if begun is not None and (number, size) == (self.paging.first, self.paging.size):
            return begun
        return self.fetch(number, size)

    def probe(self) -> Reply | None:
        """Ask for the first row."""
        return self.fetch(self.paging.first, 1).reply

    @property
    def expected_proof(self) -> str:
        """Return which proof the list will have."""
        one = ProofKind.ONE_ANSWER.value
        if self.stop_when is not None:
            return f"{one}, or {ProofKind.BACK_TO_BOOKMARK.value}"
        if self.paging.confirm:
            return ProofKind.TWO_PASSES.value
        if self.paging.order is not Order.UNKNOWN:
            return f"{one}, or {ProofKind.OVERLAPPING_PAGES.value}"
        if not self.paging.repeatable:
            return f"{one}; over several pages none"
        return f"{one}; over several pages {ProofKind.TWO_PASSES.value}"

    def plan(self) -> Plan:
        """Ask for the total with one row, where the server counts."""
        page = self.fetch(self.paging.first, 1)
        claims = self.paging.claims(page)
        if claims.total is None:
            return Plan(1, exact=claims.more is False)
        return self.estimate_requests(claims.total)

    def estimate_requests(self, total: int) -> Plan:
        """Return what a list of so many rows costs, at least and at most."""
        pages = max(1, -(-total // self.paging.size))
        ordered = self.paging.order is not Order.UNKNOWN
        if pages == 1 and not self.paging.confirm:
            return Plan(1, total)
        least = pages if ordered and not self.paging.confirm else 2 * pages
        if not ordered and not self.paging.confirm:
            least = pages + 1  # an order may be seen
        return Plan(least, total, exact=False, most=max(least, MAX_PASSES * pages))
