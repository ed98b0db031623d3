"""Users, teams of both kinds, their edges, and departments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cortex.model import TEAM_TYPE, Entity

from .catalog import slack_channel

if TYPE_CHECKING:
    from sandbox.cortex.model import Row
    from sandbox.cortex.world import WorldSpec

    from .dice import Dice

FIRST = ("ada", "alan", "barbara", "donald", "edsger", "frances", "grace", "hedy", "margaret")
LAST = ("beispiel", "doe", "example", "modello", "muster", "placeholder", "roe", "sample")
IDP_PROVIDERS = ("OKTA", "ACTIVE_DIRECTORY", "GOOGLE", "WORKDAY", "OPSGENIE", "BAMBOOHR", "GITLAB")
MEMBER_LESS_SHARE = 0.2


def users(spec: WorldSpec, dice: Dice) -> list[Row]:
    """Return the rows of ``/users``: no id, and nothing but null for who never logged in."""
    found = []
    for number in range(spec.users):
        first, last = dice.choice(FIRST), dice.choice(LAST)
        row: Row = {
            "email": f"{first}.{last}+{number}@example.com",
            "name": f"{first} {last}".title(),
            "joinedAt": dice.stamp(),
            "lastActiveAt": dice.stamp(30) if dice.happens(0.8) else None,
        }
        found.append(dice.unknown(row))
    dice.shuffle(found)
    return found


def user_roles(dice: Dice, people: list[Row]) -> list[Row]:
    """Return the rows of ``/users/roles``."""
    custom: Row = {"type": "CUSTOM", "name": "Read scores", "tag": "read-scores"}
    return [
        {
            "email": person["email"],
            "name": person["name"],
            "roles": [
                {"type": "BASIC", "role": dice.choice(("VIEWER", "USER", "MANAGER", "OWNER"))},
                *([custom] if dice.happens(0.2) else []),
            ],
        }
        for person in people
    ]


def scim_users(dice: Dice, people: list[Row]) -> list[Row]:
    """Return the SCIM resources of the same people."""
    found = []
    for person in people:
        given, _, family = person["name"].partition(" ")
        identity = dice.uuid()
        row: Row = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": identity,
            "userName": person["email"],
            "active": dice.happens(0.9),
            "name": {"givenName": given, "familyName": family},
            "emails": [{"value": person["email"], "primary": True, "type": "work"}],
            "meta": {"resourceType": "User", "location": f"/scim/v2/Users/{identity}"},
        }
        dice.maybe(row, "externalId", dice.hex(12))
        dice.maybe(row, "displayName", person["name"])
        dice.maybe(row, "roles", [{"value": "USER"}])
        dice.maybe(row, "groups", [])
        found.append(row)
    dice.shuffle(found)
    return found


def teams(spec: WorldSpec, dice: Dice, people: list[Row]) -> tuple[list[Row], list[Entity]]:
    """Return the rows of ``/teams`` and, in the same order, the catalog entities behind them."""
    rows, entities = [], []
    for number in range(spec.teams):
        tag = f"team-{number:04d}" if number else "team/zero & co"
        entity = Entity(
            id=dice.cid("en"),
            tag=tag,
            type=TEAM_TYPE,
            name=f"Team {dice.title()}",
            last_updated=dice.stamp(),
            description=dice.title() if dice.happens(0.7) else None,
            is_archived=bool(number) and dice.happens(spec.archived_share),
        )
        rows.append(_team(dice, entity, people))
        entities.append(entity)
    order = dice.sample(range(len(rows)), len(rows))
    return [rows[n] for n in order], [entities[n] for n in order]


def _team(dice: Dice, entity: Entity, people: list[Row]) -> Row:
    row: Row = {
        "id": entity.id,
        "teamTag": entity.tag,
        "catalogEntityTag": entity.tag,
        "isArchived": entity.is_archived,
        "links": [_link(dice) for _ in range(dice.randint(0, 1))],
        "metadata": {"name": entity.name},
        "slackChannels": [slack_channel(dice, dice.word()) for _ in range(dice.randint(0, 1))],
    }
    dice.maybe(row["metadata"], "description", entity.description)
    dice.maybe(row["metadata"], "summary", dice.title())
    empty = dice.happens(MEMBER_LESS_SHARE)
    chosen = (
        [] if empty or not people else dice.sample(people, dice.randint(1, min(6, len(people))))
    )
    if dice.happens(0.6):
        row["type"] = "CORTEX"
        row["cortexTeam"] = {"members": [_member(dice, person) for person in chosen]}
    else:
        row["type"] = "IDP"
        row["idpGroup"] = {
            "group": f"group-{dice.word()}",
            "provider": dice.choice(IDP_PROVIDERS),
            "members": [_idp_member(dice, person) for person in chosen],
        }
    entity.members = [_catalog_member(dice, person) for person in chosen]
    return dice.unknown(row)


def _link(dice: Dice) -> Row:
    row: Row = {"name": "wiki", "type": "DOCUMENTATION", "url": "https://wiki.example.com/a b"}
    dice.maybe(row, "description", dice.title())
    return row


def _member(dice: Dice, person: Row) -> Row:
    roles: list[Row] = []
    if dice.happens(0.6):
        role: Row = {"type": "TEAM_ROLE", "tag": "engineer", "name": "Engineer"}
        dice.maybe(role, "source", "CATALOG")
        roles.append(role)
    if dice.happens(0.1):
        roles.append({"type": "MISCONFIGURED", "tag": "no-such-role"})
    row: Row = {
        "email": person["email"],
        "name": person["name"],
        "notificationsEnabled": dice.happens(0.5),
        "roles": roles,
    }
    dice.maybe(row, "description", "Joined from another team")
    dice.maybe(row, "role", roles[0] if roles else None)
    return row


def _idp_member(dice: Dice, person: Row) -> Row:
    role: Row = {"name": "member"}
    dice.maybe(role, "source", "OKTA")
    row: Row = {"id": dice.hex(10), "roles": [role]}
    dice.maybe(row, "role", role)
    dice.maybe(row, "email", person["email"])
    dice.maybe(row, "name", person["name"])
    return row


def _catalog_member(dice: Dice, person: Row) -> Row:
    row: Row = {"roles": [{"name": "engineer"}], "sources": [{"type": "ENTITY_DEFINED"}]}
    dice.maybe(row, "email", person["email"])
    dice.maybe(row, "name", person["name"])
    dice.maybe(row, "description", "Joined from another team")
    for name, value in (("provider", "OKTA"), ("externalId", "u1"), ("externalGroupId", "g1")):
        dice.maybe(row["sources"][0], name, value)
    return row


def member_key(member: Row) -> Any:
    """What tells members of one team apart: the email, else the IdP id, else the name."""
    return member.get("email") or member.get("id") or member.get("name")


def edges(dice: Dice, entities: list[Entity]) -> list[Row]:
    """Return the rows of ``/teams/relationships``: a forest of teams."""
    found = []
    for number in range(1, len(entities)):
        if dice.happens(0.6):
            row: Row = {
                "parentTeamTag": entities[dice.randrange(number)].tag,
                "childTeamTag": entities[number].tag,
            }
            dice.maybe(row, "provider", "WORKDAY")
            found.append(row)
    return found


def departments(dice: Dice, people: list[Row]) -> list[Row]:
    """Return the rows of ``/teams/departments``."""
    found = []
    for number in range(4):
        tag = f"department-{number}" if number else "r&d/core"
        row: Row = {
            "id": dice.cid("de"),
            "departmentTag": tag,
            "catalogEntityTag": tag,
            "name": dice.title(),
            "members": [_department_member(dice, person) for person in dice.some(people, 3)],
        }
        dice.maybe(row, "description", "An old way to group teams")
        found.append(row)
    return found


def _department_member(dice: Dice, person: Row) -> Row:
    row: Row = {"email": person["email"], "name": person["name"]}
    role: Row = {"type": "TEAM_ROLE", "tag": "lead", "name": "Lead"}
    if dice.happens(0.3):
        role = {"type": "MISCONFIGURED", "tag": "no-such-role"}
    dice.maybe(row, "description", dice.title())
    dice.maybe(row, "role", role)
    return row
