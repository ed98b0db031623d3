"""A table of 200 000 rows that change while they are read equals its source after the next run.

``SOAK=1`` tries every combination of zones and page caps, a hundred of them; without it two of
them see the whole table, one through many short pages.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import Options, World, build_world, create_app, story
from sandbox.serve import serve

from .conftest import Site, incremental, streams_of
from .target import Target, versions_of
from .zones import OUTPUT_ZONES, combinations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.cinchy import SandboxRequest

ROWS = 200_000
CAP = 1300
STREAM = "delivery_tasks"
COLUMNS = {"Title", "Version", "Deleted"}
SOAK = "SOAK" in os.environ
EVERY = [
    pytest.param(options, moves, id=f"{zone.replace('/', '-')}-{place}")
    for zone in OUTPUT_ZONES
    for place, (options, moves) in enumerate(combinations(zone, CAP))
]
TRIED = EVERY if SOAK else [EVERY[0], EVERY[26]]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(rows=20, sizes_by_table={story.TASKS: ROWS})


@pytest.fixture
def serving(world: World) -> Iterator[Callable[[dict[str, Any]], Site]]:
    running = []

    def begin(options: dict[str, Any]) -> Site:
        app = create_app(world, Options(**options))
        running.append(serve(app))
        return Site(app, running[-1].__enter__())

    yield begin
    for server in running:
        server.__exit__(None, None, None)


def unrest(world: World, seed: int) -> tuple[Callable[[SandboxRequest], None], list[int]]:
    """Return what changes rows before every page, and a list with a place for each page."""
    chance = random.Random(seed)
    asked: list[int] = []

    def change(request: SandboxRequest) -> None:
        if "FROM [Delivery].[Tasks]" not in request.cql:
            return
        asked.append(len(asked))
        world.clock.advance(60)
        ids = world.table(story.TASKS).ids
        for id_ in chance.sample(ids, 20):
            if world.table(story.TASKS).rows[id_][9] is None:
                world.update(story.TASKS, id_, {"Status": "Done"})
        world.delete(story.TASKS, chance.choice(ids))
        world.insert(story.TASKS, {"Title": "new"})

    return change, asked


def sync(running: Site, target: Target, catalog: dict[str, Any]) -> int:
    """Load what one run of the tap writes; returns the number of records."""
    run = running.run(catalog=catalog, state=target.state or None)
    assert run.exit_code == 0, run.stderr
    target.load(run.messages)
    return len(run.records[STREAM])


@pytest.mark.parametrize(("options", "moves"), TRIED)
def test_200_000_rows_that_change_while_they_are_read(
    world: World,
    serving: Callable[[dict[str, Any]], Site],
    options: dict[str, Any],
    moves: bool,  # noqa: FBT001  # a parameter of the matrix
) -> None:
    world.delete_moves_modified = moves
    running = serving(options)
    catalog = incremental(running.discover(tables_include=[story.TASKS]), STREAM)
    for entry in streams_of(catalog)[STREAM]["metadata"]:
        if len(entry["breadcrumb"]) == 2:
            entry["metadata"]["selected"] = entry["breadcrumb"][1] in COLUMNS
    change, asked = unrest(world, seed=5)
    undo = world.on_request(change)
    target = Target()
    assert sync(running, target, catalog) >= ROWS
    assert len(asked) > ROWS // (options["page_cap"] or 10_000)
    undo()
    assert sync(running, target, catalog) < ROWS
    assert target.versions(STREAM) == versions_of(world, story.TASKS)
