"""Audit logs, GitOps logs, notifications, and what discovery found."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from .dice import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.cortex.model import Entity, Row, Scorecard
    from sandbox.cortex.world import WorldSpec

    from .dice import Dice

NOTIFICATION_TYPES = (
    "INITIATIVE_CREATION",
    "WEEKLY_REPORT",
    "SERVICE_REEVALUATED",
    "ENTITY_SCORE_DROPPED",
    "VERIFICATION_PERIOD_STARTED",
)
MEDIUMS = ("SLACK", "MICROSOFT_TEAMS", "EMAIL", "WEBHOOK")
DISCOVERIES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("GITHUB", "NEW_REPOSITORY", "GITHUB", ("repoName", "basePath", "alias")),
    ("AZURE_DEVOPS", "REPOSITORY_DELETED", "AZURE_DEVOPS", ("projectName", "repoName", "basePath")),
    ("BITBUCKET", "REPOSITORY_DELETED", "BITBUCKET", ("repoName", "basePath", "alias")),
    ("GITLAB", "REPOSITORY_ARCHIVED", "GITLAB", ("projectId", "alias", "basePath")),
    ("AZURE_RESOURCES", "NEW_AZURE_RESOURCE", "AZURE_RESOURCES", ("identifier", "alias")),
    ("K8S", "NEW_K8S_RESOURCE", "K8S", ("identifier",)),
    ("AWS", "NEW_AWS_RESOURCE", "AWS", ("arn",)),
    ("ECS", "ECS_RESOURCE_NOT_DETECTED", "ECS", ("clusterArn", "serviceArn")),
    ("GCP", "NEW_GOOGLE_CLOUD_RESOURCE", "GCP", ("projectId", "resourceName")),
    ("DATADOG", "APM_RESOURCE_NOT_DETECTED", "DATADOG", ("serviceName",)),
    ("DYNATRACE", "NEW_APM_RESOURCE", "DYNATRACE", ("entityId",)),
    ("INSTANA", "NEW_APM_RESOURCE", "INSTANA", ("label",)),
    ("LIGHTSTEP", "NEW_APM_RESOURCE", "LIGHTSTEP", ("name",)),
    ("NEWRELIC", "APM_RESOURCE_NOT_DETECTED", "NEWRELIC", ("id",)),
    ("LAMBDA", "AWS_RESOURCE_NOT_DETECTED", "LAMBDA", ("arn",)),
    ("SERVICENOW", "NEW_APM_RESOURCE", "SERVICENOW", ("id", "tableName")),
)
"""Source, event, and the mapping key with its fields."""
REQUIRED_EXTRAS = {"K8S": {"k8sType": "DEPLOYMENT"}, "GCP": {"resourceType": "SQL"}}
OPERATIONS = ("CREATED", "UPDATED", "ARCHIVED", "NO_CHANGE")


def audit_logs(spec: WorldSpec, dice: Dice, entities: Sequence[Entity]) -> list[Row]:
    """Return the rows of ``/audit-logs``: no id, in no order, all six fields differing."""
    found: dict[tuple[Any, ...], Row] = {}
    while len(found) < spec.logs:
        row: Row = {
            "action": dice.choice(("CREATE", "UPDATE", "DELETE")),
            "objectIdentifier": dice.choice(entities).tag if entities else dice.word(),
            "objectType": dice.choice(("CATALOG", "TEAM", "SCORECARD", "AWS_CONFIGURATION")),
            "timestamp": dice.stamp(200),
        }
        dice.maybe(row, "actorIdentifier", dice.choice(("ada@example.com", "key-1234")))
        dice.maybe(row, "ipAddress", f"192.0.2.{dice.randint(1, 254)}")
        found.setdefault(audit_key(row), row)
    return list(found.values())


def audit_key(row: Row) -> tuple[Any, ...]:
    """The six fields that tell audit logs apart."""
    names = ("timestamp", "action", "objectType", "objectIdentifier")
    return (*(row[n] for n in names), row.get("actorIdentifier"), row.get("ipAddress"))


def gitops_logs(spec: WorldSpec, dice: Dice, entities: Sequence[Entity]) -> list[Row]:
    """Return the rows of ``/gitops-logs``."""
    found = []
    for number in range(spec.logs):
        repository = {
            "provider": dice.choice(("AZURE_DEVOPS", "BITBUCKET", "GITHUB", "GITLAB")),
            "repositoryName": f"example/catalog-{dice.randint(1, 9)}",
        }
        files = [_file(dice, number * 3 + n, entities) for n in range(dice.randint(0, 3))]
        row: Row = {
            "commit": dice.hex(40),
            "dateCreated": dice.stamp(200),
            "repository": repository,
            "files": files,
        }
        found.append(dice.unknown(row, 0.1))
    return found


def _file(dice: Dice, number: int, entities: Sequence[Entity]) -> Row:
    row: Row = {"fileName": f".cortex/catalog/{number}.yaml", "isPackageFile": False}
    operation = dice.choice(OPERATIONS)
    kind = dice.randrange(5)
    if kind == 0 or not entities:
        row["error"] = {"errorType": "INVALID_YAML", "message": "mapping expected at line 3"}
        row["entity"] = None
    elif kind == 1:
        row["scorecard"] = {"name": dice.title(), "operation": operation, "tag": dice.word()}
    elif kind == 2:  # noqa: PLR2004
        row["workflow"] = {"name": dice.title(), "operation": operation, "tag": dice.word()}
    else:
        entity = dice.choice(entities)
        row["entity"] = {
            "name": entity.name,
            "operation": operation,
            "tag": entity.tag,
            "type": entity.type,
        }
        dice.maybe(row, "workflow", None)
    return row


def discovery(spec: WorldSpec, dice: Dice, entities: Sequence[Entity]) -> list[Row]:
    """Return the rows of ``/discovery-audit``: no id and no date."""
    found = []
    for number in range(spec.logs):
        source, kind, key_type, fields = DISCOVERIES[number % len(DISCOVERIES)]
        key: Row = {"type": key_type} | {name: f"{name}-{number}" for name in fields}
        key |= REQUIRED_EXTRAS.get(key_type, {})
        row: Row = {
            "type": kind,
            "source": source,
            "isIgnored": dice.happens(0.2),
            "mappingKey": key,
        }
        if entities and dice.happens(0.5):
            entity = dice.choice(entities)
            row["entity"] = {"tag": entity.tag, "name": entity.name, "type": entity.type}
            dice.maybe(row["entity"], "description", dice.title())
        else:
            dice.maybe(row, "entity", None)
        found.append(row)
    dice.shuffle(found)
    return found


def notification_runs(spec: WorldSpec, dice: Dice, cards: Sequence[Scorecard]) -> list[Row]:
    """Return the rows of ``/notifications/logs/run``; a fifth of them delivered nothing."""
    found = []
    for number in range(max(1, spec.logs // 3)):
        status = dice.choice(
            ("COMPLETED", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "IGNORED")
        )
        row: Row = {
            "id": 9_000_000_000 + number * 3,
            "medium": dice.choice(MEDIUMS),
            "notificationType": dice.choice(NOTIFICATION_TYPES),
            "status": status,
            "deliveredCount": dice.randint(1, 9) if status.startswith("COMPLETED") else 0,
            "seqNo": dice.randint(0, 1),
            "summary": dice.title(),
            "notificationObjects": [_object(dice, card) for card in dice.some(cards, 2)],
        }
        if status == "FAILED":
            row |= {"failedReason": "INTERNAL_ERROR", "errorMessage": "Broken pipe"}
        elif status == "IGNORED":
            row["ignoredReason"] = "NO_RECIPIENTS"
        dice.maybe(row, "originalRunId", row["id"] - 3 if row["seqNo"] else None)
        _dates(dice, row)
        found.append(row)
    dice.shuffle(found)
    return found


def _object(dice: Dice, card: Scorecard) -> Row:
    row: Row = {"id": card.id, "name": card.row["name"], "type": "SCORECARD"}
    dice.maybe(row, "cid", dice.cid("sc"))
    dice.maybe(row, "tag", card.tag)
    dice.maybe(row, "url", f"https://app.example.com/scorecards/{card.id}")
    return row


def notification_logs(spec: WorldSpec, dice: Dice, runs: Sequence[Row]) -> list[Row]:
    """Return the rows of ``/notifications/logs``."""
    found = []
    for number in range(spec.logs):
        run = dice.choice(runs)
        status = dice.choice(("READY", "IGNORED", "FAILED", "DELIVERED", "DELIVERED"))
        kind = dice.choice(("USER", "TEAM", "ENTITY"))
        row: Row = {
            "id": 5_000_000_000 + number * 7,
            "runId": run["id"],
            "medium": run["medium"],
            "type": run["notificationType"],
            "status": status,
            "recipientType": kind,
        }
        _dates(dice, row)
        if status == "FAILED":
            row |= {"failedReason": "CHANNEL_NOT_FOUND", "errorMessage": "no #general here"}
        elif status == "IGNORED":
            row["ignoredReason"] = "USER_UNSUBSCRIBED"
        elif status == "DELIVERED":
            row["dateDelivered"] = row["dateUpdated"]
        if kind == "USER":
            row |= {"recipientEmail": "ada@example.com", "recipientUserId": 7}
        else:
            dice.maybe(row, "recipientChannel", "#general")
            dice.maybe(row, "recipientEntityId", dice.getrandbits(31))
        found.append(row)
    dice.shuffle(found)
    return found


def _dates(dice: Dice, row: Row) -> None:
    created = dice.moment(200)
    later = created + dt.timedelta(seconds=dice.randrange(3600))
    row["dateCreated"] = instant(created, 3)
    row["dateUpdated"] = instant(min(later, dice.now), dice.choice((0, 3, 6)))
