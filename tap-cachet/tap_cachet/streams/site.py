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
from tap_cachet.client import in_own_words
from tap_cachet.sources import ONE
from tap_cachet.streams.base import CachetStream, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page


CLOSED = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR})
"""2.x asks the internet for its newest version and answers 500 where that is closed."""
MISSING = frozenset({HTTPStatus.NOT_FOUND})


def lacks(reply: Reply) -> StreamError:
    """Return the error for a route that this build does not have, or seems not to have."""
    return StreamError(
        f"{reply.url} answered {reply.status}: this build of Cachet does not have it.",
        code="NO-ROUTE",
        outcome=Outcome.UNAVAILABLE,
        absent=isinstance(reply.body, dict),
    )


def status_of(reply: Reply) -> list[Record]:
    """Return the status in a reply.

    Raises:
        StreamError: This build does not have the route, or something else answered.
    """
    if reply.status == HTTPStatus.NOT_FOUND:
        raise lacks(reply)
    [found] = ONE(reply)
    if not isinstance(found.get("status"), str):
        raise unexpected(reply, "a 'status' under 'data'")
    return [found]


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
            status_of,
        )

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the one row."""
        return [{**row, "base_url": self.api.server.root} for row in page.rows]


class DashboardSource(SingleSource):
    """What is known of the installation, put together from three small requests."""

    def __init__(self, stream: Dashboards) -> None:
        self.stream = stream
        api = stream.api
        request = api.request("/status", may_be_missing=True)
        super().__init__(api.transport, request, self._status)

    def _status(self, reply: Reply) -> list[Record]:
        """Return the status; none where the build says itself that it has no such route."""
        is_v3 = self.stream.api.server.is_v3
        return [{}] if in_own_words(reply, is_v3=is_v3) else status_of(reply)

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
                    "me": self._me(),
                }
            ]
            yield page

    def _version(self) -> str | None:
        """Return the version, which every build has a route for; nothing where 2.x cannot say."""
        is_v3 = self.stream.api.server.is_v3
        reply = self._ask("/version", frozenset() if is_v3 else CLOSED)
        if reply.status != HTTPStatus.OK:
            if in_own_words(reply, is_v3=is_v3):
                return None
            raise StreamError(
                f"{reply.url} answered {reply.status} and not as Cachet does: look for a firewall "
                "or a proxy before it, and run again.",
                code="UNEXPECTED-BODY",
            )
        data = member(reply.body, "data")
        version = member(data, "version") if is_v3 else data
        if not isinstance(version, str) or not version:
            raise unexpected(reply, "a version under 'data'")
        return version

    def _me(self) -> Any:
        """Return the data of a route that no known version has."""
        reply = self._ask("/me", MISSING)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if not isinstance(reply.body, dict):
            raise unexpected(reply, "an object")
        return reply.body.get("data")

    def _ask(self, path: str, accepted: frozenset[int]) -> Reply:
        api = self.stream.api
        return api.transport.send(dataclasses.replace(api.request(path), accept_statuses=accepted))


def member(value: Any, name: str) -> Any:
    """Return a member of what may be an object."""
    return value.get(name) if isinstance(value, dict) else None


class Dashboards(CachetStream):
    """What dltHub's page expects of ``/me``, which no version has: one row, never empty."""

    name = "dashboards"
    table = schemas.DASHBOARDS
    route = "GET /status, /version and /me"
    cost = "3 requests"

    def new_source(self) -> Source:
        """Return the three small requests."""
        return DashboardSource(self)
