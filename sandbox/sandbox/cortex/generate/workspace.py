"""What a workspace is set up with: relationships, plugins, workflows, catalogs, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .actions import actions
from .hostile import HOSTILE_METRIC_KEY, HOSTILE_RELATIONSHIP_TAG, HOSTILE_WORKFLOW_TAG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.cortex.model import Entity, Row
    from sandbox.cortex.world import WorldSpec

    from .dice import Dice

CUSTOM_METRIC_KEYS = ("deploy-frequency", HOSTILE_METRIC_KEY)
METRICS = (
    ("pr-cycle-time", "pull_requests", "mergedAt"),
    ("deploy-count", "deploys", "deployedAt"),
    ("incident mttr", "incidents", "resolvedAt"),
)
"""Keys of the metrics in the registry, where their events are, and the date that counts."""
RUN_STATES = ("COMPLETED", "FAILED", "CANCELLED", "RUNNING")
ICON = "lightning"
GROUP_FILTER: Row = {"entityGroups": ["tier-1"], "excludedEntityGroups": []}
TYPE_FILTER: Row = {"include": True, "types": ["service"]}
CQL_FILTER: Row = {
    "type": "CQL_FILTER",
    "category": "Service",
    "cqlVersion": "V2",
    "query": "entity.tag() != 'a/b'",
}
ENTITY_FILTERS: tuple[Row, ...] = (
    CQL_FILTER,
    {"type": "SERVICE_FILTER", "entityGroupFilter": GROUP_FILTER},
    {"type": "RESOURCE_FILTER", "entityGroupFilter": GROUP_FILTER, "typeFilter": TYPE_FILTER},
    {"type": "DOMAIN_FILTER", "entityGroupFilter": GROUP_FILTER},
    {"type": "TEAM_FILTER", "entityGroupFilter": GROUP_FILTER},
    {
        "type": "COMPOUND_FILTER",
        "cqlFilter": CQL_FILTER,
        "entityGroupFilter": GROUP_FILTER,
        "typeFilter": TYPE_FILTER,
    },
)


def relationship_types(dice: Dice) -> list[Row]:
    """Return the rows of ``/relationship-types``."""
    found = []
    for number, tag in enumerate(("depends-on", HOSTILE_RELATIONSHIP_TAG, "never-used")):
        row: Row = {
            "tag": tag,
            "name": dice.title(),
            "allowCycles": bool(number),
            "definitionLocation": ("SOURCE", "DESTINATION", "BOTH")[number],
            "destinationsFilter": {"include": True, "types": ["service"]},
            "sourcesFilter": {"include": False, "types": []},
            "inheritances": [{"inheritanceType": "NONE", "parameterTag": "owners"}][:number],
            "isCortexManaged": number == 0,
            "isSingleDestination": False,
            "isSingleSource": False,
        }
        for end in ("source", "destination"):
            for form in ("LabelPlural", "LabelSingular", "NamePlural", "NameSingular"):
                dice.maybe(row, end + form, dice.word())
        dice.maybe(row, "description", dice.title())
        found.append(row)
    return found


def relationships(
    dice: Dice, types: Sequence[Row], entities: Sequence[Entity]
) -> dict[str, list[Row]]:
    """Return the edges of every relationship type; the last type has none."""
    found: dict[str, list[Row]] = {row["tag"]: [] for row in types}
    for tag in list(found)[:-1]:
        for source in entities:
            if len(entities) > 1 and dice.happens(0.3):
                target = entities[dice.randrange(len(entities))]
                row: Row = {
                    "relationshipTypeTag": tag,
                    "sourceEntity": source.reference(),
                    "destinationEntity": target.reference(),
                }
                dice.maybe(row, "providerType", "WORKDAY")
                found[tag].append(row)
    return found


def plugins(dice: Dice) -> list[Row]:
    """Return the rows of ``/plugins``: one in three a draft."""
    found = []
    for number in range(len(ENTITY_FILTERS)):
        row: Row = {
            "tag": f"plugin-{number}",
            "name": dice.title(),
            "isDraft": number % 3 == 1,
            "lastUpdated": dice.stamp(),
            "minimumRoleRequired": dice.choice(("VIEWER", "USER", "custom-role")),
            "contexts": [
                {"type": "ENTITY", "entityFilter": ENTITY_FILTERS[number]},
                *([{"type": "GLOBAL"}] if number % 2 else []),
            ],
        }
        for name in ("description", "iconTag", "proxyTag", "version"):
            dice.maybe(row, name, dice.word())
        author: Row = {
            "dateCreated": dice.stamp(),
            "email": "ada@example.com",
            "name": "Ada Example",
            "oauthUserId": "oauth|" + dice.hex(8),
            "tenantId": 77,
        }
        dice.maybe(author, "id", 12)
        dice.maybe(author, "timezone", "Europe/Berlin")
        dice.maybe(author, "lastLogin", dice.stamp(20))
        dice.maybe(row, "createdBy", author)
        found.append(row)
    return found


def workflows(dice: Dice) -> list[Row]:
    """Return the rows of ``/workflows`` with their actions."""
    found = []
    for number in range(5):
        row: Row = {
            "tag": f"workflow-{number}" if number else HOSTILE_WORKFLOW_TAG,
            "name": dice.title(),
            "isDraft": number == 3,  # noqa: PLR2004
            "restrictActionCompletionToRunnerUser": dice.happens(0.3),
            "filter": _workflow_filter(number),
            "actions": actions(dice, number),
            "variables": [],
        }
        variable: Row = {"slug": "count", "type": "NUMBER"}
        dice.maybe(variable, "defaultValue", dice.choice((3, "three", {"n": 3}, [3])))
        row["variables"].append(variable)
        for name in ("description", "failedRunResponseTemplate", "runResponseTemplate", "iconTag"):
            dice.maybe(row, name, dice.title())
        dice.maybe(row, "isRunnableViaApi", value=True)
        dice.maybe(row, "runRestrictionPolicies", [{"id": "12", "type": "TEAM"}])
        found.append(row)
    return found


def _workflow_filter(number: int) -> Row:
    if number % 2 == 0:
        return {"type": "GLOBAL"}
    groups = {"entityGroups": ["tier-1"], "excludedEntityGroups": []}
    kinds = {"types": ["service"]}
    return {
        "type": "ENTITY",
        "ownershipScope": "ALL",
        "entityFilter": {"entityGroupFilter": groups, "typeFilter": kinds},
    }


def workflow_runs(spec: WorldSpec, dice: Dice, flows: Sequence[Row]) -> list[Row]:
    """Return workflow runs; what their rows look like is not documented."""
    found = []
    for number in range(max(1, spec.logs // 4)):
        row: Row = {
            "id": dice.uuid(),
            "status": RUN_STATES[number % len(RUN_STATES)],
            "workflow": {"tag": dice.choice(flows)["tag"]},
            "startedAt": dice.stamp(100),
        }
        found.append(dice.unknown(row))
    return found


def catalog_pages(dice: Dice) -> list[Row]:
    """Return the rows of ``/catalog-pages``."""
    found = []
    for number, slug in enumerate(("services", "domains", "my-view", "draft/view")):
        row: Row = {
            "slug": slug,
            "name": dice.title(),
            "isDraft": number == 3,  # noqa: PLR2004
            "type": "ENTITY_TYPE" if number % 2 else "RELATIONSHIP_TYPE",
            "isCortexManaged": number == 0,
            "filter": {
                "query": None,
                "types": {"include": ["service"], "exclude": []},
                "groups": {"include": [], "exclude": []},
            },
        }
        dice.maybe(row, "description", dice.title())
        dice.maybe(row, "iconTag", ICON)
        dice.maybe(row, "relationshipTypeTag", "depends-on")
        found.append(row)
    return found


def scaffolders(dice: Dice) -> list[Row]:
    """Return the rows of ``/scaffolders``."""
    found = []
    for number in range(3):
        row: Row = {"tag": f"scaffolder-{number}", "name": dice.title()}
        dice.maybe(row, "description", dice.title())
        found.append(dice.unknown(row, 1))
    return found


def user_labels(dice: Dice) -> list[Row]:
    """Return the rows of ``/eng-intel/labels``."""
    found = []
    for number in range(3):
        row: Row = {"id": dice.uuid(), "name": f"label {number}", "values": dice.some("abcd", 3)}
        dice.maybe(row, "description", dice.title())
        found.append(row)
    return found


def metric_definitions(dice: Dice) -> list[Row]:
    """Return the rows of the metric registry in their full view."""
    found = []
    for key, source, time in METRICS:
        row: Row = {
            "key": key,
            "displayName": key.title(),
            "readiness": {"type": "READY"},
            "supportedAggregations": ["AVG", "P95"],
            "type": "DURATION",
            "units": "seconds",
            "valence": "NEGATIVE",
            "sourceRef": source,
            "timeAttribute": {"name": time, "type": "DATETIME"},
        }
        if key.startswith("incident"):
            row["readiness"] = {
                "type": "NOT_READY",
                "hint": "Connect an incident provider",
                "docsUrl": "https://docs.example.com/incidents",
            }
        dice.maybe(row, "description", dice.title())
        found.append(row)
    return found


def resource_types(dice: Dice, prefix: str, count: int) -> list[Row]:
    """Return the rows of ``/aws/types`` or ``/azure-resources/types``."""
    found = [{"type": f"{prefix}{n:03d}", "enabled": dice.happens(0.7)} for n in range(count)]
    dice.shuffle(found)
    return found
