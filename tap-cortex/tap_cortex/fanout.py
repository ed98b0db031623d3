"""One request, or one list, for each of many entities."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StatusError, StreamError
from singer_rest.http.urls import UnsafeIdError
from singer_rest.sources.base import Plan
from singer_rest.sources.keys import LearnedCap
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import GONE, PerParentSource
from singer_rest.sources.single import RecordSource, SingleSource
from tap_cortex.client import (
    NO_ROUTE,
    CortexList,
    has_vendor_type,
    in_own_words,
    no_claims,
    no_route,
    read_list_claims,
)
from tap_cortex.entity_index import Parent
from tap_cortex.values import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.base import Source
    from singer_rest.sources.cuts import Border
    from singer_rest.sources.evidence import Evidence
    from singer_rest.sources.parents import On404, ParentList
    from tap_cortex.client import CortexApi, Key, Rows
    from tap_cortex.entity_index import EntityIndex

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ChildRoute:
    """What is asked of a parent.

    Attributes:
        request: Makes the request for a parent.
        rows: Reads the rows of an answer.
        paged: Whether the route has pages.
        one: The answer is one record, and none of its fields is about a list.
        record: Reads the id of that record, where it must be the one that was asked for.
        key: Tells the rows of one parent apart.
        on_404: What a 404 says, see :class:`PerParentSource`.
        probe_count: How many parents may answer 404 before the route counts as absent; 0 where the
            vendor documents the route.
        repeats: Whether a row may come twice for the same parent.
    """

    request: Callable[[Any], Request]
    rows: Rows
    paged: bool = True
    one: bool = False
    record: Key | None = None
    key: Key | None = None
    on_404: On404 = "deleted"
    probe_count: int = 0
    repeats: bool = False


@dataclasses.dataclass(slots=True)
class NumberedPage(Page):
    """A page that knows how many rows of its parent came before it."""

    offset: int = 0


class FanOut(PerParentSource):
    """The rows of many parents.

    Args:
        api: The requests.
        where: The route, for messages.
        parents: Where the parents come from.
        route: What is asked of each.
    """

    def __init__(self, api: CortexApi, where: str, parents: ParentList, route: ChildRoute) -> None:
        self.api = api
        self.route = route
        self._cap = LearnedCap()
        self._sampled: dict[str, Source] = {}
        super().__init__(
            where,
            parents,
            self.take_source,
            prefetch=api.prefetch,
            on_404=self.meaning_of_404,
            vendor_404=has_vendor_type,
        )

    def take_source(self, parent: Any) -> Source:
        """Return the source of one parent, or the one that has begun already."""
        sampled = self._sampled.pop(str(parent), None)
        return self.new_child(parent) if sampled is None else sampled

    def new_child(self, parent: Any) -> Source:
        """Return a new source of one parent.

        Raises:
            UnsafeIdError: Its id cannot be asked for.
        """
        request, route = self.route.request(parent), self.route
        where = f"{self.where} of {parent}"
        if route.record is not None:
            wanted = getattr(parent, "id", parent)  # a setting names tags
            send, key = self.api.transport, route.record
            return RecordSource(send, request, route.rows, wanted=wanted, key=key, where=where)
        if not route.paged:
            return SingleSource(
                self.api.transport,
                request,
                route.rows,
                claims=no_claims if route.one else read_list_claims,
                key=None if route.repeats else route.key,
                where=where,
            )
        repeats, cap = route.repeats, self._cap
        return CortexList(
            self.api, request, route.rows, route.key, repeats=repeats, cap=cap, where=where
        )

    def meaning_of_404(self, parent: Any) -> On404:
        """Return what a 404 says of a parent: routes below archived entities may answer it."""
        if isinstance(parent, Parent) and parent.archived:
            return "archived"
        return self.route.on_404

    def cut_key(self, parent: Any) -> Border | None:
        """Return the id of an entity, or the parent itself if it is a name."""
        return parent.id if isinstance(parent, Parent) else super().cut_key(parent)

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every parent, each with the place of its first row."""
        if self.route.probe_count and not self.is_catching_up:
            self._check_route()
        parent, offset = object(), 0
        for page in super().pages():
            if page.parent is not parent:
                parent, offset = page.parent, 0
            yield NumberedPage(
                page.rows,
                page.reply,
                parent=parent,
                ends_parent=page.ends_parent,
                offset=offset,
            )
            offset += len(page.rows)

    def _check_route(self) -> None:
        """Find out whether this server has the route at all, asking one parent after the other.

        Raises:
            StreamError: It has not, or the parents cannot be had.
        """
        parents, _evidence = self.parents.read()
        living = [parent for parent in parents if not getattr(parent, "archived", False)]
        refusal: StatusError | None = None
        for parent in (living or parents)[: self.route.probe_count]:
            source = self.new_child(parent)
            try:
                source.begin()
            except StatusError as error:
                refusal = error
                if error.status in NO_ROUTE - GONE:
                    break
                if error.status not in GONE:
                    raise
            else:
                self._sampled[str(parent)] = source
                return
        if refusal is not None:
            raise absent(self.where, refusal)

    def probe(self) -> Reply | None:
        """Ask for the first parent's first page."""
        error: StatusError | None = None
        for parent in self.probe_parents():
            try:
                return self.new_child(parent).probe()
            except StatusError as refused:
                if refused.status not in NO_ROUTE:
                    raise
                error = refused
        if error is not None and self.route.on_404 != "empty":
            raise no_route(error) if self.route.probe_count else error
        return None


class CountedFanOut(FanOut):
    """Parents so few that the pages of each can be counted.

    Args:
        api: The requests.
        where: The route, for messages.
        parents: Where the parents come from.
        route: What is asked of each.
        setup_requests: Returns what finding the parents costs a run.
    """

    def __init__(
        self,
        api: CortexApi,
        where: str,
        parents: ParentList,
        route: ChildRoute,
        setup_requests: Callable[[], int],
    ) -> None:
        super().__init__(api, where, parents, route)
        self.setup_requests = setup_requests

    def plan(self) -> Plan:
        """Count the pages of every parent."""
        plans = [self._estimate_child(parent) for parent in self.parents.read()[0]]
        requests = self.setup_requests() + sum(plan.requests for plan in plans)
        most = sum((plan.most or plan.requests) - plan.requests for plan in plans)
        counted = self.route.paged and all(plan.rows is not None for plan in plans)
        return Plan(
            requests,
            sum(plan.rows or 0 for plan in plans) if counted else None,
            exact=all(plan.exact for plan in plans),
            most=requests + most if most else None,
        )

    def _estimate_child(self, parent: Any) -> Plan:
        source = self.new_child(parent)
        return source.plan() if isinstance(source, CortexList) else Plan(1)


class Entities:
    """Some of the entities of a workspace: the parents of a stream.

    Args:
        catalog: Knows the entities.
        chosen: The types to ask about; empty for all.
        only: Tells which entities to ask about; nothing for all.
    """

    def __init__(
        self,
        catalog: EntityIndex,
        chosen: Sequence[str] = (),
        only: Callable[[Parent], bool] | None = None,
    ) -> None:
        self.catalog = catalog
        self.chosen = frozenset(chosen)
        self.only = only

    @property
    def are_some(self) -> bool:
        """Whether a setting leaves entities out."""
        return bool(self.chosen or self.only)

    def read(self) -> tuple[list[Parent], Evidence]:
        """Return the entities to ask about, and what proves that these are all."""
        return self._wanted(*self.catalog.read())

    def read_again(self) -> tuple[list[Parent], Evidence]:
        """Ask anew for the entities that there are now, of any type: types may change."""
        return self.catalog.read_again()

    def _wanted(self, found: Sequence[Parent], evidence: Evidence) -> tuple[list[Parent], Evidence]:
        return [
            entity
            for entity in found
            if (not self.chosen or entity.type in self.chosen)
            and (self.only is None or self.only(entity))
        ], evidence


class EntityFanOut(FanOut):
    """The rows of every entity.

    Args:
        entities: Which.
        where: The route, for messages.
        route: What is asked of each.
        parents: Where the parents come from, if they are not the entities themselves.
    """

    def __init__(
        self,
        entities: Entities,
        where: str,
        route: ChildRoute,
        *,
        parents: ParentList | None = None,
    ) -> None:
        self.entities = entities
        self.catalog = entities.catalog
        self._now: Sequence[Parent] = ()
        self._ids: frozenset[str] = frozenset()
        super().__init__(self.catalog.api, where, parents or entities, route)

    def is_listed(self, parent: Any, parents: Sequence[Any]) -> bool:
        """Tell whether an entity is among those that there are now."""
        if self._now is not parents:
            self._now, self._ids = parents, frozenset(entity.id for entity in parents)
        return parent.id in self._ids

    def probe_parents(self) -> Sequence[Any]:
        """Return a few entities, without walking the catalog."""
        return self.catalog.probe_parents()

    def plan(self) -> Plan:
        """Count the entities; rows beyond an entity's first page cost more."""
        setup_requests, count = self.catalog.setup_requests()
        if self.entities.are_some:
            count = len(self.entities.read()[0])
        return Plan(setup_requests + count, exact=not self.route.paged)


class TagFanOut(EntityFanOut):
    """The edges of every entity, on a route that takes tags and no ids.

    A tag that cannot stand in a path is refused. The edges it begins are then asked for at their
    other ends, by asking every entity for incoming edges too.
    """

    SHADOWED = frozenset({"definitions", "batch"})
    """Tags at whose place in the path another route stands."""

    def __init__(
        self,
        entities: Entities,
        where: str,
        route: ChildRoute,
        incoming: Callable[[Any], Request],
    ) -> None:
        self.incoming = incoming
        self.refused: dict[str, str] = {}
        """Ids of the entities that could not be asked, by tag."""
        super().__init__(entities, where, route)

    def read_parents(self) -> list[Parent]:
        """Return the entities whose tag can be asked for, and warn of the others."""
        askable: list[Parent] = []
        refused: list[Parent] = []
        for entity in super().read_parents():
            (askable if self._can_ask(entity) else refused).append(entity)
        if refused:
            logger.warning(
                "%s: %d entities have a tag that cannot be asked for (%s); their edges are read "
                "at the other end.",
                self.where,
                len(refused),
                ", ".join(repr(entity.tag) for entity in refused[:5]),
            )
            self.refused = {entity.tag: entity.id for entity in refused}
            self.route = dataclasses.replace(self.route, request=self.incoming, repeats=True)
        return askable

    def _can_ask(self, entity: Parent) -> bool:
        try:
            self.route.request(entity)
        except UnsafeIdError:
            return False
        return entity.tag not in self.SHADOWED

    def pages(self) -> Iterator[Page]:
        """Yield the edges that an entity begins, and those of the refused that end at it."""
        for page in super().pages():
            yield dataclasses.replace(page, rows=self._ours(page)) if self.refused else page
        self.evidence.skipped += len(self.refused)

    def plan(self) -> Plan:
        """Count the entities that can be asked."""
        setup_requests, _entities = self.catalog.setup_requests()
        asked = sum(map(self._can_ask, self.entities.read()[0]))
        return Plan(setup_requests + asked, exact=not self.route.paged)

    def _ours(self, page: Page) -> list[dict[str, Any]]:
        """Return the edges to write; one from an entity to itself comes at both its ends."""
        callers = {page.parent.tag, *self.refused}
        edges = {digest(row): row for row in page.rows if row.get("callerTag") in callers}
        return list(edges.values())


def absent(where: str, error: StatusError) -> StreamError:
    """Return the error for a per-entity route that this server lacks and need not have."""
    return StreamError(
        f"{where}: this server does not have it ({error.status} for every entity asked). Deselect "
        "the stream.",
        code="NO-ROUTE",
        outcome=Outcome.UNAVAILABLE,
        absent=in_own_words(error),
    )
