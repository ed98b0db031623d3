"""The scores of every scorecard, and what can only be asked for each score."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.sources.base import Plan
from singer_rest.sources.evidence import Evidence
from singer_rest.sources.single import envelope
from tap_cortex.client import FIRST
from tap_cortex.fanout import ChildRoute, CountedFanOut, FanOut
from tap_cortex.values import key_or_none, member, numbered, parts, rule_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.http.exchange import Request
    from singer_rest.sources.cuts import Border
    from singer_rest.sources.pages import Page
    from singer_rest.sources.shared import SharedList
    from tap_cortex.client import CortexApi, Record

PATH = "/scorecards/{tag}/scores"
ROWS = envelope("serviceScores")
SAMPLES = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """What the streams below a scorecard need of it."""

    tag: str
    name: str
    rules: dict[str, Record]
    """By key, in the order of the scorecard."""

    def __str__(self) -> str:
        return f"scorecard {self.tag}"


@dataclasses.dataclass(frozen=True, slots=True)
class ScoredEntity:
    """An entity that a scorecard has a score for."""

    card: str
    entity_tag: str
    entity_id: str

    def __str__(self) -> str:
        return f"scorecard {self.card}, entity {self.entity_tag}"


def parse_card(row: Record) -> Card:
    """Return what to remember of a scorecard."""
    return Card(str(row["tag"]), str(row.get("name") or ""), parse_rules(row))


def parse_rules(holder: Any) -> dict[str, Record]:
    """Return the rules of a scorecard, or the results of a score, by their keys."""
    rules = parts(member(holder, "rules"))
    return dict(zip(numbered(map(rule_key, rules)), rules, strict=True))


def service_id(row: Record) -> Any:
    """Return the id of the entity that a score is about."""
    return member(row.get("service"), "id")


class ScoresSource(CountedFanOut):
    """The scores of every scorecard; their totals may be missing.

    Args:
        api: The requests.
        cards: The scorecards.
        remember: Whether to keep the entities that have a score, for :class:`NextStepsSource`.
    """

    def __init__(self, api: CortexApi, cards: SharedList[Card], *, remember: bool = False) -> None:
        self.remember = remember
        self.ended = False
        """Whether every scorecard was asked."""
        self.scored: list[ScoredEntity] = []
        self.nameless = 0
        """Scores that do not say which entity they are about."""
        route = ChildRoute(
            lambda card: api.request(PATH, tag=card.tag),
            ROWS,
            key=lambda row: key_or_none(service_id(row)),
        )
        super().__init__(api, PATH, cards, route, cards.setup_requests)

    def cut_key(self, parent: Any) -> Border | None:
        """Return the tag of a scorecard."""
        return str(parent.tag)

    def is_listed(self, parent: Any, parents: Sequence[Any]) -> bool:
        """Tell whether a scorecard is among those that there are now, whatever its rules."""
        return any(card.tag == parent.tag for card in parents)

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every scorecard."""
        for page in super().pages():
            if self.remember:
                found = [
                    ScoredEntity(page.parent.tag, str(row["service"]["tag"]), str(service_id(row)))
                    for row in page.rows
                    if member(row.get("service"), "tag")
                ]
                self.nameless += len(page.rows) - len(found)
                self.scored += found
            yield page
        self.ended = self.span.is_whole and not self.is_catching_up


class ScoredEntities:
    """Which entity has a score on which scorecard: remembered by the stream of scores, or read."""

    def __init__(self, api: CortexApi, cards: SharedList[Card]) -> None:
        self._api = api
        self._cards = cards
        self.source: ScoresSource | None = None
        """The walk of the stream of scores, if it is selected too."""

    def read(self) -> tuple[list[ScoredEntity], Evidence]:
        """Return every pair, and what proves that these are all.

        Raises:
            StreamError: The scores cannot be read.
        """
        if self.source is None or not self.source.ended:
            return self.read_again()
        return self._pair_up(self.source)

    def read_again(self) -> tuple[list[ScoredEntity], Evidence]:
        """Read the scores anew.

        Raises:
            StreamError: They cannot be read.
        """
        source = ScoresSource(self._api, self._cards, remember=True)
        for _page in source.pages():
            pass
        return self._pair_up(source)

    @staticmethod
    def _pair_up(source: ScoresSource) -> tuple[list[ScoredEntity], Evidence]:
        evidence = Evidence()
        evidence.inherit(source.evidence)
        evidence.proof = source.evidence.proof
        if source.nameless:
            evidence.contradict(f"{source.nameless} scores do not say which entity they are about")
        return source.scored, evidence

    def sample(self) -> list[ScoredEntity]:
        """Return one pair, if the first scorecards have any."""
        for card in self._cards.read()[0][:SAMPLES]:
            request = self._api.request(PATH, tag=card.tag)
            for row in self._api.fetch(request, ROWS, FIRST, 1).rows:
                return [ScoredEntity(card.tag, str(row["service"]["tag"]), str(service_id(row)))]
        return []

    def plan(self) -> Plan:
        """Read the scores: only they tell how many pairs there are, and what finding them costs."""
        source = ScoresSource(self._api, self._cards)
        setup = 0 if self.source is not None else self._cards.setup_requests()
        rows = sum(len(page.rows) for page in source.pages())
        own = 0 if self.source is not None else source.evidence.pages
        return Plan(setup + own, rows)


class NextStepsSource(FanOut):
    """What each entity has to do for the next level of each scorecard: a request for each pair."""

    WHERE = "/scorecards/{tag}/next-steps"

    def cut_key(self, parent: Any) -> Border | None:
        """Return the id of the entity: all scorecards of one entity are read together."""
        return str(parent.entity_id)

    def parent_key(self, parent: Any) -> Border | None:
        """Return scorecard and entity: a scorecard may be new to an entity that is not."""
        return f"{parent.entity_id} {parent.card}"

    def __init__(self, api: CortexApi, scored: ScoredEntities) -> None:
        self.scored = scored
        route = ChildRoute(self._request, envelope("nextSteps"), paged=False)
        super().__init__(api, self.WHERE, scored, route)

    def _request(self, pair: ScoredEntity) -> Request:
        return self.api.request(self.WHERE, {"entityTag": pair.entity_tag}, tag=pair.card)

    def probe_parents(self) -> list[ScoredEntity]:
        """Return a pair, for few and small requests."""
        return self.scored.sample()

    def plan(self) -> Plan:
        """Count a request for every score."""
        plan = self.scored.plan()
        return Plan(plan.requests + (plan.rows or 0), exact=False)
