from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import RECEIPTS, TapRun, select
from support.warm import run_warm

from sandbox.cinchy import CinchyApp, Options, World, build_world, create_app
from sandbox.cinchy.furnish import CLIENT_ID
from sandbox.serve import Running, serve
from tap_cinchy.tap import STATIC_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

COMMAND = "tap-cinchy"
NO_BUNDLE = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), "")
"""Certificates are not needed here, and some machines have many."""
HEALTH = ("healthcheck", "idp_healthcheck", "connections_healthcheck")


@dataclasses.dataclass
class Site:
    """A served platform, and the tap pointed at it."""

    app: CinchyApp
    server: Running
    username: str = "reader"
    connections: int = 4
    """How many requests may be under way at once."""

    @property
    def world(self) -> World:
        return self.app.world

    @property
    def url(self) -> str:
        return self.server.url + self.app.options.base_path

    @property
    def queries(self) -> list[str]:
        """The text of every query that arrived."""
        return [query.text for query in self.app.seen.queries]

    def forget(self) -> None:
        self.server.forget()
        self.app.seen.queries.clear()
        self.app.seen.token_requests.clear()

    def config(self, **settings: Any) -> dict[str, Any]:
        """Settings with a personal access token; ``None`` takes a setting out."""
        found = {
            "api_url": self.url,
            "access_token": self.world.accounts[self.username].token,
            "allow_insecure_http": True,
            "retry_pause": 0,
            **settings,
        }
        return {name: value for name, value in found.items() if value is not None}

    def password(self, **settings: Any) -> dict[str, Any]:
        """Settings with a password and an integrated client."""
        account = self.world.accounts[self.username]
        return self.config(
            **{
                "access_token": None,
                "username": account.username,
                "password": account.password,
                "client_id": CLIENT_ID,
                "client_secret": self.world.clients[CLIENT_ID],
                **settings,
            }
        )

    def run(self, *arguments: str, **more: Any) -> TapRun:
        """Run the installed tap with settings on top of the usual, or with a whole config."""
        settings = more.pop("settings", {})
        config = more.pop("config", None) or self.config(**settings)
        more["env"] = {**NO_BUNDLE, **more.get("env", {})}
        run = run_warm(COMMAND, config, *arguments, **more)
        self.check_manners()
        return run

    def check_manners(self) -> None:
        """Assert what holds for every run: nothing is written, nobody is locked out."""
        seen = self.app.seen
        assert seen.writes == []
        assert seen.side_effects == []
        assert all(query.kind != "NONQUERY" for query in seen.queries)
        assert seen.in_flight_peak <= self.connections
        assert not any(self.app.identity.locked(name) for name in self.world.accounts)

    def discover(self, **settings: Any) -> dict[str, Any]:
        """Return the catalog."""
        run = self.run("--discover", settings=settings)
        assert run.exit_code == 0, run.stderr
        catalog: dict[str, Any] = json.loads(run.stdout)
        return catalog

    def read(self, table: str, **more: Any) -> TapRun:
        """Run the tap for one table only, by discovery."""
        settings = {"tables_include": [table], **more.pop("settings", {})}
        return self.run(settings=settings, **more)


@contextlib.contextmanager
def site(world: World | None = None, **options: Any) -> Iterator[Site]:
    app = create_app(world or build_world(rows=60), Options(**options))
    with serve(app) as server:
        yield Site(app, server)


@pytest.fixture
def start() -> Iterator[Callable[..., Site]]:
    """Serve a platform of one's own: ``start(world, page_cap=3)``."""
    with contextlib.ExitStack() as stack:

        def begin(world: World | None = None, **options: Any) -> Site:
            return stack.enter_context(site(world, **options))

        yield begin


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    """A platform that its tests only read."""
    with site() as running:
        yield running


def streams_of(catalog: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a catalog says of every stream but that of receipts, which nobody selects."""
    found = {stream["tap_stream_id"]: stream for stream in catalog["streams"]}
    return {name: stream for name, stream in found.items() if name != RECEIPTS}


def select_tables(names: Iterable[str]) -> set[str]:
    """Return the streams among these that stand for tables of the platform."""
    return set(names) - STATIC_NAMES


def incremental(catalog: dict[str, Any], *streams: str) -> dict[str, Any]:
    """Select streams of a catalog and have them read by what changed."""
    for name in streams:
        streams_of(catalog)[name]["replication_method"] = "INCREMENTAL"
        streams_of(catalog)[name]["replication_key"] = "Modified"
    return select(catalog, *streams)
