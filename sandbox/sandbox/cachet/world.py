"""Everything one Cachet installation knows: its tables, its clock, and a door for tests.

A world may be changed while it is served. Take :attr:`World.lock` for several changes that belong
together; every single one is safe, also in :meth:`World.on_request`, which runs between answers.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sandbox.cachet.clock import MINUTE, Clock
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
from sandbox.cachet.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    Hook = Callable[[Request], Response | None]

POINT_SECONDS = 30
"""A point's date is rounded to half a minute."""


class World:
    """The data of one installation.

    Args:
        clock: Its time; the real time by default.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.hooks: list[Hook] = []
        now = self.clock.now
        self.components = Table(Component, now, self.lock)
        self.component_groups = Table(ComponentGroup, now, self.lock)
        self.incidents = Table(Incident, now, self.lock)
        self.updates = Table(Update, now, self.lock, lambda row: (row.parent_type, row.parent_id))
        self.incident_templates = Table(IncidentTemplate, now, self.lock)
        self.metrics = Table(Metric, now, self.lock)
        self.metric_points = Table(MetricPoint, now, self.lock, lambda row: row.metric_id)
        self.schedules = Table(Schedule, now, self.lock)
        self.subscribers = Table(Subscriber, now, self.lock)

    def on_request(self, hook: Hook) -> Hook:
        """Call a function with every request before it is answered.

        The function may change the world (the row another user edits between two pages), and may
        return an answer of its own, which is then sent instead. Use it as a decorator.
        """
        self.hooks.append(hook)
        return hook

    def record(self, metric_id: int, value: float) -> MetricPoint:
        """Write a measurement as 3.x does.

        Within ``threshold`` minutes of the newest point, that point's counter grows and the value
        is thrown away; later, a new point begins, its date rounded to half a minute.

        Raises:
            KeyError: No such metric.
        """
        metric = self.metrics.find(metric_id)
        if metric is None:
            raise KeyError(metric_id)
        now = self.clock.now()
        with self.lock:
            points = self.metric_points.of_parent(metric_id, by_id=True)
            newest = max(points, key=lambda point: (point.created_at, point.id), default=None)
            if newest and newest.created_at > now - metric.threshold * MINUTE:
                return self.metric_points.update(newest.id, counter=newest.counter + 1)
            created = now - now % POINT_SECONDS
            return self.metric_points.insert(metric_id=metric_id, value=value, created_at=created)

    def delete_incident(self, incident_id: int) -> None:
        """Delete an incident as 3.x does: softly, its updates for good."""
        self.incidents.delete(incident_id)
        for update in self.updates.of_parent(("incident", incident_id), by_id=True):
            self.updates.delete(update.id)

    def delete_metric(self, metric_id: int) -> None:
        """Delete a metric and its points for good."""
        self.metrics.delete(metric_id)
        for point in self.metric_points.of_parent(metric_id, by_id=True):
            self.metric_points.delete(point.id)

    def delete_component_group(self, group_id: int) -> None:
        """Delete a group for good; its components stay, in no group."""
        self.component_groups.delete(group_id)
        for component in list(self.components.with_deleted()):
            if component.group_id == group_id:
                self.components.update(component.id, group_id=None)
