from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox.cinchy import Options, build_world, create_app
from sandbox.cinchy.accounts import View
from sandbox.cinchy.cql import Result, Session, Write, execute
from sandbox.serve import serve

from .site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.cinchy import CinchyApp, World
    from sandbox.serve import Receive, Scope, Send


class Slot:
    """A running server that serves one platform after another: stopping a server takes a while."""

    def __init__(self) -> None:
        self.app: CinchyApp | None = None
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "a request came after its test had ended"
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def slots() -> Iterator[Callable[[], Slot]]:
    """Return a server nobody uses; servers are started as they are needed."""
    with contextlib.ExitStack() as stack:
        known: list[Slot] = []

        def free() -> Slot:
            for slot in known:
                if slot.app is None:
                    return slot
            slot = Slot()
            slot.url = stack.enter_context(serve(slot)).url
            known.append(slot)
            return slot

        yield free


@pytest.fixture
def start(slots: Callable[[], Slot]) -> Iterator[Callable[..., Site]]:
    """Serve a platform of one's own: ``start(world, page_cap=3)``."""
    used: list[Slot] = []
    with contextlib.ExitStack() as stack:

        def begin(world: World | None = None, **options: Any) -> Site:
            slot = slots()
            slot.app = create_app(world or build_world(rows=60), Options(**options))
            used.append(slot)
            return Site(slot.app, slot.url, stack.enter_context(requests.Session()))

        yield begin
    for slot in used:
        slot.app = None


@pytest.fixture
def world() -> World:
    return build_world(rows=60)


@pytest.fixture
def ask(world: World) -> Callable[..., list[tuple[Any, ...]]]:
    """Run a query without a server: ``ask(text, backend="postgres")`` returns rows."""

    def run(text: str, username: str = "admin", **rules: Any) -> list[tuple[Any, ...]]:
        result = result_of(world, text, username, **rules)
        return list(zip(*result.values, strict=True))

    return run


def result_of(world: World, text: str, username: str = "admin", **rules: Any) -> Result:
    """Run a query under some rules and return its whole result."""
    session = Session(view=View(world.accounts[username], world), **rules)
    found = execute(text, session)
    assert not isinstance(found, Write)
    return found
