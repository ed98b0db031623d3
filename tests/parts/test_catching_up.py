"""What came, changed or went while parts were read is in the table when they are joined."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cachet import conftest as cachet
from cinchy import conftest as cinchy
from cinchy.target import Target, versions_of
from cortex import conftest as cortex
from support.tap_run import TapRun, select

from sandbox.cachet.generate import Size
from sandbox.cinchy import World, build_world, story
from sandbox.cinchy.pages import refused
from sandbox.cortex.answers import Answer
from sandbox.cortex.routing import Call
from singer_distributed.commands import Tap
from singer_distributed.dask import read_part
from singer_distributed.staging import Staging
from singer_rest.records.digest import Digest, digest_terms

from .reading import file_of, read_in_parts

PARTS = 4
TASKS = "delivery_tasks"
SETTINGS: dict[str, Any] = {"tables_include": ["Delivery.Tasks"], "page_size": 100}


class Life:
    """Changes, adds, deletes and restores rows of a table, and now and then erases a draft."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)

    def live(self) -> None:
        world, chance = self.world, self.chance
        world.clock.advance(60)
        rows = world.truth(story.TASKS)
        living = [row["Cinchy Id"] for row in rows if row["Deleted"] is None]
        gone = [row["Cinchy Id"] for row in rows if row["Deleted"] is not None]
        *changed, first, second, third = chance.sample(living, 33)
        for id_ in changed:
            world.update(story.TASKS, id_, {"Status": "Done"})
        for id_ in (first, second):
            world.delete(story.TASKS, id_)
        if gone:
            world.restore(story.TASKS, chance.choice(gone))
        added = [world.insert(story.TASKS, {"Title": f"New {number}"}) for number in range(5)]
        world.delete(story.TASKS, added[0])
        world.delete(story.TASKS, third)


def living(versions: dict[int, tuple[int, bool]]) -> dict[int, int]:
    return {id_: version for id_, (version, gone) in versions.items() if not gone}


def check_digest(receipt: dict[str, Any], versions: dict[int, tuple[int, bool]]) -> None:
    """Assert that a receipt is about the keys that live in the table."""
    found = Digest.read(receipt["key_count"], receipt["key_digest"])
    assert receipt["scope"] == "whole"
    assert found == digest_terms(list(living(versions)))


def tasks(rows: int = 1200) -> World:
    return build_world(rows=20, sizes_by_table={story.TASKS: rows})


@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
@pytest.mark.parametrize("with_deleted", [True, False], ids=["bin", "no bin"])
def test_a_table_equals_its_source_when_its_parts_are_joined(
    tmp_path: Path,
    method: str,
    with_deleted: bool,  # noqa: FBT001
) -> None:
    with cinchy.site(tasks()) as platform:
        world, target = platform.world, Target()
        settings = {**SETTINGS, "include_deleted": with_deleted}
        catalog = platform.discover(**settings)
        catalog = (cinchy.incremental if method == "INCREMENTAL" else select)(catalog, TASKS)
        life = Life(world, 5)
        failed: list[dict[str, Any]] = []

        def start(*arguments: str, **more: Any) -> TapRun:
            if "--part" in arguments:
                life.live()
                if arguments[1].endswith("#1"):  # a worker that is lost when all rows are there
                    lost = platform.run(*arguments, settings=settings, **more)
                    failed.extend(m for m in lost.messages if m["type"] != "STATE")
                    life.live()
            if "--join" in arguments:
                life.live()
            return platform.run(*arguments, settings=settings, **more)

        parted = read_in_parts(start, tmp_path, PARTS, catalog=catalog)
        target.load([*failed, *parted.messages])
        assert parted.joined.exit_code == 0, parted.joined.stderr
        assert len([p for part in parted.plan["parts"] for p in part]) == PARTS
        found, expected = target.versions(TASKS), versions_of(world, story.TASKS)
        assert living(found) == living(expected)
        if with_deleted:
            assert found == expected
        if method == "FULL_TABLE":
            assert parted.joined.activated == [TASKS]
            if with_deleted:
                check_digest(parted.joined.receipts[TASKS], found)
        life.live()
        again = platform.run(settings=settings, catalog=catalog, state=target.state)
        assert again.exit_code == 0, again.stderr
        if method == "INCREMENTAL":
            assert 33 <= len(again.records[TASKS]) < 600
        target.load(again.messages)
        assert living(target.versions(TASKS)) == living(versions_of(world, story.TASKS))


def test_nothing_moves_when_the_server_fails_meanwhile(tmp_path: Path) -> None:
    with cinchy.site(tasks(600)) as platform:
        settings = {**SETTINGS, "tables_include": ["Delivery.Tasks", "Delivery.Projects"]}
        catalog = select(platform.discover(**settings), TASKS, "delivery_projects")
        life, failing = Life(platform.world, 1), [True]

        def fail(request: Any) -> Any:
            if failing[0] and "[Tasks]" in request.cql and "[Modified] >=" in request.cql:
                return refused("The database is being moved", 503)
            return None

        platform.world.on_request(fail)

        def start(*arguments: str, **more: Any) -> TapRun:
            life.live()
            return platform.run(*arguments, settings=settings, **more)

        first = read_in_parts(start, tmp_path, 2, catalog=catalog)
        assert first.joined.exit_code == 1
        assert "what its parts have missed cannot be read" in first.joined.last_line
        assert "503" in first.joined.last_line
        assert first.joined.activated == ["delivery_projects"]
        assert TASKS not in first.joined.states[-1]["bookmarks"]
        failing[0] = False
        again = start("--join", str(tmp_path / "plan.json"), *map(str, first.receipts))
        assert again.exit_code == 0, again.stderr
        target = Target()
        target.load([*first.messages, *again.messages])
        assert target.versions(TASKS) == versions_of(platform.world, story.TASKS)


def test_a_table_that_is_empty_when_its_parts_are_joined_is_no_whole_one(tmp_path: Path) -> None:
    with cinchy.site(tasks(200)) as platform:
        world = platform.world
        catalog = select(platform.discover(**SETTINGS), TASKS)

        def start(*arguments: str, **more: Any) -> TapRun:
            if "--join" in arguments:
                for id_ in list(world.table(story.TASKS).ids):
                    world.erase(story.TASKS, id_)
            return platform.run(*arguments, settings=SETTINGS, **more)

        joined = read_in_parts(start, tmp_path, 2, catalog=catalog).joined
        assert joined.exit_code == 1
        assert "has no row any more, although its parts have read some" in joined.last_line
        assert joined.activated == []


# Fan-outs


def cortex_run(workspace: cortex.Site, streams: tuple[str, ...]) -> Callable[..., TapRun]:
    def run(*arguments: str, **more: Any) -> TapRun:
        chosen = () if "--part" in arguments or "--join" in arguments else streams
        return workspace.run(*chosen, arguments=arguments, settings={"page_size": 20}, **more)

    return run


def test_entities_that_come_while_parts_are_read_are_asked_about(tmp_path: Path) -> None:
    streams = ("catalog_entity", "custom_events", "entity_scorecards")
    with cortex.site(cortex.SMALL) as workspace:
        run, world, target = cortex_run(workspace, streams), workspace.world, Target()

        def start(*arguments: str, **more: Any) -> TapRun:
            if "--part" in arguments or "--join" in arguments:
                for number in range(4):
                    world.add_entity(f"late-{len(world.entities)}-{number}")
                head = next(e for e in world.entities if not e.tag.startswith("late"))
                world.remove_entity(head.id)
            return run(*arguments, **more)

        parted = read_in_parts(start, tmp_path, 3)
        joined = parted.joined
        assert joined.exit_code == 0, joined.stderr
        target.load(parted.messages)
        gone = set(target.tables["catalog_entity"]) - workspace.keys("catalog_entity")
        assert workspace.keys("catalog_entity") <= set(target.tables["catalog_entity"])
        assert 0 < len(joined.records["catalog_entity"]) < 16, "only those that no part has seen"
        assert 0 < len(gone) <= 4, "parents that a part had read"
        assert f"{len(gone)} of the parents that parts have asked about are gone" in joined.stderr
        receipt = joined.receipts["catalog_entity"]
        assert receipt["scope"] == "whole"
        assert receipt["key_count"] == len(target.tables["catalog_entity"])
        assert "caught up" in receipt["proof"]
        again = run(state=target.state)
        assert again.exit_code == 0, again.stderr
        target.load(again.messages)
        assert set(target.tables["catalog_entity"]) == workspace.keys("catalog_entity")


def test_a_list_of_parents_that_fails_leaves_a_fan_out_as_it_was(tmp_path: Path) -> None:
    streams = ("catalog_entity",)
    with cortex.site(cortex.SMALL) as workspace:
        run, joining = cortex_run(workspace, streams), [False]

        @workspace.world.on_request
        def fail(call: Call) -> Answer | None:
            asks_for_all = call.route.endswith("/catalog") and call.query.text("types")
            return Answer(status=500) if joining[0] and asks_for_all else None

        def start(*arguments: str, **more: Any) -> TapRun:
            joining[0] = "--join" in arguments
            return run(*arguments, **more)

        parted = read_in_parts(start, tmp_path, 2)
        assert parted.joined.exit_code == 1
        assert parted.joined.activated == []
        joining[0] = False
        line = ("--join", str(tmp_path / "plan.json"), *map(str, parted.receipts))
        again = run(*line)
        assert again.exit_code == 0, again.stderr
        assert again.activated == ["catalog_entity"]


def point_values(messages: Iterable[dict[str, Any]]) -> dict[int, Any]:
    return {
        m["record"]["id"]: (m["record"]["value"], m["record"]["counter"])
        for m in messages
        if m["type"] == "RECORD" and m["stream"] == "metric_points"
    }


@pytest.mark.parametrize("api", ["3", "2.4"])
def test_points_that_come_or_change_are_there(tmp_path: Path, api: str) -> None:
    streams = ("metric_points", "metrics")
    with cachet.site(api, Size(metric_points=40, metrics=7, incidents=5)) as page:
        world = page.world

        def start(*arguments: str, **more: Any) -> TapRun:
            if "--part" in arguments or "--join" in arguments:
                metric = world.metrics.insert(name="New", suffix="ms")
                world.metric_points.insert(metric_id=metric.id, value=1.0)
                for one in list(world.metrics):  # a point changes while it is the newest
                    points = world.metric_points.of_parent(one.id, by_id=True)
                    newest = max([point.id for point in points], default=0)
                    if newest:
                        world.metric_points.update(newest, counter=9)
                    world.metric_points.insert(metric_id=one.id, value=1.0)
            return page.run(*arguments, **more)

        parted = read_in_parts(start, tmp_path, 3, streams=streams)
        assert parted.joined.exit_code == 0, parted.joined.stderr
        found = point_values(parted.messages)
        shown = page.truth().keys["metric_points"]
        rows = {point.id: point for point in world.metric_points if (point.id,) in shown}
        if api == "3":
            assert {id_: counter for id_, (_value, counter) in found.items()} == {
                id_: point.counter for id_, point in rows.items()
            }
        metrics = {m["record"]["metric_id"] for m in parted.messages
                   if m["type"] == "RECORD" and m["stream"] == "metric_points"}  # fmt: skip
        assert metrics == {point.metric_id for point in rows.values()}
        state = json.loads(json.dumps(parted.joined.states[-1]))
        again = page.run(streams=streams, state=state)
        assert again.exit_code == 0, again.stderr
        found |= point_values(again.messages)
        assert found.keys() == rows.keys()


# Without a loader


def test_files_of_an_engine_hold_each_row_once(tmp_path: Path) -> None:
    with cinchy.site(tasks(600)) as platform:
        world, life = platform.world, Life(platform.world, 3)
        command = Tap("tap-cinchy", file_of(tmp_path, "config", platform.config(**SETTINGS)))
        staging = Staging(tmp_path / "out")
        plan = staging.plan(command, 3, command.select_stream(TASKS))
        for index in range(3):
            life.live()
            read_part(
                index,
                tap=command,
                plan=str(plan),
                tables=str(staging.tables),
                receipts=str(staging.receipts),
            )
        sums = list((staging.tables / TASKS).glob("*.parquet"))
        for path in sums:
            path.with_name(f".{path.name}.crc").touch()
        life.live()
        result = staging.conclude(command, plan)
        expected = versions_of(world, story.TASKS)
    rows = pq.read_table(tmp_path / "out" / TASKS).to_pylist()
    assert {row["Cinchy Id"]: row["Version"] for row in rows} == {
        id_: version for id_, (version, _gone) in expected.items()
    }
    assert len(rows) == len(expected) == result.rows[TASKS]
    left = {path.name for path in (tmp_path / "out" / TASKS).iterdir() if path.suffix == ".crc"}
    assert len(left) < len(sums), "sums over files that are other ones now"
