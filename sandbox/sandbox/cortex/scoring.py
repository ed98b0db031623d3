"""Scores and metric points, computed when they are asked for.

Forty scorecards over five thousand entities are two hundred thousand scores with a million rule
results. They are a function of the seed, so a page of them costs what the page holds.
"""

from __future__ import annotations

import datetime as dt
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from .generate.dice import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Entity, Row, Scorecard

FULL_SCALE = 10_000
ERROR_BELOW = 200
MOVED_SHARE = 800
EXEMPT_BELOW = 600
EVALUATED_EVERY = dt.timedelta(hours=4)
METRIC_DAYS = 240
METRIC_STEP_DAYS = 12
METRIC_ENTITY_SHARE = 6_000
SIX_MONTHS = dt.timedelta(days=182)

RuleState = Literal["passed", "failed", "exempt", "not in force", "weightless"]
RULE_ERRORS = (
    "Integration GITHUB returned 502 for the repository",
    "Expression could not be evaluated: git() is null",
)


def draw(*parts: object) -> int:
    """Throw a number from 0 to 9999 that depends on nothing but its arguments."""
    return zlib.crc32("\x1f".join(map(str, parts)).encode()) % FULL_SCALE


def rule_key(rule: Row) -> str:
    """The identifier of a rule, or its expression when it has none."""
    return str(rule.get("identifier") or rule["expression"])


def weight_of(rule: Row) -> float:
    """Points a rule is worth; rules of a ladder carry no weight and count one."""
    weight = rule.get("weight")
    return 1 if weight is None else weight


class Scoring:
    """Judge entities.

    Args:
        seed: Seed of the world.
        now: When the first evaluation ended.
        odd_rules: Whether a rule that is not in force yet, or that an entity is exempt from,
            counts for nothing, and whether some entities are exempt from one rule of each card.
    """

    def __init__(self, seed: int, now: dt.datetime, *, odd_rules: bool = False) -> None:
        self.seed = seed
        self.now = now
        self.odd_rules = odd_rules
        self.evaluation = 0
        """How many times everything was evaluated again; a part of the results moves each time."""
        self.results: dict[tuple[str, str, str], tuple[float, str | None]] = {}
        """Results set by hand: (scorecard tag, entity id, rule key) to score and error."""

    def passed(self, card: Scorecard, entity: Entity, rule: Row) -> tuple[float, str | None]:
        """Return the points of one rule and, if it could not be evaluated, why."""
        key = rule_key(rule)
        fixed = self.results.get((card.tag, entity.id, key))
        if fixed is not None:
            return fixed
        throw = draw(self.seed, card.tag, entity.id, key)
        for turn in range(1, self.evaluation + 1):
            if draw(turn, self.seed, entity.id, key, card.tag) < MOVED_SHARE:
                throw = draw(turn, throw, entity.id, key)
        if throw < ERROR_BELOW:
            return 0, RULE_ERRORS[throw % len(RULE_ERRORS)]
        quality = 4_000 + draw(self.seed, "quality", entity.id) // 2
        return weight_of(rule) if throw < quality else 0, None

    def state(self, card: Scorecard, entity: Entity, rule: Row) -> RuleState:
        """Return what a rule means for an entity; only passed and failed ones count."""
        effective = rule.get("effectiveFrom")
        if effective and dt.datetime.fromisoformat(effective) > self.now:
            return "not in force"
        if weight_of(rule) == 0:
            return "weightless"
        for row in self.exemptions(card, entity):
            ends = row["endDate"]
            lasting = ends is None or dt.datetime.fromisoformat(ends) > self.now
            approved = row["exemptionStatus"]["status"] == "APPROVED"
            if approved and lasting and row["ruleIdentifier"] == rule_key(rule):
                return "exempt"
        return "passed" if self.passed(card, entity, rule)[0] else "failed"

    def _counts(self, card: Scorecard, entity: Entity, rule: Row) -> bool:
        return not self.odd_rules or self.state(card, entity, rule) in {"passed", "failed"}

    def outcomes(self, card: Scorecard, entity: Entity) -> list[Row]:
        """Return ``score.rules`` of one entity."""
        found: list[Row] = []
        for rule in card.row["rules"]:
            points, error = self.passed(card, entity, rule)
            row: Row = {"expression": rule["expression"], "score": points}
            if "identifier" in rule:
                row["identifier"] = rule["identifier"]
            if error is not None or points == 0:
                row["error"] = error
            found.append(row)
        return found

    def summary(self, card: Scorecard, entity: Entity, outcomes: list[Row]) -> Row:
        """Return ``score.summary``: points, possible points, and their ratio."""
        counted = [
            (rule, row)
            for rule, row in zip(card.row["rules"], outcomes, strict=True)
            if self._counts(card, entity, rule)
        ]
        possible = sum(weight_of(rule) for rule, _ in counted)
        points = sum(row["score"] for _, row in counted)
        share = Decimal(str(points)) / Decimal(str(possible)) if possible else Decimal(0)
        return {"score": points, "totalPossibleScore": possible, "percentage": share}

    def reached(self, card: Scorecard, entity: Entity, outcomes: list[Row]) -> list[Row]:
        """Return ``ladderLevels``: the highest level whose rules, and all below, are passed."""
        level: Row | None = None
        rules = card.row["rules"]
        for step in sorted(card.levels, key=lambda step: -step["level"]["number"]):
            name = step["level"]["name"]
            points = [
                row["score"]
                for row, rule in zip(outcomes, rules, strict=True)
                if rule.get("levelName") == name and self._counts(card, entity, rule)
            ]
            if not all(points):
                break
            level = step
        return [level] if level else []

    def exemptions(self, card: Scorecard, entity: Entity) -> list[Row]:
        """Return ``ruleExemptions``; a rule may have been asked for twice."""
        found: list[Row] = []
        for rule in card.row["rules"]:
            throw = draw("exempt", self.seed, card.tag, entity.id, rule_key(rule))
            if throw >= EXEMPT_BELOW:
                continue
            found += [self._exemption(rule, throw + again) for again in range(1 + throw % 2)]
        if self.odd_rules and card.row["rules"]:
            rule = card.row["rules"][-1]
            throw = draw("odd", self.seed, card.tag, entity.id)
            if throw < FULL_SCALE // 2:
                found.append(self._exemption(rule, throw - throw % 3 + 3))
        return found

    def _exemption(self, rule: Row, throw: int) -> Row:
        asked = self.now - dt.timedelta(hours=throw)
        state = ("APPROVED", "REJECTED", "PENDING")[throw % 3]
        person = {"type": "USER", "email": "ada@example.com", "name": "Ada Example"}
        machine = {"type": "API", "apiKeyLast4": f"{throw:04d}"}
        status: Row = {"status": state, "date": None}
        if state != "PENDING":
            status["date"] = instant(asked + dt.timedelta(hours=1), 3)
            status["handledBy"] = machine if throw % 2 else person
        return {
            "ruleIdentifier": rule_key(rule),
            "ruleExpression": rule["expression"],
            "requestedDate": instant(asked),
            "requestedBy": person if throw % 2 else machine,
            "requestingReason": "Moves to the new platform next quarter",
            "endDate": None if throw % 3 else instant(self.now + dt.timedelta(days=30)),
            "exemptionStatus": status,
        }

    def last_evaluated(self, card: Scorecard, entity: Entity) -> str:
        """When the entity was judged last."""
        ago = dt.timedelta(seconds=draw(self.seed, "when", card.tag, entity.id))
        return instant(self.now + self.evaluation * EVALUATED_EVERY - ago, 3)

    def score(self, card: Scorecard, entity: Entity) -> Row:
        """Return one row of ``serviceScores``."""
        outcomes = self.outcomes(card, entity)
        return {
            "lastEvaluated": self.last_evaluated(card, entity),
            "ruleExemptions": self.exemptions(card, entity),
            "score": {
                "ladderLevels": self.reached(card, entity, outcomes),
                "rules": outcomes,
                "summary": self.summary(card, entity, outcomes),
            },
            "service": {
                "id": entity.id,
                "tag": entity.tag,
                "name": entity.name,
                "groups": list(entity.groups),
                "owners": {
                    "groups": [team["tag"] for team in entity.owner_teams],
                    "individuals": list(entity.owner_people),
                },
            },
        }

    def entity_score(self, card: Scorecard, entity: Entity) -> Row:
        """Return one row of ``/catalog/{tagOrId}/scorecards``."""
        outcomes = self.outcomes(card, entity)
        summary = self.summary(card, entity, outcomes)
        return {
            "scorecardId": card.id,
            "scorecardName": card.row["name"],
            "score": summary["score"],
            "scorePercentage": summary["percentage"],
            "totalPossibleScore": summary["totalPossibleScore"],
            "ladderLevels": self.reached(card, entity, outcomes),
        }

    def next_steps(self, card: Scorecard, entity: Entity) -> list[Row]:
        """Return ``nextSteps``: the failed rules of the next level, nothing at the top."""
        outcomes = self.outcomes(card, entity)
        rules = card.row["rules"]
        current = next(iter(self.reached(card, entity, outcomes)), None)
        above: Row | None = None
        if card.levels:
            limit = current["level"]["number"] if current else len(card.levels) + 1
            above = next((s for s in card.levels if s["level"]["number"] == limit - 1), None)
            if above is None:
                return []
            rules = [r for r in rules if r.get("levelName") == above["level"]["name"]]
        failed = {row["expression"] for row in outcomes if not row["score"]}
        steps = [
            {name: rule.get(name) for name in ("expression", "identifier", "title", "description")}
            for rule in rules
            if rule["expression"] in failed
        ]
        if not steps:
            return []
        return [{"currentLevel": current, "nextLevel": above, "rulesToComplete": steps}]

    def metric_points(self, key: str, entity: Entity) -> Iterator[tuple[dt.datetime, Any]]:
        """Yield the points of one custom metric, reaching back further than six months."""
        if draw(self.seed, "metric", key, entity.id) >= METRIC_ENTITY_SHARE:
            return
        offset = draw(self.seed, "offset", key, entity.id)
        for days in range(METRIC_DAYS, 0, -METRIC_STEP_DAYS):
            throw = draw(self.seed, key, entity.id, days)
            moment = self.now.replace(microsecond=0) - dt.timedelta(days=days, seconds=offset)
            yield moment, Decimal(throw) / Decimal(700) if throw % 3 else throw
