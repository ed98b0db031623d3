"""The health checks of the platform, its login server and Connections."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import BodyError
from singer_rest.http.exchange import Request
from singer_rest.records.columns import INSTANT, TEXT, TEXTS, Column, Table
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from singer_rest.sources.single import SingleSource
from tap_cinchy.answers import unique
from tap_cinchy.streams.base import CinchyStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.base import Source

logger = logging.getLogger(__name__)

WHOLE = "overall"
"""Name of the one row of a component that lists no checks."""

HEALTH = Table(
    (
        Column("endpoint", TEXT, "Address of the health check."),
        Column("name", TEXT, "Name of the check; overall where the component lists none."),
        Column("description", TEXT, "What is checked, in the server's words."),
        Column("status", TEXT, "Green, or what is wrong."),
        Column("overall_status", TEXT, "Status of the component as a whole."),
        Column("component", TEXT, "What answered, by its own name."),
        Column("version", TEXT, "Release that is installed, such as 5.12.0."),
        Column("build_identifier", TEXT, "Build of the component, since 5.0."),
        Column("ip_address", TEXTS, "Addresses of the server that answered."),
        Column("system_time", INSTANT, "Clock of the server, in UTC."),
    ),
    ("endpoint", "name"),
)


def read_rows(reply: Reply) -> list[dict[str, Any]]:
    """Return one row per check, or one for the component if it lists none.

    Raises:
        BodyError: No component speaks like this.
    """
    if not isinstance(reply.body, dict) or not reply.body:
        raise BodyError(
            f"{reply.url} answered something else than a health check.",
            code="UNEXPECTED-BODY",
            url=reply.url,
        )
    body = {str(name).lower(): value for name, value in reply.body.items()}
    addresses = body.get("ipaddress")
    whole = {
        "endpoint": reply.url,
        "name": WHOLE,
        "status": body.get("status"),
        "overall_status": body.get("status"),
        "component": body.get("component"),
        "version": body.get("version"),
        "build_identifier": body.get("buildidentifier"),
        "ip_address": addresses if isinstance(addresses, list) else [addresses] * bool(addresses),
        "system_time": body.get("systemtime"),
    }
    checks = body.get("healthchecks")
    rows = []
    for index, check in enumerate(checks if isinstance(checks, list) else []):
        if isinstance(check, dict):
            named = {str(name).lower(): value for name, value in check.items()}
            row = {name: named.get(name) for name in ("name", "description", "status")}
            rows.append({**whole, **row, "name": row["name"] or f"check {index + 1}"})
    names = unique([str(row["name"]) for row in rows])
    return [{**row, "name": name} for row, name in zip(rows, names, strict=True)] or [whole]


class HealthSource(SingleSource):
    """One health check, asked without any credential."""

    def __init__(self, stream: HealthCheck) -> None:
        # An unhealthy component may answer 503, and what it says then is data.
        accepted = frozenset(
            {
                HTTPStatus.SERVICE_UNAVAILABLE,
                *([HTTPStatus.NOT_FOUND] if stream.may_be_absent else []),
            }
        )
        request = Request(stream.url(), authenticated=False, accept_statuses=accepted)
        super().__init__(stream.api.transport, request, read_rows)

    def pages(self) -> Iterator[Page]:
        """Yield the checks as one page."""
        reply = self._ask()
        rows = [] if reply.status == HTTPStatus.NOT_FOUND else self.rows(reply)
        if not rows:
            logger.warning("There is no health check at %s; nothing is read.", reply.url)
        self.evidence.pages, self.evidence.received = 1, len(rows)
        self.evidence.prove(ProofKind.ONE_ANSWER)
        yield Page(rows, reply)

    def probe(self) -> Reply:
        """Ask for the checks."""
        reply = self._ask()
        if reply.status != HTTPStatus.NOT_FOUND:
            self.rows(reply)
        return reply

    def _ask(self) -> Reply:
        reply = self.transport.send(self.request)
        if reply.status == HTTPStatus.SERVICE_UNAVAILABLE and not isinstance(reply.body, dict):
            return self.transport.send(Request(self.request.url, authenticated=False))
        return reply


class HealthCheck(CinchyStream):
    """The state of one component; never empty, whatever the state."""

    table = HEALTH
    cost = "1 request"
    may_be_absent = False

    def url(self) -> str:
        """Return the address of the check."""
        return f"{self.api.base}/healthcheck"

    def new_source(self) -> Source:
        """Return the one request."""
        return HealthSource(self)


class PlatformHealth(HealthCheck):
    """The state of the platform."""

    name = "healthcheck"
    route = "GET /healthcheck"


class LoginHealth(HealthCheck):
    """The state of the login server."""

    name = "idp_healthcheck"
    route = "GET /idp/healthcheck"

    def url(self) -> str:
        """Return the address below the login server's."""
        return f"{self.api.endpoints.idp_health}/healthcheck"


class ConnectionsHealth(HealthCheck):
    """The state of Connections; no rows where it is not installed."""

    name = "connections_healthcheck"
    route = "GET /connections/healthcheck"
    may_be_absent = True

    def url(self) -> str:
        """Return the address below that of Connections."""
        return f"{self.api.endpoints.connections}/healthcheck"
