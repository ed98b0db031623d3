"""Tables read by windows from a server that cuts, hides, tires and contradicts itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import Account, World, build_world, story
from sandbox.cinchy.columns import text
from sandbox.cinchy.pages import as_json
from sandbox.cinchy.scale import EVENTS, add_empty_tables, add_series

from .conftest import Site, incremental
from .target import Target, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

STREAM = "delivery_tasks"
NOTHING: tuple[Any, ...] = (
    [],
    {"schema": [], "data": []},
    {"schema": None, "data": None},
    {"schema": [], "data": [], "Message": "Execution Timeout"},
)


def pages_of(running: Site, column: str = "t.[Title]") -> list[str]:
    return [query for query in running.queries if column in query]


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_a_window_without_rows_is_noticed(start: Start, nothing: Any, method: str) -> None:
    world = build_world(rows=20, sizes_by_table={story.TASKS: 900})
    running = start(world)
    found = running.discover(tables_include=[story.TASKS])
    catalog = select(found, STREAM)
    if method == "INCREMENTAL":
        incremental(found, STREAM)
    pages = 0

    def lose(request: SandboxRequest) -> Any:
        nonlocal pages
        if "t.[Title]" in request.cql:
            pages += 1
            return as_json(nothing) if pages >= 3 else None
        return None

    world.on_request(lose)
    run = running.run(catalog=catalog, settings={"page_size": 200, "concurrency": 1})
    assert run.exit_code == 1
    assert len(run.records[STREAM]) == 400
    assert run.activated == []
    assert "replication_key_value" not in (run.states or [{}])[-1].get("bookmarks", {}).get(
        STREAM, {}
    )
    world.hooks.clear()
    target = Target()
    target.load(run.messages)
    target.load(running.run(catalog=catalog, state=target.state or None).messages)
    assert target.versions(STREAM) == versions_of(world, story.TASKS)


@pytest.mark.parametrize("rule", ["null", "vanish"])
@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_rows_that_links_take_away_are_missed(start: Start, rule: str, method: str) -> None:
    running = start(link_to_nothing=rule)
    found = running.discover(tables_include=[story.TASKS])
    catalog = select(found, STREAM)
    if method == "INCREMENTAL":
        incremental(found, STREAM)
    run = running.run(catalog=catalog)
    if rule == "null":
        assert run.exit_code == 0, run.stderr
        return
    assert run.exit_code == 1
    assert "links lead to nothing" in run.last_line
    assert run.activated == []


@pytest.mark.parametrize("first_id", [-7, 0])
def test_ids_at_or_below_0_come_too(start: Start, first_id: int) -> None:
    world = build_world(rows=20, first_id=first_id, id_step=3)
    running = start(world)
    run = running.read(story.TASKS, settings={"page_size": 7})
    assert run.exit_code == 0, run.stderr
    ids = [row["Cinchy Id"] for row in world.truth(story.TASKS)]
    assert min(ids) <= 0
    assert [record["Cinchy Id"] for record in run.records[STREAM]] == ids


def quiet_world(rows: int) -> World:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    add_series(world, count=rows, columns=[text("Name")], values=lambda id_: (f"n{id_}",))
    return world


def test_few_changes_in_a_large_table_are_found_where_no_scan_of_it_ends(start: Start) -> None:
    world = quiet_world(100_000)
    running = start(world)
    settings = {"tables_include": [EVENTS], "page_size": 50_000}
    catalog = incremental(running.discover(**settings), "scale_events")
    target = Target()
    target.load(running.run(catalog=catalog, settings=settings).messages)
    running.app.options.timeout_above_scanned = 20_000
    world.clock.advance(6 * 3600)
    world.update(EVENTS, 77_777, {"Name": "changed"})
    world.delete(EVENTS, 123)
    running.forget()
    run = running.run(catalog=catalog, state=target.state, settings={"page_size": 5000})
    assert run.exit_code == 0, run.stderr
    target.load(run.messages)
    assert target.versions("scale_events") == versions_of(world, EVENTS)
    assert len(running.queries) < 60
    refused = [query for query in running.app.seen.queries if query.cost.scanned > 20_000]
    assert len(refused) < 10


def test_time_outs_that_pass_cost_little(start: Start) -> None:
    world = quiet_world(100_000)
    running = start(world)
    trouble = iter(range(1, 10_000))

    def tire(request: SandboxRequest) -> None:
        if "t.[Name]" in request.cql:
            tired = next(trouble) in {20, 40, 60, 80}
            running.app.options.timeout_above_rows = 0 if tired else None

    world.on_request(tire)
    run = running.read(EVENTS, settings={"page_size": 1000})
    assert run.exit_code == 0, run.stderr
    assert len(run.records["scale_events"]) == 100_000
    assert len(pages_of(running, "t.[Name]")) <= 115


@pytest.mark.parametrize("include_deleted", [True, False])
def test_many_connections_bring_the_same_rows_in_the_same_order(
    start: Start,
    include_deleted: bool,  # noqa: FBT001
) -> None:
    world = build_world(rows=20, sizes_by_table={story.TASKS: 3000}, id_step=2)
    for id_ in range(1001, 2001, 2):
        world.erase(story.TASKS, id_)
    running = start(world, latency=0.05)
    settings = {"page_size": 100, "include_deleted": include_deleted}
    running.connections = 4
    one = running.read(story.TASKS, settings={**settings, "concurrency": 1})
    assert running.app.seen.in_flight_peak == 1
    alone = len(running.queries)
    running.forget()
    four = running.read(story.TASKS, settings={**settings, "concurrency": 4})
    assert four.exit_code == one.exit_code == 0, four.stderr
    assert four.records[STREAM] == one.records[STREAM]
    truth = world.truth(story.TASKS, deleted=include_deleted)
    assert [r["Cinchy Id"] for r in four.records[STREAM]] == [row["Cinchy Id"] for row in truth]
    assert 2 <= running.app.seen.in_flight_peak <= 4
    if include_deleted:
        assert len(running.queries) <= alone + 6


def test_an_empty_table_costs_two_questions_and_some_together_a_third(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    add_empty_tables(world, 40)
    running = start(world)
    catalog = running.discover(tables_include=["Scale.*"])
    empty = [
        stream["tap_stream_id"]
        for stream in catalog["streams"]
        if "empty" in stream["tap_stream_id"]
    ]
    running.forget()
    run = running.run(catalog=select(catalog, *empty))
    assert run.exit_code == 0, run.stderr
    assert len(run.activated) == 40
    assert len(running.server.requests) <= 2 * 40 + 4 + 40 // 4


def test_no_question_to_a_large_table_sorts_it(start: Start) -> None:
    world = quiet_world(30_000)
    running = start(world)
    run = running.read(EVENTS, settings={"incremental_tables": ["*"], "page_size": 1000})
    assert run.exit_code == 0, run.stderr
    own = [query for query in running.app.seen.queries if "[Scale]" in query.text]
    assert own
    assert max(query.cost.scanned for query in own) <= 1000
    assert all(not re.search(r"ORDER BY t\.\[(Modified|Deleted)", query.text) for query in own)


def test_small_tables_are_begun_side_by_side(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    for place in range(30):
        world.create_table(f"D.T{place:02d}", [text("Name")])
        world.insert(f"D.T{place:02d}", {"Name": f"n{place}"})
    running = start(world, latency=0.05)
    catalog = running.discover(tables_include=["D.*"])
    names = [f"d_t{place:02d}" for place in range(30)]
    run = running.run(catalog=select(catalog, *names))
    assert run.exit_code == 0, run.stderr
    assert list(run.activated) == names
    assert all(len(run.records[name]) == 1 for name in names)
    assert 2 <= running.app.seen.in_flight_peak <= 4
    running.world.drop_table("D.T07")
    again = running.run(catalog=select(catalog, *names))
    assert again.exit_code == 1
    assert "Stream d_t07 is failed" in again.last_line
    assert len(again.activated) == 29
