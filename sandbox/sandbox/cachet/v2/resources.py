"""The 2.x routes that list and show rows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sandbox.cachet.v2.presenter import newest_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet.table import Table
    from sandbox.cachet.world import World

BOTH = ("2.3", "2.4")
ONLY_24 = ("2.4",)


@dataclasses.dataclass(frozen=True)
class Resource:
    """One kind of row.

    Attributes:
        name: Its path, without the parent's id.
        model: Its class in messages.
        table: Where its rows are.
        versions: Where the route exists.
        sorts: Columns it may be sorted by; always descending.
        search: Columns it may be searched by.
        shows: Whether a guest sees a row of a list.
        order: The order without a sort; by default that of the rows on disk.
        shown: Whether there is a route for one row.
        needs_key: Whether a guest gets a 401.
        parent: The resource it stands under.
        parent_key: The key of its rows under a parent's id.
        honours_order: Whether ``order`` is obeyed.
        breaks_on_sort: Whether ``sort`` is a 500.
    """

    name: str
    model: str
    table: Callable[[World], Table[Any]]
    versions: tuple[str, ...] = BOTH
    sorts: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    shows: Callable[[Any], bool] | None = None
    order: dict[str, Callable[[list[Any]], list[Any]]] = dataclasses.field(default_factory=dict)
    shown: bool = True
    needs_key: bool = False
    parent: str = ""
    parent_key: Callable[[int], Any] | None = None
    honours_order: bool = False
    breaks_on_sort: bool = False


COMPONENT_COLUMNS = ("id", "name", "status", "order", "group_id", "enabled")
GROUP_COLUMNS = ("id", "name", "order", "collapsed", "visible")
INCIDENT_COLUMNS = ("id", "user_id", "name", "status", "visible", "stickied")
SCHEDULE_COLUMNS = ("id", "name", "status", "created_at", "updated_at", "scheduled_at")

RESOURCES = {
    resource.name: resource
    for resource in (
        Resource(
            "components",
            "Component",
            lambda world: world.components,
            sorts=COMPONENT_COLUMNS,
            search=COMPONENT_COLUMNS,
            shows=lambda row: row.enabled,
        ),
        Resource(
            "components/groups",
            "ComponentGroup",
            lambda world: world.component_groups,
            sorts=GROUP_COLUMNS,
            search=GROUP_COLUMNS,
            shows=lambda row: row.visible == 1,
            honours_order=True,
        ),
        Resource(
            "incidents",
            "Incident",
            lambda world: world.incidents,
            sorts=(*INCIDENT_COLUMNS, "message", "occurred_at"),
            search=(*INCIDENT_COLUMNS, "component_id"),
            shows=lambda row: row.visible >= 1,
        ),
        Resource(
            "incidents/updates",
            "IncidentUpdate",
            lambda world: world.updates,
            versions=ONLY_24,
            sorts=("id", "status", "user_id"),
            order={"2.4": newest_first},
            parent="incidents",
            parent_key=lambda incident_id: ("incident", incident_id),
        ),
        Resource(
            "incidents/templates",
            "IncidentTemplate",
            lambda world: world.incident_templates,
            versions=ONLY_24,
            breaks_on_sort=True,
        ),
        Resource(
            "metrics",
            "Metric",
            lambda world: world.metrics,
            sorts=(
                "id",
                "name",
                "display_chart",
                "default_value",
                "calc_type",
                "order",
                "visible",
            ),
        ),
        Resource(
            "metrics/points",
            "MetricPoint",
            lambda world: world.metric_points,
            order={"2.4": newest_first},
            shown=False,
            parent="metrics",
            parent_key=lambda metric_id: metric_id,
        ),
        Resource(
            "schedules",
            "Schedule",
            lambda world: world.schedules,
            versions=ONLY_24,
            sorts=(*SCHEDULE_COLUMNS, "completed_at"),
        ),
        Resource(
            "subscribers",
            "Subscriber",
            lambda world: world.subscribers,
            shown=False,
            needs_key=True,
        ),
    )
}
