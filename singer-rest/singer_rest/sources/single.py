"""Sources of one request and one answer, and the readers of what an answer holds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.http.bodies import unexpected
from singer_rest.sources.base import Source
from singer_rest.sources.claims import check_one_answer, read_claims
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.keys import can_be_key
from singer_rest.sources.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.claims import Claims
    from singer_rest.sources.keys import Key

    Rows = Callable[[Reply], list[dict[str, Any]]]


def envelope(key: str | None) -> Rows:
    """Return the reader of the rows under a key of the body; ``None`` means the body is the list.

    The reader raises an error unless there is a list of objects: a renamed key must never look like
    an empty list, nor an empty object like a row.
    """

    def rows(reply: Reply) -> list[dict[str, Any]]:
        body = reply.body
        found = body.get(key) if key is not None and isinstance(body, dict) else body
        if key is not None and not isinstance(body, dict):
            found = None
        if isinstance(found, list) and {dict}.issuperset(map(type, found)) and all(found):
            return found
        raise unexpected(reply, f"a list of objects{f' under {key!r}' if key else ''}")

    return rows


WORDS_OF_ERRORS = frozenset(
    {"message", "type", "title", "detail", "details", "code", "status", "statusCode", "httpStatus"}
) | {"requestId", "timestamp", "path"}
"""Fields of which errors are made; an object with a message and no other is one."""


def single(key: str | None) -> Rows:
    """Return the reader of the one object under a key of the body, as a list of one.

    The reader raises an error unless there is one, and also for a body that is nothing but words
    of an error: it would be a row of nulls.
    """

    def rows(reply: Reply) -> list[dict[str, Any]]:
        body = reply.body
        found = body.get(key) if key is not None and isinstance(body, dict) else body
        if found and isinstance(found, dict) and (key is None or isinstance(body, dict)):
            if key is None and "message" in found and found.keys() <= WORDS_OF_ERRORS:
                raise unexpected(reply, "one object, and no error,")
            return [found]
        raise unexpected(reply, f"one object{f' under {key!r}' if key else ''}")

    return rows


class SingleSource(Source):
    """One request, one answer: a route that the vendor documents as unpaged.

    Args:
        transport: The way to the server.
        request: The request.
        rows: Reads the rows of the answer.
        claims: Reads what the answer says of its size; the names that APIs use for it unless
            given. What it says against being all of the list is asked again, once.
        repeatable: Whether the route may be asked again.
        key: Identifies a row, where no two have the same key. Rows without one are counted and
            left out.
        where: Names the route in messages; its address unless given.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Rows,
        *,
        claims: Callable[[Page], Claims] | None = None,
        repeatable: bool = True,
        key: Key | None = None,
        where: str = "",
    ) -> None:
        super().__init__()
        self.transport = transport
        self.request = request
        self.rows = rows
        self.claims = claims or (lambda page: read_claims(page.reply.body))
        self.repeatable = repeatable
        self.unique_key = key
        self.where = where or request.url
        self._begun: Page | None = None

    def fetch(self) -> Page:
        """Make the request."""
        reply = self.transport.send(self.request)
        return Page(self.rows(reply), reply)

    def begin(self) -> None:
        """Make the request ahead of time."""
        self._begun = self._begun or self.fetch()

    is_alone = False
    """Whether it is not one of many lists, of which most may well be empty."""

    def pages(self) -> Iterator[Page]:
        """Yield the one page there is."""
        page, self._begun = self._begun or self.fetch(), None
        if not page.rows and self.is_alone and self.repeatable:
            page = self.fetch()  # no answer without rows is believed by itself
        wrong = self.contradictions(page)
        if wrong and self.repeatable:
            self.evidence.rereads += 1
            page = self.fetch()
            wrong = self.contradictions(page)
        self.evidence.pages = 1
        page = self._without_keyless(page)
        self.evidence.received = len(page.rows)
        if wrong:
            self.evidence.contradict(f"{self.where} contradicts itself: {wrong[0]}")
        else:
            self.prove(page)
        yield page

    def contradictions(self, page: Page) -> list[str]:
        """Return what the answer says against being all there is."""
        wrong = check_one_answer(self.claims(page), len(page.rows))
        if self.unique_key is not None:
            keys = [key for key in map(self.unique_key, page.rows) if can_be_key(key)]
            if len(set(keys)) < len(keys):
                wrong.append(f"{len(keys) - len(set(keys))} rows came twice in one answer")
        return wrong

    def _without_keyless(self, page: Page) -> Page:
        """Return the rows that have a key, and count the others."""
        if self.unique_key is None:
            return page
        kept = [row for row in page.rows if can_be_key(self.unique_key(row))]
        self.evidence.without_key += len(page.rows) - len(kept)
        return dataclasses.replace(page, rows=kept)

    def prove(self, page: Page) -> None:
        """Note the proof of an answer that nothing speaks against."""
        del page
        self.evidence.prove(ProofKind.ONE_ANSWER)

    def probe(self) -> Reply | None:
        """Make the request."""
        return self.fetch().reply


class RecordSource(SingleSource):
    """One record, asked for by its id; the answer must be the record that was asked for.

    Args:
        transport: The way to the server.
        request: The request.
        rows: Reads the one record.
        wanted: The id that was asked for.
        key: Reads the id of a record.
        where: Names the route in messages.
    """

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Rows,
        *,
        wanted: Any,
        key: Callable[[dict[str, Any]], Any],
        where: str = "",
    ) -> None:
        super().__init__(transport, request, rows, where=where)
        self.wanted = wanted
        self.key = key

    def contradictions(self, page: Page) -> list[str]:
        """Return that another record came, if one did."""
        came = [self.key(row) for row in page.rows]
        if came == [self.wanted]:
            return []
        return [f"asked for {self.wanted}, it answered {', '.join(map(str, came)) or 'nothing'}"]

    def prove(self, page: Page) -> None:
        """Note the proof."""
        del page
        self.evidence.prove(ProofKind.RECORD_ASKED_FOR)

    @property
    def expected_proof(self) -> str:
        """Return which proof the record will have."""
        return ProofKind.RECORD_ASKED_FOR.value
