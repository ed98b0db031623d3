"""Whole sandboxes of Cortex and Cinchy behind the scriptable server, and all three as one."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from sandbox import cinchy, cortex

from .runner import MARKER, SECRET, TAP_CACHET, TAP_CINCHY, TAP_CORTEX, Runner
from .server import FaultServer
from .stage import QUICK, Stage, asgi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .runner import Run

CLOCK = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
TINY = cortex.WorldSpec(now=CLOCK, entities=24, crowd=30, logs=40)
PASSWORD = f"{MARKER} word&="
CLIENT_SECRET = f"{MARKER}-0000-client"


class CortexStage(FaultServer):
    """A workspace of Cortex."""

    def __init__(self, **options: Any) -> None:
        keys = [cortex.ApiKey(token=SECRET)]
        self.world = cortex.World(TINY)
        app = cortex.create_app(self.world, cortex.Options(keys=keys, **options))
        super().__init__(lambda seen: asgi(app, seen))

    def config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration for this server."""
        return {
            "api_url": self.url,
            "api_key": SECRET,
            "page_size": 20,
            "log_margin_seconds": 0,
            **QUICK,
            **settings,
        }


class CinchyStage(FaultServer):
    """A Cinchy platform."""

    def __init__(self, **options: Any) -> None:
        self.world = cinchy.build_world(rows=20)
        account = self.world.accounts["reader"]
        account.token, account.password = SECRET, PASSWORD
        self.client = next(iter(self.world.clients))
        self.world.clients[self.client] = CLIENT_SECRET
        self.app = cinchy.create_app(self.world, cinchy.Options(**options))
        super().__init__(lambda seen: asgi(self.app, seen))

    def config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration for this server that reads one table."""
        return {
            "api_url": self.url,
            "access_token": SECRET,
            "allow_insecure_http": True,
            "tables_include": ["HR.Employees"],
            **QUICK,
            **settings,
        }

    def password(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration with every kind of credential but the token."""
        return {
            **self.config(),
            "access_token": None,
            "username": "reader",
            "password": PASSWORD,
            "client_id": self.client,
            "client_secret": CLIENT_SECRET,
            **settings,
        }


@dataclasses.dataclass
class System:
    """One of the three taps, and a sandbox for it."""

    name: str
    run: Runner
    stage: Stage | CortexStage | CinchyStage
    key: str
    """The setting with the credential."""
    streams: list[str] | None
    """One that is quickly read; the tables of Cinchy are chosen by a setting."""

    def __call__(self, *arguments: str, **more: Any) -> Run:
        """Run the tap with settings on top of the usual ones."""
        settings = more.pop("settings", {})
        if self.streams and not arguments:
            more.setdefault("select", self.streams)
        return self.run(self.stage.config(**settings), *arguments, **more)


SYSTEMS = {
    "cachet": (TAP_CACHET, Stage, "api_key", ["metrics"]),
    "cortex": (TAP_CORTEX, CortexStage, "api_key", ["catalogs"]),
    "cinchy": (TAP_CINCHY, CinchyStage, "access_token", None),
}


@contextlib.contextmanager
def system(name: str, folder: Path) -> Iterator[System]:
    """Serve a system."""
    command, stage_of, key, streams = SYSTEMS[name]
    with stage_of() as stage:
        yield System(name, Runner(folder, command), stage, key, streams)
