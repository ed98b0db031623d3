"""A read that ends early is taken up where it stood, and the table is whole all the same."""

from __future__ import annotations

import copy
import datetime as dt
import random
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

import pytest
from support.tap_run import select

from sandbox.cinchy import Account, Clock, World
from sandbox.cinchy.columns import text
from sandbox.cinchy.pages import refused
from singer_rest.records import timestamps
from singer_rest.run.resume import ResumeMark

from .conftest import Site, incremental
from .target import Target, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.tap_run import TapRun

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

TABLE, STREAM = "Lab.Samples", "lab_samples"
NOW = dt.datetime(2026, 11, 1, 5, 20, tzinfo=dt.UTC)
ROWS = 300
SIZE = 20
SETTINGS: dict[str, Any] = {"tables_include": [TABLE], "page_size": SIZE, "tables_exclude": []}
IS_PAGE = f"SELECT TOP {SIZE} "


def lab(rows: int = ROWS, *, delete_moves_modified: bool = True) -> World:
    """Return a platform with one table whose ids are even, so that others may come between."""
    world = World(3, clock=Clock(NOW), delete_moves_modified=delete_moves_modified)
    world.add_account(Account(username="reader"), "R")
    world.create_table(TABLE, [text("Name")])
    for place in range(1, rows + 1):
        at = world.now() - dt.timedelta(hours=60 + rows - place)
        world.insert(TABLE, {"Name": f"n{place}"}, at=at, cinchy_id=2 * place)
    return world


class Life:
    """Changes, adds and deletes rows before every page, and breaks off at one of them."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.left: int | None = None
        """Pages until the server fails; nothing for never."""
        self.added = 1
        self.alone = threading.Lock()
        """Requests come side by side."""

    def live(self) -> None:
        with self.alone:
            self._live()

    def _live(self) -> None:
        world, chance = self.world, self.chance
        world.clock.advance(20)
        living = [row["Cinchy Id"] for row in world.truth(TABLE, deleted=False)]
        world.update(TABLE, chance.choice(living), {"Name": "changed"})
        world.delete(TABLE, chance.choice(living))
        world.insert(TABLE, {"Name": "late"}, cinchy_id=self.added)
        self.added += 2
        world.insert(TABLE, {"Name": "new"})

    def __call__(self, request: SandboxRequest) -> Any:
        if f"FROM [{TABLE.replace('.', '].[')}]" not in request.cql or "Name" not in request.cql:
            return None
        if "[Modified] >=" in request.cql:
            return None  # the last pass, after which a test compares
        if self.chance.random() < 0.3:
            self.live()
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                return refused("The disk is full", 400)
        return None


def catalog_of(running: Site, method: str, **settings: Any) -> dict[str, Any]:
    catalog = running.discover(**{**SETTINGS, **settings})
    return incremental(catalog, STREAM) if method == "INCREMENTAL" else select(catalog, STREAM)


def mark_of(state: dict[str, Any]) -> dict[str, str]:
    text = state["bookmarks"][STREAM]["resume"]
    assert isinstance(text, str)
    return {name: values[-1] for name, values in parse_qs(text).items()}


def versions(run: TapRun) -> set[int]:
    return {message["version"] for message in run.messages if message.get("stream") == STREAM
            and message["type"] == "RECORD"}  # fmt: skip


def living(world: World) -> dict[int, int]:
    return {row["Cinchy Id"]: row["Version"] for row in world.truth(TABLE, deleted=False)}


@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
@pytest.mark.parametrize("with_deleted", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_table_is_whole_after_any_number_of_interruptions(
    start: Start,
    method: str,
    with_deleted: bool,  # noqa: FBT001  # a parameter of the matrix
    seed: int,
) -> None:
    world = lab(delete_moves_modified=bool(seed % 2))
    running = start(world)
    settings = {**SETTINGS, "include_deleted": with_deleted}
    catalog = catalog_of(running, method, include_deleted=with_deleted)
    life, target = Life(world, seed), Target()
    world.on_request(life)
    read, seen = 0, set()
    for _try in range(8):
        life.left = life.chance.choice((2, 5, 9)) if _try < 4 else None
        run = running.run(catalog=catalog, settings=settings, state=target.state or None)
        target.load(run.messages)
        read += len(run.records[STREAM])
        if method == "FULL_TABLE":
            seen |= versions(run)
        if run.exit_code == 0:
            break
        assert STREAM not in run.activated
        assert run.exit_code == 1, run.stderr
        assert mark_of(target.state)["position"], run.stderr
        life.live()
    assert run.exit_code == 0, run.stderr
    assert target.state["bookmarks"][STREAM]["resume"] == ""
    if method == "FULL_TABLE":
        assert run.activated == [STREAM]
        assert len(seen) == 1, "one read, however many runs"
    if with_deleted:
        assert target.versions(STREAM) == versions_of(world, TABLE)
    found = {
        record["Cinchy Id"]: record["Version"]
        for record in target.tables[STREAM].values()
        if record["Deleted"] is None
    }
    assert found == living(world)
    assert read < 2.2 * len(world.truth(TABLE)), "every run went on where the last one stood"
    assert "goes on behind the row" not in run.last_line


def interrupted(running: Site, pages: int = 5, **more: Any) -> tuple[TapRun, Life]:
    """Return a run that failed after so many pages, and what lets the server fail."""
    life = Life(running.world, 1)
    life.chance.random = lambda: 1.0  # type: ignore[method-assign]  # nothing changes by itself
    life.left = pages
    running.world.on_request(life)
    settings = {**SETTINGS, **more.pop("settings", {})}
    run = running.run(settings=settings, **more)
    assert run.exit_code == 1, run.stderr
    life.left = None
    return run, life


def read_on(running: Site, state: dict[str, Any], **more: Any) -> TapRun:
    settings = {**SETTINGS, **more.pop("settings", {})}
    run = running.run(settings=settings, state=state, catalog=more.pop("catalog", None))
    assert run.exit_code == 0, run.stderr
    return run


def whole(running: Site, *runs: TapRun) -> bool:
    target = Target()
    for run in runs:
        target.load(run.messages)
    return target.versions(STREAM) == versions_of(running.world, TABLE)


def test_what_changed_meanwhile_comes_at_the_end(start: Start) -> None:
    running = start(lab())
    catalog = catalog_of(running, "FULL_TABLE")
    first, life = interrupted(running, catalog=catalog)
    read = len(first.records[STREAM])
    assert mark_of(first.states[-1])["rows"] == str(read)
    for _ in range(5):
        life.live()
    second = read_on(running, first.states[-1], catalog=catalog)
    assert whole(running, first, second)
    assert second.keys(STREAM)[0] > first.keys(STREAM)[-1]
    assert len(second.records[STREAM]) < ROWS - read + 40
    bookmark = second.states[-1]["bookmarks"][STREAM]
    assert bookmark["complete_rows"] == pytest.approx(ROWS, abs=20)
    assert "taken up where it stood" in second.stderr


def test_a_read_that_was_stopped_by_a_dead_token_goes_on(start: Start) -> None:
    running = start(lab())
    pages = 0

    def die(request: SandboxRequest) -> Any:
        nonlocal pages
        pages += "Name" in request.cql
        return refused("expired", 401) if pages > 6 else None

    catalog = catalog_of(running, "FULL_TABLE")
    undo = running.world.on_request(die)
    first = running.run(catalog=catalog, settings=SETTINGS)
    assert first.exit_code == 2, first.stderr
    undo()
    second = read_on(running, first.states[-1], catalog=catalog)
    assert second.keys(STREAM)[0] > first.keys(STREAM)[-1]
    assert whole(running, first, second)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("off", "resume is off"),
        ("age", "older than resume_max_age"),
        ("completed", "older than the last read that was complete"),
        ("columns", "other rows or columns"),
        ("garbage", "cannot be read"),
    ],
)
def test_a_mark_that_does_not_fit_is_not_used_and_that_is_said(
    start: Start, why: str, words: str
) -> None:
    running = start(lab())
    first, _life = interrupted(running)
    state, settings = copy.deepcopy(first.states[-1]), {}
    bookmark = state["bookmarks"][STREAM]
    mark = ResumeMark.parse(bookmark["resume"])
    assert mark is not None
    if why == "off":
        settings = {"resume": False}
    elif why == "age":
        old = timestamps.now() - dt.timedelta(days=8)
        bookmark["resume"] = bookmark["resume"].replace(
            quote(mark.begun.isoformat()), quote(old.isoformat())
        )
    elif why == "completed":
        bookmark["completed"] = timestamps.text(mark.begun + dt.timedelta(seconds=1))
    elif why == "columns":
        running.world.add_column(TABLE, text("More"))
    else:
        bookmark["resume"] = "position=1"
    second = read_on(running, state, settings=settings)
    assert words in second.stderr, second.stderr
    assert len(second.records[STREAM]) == ROWS
    assert versions(second) != {mark.version}
    if why != "off":
        assert second.states[-1]["bookmarks"][STREAM]["resume"] == ""


def merged(older: Any, newer: Any) -> Any:
    """Merge states as Meltano does: deeply, and nothing is ever removed."""
    if isinstance(older, dict) and isinstance(newer, dict):
        return {
            name: merged(older.get(name), newer[name]) if name in newer else older[name]
            for name in {**older, **newer}
        }
    return newer


def shapes(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shapes(part) for name, part in value.items()}
    return type(value)


@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_states_that_are_merged_deeply_say_the_same(start: Start, method: str) -> None:
    running = start(lab())
    catalog = catalog_of(running, method)
    whole_run = running.run(catalog=catalog, settings=SETTINGS)
    if method == "INCREMENTAL":  # only a first read is taken up again
        for entry in whole_run.states[-1]["bookmarks"].values():
            entry.pop("replication_key_value")
    first, _life = interrupted(running, catalog=catalog, state=whole_run.states[-1])
    state = merged(whole_run.states[-1], first.states[-1])
    assert state == first.states[-1] or method == "INCREMENTAL"
    second = read_on(running, state, catalog=catalog)
    assert len(second.records[STREAM]) < ROWS, second.stderr
    final = merged(state, second.states[-1])
    assert final == second.states[-1], "nothing of the mark is left"
    for older, newer in ((first.states[-1], final), (whole_run.states[-1], final)):
        for name, kind in shapes(older)["bookmarks"][STREAM].items():
            assert shapes(newer)["bookmarks"][STREAM][name] == kind, name
    # An older state that is merged over a newer one is a mark of a read that is over.
    third = read_on(running, merged(final, {"bookmarks": {STREAM: {"resume": str(
        first.states[-1]["bookmarks"][STREAM]["resume"]
    )}}}), catalog=catalog)  # fmt: skip
    assert "is not taken up where it stood" in third.stderr


def test_a_full_refresh_begins_anew(start: Start) -> None:
    """Meltano gives no state then, and merges what comes over the old one if the run fails."""
    running = start(lab())
    first, life = interrupted(running)
    life.left = 3
    again = running.run(settings=SETTINGS)
    assert again.exit_code == 1
    life.left = None
    state = merged(first.states[-1], again.states[-1])
    mark = mark_of(state)
    assert (int(mark["position"]),) == again.keys(STREAM)[-1]
    last = read_on(running, state)
    assert versions(last) == {int(mark["version"])}
    assert whole(running, first, again, last)


@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
@pytest.mark.parametrize("added", [0, 1])
def test_a_read_of_a_platform_that_was_restored_meanwhile_begins_anew(
    start: Start, method: str, added: int
) -> None:
    """Rows that were read before are as they were, and none of them changed meanwhile."""
    running = start(lab())
    catalog = catalog_of(running, method)
    running.world.update(TABLE, 4, {"Name": "changed"})
    running.world.update(TABLE, 2 * ROWS, {"Name": "changed"})
    first, _life = interrupted(running, catalog=catalog)
    for id_ in (4, 2 * ROWS):
        running.world.update(TABLE, id_, {"Name": "as it was"}, at=NOW - dt.timedelta(days=9))
    running.world.erase(TABLE, 2 * ROWS - 2)
    for _ in range(added):
        running.world.clock.advance(60)
        running.world.insert(TABLE, {"Name": "new"})
    second = read_on(running, first.states[-1], catalog=catalog)
    assert "restored from a backup" in second.stderr
    target = Target()
    target.load([*first.messages, *second.messages])
    names = {row["Cinchy Id"]: row["Name"] for row in running.world.truth(TABLE)}
    assert {row["Cinchy Id"]: row["Name"] for row in target.tables[STREAM].values()} == names


def test_an_emptied_table_is_not_taken_for_the_rest(start: Start) -> None:
    running = start(lab(60))
    first, _life = interrupted(running, 2)

    def empty(request: SandboxRequest) -> None:
        if "FROM [Lab].[Samples]" in request.cql and "DESC" in request.cql:
            for row in running.world.truth(TABLE):
                running.world.erase(TABLE, row["Cinchy Id"])

    running.world.on_request(empty)
    second = running.run(settings=SETTINGS, state=first.states[-1])
    assert second.exit_code == 1
    assert "has no row any more" in second.last_line
    assert STREAM not in second.activated
    third = running.run(settings=SETTINGS, state=second.states[-1])
    assert third.exit_code == 0, third.stderr
    assert STREAM in third.activated
