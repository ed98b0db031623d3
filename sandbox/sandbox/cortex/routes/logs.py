"""Logs of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.keys import VIEW_AUDIT_LOGS, VIEW_GITOPS_LOGS, VIEW_NOTIFICATION_LOGS
from sandbox.cortex.order import arranged
from sandbox.cortex.paging import paged, selection
from sandbox.cortex.params import parse_instant
from sandbox.cortex.routing import Call, Routes
from sandbox.cortex.truth import discovery_key

from .entity import between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Row

routes = Routes()

AUDIT_FILTERS = {
    "actions": "action",
    "objectIdentifiers": "objectIdentifier",
    "objectTypes": "objectType",
    "actorEmails": "actorIdentifier",
    "actorApiKeyIdentifiers": "actorIdentifier",
    "actorIpAddresses": "ipAddress",
}
NOTIFICATION_FILTERS = {
    "notificationRunIds": "runId",
    "notificationTypes": "type",
    "statuses": "status",
    "recipientTypes": "recipientType",
    "recipientEmails": "recipientEmail",
    "recipientEntityIds": "recipientEntityId",
    "recipientChannels": "recipientChannel",
    "mediums": "medium",
    "ignoredReasons": "ignoredReason",
    "failedReasons": "failedReason",
}
RUN_FILTERS = {
    "notificationTypes": "notificationType",
    "statuses": "status",
    "mediums": "medium",
    "ignoredReasons": "ignoredReason",
    "failedReasons": "failedReason",
}
DISCOVERY_FILTERS = {"type": "type", "source": "source"}
"""Parameters that list values, each with the field it looks at."""


def _among(call: Call, rows: list[Row], filters: dict[str, str]) -> list[Row]:
    """Keep the rows whose field has one of the values that a parameter lists."""
    for name, field in filters.items():
        values = call.query.values(name)
        if values:
            rows = [row for row in rows if str(row.get(field)) in values]
    return rows


@routes.get("/api/v1/audit-logs", permission=VIEW_AUDIT_LOGS)
def list_audit_logs(call: Call) -> Answer:
    """List audit logs, in no order."""

    def build() -> list[Row]:
        rows = between(call, call.world.audit_logs, "timestamp", ("startTime", "endTime"))
        return _among(call, rows, AUDIT_FILTERS)

    return paged(call, "logs", selection(call, build))


@routes.get("/api/v1/gitops-logs", permission=VIEW_GITOPS_LOGS)
def list_gitops(call: Call) -> Answer:
    """List GitOps logs of the tenant."""

    def build() -> list[Row]:
        return [row for row in call.world.gitops_logs if _gitops_fits(call, row)]

    found = selection(call, build)
    return paged(
        call, "logs", arranged(call, "gitops", found, _gitops_key, lambda row: row["dateCreated"])
    )


def _gitops_key(row: Row) -> tuple[str, str]:
    return row["commit"], row["repository"]["repositoryName"]


def _gitops_fits(call: Call, row: Row) -> bool:
    text = call.query.text
    files = row["files"]
    changes = list(_changes(files))
    name = text("fileName") or text("file")
    fits = [
        text("sha") in {None, row["commit"]},
        text("repository") in {None, row["repository"]["repositoryName"]},
        not call.query.flag("errorOnly") or any(file.get("error") for file in files),
        name is None or any(file["fileName"] == name for file in files),
    ]
    kinds = {"tag": "entity", "scorecardTag": "scorecard", "workflowTag": "workflow"}
    for parameter, kind in kinds.items():
        tag = text(parameter)
        fits.append(tag is None or any(k == kind and c["tag"] == tag for k, c in changes))
    operation = text("operation")
    fits.append(operation is None or any(c["operation"] == operation for _, c in changes))
    return all(fits)


def _changes(files: list[Row]) -> Iterator[tuple[str, Row]]:
    for file in files:
        for kind in ("entity", "scorecard", "workflow"):
            if file.get(kind):
                yield kind, file[kind]


@routes.get("/api/v1/discovery-audit")
def list_discovery(call: Call) -> Answer:
    """List what discovery found; ignored events only when asked for."""

    def build() -> list[Row]:
        ignored = call.query.flag("includeIgnored")
        rows = [row for row in call.world.discovery_events if ignored or not row["isIgnored"]]
        return _among(call, rows, DISCOVERY_FILTERS)

    found = selection(call, build)
    rows = arranged(call, "discovery", found, discovery_key, lambda _: None)
    return paged(call, "events", rows)


@routes.get("/api/v1/notifications/logs", permission=VIEW_NOTIFICATION_LOGS)
def list_notifications(call: Call) -> Answer:
    """List notifications, newest first unless asked otherwise."""

    def build() -> list[Row]:
        return _among(call, _dated(call, call.world.notification_logs), NOTIFICATION_FILTERS)

    return paged(call, "logs", selection(call, build))


@routes.get("/api/v1/notifications/logs/run", permission=VIEW_NOTIFICATION_LOGS)
def list_runs(call: Call) -> Answer:
    """List notification runs; by default only those that delivered something."""

    def build() -> list[Row]:
        rows = _among(call, _dated(call, call.world.notification_runs), RUN_FILTERS)
        delivered = call.query.flag("deliveredOnly", default=True)
        return [row for row in rows if row["deliveredCount"] or not delivered]

    objects = call.query.flag("includeObjects")

    def show(row: Row) -> Row:
        return row if objects else {**row, "notificationObjects": []}

    return paged(call, "runs", selection(call, build), show)


def _dated(call: Call, rows: list[Row]) -> list[Row]:
    """Filter and sort by the date that notifications are filtered by."""
    field = call.options.notification_date
    descending = call.query.choice("orderBy", ("ASC", "DESC"), "DESC") == "DESC"
    found = between(call, rows, field, ("fromDate", "untilDate"))
    return sorted(found, key=lambda row: (parse_instant(row[field]), row["id"]), reverse=descending)
