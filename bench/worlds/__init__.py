"""What the server serves, rendered once. No contender is known here."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol

from bench.worlds.cachet import CachetWorld
from bench.worlds.cinchy import CinchyWorld
from bench.worlds.cortex import CortexWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class World(Protocol):
    """One system with a given number of records or entities."""

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> bytes | None:
        """Return the JSON body of an answer; nothing for 404."""


WORLDS: dict[str, Callable[[int], World]] = {
    "cachet": CachetWorld,
    "cinchy": CinchyWorld,
    "cortex": CortexWorld,
    "cortex-list": functools.partial(CortexWorld, children=False),
}
