"""The status page as a whole."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StreamError
from singer_rest.http.bodies import unexpected
from singer_rest.sources.base import Plan
from singer_rest.sources.single import SingleSource
from tap_cachet import schemas
from tap_cachet.sources import ONE
from tap_cachet.streams.base import CachetStream, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page


SERVER_ERRORS = frozenset(range(500, 600))
"""2.x asks the internet for its version and answers 500 where that is closed."""


def data_of(reply: Reply) -> list[Record]:
    """Return the data object of a reply.

    Raises:
        StreamError: This build does not have the route.
    """
    if reply.status == HTTPStatus.NOT_FOUND:
        raise StreamError(
            f"{reply.url} answered 404: this build of Cachet does not have it.",
            code="NO-ROUTE",
            outcome=Outcome.UNAVAILABLE,
            absent=isinstance(reply.body, dict),
        )
    return ONE(reply)


class Status(CachetStream):
    """The one sentence about the whole system; always one row."""

    name = "status"
    table = schemas.STATUS
    route = "GET /status"
    cost = "1 request"

    def new_source(self) -> Source:
        """Return the one request; 2.3 before 2.3.12 and old 3.x builds lack the route."""
        return SingleSource(
            self.api.transport,
            self.api.request("/status", may_be_missing=True),
            data_of,
        )

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the one row."""
        return [{**row, "base_url": self.api.server.root} for row in page.rows]


class DashboardSource(SingleSource):
    """What is known of the installation, put together from three small requests."""

    def __init__(self, stream: Dashboards) -> None:
        self.stream = stream
        api = stream.api
        super().__init__(
            api.transport,
            api.request("/status", may_be_missing=True),
            lambda reply: [{}] if reply.status == HTTPStatus.NOT_FOUND else ONE(reply),
        )

    def plan(self) -> Plan:
        """Return what the three cost."""
        return Plan(3)

    def pages(self) -> Iterator[Page]:
        """Yield the status with version and ``/me`` added to it."""
        api = self.stream.api
        for page in super().pages():
            status = page.rows[0]
            page.rows = [
                {
                    "base_url": api.server.root,
                    "api_version": api.server.version,
                    "cachet_version": self._version(),
                    "authenticated": api.server.authenticated,
                    "can_read_subscribers": api.server.reads_subscribers,
                    "system_status": status.get("status"),
                    "system_message": status.get("message"),
                    "me": self._optional("/me"),
                }
            ]
            yield page

    def _version(self) -> str | None:
        data = self._optional("/version")
        version = data.get("version") if isinstance(data, dict) else data
        return str(version) if version else None

    def _optional(self, path: str) -> Any:
        """Return the data of a route that may be missing, broken or slow to find out."""
        api = self.stream.api
        request = api.request(path)
        missing = frozenset({HTTPStatus.NOT_FOUND})
        accepted = missing if api.server.is_v3 else missing | SERVER_ERRORS
        reply = api.transport.send(dataclasses.replace(request, accept_statuses=accepted))
        if reply.status != HTTPStatus.OK:
            return None
        if not isinstance(reply.body, dict):
            raise unexpected(reply, "an object")
        return reply.body.get("data")


class Dashboards(CachetStream):
    """What dltHub's page expects of ``/me``, which no version has: one row, never empty."""

    name = "dashboards"
    table = schemas.DASHBOARDS
    route = "GET /status, /version and /me"
    cost = "3 requests"

    def new_source(self) -> Source:
        """Return the three small requests."""
        return DashboardSource(self)
