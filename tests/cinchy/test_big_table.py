"""A large table whose rows change while it is read equals its source after the next run.

20 000 rows are read in two ways, one through many short pages; with ``-m slow`` 200 000, and with
``SOAK=1`` as well in every combination of zones and page caps, a hundred of them.
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

ROWS = 20_000
MANY = 200_000
CAP = 1300
STREAM = "delivery_tasks"
COLUMNS = {"Title", "Version", "Deleted"}
EVERY = [
    pytest.param(options, moves, id=f"{zone.replace('/', '-')}-{place}")
    for zone in OUTPUT_ZONES
    for place, (options, moves) in enumerate(combinations(zone, CAP))
]
TRIED = [EVERY[0], EVERY[26]]
each_way = pytest.mark.parametrize(("options", "moves"), TRIED)
soaked = pytest.mark.parametrize(("options", "moves"), EVERY if "SOAK" in os.environ else TRIED)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(rows=20, sizes_by_table={story.TASKS: ROWS})


@pytest.fixture(scope="module")
def large() -> World:
    return build_world(rows=20, sizes_by_table={story.TASKS: MANY})


@pytest.fixture
def serving() -> Iterator[Callable[[World, dict[str, Any]], Site]]:
    running = []

    def begin(world: World, options: dict[str, Any]) -> Site:
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


def check_equal(running: Site, rows: int, options: dict[str, Any], *, moves: bool) -> None:
    """Read a table while it changes, and what changed meanwhile; the target has to equal it."""
    world = running.world
    world.delete_moves_modified = moves
    catalog = incremental(running.discover(tables_include=[story.TASKS]), STREAM)
    for entry in streams_of(catalog)[STREAM]["metadata"]:
        if len(entry["breadcrumb"]) == 2:
            entry["metadata"]["selected"] = entry["breadcrumb"][1] in COLUMNS
    change, asked = unrest(world, seed=5)
    undo = world.on_request(change)
    target = Target()
    assert sync(running, target, catalog) >= rows
    assert len(asked) > rows // (options["page_cap"] or 10_000)
    undo()
    assert sync(running, target, catalog) < rows
    assert target.versions(STREAM) == versions_of(world, story.TASKS)


@each_way
def test_20_000_rows_that_change_while_they_are_read(
    world: World,
    serving: Callable[[World, dict[str, Any]], Site],
    options: dict[str, Any],
    moves: bool,  # noqa: FBT001  # a parameter of the matrix
) -> None:
    check_equal(serving(world, options), ROWS, options, moves=moves)


@pytest.mark.slow
@pytest.mark.timeout(900)
@soaked
def test_200_000_rows_that_change_while_they_are_read(
    large: World,
    serving: Callable[[World, dict[str, Any]], Site],
    options: dict[str, Any],
    moves: bool,  # noqa: FBT001  # a parameter of the matrix
) -> None:
    check_equal(serving(large, options), MANY, options, moves=moves)
