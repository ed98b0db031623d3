"""Healthy servers that live while they are read: rows come, go, change and move."""

from __future__ import annotations

import abc
import json
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.cachet import ADMIN_TOKEN, Token, truth
from sandbox.cachet import Options as CachetOptions
from sandbox.cinchy.furnish import CLIENT_ID

from .routes.cinchy import PROJECTS

if TYPE_CHECKING:
    import random

    from .worlds import Server

Key = tuple[str, ...]
Keys = dict[str, set[Key]]
TASKS = "Delivery.Tasks"


class Town(abc.ABC):
    """A served world that changes.

    Attributes:
        scenarios: What may be read of it: names of streams that are read in one run.
        kinds: Names of the changes, each a method that makes one.
    """

    system: ClassVar[str]
    tap: ClassVar[str] = ""
    """The command that reads it, if its name is not that of the system."""
    scenarios: ClassVar[tuple[tuple[str, ...], ...]]
    kinds: ClassVar[tuple[str, ...]] = ("add", "change", "delete", "move")

    def __init__(self, server: Server[Any], chance: random.Random) -> None:
        self.server = server
        self.world = server.world
        self.chance = chance

    def settings(self) -> dict[str, Any]:
        """Return what a run is given beside the usual."""
        return {}

    def keys(self, streams: tuple[str, ...]) -> Keys:
        """Return the keys that a complete read brings now, as the judge writes them."""
        return {
            stream: {tuple(json.dumps(part) for part in key) for key in self.truth(stream)}
            for stream in streams
        }

    @abc.abstractmethod
    def truth(self, stream: str) -> set[tuple[Any, ...]]:
        """Return the keys of a stream."""

    def concurrency(self) -> int:
        """Return how many requests are under way at once."""
        return self.chance.choice((1, 8))

    def complaints(self) -> list[str]:
        """Return what the server itself found wrong."""
        return []


class CachetTown(Town):
    """A status page in use."""

    system = "cachet-3"
    scenarios = (
        ("incidents", "incident_updates", "incident_components"),
        ("incidents",),
        ("components",),
        ("metric_points",),
        ("metrics", "components", "incidents"),
    )

    def truth(self, stream: str) -> set[tuple[Any, ...]]:
        """Return the keys of a stream."""
        options = CachetOptions(api=self.system.partition("-")[2])
        return truth(self.world, options, Token(ADMIN_TOKEN)).keys[stream]

    def _ids(self, stream: str) -> list[int]:
        return sorted(key[0] for key in self.truth(stream))

    def add(self) -> None:
        """Add an incident, a component and a point."""
        number = len(list(self.world.incidents.with_deleted()))
        self.world.incidents.insert(guid=f"guid-{number}", name="New", message="It came.")
        self.world.components.insert(name=f"New {number}")
        now = self.world.clock.now()
        self.world.metric_points.insert(
            metric_id=self.chance.choice(self._ids("metrics")),
            value=1.0,
            created_at=now,
            updated_at=now,
        )

    def change(self) -> None:
        """Change an incident and a component."""
        self.world.incidents.update(self.chance.choice(self._ids("incidents")), message="Changed.")
        self.world.components.update(self.chance.choice(self._ids("components")), name="changed")

    def delete(self) -> None:
        """Delete an incident and a component."""
        self.world.delete_incident(self.chance.choice(self._ids("incidents")))
        self.world.components.delete(self.chance.choice(self._ids("components")))

    def move(self) -> None:
        """Write rows anew, which moves them on the disk."""
        for _ in range(3):
            self.change()


class OldCachetTown(CachetTown):
    """A status page of 2.4 in use."""

    system = "cachet-2.4"


class CortexTown(Town):
    """A developer portal in use."""

    system = "cortex"
    scenarios = (
        ("entities", "entity_owners", "entity_links"),
        ("groups", "deploys"),
        ("scorecards", "scorecard_scores"),
        ("custom_data",),
        ("workflows", "plugins", "users"),
        ("teams", "initiatives"),
        ("relationships", "entity_types"),
    )

    def truth(self, stream: str) -> set[tuple[Any, ...]]:
        """Return the keys of a stream."""
        return set(self.world.truth(stream))

    def _somewhere(self, rows: list[Any]) -> int:
        return self.chance.randrange(len(rows) + 1)

    def add(self) -> None:
        """Add an entity, at any place of the list."""
        name = f"new-{self.world.version}-{self.chance.randrange(10**6)}"
        self.world.add_entity(name, at=self._somewhere(self.world.entities))

    def change(self) -> None:
        """Change an entity."""
        self.chance.choice(self.world.entities).name = "changed"
        self.world.touch()

    def delete(self) -> None:
        """Delete an entity, a workflow and a user."""
        self.world.remove_entity(self.chance.choice(self.world.entities).id)
        for rows in (self.world.workflows, self.world.users):
            if len(rows) > 1:
                rows.pop(self._somewhere(rows) - 1)
        self.world.touch()

    def move(self) -> None:
        """Put rows of several lists elsewhere."""
        world = self.world
        for rows in (world.entities, world.scorecards, world.workflows, world.plugins, world.users):
            row = rows.pop(self.chance.randrange(len(rows)))
            rows.insert(self._somewhere(rows), row)
        world.touch()


class CinchyTown(Town):
    """A data platform in use."""

    system = "cinchy"
    scenarios = (
        ("delivery_projects",),
        ("delivery_tasks",),
        ("delivery_projects", "delivery_tasks"),
    )
    kinds = ("add", "change", "delete", "move", "erase")

    def concurrency(self) -> int:
        """Return how many requests are under way at once: never more than one."""
        return 1

    def settings(self) -> dict[str, Any]:
        """Return what a run is given: two tables, and sometimes a token that has to be renewed."""
        found: dict[str, Any] = {"tables_include": [PROJECTS, TASKS]}
        if self.chance.random() < 1 / 2:
            account = self.world.accounts["reader"]
            self.server.app.options.token_requests = self.chance.randint(2, 6)
            found |= {
                "access_token": None,
                "username": account.username,
                "password": account.password,
                "client_id": CLIENT_ID,
                "client_secret": self.world.clients[CLIENT_ID],
            }
        return found

    def truth(self, stream: str) -> set[tuple[Any, ...]]:
        """Return the keys of a stream."""
        table = PROJECTS if stream == "delivery_projects" else TASKS
        return {(row["Cinchy Id"],) for row in self.world.truth(table)}

    def _row(self, table: str) -> int:
        return int(self.chance.choice([row["Cinchy Id"] for row in self.world.truth(table)]))

    def add(self) -> None:
        """Add a row to both tables."""
        self.world.insert(PROJECTS, {"Name": "new"})
        self.world.insert(TASKS, {"Title": "new"})

    def change(self) -> None:
        """Change a row of both."""
        self.world.update(PROJECTS, self._row(PROJECTS), {"Name": "changed"})
        self.world.update(TASKS, self._row(TASKS), {"Title": "changed"})

    def delete(self) -> None:
        """Put a row of both into the recycle bin."""
        for table in (PROJECTS, TASKS):
            alive = [row["Cinchy Id"] for row in self.world.truth(table, deleted=False)]
            self.world.delete(table, self.chance.choice(alive))

    def move(self) -> None:
        """Commit a row late: its key is lower than others that are there."""
        self.add()
        self.change()

    def erase(self) -> None:
        """Remove a row of both for good."""
        for table in (PROJECTS, TASKS):
            self.world.erase(table, self._row(table))
