"""After the next run the loaded table equals the source, whatever happened during the last one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import (
    Account,
    CinchyApp,
    Clock,
    Options,
    World,
    create_app,
    story,
)
from sandbox.cinchy.columns import text
from sandbox.serve import serve
from singer_rest.sdk.messages import SingerOutput
from tap_cinchy.tap import TapCinchy

from .conftest import Site, incremental, site, streams_of
from .target import Target, versions_of
from .zones import OUTPUT_ZONES, combinations

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    Catalog = dict[str, Any]
    Start = Callable[..., Site]

TABLE, STREAM = "Lab.Samples", "lab_samples"
FALL_BACK = dt.datetime(2026, 11, 1, 5, 20, tzinfo=dt.UTC)
"""01:20 in New York, for the first time that day; at 06:00 UTC it is 01:00 again."""
FROM_TABLE = "FROM [Lab].[Samples]"


def lab(clock: Clock, rows: int = 40, *, delete_moves_modified: bool = True) -> World:
    """Return a platform with one table whose ids are even, so that others may come late."""
    world = World(3, clock=clock, delete_moves_modified=delete_moves_modified)
    world.add_account(Account(username="reader"), "R")
    world.create_table(TABLE, [text("Name")])
    now = world.now()
    for place in range(1, rows + 1):
        at = now - dt.timedelta(minutes=50 * (rows - place))
        world.insert(TABLE, {"Name": f"n{place}"}, at=at, cinchy_id=2 * place)
    return world


@dataclasses.dataclass
class Unrest:
    """Changes rows before every page: updates, inserts, deletes, restores, and late commits."""

    world: World
    seed: int
    seconds: float = 37.0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.steps = 0

    def __call__(self, request: SandboxRequest) -> None:
        if FROM_TABLE in request.cql:
            self.step()

    def step(self) -> None:
        world, chance = self.world, self.random
        world.clock.advance(self.seconds)
        self.steps += 1
        rows = {row["Cinchy Id"]: row["Deleted"] for row in world.truth(TABLE)}
        alive = [id_ for id_, deleted in rows.items() if deleted is None]
        deleted = [id_ for id_ in rows if id_ not in alive]
        for id_ in chance.sample(alive, 3):
            world.update(TABLE, id_, {"Name": f"changed {self.steps}"})
        world.delete(TABLE, chance.choice(alive))
        if deleted and chance.random() < 0.5:
            world.restore(TABLE, chance.choice(deleted))
        world.insert(TABLE, {"Name": f"new {self.steps}"})
        odd = [id_ for id_ in range(1, max(rows), 2) if id_ not in rows]
        # A transaction that began half an hour ago and commits now, below rows already passed.
        late = world.now() - dt.timedelta(minutes=30)
        if odd:
            world.insert(TABLE, {"Name": "late"}, at=late, cinchy_id=odd[0])
        world.update(TABLE, chance.choice(alive), {"Name": "late"}, at=late)


class Lines(SingerOutput):
    """Keeps what would go to standard output."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = bytearray()

    def _write(self, data: bytes) -> None:
        self.lines += data


def sync(config: dict[str, Any], catalog: dict[str, Any], target: Target) -> None:
    """Run the tap in this process, which a matrix of hundreds of runs needs."""
    output = Lines()
    tap = TapCinchy(
        config=dict(config),
        catalog=json.loads(json.dumps(catalog)),
        state=target.state or None,
        message_writer=output,
    )
    tap.sync_all()
    target.load(json.loads(line) for line in output.lines.decode().split("\n") if line)


class Switch:
    """Serves one platform after the other under one address."""

    app: CinchyApp

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def catalog() -> dict[str, Any]:
    with site(lab(Clock(FALL_BACK))) as running:
        return incremental(running.discover(tables_include=[TABLE]), STREAM)


@pytest.mark.parametrize(
    "output",
    [
        *OUTPUT_ZONES[:2],
        *(pytest.param(zone, marks=pytest.mark.integration) for zone in OUTPUT_ZONES[2:]),
    ],
)
def test_every_combination_of_zones_caps_and_ways_of_deleting(
    catalog: Catalog, output: str
) -> None:
    """Rows change before every page of a run; the next run, undisturbed, has to make it good."""
    switch = Switch()
    with serve(switch) as server:
        for seed, (options, moves) in enumerate(combinations(output, cap=7)):
            world = lab(Clock(FALL_BACK), rows=24, delete_moves_modified=moves)
            switch.app = create_app(world, Options(**options))
            # Reading a bundle of certificates would take longer than all the rest.
            config = Site(switch.app, server).config(page_size=10, verify_ssl=False)
            target, unrest = Target(), Unrest(world, seed)
            undo = world.on_request(unrest)
            sync(config, catalog, target)
            undo()
            for _ in range(2):
                sync(config, catalog, target)
                found = target.versions(STREAM)
                assert found == versions_of(world, TABLE), f"seed {seed}: {options}"
                world.clock.advance(1500)  # into the hour that comes twice, then out of it
                unrest.step()
    assert seed == 19


def run_through(running: Site, target: Target, catalog: dict[str, Any], **more: Any) -> Any:
    run = running.run(catalog=catalog, state=target.state or None, **more)
    assert run.exit_code == 0, run.stderr
    target.load(run.messages)
    return run


def test_a_run_without_changes_reads_little(start: Start, catalog: Catalog) -> None:
    world = lab(Clock(FALL_BACK), rows=400)
    running = start(world)
    target = Target()
    assert len(run_through(running, target, catalog).records[STREAM]) == 400
    again = run_through(running, target, catalog)
    # Rows are 50 minutes apart; seven hours back from the newest there are nine.
    assert len(again.records[STREAM]) == 9
    assert again.activated == []


def test_the_bookmark_is_the_servers_own_text(start: Start, catalog: Catalog) -> None:
    world = lab(Clock(FALL_BACK))
    running = start(world, output_zone="Asia/Kolkata")
    target = Target()
    run_through(running, target, catalog)
    bookmark = target.state["bookmarks"][STREAM]
    assert bookmark["replication_key"] == "Modified"
    assert bookmark["replication_key_value"] == "2026-11-01T10:50:00"
    running.forget()
    run_through(running, target, catalog)
    [query] = [q for q in running.queries if "OR t.[Deleted]" in q and "t.[Name]" in q]
    assert "t.[Modified] >= '2026-11-01T03:50:00'" in query
    running.forget()
    world.update(TABLE, 2, {"Name": "now"})
    run_through(running, target, catalog, settings={"lookback_minutes": 1})
    [query] = [q for q in running.queries if "OR t.[Deleted]" in q and "t.[Name]" in q]
    assert ">= '2026-11-01T09:49:00'" in query


def test_incremental_by_setting_needs_no_catalog(start: Start) -> None:
    world = lab(Clock(FALL_BACK))
    running = start(world)
    settings = {"tables_include": [TABLE], "incremental_tables": ["lab.*"]}
    assert streams_of(running.discover(**settings))[STREAM]["replication_method"] == "INCREMENTAL"
    first = running.run(settings=settings)
    again = running.run(settings=settings, state=first.states[-1])
    assert (len(first.records[STREAM]), len(again.records[STREAM])) == (40, 9)
    assert STREAM not in first.activated


def test_zones_that_differ_are_noticed_once(start: Start) -> None:
    world = lab(Clock(FALL_BACK))
    world.create_table("Lab.More", [text("Name")])
    world.insert("Lab.More", {"Name": "a"})
    running = start(world, output_zone="Asia/Kolkata", filter_zone="UTC")
    found = running.discover(tables_include=["Lab.*"])
    catalog = incremental(found, STREAM, "lab_more")
    target = Target()
    run_through(running, target, catalog)
    running.forget()
    run = run_through(running, target, catalog)
    assert "another time zone than it reads them" in run.stderr
    probes = [q for q in running.queries if "WHERE t.[Cinchy Id] = " in q]
    assert len(probes) == 1  # the first question already fails


def test_an_account_that_moved_to_another_zone_loses_nothing(
    start: Start, catalog: Catalog
) -> None:
    world = lab(Clock(FALL_BACK))
    running = start(world, output_zone="Pacific/Kiritimati")
    target = Target()
    run_through(running, target, catalog)
    world.clock.advance(3 * 3600)
    world.update(TABLE, 8, {"Name": "changed"})
    # The new zone is 14 hours behind: the change looks older than the bookmark.
    running.app.options.output_zone = "UTC"
    world.clock.advance(20 * 3600)
    world.update(TABLE, 10, {"Name": "and the newest looks newer"})
    run = run_through(running, target, catalog)
    assert target.versions(STREAM) == versions_of(world, TABLE)
    assert "another time zone than on the last run" in run.stderr


def test_a_row_from_the_future_does_not_hide_what_comes_before_it(
    start: Start, catalog: Catalog
) -> None:
    world = lab(Clock(dt.datetime.now(dt.UTC)))
    world.update(TABLE, 2, {"Name": "x"}, at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    running = start(world)
    target = Target()
    run = run_through(running, target, catalog)
    assert "in the future" in run.stderr
    world.clock.advance(600)
    world.update(TABLE, 4, {"Name": "changed"})
    run_through(running, target, catalog)
    assert target.versions(STREAM) == versions_of(world, TABLE)


def test_an_empty_table_leaves_no_bookmark_and_is_read_when_rows_come(
    start: Start, catalog: Catalog
) -> None:
    world = lab(Clock(FALL_BACK), rows=0)
    running = start(world)
    target = Target()
    run_through(running, target, catalog)
    assert "replication_key_value" not in target.state.get("bookmarks", {}).get(STREAM, {})
    world.insert(TABLE, {"Name": "first"})
    run_through(running, target, catalog)
    assert target.versions(STREAM) == versions_of(world, TABLE)


def test_a_start_date_bounds_the_first_run_only(start: Start, catalog: Catalog) -> None:
    world = lab(Clock(FALL_BACK), rows=200)
    running = start(world)
    since = FALL_BACK - dt.timedelta(hours=50)
    target = Target()
    run = run_through(running, target, catalog, settings={"start_date": since.isoformat()})
    truth = world.truth(TABLE)
    wanted = {row["Cinchy Id"] for row in truth if row["Modified"] >= since}
    read = {key[0] for key in run.keys(STREAM)}
    assert wanted <= read
    assert len(read) < len(truth)


def test_without_deleted_rows_a_target_is_still_told_of_deletes(start: Start) -> None:
    world = lab(Clock(FALL_BACK))
    running = start(world)
    settings = {"include_deleted": False, "tables_include": [TABLE]}
    catalog = incremental(running.discover(**settings), STREAM)
    target = Target()
    run_through(running, target, catalog, settings=settings)
    world.delete(TABLE, 4)
    world.update(TABLE, 6, {"Name": "x"})
    run = run_through(running, target, catalog, settings=settings)
    assert 6 in {key[0] for key in run.keys(STREAM)}
    [told] = [record for record in run.records[STREAM] if record["Cinchy Id"] == 4]
    assert told["Deleted"] is not None


@pytest.mark.parametrize("reason", ["a new column", "a bookmark of no clock"])
def test_a_table_that_is_read_anew_tells_of_deletes_too(start: Start, reason: str) -> None:
    world = lab(Clock(FALL_BACK))
    running = start(world)
    settings = {"include_deleted": False, "tables_include": [TABLE]}
    settings["incremental_tables"] = [TABLE]
    target = Target()
    target.load(running.run(settings=settings).messages)
    world.delete(TABLE, 4)
    if reason == "a new column":
        world.add_column(TABLE, text("More"))
    else:
        target.state["bookmarks"][STREAM]["replication_key_value"] = "2999-01-01T00:00:00"
    run = running.run(settings=settings, state=target.state)
    assert run.exit_code == 0, run.stderr
    target.load(run.messages)
    assert len(target.tables[STREAM]) == 40
    assert target.versions(STREAM) == versions_of(world, TABLE), "the deleted row is told"
    assert target.state["bookmarks"][STREAM]["replication_key_value"] < "2999"


def test_an_unversioned_table_is_read_by_what_changed_too(start: Start) -> None:
    running = start()
    name = "facilities_sensor_readings"
    catalog = incremental(running.discover(tables_include=[story.READINGS]), name)
    [entry] = [one for one in catalog["streams"] if one["tap_stream_id"] == name]
    assert "It keeps no versions: deleted rows are gone" in entry["schema"]["description"]
    target = Target()
    run_through(running, target, catalog)
    running.world.insert(story.READINGS, {"Value": 1.5})
    run = run_through(running, target, catalog)
    assert any(record["Value"] == 1.5 for record in run.records[name])
    assert len(run.records[name]) < len(target.tables[name])


@pytest.mark.parametrize("moment", range(3))
def test_a_run_that_fails_moves_no_bookmark(start: Start, catalog: Catalog, moment: int) -> None:
    world = lab(Clock(FALL_BACK))
    running = start(world)
    target = Target()
    run_through(running, target, catalog)
    before = target.state["bookmarks"][STREAM]
    for id_ in range(2, 60, 2):
        world.update(TABLE, id_, {"Name": "changed"})
    pages = 0

    def vanish(request: SandboxRequest) -> None:
        nonlocal pages
        if FROM_TABLE in request.cql and "OR t.[Deleted]" in request.cql and "Name" in request.cql:
            if pages == moment:
                world.drop_table(TABLE)
            pages += 1

    world.on_request(vanish)
    run = running.run(catalog=catalog, state=target.state, settings={"page_size": 10})
    assert run.exit_code == 1
    assert "The table [Lab.Samples] could not be found" in run.last_line
    assert "run discovery again" in run.last_line
    assert len(run.records[STREAM]) == 10 * moment
    if run.states:
        assert run.states[-1]["bookmarks"][STREAM] == before


def test_a_bookmark_that_is_no_date_is_refused_before_any_row(
    start: Start, catalog: Catalog
) -> None:
    running = start(lab(Clock(FALL_BACK)))
    bookmark = {"replication_key": "Modified", "replication_key_value": "yesterday"}
    run = running.run(catalog=catalog, state={"bookmarks": {STREAM: bookmark}})
    assert run.exit_code == 2
    assert "not a point in time" in run.last_line
    assert run.records == {}


def test_full_table_ignores_the_bookmark(start: Start) -> None:
    running = start(lab(Clock(FALL_BACK)))
    found = running.discover(tables_include=[TABLE])
    target = Target()
    run_through(running, target, incremental(found, STREAM))
    streams_of(found)[STREAM]["replication_method"] = "FULL_TABLE"
    run = run_through(running, target, select(found, STREAM))
    assert len(run.records[STREAM]) == 40
    assert run.activated == [STREAM]


def test_the_execution_log_is_read_by_what_changed(start: Start) -> None:
    running = start()
    settings = {"tables_include": [], "incremental_tables": ["Cinchy.Execution*"]}
    first = running.run(settings=settings)
    running.world.insert("Cinchy.Execution Log", {"State": "Running"})
    again = running.run(settings=settings, state=first.states[-1])
    assert len(first.records["execution_log"]) == 6
    assert len(again.records["execution_log"]) < 6
    assert again.records["execution_log"][-1]["State"] == "Running"
