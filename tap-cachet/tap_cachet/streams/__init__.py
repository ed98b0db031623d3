"""The streams of tap-cachet, one module a family."""

from __future__ import annotations

from tap_cachet.streams.components import (
    Components,
    ComponentsById,
    ComponentsGroups,
    ComponentStatusDaily,
)
from tap_cachet.streams.incidents import (
    IncidentComponents,
    Incidents,
    IncidentsById,
    IncidentTemplates,
    IncidentUpdates,
    ScheduleComponents,
    Schedules,
    ScheduleUpdates,
)
from tap_cachet.streams.metrics import MetricPoints, Metrics
from tap_cachet.streams.site import Dashboards, Status
from tap_cachet.streams.subscribers import Subscribers, Subscriptions

STREAMS = (
    Components,
    ComponentsById,
    ComponentsGroups,
    ComponentStatusDaily,
    Dashboards,
    IncidentComponents,
    Incidents,
    IncidentsById,
    IncidentTemplates,
    IncidentUpdates,
    MetricPoints,
    Metrics,
    ScheduleComponents,
    Schedules,
    ScheduleUpdates,
    Status,
    Subscribers,
    Subscriptions,
)

__all__ = ["STREAMS"]
