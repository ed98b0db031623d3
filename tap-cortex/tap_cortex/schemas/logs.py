"""Tables of logs."""

from __future__ import annotations

from singer_rest.records.columns import ARRAY, BOOLEAN, INSTANT, INTEGER, OBJECT, TEXT

from .common import cols, table

AUDIT_LOGS = table(
    ("log_key",),
    cols(
        TEXT,
        log_key="Made up here, for audit logs have no id: a digest of the six fields below, and "
        "of a running number where several logs agree in all of them.",
        action="CREATE, UPDATE or DELETE.",
        objectType="Kind of thing that was changed.",
        objectIdentifier="Identifies the thing that was changed.",
        actorIdentifier="Who changed it: an email, or an API key's name.",
        ipAddress="Address the change came from.",
    ),
    cols(INSTANT, timestamp="When it was changed."),
)
GITOPS_LOGS = table(
    ("commit", "repository_provider", "repository_name", "dateCreated"),
    cols(
        TEXT,
        commit="Commit that was read.",
        repository_provider="System that hosts the repository.",
        repository_name="Path of the repository at its host, such as org/repo.",
    ),
    cols(INSTANT, dateCreated="When the commit was read."),
    cols(OBJECT, repository="Repository as the server shows it: provider and repositoryName."),
    cols(ARRAY, files="What came of each file: entity, scorecard or workflow changed, or error."),
)
DISCOVERY_AUDIT = table(
    ("event_key",),
    cols(
        TEXT,
        event_key="Made up here, for events have no id: a digest of type, source, mappingKey and "
        "the tag of the entity.",
        type="What was discovered, such as NEW_REPOSITORY.",
        source="Integration that discovered it.",
        entity_tag="Tag of the entity concerned, if there is one.",
    ),
    cols(BOOLEAN, isIgnored="Whether somebody chose to ignore the event."),
    cols(
        OBJECT,
        mappingKey="What was found, in the terms of the integration.",
        entity="The entity concerned: tag, name, type, description.",
    ),
)
_NOTIFICATION = (
    *cols(INTEGER, id="Number that Cortex gave it; a higher one is newer."),
    *cols(
        TEXT,
        status="How it went; the values are not documented.",
        medium="SLACK, MICROSOFT_TEAMS, EMAIL or WEBHOOK.",
        failedReason="Why it failed.",
        ignoredReason="Why it was not sent.",
        errorMessage="What the medium answered, in words.",
    ),
    *cols(
        INSTANT,
        dateCreated="When Cortex made the record of it.",
        dateUpdated="When its status last changed.",
    ),
)
NOTIFICATION_LOGS = table(
    ("id",),
    _NOTIFICATION,
    cols(
        INTEGER,
        runId="Run that sent it: notification_runs.id.",
        recipientUserId="Number of the user it went to.",
        recipientEntityId="Number of the entity it went to.",
    ),
    cols(
        TEXT,
        type="Kind of notification, such as WEEKLY_REPORT.",
        recipientType="USER, TEAM or ENTITY.",
        recipientEmail="Email it went to.",
        recipientChannel="Channel it went to.",
    ),
    cols(INSTANT, dateDelivered="When it reached the recipient."),
)
NOTIFICATION_RUNS = table(
    ("id",),
    _NOTIFICATION,
    cols(
        TEXT,
        notificationType="Kind of notification, such as WEEKLY_REPORT.",
        summary="What the run was about.",
    ),
    cols(
        INTEGER,
        deliveredCount="How many rows of notification_logs reached somebody.",
        originalRunId="The run that this one repeats: notification_runs.id.",
        seqNo="Running number among the repetitions.",
    ),
    cols(ARRAY, notificationObjects="Entities, scorecards and initiatives it was about."),
)
