"""The catalog of entities: walked once a run, for its own streams and as the list of parents.

What Cortex calls the catalog leaves out most of itself unless every type is named. The types of a
workspace are read first, and the walk asks for all of them, in as many batches as keep an address
at a length that every proxy accepts. Teams come in a batch of their own, because workspaces
without a certain feature answer 400 to whoever asks for them.
"""

from __future__ import annotations

import dataclasses
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from singer_rest.errors import StatusError
from singer_rest.sources.base import Plan
from singer_rest.sources.evidence import Evidence, Proof, ProofKind
from singer_rest.sources.single import envelope
from tap_cortex.client import FIRST, NO_ROUTE, CortexList, by_field, read_list_claims
from tap_cortex.values import member, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.pages import Page
    from singer_rest.sources.shared import SharedList
    from tap_cortex.client import CortexApi, Key, Record, Rows

logger = logging.getLogger(__name__)

PATH = "/catalog"
BASIC_TYPES = ("service", "domain")
TEAM = "team"
TOO_LONG = frozenset(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    }
)
MAX_TYPES = 1500
"""Characters that the types of one request may take in its address."""
NO_TEAMS = "cannot request teams"
SAMPLES = 5
FULL = "full"
HEAVY_PAGE = 250
"""Entities a page where each comes with its whole tree; too heavy pages are halved anyway."""

ROWS = envelope("entities")
Batch = tuple[str, ...]


class Parent(NamedTuple):
    """What the per-entity streams need of an entity."""

    id: str
    tag: str
    type: str
    archived: bool
    links: tuple[Record, ...] = ()
    """Empty unless they were asked for."""

    def __str__(self) -> str:
        return f"entity {self.tag} ({self.id})"


class EntityIndex:
    """The entities of one workspace.

    Args:
        api: The requests.
        types: The entity types that the workspace defines.
        archived: Whether archived entities are read.
        teams: Whether teams are asked for.
        links: Whether parents must come with their links.
        allow_missing_ids: Whether entities without an id may be left out as parents.
    """

    def __init__(
        self,
        api: CortexApi,
        types: SharedList[str],
        *,
        archived: bool,
        teams: bool,
        links: bool,
        allow_missing_ids: bool,
    ) -> None:
        self.api = api
        self.archived = archived
        self._types = types
        self._teams = teams
        self._links = links
        self._allow_missing_ids = allow_missing_ids
        self._batches: list[Batch] | None = None
        self._types_evidence = Evidence()
        self._parents: list[Parent] | None = None
        self._evidence = Evidence()
        self._refusals = 0
        self._samples: list[Parent] = []
        self._planned: Plan | None = None

    # What to ask

    def batches(self) -> list[Batch]:
        """Return the types to ask for, request by request.

        Raises:
            StreamError: The types cannot be read.
        """
        if self._batches is None:
            names = self._names()
            if names is None:
                self._batches = [()]
                return self._batches
            batches: list[Batch] = []
            room = 0
            for name in dict.fromkeys((*BASIC_TYPES, *names)):
                length = len(quote(name, safe="")) + len("&types=")
                if name == TEAM:
                    continue
                if length > room:
                    batches.append(())
                    room = MAX_TYPES
                batches[-1] += (name,)
                room -= length
            self._batches = [*batches, (TEAM,)] if self._teams else batches
        return self._batches

    def _names(self) -> list[str] | None:
        """Return the types of the workspace; nothing where the server cannot tell them."""
        try:
            names, self._types_evidence = self._types.read()
        except StatusError as error:
            if error.status not in NO_ROUTE | {HTTPStatus.FORBIDDEN}:
                raise
            logger.warning("%s Reading the types that the catalog shows by itself.", error.sentence)
            self._note_unknown_types(error)
            return None
        return list(names)

    def _note_unknown_types(self, error: StatusError) -> None:
        sentence = (
            f"{error.sentence.rstrip('.')}: the entity types of the workspace are not known, and "
            "the catalog shows only some of them by itself"
        )
        if error.status == HTTPStatus.FORBIDDEN:
            self._types_evidence.contradict(
                f"{sentence}. Give the API key a role that may view entity types"
            )
        else:
            self._types_evidence.doubt(sentence)

    def _refuses(self, error: StatusError) -> bool:
        """Whether this is the workspace's way of saying that it has no teams in the catalog."""
        if error.status != HTTPStatus.BAD_REQUEST or NO_TEAMS not in error.message.lower():
            return False
        logger.info("This workspace does not show teams in its catalog; /teams lists them.")
        self._refusals += 1
        self._teams = False
        self._batches = [batch for batch in self.batches() if batch != (TEAM,)]
        return True

    def _adapts(self, batch: Batch, error: StatusError) -> bool:
        """Whether there is something else to ask for in the place of a refused batch.

        A proxy may take shorter addresses than Cortex itself: half the types go there.
        """
        batches = self.batches()
        if error.status in TOO_LONG and len(batch) > 1:
            index, middle = batches.index(batch), len(batch) // 2
            batches[index : index + 1] = [batch[:middle], batch[middle:]]
            logger.info("%s Asking for %d types at a time.", error.sentence, middle)
            return True
        return batch == (TEAM,) and self._refuses(error)

    def request(self, path: str, params: Mapping[str, Any], batch: Batch) -> Request:
        """Return the request for the entities of some types."""
        return self.api.request(path, {**params, "types": list(batch)})

    @property
    def light(self) -> dict[str, Any]:
        """Return the parameters that bring parents in the smallest answers."""
        return {
            "includeArchived": self.archived,
            "hierarchyDepth": "1",
            "includeLinks": True if self._links else None,
        }

    # Reading

    def walk(
        self, path: str, params: Mapping[str, Any], rows: Rows, evidence: Evidence
    ) -> Iterator[Page]:
        """Yield the pages of a list that takes ``types``, for every type there is.

        Args:
            path: Of the list.
            params: Beside the types.
            rows: Reads the rows of an answer.
            evidence: Gets the counts and the proof.

        Raises:
            StreamError: It cannot be read.
        """
        index, proofs = 0, list[Proof | None]()
        while index < len(self.batches()):
            batch = self.batches()[index]
            source = self._new_list(path, params, batch, rows)
            strangers: set[str] = set()
            try:
                for page in source.pages():
                    strangers.update(self._of_other_batches(page, batch))
                    yield page
            except StatusError as error:
                if source.evidence.pages or not self._adapts(batch, error):
                    raise
                continue
            index += 1
            part = source.evidence
            evidence.absorb(part)
            if strangers:
                evidence.contradict(
                    f"{path} ignores the types that it is asked for: it brings {min(strangers)} "
                    "unasked"
                )
            proofs.append(part.proof)
            if part.expected is not None:
                evidence.expect((evidence.expected or 0) + part.expected)
        evidence.inherit(self._types_evidence, "the list of entity types")
        evidence.proof = _weakest(proofs)

    def _of_other_batches(self, page: Page, batch: Batch) -> set[str]:
        """Return the types of rows that are asked for in another request, where they are due."""
        others = {name for other in self.batches() for name in other}.difference(batch)
        if not others:
            return set()
        found = (row.get("type") or member(row.get("info"), "x-cortex-type") for row in page.rows)
        return {name for name in found if isinstance(name, str) and name in others}

    def _new_list(
        self, path: str, params: Mapping[str, Any], batch: Batch, rows: Rows
    ) -> CortexList:
        of_entities = path == PATH
        key: Key | None = by_field("id") if of_entities else None
        lookup: Callable[[Any], bool] | None = self._exists if of_entities else None
        request = self.request(path, params, batch)
        size = self.api.page_size
        if params.get("hierarchyDepth") == FULL:
            size = min(size, HEAVY_PAGE)
        return CortexList(self.api, request, rows, key, lookup=lookup, size=size)

    def _exists(self, identity: Any) -> bool:
        """Ask for one entity by itself, where two passes over the list do not agree on it."""
        request = self.api.request("/catalog/{id}", {"hierarchyDepth": "1"}, id=identity)
        gone = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
        reply = self.api.transport.send(dataclasses.replace(request, accept_statuses=gone))
        return reply.status not in gone and not (
            not self.archived and member(reply.body, "isArchived")
        )

    def remember(self, parents: list[Parent], evidence: Evidence) -> None:
        """Take over the parents that a walk has seen to its end, and what proves them."""
        self._parents, self._evidence = parents, evidence

    def read(self) -> tuple[Sequence[Parent], Evidence]:
        """Return every entity and what proves that these are all; walks the catalog if nobody has.

        Raises:
            StreamError: The catalog cannot be read.
        """
        if self._parents is None:
            self.remember(*self.read_again())
        assert self._parents is not None  # noqa: S101  # remembered just now
        return self._parents, self._evidence

    def read_again(self) -> tuple[list[Parent], Evidence]:
        """Walk the catalog anew, whatever is remembered.

        Raises:
            StreamError: The catalog cannot be read.
        """
        evidence = Evidence(keyless_allowed=self._allow_missing_ids)
        found: list[Parent] = []
        nameless = 0
        for page in self.walk(PATH, self.light, ROWS, evidence):
            parents = parse_parents(page.rows, links=self._links)
            nameless += len(page.rows) - len(parents)
            found += parents
        return found, self.with_nameless(evidence, nameless)

    def with_nameless(self, evidence: Evidence, count: int) -> Evidence:
        """Return the evidence of a walk for streams that ask for each entity.

        Args:
            evidence: Of the walk.
            count: Entities that came without an id: nothing can be asked about them.
        """
        found = Evidence()
        found.inherit(evidence)
        found.proof = evidence.proof
        if count and not self._allow_missing_ids:
            found.contradict(f"{count} entities came without an id and cannot be asked about")
        return found

    def probe_parents(self) -> list[Parent]:
        """Return a few entities, for one small request.

        Raises:
            StreamError: It failed.
        """
        if self._parents is not None:
            return self._parents[:SAMPLES]
        if not self._samples:
            request = self.api.request(PATH, self.light)
            page = self.api.fetch(request, ROWS, FIRST, SAMPLES)
            self._samples = parse_parents(page.rows, links=self._links)
        return self._samples

    def probe(self, path: str, params: Mapping[str, Any], rows: Rows) -> Reply:
        """Ask for one row of a list."""
        return self.api.fetch(self.api.request(path, params), rows, FIRST, 1).reply

    # Planning

    def plan(self, path: str, params: Mapping[str, Any], rows: Rows) -> Plan:
        """Count the requests and the rows of a list that takes ``types``."""
        before = self._refusals
        setup_requests = self._types.setup_requests() if self.batches() != [()] else 1
        total, requests, more, exact = 0, 0, 0, True
        index = 0
        while index < len(self.batches()):
            batch = self.batches()[index]
            try:
                page = self.api.fetch(self.request(path, params, batch), rows, FIRST, 1)
            except StatusError as error:
                if not self._adapts(batch, error):
                    raise
                continue
            index += 1
            count = read_list_claims(page).total
            plan = self._new_list(path, params, batch, rows).estimate_requests(count or 0)
            exact = exact and count is not None and plan.exact
            total += count or 0
            requests += plan.requests
            more += (plan.most or plan.requests) - plan.requests
        requests += setup_requests + self._refusals - before
        return Plan(requests, total, exact=exact, most=requests + more if more else None)

    def plan_full(self, params: Mapping[str, Any]) -> Plan:
        """Count the requests of the walk that the catalog's own streams share."""
        self._planned = self.plan(PATH, params, ROWS)
        return self._planned

    def setup_requests(self) -> tuple[int, int]:
        """Return what a run spends before a per-entity stream can start, and the entities."""
        if self._planned is not None:
            return 0, self._planned.rows or 0
        plan = self.plan_full(self.light)
        return plan.requests, plan.rows or 0


def _weakest(proofs: Sequence[Proof | None]) -> Proof | None:
    """Return what proves a list that was read in batches of types: each has its own proof."""
    if not proofs or None in proofs:
        return None
    kinds = {proof.kind for proof in proofs if proof is not None}
    if len(proofs) == 1 or len(kinds) > 1:
        return proofs[0] if len(proofs) == 1 else Proof(ProofKind.EVERY_PARENT, "batch of types")
    return Proof(kinds.pop(), f"in {len(proofs)} batches of types")


def parse_parents(rows: list[Record], *, links: bool) -> list[Parent]:
    """Return the parents that rows of the list stand for, with their links if they are needed."""
    return [
        Parent(
            str(row["id"]),
            str(row.get("tag") or ""),
            str(row.get("type") or ""),
            bool(row.get("isArchived")),
            tuple(objects(row.get("links"))) if links else (),
        )
        for row in rows
        if row.get("id")
    ]
