"""The scorecards of Harbourline, and how its services did over the year."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox import company

from .generate.dice import instant
from .model import SERVICE_TYPE, Scorecard
from .scoring import Scoring, rule_key, weight_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .model import Entity, Row

YEAR = 365
WEEKS = 26
COVERAGE, PAGE_LOAD = "test-coverage", "page-load-ms"

CARDS: tuple[tuple[str, str, int, tuple[tuple[str, str, str | int], ...]], ...] = (
    (
        "production-readiness",
        "Production readiness",
        2,
        (
            ("has-owner", "ownership.teams().length > 0", "Bronze"),
            ("on-call", "oncall != null", "Bronze"),
            ("readme", 'git.fileExists("README.md")', "Bronze"),
            ("runbook", 'links("runbook").length >= 1', "Silver"),
            ("alerts", "slos().length > 0", "Silver"),
            ("restore-tested", 'custom("restore-tested") == true', "Gold"),
            ("load-tested", 'custom("load-tested") == true', "Gold"),
        ),
    ),
    (
        "security-baseline",
        "Security baseline",
        3,
        (
            ("no-critical-findings", "vulnerabilities(severity = CRITICAL).length == 0", 10),
            ("dependencies-current", "packages().all((p) => p.isCurrent)", 5),
            ("secrets-in-vault", 'custom("vault") == true', 5),
            ("security-scan", 'git.fileExists(".github/workflows/scan.yml")', 2),
        ),
    ),
    (
        "documentation",
        "Documentation",
        3,
        (
            ("description", "entity.description() != null", 1),
            ("runbook-link", 'links("runbook").length >= 1', 2),
            ("api-spec", 'links("openapi").length >= 1', 2),
            ("architecture-page", 'links("documentation").length >= 1', 1),
        ),
    ),
    (
        "delivery",
        "Delivery",
        3,
        (
            ("deployed-lately", 'deploys(lookback = duration("P30D")).count() > 0', 3),
            ("reviewed-within-a-day", 'pullRequests().medianReview < duration("P1D")', 2),
            ("small-changes", "pullRequests().medianSize < 400", 1),
        ),
    ),
)
"""Tag, name, the lowest tier that is judged, and rules: identifier, expression, level or weight."""
LADDER = ("Gold", "Silver", "Bronze")
FALLS = {
    ("payments", "no-critical-findings"): 2,
    ("tracking-api", "on-call"): 5,
    ("catalogue", "readme"): 12,
}
"""What fell so many days before the day the year ends."""


def scorecards(entities: list[Entity], now: dt.datetime) -> list[Scorecard]:
    """Return the scorecards with the services that each judges."""
    found = []
    for number, (tag, name, tier, told) in enumerate(CARDS):
        ladder = isinstance(told[0][2], str)
        row: Row = {
            "tag": tag,
            "name": name,
            "description": f"{name} of our services",
            "isDraft": False,
            "lastUpdated": instant(now - dt.timedelta(hours=1)),
            "evaluation": {"window": 4},
            "exemptions": {"autoApprove": False, "enabled": True},
            "notifications": {"enabled": True, "scoreDropNotificationsEnabled": True},
            "filter": {"types": {"include": [SERVICE_TYPE], "exclude": []}},
            "rules": [
                {
                    "identifier": identifier,
                    "expression": expression,
                    "title": identifier.replace("-", " ").capitalize(),
                    "description": None,
                    "failureMessage": "See the guide of the platform team.",
                    "levelName": worth if ladder else None,
                    "weight": None if ladder else worth,
                }
                for identifier, expression, worth in told
            ],
            "levels": [
                {"level": {"name": level, "number": place}} for place, level in enumerate(LADDER, 1)
            ]
            if ladder
            else [],
        }
        judged = [
            entity.id
            for entity in entities
            if entity.tag in company.BY_TAG
            and not entity.is_archived
            and company.BY_TAG[entity.tag].tier <= tier
        ]
        found.append(Scorecard(1001 + number, row, judged))
    return found


class PlainScoring(Scoring):
    """Judges services by what the portal shows, and otherwise by how their year went.

    Args:
        seed: Seed of the world.
        now: The moment that is looked at.
        day: Where the year ends; changes are dated back from it.
    """

    def __init__(self, seed: int, now: dt.datetime, day: dt.datetime) -> None:
        super().__init__(seed, now)
        self.day = day
        self._changes: dict[tuple[str, str], tuple[bool, list[tuple[float, bool]]]] = {}

    def passed(self, card: Scorecard, entity: Entity, rule: Row) -> tuple[float, str | None]:
        """Return the points of one rule."""
        key = rule_key(rule)
        fixed = self.results.get((card.tag, entity.id, key))
        if fixed is not None:
            return fixed
        fallen = self.days_before < FALLS.get((entity.tag, key), -1)
        fact = _FACTS.get(key)
        good = not fallen and (fact(self, entity) if fact else self._holds(entity.tag, key))
        return (weight_of(rule) if good else 0), None

    @property
    def days_before(self) -> float:
        """How many days before the end of the year the portal is looked at."""
        return (self.day - self.now) / dt.timedelta(days=1)

    def _holds(self, tag: str, key: str) -> bool:
        """Tell how a rule stands: most that fail are mended one day, some that hold fall."""
        if (tag, key) not in self._changes:
            self._changes[tag, key] = self._year(tag, key)
        state, changes = self._changes[tag, key]
        for days, after in changes:
            if days >= self.days_before:
                state = after
        return state or (tag, key) in FALLS

    def _year(self, tag: str, key: str) -> tuple[bool, list[tuple[float, bool]]]:
        rng = random.Random(f"harbourline score {self.seed} {tag} {key}")
        service = company.BY_TAG[tag]
        care = next((team.care for team in company.TEAMS if team.tag == service.team), 0.2)
        state = first = rng.random() < care - 0.1
        changes = []
        for days in sorted(rng.uniform(0, YEAR) for _ in range(rng.choice((0, 1, 1, 2))))[::-1]:
            if rng.random() < (0.25 if state else 0.5 + care / 2):
                state = not state
                changes.append((days, state))
        return first, changes

    def exemptions(self, card: Scorecard, entity: Entity) -> list[Row]:
        """Return the one exemption there is: the oldest service need not be load tested."""
        if entity.tag != "maps" or card.tag != CARDS[0][0]:
            return []
        rule = next(one for one in card.row["rules"] if one["identifier"] == "load-tested")
        return [self._exemption(rule, 3)]

    def metric_points(self, key: str, entity: Entity) -> Iterator[tuple[dt.datetime, Any]]:
        """Yield one point a week: coverage of tests in percent, or loading time of a page."""
        service = company.BY_TAG.get(entity.tag)
        page = service is not None and service.domain == "customer"
        if service is None or (key == PAGE_LOAD and not page):
            return
        rng = random.Random(f"harbourline metric {self.seed} {key} {entity.tag}")
        level = rng.uniform(55, 88) if key == COVERAGE else rng.uniform(700, 1800)
        for week in range(WEEKS, 0, -1):
            level += rng.gauss(0.15, 0.8) if key == COVERAGE else rng.gauss(-4, 40)
            level = min(level, 98.0) if key == COVERAGE else max(level, 250.0)
            moment = self.day.replace(minute=0, second=0, microsecond=0) - dt.timedelta(weeks=week)
            if moment <= self.now:
                yield moment, Decimal(f"{level:.1f}")


def _deployed_lately(scoring: PlainScoring, entity: Entity) -> bool:
    since = instant(scoring.now - dt.timedelta(days=30))
    return any(row["timestamp"] >= since for row in entity.deploys)


def _linked(kind: str) -> Callable[[PlainScoring, Entity], bool]:
    return lambda _, entity: any(link["type"] == kind for link in entity.links)


_FACTS: dict[str, Callable[[PlainScoring, Entity], bool]] = {
    "has-owner": lambda _, entity: bool(entity.owner_teams),
    "on-call": lambda _, entity: bool(entity.oncall_registrations),
    "description": lambda _, entity: entity.description is not None,
    "runbook": _linked("RUNBOOK"),
    "runbook-link": _linked("RUNBOOK"),
    "architecture-page": _linked("DOCUMENTATION"),
    "deployed-lately": _deployed_lately,
}
"""Rules that anybody can check against what the portal shows."""
