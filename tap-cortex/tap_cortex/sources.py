"""What is asked in one pass where neither a list nor a fan-out over entities is enough."""

from __future__ import annotations

import dataclasses
import json
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, RequestError, StatusError, StreamError
from singer_rest.http.exchange import Reply
from singer_rest.http.json_body import Repairs
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import PageGuard
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import GONE
from singer_rest.sources.single import SingleSource, envelope
from tap_cortex.client import NO_ROUTE, SizedPage, no_route
from tap_cortex.fanout import Child, EntityFanOut, FanOut
from tap_cortex.values import member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_rest.http.client import Transport
    from singer_rest.http.exchange import Request
    from tap_cortex.client import CortexApi, Record, Rows
    from tap_cortex.entity_index import EntityIndex, Parent

logger = logging.getLogger(__name__)

OK = 200
BAD_REQUEST = 400
REFUSED = frozenset({400, 422})
INTEGRATION = "INTEGRATION_"
MISSING = "INTEGRATION_MISSING"
LIVE_FAILURES = frozenset({400, 409, 422, 500, 502, 503, 504})
MAX_SILENT = 0.2
MIN_SILENT = 5
CLIENT_AND_SERVER_ERRORS = frozenset(range(400, 600)) - {401, 429}


class OncallFanOut(EntityFanOut):
    """Who is on call, asked live of the provider behind Cortex.

    A provider that does not answer for some entities is their loss and not that of the stream,
    which ends partial without failing the run. Many silent ones mean that the provider is down.
    """

    def __init__(
        self, catalog: EntityIndex, where: str, child: Child, *, chosen: Sequence[str] = ()
    ) -> None:
        super().__init__(catalog, where, child, chosen=chosen)
        self.silent: list[str] = []

    def _fetch(self, parent: Any, number: int, size: int) -> Page:
        del number, size
        request = self.child.request(parent)
        reply = self.api.transport.send(dataclasses.replace(request, accept_statuses=LIVE_FAILURES))
        if reply.status >= BAD_REQUEST:
            kind = str(member(reply.body, "type") or "")
            if not kind.startswith(INTEGRATION):
                reply = self.api.transport.send(request)  # an ordinary failure, worth repeating
            elif kind != MISSING:
                logger.debug("%s: the provider does not answer (%s)", parent, kind)
                self.silent.append(f"{parent}: {kind}")
                return SizedPage([], reply)
            else:
                return SizedPage([], reply)
        return SizedPage(self.child.rows(reply), reply)

    def pages(self) -> Iterator[Page]:
        """Yield the page of every entity.

        Raises:
            StreamError: The provider did not answer for some of them.
        """
        yield from super().pages()
        silent = len(self.silent)
        if not silent:
            return
        parents = self.evidence.parents_expected or 0
        down = silent >= MIN_SILENT and silent > parents * MAX_SILENT
        raise StreamError(
            f"the on-call provider did not answer for {silent} of {parents} entities "
            f"({self.silent[0]}); their rows are missing. Run it again.",
            code="PROVIDER-SILENT",
            outcome=Outcome.FAILED if down else Outcome.PARTIAL,
            excused=not down,
        )


class DocsSource(EntityFanOut):
    """The documentation of every entity, on a route that no document knows.

    Where it does not exist, the links of the entities stand in for it: there Cortex keeps
    references to documentation.
    """

    def __init__(
        self, catalog: EntityIndex, where: str, child: Child, *, chosen: Sequence[str] = ()
    ) -> None:
        super().__init__(catalog, where, child, chosen=chosen)
        self.from_links = False

    def pages(self) -> Iterator[Page]:
        """Yield a page per entity."""
        try:
            yield from super().pages()
        except StreamError as error:
            if error.code != "NO-ROUTE":
                raise
            logger.info("%s: this server does not have it; reading links instead.", self.where)
            self.from_links = True
            yield from self._links()

    def _links(self) -> Iterator[Page]:
        entities = self.entities()
        self.evidence.proof = "links of every entity"
        self.evidence.parents_expected = len(entities)
        for entity in entities:
            rows = [dict(link) for link in entity.links]
            self.evidence.parents += 1
            self.evidence.received += len(rows)
            yield Page(rows, NO_REPLY, parent=entity, ends_parent=True)

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
        on_404 = 0
        for entity in self.catalog.probe_parents()[: self.child.probe_count]:
            try:
                self._fetch(entity, 0, self.api.page_size)
            except StatusError as error:
                if error.status not in NO_ROUTE:
                    raise
                on_404 += 1
                if error.status in NO_ROUTE - GONE:
                    break
            else:
                return Plan(setup_requests + entities, exact=False)
        return Plan(setup_requests + on_404)


class MetricsFanOut(EntityFanOut):
    """The points of configured metrics for every entity; a key that does not exist is dropped."""

    UNKNOWN_KEY = "metrickey"

    def __init__(
        self,
        catalog: EntityIndex,
        where: str,
        child: Child,
        keys: Sequence[str],
        *,
        chosen: Sequence[str] = (),
    ) -> None:
        super().__init__(catalog, where, child, chosen=chosen)
        self.keys = keys
        self.unknown: set[str] = set()
        self.parents = self._pairs

    def _pairs(self) -> list[tuple[str, Parent]]:
        return [(key, entity) for key in self.keys for entity in self.entities()]

    def _first(self, parent: Any) -> Page:
        key, _entity = parent
        if key in self.unknown:
            return SizedPage([], NO_REPLY)
        return super()._first(parent)

    def _note_missing(self, parent: Any, error: StatusError) -> None:
        key, entity = parent
        if self.UNKNOWN_KEY in error.message.lower().replace(" ", ""):
            if key not in self.unknown:
                self.unknown.add(key)
                self.evidence.problems.append(f"there is no custom metric with the key {key!r}")
            return
        super()._note_missing(entity, error)

    def probe_parents(self) -> Sequence[Any]:
        """Return a few entities with the first key."""
        return [(self.keys[0], entity) for entity in self.catalog.probe_parents()]

    def plan(self) -> Plan:
        """Count keys times entities."""
        setup_requests, entities = self.catalog.setup_requests()
        return Plan(setup_requests + len(self.keys) * entities, exact=not self.chosen)


class ScimSource(Source):
    """SCIM users: counted from 1, and fewer in an answer than may be asked for."""

    def __init__(self, api: CortexApi) -> None:
        super().__init__()
        self.api = api
        self.where = "/scim/v2/Users"
        self._rows = envelope("Resources")

    def _fetch(self, start: int, count: int) -> Page:
        request = self.api.request(self.where, {"startIndex": start, "count": count})
        reply = self.api.transport.send(request)
        if isinstance(reply.body, str):
            raise StreamError(
                f"{self.where} answered a text where SCIM resources were expected.",
                code="UNEXPECTED-BODY",
                outcome=Outcome.UNAVAILABLE,
                excused=True,
            )
        return Page(self._rows(reply), reply)

    def pages(self) -> Iterator[Page]:
        """Walk the list by the number of rows that came."""
        start, seen = 1, set[Any]()
        guard = PageGuard(self.where)
        while True:
            page = self._fetch(start, self.api.page_size)
            total = member(page.reply.body, "totalResults")
            guard.check(start, [row.get("id") for row in page.rows])
            start += len(page.rows)
            fresh = [row for row in page.rows if row.get("id") not in seen]
            seen.update(row.get("id") for row in fresh)
            self.evidence.pages += 1
            self.evidence.received = len(seen)
            if type(total) is int:
                self.evidence.expect(total, "server total")
            yield dataclasses.replace(page, rows=fresh)
            if not page.rows or (type(total) is int and start > total):
                return

    def probe(self) -> Reply:
        """Ask for the first row."""
        return self._fetch(1, 1).reply

    def plan(self) -> Plan:
        """Ask for the first answer: only its length tells how many there will be."""
        page = self._fetch(1, self.api.page_size)
        total = member(page.reply.body, "totalResults")
        if type(total) is not int:
            return Plan(1, exact=False)
        return Plan(max(1, -(-total // max(1, len(page.rows)))), total)


class NamedFanOut(FanOut):
    """Things that a setting names."""

    def plan(self) -> Plan:
        """One request each."""
        return Plan(len(self.parents()))


class DepartmentsSource(SingleSource):
    """The list of departments, which some servers hand out one by one only."""

    def pages(self) -> Iterator[Page]:
        """Yield the list."""
        try:
            yield from super().pages()
        except StatusError as error:
            if error.status not in NO_ROUTE | REFUSED:
                raise
            raise self._not_listed(error) from error

    def probe(self) -> Reply | None:
        """Ask for the list."""
        try:
            return super().probe()
        except StatusError as error:
            if error.status not in NO_ROUTE | REFUSED:
                raise
            raise self._not_listed(error) from error

    @staticmethod
    def _not_listed(error: StatusError) -> StreamError:
        scored = no_route(error)
        scored.sentence += " If there are departments, name their tags in department_tags."
        return scored


class HealthSource(Source):
    """One row about a route that Cortex may not have, whatever it answers."""

    def __init__(self, transport: Transport, request: Request, row: Callable[..., Record]) -> None:
        super().__init__()
        self.transport = transport
        self.request = dataclasses.replace(
            request, raw=True, accept_statuses=CLIENT_AND_SERVER_ERRORS
        )
        self.row = row
        self.where = request.url

    def pages(self) -> Iterator[Page]:
        """Yield the one row."""
        self.evidence.proof = "one answer"
        self.evidence.pages = self.evidence.received = 1
        try:
            reply = self.transport.send(self.request)
        except RequestError as error:
            yield Page([self.row(None, error.sentence)], NO_REPLY)
        else:
            yield Page([self.row(reply, "")], reply)

    def probe(self) -> Reply | None:
        """Ask; every answer is good."""
        try:
            return self.transport.send(self.request)
        except RequestError:
            return None


def text_rows(field: str) -> Rows:
    """Return a reader that makes one row of a text, which may be written as JSON."""

    def rows(reply: Reply) -> list[Record]:
        text = reply.body
        try:
            value = json.loads(text)
        except (TypeError, ValueError):
            value = text
        return [{field: value if isinstance(value, str) else text}]

    return rows


NO_REPLY = Reply(status=0, headers={}, body=None, url="", seconds=0.0, size=0, repairs=Repairs())
"""Stands where rows come from no answer of their own."""
