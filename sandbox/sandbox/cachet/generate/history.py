"""Incidents, schedules and their updates in a generated world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cachet.clock import DAY, HOUR, MINUTE
from sandbox.cachet.generate import words
from sandbox.cachet.rows import Incident, Link, Schedule, Update

if TYPE_CHECKING:
    import random

    from sandbox.cachet.world import World

FIXED = 4
MOST_OPEN = 6
LONGEST_GAP = 5 * DAY
HISTORY = 3 * 365 * DAY


def add_incidents_and_schedules(
    world: World, incidents: int, schedules: int, rng: random.Random, api: str
) -> None:
    """Add both kinds; their updates share one space of ids, in the order of writing."""
    made = _Maker(world, rng, api)
    rows = made.incidents(incidents)
    planned = [] if api == "2.3" else made.schedules(schedules)
    made.updates.sort(key=lambda row: row.created_at or 0)
    world.incidents.load(rows, rng)
    world.schedules.load(planned, rng)
    if api != "2.3":
        numbered = (row._replace(id=number) for number, row in enumerate(made.updates, 1))
        world.updates.load(numbered, rng)


class _Maker:
    def __init__(self, world: World, rng: random.Random, api: str) -> None:
        self.now = world.clock.now()
        self.rng = rng
        self.api = api
        self.is_2 = api.startswith("2")
        self.components = [row.id for row in world.components.with_deleted()]
        self.updates: list[Update] = []
        self.link_id = 0

    def incidents(self, count: int) -> list[Incident]:
        """Make incidents, oldest first, the last few still open or not yet published."""
        step = min(LONGEST_GAP, HISTORY // (count + 1))
        rows = []
        row_id = 0
        for number in range(1, count + 1):
            row_id += 2 if number % 41 == 20 else 1  # noqa: PLR2004
            created = self.now - (count - number + 1) * step + self.rng.randrange(step // 2 + 1)
            row = self._incident(row_id, number, count, created)
            rows.append(row)
            if number % 37 == 11:  # noqa: PLR2004
                row_id += 1
                rows.append(row._replace(id=row_id, guid=self._guid(), deleted_at=created + DAY))
        return rows

    def _incident(self, row_id: int, number: int, count: int, created: int) -> Incident:
        rng = self.rng
        is_open = count - number < min(MOST_OPEN, count // 4)
        links = self._links(number % 4, created)
        status: int | None = self._incident_updates(row_id, number, created, is_open=is_open)
        dateless = number % 101 == 50 and not self.is_2  # noqa: PLR2004
        unpublished = count - number in {1, 3} and count > MOST_OPEN and not self.is_2
        name = words.named(words.TROUBLES, number)
        if number % 53 == 9 and not self.is_2:  # noqa: PLR2004
            status, links = None, ()
        row = Incident(
            id=row_id,
            guid=self._guid(),
            name=name,
            message=words.MESSAGES[number % len(words.MESSAGES)],
            created_at=None if dateless else created,
            updated_at=None if dateless else created + rng.randrange(4 * HOUR),
            status=status,
            visible=self._visible(number),
            stickied=number % 15 == 0,
            notifications=number % 2 == 0,
            user_id=None if number % 3 == 0 else number % 4 + 1,
            occurred_at=None if number % 19 == 3 else created - rng.randrange(2 * HOUR),  # noqa: PLR2004
            published_at=created,
            component_id=links[0].component_id if links else (None, 0)[number // 4 % 2],
            components=links,
            meta=words.METAS[number // 5 % len(words.METAS)] if number % 5 == 0 else None,
            tags=words.TAGS[number % 3 :] if number % 6 < 3 else (),  # noqa: PLR2004
        )
        if unpublished:
            row = row._replace(published_at=self.now + number % 5 * DAY + HOUR)
        if self.api == "2.3" and number % 8 == 4:  # noqa: PLR2004
            planned = created + 3 * DAY
            row = row._replace(status=0, scheduled_at=planned, component_id=0)
        return row

    def _visible(self, number: int) -> int:
        if number % 29 == 7 and not self.is_2:  # noqa: PLR2004
            return 2
        return 0 if number % 17 == 5 else 1  # noqa: PLR2004

    def _incident_updates(self, row_id: int, number: int, created: int, *, is_open: bool) -> int:
        """Write the updates of an incident and return the status they leave it in."""
        last = 1 + number % 3 if is_open else FIXED
        if number % 6 == 0:
            return last
        stages = [stage for stage in (1, 2, 3, 4) if stage <= last][-1 - number % 3 :]
        at = created
        for stage in stages:
            at += 0 if stage == stages[-1] and number % 10 == 1 else self.rng.randrange(60 * MINUTE)
            silent = number % 23 == 4 and not self.is_2  # noqa: PLR2004
            self.updates.append(
                Update(
                    id=0,
                    parent_type="incident",
                    parent_id=row_id,
                    message=words.PROGRESS[stage - 1],
                    created_at=at,
                    updated_at=at,
                    status=None if silent else stage,
                    user_id=number % 4 + 1,
                )
            )
        return last

    def schedules(self, count: int) -> list[Schedule]:
        """Make schedules: past ones, one in eight running, some to come, one not published."""
        rows = []
        for number in range(1, count + 1):
            created = self.now - (count - number + 12) * 6 * DAY
            begins, ends = created + 2 * DAY, created + 2 * DAY + 3 * HOUR
            if number % 8 == 0:
                begins, ends = self.now - HOUR, self.now + 2 * HOUR
            elif number % 8 == 7:  # noqa: PLR2004
                begins, ends = self.now + number * DAY, self.now + number * DAY + HOUR
            endless = number % 5 == 4  # noqa: PLR2004
            status = 0 if begins > self.now else 1 if ends > self.now else 2
            row = Schedule(
                id=number + number // 6 * 2,
                name=words.named(words.MAINTENANCE, number),
                scheduled_at=begins,
                created_at=created,
                updated_at=created + HOUR,
                message=None if number % 4 == 0 else words.MESSAGES[number % 5],
                completed_at=None if endless else ends,
                published_at=self.now + DAY if number % 8 == 6 else created,  # noqa: PLR2004
                status=status,
                components=self._links(number % 3, created),
                meta=words.METAS[number % 5] if number % 7 == 0 else None,
                tags=words.TAGS[:1] if number % 3 == 1 else (),
            )
            rows.append(row)
            if number % 12 == 6:  # noqa: PLR2004
                rows.append(row._replace(id=row.id - 1, deleted_at=self.now - DAY))
            self._schedule_updates(row, number)
        return rows

    def _schedule_updates(self, row: Schedule, number: int) -> None:
        for turn in range(number % 3):
            at = min(self.now, row.scheduled_at) + turn * MINUTE
            message = words.PROGRESS[turn]
            self.updates.append(Update(0, "schedule", row.id, message, at, at))

    def _links(self, count: int, at: int) -> tuple[Link, ...]:
        links = []
        for component in self.rng.sample(self.components, min(count, len(self.components))):
            self.link_id += 1
            status = self.rng.choice((2, 3, 4, 4, 3, 2, 2, None))
            if self.is_2 and status is None:
                status = 1
            links.append(Link(component, status, self.link_id, at, at))
        return tuple(links)

    def _guid(self) -> str:
        digits = f"{self.rng.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
