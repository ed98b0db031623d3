"""How Cortex is asked: addresses, pages, envelopes, and what its refusals mean."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StatusError, StreamError
from singer_rest.http.client import Transport
from singer_rest.http.exchange import Reply, Request
from singer_rest.http.bodies import unexpected
from singer_rest.http.urls import path as fill
from singer_rest.sources.base import Plan
from singer_rest.sources.evidence import LoopError
from singer_rest.sources.lists import ListSource, Paging
from singer_rest.sources.pages import Meta, Page
from singer_rest.sources.single import envelope
from tap_cortex.values import digest, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from singer_rest.http.prefetch import Prefetcher

    Record = dict[str, Any]
    Rows = Callable[[Reply], list[Record]]
    Key = Callable[[Record], Any]

API = "/api/v1"
LARGEST_PAGE = 1000
FIRST = 0
FORBIDDEN = 403
NO_ROUTE = frozenset({404, 405, 501})
NOT_LICENSED = re.compile(r"Product access to \[?(?P<product>[^\]]+?)\]? not permitted")


class CortexTransport(Transport):
    """The transport, with the vendor's way of saying that a product was not bought."""

    def send(self, request: Request) -> Reply:
        """Send a request.

        Raises:
            StreamError: The workspace has no licence for the product; else see the base class.
        """
        try:
            return super().send(request)
        except StatusError as error:
            product = NOT_LICENSED.search(error.message)
            if error.status != FORBIDDEN or not product:
                raise
            raise StreamError(
                f"{error.sentence.rstrip('.')}: the workspace has no licence for "
                f"{product['product']}. Deselect the stream.",
                code="NOT-LICENSED",
                outcome=Outcome.UNAVAILABLE,
            ) from error


@dataclasses.dataclass(slots=True)
class SizedPage(Page):
    """A page that knows how it was asked for."""

    asked: int = 0
    """Rows it could have held; 0 where the route has no pages."""
    offset: int = 0
    """Place of its first row in the list."""


def total_or_short_page(page: Page) -> Meta:
    """Read what a page says of its list: the total, or else that a page not full is the last.

    The number of the page in the body is not used; some routes have no totals at all.
    """
    body = page.reply.body
    total = body.get("total") if isinstance(body, dict) else None
    if type(total) is int:
        return Meta(total=total)
    asked = page.asked if isinstance(page, SizedPage) else 0
    # More rows than a page can hold: the route has no pages and sent everything.
    return Meta(more=bool(page.rows) and len(page.rows) == asked)


def any_envelope(*keys: str) -> Rows:
    """Return a reader for routes whose envelope no document describes.

    It takes the list under the first of the keys that is there, else the body if that is a list,
    else the first list in the body, else the body itself as the one row. Items that are no objects
    become ``{"value": item}``.
    """

    def rows(reply: Reply) -> list[Record]:
        body = reply.body
        found: Any = [body]
        if isinstance(body, list):
            found = body
        elif isinstance(body, dict):
            lists = [body[key] for key in keys if isinstance(body.get(key), list)]
            lists += [value for value in body.values() if isinstance(value, list)]
            found = lists[0] if lists else [body] if body else []
        return [
            item if isinstance(item, dict) else {"value": item}
            for item in found
            if item is not None
        ]

    return rows


def envelope_or_one(key: str, mark: str = "") -> Rows:
    """Return a reader of rows under a key, of a bare list, or of one bare row.

    Args:
        key: Of the envelope.
        mark: A field that a bare row has; any object without the key will do if there is none.
    """
    strict = envelope(key)

    def rows(reply: Reply) -> list[Record]:
        body = reply.body
        if isinstance(body, dict) and key not in body and (mark in body or not mark):
            return [body]
        return objects(body) if isinstance(body, list) else strict(reply)

    return rows


def texts_or_objects(key: str) -> Rows:
    """Return a reader of a list under a key whose items may be texts; they become ``{"text": x}``.

    The reader raises an error unless there is such a list.
    """

    def rows(reply: Reply) -> list[Record]:
        found = reply.body.get(key) if isinstance(reply.body, dict) else None
        if isinstance(found, list) and all(isinstance(item, (dict, str)) for item in found):
            return [{"text": item} if isinstance(item, str) else item for item in found]
        raise unexpected(reply, f"a list under {key!r}")

    return rows


def by_fields(*names: str) -> Key:
    """Return the key of a row: its fields, or a digest of all of it where one is missing."""
    if len(names) == 1:
        return _by_field(names[0])

    def key(row: Record) -> Any:
        values = tuple(row.get(name) for name in names)
        if not values or None in values:
            return digest(row)
        return values

    return key


def _by_field(name: str) -> Key:
    def key(row: Record) -> Any:
        value = row.get(name)
        return digest(row) if value is None else value

    return key


@dataclasses.dataclass(frozen=True)
class CortexApi:
    """Requests to one workspace."""

    transport: Transport
    root: str
    """Scheme, host, and whatever stands before ``/api/v1``."""
    page_size: int
    prefetch: Prefetcher
    confirm: bool = False
    """Whether lists without a total are read twice."""

    def request(self, path: str, params: Mapping[str, Any] | None = None, **ids: object) -> Request:
        """Return a request; ids become one encoded path segment each.

        Raises:
            UnsafeIdError: An id cannot be one.
        """
        prefix = "" if path.startswith("/scim/") else API
        return Request(f"{self.root}{prefix}{fill(path, **ids)}", dict(params or {}))

    def text_request(self, path: str, **ids: object) -> Request:
        """Return a request for a text.

        Raises:
            UnsafeIdError: An id cannot be a path segment.
        """
        return dataclasses.replace(self.request(path, None, **ids), raw=True)

    def paging(self, key: Key | None = None, *, repeats: bool = False) -> Paging:
        """Return how lists are paged: numbered from 0, their order documented nowhere."""
        return Paging(
            page_parameter="page",
            size_parameter="pageSize",
            size=self.page_size,
            first=FIRST,
            meta=total_or_short_page,
            key=key,
            repeats=repeats,
            confirm=self.confirm,
        )

    def fetch(self, request: Request, rows: Rows, number: int, size: int) -> SizedPage:
        """Ask for one page."""
        reply = self.transport.send(self.paging().asking(request, number, size))
        return SizedPage(rows(reply), reply, asked=size, offset=number * size)

    def count_pages(self, request: Request, rows: Rows) -> Plan:
        """Find out how many requests a list will take, with cheap ones.

        Where the server counts, that is one. Elsewhere the rows that would end a page are asked
        for one by one, by bisection.
        """
        page = self.fetch(request, rows, FIRST, 1)
        total = total_or_short_page(page).total
        if total is not None:
            return Plan(max(1, -(-total // self.page_size)), total)

        def is_full(number: int) -> bool:
            last = (number + 1) * self.page_size - 1
            return bool(self.fetch(request, rows, last, 1).rows)

        high = 1
        while is_full(high - 1):
            high *= 2
        low = high // 2
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (middle, high) if is_full(middle - 1) else (low, middle)
        return Plan(low + 1)


class CortexList(ListSource):
    """A list of pages."""

    def __init__(
        self,
        api: CortexApi,
        request: Request,
        rows: Rows,
        key: Key | None,
        *,
        repeats: bool = False,
    ) -> None:
        paging = api.paging(key, repeats=repeats)
        super().__init__(api.transport, request, rows, paging, ahead=api.prefetch)
        self.api = api

    def _fetch(self, number: int, size: int) -> Page:
        return self.api.fetch(self.request, self.rows, number, size)

    def plan(self) -> Plan:
        """Count the pages."""
        return self.api.count_pages(self.request, self.rows)


class UndocumentedList(CortexList):
    """A list on a route that a server may not have, or serve in any shape.

    Its absence never fails a run. A server that ignores the paging parameters is recognised by
    its giving the same rows for another page *and* for another page size.
    """

    absent: frozenset[int] = NO_ROUTE

    def pages(self) -> Iterator[Page]:
        """Walk the list."""
        try:
            yield from super().pages()
        except StatusError as error:
            if error.status not in self.absent:
                raise
            raise no_route(error) from error
        except LoopError:
            if not self._ignores_paging():
                raise
            self.evidence.proof = "the server sends all rows at once"

    def _ignores_paging(self) -> bool:
        asked = self.paging.size
        other = asked + 1 if asked < LARGEST_PAGE else asked - 1
        return len(self._fetch(FIRST, other).rows) == asked

    def probe(self) -> Reply | None:
        """Ask for the first row."""
        try:
            return super().probe()
        except StatusError as error:
            if error.status not in self.absent:
                raise
            raise no_route(error) from error

    def plan(self) -> Plan:
        """Count the pages, where they can be counted."""
        try:
            page = self._fetch(FIRST, 1)
        except StatusError as error:
            if error.status in self.absent:
                return Plan(1, 0)
            raise
        total = total_or_short_page(page).total
        if total is None:
            return Plan(1, exact=False)
        return Plan(max(1, -(-total // self.paging.size)), total)


def no_route(error: StatusError) -> StreamError:
    """Return the error for a route that this server lacks and need not have."""
    return StreamError(
        f"{error.sentence.rstrip('.')}: this server does not have it, which is no error. Deselect "
        "the stream to spare the request.",
        code="NO-ROUTE",
        outcome=Outcome.UNAVAILABLE,
        excused=True,
    )
