"""What is said of a route, and of a run that reads it."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from lies.shapes import Path, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lies.wire import Ask


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A run of a tap that reads a few streams.

    Attributes:
        system: Which server it reads.
        streams: What is selected.
        settings: Beside those that every run has.
        discovers: The run is given no catalog and finds the streams by itself.
        incremental: Streams that are read by what changed, where the tap leaves that to users.
        command: What is started, if not the tap of that name.
    """

    name: str
    system: str
    streams: tuple[str, ...]
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    discovers: bool = False
    incremental: bool = False
    command: str = ""

    @property
    def tap(self) -> str:
        """The command that reads it."""
        return self.command or "tap-" + self.system.partition("-")[0]


@dataclasses.dataclass(frozen=True)
class Route:
    """One kind of question of a scenario.

    Attributes:
        name: Unique.
        path: Pattern of the whole path, as it is sent.
        shape: Where rows and claims stand.
        traits: What the ways of lying ask for: ``paged``, ``whole``, ``object``, ``child``,
            ``text``, ``keyed``, ``related``, ``nested``, ``dated``, ``query``, ``columnar``,
            ``highest``; ``named`` if the answer names the parent it is of, ``none`` if 404 is the
            vendor's word for having none of it; ``numbered`` if rows are known by their places;
            ``part`` if ``key`` is one of several fields that tell rows apart.
        key: Path of the key in a row as the server sends it.
        record_id: Path of the id in an answer that is one record.
        cql: Pattern of the query, where all questions go to one path.
        wants: A parameter that the question must have; others on this path are of another kind.
        spared: Pattern of ways that are no lie here: a request to wait, or the very news.
    """

    name: str
    scenario: Scenario
    path: str
    shape: Shape
    traits: frozenset[str]
    key: tuple[str | int, ...] = ("id",)
    record_id: Path = ()
    method: str = "GET"
    cql: str = ""
    wants: str = ""
    spared: str = ""

    @property
    def system(self) -> str:
        """Which server it is of."""
        return self.scenario.system

    def matches(self, ask: Ask) -> bool:
        """Whether a request is a question of this kind."""
        if ask.method != self.method or not re.fullmatch(self.path, ask.path):
            return False
        if self.wants and self.wants not in ask.parameters:
            return False
        return not self.cql or re.search(self.cql, ask.cql) is not None


HEALTH = "(status|web_page|body|error|half|nothing|type|zip|connection|redirect)_.*"
"""A health check tells how a server answers, whatever that is."""


def traits(text: str) -> frozenset[str]:
    """Return traits from one text."""
    return frozenset(text.split())
