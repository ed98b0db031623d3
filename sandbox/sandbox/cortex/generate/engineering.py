"""Raw engineering data: pull requests, deploys and incidents, as the trace route hands them out.

Which attributes the vendor's sources have is documented nowhere; these are chosen. Deploys are
those of the catalog, under the same uuids.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sandbox.cortex.model import SERVICE_TYPE

from .dice import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.cortex.model import Entity, Row

    from .dice import Dice

PULL_REQUESTS, DEPLOYS, INCIDENTS = "pull_requests", "deploys", "incidents"
ATTRIBUTES: dict[str, dict[str, str]] = {
    PULL_REQUESTS: {
        "id": "STRING",
        "title": "STRING",
        "entity": "STRING",
        "team": "STRING",
        "repository": "STRING",
        "author": "STRING",
        "state": "STRING",
        "createdAt": "DATETIME",
        "mergedAt": "DATETIME",
        "additions": "INTEGER",
        "cycleTimeSeconds": "INTEGER",
    },
    DEPLOYS: {
        "id": "STRING",
        "title": "STRING",
        "entity": "STRING",
        "team": "STRING",
        "environment": "STRING",
        "type": "STRING",
        "sha": "STRING",
        "deployedAt": "DATETIME",
    },
    INCIDENTS: {
        "id": "STRING",
        "title": "STRING",
        "entity": "STRING",
        "team": "STRING",
        "severity": "STRING",
        "openedAt": "DATETIME",
        "resolvedAt": "DATETIME",
        "timeToResolveSeconds": "INTEGER",
    },
}
"""Attributes of each source, and their types."""
TIME_ATTRIBUTES = {PULL_REQUESTS: "createdAt", DEPLOYS: "deployedAt", INCIDENTS: "openedAt"}
"""The date by which a source is read unless another one is named."""
HISTORY_DAYS = 300


GROUPS = ("team", "entity", "repository", "author", "environment", "severity")
"""Attributes that metrics may be grouped and filtered by."""


def source_row(name: str) -> Row:
    """Return what the registry tells of a source: its attributes, and what may be asked."""
    attributes = ATTRIBUTES[name]
    options = [one for one in GROUPS if one in attributes]
    return {
        "name": name,
        "description": name.replace("_", " ").capitalize(),
        "attributes": [
            {"name": one, "type": kind, "description": None} for one, kind in attributes.items()
        ],
        "dimensions": [],
        "groupByOptions": [{"key": one, "displayName": one.title()} for one in options],
        "filterOptions": [
            {"key": one, "displayName": one.title(), "filter": f"{name}.{one}"} for one in options
        ],
    }


def trace(dice: Dice, entities: Sequence[Entity]) -> dict[str, list[Row]]:
    """Return the rows of every source, in no order."""
    services = [entity for entity in entities if entity.type == SERVICE_TYPE]
    found: dict[str, list[Row]] = {
        PULL_REQUESTS: [
            pull_request(dice, entity, dice.moment(HISTORY_DAYS))
            for entity in services
            for _ in range(dice.randint(1, 6))
        ],
        DEPLOYS: deploys(entities),
        INCIDENTS: [
            incident(dice, entity, dice.moment(HISTORY_DAYS))
            for entity in services
            if dice.happens(0.4)
        ],
    }
    for rows in found.values():
        dice.shuffle(rows)
    return found


def team_of(entity: Entity) -> str | None:
    """Return the tag of the team that answers for an entity: its first owner."""
    return next((team["tag"] for team in entity.owner_teams), None)


def pull_request(
    dice: Dice, entity: Entity, created: dt.datetime, seconds: int | None = None
) -> Row:
    """Return one pull request; a tenth is never merged.

    Args:
        dice: Chance.
        entity: What it changes.
        created: When it was opened.
        seconds: How long it was open, if not by chance.
    """
    seconds = dice.randrange(600, 900_000) if seconds is None else seconds
    merged = created + dt.timedelta(seconds=seconds)
    open_still = merged > dice.now or dice.happens(0.1)
    return {
        "id": f"pr-{dice.hex(10)}",
        "title": dice.title(),
        "entity": entity.tag,
        "team": team_of(entity),
        "repository": (entity.git or {}).get("repository"),
        "author": dice.choice(("ada@example.com", "grace@example.com", "alan@example.com")),
        "state": "OPEN" if open_still else "MERGED",
        "createdAt": instant(created),
        "mergedAt": None if open_still else instant(merged),
        "additions": dice.randrange(1, 900),
        "cycleTimeSeconds": None if open_still else seconds,
    }


def incident(dice: Dice, entity: Entity, opened: dt.datetime, seconds: int | None = None) -> Row:
    """Return one incident; what would end after the present is open still."""
    seconds = dice.randrange(300, 90_000) if seconds is None else seconds
    resolved = opened + dt.timedelta(seconds=seconds)
    open_still = resolved > dice.now
    return {
        "id": f"inc-{dice.hex(10)}",
        "title": f"{dice.title()} down",
        "entity": entity.tag,
        "team": team_of(entity),
        "severity": dice.choice(("SEV1", "SEV2", "SEV2", "SEV3", "SEV3")),
        "openedAt": instant(opened),
        "resolvedAt": None if open_still else instant(resolved),
        "timeToResolveSeconds": None if open_still else seconds,
    }


def deploys(entities: Iterable[Entity]) -> list[Row]:
    """Return the deploys of the catalog as rows of a source."""
    return [
        {
            "id": row["uuid"],
            "title": row["title"],
            "entity": entity.tag,
            "team": team_of(entity),
            "environment": row.get("environment"),
            "type": row["type"],
            "sha": row.get("sha"),
            "deployedAt": row["timestamp"],
        }
        for entity in entities
        for row in entity.deploys
    ]
