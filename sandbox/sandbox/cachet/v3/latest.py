"""The effective status of a component, from open incidents and running maintenance.

It changes with other tables and with the clock, never with the component's ``updated_at``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cachet.rows import Component, Incident, Schedule
    from sandbox.cachet.world import World

FIXED = 4
UNDER_MAINTENANCE = 6


class LatestStatus:
    """Works out ``latest_status``; keeps what it learned until incidents or schedules change."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._seen = (-1, -1)
        self._incidents: dict[int, list[tuple[Incident, int]]] = {}
        self._schedules: dict[int, list[tuple[Schedule, int | None]]] = {}

    def of(self, row: Component, now: int) -> int | None:
        """Return the status of a component at a time."""
        seen = (self.world.incidents.revision, self.world.schedules.revision)
        if seen != self._seen:
            self._learn()
            self._seen = seen
        for incident, status in self._incidents.get(row.id, ()):
            if incident.published_at is None or incident.published_at <= now:
                return status
        for schedule, planned in self._schedules.get(row.id, ()):
            if schedule.scheduled_at <= now and (
                schedule.completed_at is None or schedule.completed_at > now
            ):
                return planned or UNDER_MAINTENANCE
        return row.status

    def _learn(self) -> None:
        self._incidents.clear()
        self._schedules.clear()
        for incident in self.world.incidents.on_disk():
            if incident.status != FIXED:
                for link in incident.components:
                    if link.status is not None:
                        self._incidents.setdefault(link.component_id, []).append(
                            (incident, link.status)
                        )
        for found in self._incidents.values():
            found.sort(key=lambda pair: pair[0].id, reverse=True)
        for schedule in self.world.schedules:
            for link in schedule.components:
                self._schedules.setdefault(link.component_id, []).append((schedule, link.status))
