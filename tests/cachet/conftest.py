from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from support.tap_run import TapRun, discover, run_tap, select
from support.warm import run_warm

from sandbox.cachet.app import create_app
from sandbox.cachet.generate import Size, generate
from sandbox.cachet.options import ADMIN_TOKEN, Options
from sandbox.cachet.truth import Truth, truth
from sandbox.cachet.world import World
from sandbox.serve import Running, serve

VERSIONS = ("2.3", "2.4", "3-2025", "3")


@dataclasses.dataclass
class Site:
    """A served world, and the tap pointed at it."""

    world: World
    options: Options
    server: Running

    def config(self, **settings: Any) -> dict[str, Any]:
        return {
            "api_url": self.server.url,
            "api_key": ADMIN_TOKEN,
            "requests_per_minute": 0,
            **settings,
        }

    def truth(self, *, guest: bool = False) -> Truth:
        return truth(self.world, self.options, None if guest else self.options.tokens[0])

    def run(self, *arguments: str, streams: tuple[str, ...] | None = None, **more: Any) -> TapRun:
        """Run the tap; ``streams=()`` selects all of them.

        That is the installed command, without importing the tap anew for every run; ``cold``
        starts it as a user does.
        """
        settings = more.pop("settings", {})
        if streams is not None:
            more["catalog"] = select(discover("tap-cachet"), *streams)
        start = run_tap if more.pop("cold", False) else run_warm
        return start("tap-cachet", self.config(**settings), *arguments, **more)


@contextlib.contextmanager
def site(api: str = "3", size: Size | None = None, seed: int = 1, **options: Any) -> Iterator[Site]:
    world = generate(size, seed=seed, api=api)
    settings = Options(api=api, **options)
    with serve(create_app(world, settings)) as server:
        yield Site(world, settings, server)


@pytest.fixture(scope="module", params=VERSIONS)
def any_site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """One site of every generation, not changed by its tests."""
    with site(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def new_site() -> Iterator[Site]:
    """A site of today's Cachet, not changed by its tests."""
    with site("3") as running:
        yield running
