"""Lists whose pages name the next one: by token, by address, by Link header; and by offset.

A cursor is followed to its end: every page names the next, no token comes twice, and the last page
says that there is none. That proves the list where the vendor documents the cursor as stable;
elsewhere it is read until two passes agree.
"""

from __future__ import annotations

import abc
import collections
import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import requests

from singer_rest.http.urls import origin
from singer_rest.sources.ahead import Ahead
from singer_rest.sources.base import Source
from singer_rest.sources.claims import read_claims
from singer_rest.sources.evidence import LoopError, ProofKind
from singer_rest.sources.keys import KeyLedger, can_be_key
from singer_rest.sources.pages import Page
from singer_rest.sources.passes import MAX_PASSES, whole_row

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply, Request
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.keys import Key

MAX_PAGES = 1_000_000


class CursorSource(Source, abc.ABC):
    """A list whose every answer says how to go on.

    Args:
        transport: The way to the server.
        request: For the first page.
        rows: Reads the rows of an answer.
        key: Identifies a row; everything in it unless given.
        stable: The vendor documents that rows added or deleted meanwhile move no others.
        where: Names the list in messages; its address unless given.
        ahead: Asks for the next page while one is written.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Callable[[Reply], list[dict[str, Any]]],
        *,
        key: Key | None = None,
        stable: bool = False,
        where: str = "",
        ahead: Prefetcher | None = None,
    ) -> None:
        super().__init__()
        self.transport = transport
        self.request = request
        self.rows = rows
        self.key = key or whole_row
        self.stable = stable
        self.where = where or request.url
        self._begun: Page | None = None
        self._ahead: Ahead[Page] = Ahead(ahead)

    @abc.abstractmethod
    def following(self, page: Page, request: Request) -> tuple[Hashable, Request] | None:
        """Return what names the next page and the request for it; nothing at the end.

        Args:
            page: As it came.
            request: That it answers.

        Raises:
            StreamError: The server names a next page that cannot be one.
        """

    def fetch(self, request: Request) -> Page:
        """Ask for a page; called from any thread.

        Raises:
            StreamError: There is no answer, or none that is a page.
        """
        reply = self.transport.send(request)
        return Page(self.rows(reply), reply)

    def begin(self) -> None:
        """Ask for the first page ahead of time."""
        self._begun = self.fetch(self.request)

    def pages(self) -> Iterator[Page]:
        """Follow the cursor to its end, as often as the proof takes.

        Raises:
            LoopError: A token came twice.
        """
        known = KeyLedger(self.key)
        before: collections.Counter[Any] | None = None
        for attempt in range(MAX_PASSES):
            self.evidence.rereads += attempt > 0
            times: collections.Counter[Any] = collections.Counter()
            totals: list[int] = []
            for page in self._follow():
                keys = [key if can_be_key(key) else None for key in known.keys(page.rows)]
                keyless = keys.count(None)
                self.evidence.without_key += keyless if not attempt else 0
                pairs = [(r, k) for r, k in zip(page.rows, keys, strict=True) if k is not None]
                rows, kept = [r for r, _k in pairs], [k for _r, k in pairs]
                times.update(kept)
                total = read_claims(page.reply.body, following=()).total
                totals += [] if total is None else [total]
                # Rows of an earlier pass were written moments ago.
                new = known.unknown(kept) if attempt else range(len(kept))
                fresh, again = known.take([rows[i] for i in new], [kept[i] for i in new])
                self.evidence.duplicates += again if not attempt else 0
                self.evidence.received = known.count
                yield dataclasses.replace(page, rows=fresh)
            if totals:
                self.evidence.expect(totals[-1])
            if self._judge(times, before, totals):
                return
            before = times
        self.evidence.contradict(f"{self.where} changes faster than it can be read")

    def _judge(
        self,
        times: collections.Counter[Any],
        before: collections.Counter[Any] | None,
        totals: Sequence[int],
    ) -> bool:
        came = len(times) + self.evidence.without_key
        total = totals[-1] if totals else None
        if not came and before is None:
            return False  # no answer without rows is believed by itself
        if total is not None and came < total:
            # A row that came to a page already read shows in the total alone: no answer yet.
            settled = times == before and len(set(totals)) == 1
            if settled:
                self.evidence.doubt(
                    f"the server counts {total} rows, {came} came in two passes alike"
                )
            return settled
        if total is not None and came > max(totals):
            if times == before:
                self.evidence.contradict(
                    f"{self.where} counts {total} rows, and {came} different ones came"
                )
            return times == before
        if self.stable:
            self.evidence.prove(ProofKind.CURSOR_END)
        elif times == before and len(set(totals)) <= 1:
            self.evidence.prove(ProofKind.TWO_PASSES)
        elif before is None and self.evidence.pages <= 1 and len(set(totals)) <= 1:
            self.evidence.prove(ProofKind.ONE_ANSWER, "it names no next page")
        else:
            return False
        return True

    def _follow(self) -> Iterator[Page]:
        request, seen, count = self.request, set[Any](), 0
        name: Hashable = None
        while True:
            fetch = functools.partial(self.fetch, request)
            page, self._begun = self._begun or self._ahead.ask(name, fetch), None
            count += 1
            if page.rows:  # one that only shows the end makes no list of several pages
                self.evidence.pages = max(self.evidence.pages, count)
            following = self.following(page, request)
            again = following is not None and (following[0] in seen or count >= MAX_PAGES)
            if following is not None and not again and self._ahead.pays(page.reply.seconds):
                self._ahead.begin(following[0], functools.partial(self.fetch, following[1]))
            yield page
            if following is None:
                return
            name, request = following
            if again:
                raise LoopError(f"{self.where} names the same next page again: it has no end.")
            seen.add(name)

    def probe(self) -> Reply | None:
        """Ask for the first page."""
        return self.fetch(self.request).reply

    @property
    def expected_proof(self) -> str:
        """Return which proof the list will have."""
        kind = ProofKind.CURSOR_END if self.stable else ProofKind.TWO_PASSES
        return kind.value


class TokenSource(CursorSource):
    """A list whose answers carry a token for the next page.

    Args:
        parameter: Name of the parameter that takes the token.
        token: Reads it from an answer; nothing at the end.
        in_body: Whether the parameter goes into the JSON body instead of the address.
        **arguments: See :class:`CursorSource`.
    """

    def __init__(
        self,
        *arguments: Any,
        parameter: str,
        token: Callable[[Reply], str | int | None],
        in_body: bool = False,
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        self.parameter = parameter
        self.token = token
        self.in_body = in_body

    def following(self, page: Page, request: Request) -> tuple[Hashable, Request] | None:
        """Return the token and the request with it."""
        token = self.token(page.reply)
        if token is None or token == "":
            return None
        if self.in_body:
            body = {**(request.json or {}), self.parameter: token}
            return token, dataclasses.replace(request, json=body)
        params = {**request.params, self.parameter: token}
        return token, dataclasses.replace(request, params=params)


class NextUrlSource(CursorSource):
    """A list whose answers carry the address of the next page.

    An address of another origin is refused: the credential goes nowhere else.

    Args:
        url: Reads the address from an answer; nothing at the end.
        **arguments: See :class:`CursorSource`.
    """

    def __init__(self, *arguments: Any, url: Callable[[Reply], str | None], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.url = url

    def following(self, page: Page, request: Request) -> tuple[Hashable, Request] | None:
        """Return the address and the request for it.

        Raises:
            LoopError: It is on another server, which credentials are not sent to.
        """
        address = self.url(page.reply)
        if not address:
            return None
        absolute = requests.compat.urljoin(request.url, address)
        if origin(absolute) != origin(self.request.url):
            raise LoopError(
                f"{self.where} names a next page on another server; it is not asked for.",
                code="FOREIGN-NEXT",
            )
        return absolute, dataclasses.replace(request, url=absolute, params={})


class LinkHeaderSource(NextUrlSource):
    """A list whose answers name the next page in a ``Link`` header (RFC 8288)."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, url=read_next_link, **named)


class OffsetSource(CursorSource):
    """A list that is asked for by the place of its first row and the number of rows.

    It ends with a page that brings none, or says that no rows follow; not where as many rows came
    as the server counts, for it may count no more than it shows.

    Args:
        offset: Name of the parameter for the place.
        limit: Name of the parameter for the number of rows.
        size: Rows to ask for.
        first: The place of the first row, 0 or 1.
        **arguments: See :class:`CursorSource`.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        *arguments: Any,
        offset: str,
        limit: str,
        size: int,
        first: int = 0,
        **named: Any,
    ) -> None:
        params = {**request.params, offset: first, limit: size}
        super().__init__(
            transport, dataclasses.replace(request, params=params), *arguments, **named
        )
        self.offset = offset
        self._first = first
        self._last: list[dict[str, Any]] = []

    def following(self, page: Page, request: Request) -> tuple[Hashable, Request] | None:
        """Return the place after the rows that came.

        Raises:
            LoopError: The same page comes whatever place is asked for, and nothing tells the end.
        """
        place: Any = request.params[self.offset]
        index = int(place) + len(page.rows)
        claims = read_claims(page.reply.body)
        again = place != self._first and page.rows == self._last
        self._last = page.rows
        if not page.rows or claims.more is False:
            return None
        if again and claims.total is None:
            raise LoopError(f"{self.where} gives the same page again and again; it has no end.")
        if again and claims.total is not None and index - self._first >= claims.total:
            return None  # it ignores the place
        params = {**request.params, self.offset: index}
        return index, dataclasses.replace(request, params=params)


def read_next_link(reply: Reply) -> str | None:
    """Return the address that a ``Link`` header calls next; nothing if none is."""
    for link in requests.utils.parse_header_links(reply.headers.get("Link", "")):
        if "next" in link.get("rel", "").lower().split():
            return str(link["url"])
    return None
