"""The YAML text of every scorecard, held against the scorecard as the list shows it.

A text has no claims: half of one, or that of another scorecard, looks like any other. But it names
its scorecard, and a text that was cut lacks what stands at its end. How many rules it holds proves
nothing against it: no document says that a descriptor holds the rules that the list shows.
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
    from collections.abc import Iterator, Mapping, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.pages import Page
    from singer_rest.sources.shared import SharedList
    from tap_cortex.client import CortexApi, Record
    from tap_cortex.scores import Card

PATH = "/scorecards/{tag}/descriptor"
COLUMN = "descriptor"
NAMES_OF_RULES = ("expression", "identifier")
"""What tells a rule from the others of its scorecard."""


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
        self._short: str | None = None
        """The text that came, if its end may be missing."""

    def contradictions(self, page: Page) -> list[str]:
        """Return what the text says against being that of the scorecard, and all of it.

        One whose end may be missing is asked for again; the same once more is how the server has
        it, and then nothing proves it.
        """
        text = page.rows[0][COLUMN]
        found = from_yaml(text)
        if member(found, "tag") != self.card.tag:
            return [f"it is no descriptor of {self.card.tag}"]
        before, self._short = self._short, None
        if shows_its_end(found, list(self.card.rules.values())):
            return []
        came = _rules_of(found)
        now = self.fan_out.rules_now(self.card.tag)
        if now is not None and came >= now:
            return []
        self._short = text
        return [] if before == text else [self._lacking(came)]

    def _lacking(self, came: int) -> str:
        return f"it ends after {came} of {len(self.card.rules)} rules"

    def prove(self, page: Page) -> None:
        """Note the proof; nothing proves a text that may have been cut."""
        if self._short is None:
            super().prove(page)
            return
        came = _rules_of(from_yaml(self._short))
        self.evidence.doubt(
            f"{self.where}: {self._lacking(came)} of the list, and nothing tells a text that was "
            "cut from one that holds no more"
        )


def shows_its_end(descriptor: Any, rules: Sequence[Record]) -> bool:
    """Tell whether a descriptor holds what a text that was cut would lack.

    That is as many rules as the list shows, the last of these, or anything behind the rules.
    """
    if _rules_of(descriptor) >= len(rules):
        return True
    if "rules" in descriptor and list(descriptor)[-1] != "rules":
        return True
    said = set(_texts(descriptor))
    return any(_words(rules[-1].get(name)) in said for name in NAMES_OF_RULES)


def _rules_of(descriptor: Any) -> int:
    return len(objects(member(descriptor, "rules")))


def _words(value: Any) -> str | None:
    """Return a text as YAML may have folded it; nothing for what is none."""
    return " ".join(value.split()) if isinstance(value, str) and value.strip() else None


def _texts(value: Any) -> Iterator[str | None]:
    """Yield every text of a descriptor, wherever in it the vendor puts the rules."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif (words := _words(value)) is not None:
        yield words


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
