from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex import World, WorldSpec, create_app
from sandbox.serve import serve

from .cortex_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.cortex import Options
    from sandbox.serve import App, Receive, Scope, Send


class Slot:
    """A running server whose application can be exchanged: stopping one takes a while."""

    app: App

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def slots() -> Iterator[list[tuple[Slot, str]]]:
    with contextlib.ExitStack() as stack:
        running = []
        for _ in range(4):
            slot = Slot()
            running.append((slot, stack.enter_context(serve(slot)).url))
        yield running


@pytest.fixture
def run(slots: list[tuple[Slot, str]]) -> Callable[[App], str]:
    """Serve up to four applications of one's own; returns their addresses."""
    free = itertools.count()

    def begin(app: App) -> str:
        slot, url = slots[next(free)]
        slot.app = app
        return url

    return begin


@pytest.fixture(scope="module")
def world() -> World:
    """A small world that no test changes."""
    return World(WorldSpec(seed=3))


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[Client]:
    with serve(create_app(world)) as server, Client(server.url) as one:
        yield one


@pytest.fixture
def start(run: Callable[[App], str]) -> Iterator[Callable[..., tuple[World, Client]]]:
    """Serve a world of one's own: ``start(entities=3)``, ``start(Options(...))``."""
    with contextlib.ExitStack() as stack:

        def begin(options: Options | None = None, **spec: Any) -> tuple[World, Client]:
            world = World(WorldSpec(**{"entities": 40, "logs": 20, "crowd": 5, **spec}))
            return world, stack.enter_context(Client(run(create_app(world, options))))

        yield begin
