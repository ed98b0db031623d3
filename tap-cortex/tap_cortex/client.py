"""How Cortex is asked: addresses, pages, envelopes, and what its refusals mean."""

from __future__ import annotations

import dataclasses
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StatusError, StreamError
from singer_rest.http.bodies import unexpected
from singer_rest.http.client import Transport
from singer_rest.http.exchange import Request
from singer_rest.http.urls import path as fill
from singer_rest.sources.base import Plan
from singer_rest.sources.claims import Claims, UntrueClaimError, read_claims, read_count
from singer_rest.sources.lists import ListSource
from singer_rest.sources.pages import Page, Paging
from singer_rest.sources.passes import MAX_PASSES
from singer_rest.sources.single import envelope
from tap_cortex.values import digest, key_or_none, member

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.keys import LearnedCap

    Record = dict[str, Any]
    Rows = Callable[[Reply], list[Record]]
    Key = Callable[[Record], Any]

API = "/api/v1"
LARGEST_PAGE = 1000
FIRST = 0
NO_ROUTE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)
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
            if error.status != HTTPStatus.FORBIDDEN or not product:
                raise
            raise StreamError(
                f"{error.sentence.rstrip('.')}: the workspace has no licence for "
                f"{product['product']}. Deselect the stream.",
                code="NOT-LICENSED",
                outcome=Outcome.UNAVAILABLE,
                absent=in_own_words(error),
            ) from error


def in_own_words(error: StatusError) -> bool:
    """Tell whether a refusal is an answer of the API, and not a web page of something before it."""
    return isinstance(error.body, dict)


def has_vendor_type(error: StatusError) -> bool:
    """Tell whether a refusal carries the vendor's own error: a message and its type."""
    body = error.body
    return isinstance(member(body, "type"), str) and member(body, "message") is not None


def read_list_claims(page: Page) -> Claims:
    """Read what a page says of its list: total, number of pages, its own number, more to follow."""
    claims = read_claims(page.reply.body)
    try:
        return dataclasses.replace(claims, page=read_count(member(page.reply.body, "page")))
    except UntrueClaimError as error:
        wrong = (*claims.contradictions, f"page: {error}")
        return dataclasses.replace(claims, contradictions=wrong)


def no_claims(_page: Page) -> Claims:
    """Read nothing: the answer is one record, whose fields are not about a list."""
    return Claims()


def listed(*keys: str, marks: tuple[str, ...] = (), one_name: bool = False) -> Rows:
    """Return a reader for lists whose envelope no document describes.

    It takes the list under the first of the keys that is there, else the body if that is a list,
    else the only list in the body. Items that are texts, all of them, become ``{"value": item}``.
    One object by itself, and rows of another kind, are no list.

    Args:
        *keys: Names that the envelope may have.
        marks: Fields of which every row has at least one.
        one_name: The list is called the same on every page; one under another name is the answer to
            another question.
    """
    known: list[str | None] = []

    def rows(reply: Reply) -> list[Record]:
        wanted = f"a list{f' under {keys[0]!r}' if keys else ''}"
        name, found = _only_list(reply.body, keys)
        if found is None:
            raise unexpected(reply, wanted)
        known[:] = known or [name]
        if one_name and name != known[0]:
            raise unexpected(reply, f"a list under {known[0]!r}, as before,")
        items = [{"value": item} if isinstance(item, str) else item for item in found]
        mixed = len({isinstance(item, str) for item in found}) > 1
        if mixed or not all(isinstance(item, dict) and item for item in items):
            raise unexpected(reply, f"{wanted} of objects")
        if marks and not all(any(mark in item for mark in marks) for item in items):
            raise unexpected(reply, f"{wanted} of rows with {' or '.join(marks)}")
        return items

    return rows


def _only_list(body: Any, keys: tuple[str, ...]) -> tuple[str | None, list[Any] | None]:
    """Return the list that a body is or has, and its name there."""
    if isinstance(body, list):
        return None, body
    if not isinstance(body, dict):
        return None, None
    named = [key for key in keys if key in body]
    names = named or [key for key, value in body.items() if isinstance(value, list)]
    found = body[names[0]] if len(names) == 1 else None
    return (names[0], found) if isinstance(found, list) else (None, None)


def listed_or_one(*keys: str, marks: tuple[str, ...]) -> Rows:
    """Return a reader like :func:`listed` that takes one object by itself for the one row.

    Args:
        *keys: Names that the envelope may have.
        marks: Fields of which every row has at least one, the one by itself too.
    """
    lists = listed(*keys, marks=marks)

    def rows(reply: Reply) -> list[Record]:
        body = reply.body
        alone = isinstance(body, dict) and any(mark in body for mark in marks)
        if alone and not any(isinstance(value, list) for value in body.values()):
            return [body]
        return lists(reply)

    return rows


def envelope_or_list(key: str) -> Rows:
    """Return a reader of rows under a key, or of a bare list of rows."""
    under, bare = envelope(key), envelope(None)
    return lambda reply: (bare if isinstance(reply.body, list) else under)(reply)


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


def by_field(name: str) -> Key:
    """Return the key of a row: one of its fields; nothing where that can be no key."""
    return lambda row: key_or_none(row.get(name))


def by_fields(*names: str) -> Key | None:
    """Return the key of a row: its fields, nothing where one can be no key; none without names."""
    if len(names) <= 1:
        return by_field(names[0]) if names else None

    def key(row: Record) -> Any:
        values = tuple(key_or_none(row.get(name)) for name in names)
        return None if None in values else values

    return key


def by_first_of(*names: str) -> Key:
    """Return the key of a row that may be known by one of several fields, else by all it has.

    Nothing where such a field is there and can be no key.
    """

    def key(row: Record) -> Any:
        there = [row[name] for name in names if row.get(name) is not None]
        values = map(key_or_none, there)
        known = next((value for value in values if value is not None), None)
        return known if there else digest(row)

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
            claims=read_list_claims,
            key=key,
            repeats=repeats,
            confirm=self.confirm,
        )

    def fetch(self, request: Request, rows: Rows, number: int, size: int) -> Page:
        """Ask for one page."""
        reply = self.transport.send(self.paging().asking(request, number, size))
        return Page(rows(reply), reply)

    def count_pages(self, request: Request, rows: Rows) -> Plan:
        """Find out how many pages a list has, with cheap requests.

        Where the server counts, that is one. Elsewhere the rows that would end a page are asked
        for one by one, by bisection.
        """
        total = read_list_claims(self.fetch(request, rows, FIRST, 1)).total
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
    """A list of pages.

    Args:
        api: The requests.
        request: For the list.
        rows: Reads the rows of an answer.
        key: Tells rows apart.
        repeats: Whether several rows may have the same key.
        cap: Shared by the lists of one route.
        where: Names the list in messages.
        lookup: Tells whether a row of this key exists now.
        size: Rows a page, where they are to be fewer than the setting says.
    """

    def __init__(
        self,
        api: CortexApi,
        request: Request,
        rows: Rows,
        key: Key | None,
        *,
        repeats: bool = False,
        cap: LearnedCap | None = None,
        where: str = "",
        lookup: Callable[[Any], bool] | None = None,
        size: int | None = None,
    ) -> None:
        paging = dataclasses.replace(
            api.paging(key, repeats=repeats), lookup=lookup, size=size or api.page_size
        )
        super().__init__(
            api.transport, request, rows, paging, ahead=api.prefetch, cap=cap, where=where
        )
        self.api = api

    def plan(self) -> Plan:
        """Count the pages; without a total, the end may have to be asked for, or passes be two."""
        plan = self.api.count_pages(self.request, self.rows)
        if plan.rows is not None:
            return self.estimate_requests(plan.rows)
        pages = plan.requests
        passes = 1 if pages == 1 and not self.paging.confirm else MAX_PASSES
        return Plan(pages, exact=False, most=passes * (pages + 1))


class UndocumentedList(CortexList):
    """A list on a route that a server may not have, or serve in any envelope."""

    absent: frozenset[int] = NO_ROUTE

    def fetch(self, number: int, size: int) -> Page:
        """Ask for one page.

        Raises:
            StreamError: The server has no such route.
        """
        try:
            return super().fetch(number, size)
        except StatusError as error:
            if error.status not in self.absent:
                raise
            raise no_route(error) from error

    def plan(self) -> Plan:
        """Count the pages, where they can be counted."""
        total = read_list_claims(self.fetch(FIRST, 1)).total
        return Plan(1, exact=False) if total is None else self.estimate_requests(total)


def no_route(error: StatusError) -> StreamError:
    """Return the error for a route that this server lacks and need not have."""
    return StreamError(
        f"{error.sentence.rstrip('.')}: this server does not have it. Deselect the stream.",
        code="NO-ROUTE",
        outcome=Outcome.UNAVAILABLE,
        absent=in_own_words(error),
    )
