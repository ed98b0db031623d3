"""A long page is told of in steps: little of it is read again after a kill in its middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from support.tap_run import select

from sandbox.cinchy import Account, World
from sandbox.cinchy.columns import text
from sandbox.cinchy.scale import EVENTS, add_series
from tap_cinchy.positions import STEP

from .conftest import Site, incremental
from .target import Target, versions_of

Start = Callable[..., Site]

PAGE, PAGES = 3 * STEP, 3
ROWS = PAGE * PAGES + 10
STREAM = "scale_events"
SETTINGS = {"tables_include": [EVENTS], "page_size": PAGE}


def marks(messages: list[dict[str, Any]]) -> list[tuple[int, dict[str, str]]]:
    """Return the mark of each STATE that has one, with its place among the messages."""
    found = []
    for place, message in enumerate(messages):
        if message["type"] == "STATE":
            mark = message["value"]["bookmarks"].get(STREAM, {}).get("resume", "")
            if mark:
                found.append((place, {key: values[-1] for key, values in parse_qs(mark).items()}))
    return found


@pytest.mark.parametrize("method", [select, incremental])
def test_a_state_comes_in_the_middle_of_a_page_and_a_read_goes_on_there(
    start: Start, method: Any
) -> None:
    world = World(3)
    world.add_account(Account(username="reader"), "R")
    add_series(world, count=ROWS, columns=[text("Name")], values=lambda id_: (f"n{id_}",))
    running = start(world)
    catalog = method(running.discover(**SETTINGS), STREAM)
    first = running.run(catalog=catalog, settings=SETTINGS)
    assert first.exit_code == 0, first.stderr
    found = marks(first.messages)
    # The rest, less than a page, is told of when the read has been judged.
    assert [mark["position"] for _place, mark in found] == [
        str(step) for step in range(STEP, PAGE * PAGES + 1, STEP)
    ]
    for place, mark in found:
        before = [one for one in first.messages[:place] if one["type"] == "RECORD"]
        written = [one["record"]["Cinchy Id"] for one in before if one["stream"] == STREAM]
        assert mark["rows"] == str(len(written))
        assert mark["position"] == str(written[-1])
    place, mark = found[1]
    world.update(EVENTS, 5, {"Name": "changed"})
    killed = first.messages[: place + 1]
    second = running.run(catalog=catalog, settings=SETTINGS, state=killed[-1]["value"])
    assert second.exit_code == 0, second.stderr
    assert second.keys(STREAM)[0] == (int(mark["position"]) + 1,)
    target = Target()
    target.load(killed)
    target.load(second.messages)
    assert target.versions(STREAM) == versions_of(world, EVENTS)
