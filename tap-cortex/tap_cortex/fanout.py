"""One request, or one list, for each of many entities."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StatusError, StreamError
from singer_rest.http.urls import UnsafeIdError
from singer_rest.sources.base import Plan
from singer_rest.sources.pages import Page, PageWalk
from singer_rest.sources.parents import GONE, PerParentSource
from tap_cortex.client import FIRST, NO_ROUTE, SizedPage, no_route, total_or_short_page
from tap_cortex.entity_index import Parent
from tap_cortex.values import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.evidence import Evidence
    from singer_rest.sources.parents import On404
    from tap_cortex.client import CortexApi, Key, Rows
    from tap_cortex.entity_index import EntityIndex

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Child:
    """What is asked of a parent.

    Attributes:
        request: Makes the request for a parent.
        rows: Reads the rows of an answer.
        paged: Whether the route has pages.
        key: Tells the rows of one parent apart.
        missing: What a 404 says, see :class:`PerParentSource`.
        samples: How many parents may answer 404 before the route counts as absent; 0 where the
            vendor documents the route.
        repeats: Whether a row may come twice for the same parent.
    """

    request: Callable[[Any], Request]
    rows: Rows
    paged: bool = True
    key: Key | None = None
    on_404: On404 = "deleted"
    probe_count: int = 0
    repeats: bool = False


class FanOut(PerParentSource):
    """The rows of many parents.

    Args:
        api: The requests.
        where: The route, for messages.
        parents: Returns the parents.
        child: What is asked of each.
    """

    def __init__(
        self,
        api: CortexApi,
        where: str,
        parents: Callable[[], Sequence[Any]],
        child: Child,
    ) -> None:
        self.api = api
        self.child = child
        self._sampled: dict[Any, Page] = {}
        super().__init__(
            where,
            parents,
            first=self._first,
            rest=self._rest,
            prefetch=api.prefetch,
            on_404=child.on_404,
        )

    def _first(self, parent: Any) -> Page:
        sampled = self._sampled.pop(str(parent), None)
        if sampled is not None:
            return sampled
        return self._fetch(parent, FIRST, self.api.page_size)

    def _fetch(self, parent: Any, number: int, size: int) -> Page:
        request = self.child.request(parent)
        if self.child.paged:
            return self.api.fetch(request, self.child.rows, number, size)
        reply = self.api.transport.send(request)
        return SizedPage(self.child.rows(reply), reply)

    def _rest(self, parent: Any, first: Page, evidence: Evidence) -> Iterator[Page]:
        if not self.child.paged or self._is_all(first):
            evidence.pages += 1
            evidence.received += len(first.rows)
            yield first
            return
        paging = self.api.paging()

        def fetch(number: int, size: int) -> Page:
            if (number, size) == (FIRST, paging.size):
                return first
            return self._fetch(parent, number, size)

        yield from PageWalk(
            where=f"{self.where} of {parent}",
            fetch=fetch,
            meta=paging.meta,
            size=paging.size,
            evidence=evidence,
            key=self.child.key,
            first=FIRST,
            repeats=self.child.repeats,
            confirm=self.api.confirm,
        ).pages()

    @staticmethod
    def _is_all(first: Page) -> bool:
        found = total_or_short_page(first)
        return found.more is False if found.total is None else found.total == len(first.rows)

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every parent."""
        if self.child.probe_count and not self.has_route():
            raise absent(self.where)
        yield from super().pages()

    def has_route(self) -> bool:
        """Find out whether this server has the route at all, asking one parent after the other.

        Raises:
            StreamError: For any other reason than absence.
        """
        parents = self.parents()
        living = [parent for parent in parents if not getattr(parent, "archived", False)]
        for parent in living[: self.child.probe_count]:
            try:
                self._sampled[str(parent)] = self._fetch(parent, FIRST, self.api.page_size)
            except StatusError as error:
                if error.status in NO_ROUTE - GONE:
                    return False
                if error.status not in GONE:
                    raise
            else:
                return True
        return not living

    def probe(self) -> Reply | None:
        """Ask for the first parent's first page."""
        error: StatusError | None = None
        for parent in self.probe_parents():
            try:
                return self._first(parent).reply
            except StatusError as refused:
                if refused.status not in NO_ROUTE:
                    raise
                error = refused
        if error is not None and self.on_404 != "empty":
            raise no_route(error) if self.child.probe_count else error
        return None

    def probe_parents(self) -> Sequence[Any]:
        """Return a few parents."""
        return self.parents()[:1]


class CountedFanOut(FanOut):
    """Parents so few that the pages of each can be counted.

    Args:
        api: The requests.
        where: The route, for messages.
        parents: Returns the parents.
        child: What is asked of each.
        toll: Returns what finding the parents costs a run.
    """

    def __init__(
        self,
        api: CortexApi,
        where: str,
        parents: Callable[[], Sequence[Any]],
        child: Child,
        setup_requests: Callable[[], int],
    ) -> None:
        super().__init__(api, where, parents, child)
        self.setup_requests = setup_requests

    def plan(self) -> Plan:
        """Count the pages of every parent."""
        requests, rows = self.setup_requests(), 0
        counted = self.child.paged
        for parent in self.parents():
            request = self.child.request(parent)
            plan = self.api.count_pages(request, self.child.rows) if self.child.paged else Plan(1)
            requests += plan.requests
            rows += plan.rows or 0
            counted = counted and plan.rows is not None
        return Plan(requests, rows if counted else None)


class EntityFanOut(FanOut):
    """The rows of every entity.

    Args:
        catalog: Knows the entities.
        chosen: The types to ask about; empty for all.
        only: Tells which entities to ask about; nothing for all.
    """

    def __init__(
        self,
        catalog: EntityIndex,
        where: str,
        child: Child,
        *,
        chosen: Sequence[str] = (),
        only: Callable[[Parent], bool] | None = None,
    ) -> None:
        self.catalog = catalog
        self.chosen = frozenset(chosen)
        self.only = only
        super().__init__(catalog.api, where, self.entities, child)

    def entities(self) -> list[Parent]:
        """Return the entities to ask about."""
        return [entity for entity in self.catalog.parents() if self._wanted(entity)]

    def _wanted(self, entity: Parent) -> bool:
        if self.chosen and entity.type not in self.chosen:
            return False
        return self.only is None or self.only(entity)

    def _note_missing(self, parent: Any, error: StatusError) -> None:
        """Routes below an archived entity may answer 404; that is no sign of a wrong path."""
        if isinstance(parent, Parent) and parent.archived:
            self.without += 1
            return
        super()._note_missing(parent, error)

    def probe_parents(self) -> Sequence[Any]:
        """Return a few entities, without walking the catalog."""
        return self.catalog.probe_parents()

    def plan(self) -> Plan:
        """Count the entities; rows beyond an entity's first page cost more."""
        setup_requests, entities = self.catalog.setup_requests()
        if self.chosen or self.only:
            entities = len(self.entities())
        return Plan(setup_requests + entities)


class TagFanOut(EntityFanOut):
    """The edges of every entity, on a route that takes tags and no ids.

    A tag that cannot stand in a path is refused. The edges it begins are then asked for at their
    other ends, by asking every entity for incoming edges too.
    """

    SHADOWED = frozenset({"definitions", "batch"})
    """Tags at whose place in the path another route stands."""

    def __init__(
        self,
        catalog: EntityIndex,
        where: str,
        child: Child,
        incoming: Callable[[Any], Request],
        *,
        chosen: Sequence[str] = (),
    ) -> None:
        self.incoming = incoming
        self.refused: dict[str, str] = {}
        """Ids of the entities that could not be asked, by tag."""
        super().__init__(catalog, where, child, chosen=chosen)

    def entities(self) -> list[Parent]:
        """Return the entities whose tag can be asked for, and warn of the others."""
        askable: list[Parent] = []
        refused: list[Parent] = []
        for entity in super().entities():
            try:
                self.child.request(entity)
            except UnsafeIdError:
                refused.append(entity)
            else:
                (refused if entity.tag in self.SHADOWED else askable).append(entity)
        if refused:
            logger.warning(
                "%s: %d entities have a tag that cannot be asked for (%s); their edges are read "
                "at the other end.",
                self.where,
                len(refused),
                ", ".join(repr(entity.tag) for entity in refused[:5]),
            )
            self.refused = {entity.tag: entity.id for entity in refused}
            self.child = dataclasses.replace(self.child, request=self.incoming, repeats=True)
        return askable

    def pages(self) -> Iterator[Page]:
        """Yield the edges that an entity begins, and those of the refused that end at it."""
        for page in super().pages():
            yield dataclasses.replace(page, rows=self._ours(page)) if self.refused else page
        self.evidence.skipped += len(self.refused)

    def plan(self) -> Plan:
        """Count the entities that can be asked."""
        setup_requests, _entities = self.catalog.setup_requests()
        return Plan(setup_requests + len(self.entities()))

    def _ours(self, page: Page) -> list[dict[str, Any]]:
        """Return the edges to write; one from an entity to itself comes at both its ends."""
        callers = {page.parent.tag, *self.refused}
        edges = {digest(row): row for row in page.rows if row.get("callerTag") in callers}
        return list(edges.values())


def absent(where: str) -> StreamError:
    """Return the error for a per-entity route that this server lacks and need not have."""
    return StreamError(
        f"{where}: this server does not have it, which is no error. Deselect the stream to spare "
        "the requests.",
        code="NO-ROUTE",
        outcome=Outcome.UNAVAILABLE,
        excused=True,
    )
