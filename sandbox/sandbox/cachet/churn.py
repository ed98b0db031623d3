"""A healthy installation that changes while it is read: people work on it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sandbox.cachet.clock import HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from sandbox.cachet.table import Table
    from sandbox.cachet.world import World

Action = Literal["add", "change", "delete", "move"]
ACTIONS: tuple[Action, ...] = ("add", "change", "delete", "move")
TABLES = (
    "incidents",
    "components",
    "component_groups",
    "incident_templates",
    "metric_points",
    "schedules",
    "subscribers",
    "updates",
)
FEWEST_ROWS = 3
"""Fewer rows than these are left alone, so that a table never runs empty."""


class Change(NamedTuple):
    """One thing that happened."""

    action: Action
    table: str
    row_id: int


class Churn:
    """Changes one row before every so many requests; give it to ``world.on_request``.

    As many rows are added as are deleted, on the average. A row that is moved keeps every value
    and lies elsewhere on disk, as after an UPDATE that changed nothing.

    Args:
        world: What is changed.
        every: A change comes before each request whose number this divides.
        seed: Decides which.
        actions: What may happen.
        tables: Where; by default everywhere.

    Attributes:
        changes: What happened so far.
    """

    def __init__(
        self,
        world: World,
        *,
        every: int = 1,
        seed: int = 1,
        actions: Sequence[Action] = ACTIONS,
        tables: Sequence[str] = TABLES,
    ) -> None:
        self.world = world
        self.every = max(1, every)
        self.actions = tuple(actions)
        self.tables = tuple(tables)
        self.changes: list[Change] = []
        self._rng = random.Random(f"churn {seed}")
        self._requests = 0

    def __call__(self, _request: Request | None = None) -> None:
        """Count a request, and change something if it is its turn."""
        self._requests += 1
        if self._requests % self.every == 0:
            self.change()

    def change(self) -> Change:
        """Change one row now."""
        name = self._rng.choice(self.tables)
        action = self._rng.choice(self.actions)
        table: Table[Any] = getattr(self.world, name)
        ids = [row.id for row in table]
        if action != "add" and len(ids) < FEWEST_ROWS:
            action = "add"
        if action == "add":
            row_id = self._add(name, table)
        else:
            row_id = self._rng.choice(ids)
            self._touch(action, name, table, row_id)
        change = Change(action, name, row_id)
        self.changes.append(change)
        return change

    def _touch(self, action: Action, name: str, table: Table[Any], row_id: int) -> None:
        if action == "move":
            row: Any = table.find(row_id)
            table.update(row_id, touch=False, created_at=row.created_at)
        elif action == "delete":
            whole = {
                "incidents": self.world.delete_incident,
                "component_groups": self.world.delete_component_group,
            }
            whole.get(name, table.delete)(row_id)
        elif name == "metric_points":
            point: Any = table.find(row_id)
            table.update(row_id, counter=point.counter + 1)
        elif name == "subscribers":
            table.update(row_id, email=f"reader+{self._rng.randrange(10**6)}@example.com")
        elif name == "updates":
            table.update(row_id, message=f"Corrected {self._rng.randrange(10**6)}.")
        else:
            table.update(row_id, name=f"Renamed {self._rng.randrange(10**6)}")

    def _add(self, name: str, table: Table[Any]) -> int:
        rng, now = self._rng, self.world.clock.now()
        number = rng.randrange(10**6)
        columns: dict[str, Any] = {"name": f"New {number}"}
        if name == "incidents":
            columns |= {
                "guid": f"00000000-0000-4000-8000-{number:012d}",
                "message": "We are looking into it.",
                "occurred_at": now,
                "published_at": now,
            }
        elif name == "incident_templates":
            columns |= {"slug": f"new-{number}", "template": "Something is slow."}
        elif name == "schedules":
            columns |= {"scheduled_at": now + HOUR, "published_at": now}
        elif name == "subscribers":
            columns = {"email": f"new+{number}@example.com", "verified_at": now}
        elif name == "metric_points":
            columns = {"metric_id": self._parent("metrics"), "value": float(number)}
        elif name == "updates":
            parent = {"parent_type": "incident", "parent_id": self._parent("incidents")}
            columns = {**parent, "message": "Still looking.", "status": 1}
        return int(table.insert(**columns).id)

    def _parent(self, name: str) -> int:
        rows = list(getattr(self.world, name))
        return int(self._rng.choice(rows).id) if rows else 1
