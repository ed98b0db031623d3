"""The three systems as places where things change while a tap reads, with a ledger of truth."""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
import json
import random
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.cachet import Options as CachetOptions
from sandbox.cachet import Token, generate, truth
from sandbox.cachet import create_app as cachet_app
from sandbox.cinchy import Account, Clock
from sandbox.cinchy import Options as CinchyOptions
from sandbox.cinchy import World as CinchyWorld
from sandbox.cinchy import create_app as cinchy_app
from sandbox.cinchy.columns import text
from sandbox.cortex.app import create_app as cortex_app
from sandbox.cortex.options import DEFAULT_TOKEN
from sandbox.cortex.options import Options as CortexOptions
from sandbox.cortex.world import World as CortexWorld
from sandbox.cortex.world import WorldSpec

from .runner import SECRET, TAP_CACHET, TAP_CINCHY, TAP_CORTEX, Runner, discover, selecting
from .server import FaultServer
from .stage import QUICK, SMALL, asgi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from sandbox.serve import App

    from .server import Exchange, Seen

Key = tuple[Any, ...]
TABLE = "Lab.Samples"
_found: dict[str, dict[str, Any]] = {}
"""What discovery has found, by kind of place."""


class Target:
    """What a target with upsert holds: the rows of one stream by their keys."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Key, dict[str, Any]]] = {}
        self.state: dict[str, Any] = {}
        self._names: dict[str, list[str]] = {}
        self._versions: dict[tuple[str, Key], int | None] = {}

    def load(self, messages: Iterable[dict[str, Any]]) -> None:
        """Take messages in, whole ones only."""
        for message in messages:
            stream = message.get("stream", "")
            rows = self.rows.setdefault(stream, {}) if stream else {}
            if message["type"] == "SCHEMA":
                self._names[stream] = message["key_properties"]
            elif message["type"] == "RECORD":
                key = tuple(message["record"][name] for name in self._names[stream])
                rows[key] = message["record"]
                self._versions[stream, key] = message.get("version")
            elif message["type"] == "ACTIVATE_VERSION":
                for key in list(rows):
                    if (self._versions[stream, key] or 0) < message["version"]:
                        del rows[key]
            elif message["type"] == "STATE":
                self.state = message["value"]

    def keys(self, stream: str) -> set[Key]:
        """Return the keys of a stream that are there now."""
        return set(self.rows.get(stream, {}))


class Place(FaultServer, abc.ABC):
    """A system, one list of it, and the tap that reads it.

    Attributes:
        command: The tap.
        stream: The list, as a stream.
        settings: Beside those every place gives; a page is small.
    """

    command: ClassVar[tuple[str, ...]]
    stream: ClassVar[str]
    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, app: App) -> None:
        super().__init__(lambda seen: asgi(app, seen))
        self.changing = threading.Lock()

    def config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration for this place."""
        return {"api_url": self.url, **QUICK, "page_size": 10, **self.settings, **settings}

    def catalog(self, folder: Path, *more: str) -> dict[str, Any]:
        """Return a catalog with the list, and maybe more streams, selected."""
        del folder
        return selecting(discover(self.command), [self.stream, *more])

    @abc.abstractmethod
    def keys(self) -> set[Key]:
        """Return the keys a complete read brings now."""

    @abc.abstractmethod
    def asks(self, seen: Seen) -> bool:
        """Whether a request is for a page of the list."""

    @abc.abstractmethod
    def insert(self) -> None:
        """Add a row."""

    @abc.abstractmethod
    def update(self, key: Key) -> None:
        """Change a row."""

    @abc.abstractmethod
    def delete(self, key: Key) -> None:
        """Delete a row for good."""

    def first(self) -> Key:
        """Return the key of the row that stands first in the list."""
        return min(self.keys())

    def before_pages(self, change: Callable[[int], None]) -> None:
        """Change something before every page of the list but the first; counted from 1."""
        pages = 0

        def answer(exchange: Exchange) -> None:
            nonlocal pages
            if self.asks(exchange.seen):
                with self.changing:
                    if pages:
                        change(pages)
                    pages += 1
            exchange.reply(exchange.whole())

        self.script("*", forever=answer)


class CachetPlace(Place):
    """Incidents, in pages that overlap."""

    command = TAP_CACHET
    stream = "incidents"
    settings: ClassVar = {"api_key": SECRET}

    def __init__(self, rows: int, *, api: str = "3") -> None:
        self.options = CachetOptions(tokens=(Token(SECRET),), api=api)
        self.world = generate(dataclasses.replace(SMALL, incidents=rows), api=api)
        super().__init__(cachet_app(self.world, self.options))

    def keys(self) -> set[Key]:
        return truth(self.world, self.options, Token(SECRET)).keys["incidents"]

    def asks(self, seen: Seen) -> bool:
        return seen.path.endswith("/incidents")

    def insert(self) -> None:
        number = len(list(self.world.incidents.with_deleted()))
        self.world.incidents.insert(guid=f"guid-{number}", name="New", message="It came.")

    def update(self, key: Key) -> None:
        self.world.incidents.update(key[0], message="It changed.")

    def delete(self, key: Key) -> None:
        self.world.delete_incident(key[0])


class OldCachetPlace(CachetPlace):
    """Incidents of 2.4."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows, api="2.4")


class CortexPlace(Place):
    """The catalog, in pages whose order is documented nowhere; they tell the total."""

    command = TAP_CORTEX
    stream = "entities"
    settings: ClassVar = {"api_key": DEFAULT_TOKEN, "log_margin_seconds": 0}

    def __init__(self, rows: int) -> None:
        self.world = CortexWorld(WorldSpec(entities=rows, archived_share=0, deleted=0, logs=20))
        self.options = CortexOptions()
        super().__init__(cortex_app(self.world, self.options))

    def keys(self) -> set[Key]:
        return self.world.truth("entities")

    def first(self) -> Key:
        return (self.world.truth.listed()[0].id,)

    def asks(self, seen: Seen) -> bool:
        return seen.path.endswith("/catalog") and b"types=service" in seen.head

    def insert(self) -> None:
        self.world.add_entity(f"new-{self.world.version}", at=len(self.world.entities))

    def update(self, key: Key) -> None:
        entity = self.world.entity(key[0])
        entity.name = "changed"
        self.world.touch()

    def delete(self, key: Key) -> None:
        self.world.remove_entity(key[0])


class CinchyPlace(Place):
    """A table, page by page behind the key of the last row."""

    command = TAP_CINCHY
    stream = "lab_samples"

    def __init__(self, rows: int) -> None:
        self.world = CinchyWorld(3, clock=Clock(dt.datetime.now(dt.UTC)))
        account = self.world.add_account(Account(username="reader"), "R")
        self.world.create_table(TABLE, [text("Name")])
        now = self.world.now()
        for place in range(rows):
            at = now - dt.timedelta(minutes=50 * (rows - place))
            self.world.insert(TABLE, {"Name": f"n{place}"}, at=at)
        self.app = cinchy_app(self.world, CinchyOptions(output_zone="UTC"))
        self.token = account.token
        super().__init__(self.app)

    def config(self, **settings: Any) -> dict[str, Any]:
        found = super().config(
            access_token=self.token,
            allow_insecure_http=True,
            tables_include=[TABLE],
            **settings,
        )
        return {**found, "api_url": self.url + self.app.options.base_path}

    def catalog(self, folder: Path, *more: str) -> dict[str, Any]:
        if type(self).__name__ not in _found:
            run = Runner(folder, self.command)(self.config(), "--discover")
            _found[type(self).__name__] = json.loads(run.stdout)
        return selecting(_found[type(self).__name__], [self.stream, *more])

    def keys(self) -> set[Key]:
        return {(row["Cinchy Id"],) for row in self.world.truth(TABLE)}

    def asks(self, seen: Seen) -> bool:
        return b"Samples" in seen.body and b"ORDER" in seen.body and b"DESC" not in seen.body

    def insert(self) -> None:
        self.world.insert(TABLE, {"Name": "new"})

    def update(self, key: Key) -> None:
        self.world.update(TABLE, key[0], {"Name": "changed"})

    def delete(self, key: Key) -> None:
        self.world.erase(TABLE, key[0])


class Log(Place):
    """A place whose list is read by what came since the last run."""

    @abc.abstractmethod
    def newest(self) -> dt.datetime:
        """Return the instant of the newest row that is read."""

    @abc.abstractmethod
    def add(self, moment: dt.datetime) -> None:
        """Add a row of some instant."""

    def found(self, target: Target) -> set[Key]:
        """Return what the target holds, to be compared with the keys of this place."""
        return target.keys(self.stream)


class CachetPoints(CachetPlace, Log):
    """The points of a few metrics, each with a bookmark of its own."""

    stream = "metric_points"

    def __init__(self) -> None:
        super().__init__(5)
        self.metric = min(truth(self.world, self.options, Token(SECRET)).ids("metrics"))

    def keys(self) -> set[Key]:
        return truth(self.world, self.options, Token(SECRET)).keys["metric_points"]

    def newest(self) -> dt.datetime:
        points = self.world.metric_points.of_parent(self.metric, by_id=True)
        return dt.datetime.fromtimestamp(max(point.updated_at for point in points), dt.UTC)

    def add(self, moment: dt.datetime) -> None:
        stamp = int(moment.timestamp())
        self.world.metric_points.insert(
            metric_id=self.metric, value=1.0, created_at=stamp, updated_at=stamp
        )


class CortexLog(CortexPlace, Log):
    """The audit log, whose rows have no id: they are told apart by their instant."""

    stream = "audit_logs"

    def __init__(self) -> None:
        super().__init__(10)

    def keys(self) -> set[Key]:
        return {(instant(str(row["timestamp"])),) for row in self.world.audit_logs}

    def found(self, target: Target) -> set[Key]:
        return {(instant(row["timestamp"]),) for row in target.rows[self.stream].values()}

    def newest(self) -> dt.datetime:
        moments: list[dt.datetime] = [key[0] for key in self.keys()]
        return max(moments)

    def add(self, moment: dt.datetime) -> None:
        self.world.add_audit_log(moment + dt.timedelta(microseconds=len(self.world.audit_logs)))


class CinchyChanges(CinchyPlace, Log):
    """A table by what changed in it."""

    settings: ClassVar = {"incremental_tables": ["lab.*"]}

    def __init__(self) -> None:
        super().__init__(120)

    def newest(self) -> dt.datetime:
        moments: list[dt.datetime] = [row["Modified"] for row in self.world.truth(TABLE)]
        return max(moments)

    def add(self, moment: dt.datetime) -> None:
        self.world.insert(TABLE, {"Name": "added"}, at=moment)


def instant(text: str) -> dt.datetime:
    """Return an instant as servers and rows write it; without a zone it is UTC."""
    moment = dt.datetime.fromisoformat(text)
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


LOGS: dict[str, type[Any]] = {
    "cachet": CachetPoints,
    "cortex": CortexLog,
    "cinchy": CinchyChanges,
}
PLACES: dict[str, type[Any]] = {
    "cachet": CachetPlace,
    "cachet-2.4": OldCachetPlace,
    "cortex": CortexPlace,
    "cinchy": CinchyPlace,
}


class Unrest:
    """Inserts, updates and deletes at random, and keeps the ledger of what was there.

    Args:
        place: Where.
        seed: Of the chance.
        kinds: Names of the changes, one of which happens at a time.
    """

    def __init__(self, place: Place, seed: int, kinds: Sequence[str]) -> None:
        self.place = place
        self.kinds = kinds
        self.chance = random.Random(seed)
        self.always = set(place.keys())
        """What was there all the time."""
        self.ever = set(self.always)
        """What was there at any time."""

    def __call__(self, _page: int = 0) -> None:
        for kind in self.chance.choice([self.kinds, self.kinds[:1]]):
            self.step(kind)

    def step(self, kind: str) -> None:
        """Change one row."""
        if kind == "insert":
            self.place.insert()
        else:
            key = self.chance.choice(sorted(self.place.keys()))
            getattr(self.place, kind)(key)
        self.note()

    def note(self) -> None:
        """Take down what is there now."""
        now = self.place.keys()
        self.always &= now
        self.ever |= now
