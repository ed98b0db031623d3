"""The points of the metrics that a setting names, for every entity."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError, StreamError
from singer_rest.records.timestamps import parse
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.parents import GONE
from tap_cortex.fanout import Entities, EntityFanOut
from tap_cortex.values import without_zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.cuts import Border
    from singer_rest.sources.evidence import Evidence
    from singer_rest.sources.pages import Page
    from singer_rest.sources.parents import On404
    from tap_cortex.entity_index import Parent
    from tap_cortex.fanout import ChildRoute

LONG_AGO = dt.timedelta(days=30)
"""Of so long before the first point a server is asked again whether there is nothing."""
SURELY = dt.timedelta(days=2)
"""A server may take the end for all of its day, in a zone of its own, and heeds it all the same."""
Pair = tuple[str, "Parent"]


class _KeysTimesEntities:
    """Every key with every entity: the parents of metric points."""

    def __init__(self, keys: Sequence[str], entities: Entities) -> None:
        self._keys = keys
        self._entities = entities

    def _pairs(self, entities: Sequence[Parent]) -> list[Pair]:
        return [(key, entity) for key in self._keys for entity in entities]

    def read(self) -> tuple[list[Pair], Evidence]:
        """Return the pairs, and what proves the list of entities."""
        entities, evidence = self._entities.read()
        return self._pairs(entities), evidence

    def read_again(self) -> tuple[list[Pair], Evidence]:
        """Return the pairs with the entities that there are now."""
        entities, evidence = self._entities.read_again()
        return self._pairs(entities), evidence


class _UnknownMetric(Source):
    """The points of a metric that does not exist, which nobody asks for again."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where
        self.evidence.prove(ProofKind.ONE_ANSWER, "there is no such metric")

    def pages(self) -> Iterator[Page]:
        """Yield nothing."""
        return iter(())

    def probe(self) -> Reply | None:
        """Ask nothing."""
        return None


class MetricsFanOut(EntityFanOut):
    """The points of configured metrics for every entity; a key that does not exist is dropped."""

    UNKNOWN_KEY = "metrickey"

    def __init__(
        self, entities: Entities, where: str, route: ChildRoute, keys: Sequence[str]
    ) -> None:
        self.keys = keys
        self.unknown: set[str] = set()
        pairs = _KeysTimesEntities(keys, entities)
        super().__init__(entities, where, route, parents=pairs)

    def cut_key(self, parent: Any) -> Border | None:
        """Return the id of the entity: all keys of one entity are read together."""
        return super().cut_key(parent[1])

    def new_child(self, parent: Any) -> Source:
        """Return the points of one key and entity."""
        key, _entity = parent
        if key in self.unknown:
            return _UnknownMetric(self.where)
        return super().new_child(parent)

    def meaning_of_404(self, parent: Any) -> On404:
        """Return what a 404 says of an entity."""
        return super().meaning_of_404(parent[1])

    def is_listed(self, parent: Any, parents: Sequence[Any]) -> bool:
        """Tell whether an entity is among those that there are now."""
        if self._now is not parents:
            self._now, self._ids = parents, frozenset(entity.id for _key, entity in parents)
        return parent[1].id in self._ids

    def note_404(self, parent: Any, error: StatusError) -> None:
        """Note whether a 404 is about the key or about the entity."""
        key, _entity = parent
        if not self.is_about_the_key(error):
            super().note_404(parent, error)
        elif key not in self.unknown:
            self.unknown.add(key)
            self.evidence.contradict(f"there is no custom metric with the key {key!r}")

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every parent; once, the server is asked whether it heeds dates."""
        unasked = True
        for page in super().pages():
            yield page
            if unasked and page.rows:
                unasked = not self._heeds_dates(page)

    def _heeds_dates(self, page: Page) -> bool:
        """Ask for what came before the points of a page, where much of the past is wanted.

        A server that ignores the dates leaves out what is older than six months, without a word.
        Returns whether that is settled.
        """
        request = self.route.request(page.parent)
        points = [moment for row in page.rows if (moment := parse(row.get("timestamp")))]
        since = parse(request.params["startDate"])
        if not points or since is None or min(points) - since < LONG_AGO:
            return not points
        until = min(points) - SURELY
        end = without_zone(until)
        params = {**request.params, "endDate": end, "page": 0, "pageSize": 1}
        try:
            reply = self.api.transport.send(dataclasses.replace(request, params=params))
        except StatusError as error:
            if error.status not in GONE:
                raise
            return False
        before = [parse(row.get("timestamp")) for row in self.route.rows(reply)]
        if any(moment is not None and moment >= min(points) for moment in before):
            self.evidence.contradict(
                f"{self.where} ignores the dates that it is asked for, and shows no more of the "
                "past than it likes"
            )
        return True

    def is_about_the_key(self, error: StatusError) -> bool:
        """Tell whether a 404 says that the metric does not exist."""
        return self.UNKNOWN_KEY in error.message.lower().replace(" ", "")

    def probe(self) -> Reply | None:
        """Ask for the points of one entity, key by key.

        Raises:
            StreamError: There is no such metric, or it may not be asked for.
        """
        reply = None
        for key in self.keys:
            for entity in self.catalog.probe_parents():
                try:
                    reply = self.new_child((key, entity)).probe()
                except StatusError as error:
                    if self.is_about_the_key(error):
                        raise StreamError(
                            f"there is no custom metric with the key {key!r}; take it out of "
                            "custom_metric_keys.",
                            code="UNKNOWN-METRIC",
                        ) from error
                    if error.status not in GONE:
                        raise
                else:
                    break
        return reply

    def plan(self) -> Plan:
        """Count keys times entities."""
        setup_requests, entities = self.catalog.setup_requests()
        # A metric of an entity may have further pages.
        return Plan(setup_requests + len(self.keys) * entities, exact=not self.keys)
