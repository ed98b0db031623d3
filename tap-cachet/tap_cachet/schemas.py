"""The tables of every stream: the same columns on Cachet 2.3, 2.4 and 3.x.

A column that a version lacks is null there. Names and meanings follow the vendor's API; what is
normalised is said in :mod:`tap_cachet.normalise`.
"""

from __future__ import annotations

from singer_rest.records.columns import (
    ANY,
    ARRAY,
    BOOLEAN,
    DATE,
    INSTANT,
    INTEGER,
    INTEGERS,
    NUMBER,
    OBJECT,
    TEXT,
    Column,
    Kind,
    Table,
)


def _id(what: str, used_by: str) -> Column:
    return Column("id", INTEGER, f"Number of the {what} on this server{used_by}.")


def _dates(what: str) -> tuple[Column, Column]:
    return (
        Column("created_at", INSTANT, f"When the {what} was created, in UTC."),
        Column(
            "updated_at",
            INSTANT,
            f"When the {what} was last written, in UTC. Changes of related rows do not move it.",
        ),
    )


def _enum(name: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(name, INTEGER, meaning),
        Column(f"{name}_name", TEXT, f"Label of {name}, in the language of the server."),
    )


def _names(kind: Kind, **columns: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, description) for name, description in columns.items())


COMPONENT_STATUS = (
    "1 operational, 2 performance issues, 3 partial outage, 4 major outage; unknown is 0 on 2.x "
    "and 5 on 3.x; 6 under maintenance (3.x)."
)
INCIDENT_STATUS = (
    "0 reported (3.x) or scheduled (2.3), 1 investigating, 2 identified, 3 watching, 4 fixed."
)
TAGS = Column("tags", OBJECT, "Tags as slug and name (3.x, where a build has them).")
META = Column("meta", OBJECT, "Custom key-value data; empty if there is none.")
ORDER = Column("order", INTEGER, "Place in the display order.")
VISIBLE = Column("visible", INTEGER, "0 for authenticated readers, 1 for everybody, 2 hidden.")

_COMPONENT = (
    _id("component", "; component_id in other streams"),
    Column("name", TEXT, "What the status page calls it; not unique."),
    Column("description", TEXT, "Description, in Markdown."),
    Column("link", TEXT, "Link of the component; not checked by the server."),
    *_enum("status", f"Status set by hand: {COMPONENT_STATUS}"),
    *_enum(
        "latest_status",
        "Effective status with incidents and maintenance (3.x since July 2026). It changes "
        "without updated_at.",
    ),
    ORDER,
    Column("group_id", INTEGER, "Its group: components_groups.id; null if there is none."),
    Column("enabled", BOOLEAN, "Whether guests see it."),
    META,
    Column("tags", OBJECT, "Tags as slug and name (2.x; 3.x where a build has them)."),
    *_dates("component"),
)
COMPONENTS = Table(_COMPONENT, ("id",))
COMPONENTS_BY_ID = Table(
    (
        *_COMPONENT,
        Column("incident_ids", INTEGERS, "What has hit the component: incidents.id (3.x)."),
    ),
    ("id",),
)
COMPONENT_STATUS_DAILY = Table(
    (
        Column("snapshot_date", DATE, "Day of the snapshot, in the configured time zone."),
        Column("component_id", INTEGER, "The component: components.id."),
        Column("name", TEXT, "What the status page called it on that day."),
        Column("group_id", INTEGER, "Its group on that day: components_groups.id."),
        *_enum("status", f"Status set by hand: {COMPONENT_STATUS}"),
        *_enum("latest_status", "Effective status (3.x since July 2026)."),
        Column("enabled", BOOLEAN, "Whether guests saw it."),
        Column("read_at", INSTANT, "When the snapshot was read; the last read of a day stays."),
    ),
    ("snapshot_date", "component_id"),
)
COMPONENTS_GROUPS = Table(
    (
        _id("group", "; components.group_id"),
        Column("name", TEXT, "Heading that the status page shows."),
        ORDER,
        Column("order_column", TEXT, "Column by which components are ordered (3.x)."),
        Column("order_direction", TEXT, "asc or desc (3.x)."),
        Column(
            "collapsed",
            INTEGER,
            "0 expanded, 1 collapsed, 2 collapsed unless there is an incident.",
        ),
        VISIBLE,
        Column("lowest_human_status", TEXT, "Label of the worst status in the group (2.x)."),
        Column(
            "component_ids",
            INTEGERS,
            "What is in the group: components.id; on 2.x the enabled ones only.",
        ),
        META,
        *_dates("group"),
    ),
    ("id",),
)

_INCIDENT = (
    _id("incident", "; incident_id in other streams"),
    Column("guid", TEXT, "Unique id used in public links (3.x)."),
    Column("name", TEXT, "Title of the incident."),
    Column("message", TEXT, "First message, in Markdown."),
    *_enum("status", INCIDENT_STATUS),
    *_enum("latest_status", "Status of the newest update; equal to status on 3.x."),
    Column("is_resolved", BOOLEAN, "Whether the latest status is fixed."),
    VISIBLE,
    Column("stickied", BOOLEAN, "Whether the incident stays on top."),
    Column("notifications", BOOLEAN, "Whether subscribers were notified."),
    Column("component_id", INTEGER, "The one affected component (2.x and early 3.x)."),
    Column("component_ids", INTEGERS, "What is affected: components.id."),
    Column("user_id", INTEGER, "Number of the author; no stream lists users."),
    Column("permalink", TEXT, "Public link (2.x)."),
    Column("scheduled_at", INSTANT, "Begin of a scheduled maintenance, in UTC (2.3)."),
    Column("occurred_at", INSTANT, "When the incident occurred, in UTC."),
    Column("published_at", INSTANT, "When it was or will be published, in UTC (3.x)."),
    META,
    TAGS,
    *_dates("incident"),
)
INCIDENTS = Table(_INCIDENT, ("id",))
INCIDENTS_BY_ID = Table(
    (
        *_INCIDENT,
        Column("components", ARRAY, "Affected components with their status in the incident."),
        Column("updates", ARRAY, "What was told since, as in incident_updates."),
    ),
    ("id",),
)
INCIDENT_COMPONENTS = Table(
    (
        Column("incident_id", INTEGER, "The incident: incidents.id."),
        Column(
            "component_id",
            INTEGER,
            "The component: components.id, or one that the credential cannot see there.",
        ),
        *_enum(
            "component_status",
            f"Status the incident gave the component (3.x since December 2025): {COMPONENT_STATUS}",
        ),
    ),
    ("incident_id", "component_id"),
)
INCIDENT_UPDATES = Table(
    (
        _id("update", "; updates of incidents and of schedules share one numbering on 3.x"),
        Column("incident_id", INTEGER, "The incident: incidents.id."),
        *_enum("status", INCIDENT_STATUS),
        Column("message", TEXT, "The message, in Markdown."),
        Column("user_id", INTEGER, "Number of the author; no stream lists users (2.x)."),
        Column("permalink", TEXT, "Public link (2.x)."),
        *_dates("update"),
    ),
    ("id",),
)
INCIDENT_TEMPLATES = Table(
    (
        _id("template", "; no other stream refers to it"),
        *_names(
            TEXT,
            name="What authors choose it by.",
            slug="Short form that the API takes for it.",
            template="Text with placeholders, in the language of engine.",
            engine="twig or blade (3.x).",
        ),
        *_dates("template"),
    ),
    ("id",),
)
METRICS = Table(
    (
        _id("metric", "; metric_points.metric_id"),
        *_names(
            TEXT,
            name="Heading of its chart.",
            suffix="Unit shown behind values.",
            description="Free text about what is measured, in Markdown.",
        ),
        Column("default_value", NUMBER, "Value shown for gaps; without decimals on 2.x."),
        Column("calc_type", INTEGER, "How points are combined: 0 sum, 1 average."),
        Column("display_chart", BOOLEAN, "Whether the chart is shown."),
        Column("places", INTEGER, "Decimal places shown."),
        Column("default_view", INTEGER, "Default period: 0 hour, 1 today, 2 week, 3 month."),
        Column("default_view_name", TEXT, "Label of the default period (2.x)."),
        Column("threshold", INTEGER, "Minutes within which points are merged."),
        ORDER,
        VISIBLE,
        TAGS,
        *_dates("metric"),
    ),
    ("id",),
)
METRIC_POINTS = Table(
    (
        _id("point", "; no other stream refers to it"),
        Column("metric_id", INTEGER, "What was measured: metrics.id."),
        Column("value", NUMBER, "What was measured, in the unit of metrics.suffix."),
        Column("counter", INTEGER, "How many writes were merged into the point."),
        Column("calculated_value", NUMBER, "Value times counter, as the server computes it."),
        Column("created_at", INSTANT, "Time of the point, in UTC, rounded by the server."),
        Column("updated_at", INSTANT, "When the point was last written, in UTC."),
    ),
    ("id",),
)
SCHEDULES = Table(
    (
        _id("schedule", "; schedule_id in other streams"),
        Column("name", TEXT, "Title of the maintenance."),
        Column("message", TEXT, "Text, in Markdown."),
        *_enum(
            "status",
            "0 upcoming, 1 in progress, 2 complete. On 3.x computed from the clock: it changes "
            "without updated_at.",
        ),
        Column("scheduled_at", INSTANT, "Planned begin, in UTC."),
        Column("completed_at", INSTANT, "Planned or real end, in UTC."),
        Column("published_at", INSTANT, "When it was or will be published, in UTC (3.x)."),
        Column("component_ids", INTEGERS, "What is affected: components.id."),
        META,
        TAGS,
        *_dates("schedule"),
    ),
    ("id",),
)
SCHEDULE_COMPONENTS = Table(
    (
        Column("schedule_id", INTEGER, "The maintenance: schedules.id."),
        Column("component_id", INTEGER, "The component: components.id."),
        *_enum("component_status", f"Status during the maintenance: {COMPONENT_STATUS}"),
    ),
    ("schedule_id", "component_id"),
)
SCHEDULE_UPDATES = Table(
    (
        _id("update", "; updates of incidents and of schedules share one numbering on 3.x"),
        Column("schedule_id", INTEGER, "The maintenance: schedules.id."),
        Column("message", TEXT, "The message, in Markdown."),
        *_dates("update"),
    ),
    ("id",),
)
SUBSCRIBERS = Table(
    (
        _id("subscriber", "; subscriptions.subscriber_id"),
        Column("email", TEXT, "E-mail address."),
        Column("global", BOOLEAN, "Whether the subscriber hears of every component."),
        Column("verified", BOOLEAN, "Whether the address was confirmed; unknown on 2.x."),
        Column("verified_at", INSTANT, "When the address was confirmed, in UTC."),
        Column(
            "verified_at_raw",
            TEXT,
            "The text of verified_at where it could not be understood (2.x, site's format).",
        ),
        Column("phone_number", TEXT, "Phone number (2.4)."),
        Column("component_ids", INTEGERS, "What the subscriber is told about: components.id."),
        META,
        *_dates("subscriber"),
    ),
    ("id",),
)
SUBSCRIPTIONS = Table(
    (
        Column("subscriber_id", INTEGER, "Who is told: subscribers.id."),
        Column("component_id", INTEGER, "The component: components.id."),
        Column("id", INTEGER, "Id of the subscription (2.x)."),
        *_dates("subscription (2.x)"),
    ),
    ("subscriber_id", "component_id"),
)
STATUS = Table(
    (
        Column("base_url", TEXT, "The API root the row was read from."),
        Column(
            "status",
            TEXT,
            "operational, partial_outage, major_outage or under_maintenance on 3.x; success, "
            "info or danger on 2.x.",
        ),
        Column("message", TEXT, "The sentence the status page shows."),
    ),
    ("base_url",),
)
DASHBOARDS = Table(
    (
        Column("base_url", TEXT, "The API root."),
        Column("api_version", INTEGER, "2 or 3."),
        Column("cachet_version", TEXT, "The version the server tells."),
        Column("authenticated", BOOLEAN, "Whether the key was proved good; null if untestable."),
        Column("can_read_subscribers", BOOLEAN, "Whether the key may read subscribers."),
        Column("system_status", TEXT, "Status of the whole system, as in the stream status."),
        Column("system_message", TEXT, "The sentence the status page shows."),
        Column("me", ANY, "What the server answers to /me, which no known version has."),
    ),
    ("base_url",),
)
