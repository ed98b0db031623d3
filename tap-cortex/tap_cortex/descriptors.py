"""The YAML text of every scorecard, held against the scorecard as the list shows it.

A text has no claims: half of one, or that of another scorecard, looks like any other. But it names
its scorecard and holds each of its rules.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from singer_rest.http.bodies import unexpected
from singer_rest.sources.single import SingleSource
from tap_cortex.client import no_claims
from tap_cortex.fanout import ChildRoute, CountedFanOut
from tap_cortex.values import from_yaml, member, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.pages import Page
    from singer_rest.sources.shared import SharedList
    from tap_cortex.client import CortexApi, Record
    from tap_cortex.scores import Card

PATH = "/scorecards/{tag}/descriptor"
COLUMN = "descriptor"


def descriptor_rows(reply: Reply) -> list[Record]:
    """Return the one row of a text, which may be written as a JSON string.

    Raises:
        BodyError: It begins like a JSON string and is none: the end is missing.
    """
    text = reply.body
    if text.lstrip().startswith('"'):
        try:
            text = json.loads(text)
        except ValueError:
            raise unexpected(reply, "a text as JSON") from None
    return [{COLUMN: text}]


class _DescriptorSource(SingleSource):
    """The text of one scorecard."""

    def __init__(self, fan_out: DescriptorsFanOut, card: Card) -> None:
        super().__init__(
            fan_out.api.transport,
            fan_out.route.request(card),
            fan_out.route.rows,
            claims=no_claims,
            where=f"{PATH} of {card}",
        )
        self.fan_out = fan_out
        self.card = card

    def contradictions(self, page: Page) -> list[str]:
        """Return what the text says against being that of the scorecard."""
        found = from_yaml(page.rows[0][COLUMN])
        tag = member(found, "tag")
        if tag != self.card.tag:
            return [f"it is no descriptor of {self.card.tag}"]
        came = len(objects(member(found, "rules")))
        if came == len(self.card.rules) or came == self.fan_out.rules_now(self.card.tag):
            return []
        return [f"it brings {came} of {len(self.card.rules)} rules"]


class DescriptorsFanOut(CountedFanOut):
    """The texts of all scorecards."""

    def __init__(self, api: CortexApi, cards: SharedList[Card]) -> None:
        route = ChildRoute(
            lambda card: api.text_request(PATH, tag=card.tag),
            descriptor_rows,
            paged=False,
            one=True,
        )
        super().__init__(api, PATH, cards, route, cards.setup_requests)
        self._now: Mapping[str, int] | None = None

    def new_child(self, parent: Any) -> SingleSource:
        """Return the question about one scorecard."""
        return _DescriptorSource(self, parent)

    def rules_now(self, tag: str) -> int | None:
        """Return how many rules a scorecard has now: the list is read once more, at most."""
        if self._now is None:
            cards, _evidence = self.parents.read_again()
            self._now = {card.tag: len(card.rules) for card in cards}
        return self._now.get(tag)
