"""At which addresses, and with which parameters, each documented operation is asked."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from sandbox.cortex.generate.hostile import SHADOWED_TAG

from .cortex_client import segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cortex import Entity, World

    Target = tuple[str, dict[str, str]]

CATALOG = "/api/v1/catalog"


def living(world: World) -> list[Entity]:
    return [e for e in world.entities if not e.deleted and e.tag != SHADOWED_TAG]


def _dependencies(world: World) -> list[Target]:
    return [
        (
            f"{CATALOG}/{segment(entity.tag)}/dependencies/{segment(row['calleeTag'])}",
            {name: row[name] for name in ("method", "path") if row.get(name)},
        )
        for entity in living(world)
        for row in entity.dependencies
    ]


def _custom_data(world: World) -> list[Target]:
    return [
        (f"{CATALOG}/{entity.id}/custom-data/{segment(row['key'])}", {})
        for entity in living(world)
        for row in entity.custom_data[:3]
    ]


def _custom_events(world: World) -> list[Target]:
    return [
        (f"{CATALOG}/{entity.id}/custom-events/{row['uuid']}", {})
        for entity in living(world)
        for row in entity.custom_events[:3]
    ]


def _next_steps(world: World) -> list[Target]:
    return [
        (f"/api/v1/scorecards/{segment(card.tag)}/next-steps", {"entityTag": world.by_id()[e].tag})
        for card in world.scorecards
        for e in card.judged[:5]
    ]


def _badges(world: World) -> list[Target]:
    return [
        (f"/api/v1/scorecards/{segment(card.tag)}/entity/{entity_id}/badge", {})
        for card in world.scorecards
        for entity_id in card.judged[:2]
    ]


SPECIAL: dict[str, Callable[[World], list[Target]]] = {
    "/api/v1/catalog/{callerTag}/dependencies/{calleeTag}": _dependencies,
    "/api/v1/catalog/{tagOrId}/custom-data/{key}": _custom_data,
    "/api/v1/catalog/{tagOrId}/custom-events/{uuid}": _custom_events,
    "/api/v1/scorecards/{tag}/next-steps": _next_steps,
    "/api/v1/scorecards/{scorecardTag}/entity/{tagOrId}/badge": _badges,
    "/api/v1/catalog/custom-data": lambda w: [
        ("/api/v1/catalog/custom-data", {"tag": e.tag}) for e in living(w)
    ],
    "/api/v1/catalog/batch/{type}": lambda _: [("/api/v1/catalog/batch/service", {"key": "x"})],
    "/api/v1/queries/{jobId}": lambda _: [("/api/v1/queries/job-000001", {})] * 2,
}

VALUES: dict[str, Callable[[World], list[str]]] = {
    "tagOrId": lambda w: [e.tag for e in living(w)],
    "callerTag": lambda w: [e.tag for e in living(w)],
    "tag": lambda w: [card.tag for card in w.scorecards],
    "relationshipTypeTag": lambda w: [row["tag"] for row in w.relationship_types],
    "customMetricKey": lambda w: w.custom_metric_keys,
    "accountId": lambda w: [row["accountId"] for row in w.integrations["aws"]],
    "type": lambda w: [row["type"] for row in w.entity_types],
    "/api/v1/auth/key/{cid}": lambda w: [row["cid"] for row in w.api_keys],
    "/api/v1/catalog/{tagOrId}/documentation/openapi": lambda w: [
        e.id for e in living(w) if e.specs
    ],
    "/api/v1/eng-intel/labels/{id}": lambda w: [row["id"] for row in w.user_labels],
    "/api/v1/initiatives/{cid}": lambda w: [row["cid"] for row in w.initiatives],
    "/api/v1/plugins/{tag}": lambda w: [row["tag"] for row in w.plugins],
    "/api/v1/secrets/{tagOrId}": lambda w: [row["id"] for row in w.secrets],
    "/api/v1/teams/{tagOrId}": lambda w: [row["id"] for row in w.teams],
    "/api/v1/workflows/{tagOrId}": lambda w: [row["tag"] for row in w.workflows],
    "/scim/v2/Users/{id}": lambda w: [row["id"] for row in w.scim_users],
    "/api/v1/github/configurations/app/{alias}": lambda _: ["app"],
    "/api/v1/github/configurations/personal/{alias}": lambda _: ["personal"],
}
"""Values of a placeholder, by its name or by the whole path."""


def _aliases(world: World, path: str) -> list[str]:
    rows = world.integrations.get(path.split("/")[3], [])
    return [row["alias"] for row in rows] or ["no-such-alias"]


def targets(world: World, path: str) -> list[Target]:
    """Return the address and the needed parameters of every request that is worth making."""
    if path in SPECIAL:
        return SPECIAL[path](world)
    names = re.findall(r"{(\w+)}", path)
    choices = []
    for name in names:
        find = VALUES.get(path) or VALUES.get(name)
        choices.append(find(world) if find else _aliases(world, path))
    return [
        (path.format_map(dict(zip(names, map(segment, values), strict=True))), {})
        for values in itertools.product(*choices)
    ]
