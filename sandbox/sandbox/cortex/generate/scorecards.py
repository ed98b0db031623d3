"""Scorecards, initiatives, verification periods and verifications."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sandbox.cortex.model import SERVICE_TYPE, Entity, Scorecard

from .catalog import GROUPS
from .dice import instant
from .hostile import HOSTILE_SCORECARD_TAG

if TYPE_CHECKING:
    from sandbox.cortex.model import Row
    from sandbox.cortex.world import WorldSpec

    from .dice import Dice

LADDER = ("Gold", "Silver", "Bronze")
EXPRESSIONS = (
    'git.fileExists("README.md")',
    "oncall != null",
    "ownership.teams().length > 0",
    "links('runbook').length >= 1",
    "git.lastCommit.freshness < duration('P30D')",
    'packages().all((p) => p.version != "0.0.0")',
    "custom('k/ey') == 'value'",
    'deploys(lookback = duration("P7D")).count() > 0',
    "entity.description() != null",
    "k8s.resources().length > 0",
)
BROAD_EVERY = 4
DRAFT_EVERY = 5
NEW_EVERY = 7
EVALUATED_WINDOW_HOURS = 4


def scorecards(spec: WorldSpec, dice: Dice, entities: list[Entity]) -> list[Scorecard]:
    """Return the scorecards: drafts, cards never evaluated, broad ones and narrow ones."""
    found = []
    for number in range(spec.scorecards):
        tag = f"scorecard-{number:03d}"
        if number == 1 and spec.hostile:
            tag = HOSTILE_SCORECARD_TAG
        kinds = dice.sample([SERVICE_TYPE, "domain", "rds", "mobile-app"], 2)
        if number % BROAD_EVERY == 0:
            kinds = [SERVICE_TYPE]
        row = _row(dice, tag, kinds, ladder=number % 2 == 0)
        # The first card is always evaluated; of the others some are drafts, some are too new.
        row["isDraft"] = number % DRAFT_EVERY == DRAFT_EVERY - 1
        too_new = number % NEW_EVERY == NEW_EVERY - 1
        judged = [
            entity.id
            for entity in entities
            if entity.type in kinds and not entity.is_archived and not entity.deleted
        ]
        dice.shuffle(judged)
        if spec.odd_rules:
            _make_odd(dice, row)
        card = Scorecard(1000 + number * 7, row, [] if row["isDraft"] or too_new else judged)
        found.append(card)
    dice.shuffle(found)
    return found


def _make_odd(dice: Dice, row: Row) -> None:
    first, second, *_ = row["rules"]
    if not row.get("levels"):
        first["weight"] = 0
        first["effectiveFrom"] = None
    second["effectiveFrom"] = instant(dice.now + dt.timedelta(days=30))


def entity_filter(dice: Dice, kinds: list[str]) -> Row:
    """Return the filter of a scorecard, an initiative or a rule."""
    row: Row = {"types": {"include": kinds}}
    dice.maybe(row["types"], "exclude", [])
    dice.maybe(row, "query", 'entity.tag() matches "^a/b?"')
    dice.maybe(row, "groups", {"include": dice.some(GROUPS, 1), "exclude": dice.some(GROUPS, 1)})
    return row


def _row(dice: Dice, tag: str, kinds: list[str], *, ladder: bool) -> Row:
    row: Row = {
        "tag": tag,
        "name": dice.title(),
        "isDraft": False,
        "lastUpdated": dice.stamp(1),
        "exemptions": {"autoApprove": dice.happens(0.2), "enabled": True},
        "notifications": {"enabled": True, "scoreDropNotificationsEnabled": dice.happens(0.5)},
        "rules": [
            _rule(dice, expression, ladder=ladder)
            for expression in dice.sample(EXPRESSIONS, dice.randint(3, 6))
        ],
    }
    if ladder:
        row["levels"] = [
            {"level": {"name": name, "number": number}} for number, name in enumerate(LADDER, 1)
        ]
    else:
        dice.maybe(row, "levels", [])
    dice.maybe(row, "description", dice.title())
    dice.maybe(row, "evaluation", {"window": EVALUATED_WINDOW_HOURS})
    dice.maybe(row, "filter", entity_filter(dice, kinds))
    if dice.extras:
        row["dateCreated"] = dice.stamp()
    return dice.unknown(row)


def _rule(dice: Dice, expression: str, *, ladder: bool) -> Row:
    row: Row = {"expression": expression}
    dice.maybe(row, "identifier", "rule-" + dice.hex(8))
    dice.maybe(row, "title", dice.title())
    dice.maybe(row, "description", dice.title())
    dice.maybe(row, "failureMessage", "Please look at [the guide](https://example.com/a_b)")
    dice.maybe(row, "effectiveFrom", dice.stamp())
    dice.maybe(row, "filter", entity_filter(dice, [SERVICE_TYPE]))
    if ladder:
        row |= {"levelName": dice.choice(LADDER), "weight": None}
    else:
        row |= {"levelName": None, "weight": dice.choice((1, 2, 2.5, 10))}
    return row


def initiatives(dice: Dice, cards: list[Scorecard]) -> list[Row]:
    """Return the rows of ``/initiatives``: drafts, expired ones, and some with no id."""
    found = []
    for number, card in enumerate(cards):
        due = dice.now.date() + dt.timedelta(days=30 if number % 3 else -30)
        row: Row = {
            "cid": dice.cid("in"),
            "name": dice.title(),
            "isDraft": number % 4 == 1,
            "scorecardName": card.row["name"],
            "scorecardTag": card.tag,
            "targetDate": due.isoformat(),
            "emphasizedLevels": [
                {"name": step["level"]["name"], "rank": step["level"]["number"], "color": "#fc0"}
                for step in card.levels[:1]
            ],
            "emphasizedRules": [
                {name: rule.get(name) for name in ("expression", "title", "description")}
                for rule in card.row["rules"][:2]
            ],
        }
        dice.maybe(row, "description", dice.title())
        dice.maybe(row, "filter", entity_filter(dice, [SERVICE_TYPE]))
        schedule: Row = {"isDisabled": False, "timeInterval": 2, "timeUnit": "WEEKS"}
        dice.maybe(schedule, "replyToEmails", ["ada@example.com"])
        dice.maybe(row, "notificationSchedule", schedule)
        if dice.extras:
            row |= {"dateCreated": dice.stamp(), "dateUpdated": dice.stamp(10)}
        found.append(row)
    return found


def verification_periods(dice: Dice) -> list[Row]:
    """Return the rows of ``/verification-periods``: two over, one running."""
    found = []
    for number in range(3):
        start = dice.now - dt.timedelta(days=200 - 90 * number)
        row: Row = {
            "cid": dice.cid("vp"),
            "name": f"Quarter {number + 1}",
            "startDate": instant(start),
            "endDate": instant(start + dt.timedelta(days=60)),
            "isActive": number == 2,  # noqa: PLR2004
            "reasonRequired": dice.happens(0.5),
            "requiredRoles": dice.some(("VIEWER", "USER", "MANAGER", "API", "OWNER"), 2),
            "requiredCustomRoleTags": [],
            "requiredTeamRoleTags": dice.some(("engineer", "lead"), 1),
            "scope": entity_filter(dice, [SERVICE_TYPE]),
            "counts": {"pending": 0, "verifiedCorrect": 0, "verifiedIncorrect": 0},
        }
        found.append(dice.unknown(row))
    return found


def verifications(
    spec: WorldSpec, dice: Dice, periods: list[Row], entities: list[Entity]
) -> list[Row]:
    """Return the rows of ``/verifications``: one per entity and period."""
    counted = {
        "PENDING": "pending",
        "VERIFIED_CORRECT": "verifiedCorrect",
        "VERIFIED_INCORRECT": "verifiedIncorrect",
    }
    living = [entity for entity in entities if not entity.is_archived and not entity.deleted]
    found = []
    for period in periods:
        for entity in dice.sample(living, min(len(living), spec.logs)):
            status = dice.choice(list(counted))
            done = status != "PENDING"
            period["counts"][counted[status]] += 1
            row: Row = {
                "entity": {"id": entity.id, "tag": entity.tag, "name": entity.name},
                "period": {"cid": period["cid"], "name": period["name"]},
                "status": status,
                "verifiedAt": dice.stamp(90) if done else None,
            }
            dice.maybe(row, "verifiedBy", {"email": "ada@example.com"} if done else None)
            found.append(row)
    dice.shuffle(found)
    return found
