"""A healthy workspace that changes while it is read: people and pipelines work on it."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .generate.dice import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .model import Entity, Row
    from .routing import Call
    from .world import World

Action = Literal["add", "change", "delete", "move"]
ACTIONS: tuple[Action, ...] = ("add", "change", "delete", "move")
LISTS = ("entities", "deploys", "custom_events", "audit_logs", "gitops_logs", "users")
FEWEST_ROWS = 3
"""Fewer rows than these are left alone, so that a list never runs empty."""


class Change(NamedTuple):
    """One thing that happened: to what, told by its key as far as it has one."""

    action: Action
    list: str
    key: str


class Churn:
    """Changes one row before every so many requests; give it to ``world.on_request``.

    As many rows are added as are deleted, on the average. A row that is moved keeps every value
    and stands elsewhere in its list.

    Args:
        world: What is changed.
        every: A change comes before each request whose number this divides.
        seed: Decides which.
        actions: What may happen.
        lists: Where; by default in entities, deploys, custom events, two logs and users.

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
        lists: Sequence[str] = LISTS,
    ) -> None:
        self.world = world
        self.every = max(1, every)
        self.actions = tuple(actions)
        self.lists = tuple(lists)
        self.changes: list[Change] = []
        self._rng = random.Random(f"churn {seed}")
        self._requests = 0
        self._clock = world.now

    def __call__(self, _call: Call | None = None) -> None:
        """Count a request, and change something if it is its turn."""
        self._requests += 1
        if self._requests % self.every == 0:
            self.change()

    def change(self) -> Change:
        """Change one row now."""
        name = self._rng.choice(self.lists)
        action = self._rng.choice(self.actions)
        self._clock += dt.timedelta(seconds=1)
        if name == "entities":
            change = self._entity(action)
        elif name in {"deploys", "custom_events"}:
            owner = self._owner()
            change = self._row(action, name, getattr(owner, name), "uuid")
        else:
            key = {"users": "email", "gitops_logs": "commit"}.get(name, "timestamp")
            change = self._row(action, name, getattr(self.world, name), key)
        self.world.touch()
        self.changes.append(change)
        return change

    def _stamp(self) -> str:
        return instant(self._clock, 3)

    def _entity(self, action: Action) -> Change:
        world, rng = self.world, self._rng
        living = [entity for entity in world.entities if not entity.deleted]
        if action == "add" or len(living) < FEWEST_ROWS:
            at = rng.randrange(len(world.entities) + 1)
            entity = world.add_entity(f"new-{rng.getrandbits(40):010x}", at=at)
            return Change("add", "entities", entity.tag)
        entity = rng.choice(living)
        if action == "delete":
            world.remove_entity(entity.id)
        elif action == "move":
            world.entities.remove(entity)
            world.entities.insert(rng.randrange(len(world.entities) + 1), entity)
        else:
            entity.description = f"Described again, {rng.randrange(10**6)}"
            entity.last_updated = self._stamp()
        return Change(action, "entities", entity.tag)

    def _owner(self) -> Entity:
        """Return an entity whose rows may change: one that has some, if there is any."""
        living = [entity for entity in self.world.entities if not entity.deleted]
        busy = [entity for entity in living if len(entity.deploys) >= FEWEST_ROWS]
        return self._rng.choice(busy or living)

    def _row(self, action: Action, name: str, rows: list[Row], key: str) -> Change:
        rng = self._rng
        if action == "add" or len(rows) < FEWEST_ROWS:
            row = _NEW[name](self)
            rows.insert(rng.randrange(len(rows) + 1), row)
            return Change("add", name, str(row[key]))
        place = rng.randrange(len(rows))
        row = rows[place]
        if action == "delete":
            del rows[place]
        elif action == "move":
            del rows[place]
            rows.insert(rng.randrange(len(rows) + 1), row)
        else:
            rows[place] = row = {**row, **_CHANGED[name](self)}
        return Change(action, name, str(row[key]))

    def number(self, bits: int) -> int:
        """Throw a number of so many bits."""
        return self._rng.getrandbits(bits)

    def uuid(self) -> str:
        """Throw a UUID."""
        digits = f"{self.number(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    @property
    def now(self) -> str:
        """The moment of the change, a second after the one before."""
        return self._stamp()


def _deploy(churn: Churn) -> Row:
    title = f"Release {churn.number(10)}"
    return {"uuid": churn.uuid(), "title": title, "type": "DEPLOY", "timestamp": churn.now}


def _event(churn: Churn) -> Row:
    title = f"Event {churn.number(10)}"
    return {"uuid": churn.uuid(), "title": title, "type": "INCIDENT", "timestamp": churn.now}


def _audit(churn: Churn) -> Row:
    return {
        "action": "UPDATE",
        "objectIdentifier": f"object-{churn.number(20)}",
        "objectType": "CATALOG",
        "timestamp": churn.now,
    }


def _gitops(churn: Churn) -> Row:
    repository = {"provider": "GITHUB", "repositoryName": "example/catalog-1"}
    commit = f"{churn.number(160):040x}"
    return {"commit": commit, "dateCreated": churn.now, "repository": repository, "files": []}


def _user(churn: Churn) -> Row:
    number = churn.number(30)
    email = f"new+{number}@example.com"
    return {"email": email, "name": "New Example", "joinedAt": churn.now, "lastActiveAt": churn.now}


_NEW: dict[str, Callable[[Churn], Row]] = {
    "deploys": _deploy,
    "custom_events": _event,
    "audit_logs": _audit,
    "gitops_logs": _gitops,
    "users": _user,
}
_CHANGED: dict[str, Callable[[Churn], dict[str, Any]]] = {
    "deploys": lambda churn: {"title": f"Release {churn.number(10)}, corrected"},
    "custom_events": lambda churn: {"title": f"Event {churn.number(10)}, corrected"},
    "audit_logs": lambda churn: {"objectIdentifier": f"object-{churn.number(20)}"},
    "gitops_logs": lambda _: {"files": []},
    "users": lambda churn: {"lastActiveAt": churn.now},
}
