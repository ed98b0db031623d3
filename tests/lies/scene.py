"""What a way of lying has to work with: one question, its true answer, and the list around it."""

from __future__ import annotations

import copy
import dataclasses
import enum
import inspect
from typing import TYPE_CHECKING, Any

from .shapes import ABSENT, put

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .routes import Route
    from .wire import Answer, Ask


class Spot(enum.Enum):
    """Which answers of a route a lie is in."""

    FIRST = "first"
    MIDDLE = "middle"
    LAST = "last"
    SOME = "some"
    """Every second different question of the route."""
    ALL = "all"
    LATER = "later"
    """The middle one and all that come after it, on whatever route."""
    ALWAYS = "always"
    """Every answer of the whole server."""


PAGES = (Spot.FIRST, Spot.MIDDLE, Spot.LAST)
EVERY = (Spot.ALL,)


@dataclasses.dataclass
class Scene:
    """A question, its true answer, and what else may be known.

    Attributes:
        index: Number of the page among those of the list, from 0.
        others: Question and true answer of every page of the list, of an honest run.
        call: Ask the honest server something else.
    """

    route: Route
    ask: Ask
    answer: Answer
    index: int
    others: Sequence[tuple[Ask, Answer]]
    call: Callable[[Ask], Awaitable[Answer]]
    body: Any = None

    def __post_init__(self) -> None:
        """Decode the body once."""
        self.body = self.answer.json

    @property
    def rows(self) -> list[Any]:
        """A copy of the rows of the page; none where the answer has no list."""
        found = self.route.shape.find(self.body) if self.answer.status < 300 else None
        return copy.deepcopy(found or [])

    @property
    def has_list(self) -> bool:
        """Whether the answer has a list of rows, be it empty."""
        return self.answer.status < 300 and self.route.shape.find(self.body) is not None

    def with_rows(self, rows: Any) -> Answer:
        """Return the answer with other rows, or with something else in their place."""
        return self.answer.with_json(put(self.body, self.route.shape.row_path(self.body), rows))

    def claim(self, name: str) -> Any:
        """Return what the answer claims; ``ABSENT`` if it does not."""
        return self.route.shape.claim(self.body, name)

    def claiming(self, value: Any, name: str) -> Answer:
        """Return the answer with another claim."""
        return self.answer.with_json(put(self.body, self.route.shape.claims[name], value))

    def key_of(self, row: Any) -> Any:
        """Return the key that the server gave a row."""
        found = row
        for part in self.route.key:
            found = found[part]
        return found

    def with_key(self, row: Any, value: Any) -> Any:
        """Return a row with another key; ``ABSENT`` takes it out."""
        changed = copy.deepcopy(row)
        inner = changed
        for part in self.route.key[:-1]:
            inner = inner[part]
        last = self.route.key[-1]
        if value is not ABSENT:
            inner[last] = value
        elif isinstance(inner, dict):
            del inner[last]
        else:
            inner[last] = None
        return changed


@dataclasses.dataclass(frozen=True)
class Way:
    """One way of lying.

    Attributes:
        name: What it does, for people.
        group: Under which heading it stands.
        change: Makes the lie of the true answer; nothing where there is nothing to lie about.
        spots: Where in a list it is tried.
        needs: Traits that a route must have, all of them.
    """

    name: str
    group: str
    change: Callable[[Scene], Answer | Awaitable[Answer | None] | None]
    spots: tuple[Spot, ...] = PAGES
    needs: frozenset[str] = frozenset()

    async def lie(self, scene: Scene) -> Answer | None:
        """Return the lie; nothing if it would be the truth."""
        try:
            found = self.change(scene)
            if inspect.isawaitable(found):
                found = await found
        except (LookupError, TypeError, StopIteration):
            return None
        return None if found == scene.answer else found


class Ways(dict[str, Way]):
    """Ways by name, filled by decorating what makes the lie."""

    def __init__(self, group: str) -> None:
        super().__init__()
        self.group = group

    def way(
        self, *spots: Spot, needs: str = "", name: str = ""
    ) -> Callable[[Callable[[Scene], Any]], Callable[[Scene], Any]]:
        """Register the decorated function under its own name, or another."""

        def register(change: Callable[[Scene], Any]) -> Callable[[Scene], Any]:
            called = name or change.__name__.strip("_")
            assert called not in self, called
            wanted = frozenset(needs.split())
            self[called] = Way(called, self.group, change, spots or PAGES, wanted)
            return change

        return register

    def many(
        self,
        prefix: str,
        values: Mapping[str, Any],
        make: Callable[[Scene, Any], Any],
        *spots: Spot,
        needs: str = "",
    ) -> None:
        """Register one way for each of several values."""
        for word, value in values.items():

            def change(scene: Scene, value: Any = value) -> Any:
                return make(scene, value)

            self.way(*spots, needs=needs, name=f"{prefix}_{word}")(change)
