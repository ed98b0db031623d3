"""Show an entity as the list, the details and the descriptors show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answers import BAD_REQUEST, ApiError

if TYPE_CHECKING:
    from .model import Entity, Row
    from .params import Params
    from .world import World

FULL = "full"
ENDLESS = 1_000_000


def hierarchy_depth(query: Params) -> int:
    """Return how many floors of the hierarchy are shown, by default all of them.

    Raises:
        ApiError: The value is neither ``full`` nor a number.
    """
    text = query.text("hierarchyDepth") or FULL
    if text == FULL:
        return ENDLESS
    if not text.isdigit():
        raise ApiError(BAD_REQUEST, f"Invalid hierarchyDepth: {text}", "BAD_REQUEST")
    return int(text)


class Renderer:
    """Make rows of entities under the parameters of one request.

    Args:
        world: Where related entities are looked up.
        query: The parameters.

    Raises:
        ApiError: The depth of the hierarchy cannot be read.
    """

    def __init__(self, world: World, query: Params) -> None:
        self.by_id = world.by_id()
        self.depth = hierarchy_depth(query)
        self.with_groups = "groups" in query.values("includeHierarchyFields")
        self.links = query.flag("includeLinks")
        self.metadata = query.flag("includeMetadata")
        self.channels = query.flag("includeSlackChannels")
        self.owners = query.flag("includeOwners")
        self.members = "team:members" in query.values("includeNestedFields")

    def summary(self, entity: Entity) -> Row:
        """Return a row of the list: what was not asked for is empty, not absent."""
        row = self._common(entity)
        row["links"] = entity.links if self.links else []
        row["metadata"] = entity.metadata() if self.metadata else []
        row["slackChannels"] = entity.slack_channels if self.channels else []
        row["owners"] = self._owners(entity) if self.owners else None
        if self.members and entity.type == "team":
            row["members"] = entity.members
        return row

    def details(self, entity: Entity, *, owners: bool) -> Row:
        """Return the single object: metadata always, owners under two other names."""
        row = self._common(entity)
        row["links"] = entity.links
        row["metadata"] = entity.metadata()
        row["slackChannels"] = entity.slack_channels
        row["definition"] = entity.definition
        row["ownersV2"] = self._owners(entity) if owners else None
        row["ownership"] = {
            "emails": [{**person, "inheritance": "APPEND"} for person in entity.owner_people],
            "groups": [
                {"groupName": team["tag"]}
                | {name: team.get(name) for name in ("provider", "description", "inheritance")}
                for team in entity.owner_teams
            ],
            "slackChannels": [
                {
                    "channel": row["name"],
                    "notificationsEnabled": row["notificationsEnabled"],
                    "description": row.get("description"),
                    "inheritance": "NONE",
                }
                for row in entity.slack_channels
            ],
        }
        return row

    def _common(self, entity: Entity) -> Row:
        return {
            "id": entity.id,
            "tag": entity.tag,
            "type": entity.type,
            "name": entity.name,
            "description": entity.description,
            "groups": entity.groups,
            "git": entity.git,
            "isArchived": entity.is_archived,
            "lastUpdated": entity.last_updated,
            "hierarchy": {
                "parents": self._nodes(entity, "parents", self.depth),
                "children": self._nodes(entity, "children", self.depth),
            },
            **entity.extra,
        }

    @staticmethod
    def _owners(entity: Entity) -> Row:
        return {"teams": entity.owner_teams, "individuals": entity.owner_people}

    def _nodes(self, entity: Entity, direction: str, depth: int) -> list[Row]:
        if depth <= 0:
            return []
        found = []
        for entity_id in getattr(entity, direction):
            other = self.by_id[entity_id]
            row = other.reference()
            row["definition"] = other.definition
            row["groups"] = other.groups if self.with_groups else None
            row[direction] = self._nodes(other, direction, depth - 1)
            found.append(row)
        return found


def descriptor(world: World, entity: Entity) -> Row:
    """Return the descriptor: what was written down, and nothing that was set by API."""
    by_id = world.by_id()
    info: dict[str, Any] = {
        "title": entity.name,
        "x-cortex-tag": entity.tag,
        "x-cortex-type": entity.type,
    }
    optional: Row = {
        "description": entity.description,
        "x-cortex-groups": entity.groups,
        "x-cortex-link": [
            {"name": link["name"], "type": link["type"], "url": link["url"]}
            for link in entity.links
        ],
        "x-cortex-parents": [{"tag": by_id[parent].tag} for parent in entity.parents],
        "x-cortex-children": [{"tag": by_id[child].tag} for child in entity.children],
        "x-cortex-custom-metadata": {
            row["key"]: row["value"] for row in entity.custom_data if row["source"] == "YAML"
        },
        "x-cortex-definition": entity.definition,
        "x-cortex-owners": [
            *({"type": "group", "name": team["tag"]} for team in entity.owner_teams),
            *({"type": "email", "email": person["email"]} for person in entity.owner_people),
        ],
        "x-cortex-git": (
            {entity.git["provider"].lower(): {"repository": entity.git["repository"]}}
            if entity.git
            else None
        ),
        "x-cortex-oncall": {
            row["provider"].lower(): {"id": row["id"]} for row in entity.oncall_registrations
        },
    }
    info.update({name: value for name, value in optional.items() if value})
    return {"openapi": "3.0.1", "info": info}
