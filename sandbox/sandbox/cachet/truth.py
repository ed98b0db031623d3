"""What a reader ought to end up with: the keys of every row a token may see.

Worked out from the rules of the reference alone, apart from the code that answers requests, so
that a test comparing a reader with it also tests the server.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sandbox.cachet.access import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.cachet.options import Options, Token
    from sandbox.cachet.rows import Incident, Link, Schedule, Subscriber
    from sandbox.cachet.world import World

    Key = tuple[int, ...]
    Pair = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Truth:
    """What there is to read.

    Attributes:
        keys: Primary keys by stream; a stream the version does not have, or the token may not
            read, has none. Pairs for ``incident_components`` (incident, component),
            ``schedule_components`` (schedule, component) and ``subscriptions`` (subscriber,
            component).
        incident_components: The status of each component in each incident.
        schedule_components: The same for schedules.
    """

    keys: dict[str, set[Key]]
    incident_components: dict[Pair, int | None]
    schedule_components: dict[Pair, int | None]

    def ids(self, stream: str) -> set[int]:
        """Return the keys of a stream that has a single key column."""
        return {key[0] for key in self.keys[stream]}


def truth(world: World, options: Options, token: Token | None = None) -> Truth:
    """Return what a complete read of a world yields now.

    Reading completely means: on 3.x with ``filter[enabled]=0,1``, metric points by metric that
    shows, pairs of components that are not deleted.

    Args:
        world: The data.
        options: Version and settings of the server.
        token: The key of the reader; nothing for a guest.
    """
    with world.lock:
        seen = _Seen3 if options.family == 3 else _Seen2  # noqa: PLR2004
        return seen(world, options, Viewer(token)).truth()


class _Seen3:
    """The rows of 3.x one caller sees."""

    def __init__(self, world: World, options: Options, viewer: Viewer) -> None:
        self.world = world
        self.build = options.build
        closable = options.build.reworked_api and not options.stale_host_config
        shut = not options.api_enabled or (options.api_protected and not viewer.known)
        self.closed = closable and shut
        self.viewer = viewer
        self.now = world.clock.now()

    def truth(self) -> Truth:
        world = self.world
        groups = {row.id for row in world.component_groups if self._visible(row.visible)}
        hidden = {row.id for row in world.component_groups} - groups
        incidents = [
            row
            for row in world.incidents
            if self._visible(row.visible) and self._out(row, "incidents.manage")
        ]
        schedules = [row for row in world.schedules if self._out(row, "schedules.manage")]
        metrics = {row.id for row in world.metrics if self._visible(row.visible)}
        readable = self.build.reworked_api and self.viewer.can("subscribers.manage")
        subscribers = list(world.subscribers) if readable else []
        see_disabled = self.viewer.known or not self.build.visibility
        pivots = self.build.pivot
        incident_components = _pairs(world, incidents, lambda link: link.status if pivots else None)
        schedule_components = _pairs(world, schedules, lambda link: link.status if pivots else None)
        keys: dict[str, set[Key]] = {
            "components": {
                (row.id,)
                for row in world.components
                if (row.enabled or see_disabled) and row.group_id not in hidden
            },
            "components_groups": {(row_id,) for row_id in groups},
            "incidents": {(row.id,) for row in incidents},
            "incident_components": set(incident_components),
            "incident_updates": _updates(world, "incident", incidents),
            "incident_templates": {(row.id,) for row in world.incident_templates},
            "schedules": {(row.id,) for row in schedules},
            "schedule_components": set(schedule_components),
            "schedule_updates": _updates(world, "schedule", schedules),
            "metrics": {(row_id,) for row_id in metrics},
            "metric_points": {(row.id,) for row in world.metric_points if row.metric_id in metrics},
            "subscribers": {(row.id,) for row in subscribers},
            "subscriptions": set(_pairs(world, subscribers, lambda link: link.status)),
        }
        return (
            _nothing(keys) if self.closed else Truth(keys, incident_components, schedule_components)
        )

    def _visible(self, visible: int) -> bool:
        levels = {0, 1} if self.viewer.known else {1}
        return visible in levels or not self.build.visibility

    def _out(self, row: Incident | Schedule, ability: str) -> bool:
        embargoed = row.published_at is not None and row.published_at > self.now
        return not (self.build.embargo and embargoed) or self.viewer.can(ability)


class _Seen2:
    """The rows of 2.x one caller sees."""

    def __init__(self, world: World, options: Options, viewer: Viewer) -> None:
        self.world = world
        self.is_24 = options.api == "2.4"
        self.viewer = viewer
        self.closed = self.is_24 and options.always_authenticate and not viewer.known

    def truth(self) -> Truth:
        world, known = self.world, self.viewer.known
        incidents = [row for row in world.incidents if known or row.visible >= 1]
        schedules = list(world.schedules) if self.is_24 else []
        # 2.x has one component to an incident, without a status of its own.
        incident_components: dict[Pair, int | None] = {
            (row.id, row.component_id): None for row in incidents if row.component_id
        }
        schedule_components = {
            (row.id, link.component_id): link.status for row in schedules for link in row.components
        }
        templates = world.incident_templates if self.is_24 else ()
        keys: dict[str, set[Key]] = {
            "components": {(row.id,) for row in world.components if known or row.enabled},
            "components_groups": {
                (row.id,)
                for row in world.component_groups
                if known or row.visible == 1 or not self.is_24
            },
            "incidents": {(row.id,) for row in incidents},
            "incident_components": set(incident_components),
            "incident_updates": _updates(world, "incident", incidents) if self.is_24 else set(),
            "incident_templates": {(row.id,) for row in templates},
            "schedules": {(row.id,) for row in schedules},
            "schedule_components": set(schedule_components),
            "schedule_updates": set(),
            "metrics": {(row.id,) for row in world.metrics},
            "metric_points": {(row.id,) for row in world.metric_points},
            "subscribers": {(row.id,) for row in world.subscribers} if known else set(),
            "subscriptions": {
                (row.id, link.component_id)
                for row in (world.subscribers if known else ())
                for link in row.components
            },
        }
        return (
            _nothing(keys) if self.closed else Truth(keys, incident_components, schedule_components)
        )


def _nothing(streams: Iterable[str]) -> Truth:
    return Truth({stream: set() for stream in streams}, {}, {})


def _updates(world: World, kind: str, parents: Iterable[Incident] | Iterable[Schedule]) -> set[Key]:
    ids = {row.id for row in parents}
    return {(row.id,) for row in world.updates if row.parent_type == kind and row.parent_id in ids}


def _pairs(
    world: World,
    parents: Iterable[Incident] | Iterable[Schedule] | Iterable[Subscriber],
    status: Callable[[Link], int | None],
) -> dict[Pair, int | None]:
    alive = {row.id for row in world.components}
    return {
        (parent.id, link.component_id): status(link)
        for parent in parents
        for link in parent.components
        if link.component_id in alive
    }
