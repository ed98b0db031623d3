"""What is asked in one pass where neither a list nor a fan-out over entities is enough."""

from __future__ import annotations

import dataclasses
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StatusError, StreamError
from singer_rest.http.exchange import Reply
from singer_rest.http.json_body import Repairs
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.claims import check_page, read_claims
from singer_rest.sources.cursors import OffsetSource
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import GONE
from singer_rest.sources.single import SingleSource, envelope
from tap_cortex.client import NO_ROUTE, by_field, no_route
from tap_cortex.fanout import Entities, EntityFanOut, FanOut, NumberedPage
from tap_cortex.values import member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_rest.http.exchange import Request
    from tap_cortex.client import CortexApi
    from tap_cortex.fanout import ChildRoute

logger = logging.getLogger(__name__)

REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
INTEGRATION = "INTEGRATION_"
MISSING = "INTEGRATION_MISSING"
LIVE_FAILURES = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
MAX_SILENT = 0.2
MIN_SILENT = 5
CLIENT_AND_SERVER_ERRORS = frozenset(range(400, 600)) - {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class _LiveSource(SingleSource):
    """Who is on call for one entity; the provider behind Cortex may be missing, or silent."""

    silence = ""
    """What kind of error the provider's silence was."""

    def fetch(self) -> Page:
        """Make the request."""
        request = dataclasses.replace(self.request, accept_statuses=LIVE_FAILURES)
        reply = self.transport.send(request)
        if reply.status < HTTPStatus.BAD_REQUEST:
            return Page(self.rows(reply), reply)
        kind = str(member(reply.body, "type") or "")
        if not kind.startswith(INTEGRATION):
            return super().fetch()  # an ordinary failure, worth repeating
        if kind != MISSING:
            self.silence = kind
        return Page([], NO_REPLY)


class OncallFanOut(EntityFanOut):
    """Who is on call, asked live of the provider behind Cortex.

    A provider that does not answer for some entities makes the stream partial and stops no other
    entity. Many silent ones mean that the provider is down.
    """

    def __init__(self, entities: Entities, where: str, route: ChildRoute) -> None:
        super().__init__(entities, where, route)
        self._asked: list[tuple[Any, _LiveSource]] = []

    def new_child(self, parent: Any) -> Source:
        """Return the one question about an entity."""
        request, where = self.route.request(parent), f"{self.where} of {parent}"
        source = _LiveSource(self.api.transport, request, self.route.rows, where=where)
        self._asked.append((parent, source))
        return source

    def pages(self) -> Iterator[Page]:
        """Yield the page of every entity.

        Raises:
            StreamError: The provider did not answer for most of them.
        """
        yield from super().pages()
        silent = [f"{parent}: {source.silence}" for parent, source in self._asked if source.silence]
        if not silent:
            return
        parents = self.evidence.parents_expected or 0
        sentence = (
            f"the on-call provider did not answer for {len(silent)} of {parents} entities "
            f"({silent[0]}); their rows are missing. Run it again."
        )
        if len(silent) >= MIN_SILENT and len(silent) > parents * MAX_SILENT:
            raise StreamError(sentence, code="PROVIDER-SILENT", outcome=Outcome.FAILED)
        self.evidence.contradict(sentence)


class DocsSource(EntityFanOut):
    """The documentation of every entity, on a route that no document knows.

    Where it does not exist, the links of the entities stand in for it: there Cortex keeps
    references to documentation.
    """

    from_links = False

    def pages(self) -> Iterator[Page]:
        """Yield a page per entity."""
        try:
            yield from super().pages()
        except StreamError as error:
            if error.code != "NO-ROUTE" or not error.absent:
                raise
            logger.info("%s: this server does not have it; reading links instead.", self.where)
            self.from_links = True
            yield from self._links()

    def _links(self) -> Iterator[Page]:
        entities = self.own_parents()
        evidence = self.evidence
        evidence.parents_expected = len(entities)
        for entity in entities:
            rows = [dict(link) for link in entity.links]
            evidence.parents += 1
            evidence.received += len(rows)
            yield NumberedPage(rows, NO_REPLY, parent=entity, ends_parent=True)
        evidence.prove(ProofKind.EVERY_PARENT, "links of every entity")

    def probe(self) -> Reply | None:
        """Ask for the first entity's; the links never fail."""
        try:
            return super().probe()
        except StreamError as error:
            if error.code != "NO-ROUTE":
                raise
            return None

    def plan(self) -> Plan:
        """Find out whether the route exists, with a few requests."""
        setup_requests, entities = self.catalog.setup_requests()
        refused = 0
        for entity in self.catalog.probe_parents()[: self.route.probe_count]:
            try:
                self.new_child(entity).probe()
            except StatusError as error:
                if error.status not in NO_ROUTE:
                    raise
                refused += 1
                if error.status in NO_ROUTE - GONE:
                    break
            else:
                return Plan(setup_requests + entities, exact=False)
        return Plan(setup_requests + refused)


class ScimSource(OffsetSource):
    """SCIM users: counted from 1, in no order, and fewer in an answer than may be asked for."""

    def __init__(self, api: CortexApi) -> None:
        super().__init__(
            api.transport,
            api.request("/scim/v2/Users"),
            envelope("Resources"),
            offset="startIndex",
            limit="count",
            size=api.page_size,
            first=1,
            key=by_field("id"),
            where="/scim/v2/Users",
            ahead=api.prefetch,
        )

    def fetch(self, request: Request) -> Page:
        """Ask for a page.

        Raises:
            StreamError: What came is not SCIM.
        """
        reply = self.transport.send(request)
        if isinstance(reply.body, str):
            raise StreamError(
                f"{self.where} answered a text where SCIM resources were expected: SCIM is not set "
                "up, or something else answers there.",
                code="UNEXPECTED-BODY",
                outcome=Outcome.UNAVAILABLE,
            )
        page = Page(self.rows(reply), reply)
        start = int(str(request.params["startIndex"]))
        wrong = check_page(
            read_claims(reply.body), rows=len(page.rows), position=start - 1, asked=len(page.rows)
        )
        if wrong:
            self.evidence.contradict(f"{self.where} contradicts itself: {wrong[0]}")
        return page

    def plan(self) -> Plan:
        """Ask for the first answer: only its length tells how many there will be."""
        page = self.fetch(self.request)
        total = read_claims(page.reply.body).total
        if total is None:
            return Plan(1, exact=False)
        pages = -(-total // max(1, len(page.rows))) + 1  # the last one shows the end
        return Plan(pages if pages <= 2 else 2 * pages, total)  # noqa: PLR2004  # one with rows


class NamedFanOut(FanOut):
    """Things that a setting names."""

    def plan(self) -> Plan:
        """One request each."""
        return Plan(len(self.parents.read()[0]))


class DepartmentsSource(SingleSource):
    """The list of departments, which some servers hand out one by one only."""

    is_alone = True

    def fetch(self) -> Page:
        """Ask for the list.

        Raises:
            StreamError: This server does not list them.
        """
        try:
            return super().fetch()
        except StatusError as error:
            if error.status not in NO_ROUTE | REFUSED:
                raise
            wrong = no_route(error)
            wrong.sentence += " If there are departments, name their tags in department_tags."
            raise wrong from error


NO_REPLY = Reply(status=0, headers={}, body=None, url="", seconds=0.0, size=0, repairs=Repairs())
"""Stands where rows come from no answer of their own."""
