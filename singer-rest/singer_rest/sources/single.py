"""Sources of one request and one answer, and the readers of what an answer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_rest.http.failures import unexpected
from singer_rest.sources.base import Source
from singer_rest.sources.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Reply, Request


def envelope(key: str | None) -> Callable[[Reply], list[dict[str, Any]]]:
    """Return the reader of the rows under a key of the body; ``None`` means the body is the list.

    The reader raises an error unless there is a list of objects: a renamed key must never look like
    an empty list.
    """

    def rows(reply: Reply) -> list[dict[str, Any]]:
        body = reply.body
        found = body.get(key) if key is not None and isinstance(body, dict) else body
        if key is not None and not isinstance(body, dict):
            found = None
        if isinstance(found, list) and {dict}.issuperset(map(type, found)):
            return found
        raise unexpected(reply, f"a list of objects{f' under {key!r}' if key else ''}")

    return rows


def single(key: str | None) -> Callable[[Reply], list[dict[str, Any]]]:
    """Return the reader of the one object under a key of the body, as a list of one."""

    def rows(reply: Reply) -> list[dict[str, Any]]:
        body = reply.body
        found = body.get(key) if key is not None and isinstance(body, dict) else body
        if isinstance(found, dict) and (key is None or isinstance(body, dict)):
            return [found]
        raise unexpected(reply, f"one object{f' under {key!r}' if key else ''}")

    return rows


class SingleSource(Source):
    """One request, one answer."""

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Callable[[Reply], list[dict[str, Any]]],
    ) -> None:
        super().__init__()
        self.transport = transport
        self.request = request
        self.rows = rows
        self.where = request.url

    def pages(self) -> Iterator[Page]:
        """Yield the one page there is."""
        reply = self.transport.send(self.request)
        page = Page(self.rows(reply), reply)
        self.evidence.pages = 1
        self.evidence.received = len(page.rows)
        self.evidence.proof = "one answer"
        yield page

    def probe(self) -> Reply | None:
        """Make the request."""
        reply = self.transport.send(self.request)
        self.rows(reply)
        return reply
