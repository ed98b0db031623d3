from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cachet import Clock, Options, Size, World, create_app, generate
from sandbox.serve import serve

from .client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.serve import App, Receive, Scope, Send

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


class Stage:
    """One server whose application each test sets: starting one takes longer than most tests."""

    def __init__(self) -> None:
        self.app: App
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stages() -> Iterator[Callable[[int], Stage]]:
    """The n-th server, started when first asked for."""
    started: list[Stage] = []
    with contextlib.ExitStack() as stack:

        def nth(number: int) -> Stage:
            while len(started) <= number:
                stage = Stage()
                stage.url = stack.enter_context(serve(stage)).url
                started.append(stage)
            return started[number]

        yield nth


@pytest.fixture
def start(
    stages: Callable[[int], Stage],
) -> Callable[..., tuple[Client, World, Options]]:
    """Serve a generated world: ``start(size, api=..., **options)``."""
    used = 0

    def run(
        size: Size | None = None, *, world: World | None = None, **options: Any
    ) -> tuple[Client, World, Options]:
        nonlocal used
        settings = Options(**options)
        data = world or generate(size, api=settings.api, clock=Clock(NOW))
        stage = stages(used)
        stage.app = create_app(data, settings)
        used += 1
        root = settings.prefix + ("/api" if settings.family == 3 else "/api/v1")
        return Client(stage.url, root=root), data, settings

    return run
