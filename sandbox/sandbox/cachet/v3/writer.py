"""The attributes of each 3.x resource, build by build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sandbox.cachet.clock import ago, written
from sandbox.cachet.php import empty_as_list, number
from sandbox.cachet.rows import Incident

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet.access import Sight
    from sandbox.cachet.rows import (
        Component,
        ComponentGroup,
        IncidentTemplate,
        Metric,
        MetricPoint,
        Schedule,
        Subscriber,
        Update,
    )
    from sandbox.cachet.v3.latest import LatestStatus

    Attributes = dict[str, Any]

NO_DATE: Final[dict[str, str | None]] = {"human": None, "string": None}
COMPONENT = {
    1: "Operational",
    2: "Performance issues",
    3: "Partial outage",
    4: "Major outage",
    5: "Unknown",
    6: "Under maintenance",
}
INCIDENT = {0: "Reported", 1: "Investigating", 2: "Identified", 3: "Watching", 4: "Fixed"}
UPCOMING, IN_PROGRESS, COMPLETE = 0, 1, 2
SCHEDULE = {UPCOMING: "Upcoming", IN_PROGRESS: "In progress", COMPLETE: "Complete"}


def schedule_status(row: Schedule, now: int) -> int:
    """Work out the status of a schedule from the clock."""
    if row.scheduled_at > now:
        return UPCOMING
    return COMPLETE if row.completed_at is not None and row.completed_at <= now else IN_PROGRESS


class Writer:
    """Turns rows into attributes for one request.

    Args:
        sight: World, options and caller.
        latest: Works out the effective status of components.
        include: Names in the request's ``include`` that add attributes (meta, componentsCount).

    The functions in :attr:`of` take a row, and ``asked=``: whether the reply is about it.
    """

    def __init__(self, sight: Sight, latest: LatestStatus, include: frozenset[str]) -> None:
        self.sight = sight
        self.options = sight.options
        self.build = sight.options.build
        self.latest = latest
        self.include = include
        self.now = sight.now
        self.zone = ZoneInfo(sight.options.timezone)
        # The labels were in title case on old builds; the day they changed is not known.
        self.component_labels = COMPONENT
        if not self.build.reworked_api:
            self.component_labels = {key: text.title() for key, text in COMPONENT.items()}
        self.of: dict[str, Callable[..., Attributes]] = {
            "components": self.component,
            "componentGroups": self.component_group,
            "incidents": self.incident,
            "updates": self.update,
            "incidentTemplates": self.incident_template,
            "metrics": self.metric,
            "metricPoints": self.metric_point,
            "schedules": self.schedule,
            "subscribers": self.subscriber,
            "users": lambda row, **_: {"id": row.id},
            "tags": lambda row, **_: row._asdict(),
        }

    def date(self, at: int | None) -> dict[str, str | None]:
        """Write a date."""
        if at is None:
            return NO_DATE
        return {"human": ago(at, self.now), "string": written(at, self.zone)}

    def dates(self, row: Any) -> Attributes:
        """Write the dates every row has."""
        return {"created": self.date(row.created_at), "updated": self.date(row.updated_at)}

    def component_status(self, value: int | None) -> Attributes:
        """Write the status of a component."""
        return {"human": self.component_labels.get(value or 0), "value": value}

    def component(self, row: Component, *, asked: bool) -> Attributes:
        """Write a component."""
        attributes: Attributes = {
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "link": row.link,
            "order": row.order,
            "status": self.component_status(row.status),
        }
        if not self.build.status_objects:
            attributes["status"] = row.status
        if self.build.latest_status:
            attributes["latest_status"] = self.component_status(self.latest.of(row, self.now))
        attributes["enabled"] = row.enabled
        if not self.build.visibility:
            attributes["meta"] = empty_as_list(row.meta)
        return attributes | self._asked_for(row, asked) | self.dates(row)

    def component_group(self, row: ComponentGroup, *, asked: bool) -> Attributes:
        """Write a component group."""
        attributes: Attributes = {"id": row.id, "name": row.name, "order": row.order}
        if self.build.group_order:
            attributes["order_column"] = row.order_column
            attributes["order_direction"] = row.order_direction
        if self.build.collapsed:
            attributes["collapsed"] = row.collapsed
        attributes["visible"] = row.visible
        return attributes | self._asked_for(row, asked) | self.dates(row)

    def incident(self, row: Incident, *, asked: bool) -> Attributes:
        """Write an incident."""
        attributes: Attributes = {
            "id": row.id,
            "guid": row.guid,
            "name": row.name,
            "message": row.message,
        }
        if not self.build.no_component_id:
            attributes["component_id"] = None
        as_bool = self.options.database == "postgresql"
        status = self.incident_status(row)
        attributes |= {
            "visible": row.visible,
            "stickied": row.stickied,
            "notifications": row.notifications if as_bool else int(row.notifications),
        }
        attributes |= self._asked_for(row, asked)
        attributes |= {
            "status": {"human": None if status is None else INCIDENT.get(status), "value": status},
            "occurred": self.date(row.occurred_at),
        }
        if self.build.embargo:
            attributes["published"] = self.date(row.published_at)
        return attributes | self.dates(row)

    def incident_status(self, row: Incident) -> int | None:
        """Return the status: for a time it was that of the newest update."""
        if not self.build.latest_status:
            updates = self.sight.world.updates.of_parent(("incident", row.id), by_id=True)
            if updates:
                return max(updates, key=lambda update: (update.created_at or 0, update.id)).status
        return row.status

    def update(self, row: Update, **_: bool) -> Attributes:
        """Write an update of an incident or schedule; only the first kind has a status."""
        attributes: Attributes = {
            "id": row.id,
            "updateable_id": row.parent_id,
            "updateable_type": row.parent_type,
            "message": row.message,
        }
        if row.parent_type == "incident":
            label = None if row.status is None else INCIDENT.get(row.status)
            attributes["status"] = {"human": label, "value": row.status}
        return attributes | self.dates(row)

    def incident_template(self, row: IncidentTemplate, **_: bool) -> Attributes:
        """Write an incident template."""
        attributes: Attributes = {
            "id": row.id,
            "name": row.name,
            "slug": row.slug,
            "template": row.template,
            "engine": row.engine,
        }
        return attributes | self.dates(row)

    def metric(self, row: Metric, **_: bool) -> Attributes:
        """Write a metric; its decimal is a string on every database but SQLite."""
        default: str | float | None = row.default_value
        if default is not None and self.options.database == "sqlite":
            default = number(float(default))
        attributes: Attributes = {
            "id": row.id,
            "name": row.name,
            "suffix": row.suffix,
            "description": row.description,
            "default_value": default,
            "calc_type": row.calc_type,
            "display_chart": row.display_chart,
            "places": row.places,
            "default_view": row.default_view,
            "threshold": row.threshold,
            "order": row.order,
            "visible": row.visible,
        }
        return attributes | self.dates(row)

    def metric_point(self, row: MetricPoint, **_: bool) -> Attributes:
        """Write a metric point, with the noise of binary floats."""
        attributes: Attributes = {
            "id": row.id,
            "metric_id": row.metric_id,
            "calculated_value": number(row.value * row.counter),
            "value": number(row.value),
            "counter": row.counter,
        }
        return attributes | self.dates(row)

    def schedule(self, row: Schedule, *, asked: bool) -> Attributes:
        """Write a schedule."""
        status = schedule_status(row, self.now)
        attributes: Attributes = {
            "id": row.id,
            "name": row.name,
            "message": row.message,
            **self._asked_for(row, asked),
            "status": {"human": SCHEDULE[status], "value": status},
            "scheduled": self.date(row.scheduled_at),
            "completed": self.date(row.completed_at),
        }
        if self.build.embargo:
            attributes["published"] = self.date(row.published_at)
        return attributes | self.dates(row)

    def subscriber(self, row: Subscriber, *, asked: bool) -> Attributes:
        """Write a subscriber; 3.x keeps the secrets."""
        attributes: Attributes = {
            "id": row.id,
            "email": row.email,
            "global": row.is_global,
            "verified": row.verified_at is not None,
            "verified_at": self.date(row.verified_at),
        }
        return attributes | self._asked_for(row, asked) | self.dates(row)

    def _asked_for(self, row: Any, asked: bool) -> Attributes:  # noqa: FBT001
        """Write the attributes that exist only when included by name, for the rows asked for."""
        extra: Attributes = {}
        if not asked:
            return extra
        if "meta" in self.include:
            extra["meta"] = empty_as_list(row.meta or {})
        counts = "componentsCount" in self.include and self.build.no_component_id
        if counts and isinstance(row, Incident):
            find = self.sight.world.components.find
            extra["components_count"] = sum(1 for link in row.components if find(link.component_id))
        return extra
