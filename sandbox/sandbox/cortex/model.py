"""The things a Cortex workspace is made of.

Rows that the API hands out as they are stand here as plain JSON objects (:data:`Row`). Only what
the server has to reason about (an entity, a scorecard) has a class of its own.
"""

from __future__ import annotations

import dataclasses
from typing import Any

Row = dict[str, Any]
"""One JSON object, as the API shows it."""

TEAM_TYPE = "team"
DOMAIN_TYPE = "domain"
SERVICE_TYPE = "service"


@dataclasses.dataclass(slots=True)
class Entity:
    """One catalog entity and everything that hangs on it.

    ``parents`` and ``children`` hold entity ids; every other list holds rows as the API shows
    them, except ``custom_data``, from which the ``metadata`` of the entity is derived.
    """

    id: str
    tag: str
    type: str
    name: str
    last_updated: str
    description: str | None = None
    is_archived: bool = False
    deleted: bool = False
    """Still listed, but every route below it answers 404: it vanished while being read."""
    groups: list[str] = dataclasses.field(default_factory=list)
    git: Row | None = None
    definition: Any = None
    owner_teams: list[Row] = dataclasses.field(default_factory=list)
    owner_people: list[Row] = dataclasses.field(default_factory=list)
    links: list[Row] = dataclasses.field(default_factory=list)
    slack_channels: list[Row] = dataclasses.field(default_factory=list)
    members: list[Row] = dataclasses.field(default_factory=list)
    """People of a team; empty for every other type."""
    parents: list[str] = dataclasses.field(default_factory=list)
    children: list[str] = dataclasses.field(default_factory=list)
    extra: Row = dataclasses.field(default_factory=dict)
    """Fields that no document mentions."""

    custom_data: list[Row] = dataclasses.field(default_factory=list)
    custom_events: list[Row] = dataclasses.field(default_factory=list)
    dependencies: list[Row] = dataclasses.field(default_factory=list)
    deploys: list[Row] = dataclasses.field(default_factory=list)
    packages: list[Row] = dataclasses.field(default_factory=list)
    oncall_current: list[Row] = dataclasses.field(default_factory=list)
    oncall_registrations: list[Row] = dataclasses.field(default_factory=list)
    k8s: list[Row] = dataclasses.field(default_factory=list)
    aws: list[Row] = dataclasses.field(default_factory=list)
    api_groups: list[str] = dataclasses.field(default_factory=list)
    """Groups added by API: the groups route shows them, the catalog list does not."""
    specs: dict[str, str] = dataclasses.field(default_factory=dict)
    """OpenAPI texts by link name; the first one answers a request without a name."""

    def metadata(self) -> list[Row]:
        """Key and value of the custom data, one row per key."""
        values = {row["key"]: row["value"] for row in self.custom_data}
        return [{"key": key, "value": value} for key, value in values.items()]

    def all_groups(self) -> list[str]:
        """Groups of the descriptor, then those added by API."""
        return list(dict.fromkeys([*self.groups, *self.api_groups]))

    def reference(self) -> Row:
        """The short form that relationships use."""
        return {
            "id": self.id,
            "tag": self.tag,
            "name": self.name,
            "type": self.type,
            "description": self.description,
        }


@dataclasses.dataclass(slots=True)
class Scorecard:
    """One scorecard: its row, and which entities it judges.

    The scores themselves are computed when they are asked for, see
    :mod:`sandbox.cortex.scoring`.
    """

    id: int
    row: Row
    """As ``/scorecards`` shows it."""
    judged: list[str]
    """Ids of the entities it has evaluated, in the order they are served; empty for a draft."""

    @property
    def tag(self) -> str:
        """The tag of the row."""
        return str(self.row["tag"])

    @property
    def is_draft(self) -> bool:
        """Whether the default of the list hides it."""
        return bool(self.row["isDraft"])

    @property
    def levels(self) -> list[Row]:
        """The ladder, number 1 being the highest; empty when the card has none."""
        return list(self.row.get("levels") or [])
