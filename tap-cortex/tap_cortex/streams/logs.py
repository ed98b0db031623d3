"""Logs of every kind."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.sources.single import envelope
from tap_cortex.client import by_field
from tap_cortex.log import Log
from tap_cortex.schemas import logs as tables
from tap_cortex.streams.base import Incremental, ListStream
from tap_cortex.values import digest, member
from tap_cortex.windows import WindowSource

if TYPE_CHECKING:
    from singer_rest.sources.base import Source
    from tap_cortex.client import Key, Record

AUDITED = (
    "timestamp",
    "action",
    "objectType",
    "objectIdentifier",
    "actorIdentifier",
    "ipAddress",
)


def audit_key(row: Record) -> str | None:
    """Return a digest of the six fields that a log has; nothing where it has none of them."""
    values = [row.get(name) for name in AUDITED]
    return digest(*values) if any(values) else None


class LogStream(ListStream, Incremental):
    """A log that the server filters by time.

    Attributes:
        dates: Parameters for both ends of a span.
        key_column: Where a key made up by the tap goes.
    """

    is_history = True
    selected_by_default = False
    cost = "1 request per page of time, 1 for every span that is cut, 1 more if all is one page"
    dates: ClassVar[tuple[str, str]]
    key_column: ClassVar[str] = ""

    def log_key(self) -> Key:
        """Return what tells rows apart."""
        return by_field("id")

    def new_source(self) -> Source:
        """Return the log from the bookmark to the start of the run."""
        assert isinstance(self.envelope, str)  # noqa: S101  # documented routes have one key
        log = Log(
            request=self.api.request(self.path, self.query()),
            rows=envelope(self.envelope),
            since=self.dates[0],
            until=self.dates[1],
            key=self.log_key(),
            date=self.replication_key or "",
            key_column=self.key_column,
        )
        margin = dt.timedelta(seconds=self.config["log_margin_seconds"])
        return WindowSource(self.api, log, self.since(), self.tap.upper_bound - margin)


class AuditLogs(LogStream):
    """Who changed what, and when."""

    name = "audit_logs"
    table = tables.AUDIT_LOGS
    route = "GET /audit-logs"
    permission = "View audit logs"
    replication_key = "timestamp"
    path = "/audit-logs"
    envelope = "logs"
    dates = ("startTime", "endTime")
    key_column = "log_key"

    def log_key(self) -> Key:
        """Return a digest: audit logs have no id."""
        return audit_key


class NotificationLogs(LogStream):
    """Every notification to every recipient, and what became of it."""

    name = "notification_logs"
    table = tables.NOTIFICATION_LOGS
    route = "GET /notifications/logs"
    permission = "View Notification logs"
    replication_key = "dateCreated"
    path = "/notifications/logs"
    envelope = "logs"
    params: ClassVar[dict[str, Any]] = {"orderBy": "ASC"}
    dates = ("fromDate", "untilDate")


class NotificationRuns(LogStream):
    """Every occasion on which notifications were made, delivered or not."""

    name = "notification_runs"
    table = tables.NOTIFICATION_RUNS
    route = "GET /notifications/logs/run"
    permission = "View Notification logs"
    replication_key = "dateCreated"
    filtered_by = ("include_undelivered",)
    path = "/notifications/logs/run"
    envelope = "runs"
    params: ClassVar[dict[str, Any]] = {"orderBy": "ASC", "includeObjects": True}
    dates = ("fromDate", "untilDate")

    @property
    def covers(self) -> str:
        """Return that runs which delivered nothing are left out, if they are."""
        return "" if self.config["include_undelivered"] else "delivered only"

    def widen(self, covered: str) -> bool:
        """Read all of the past where the bookmark left runs out that are wanted now."""
        return not covered

    def query(self) -> dict[str, Any]:
        """Ask for runs that delivered nothing, too: the server's default hides them."""
        return {**super().query(), "deliveredOnly": not self.config["include_undelivered"]}


class GitopsLogs(ListStream):
    """Every commit that Cortex read, and what came of each of its files."""

    name = "gitops_logs"
    table = tables.GITOPS_LOGS
    route = "GET /gitops-logs"
    permission = "View GitOps logs"
    is_history = True
    path = "/gitops-logs"
    envelope = "logs"
    may_repeat = True

    def row(self, record: Record) -> Record:
        """Return the log with the repository lifted out."""
        repository = record.get("repository")
        return {
            **record,
            "repository_provider": member(repository, "provider") or "",
            "repository_name": member(repository, "repositoryName") or "",
        }


class DiscoveryAudit(ListStream):
    """What discovery found that the catalog does not show, or shows no longer."""

    name = "discovery_audit"
    table = tables.DISCOVERY_AUDIT
    route = "GET /discovery-audit"
    filtered_by = ("include_ignored",)
    path = "/discovery-audit"
    envelope = "events"
    flags: ClassVar[dict[str, str]] = {"includeIgnored": "include_ignored"}
    may_repeat = True

    def row(self, record: Record) -> Record:
        """Return the event with a key made up from what it is about."""
        tag = member(record.get("entity"), "tag")
        parts = record.get("type"), record.get("source"), record.get("mappingKey"), tag
        return {**record, "entity_tag": tag, "event_key": digest(*parts)}
