"""The records of 2.3 and 2.4.

A presented date that is null shows the present time: the framework makes ``new Date(null)`` of
it. Dates that are not presented stand in ``APP_TIMEZONE``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.cachet.clock import php_date, written
from sandbox.cachet.php import empty_as_list, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

    from sandbox.cachet.options import Options
    from sandbox.cachet.rows import (
        Component,
        ComponentGroup,
        Incident,
        IncidentTemplate,
        Metric,
        MetricPoint,
        Schedule,
        Subscriber,
        Update,
    )
    from sandbox.cachet.world import World

    Record = dict[str, Any]

COMPONENT = {
    0: "Unknown",
    1: "Operational",
    2: "Performance Issues",
    3: "Partial Outage",
    4: "Major Outage",
}
INCIDENT = {0: "Scheduled", 1: "Investigating", 2: "Identified", 3: "Watching", 4: "Fixed"}
SCHEDULE = {0: "Upcoming", 1: "In Progress", 2: "Complete"}
ICONS = {
    1: "icon ion-flag oranges",
    2: "icon ion-alert yellows",
    3: "icon ion-eye blues",
    4: "icon ion-checkmark greens",
}
VIEWS = ("Last Hour", "Last 12 Hours", "Week", "Month")
FIXED = 4


class Presenter:
    """Turns rows into records for one request.

    Args:
        world: The data.
        options: The settings of the server.
        zone: Where presented dates stand.
        site: Address of the status page, for permalinks.
    """

    def __init__(self, world: World, options: Options, zone: tzinfo, site: str) -> None:
        self.world = world
        self.options = options
        self.zone = zone
        self.site = site
        self.now = world.clock.now()
        self.app_zone = ZoneInfo(options.timezone)
        self.is_23 = options.api == "2.3"
        self.of: dict[str, Callable[[Any], Record]] = {
            "components": self.component,
            "components/groups": self.component_group,
            "incidents": self.incident_23 if self.is_23 else self.incident,
            "incidents/updates": self.update,
            "incidents/templates": self.incident_template,
            "metrics": self.metric,
            "metrics/points": self.metric_point,
            "schedules": self.schedule,
            "subscribers": self.subscriber,
        }

    def date(self, at: int | None) -> str:
        """Write a presented date."""
        return written(self.now if at is None else at, self.zone)

    def plain(self, at: int | None) -> str | None:
        """Write a date that is not presented."""
        return None if at is None else written(at, self.app_zone)

    def dates(self, row: Any) -> Record:
        """Write the dates every record has."""
        return {"created_at": self.date(row.created_at), "updated_at": self.date(row.updated_at)}

    def component(self, row: Component) -> Record:
        """Write a component; without a group its ``group_id`` is 0."""
        record: Record = {
            "id": row.id,
            "name": row.name,
            "description": row.description or "",
            "link": row.link,
            "status": row.status,
            "order": row.order or 0,
            "group_id": row.group_id or 0,
            "enabled": row.enabled,
        }
        if not self.is_23:
            record["meta"] = empty_as_list(row.meta)
        record |= self.dates(row)
        return record | {
            "deleted_at": None,
            "status_name": COMPONENT.get(row.status or 0),
            "tags": empty_as_list(dict(row.tags)),
        }

    def component_group(self, row: ComponentGroup) -> Record:
        """Write a group with its enabled components, by order and by status."""
        enabled = [one for one in self.world.components if one.group_id == row.id and one.enabled]
        by_order = sorted(enabled, key=lambda one: one.order or 0)
        worst_first = sorted(enabled, key=lambda one: one.status or 0, reverse=True)
        worst = COMPONENT.get(worst_first[0].status or 0) if worst_first else None
        record: Record = {
            "id": row.id,
            "name": row.name,
            "order": row.order,
            "collapsed": row.collapsed,
        }
        if not self.is_23:
            record["visible"] = row.visible
        record |= self.dates(row)
        return record | {
            "enabled_components": [self.component(one) for one in by_order],
            "enabled_components_lowest": [self.component(one) for one in worst_first],
            "lowest_human_status": worst,
        }

    def incident_23(self, row: Incident) -> Record:
        """Write an incident of 2.3, where maintenance is an incident of status 0."""
        record: Record = {
            "id": row.id,
            "component_id": row.component_id or 0,
            "name": row.name,
            "status": row.status,
            "visible": row.visible,
            "message": row.message,
            "scheduled_at": self.date(row.scheduled_at),
        }
        if not self.options.native_types:
            record |= {name: str(record[name]) for name in ("component_id", "status", "visible")}
        record |= self.dates(row)
        return record | {"deleted_at": None, "human_status": INCIDENT.get(row.status or 0)}

    def incident(self, row: Incident) -> Record:
        """Write an incident of 2.4 with all its updates, newest first."""
        updates = self.updates_of(row.id)
        latest = updates[0].status if updates else row.status
        record: Record = {
            "id": row.id,
            "user_id": row.user_id,
            "component_id": row.component_id,
            "name": row.name,
            "status": row.status,
            "visible": row.visible,
            "stickied": row.stickied,
            "notifications": row.notifications,
            "message": row.message,
            "occurred_at": self.date(row.occurred_at),
        }
        record |= self.dates(row)
        return record | {
            "deleted_at": None,
            "is_resolved": latest == FIXED,
            "meta": empty_as_list(row.meta or {}),
            "updates": [self.update(one) for one in updates],
            "human_status": INCIDENT.get(row.status or 0),
            "latest_update_id": updates[0].id if updates else None,
            "latest_status": latest,
            "latest_human_status": INCIDENT.get(latest or 0),
            "latest_icon": ICONS.get(latest or 0, ""),
            "permalink": f"{self.site}/incidents/{row.id}",
            # Meant as the time to the last update; it reads a field that does not exist.
            "duration": self.now - (row.created_at or 0) if updates else 0,
        }

    def updates_of(self, incident_id: int) -> list[Update]:
        """Return the updates of an incident, newest first."""
        return newest_first(self.world.updates.of_parent(("incident", incident_id), by_id=True))

    def update(self, row: Update) -> Record:
        """Write an update of an incident."""
        record: Record = {
            "id": row.id,
            "incident_id": row.parent_id,
            "status": row.status,
            "message": row.message,
            "user_id": row.user_id,
        }
        record |= self.dates(row)
        return record | {
            "human_status": INCIDENT.get(row.status or 0),
            "permalink": f"{self.site}/incidents/{row.parent_id}#update-{row.id}",
        }

    def incident_template(self, row: IncidentTemplate) -> Record:
        """Write an incident template; its dates are not presented."""
        return {
            "id": row.id,
            "name": row.name,
            "slug": row.slug,
            "template": row.template,
            "created_at": self.plain(row.created_at),
            "updated_at": self.plain(row.updated_at),
            "deleted_at": None,
        }

    def metric(self, row: Metric) -> Record:
        """Write a metric; its default value loses its decimals."""
        record: Record = {
            "id": row.id,
            "name": row.name,
            "suffix": row.suffix,
            "description": row.description or "",
            "default_value": int(float(row.default_value or 0)),
            "calc_type": row.calc_type,
            "display_chart": row.display_chart,
            "places": row.places,
            "default_view": row.default_view,
            "threshold": row.threshold,
            "order": row.order,
        }
        if not self.is_23:
            record["visible"] = row.visible
        return record | self.dates(row) | {"default_view_name": VIEWS[row.default_view]}

    def metric_point(self, row: MetricPoint) -> Record:
        """Write a metric point; PHP of that time wrote 14 digits of a float."""
        record: Record = {
            "id": row.id,
            "metric_id": row.metric_id,
            "value": number(row.value),
            "counter": row.counter,
        }
        calculated = number(float(f"{row.value * row.counter:.14g}"))
        return record | self.dates(row) | {"calculated_value": calculated}

    def schedule(self, row: Schedule) -> Record:
        """Write a schedule with its components."""
        record: Record = {
            "id": row.id,
            "name": row.name,
            "message": row.message,
            "status": row.status,
            "scheduled_at": self.date(row.scheduled_at),
            "completed_at": self.date(row.completed_at),
        }
        record |= self.dates(row)
        components = [
            {
                "id": link.id,
                "schedule_id": row.id,
                "component_id": link.component_id,
                "component_status": link.status,
                "created_at": self.plain(link.created_at),
                "updated_at": self.plain(link.updated_at),
            }
            for link in row.components
        ]
        return record | {
            "deleted_at": None,
            "components": components,
            "human_status": SCHEDULE[row.status],
        }

    def subscriber(self, row: Subscriber) -> Record:
        """Write a subscriber, secrets and all."""
        record: Record = {"id": row.id, "email": row.email, "verify_code": row.verify_code}
        if not self.is_23:
            record["phone_number"] = row.phone_number
            record["slack_webhook_url"] = row.slack_webhook_url
        options = self.options
        at = self.now if row.verified_at is None else row.verified_at
        record["verified_at"] = php_date(at, self.zone, options.date_format, options.language)
        record["global"] = row.is_global
        subscriptions = [
            {
                "id": link.id,
                "subscriber_id": row.id,
                "component_id": link.component_id,
                "created_at": self.plain(link.created_at),
                "updated_at": self.plain(link.updated_at),
            }
            for link in row.components
        ]
        return record | self.dates(row) | {"subscriptions": subscriptions}


def newest_first(rows: Iterable[Any]) -> list[Any]:
    """Return rows by their date of creation, newest first."""
    return sorted(rows, key=lambda row: (row.created_at or 0, row.id), reverse=True)
