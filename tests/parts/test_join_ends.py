"""A join that the server ends, at any of its requests: nothing has moved, and it is made again."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from faults.places import CachetPoints, CinchyChanges, CinchyPlace, CortexPlace, Key, Place, Target
from faults.runner import TAP_CORTEX, Runner, discover, selecting
from faults.server import Exchange, Reply

PARTS = 2
MOST = 40
"""Requests of a join; it takes fewer."""
QUIET = "INFO"
End = Callable[["Ending", Exchange], None]


class CortexGroups(CortexPlace):
    """The groups of every entity: a request for each of them."""

    stream = "groups"
    settings: ClassVar = {**CortexPlace.settings, "groups": True}

    def catalog(self, folder: Path, *more: str) -> dict[str, Any]:
        del folder
        return selecting(discover(TAP_CORTEX), [self.stream, *more])

    def keys(self) -> set[Key]:
        return self.world.truth(self.stream)


PLACES: dict[str, tuple[Callable[[], Place], tuple[str, ...]]] = {
    "points of Cachet": (CachetPoints, ("incidents",)),
    "children of Cortex": (lambda: CortexGroups(12), ("entities",)),
    "a table of Cinchy": (lambda: CinchyPlace(60), ()),
    "changes of Cinchy": (CinchyChanges, ()),
}


class Ending:
    """Lets so many requests pass, and then none."""

    def __init__(self, place: Place, end: End) -> None:
        self.place = place
        self.end = end
        self.left = 0
        self.armed = False
        self.lock = threading.Lock()
        place.script("*", forever=self)

    def __call__(self, exchange: Exchange) -> None:
        with self.lock:
            over = self.armed and self.left == 0
            self.left = max(0, self.left - 1)
        if over:
            self.end(self, exchange)
        else:
            exchange.reply(exchange.whole())

    @contextlib.contextmanager
    def after(self, requests: int) -> Iterator[None]:
        """End everything behind so many requests, until the block ends."""
        self.left, self.armed = requests, True
        try:
            yield
        finally:
            self.armed = False


def revoked(ending: Ending, exchange: Exchange) -> None:
    """Answer as the vendor does to a credential that is none any more."""
    if isinstance(ending.place, CachetPoints):  # shows what it shows to everybody
        with ending.lock:
            tokens, ending.place.options.tokens = ending.place.options.tokens, ()
            reply = exchange.whole()
            ending.place.options.tokens = tokens
        exchange.reply(reply)
    else:
        head = (("Content-Type", "application/json"),)
        exchange.reply(Reply(401, head, b'{"message":"Unauthorized"}'))


def down(_ending: Ending, exchange: Exchange) -> None:
    """Break the connection off."""
    exchange.reset()


QUICK = {("points of Cachet", revoked), ("a table of Cinchy", revoked)}
ENDS = [
    pytest.param(
        name,
        end,
        code,
        id=f"{name}-{end.__name__}",
        marks=() if (name, end) in QUICK else pytest.mark.integration,
    )
    for name in PLACES
    for end, code in ((revoked, 2), (down, 1))
]


@pytest.mark.parametrize(("name", "end", "code"), ENDS)
def test_a_join_that_the_server_ends_is_made_again(
    tmp_path: Path, name: str, end: End, code: int
) -> None:
    make, more = PLACES[name]
    with make() as place:
        ending, target = Ending(place, end), Target()
        tap = Runner(tmp_path, place.command)
        config = place.config(max_retries=1)
        catalog = place.catalog(tmp_path, *more)
        plan = tmp_path / "plan.json"
        planned = tap(config, "--parts", str(PARTS), catalog=catalog, log=QUIET)
        assert planned.code == 0, planned.stderr
        plan.write_bytes(planned.stdout)
        receipts = [str(tmp_path / f"receipt.{index}.json") for index in range(PARTS)]
        for index, receipt in enumerate(receipts):
            part = tap(config, "--part", f"{plan}#{index}", "--receipt", receipt, log=QUIET)
            assert part.code == 0, part.stderr
            target.load(part.messages)
        change(place)
        line = ("--join", str(plan), *receipts)
        for requests in range(MOST):
            with ending.after(requests):
                joined = tap(config, *line, log=QUIET)
            target.load(joined.messages)
            if joined.code == 0:
                break
            assert joined.code == code, joined.stderr
            assert_nothing_moved(joined, place.stream)
            assert ("[CREDENTIAL" in joined.last) == (end is revoked), joined.last
        else:
            pytest.fail("no join came to an end")
        assert requests > 2, "some requests were answered before"
        assert place.stream in joined.state["bookmarks"]
        assert target.keys(place.stream) == place.keys()


def change(place: Place) -> None:
    """Add something that no part has seen."""
    place.insert()
    if isinstance(place, CachetPoints):
        place.add(place.newest() + dt.timedelta(seconds=1))


def assert_nothing_moved(joined: Any, stream: str) -> None:
    """Assert that a join which failed has retired nothing, and says what to do."""
    assert stream not in joined.activated
    assert all(state.get("bookmarks", {}).get(stream, {}) == {} for state in joined.states)
    assert joined.outcomes.get(stream) != "complete", joined.stderr
