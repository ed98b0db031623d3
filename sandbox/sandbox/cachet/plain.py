"""The status page of Harbourline: a year without a single name that is meant to break a reader.

Dated back from the present of its clock, the same for the same seed. Rows are in disk order as
everywhere, so a list without a sort comes in none.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from sandbox import company
from sandbox.cachet.clock import DAY, HOUR, MINUTE
from sandbox.cachet.rows import (
    Component,
    ComponentGroup,
    Incident,
    IncidentTemplate,
    Link,
    Metric,
    MetricPoint,
    Schedule,
    Subscriber,
    Update,
)
from sandbox.cachet.world import World

if TYPE_CHECKING:
    from sandbox.cachet.clock import Clock
    from sandbox.company import Trouble

FIXED, INVESTIGATING, IDENTIFIED, WATCHING = 4, 1, 2, 3
STATUS_OF_SEVERITY = {1: 4, 2: 3, 3: 2}
MAINTENANCE = (
    ("Database upgrade", ("Checkout", "Payments", "Invoices")),
    ("Network maintenance", ("API", "Partner API", "Sign-in")),
    ("Key rotation", ("Sign-in",)),
    ("Storage migration", ("File storage", "Reports")),
)
METRICS = (
    # name, unit, base, share by which the day swings, what an incident multiplies it by
    ("Requests to the API", "req/s", 420.0, 0.55, 0.8, 0),
    ("Response time", "ms", 145.0, 0.15, 3.5, 0),
    ("Failed requests", "%", 0.25, 0.2, 14.0, 2),
    ("Parcels scanned", "per minute", 860.0, 0.7, 0.9, 0),
)
POINT_STEP = 2 * HOUR
POINT_DAYS = 90
TEMPLATES = (
    ("Slow responses", "slow-responses", "Responses are slow since {{ start }}."),
    ("Outage of a provider", "provider-outage", "Our provider {{ name }} reports an outage."),
    ("Planned maintenance", "planned-maintenance", "We will maintain {{ component }}."),
)


def plain_world(seed: int = 1, *, clock: Clock | None = None, days_ago: int = 0) -> World:
    """Make the status page of a year.

    Args:
        seed: Different seeds give different years.
        clock: Its clock, which shows the moment that is looked at.
        days_ago: How many days after that moment the year ends: the same year, seen earlier.
    """
    world = World(clock)
    return _Year(world, seed, days_ago * DAY).write()


class _Year:
    def __init__(self, world: World, seed: int, left: int) -> None:
        self.world = world
        self.now = world.clock.now()
        self.end = self.now + left
        self.rng = random.Random(f"harbourline page {seed}")
        self.troubles = company.seen(company.troubles(seed, self.end), self.now)
        self.ids: dict[str, int] = {}
        self.updates: list[Update] = []
        self.link_id = 0

    def write(self) -> World:
        self._inventory()
        incidents = [self._incident(trouble) for trouble in self.troubles]
        schedules = self._schedules()
        world, rng = self.world, self.rng
        self.updates.sort(key=lambda row: row.created_at or 0)
        world.incidents.load(incidents, rng)
        world.schedules.load(schedules, rng)
        numbered = [row._replace(id=number) for number, row in enumerate(self.updates, 1)]
        world.updates.load(numbered, rng)
        self._metrics()
        self._subscribers()
        return world

    def _inventory(self) -> None:
        born = self.end - 2 * 365 * DAY
        groups, components = [], []
        services = {one.component: one for one in company.SERVICES if one.component}
        broken = {
            company.BY_TAG[tag].component: STATUS_OF_SEVERITY[trouble.severity]
            for trouble in self.troubles
            if trouble.fixed is None
            for tag in trouble.services
        }
        for number, (name, names) in enumerate(company.GROUPS.items(), 1):
            groups.append(ComponentGroup(number, name, born, born, order=number))
            for place, component in enumerate(names, 1):
                self.ids[component] = len(self.ids) + 1
                service = services[component]
                components.append(
                    Component(
                        id=self.ids[component],
                        name=component,
                        created_at=born + number * HOUR,
                        updated_at=min(self.now, self.end - self.rng.randrange(200 * DAY)),
                        description=f"Run by the {service.team} team.",
                        link=f"https://www.harbourline.example/{service.tag}",
                        order=place,
                        status=broken.get(component, 1),
                        group_id=number,
                        meta={"team": service.team, "tier": service.tier},
                        tags=((service.domain, company.DOMAINS[service.domain]),),
                    )
                )
        self.world.component_groups.load(groups, self.rng)
        self.world.components.load(components, self.rng)
        self.world.incident_templates.load(
            IncidentTemplate(number, *texts, born, born)
            for number, texts in enumerate(TEMPLATES, 1)
        )

    def _links(self, names: tuple[str, ...], status: int | None, at: int) -> tuple[Link, ...]:
        links = []
        for name in names:
            self.link_id += 1
            links.append(Link(self.ids[name], status, self.link_id, at, at))
        return tuple(links)

    def _incident(self, trouble: Trouble) -> Incident:
        names = tuple(company.BY_TAG[tag].component for tag in trouble.services)
        created = trouble.noticed
        links = self._links(names, STATUS_OF_SEVERITY[trouble.severity], created)
        stages = [
            (created, INVESTIGATING, "We are looking into it."),
            (trouble.found, IDENTIFIED, trouble.cause),
        ]
        if trouble.fixed is not None:
            watched = (trouble.found + 2 * trouble.fixed) // 3
            stages += [
                (watched, WATCHING, "A fix is in place; we keep watching."),
                (trouble.fixed, FIXED, "Everything works as usual again."),
            ]
        stages = [stage for stage in stages if stage[0] <= self.now]
        for at, status, message in stages:
            self.updates.append(
                Update(0, "incident", trouble.number, message, at, at, status, trouble.number % 5)
            )
        last_at, last_status, _ = stages[-1]
        return Incident(
            id=trouble.number,
            guid=f"00000000-0000-4000-8000-{trouble.number:012d}",
            name=trouble.title,
            message=f"Some customers of {' and '.join(names)} are affected.",
            created_at=created,
            updated_at=last_at,
            status=last_status,
            visible=1,
            notifications=True,
            user_id=trouble.number % 5 + 1,
            occurred_at=trouble.began,
            published_at=created,
            component_id=links[0].component_id,
            components=links,
            meta={"severity": f"SEV{trouble.severity}"},
            tags=((f"sev{trouble.severity}", f"SEV{trouble.severity}"),),
        )

    def _schedules(self) -> list[Schedule]:
        """Plan one night a month, the last one being still to come."""
        rows = []
        for number in range(1, 14):
            day = company.instant(self.end + (number - 13) * 30 * DAY + 9 * DAY).date()
            begins = company.midnight(day) + 2 * HOUR
            name, names = MAINTENANCE[number % len(MAINTENANCE)]
            ends = begins + (1 + number % 3) * HOUR
            created = begins - 12 * DAY
            status = 0 if begins > self.now else 1 if ends > self.now else 2
            if created > self.now:
                continue
            rows.append(
                Schedule(
                    id=number,
                    name=name,
                    scheduled_at=begins,
                    created_at=created,
                    updated_at=created,
                    message=f"{' and '.join(names)} will not be available for some minutes.",
                    completed_at=ends,
                    published_at=created,
                    status=status,
                    components=self._links(names, None, created),
                )
            )
            for at, message in ((begins, "We have begun."), (ends, "We are done.")):
                if at <= self.now:
                    self.updates.append(Update(0, "schedule", number, message, at, at))
        return rows

    def _metrics(self) -> None:
        born = self.end - 600 * DAY
        self.world.metrics.load(
            Metric(
                id=number,
                name=name,
                suffix=unit,
                created_at=born + number * DAY,
                updated_at=born + number * DAY,
                description=f"{name}, every two hours.",
                calc_type=1,
                places=places,
                threshold=5,
                order=number,
            )
            for number, (name, unit, _, _, _, places) in enumerate(METRICS, 1)
        )
        start = self.end - self.end % POINT_STEP - POINT_DAYS * DAY
        moments = range(start, self.now, POINT_STEP)
        points = (
            MetricPoint(row_id, metric_id, self._value(metric_id, at), at, at)
            for row_id, (at, metric_id) in enumerate(
                ((at, metric_id) for at in moments for metric_id in range(1, len(METRICS) + 1)), 1
            )
        )
        self.world.metric_points.load(points, self.rng)

    def _value(self, metric_id: int, at: int) -> float:
        _, _, base, swing, factor, places = METRICS[metric_id - 1]
        moment = company.instant(at)
        busy = math.sin((moment.hour + moment.minute / 60 - 8) / 24 * 2 * math.pi)
        value = base * (1 + swing * busy) * (0.55 + 0.45 * company.pace(moment.date()))
        if any(one.began <= at < (one.fixed or self.now) for one in self.troubles):
            value *= factor
        value *= self.rng.uniform(0.93, 1.07)
        return round(value, places)

    def _subscribers(self) -> None:
        rows = []
        for number, person in enumerate(company.PEOPLE, 1):
            at = self.end - (400 - number * 11) * DAY
            links: tuple[Link, ...] = ()
            if number % 2:
                links = self._links((list(self.ids)[number % len(self.ids)],), None, at)
            rows.append(
                Subscriber(
                    id=number,
                    email=person.email,
                    created_at=at,
                    updated_at=at + 10 * MINUTE,
                    verify_code=f"{self.rng.getrandbits(160):042x}",
                    verified_at=at + 10 * MINUTE,
                    is_global=not number % 2,
                    components=links,
                )
            )
        self.world.subscribers.load(rows, self.rng)
