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
    Tag,
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
        self._tags: dict[str, Tag] = {}

    def on_request(self, hook: Hook) -> Hook:
        """Call a function with every request before it is answered.

        The function may change the world (the row another user edits between two pages), and may
        return an answer of its own, which is then sent instead. Use it as a decorator.
        """
        self.hooks.append(hook)
        return hook

    def tag(self, slug: str, name: str) -> Tag:
        """Return the tag of a slug, made when it is first seen."""
        with self.lock:
            return self._tags.setdefault(slug, Tag(len(self._tags) + 1, name, slug))

    def record(
        self, metric_id: int, value: float, *, dated: int | None = None, at: int | None = None
    ) -> MetricPoint:
        """Write a measurement as 3.x does.

        It is compared with the point of the newest ``created_at``, whatever its id, so a point
        dated ahead stays the one that is compared. Less than ``threshold`` minutes from it, before
        or after and in whole minutes, that point's counter grows and the value is thrown away;
        else a new point begins, its date rounded to half a minute.

        Args:
            metric_id: The metric.
            value: What was measured.
            dated: When, as the writer says; by default when it is written.
            at: When it is written; by default now.

        Raises:
            KeyError: No such metric.
        """
        metric = self.metrics.find(metric_id)
        if metric is None:
            raise KeyError(metric_id)
        at = self.clock.now() if at is None else at
        date = at if dated is None else dated
        with self.lock:
            points = self.metric_points.of_parent(metric_id, by_id=True)
            newest = max(points, key=lambda point: (point.created_at, point.id), default=None)
            if newest and abs(newest.created_at // MINUTE - date // MINUTE) < metric.threshold:
                return self.metric_points.update(
                    newest.id, counter=newest.counter + 1, updated_at=at
                )
            rounded = (date + POINT_SECONDS // 2) // POINT_SECONDS * POINT_SECONDS
            return self.metric_points.insert(
                metric_id=metric_id, value=value, created_at=rounded, updated_at=at
            )

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
