"""Scorecards: rules, scores, results and their history."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.records import timestamps
from tap_cortex.descriptors import DescriptorsFanOut
from tap_cortex.schemas import scorecards as tables
from tap_cortex.scores import NextStepsSource, ScoresSource, parse_rules
from tap_cortex.streams.base import CortexStream, ListStream
from tap_cortex.values import digest, member, objects, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Record, Rows
    from tap_cortex.scores import Card

NUMBERS = (int, float, decimal.Decimal)


class CardFamily(CortexStream):
    """The list of scorecards that its streams share."""

    source_name = "scorecards"
    route = "GET /scorecards"
    permission = "View Scorecards"
    cost = "shared with scorecards"
    filtered_by = ("include_drafts",)

    def new_source(self) -> Source:
        """Return the walk that the scores' scorecards come from, too."""
        return self.tap.cards.source()


class Scorecards(CardFamily):
    """Every scorecard, with its rules and levels."""

    name = "scorecards"
    table = tables.SCORECARDS
    cost = "1 request per page"


class ScorecardRules(CardFamily):
    """The rules of every scorecard."""

    name = "scorecard_rules"
    table = tables.SCORECARD_RULES

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every rule."""
        return self.move_unknown(
            [
                {
                    **rule,
                    **_card(card.get("tag"), card.get("name")),
                    "rule_key": key if rule else None,
                }
                for card in page.rows
                for key, rule in parse_rules(card).items()
            ]
        )


class ScorecardLevels(CardFamily):
    """The levels of every scorecard that has any."""

    name = "scorecard_levels"
    table = tables.SCORECARD_LEVELS

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every level."""
        return self.move_unknown(
            [
                {**(member(step, "level") or {}), **_card(card.get("tag"), card.get("name"))}
                for card in page.rows
                for step in parts(card.get("levels"))
                if not step or isinstance(step.get("level"), dict)
            ]
        )


def _card(tag: Any, name: Any) -> Record:
    return {"scorecard_tag": tag, "scorecard_name": name}


class ScoreFamily(CortexStream):
    """The scores of every scorecard, which its streams share."""

    source_name = "scorecard_scores"
    route = "GET /scorecards/{tag}/scores"
    permission = "View Scorecards"
    cost = "shared with scorecard_scores"
    filtered_by = ("include_drafts",)

    def new_source(self) -> Source:
        """Return the walks over the scores of all scorecards."""
        remember = self.is_selected("scorecard_next_steps")
        source = ScoresSource(self.api, self.tap.cards, remember=remember)
        if remember:
            self.tap.scored.source = source
        return source

    def about(self, card: Card, score: Record) -> Record:
        """Return the columns that say which score a row is about."""
        service = score.get("service")
        return {
            **_card(card.tag, card.name),
            "service_id": member(service, "id"),
            "service_tag": member(service, "tag"),
            "service_name": member(service, "name"),
        }


def _points(score: Record) -> Record:
    details, service = score.get("score"), score.get("service")
    summary = member(details, "summary")
    step = next(iter(objects(member(details, "ladderLevels"))), {})
    level = step.get("level")
    return {
        "level_name": member(level, "name"),
        "level_number": member(level, "number"),
        "points": member(summary, "score"),
        "possible_points": member(summary, "totalPossibleScore"),
        "percentage": member(summary, "percentage"),
        "lastEvaluated": score.get("lastEvaluated"),
        "owner_groups": member(member(service, "owners"), "groups"),
    }


class ScorecardScores(ScoreFamily):
    """The score of every entity on every scorecard."""

    name = "scorecard_scores"
    table = tables.SCORECARD_SCORES
    cost = "1 per scorecard and page of scores; and 1 for the scorecards"

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every score."""
        number = member(page.reply.body, "scorecardId")
        return self.move_unknown(
            [
                {
                    **score,
                    **self.about(page.parent, score),
                    **_points(score),
                    "scorecard_id": number,
                }
                for score in page.rows
            ]
        )


class ScorecardScoresDaily(ScoreFamily):
    """The scores as they stand today: history that Cortex does not keep."""

    name = "scorecard_scores_daily"
    table = tables.SCORECARD_SCORES_DAILY
    daily_snapshot = True

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return today's row of every score."""
        today = {"snapshot_date": self.today}
        return [
            {**today, **self.about(page.parent, score), **_points(score)} for score in page.rows
        ]


class ScorecardRuleResults(ScoreFamily):
    """How every entity did on every rule of every scorecard."""

    name = "scorecard_rule_results"
    table = tables.SCORECARD_RULE_RESULTS

    def results(self, page: Page) -> Iterator[Record]:
        """Yield a row for every score and rule; weight, level and title are the scorecard's."""
        for score in page.rows:
            about = self.about(page.parent, score)
            exempt = self._exempt_from(score)
            for key, result in parse_rules(score.get("score")).items():
                rule = page.parent.rules.get(key, {})
                state = self._rule_state(key, rule, result.get("score"), exempt)
                yield {
                    **result,
                    **about,
                    "rule_key": key if result else None,
                    "title": rule.get("title"),
                    "level_name": rule.get("levelName"),
                    "weight": rule.get("weight"),
                    "state": state,
                    "passed": {"passed": True, "failed": False}.get(state or ""),
                    "last_evaluated": score.get("lastEvaluated"),
                }

    def _exempt_from(self, score: Record) -> set[str]:
        """Return the rules that an entity is spared now: approved, and not run out."""
        now = self.tap.upper_bound
        return {
            str(row.get("ruleIdentifier"))
            for row in objects(score.get("ruleExemptions"))
            if member(row.get("exemptionStatus"), "status") == "APPROVED"
            and ((ends := timestamps.parse(row.get("endDate"))) is None or ends > now)
        }

    def _rule_state(self, key: str, rule: Record, points: Any, exempt: set[str]) -> str | None:
        """Return how an entity stands on a rule; only what counts can be passed or failed."""
        begins = timestamps.parse(rule.get("effectiveFrom"))
        if begins is not None and begins > self.tap.upper_bound:
            return "not in force"
        if {key, rule.get("identifier"), rule.get("expression")} & exempt:
            return "exempt"
        if rule.get("weight") == 0:
            return "weightless"
        if not isinstance(points, NUMBERS):
            return None
        return "passed" if points > 0 else "failed"

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every score and rule."""
        return self.move_unknown(list(self.results(page)))


class ScorecardRuleResultsDaily(ScorecardRuleResults):
    """The rule results as they stand today: history that Cortex does not keep."""

    name = "scorecard_rule_results_daily"
    table = tables.SCORECARD_RULE_RESULTS_DAILY
    selected_by_default = False
    daily_snapshot = True

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return today's row for every score and rule."""
        today = self.today
        return [{**row, "snapshot_date": today} for row in self.results(page)]


class ScorecardRuleExemptions(ScoreFamily):
    """Which entity is to be spared which rule, and who decided."""

    name = "scorecard_rule_exemptions"
    table = tables.SCORECARD_RULE_EXEMPTIONS

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every exemption."""
        return self.move_unknown(
            [
                {
                    **exemption,
                    **self.about(page.parent, score),
                    "status": member(exemption.get("exemptionStatus"), "status"),
                }
                for score in page.rows
                for exemption in parts(score.get("ruleExemptions"))
            ]
        )


class ScorecardNextSteps(CortexStream):
    """What every entity has to do for the next level; a request for each score."""

    name = "scorecard_next_steps"
    table = tables.SCORECARD_NEXT_STEPS
    route = "GET /scorecards/{tag}/next-steps"
    permission = "View Scorecards"
    cost = "1 per score; and those of scorecard_scores, unless that is selected"
    selected_by_default = False
    filtered_by = ("include_drafts",)

    def new_source(self) -> Source:
        """Return the requests for every score."""
        return NextStepsSource(self.api, self.tap.scored)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every step."""
        pair = page.parent
        return self.move_unknown(
            [
                {
                    **step,
                    "scorecard_tag": pair.card,
                    "entity_tag": pair.entity_tag,
                    "entity_id": pair.entity_id,
                    "step_index": index,
                }
                for index, step in enumerate(page.rows)
            ]
        )


class ScorecardDescriptors(CortexStream):
    """What was written down about every scorecard, as YAML."""

    name = "scorecard_descriptors"
    table = tables.SCORECARD_DESCRIPTORS
    route = "GET /scorecards/{tag}/descriptor"
    permission = "View Scorecards"
    cost = "1 per scorecard; and 1 for the scorecards"
    selected_by_default = False
    filtered_by = ("include_drafts",)

    def new_source(self) -> Source:
        """Return one request per scorecard."""
        return DescriptorsFanOut(self.api, self.tap.cards)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return the text of the scorecard."""
        return [{**row, **_card(page.parent.tag, page.parent.name)} for row in page.rows]


class Initiatives(ListStream):
    """Initiatives, drafts and expired ones among them."""

    name = "initiatives"
    table = tables.INITIATIVES
    route = "GET /initiatives"
    permission = "View Initiatives"
    filtered_by = ("include_drafts", "include_expired")
    path = "/initiatives"
    envelope = "initiatives"
    flags: ClassVar[dict[str, str]] = {
        "includeDrafts": "include_drafts",
        "includeExpired": "include_expired",
    }

    identity = ("cid",)

    def reader(self) -> Rows:
        """Return a reader that makes ids up which stay, where no initiative of a page has one."""
        listed = super().reader()

        def rows(reply: Reply) -> list[Record]:
            found = listed(reply)
            if any(row.get("cid") for row in found):
                return found  # one without is a row without its key
            return [{**row, "cid": _initiative_key(row)} for row in found]

        return rows


def _initiative_key(record: Record) -> str:
    return digest(record.get("scorecardTag"), record.get("name"), record.get("targetDate"))


class VerificationPeriods(ListStream):
    """The periods in which entities are to be verified."""

    name = "verification_periods"
    table = tables.VERIFICATION_PERIODS
    route = "GET /verification-periods"
    permission = "Configure Verification Periods, and the licence for it"
    selected_by_default = False
    path = "/verification-periods"
    envelope = "periods"
    identity = ("cid",)
    undocumented = True


class Verifications(ListStream):
    """How the verification of every entity stands in every period."""

    name = "verifications"
    table = tables.VERIFICATIONS
    route = "GET /verifications"
    permission = "the licence for verifications"
    selected_by_default = False
    path = "/verifications"
    envelope = "verifications"
    undocumented = True

    def row(self, record: Record) -> Record:
        """Return the verification with the ids of period and entity lifted out."""
        entity, period = record.get("entity"), record.get("period")
        identity, tag = member(entity, "id"), member(entity, "tag")
        return {
            **record,
            "period_cid": member(period, "cid") or record.get("periodCid"),
            "entity_key": identity or tag,
            "entity_id": identity,
            "entity_tag": tag,
        }
