"""Small worlds with several pages of everything, each behind a proxy on a socket of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sandbox.cachet import ADMIN_TOKEN, Size, generate
from sandbox.cachet import Options as CachetOptions
from sandbox.cachet import create_app as cachet_app
from sandbox.cachet.clock import Clock as CachetClock
from sandbox.cinchy import Clock as CinchyClock
from sandbox.cinchy import Options as CinchyOptions
from sandbox.cinchy import build_world, story
from sandbox.cinchy import create_app as cinchy_app
from sandbox.cortex.app import create_app as cortex_app
from sandbox.cortex.options import DEFAULT_TOKEN
from sandbox.cortex.options import Options as CortexOptions
from sandbox.cortex.world import World, WorldSpec
from sandbox.serve import serve

from .proxy import Proxy
from .renewing import SECRET, RenewingApp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.serve import App

P = TypeVar("P", bound=Proxy)
PAGE = 4
COMMON: dict[str, Any] = {
    "page_size": PAGE,
    "concurrency": 1,
    "requests_per_minute": 0,
    "retry_pause": 0,
    "max_retries": 1,
    "max_wait": 1,
    "request_timeout": 20,
    "response_timeout": 30,
    "progress_interval": 0,
}
"""One request at a time, so that a seed gives the same run; no pause that a test would wait for."""


@dataclasses.dataclass
class Server(Generic[P]):
    """A served world.

    Attributes:
        settings: What leads a tap there.
        world: To be changed while it is read, by those who want to.
        app: The application behind the proxy.
    """

    proxy: P
    url: str
    settings: dict[str, Any]
    world: Any
    app: Any

    def config(self, **settings: Any) -> dict[str, Any]:
        """Return a whole configuration."""
        found = {**COMMON, "api_url": self.url, **self.settings, **settings}
        return {name: value for name, value in found.items() if value is not None}


def _cachet(api: str, moment: dt.datetime) -> tuple[App, dict[str, Any], Any]:
    size = Size(
        components=11,
        component_groups=9,
        incidents=11,
        incident_templates=9,
        metrics=5,
        metric_points=9,
        schedules=9,
        subscribers=9,
    )
    world = generate(size, api=api, clock=CachetClock(moment))
    app = cachet_app(world, CachetOptions(api=api))
    return app, {"api_key": ADMIN_TOKEN}, world


def _cortex(moment: dt.datetime) -> tuple[App, dict[str, Any], Any]:
    spec = WorldSpec(
        now=moment, entities=11, crowd=9, logs=30, scorecards=6, teams=9, users=9, deleted=0
    )
    world = World(spec)
    app = cortex_app(world, CortexOptions(documentation="array", health="json"))
    return app, {"api_key": DEFAULT_TOKEN}, world


def _cinchy(moment: dt.datetime) -> tuple[App, dict[str, Any], Any]:
    sizes = {story.PROJECTS: 11, story.EMPLOYEES: 11, story.LEDGER: 11, story.READINGS: 11}
    world = build_world(rows=12, sizes_by_table=sizes, clock=CinchyClock(moment))
    settings = {"access_token": world.accounts["reader"].token, "allow_insecure_http": True}
    return cinchy_app(world, CinchyOptions(output_zone="UTC")), settings, world


def _renewing(_moment: dt.datetime) -> tuple[App, dict[str, Any], Any]:
    return RenewingApp(), {"api_key": SECRET}, None


MAKERS = {"cortex": _cortex, "cinchy": _cinchy, "renewing": _renewing}


@contextlib.contextmanager
def served(system: str, moment: dt.datetime, kind: type[P]) -> Iterator[Server[P]]:
    """Serve one system behind a proxy, at an instant at which its clock stands still."""
    if system.startswith("cachet"):
        app, settings, world = _cachet(system.partition("-")[2], moment)
    else:
        app, settings, world = MAKERS[system](moment)
    proxy = kind(app)
    with serve(proxy) as running:
        # A connection that a lie breaks is no news.
        logging.getLogger("uvicorn.error").disabled = True
        yield Server(proxy, running.url, settings, world, app)
