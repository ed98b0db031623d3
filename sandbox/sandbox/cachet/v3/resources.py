"""The 3.x routes that list and show rows, and what each may be asked, build by build."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sandbox.cachet.v3.query import Allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet.access import Sight
    from sandbox.cachet.options import Build, Options
    from sandbox.cachet.table import Table
    from sandbox.cachet.world import World


TAGGED = frozenset({"components", "incidents", "metrics", "schedules"})
"""What has tags where they are restored."""


@dataclasses.dataclass(frozen=True)
class Resource:
    """One kind of row.

    Attributes:
        kind: Its JSON ``type``.
        model: Its class in messages.
        table: Where its rows are.
        shows: Whether a caller sees a row; nothing if all of them do.
        allowed: The parameters its routes know.
        ability: What a token must be able to; empty for a public route.
    """

    kind: str
    model: str
    table: Callable[[World], Table[Any]]
    shows: Callable[[Sight], Callable[[Any], bool]] | None
    allowed: Callable[[Build], Allowed]
    ability: str = ""

    def allowed_by(self, options: Options) -> Allowed:
        """Return the parameters its routes know on one server."""
        allowed = self.allowed(options.build)
        if not options.tags or self.kind not in TAGGED:
            return allowed
        return dataclasses.replace(
            allowed,
            filters=(*allowed.filters, ("tags", "tags")),
            includes=(*allowed.includes, "tags"),
        )


def _meta_filter(build: Build) -> tuple[tuple[str, str], ...]:
    return (("meta", "meta"),) if build.visibility else ()


def _meta(build: Build) -> tuple[str, ...]:
    return ("meta",) if build.visibility else ()


def _components(build: Build) -> Allowed:
    return Allowed(
        sorts=("name", "order", "id"),
        filters=(
            ("name", "contains"),
            ("status", "exact"),
            ("enabled", "exact"),
            *_meta_filter(build),
        ),
        includes=("group", "incidents", *_meta(build)),
        # Since incidents may be hidden, a function of its own loads them.
        bare=("incidents",) if build.visibility else (),
    )


def _component_groups(build: Build) -> Allowed:
    return Allowed(
        sorts=("name", "id"),
        filters=_meta_filter(build),
        includes=("components", *_meta(build)),
        reads_filters=build.visibility,
    )


def _nested_group(build: Build) -> tuple[str, ...]:
    return ("components.group",) if build.collapsed else ()


def _incidents(build: Build) -> Allowed:
    occurs = (("occurs_after", "after"), ("occurs_before", "before"), ("occurs_on", "on"))
    return Allowed(
        sorts=("name", "status", "id", *(("created_at",) if build.group_order else ())),
        filters=(
            ("name", "contains"),
            ("status", "exact"),
            *(occurs if build.group_order else ()),
            *_meta_filter(build),
        ),
        includes=("components", *_nested_group(build), "updates", "user", *_meta(build)),
        default_sort="-created_at",
    )


def _schedules(build: Build) -> Allowed:
    return Allowed(
        sorts=("name", "id", "scheduled_at", "completed_at"),
        filters=(("name", "contains"), ("status", "status"), *_meta_filter(build)),
        includes=("components", *_nested_group(build), "updates", "user", *_meta(build)),
    )


def _metric_points(build: Build) -> Allowed:
    # Before it was repaired, the route allowed the sorts of metrics.
    fixed = ("id", "value", "created_at")
    return Allowed(
        sorts=fixed if build.reworked_api else ("name", "order", "id"),
        includes=("metric",),
        reads_filters=False,
    )


COMPONENTS = Resource(
    "components", "Component", lambda world: world.components, lambda s: s.component, _components
)
COMPONENT_GROUPS = Resource(
    "componentGroups",
    "ComponentGroup",
    lambda world: world.component_groups,
    lambda sight: sight.group,
    _component_groups,
)
INCIDENTS = Resource(
    "incidents", "Incident", lambda world: world.incidents, lambda s: s.incident, _incidents
)
INCIDENT_UPDATES = Resource(
    "updates",
    "Update",
    lambda world: world.updates,
    None,
    lambda _: Allowed(
        sorts=("status", "created_at"), filters=(("status", "exact"),), includes=("incident",)
    ),
)
INCIDENT_TEMPLATES = Resource(
    "incidentTemplates",
    "IncidentTemplate",
    lambda world: world.incident_templates,
    None,
    lambda _: Allowed(
        sorts=("name", "slug", "id"),
        filters=(("name", "contains"), ("slug", "contains")),
        reads_includes=False,
    ),
)
METRICS = Resource(
    "metrics",
    "Metric",
    lambda world: world.metrics,
    lambda sight: sight.metric,
    lambda _: Allowed(
        sorts=("name", "order", "id"),
        filters=(("name", "contains"), ("calc_type", "contains")),
        includes=("points",),
        default_sort="-created_at",
    ),
)
METRIC_POINTS = Resource(
    "metricPoints", "MetricPoint", lambda world: world.metric_points, None, _metric_points
)
SCHEDULES = Resource(
    "schedules", "Schedule", lambda world: world.schedules, lambda s: s.schedule, _schedules
)
SCHEDULE_UPDATES = Resource(
    "updates",
    "Update",
    lambda world: world.updates,
    None,
    lambda _: Allowed(sorts=("created_at",), includes=("schedule",), reads_filters=False),
)
SUBSCRIBERS = Resource(
    "subscribers",
    "Subscriber",
    lambda world: world.subscribers,
    None,
    lambda build: Allowed(
        sorts=("email", "id"),
        filters=(("email", "contains"), ("global", "exact"), *_meta_filter(build)),
        includes=("components", *_meta(build)),
    ),
    ability="subscribers.manage",
)

TOP: dict[str, Resource] = {
    "components": COMPONENTS,
    "component-groups": COMPONENT_GROUPS,
    "incidents": INCIDENTS,
    "incident-templates": INCIDENT_TEMPLATES,
    "metrics": METRICS,
    "schedules": SCHEDULES,
    "subscribers": SUBSCRIBERS,
}
NESTED: dict[tuple[str, str], tuple[Resource, Callable[[Any], Any]]] = {
    ("incidents", "updates"): (INCIDENT_UPDATES, lambda parent: ("incident", parent.id)),
    ("schedules", "updates"): (SCHEDULE_UPDATES, lambda parent: ("schedule", parent.id)),
    ("metrics", "points"): (METRIC_POINTS, lambda parent: parent.id),
}
"""Routes under a parent, and the key their rows have there."""
