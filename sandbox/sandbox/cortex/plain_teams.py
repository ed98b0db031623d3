"""The people and teams of Harbourline, as the developer portal knows them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sandbox import company

from .generate.dice import instant
from .model import TEAM_TYPE, Entity

if TYPE_CHECKING:
    import random

    from .model import Row

PARENTS = {
    "product": ("Product engineering", ("checkout", "tracking", "routing", "mobile", "partners")),
    "core": ("Core engineering", ("billing", "platform", "data")),
}
"""Teams that consist of teams: tag, name, and the teams below."""


def user_rows(rng: random.Random, now: dt.datetime) -> list[Row]:
    """Return the rows of ``/users``."""
    rows: list[Row] = [
        {
            "email": person.email,
            "name": person.name,
            "joinedAt": instant(now - dt.timedelta(days=900 - number * 20)),
            "lastActiveAt": instant(now - dt.timedelta(hours=rng.randrange(1, 200))),
        }
        for number, person in enumerate(company.PEOPLE)
    ]
    rng.shuffle(rows)
    return rows


def roles(users: list[Row]) -> list[Row]:
    """Return the rows of ``/users/roles``."""
    return [
        {
            "email": row["email"],
            "name": row["name"],
            "roles": [{"type": "BASIC", "role": "MANAGER" if number % 7 == 0 else "USER"}],
        }
        for number, row in enumerate(users)
    ]


def team_rows(now: dt.datetime) -> tuple[list[Row], list[Entity]]:
    """Return the rows of ``/teams`` and the catalog entities behind them."""
    rows, entities = [], []
    told = [(team.tag, team.name) for team in company.TEAMS]
    told += [(tag, name) for tag, (name, _) in PARENTS.items()]
    for number, (tag, name) in enumerate(told, 1):
        entity = Entity(
            id=f"en{0x7EA0000000000000 + number:016x}",
            tag=tag,
            type=TEAM_TYPE,
            name=name,
            last_updated=instant(now - dt.timedelta(days=number)),
            description=f"The {name} team",
        )
        people = [person for person in company.PEOPLE if person.team == tag]
        role = {"type": "TEAM_ROLE", "tag": "engineer", "name": "Engineer", "source": "CATALOG"}
        rows.append(
            {
                "id": entity.id,
                "teamTag": tag,
                "catalogEntityTag": tag,
                "isArchived": False,
                "links": [],
                "metadata": {"name": name, "description": entity.description, "summary": None},
                "slackChannels": [
                    {"name": f"team-{tag}", "notificationsEnabled": True, "description": None}
                ],
                "type": "CORTEX",
                "cortexTeam": {
                    "members": [
                        {
                            "email": person.email,
                            "name": person.name,
                            "notificationsEnabled": True,
                            "description": None,
                            "role": role,
                            "roles": [role],
                        }
                        for person in people
                    ]
                },
            }
        )
        entity.members = [
            {
                "email": person.email,
                "name": person.name,
                "description": None,
                "roles": [{"name": "engineer"}],
                "sources": [{"type": "ENTITY_DEFINED"}],
            }
            for person in people
        ]
        entities.append(entity)
    return rows, entities


def edges() -> list[Row]:
    """Return the rows of ``/teams/relationships``."""
    return [
        {"parentTeamTag": parent, "childTeamTag": child, "provider": None}
        for parent, (_, below) in PARENTS.items()
        for child in below
    ]


def owner(teams: list[Entity], tag: str) -> Row:
    """Return a team as the owner of something."""
    entity = next(one for one in teams if one.tag == tag)
    return {
        "id": entity.id,
        "tag": entity.tag,
        "name": entity.name,
        "isArchived": False,
        "description": entity.description,
        "inheritance": "NONE",
        "provider": "CORTEX",
    }
