"""Cinchy tables in ranges of keys: the same rows, holes and all, whatever the number of parts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cinchy.conftest import Site, incremental, site
from cinchy.target import Target, versions_of
from support.tap_run import TapRun, select

from sandbox.cinchy import World, build_world, story

from .reading import MANY, read_in_parts

ROWS = 4000
STREAM = "delivery_tasks"
SETTINGS = {
    "tables_include": ["Delivery.Tasks", "Delivery.Projects"],
    "page_size": 100,
    "requests_per_minute": 0,
}


def holey(rows: int = ROWS) -> World:
    """Return a world of whose tasks one third, all at one end, was erased for good."""
    world = build_world(rows=20, sizes_by_table={story.TASKS: rows})
    table = world.table(story.TASKS)
    for id_ in list(table.ids)[rows // 20 : rows // 3]:
        world.erase(story.TASKS, id_)
    return world


@pytest.fixture(scope="module")
def platform() -> Iterator[Site]:
    with site(holey()) as running:
        yield running


def run(platform: Site, *arguments: str, **more: Any) -> Any:
    return platform.run(*arguments, settings=SETTINGS, **more)


def pieces_of(plan: dict[str, Any], stream: str) -> list[tuple[int, dict[str, Any]]]:
    return [
        (index, piece)
        for index, part in enumerate(plan["parts"])
        for piece in part
        if stream in piece["streams"]
    ]


def check_receipts(run: TapRun, whole: dict[str, Any]) -> None:
    """Assert that a read in parts is receipted as one run is, but for what it sent itself."""
    assert run.receipts.keys() == whole.keys()
    for stream, receipt in run.receipts.items():
        for name in ("verdict", "scope", "key_columns", "key_count", "key_digest", "rows_received"):
            assert receipt[name] == whole[stream][name], (stream, name)
        assert receipt["rows_written"] == len(run.records[stream])
        assert receipt["proof"]
    assert len(run.records[STREAM]) < 20, "what changed in the hour before the plan"


@pytest.mark.parametrize("count", [1, 2, *MANY])
def test_ranges_bring_what_one_run_brings(platform: Site, tmp_path: Path, count: int) -> None:
    whole = run(platform)
    parted = read_in_parts(lambda *a, **m: run(platform, *a, **m), tmp_path, count)
    assert parted.joined.exit_code == 0, parted.joined.stderr
    for stream in whole.schemas:
        assert sorted(parted.keys(stream)) == sorted(whole.keys(stream)), stream
    assert sorted(parted.joined.activated) == sorted(whole.activated)
    check_receipts(parted.joined, whole.receipts)
    ours, theirs = parted.joined.states[-1]["bookmarks"], whole.states[-1]["bookmarks"]
    for entry in theirs.values():  # there is no place to go on from in a read in parts
        entry.pop("resume", None)
        entry.pop("completed", None)
    assert ours == theirs
    pieces = pieces_of(parted.plan, STREAM)
    assert len(pieces) > count * 0.4
    if count == 8:
        sizes = [len(parted.runs[index].records[STREAM]) for index, _piece in pieces]
        assert max(sizes) < 1.5 * sum(sizes) / len(sizes), "holes unbalance the parts"


def test_changes_while_parts_run_come_with_the_next_run(tmp_path: Path) -> None:
    with site(holey(1200)) as platform:
        catalog = incremental(platform.discover(**SETTINGS), STREAM)
        chance, target = random.Random(1), Target()
        world = platform.world

        def start(*arguments: str, **more: Any) -> Any:
            if "--part" in arguments:
                world.clock.advance(60)
                ids = list(world.table(story.TASKS).ids)
                for id_ in chance.sample(ids, 30):
                    if world.table(story.TASKS).rows[id_][9] is None:
                        world.update(story.TASKS, id_, {"Status": "Done"})
                world.delete(story.TASKS, chance.choice(ids))
            return run(platform, *arguments, **more)

        parted = read_in_parts(start, tmp_path, 4, catalog=catalog)
        assert parted.joined.exit_code == 0, parted.joined.stderr
        target.load(parted.messages)
        assert len(pieces_of(parted.plan, STREAM)) == 4
        again = run(platform, catalog=catalog, state=target.state)
        assert again.exit_code == 0, again.stderr
        assert len(again.records[STREAM]) < 600
        target.load(again.messages)
        assert target.versions(STREAM) == versions_of(world, story.TASKS)


def test_parts_overtake_a_read_that_ended_early(platform: Site, tmp_path: Path) -> None:
    state = run(platform).states[-1]
    early = "position=120&version=1&begun=2026-01-01T00%3A00%3A00%2B00%3A00&since=x&reads=y&rows=9"
    state["bookmarks"][STREAM] |= {"resume": early, "completed": "2025-01-01T00:00:00+00:00"}
    parted = read_in_parts(lambda *a, **m: run(platform, *a, **m), tmp_path, 2, state=state)
    assert parted.joined.exit_code == 0, parted.joined.stderr
    assert sorted(parted.keys(STREAM)) == sorted(run(platform).keys(STREAM))
    entry = parted.joined.states[-1]["bookmarks"][STREAM]
    assert entry["resume"] == ""
    assert entry["completed"] > "2026"


def test_a_part_may_be_read_again(platform: Site, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(run(platform, "--parts", "3").stdout)
    first, again = (run(platform, "--part", f"{plan}#1") for _ in range(2))
    assert first.exit_code == again.exit_code == 0
    assert first.records == again.records


def test_other_columns_are_another_plan(platform: Site, tmp_path: Path) -> None:
    catalog = select(platform.discover(**SETTINGS), STREAM)
    plan = tmp_path / "plan.json"
    plan.write_text(run(platform, "--parts", "2", catalog=catalog).stdout)
    entry = next(e for e in catalog["streams"] if e["tap_stream_id"] == STREAM)
    for metadata in entry["metadata"]:
        if metadata["breadcrumb"] == ["properties", "Title"]:
            metadata["metadata"]["selected"] = False
    other = run(platform, "--part", f"{plan}#0", catalog=catalog)
    assert other.exit_code == 2
    assert "another catalog" in other.last_line
    same = run(platform, "--part", f"{plan}#0")
    assert same.exit_code == 0, same.stderr
    assert set(json.loads(plan.read_text())["catalog"]) == {"streams"}
