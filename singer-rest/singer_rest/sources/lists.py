"""Sources of lists that come page by page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.sources.base import Plan, Source
from singer_rest.sources.pages import Meta, Page, PageWalk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply, Request
    from singer_rest.http.prefetch import Prefetcher


@dataclasses.dataclass(frozen=True)
class Paging:
    """How the lists of one vendor are paged."""

    page_parameter: str
    size_parameter: str
    size: int
    first: int
    meta: Callable[[Page], Meta]
    key: Callable[[dict[str, Any]], Any] | None = None
    overlap: bool = False
    repeats: bool = False
    confirm: bool = False
    """Read lists without a total again: the setting ``confirm_complete``."""

    def asking(self, request: Request, number: int, size: int) -> Request:
        """Return the request for one page; our own parameters are sent again each time."""
        return dataclasses.replace(
            request,
            params={**request.params, self.page_parameter: number, self.size_parameter: size},
        )


class ListSource(Source):
    """A list of pages."""

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Callable[[Reply], list[dict[str, Any]]],
        paging: Paging,
        *,
        ahead: Prefetcher | None = None,
        stop_when: Callable[[Page], bool] | None = None,
    ) -> None:
        super().__init__()
        self.transport = transport
        self.request = request
        self.rows = rows
        self.paging = paging
        self.ahead = ahead
        self.stop_when = stop_when
        self.where = request.url

    def _fetch(self, number: int, size: int) -> Page:
        reply = self.transport.send(self.paging.asking(self.request, number, size))
        return Page(self.rows(reply), reply)

    def pages(self) -> Iterator[Page]:
        """Walk the list."""
        yield from PageWalk(
            where=self.where,
            fetch=self._fetch,
            meta=self.paging.meta,
            size=self.paging.size,
            evidence=self.evidence,
            key=self.paging.key,
            first=self.paging.first,
            overlap=self.paging.overlap,
            ahead=self.ahead,
            stop_when=self.stop_when,
            repeats=self.paging.repeats,
            confirm=self.paging.confirm,
        ).pages()

    def probe(self) -> Reply | None:
        """Ask for the first row."""
        return self._fetch(self.paging.first, 1).reply

    def plan(self) -> Plan:
        """Ask for the total with one row, where the server counts."""
        page = self._fetch(self.paging.first, 1)
        found = self.paging.meta(page)
        if found.total is None:
            return Plan(1, exact=found.more is False)
        return Plan(max(1, -(-found.total // self.paging.size)), found.total)
