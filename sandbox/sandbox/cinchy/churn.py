"""A healthy platform that changes while it is read: people and syncs work on it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .columns import DELETED, ColumnType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .request import SandboxRequest
    from .table import Table
    from .world import World

Action = Literal["add", "change", "delete", "move"]
ACTIONS: tuple[Action, ...] = ("add", "change", "delete", "move")
FEWEST_ROWS = 3
"""Fewer rows than these are left alone, so that a table never runs empty."""


class Change(NamedTuple):
    """One thing that happened."""

    action: Action
    table: str
    cinchy_id: int


class Churn:
    """Changes one row before every so many requests; give it to ``world.on_request``.

    As many rows are added as are deleted, on the average. A row that is moved keeps every value
    but its version and Modified, which is where lists by Modified have it.

    Args:
        world: What is changed.
        every: A change comes before each request whose number this divides.
        seed: Decides which.
        actions: What may happen.
        tables: Where, as ``Domain.Table``; by default in every table that has a Cinchy Id and
            versions.

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
        tables: Sequence[str] = (),
    ) -> None:
        self.world = world
        self.every = max(1, every)
        self.actions = tuple(actions)
        self.tables = tuple(tables) or tuple(
            table.full_name for table in world.tables() if table.keyed and table.versioned
        )
        self.changes: list[Change] = []
        self._rng = random.Random(f"churn {seed}")
        self._requests = 0

    def __call__(self, _request: SandboxRequest | None = None) -> None:
        """Count a request, and change something if it is its turn."""
        self._requests += 1
        if self._requests % self.every == 0:
            self.change()

    def change(self) -> Change:
        """Change one row now."""
        rng = self._rng
        name = rng.choice(self.tables)
        action = rng.choice(self.actions)
        table = self.world.table(name)
        # A proposed row has an id and no approved version yet.
        stored = ((id_, table.rows.get(id_)) for id_ in table.ids)
        ids = [id_ for id_, row in stored if row is not None and row[DELETED] is None]
        if action != "add" and len(ids) < FEWEST_ROWS:
            action = "add"
        if action == "add":
            cinchy_id = self.world.insert(name, self._copied(table, ids))
        else:
            cinchy_id = rng.choice(ids)
            if action == "delete":
                self.world.delete(name, cinchy_id)
            else:
                self.world.update(name, cinchy_id, self._edited(table, action))
        change = Change(action, name, cinchy_id)
        self.changes.append(change)
        return change

    def _edited(self, table: Table, action: Action) -> dict[str, Any]:
        texts = [
            column.name
            for column in table.columns
            if column.type is ColumnType.TEXT and not column.system
        ]
        if action == "move" or not texts:
            return {}
        return {texts[-1]: f"edited {self._rng.randrange(10**6)}"}

    def _copied(self, table: Table, ids: list[int]) -> dict[str, Any]:
        """Return the values of a row there is, so that a new one is as good as the old ones."""
        if not ids:
            return {}
        row = table.rows[self._rng.choice(ids)]
        return {
            column.name: row[column.slot]
            for column in table.columns
            if not column.system and column.compute is None
        }
