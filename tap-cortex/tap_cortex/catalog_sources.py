"""What is asked of the catalog as a whole: its entities, and their descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import ProofKind
from tap_cortex.entity_index import PATH, ROWS, EntityIndex, Parent, parse_parents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Rows


class CatalogSource(Source):
    """The whole catalog with everything it can show, for the streams made of it.

    Args:
        catalog: The entities.
        params: Beside the types.
        remember: Whether another stream asks something of each entity.
        keep_links: Whether it needs their links.
    """

    def __init__(
        self, catalog: EntityIndex, params: Mapping[str, Any], *, remember: bool, keep_links: bool
    ) -> None:
        super().__init__()
        self.catalog = catalog
        self.params = params
        self.remember = remember
        self.keep_links = keep_links
        self.where = PATH

    def pages(self) -> Iterator[Page]:
        """Walk the catalog, and remember its entities for the streams that ask for each."""
        parents: list[Parent] = []
        nameless = 0
        for page in self.catalog.walk(PATH, self.params, ROWS, self.evidence):
            if self.remember:
                found = parse_parents(page.rows, links=self.keep_links)
                nameless += len(page.rows) - len(found)
                parents += found
            yield page
        if self.remember:
            self.catalog.remember(parents, self.catalog.with_nameless(self.evidence, nameless))

    def probe(self) -> Reply:
        """Ask for one entity."""
        return self.catalog.probe(PATH, self.params, ROWS)

    def plan(self) -> Plan:
        """Count the entities."""
        return self.catalog.plan_full(self.params)

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        one, two = ProofKind.ONE_ANSWER.value, ProofKind.TWO_PASSES.value
        return f"{one} a batch of types; over several pages {two}"


class TypedListSource(Source):
    """Another list that takes ``types``: the descriptors."""

    def __init__(
        self, catalog: EntityIndex, path: str, params: Mapping[str, Any], rows: Rows
    ) -> None:
        super().__init__()
        self.catalog = catalog
        self.where = path
        self.params = params
        self.rows = rows

    def pages(self) -> Iterator[Page]:
        """Walk the list."""
        yield from self.catalog.walk(self.where, self.params, self.rows, self.evidence)

    def probe(self) -> Reply:
        """Ask for one row."""
        return self.catalog.probe(self.where, self.params, self.rows)

    def plan(self) -> Plan:
        """Count the rows."""
        return self.catalog.plan(self.where, self.params, self.rows)

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        one, two = ProofKind.ONE_ANSWER.value, ProofKind.TWO_PASSES.value
        return f"{one} a batch of types; over several pages {two}"
