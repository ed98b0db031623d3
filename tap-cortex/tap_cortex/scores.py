"""The scores of every scorecard, and what can only be asked for each score."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome
from singer_rest.sources.base import Plan
from singer_rest.sources.single import envelope
from tap_cortex.client import FIRST, by_fields
from tap_cortex.fanout import Child, CountedFanOut, FanOut
from tap_cortex.values import member, numbered, objects, rule_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_rest.http.exchange import Request
    from singer_rest.sources.pages import Page
    from tap_cortex.client import CortexApi, Record
    from tap_cortex.shared import SharedList

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


def parse_card(row: Record) -> Card | None:
    """Return what to remember of a scorecard."""
    if not row.get("tag"):
        return None
    return Card(str(row["tag"]), str(row.get("name") or ""), parse_rules(row))


def parse_rules(holder: Any) -> dict[str, Record]:
    """Return the rules of a scorecard, or the results of a score, by their keys."""
    rules = objects(member(holder, "rules"))
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
        self.scored: list[ScoredEntity] = []
        child = Child(
            lambda card: api.request(PATH, tag=card.tag),
            ROWS,
            key=lambda row: service_id(row) or by_fields()(row),
        )
        super().__init__(api, PATH, cards.get, child, cards.setup_requests)

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every scorecard."""
        for page in super().pages():
            if self.remember:
                self.scored += [
                    ScoredEntity(page.parent.tag, str(row["service"]["tag"]), str(service_id(row)))
                    for row in page.rows
                    if member(row.get("service"), "tag")
                ]
            yield page


class ScoredEntities:
    """Which entity has a score on which scorecard: remembered by the stream of scores, or read."""

    def __init__(self, api: CortexApi, cards: SharedList[Card]) -> None:
        self._api = api
        self._cards = cards
        self.source: ScoresSource | None = None
        """The walk of the stream of scores, if it is selected too."""

    def get(self) -> list[ScoredEntity]:
        """Return every pair.

        Raises:
            StreamError: The scores cannot be read as a whole.
        """
        source = self.source
        if source is None or not source.scored or source.evidence.outcome is not Outcome.COMPLETE:
            source = ScoresSource(self._api, self._cards, remember=True)
            for _page in source.pages():
                pass
        return source.scored

    def sample(self) -> list[ScoredEntity]:
        """Return one pair, if the first scorecards have any."""
        for card in self._cards.get()[:SAMPLES]:
            request = self._api.request(PATH, tag=card.tag)
            for row in self._api.fetch(request, ROWS, FIRST, 1).rows:
                return [ScoredEntity(card.tag, str(row["service"]["tag"]), str(service_id(row)))]
        return []

    def setup_requests(self) -> int:
        """Return the requests that finding them costs."""
        if self.source is not None:
            return 0
        return ScoresSource(self._api, self._cards).plan().requests


class NextStepsSource(FanOut):
    """What each entity has to do for the next level of each scorecard: a request for each pair."""

    WHERE = "/scorecards/{tag}/next-steps"

    def __init__(self, api: CortexApi, scored: ScoredEntities) -> None:
        self.scored = scored
        super().__init__(
            api, self.WHERE, scored.get, Child(self._request, envelope("nextSteps"), paged=False)
        )

    def _request(self, pair: ScoredEntity) -> Request:
        return self.api.request(self.WHERE, {"entityTag": pair.entity_tag}, tag=pair.card)

    def probe_parents(self) -> list[ScoredEntity]:
        """Return a pair, for few and small requests."""
        return self.scored.sample()

    def plan(self) -> Plan:
        """Count at least the scores; how many there are only the scores tell."""
        return Plan(self.scored.setup_requests(), exact=False)
