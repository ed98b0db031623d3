"""What a complete read of every stream must find: keys, not rows."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from .generate.dice import instant
from .generate.logs import audit_key
from .generate.teams import member_key
from .scoring import rule_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .model import Entity, Row
    from .world import World

Key = tuple[Any, ...]

TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "entity_types": ("entity_types", ("type",)),
    "catalogs": ("catalog_pages", ("slug",)),
    "relationship_types": ("relationship_types", ("tag",)),
    "teams": ("teams", ("id",)),
    "team_hierarchies": ("team_edges", ("parentTeamTag", "childTeamTag")),
    "departments": ("departments", ("id",)),
    "initiatives": ("initiatives", ("cid",)),
    "notification_logs": ("notification_logs", ("id",)),
    "notification_runs": ("notification_runs", ("id",)),
    "users": ("users", ("email",)),
    "user_roles": ("user_roles", ("email",)),
    "scim_users": ("scim_users", ("id",)),
    "api_keys": ("api_keys", ("cid",)),
    "ip_allowlist": ("ip_allowlist", ("address",)),
    "secrets": ("secrets", ("id",)),
    "plugins": ("plugins", ("tag",)),
    "workflows": ("workflows", ("tag",)),
    "workflow_runs": ("workflow_runs", ("id",)),
    "scaffolders": ("scaffolders", ("tag",)),
    "verification_periods": ("verification_periods", ("cid",)),
    "user_labels": ("user_labels", ("id",)),
    "metric_definitions": ("metric_definitions", ("key",)),
    "aws_types": ("aws_types", ("type",)),
    "azure_resource_types": ("azure_types", ("type",)),
}
"""Streams whose rows stand in one list of the world: the list, and the fields of the key."""

CHILDREN: dict[str, tuple[str, tuple[str, ...]]] = {
    "custom_data": ("custom_data", ("key", "source")),
    "custom_events": ("custom_events", ("uuid",)),
    "deploys": ("deploys", ("uuid",)),
    "packages": ("packages", ("id",)),
    "oncall_registrations": ("oncall_registrations", ("provider", "id")),
    "k8s_resources": ("k8s", ("cluster", "namespace", "type", "name")),
}
"""Streams with one list per entity; the entity id comes first in the key."""

Hidden = dict[str, "Callable[[World, Row], bool]"]

HIDDEN: Hidden = {
    "entity_types": lambda _, row: row["source"] == "CORTEX",
    "teams": lambda _, row: not _members(row),
    "initiatives": lambda world, row: row["isDraft"] or expired(world, row),
    "notification_runs": lambda _, row: not row["deliveredCount"],
    "plugins": lambda _, row: row["isDraft"],
    "aws_types": lambda _, row: not row["enabled"],
    "azure_resource_types": lambda _, row: not row["enabled"],
}
"""Rows that the server leaves out unless it is asked for them."""


def expired(world: World, row: Row) -> bool:
    """Whether the target date of an initiative has passed."""
    return dt.date.fromisoformat(row["targetDate"]) < world.now.date()


def _members(row: Row) -> list[Row]:
    part = row.get("cortexTeam") or row.get("idpGroup") or {}
    return list(part.get("members", []))


class Truth:
    """Expected keys by stream name.

    Call it: ``world.truth("deploys")`` is the set of key tuples, in the order of fields that the
    reference of the streams gives. Three streams have keys that the reader computes; here their
    natural keys stand instead (:meth:`keys` says which).

    Args:
        world: The world that is asked.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, stream: str, *, hidden: bool = True, teams: bool = False) -> set[Key]:
        """Return the keys of one stream.

        Args:
            stream: Name of a stream.
            hidden: Whether rows count that the server's defaults leave out.
            teams: Whether the catalog shows teams (the workspace has the feature).

        Raises:
            KeyError: No such stream.
        """
        return set(self.keys(stream, hidden=hidden, teams=teams))

    def count(self, stream: str, *, hidden: bool = True, teams: bool = False) -> int:
        """Return how many rows a stream has; identical audit logs count each."""
        return sum(1 for _ in self.keys(stream, hidden=hidden, teams=teams))

    def streams(self) -> list[str]:
        """Name every stream that this class knows."""
        return sorted({*TABLES, *CHILDREN, *self._special()})

    def keys(self, stream: str, *, hidden: bool = True, teams: bool = False) -> Iterator[Key]:
        """Yield the key of every row of one stream.

        ``audit_logs`` are told apart by timestamp, action, object type and identifier, actor and
        address; ``discovery_audit`` by type, source, mapping key as JSON and entity tag;
        ``integration_configurations`` by provider and alias (AWS: account id; none: "").

        Raises:
            KeyError: No such stream.
        """
        if stream in TABLES:
            name, fields = TABLES[stream]
            hide = HIDDEN.get(stream)
            for row in getattr(self.world, name):
                if hidden or hide is None or not hide(self.world, row):
                    yield tuple(row[field] for field in fields)
        elif stream in CHILDREN:
            name, fields = CHILDREN[stream]
            for entity in self.living(hidden=hidden, teams=teams):
                for row in getattr(entity, name):
                    yield (entity.id, *(row[field] for field in fields))
        else:
            yield from self._special()[stream](hidden=hidden, teams=teams)

    def listed(self, *, hidden: bool = True, teams: bool = False) -> list[Entity]:
        """Return the entities that the catalog lists, vanished ones among them."""
        world = self.world
        built_in = {row["type"] for row in world.entity_types if row["source"] == "CORTEX"}
        default = built_in | {"service", "domain"}
        return [
            entity
            for entity in (*world.entities, *(world.team_entities if teams and hidden else ()))
            if hidden or (not entity.is_archived and entity.type in default)
        ]

    def living(self, *, hidden: bool = True, teams: bool = False) -> list[Entity]:
        """Return the listed entities whose own routes answer."""
        return [e for e in self.listed(hidden=hidden, teams=teams) if not e.deleted]

    def _special(self) -> Mapping[str, Callable[..., Iterable[Key]]]:
        return {
            "entities": lambda **kw: ((e.id,) for e in self.listed(**kw)),
            "catalog_entity": lambda **kw: ((e.id,) for e in self.living(**kw)),
            "entity_descriptors": lambda **kw: (
                (e.tag,) for e in self.listed(**kw) if not e.is_archived
            ),
            "groups": lambda **kw: ((e.id, g) for e in self.living(**kw) for g in e.all_groups()),
            "documentation_openapi": lambda **kw: ((e.id,) for e in self.living(**kw) if e.specs),
            "dependencies": lambda **kw: (
                (row["callerTag"], row["calleeTag"], row.get("method") or "", row.get("path") or "")
                for e in self.living(**kw)
                for row in e.dependencies
            ),
            "oncall_current": lambda **kw: (
                (e.id, n) for e in self.living(**kw) for n in range(len(e.oncall_current))
            ),
            "aws_resources": lambda **kw: (
                (e.id, n) for e in self.living(**kw) for n in range(len(e.aws))
            ),
            "entity_gitops_logs": self._entity_gitops,
            "entity_hierarchy": lambda **kw: (
                (e.id, child) for e in self.listed(**kw) for child in e.children
            ),
            "entity_owners": self._owners,
            "entity_links": lambda **kw: (
                (e.id, link["name"], link["type"], link["url"])
                for e in self.listed(**kw)
                for link in e.links
            ),
            "entity_metadata": lambda **kw: (
                (e.id, row["key"]) for e in self.listed(**kw) for row in e.metadata()
            ),
            "team_members": lambda **_: (
                (row["id"], member_key(m)) for row in self.world.teams for m in _members(row)
            ),
            "relationships": lambda **_: (
                (tag, row["sourceEntity"]["id"], row["destinationEntity"]["id"])
                for tag, rows in self.world.relationships.items()
                for row in rows
            ),
            "scorecards": lambda hidden=True, **_: (
                (card.tag,) for card in self.world.scorecards if hidden or not card.is_draft
            ),
            "scorecard_descriptors": lambda **_: ((card.tag,) for card in self.world.scorecards),
            "scorecard_rules": lambda **_: (
                (card.tag, rule_key(rule))
                for card in self.world.scorecards
                for rule in card.row["rules"]
            ),
            "scorecard_levels": lambda **_: (
                (card.tag, step["level"]["number"])
                for card in self.world.scorecards
                for step in card.levels
            ),
            "scorecard_scores": lambda **_: (
                (card.tag, judged) for card in self.world.scorecards for judged in card.judged
            ),
            "entity_scorecards": lambda **_: (
                (judged, card.id) for card in self.world.scorecards for judged in card.judged
            ),
            "scorecard_rule_results": lambda **_: (
                (card.tag, judged, rule_key(rule))
                for card in self.world.scorecards
                for judged in card.judged
                for rule in card.row["rules"]
            ),
            "scorecard_rule_exemptions": self._exemptions,
            "scorecard_next_steps": self._next_steps,
            "audit_logs": lambda **_: (audit_key(row) for row in self.world.audit_logs),
            "gitops_logs": lambda **_: (
                (
                    row["commit"],
                    row["repository"]["provider"],
                    row["repository"]["repositoryName"],
                    row["dateCreated"],
                )
                for row in self.world.gitops_logs
            ),
            "discovery_audit": lambda hidden=True, **_: (
                discovery_key(row)
                for row in self.world.discovery_events
                if hidden or not row["isIgnored"]
            ),
            "custom_metrics": self._custom_metrics,
            "deploys_search": lambda **_: (
                (row["uuid"],) for e in self.world.entities for row in e.deploys
            ),
            "deploy_environments": lambda **_: ((name,) for name in environments(self.world)),
            "verifications": lambda **_: (
                (row["period"]["cid"], row["entity"]["id"]) for row in self.world.verifications
            ),
            "integration_configurations": lambda **_: (
                (provider, row.get("alias") or row.get("accountId") or "")
                for provider, rows in self.world.integrations.items()
                for row in rows
            ),
        }

    def _entity_gitops(self, **kw: bool) -> Iterator[Key]:
        latest = self.world.latest_gitops()
        for entity in self.living(**kw):
            for row in latest.get(entity.tag, []):
                name = row["repository"]["repositoryName"]
                yield (entity.id, name, row["fileName"], row["commit"])

    def _owners(self, **kw: bool) -> Iterator[Key]:
        for entity in self.listed(**kw):
            for team in entity.owner_teams:
                yield (entity.id, "team", team["id"])
            for person in entity.owner_people:
                yield (entity.id, "individual", person["email"])

    def _exemptions(self, **_: bool) -> Iterator[Key]:
        entities = self.world.by_id()
        for card in self.world.scorecards:
            for judged in card.judged:
                for row in self.world.scoring.exemptions(card, entities[judged]):
                    yield (card.tag, judged, row["ruleIdentifier"], row["requestedDate"])

    def _next_steps(self, **_: bool) -> Iterator[Key]:
        entities = self.world.by_id()
        for card in self.world.scorecards:
            for judged in card.judged:
                entity = entities[judged]
                steps = self.world.scoring.next_steps(card, entity)
                for number in range(len(steps)):
                    yield (card.tag, entity.tag, number)

    def _custom_metrics(self, **kw: bool) -> Iterator[Key]:
        for key in self.world.custom_metric_keys:
            for entity in self.living(**kw):
                for moment, _ in self.world.scoring.metric_points(key, entity):
                    yield (key, entity.id, instant(moment))


def discovery_key(row: Row) -> Key:
    """What tells discovery events apart; the ids of the vendor are not in the row."""
    mapping = json.dumps(row["mappingKey"], sort_keys=True)
    return (row["type"], row["source"], mapping, (row.get("entity") or {}).get("tag"))


def environments(world: World) -> list[str]:
    """Return the distinct environments of all deploys, sorted."""
    rows = (row for entity in world.entities for row in entity.deploys)
    return sorted({row["environment"] for row in rows if row.get("environment")})
