"""Platforms for which several machines answer, one of them behind the others."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from sandbox.cinchy import Clock, Options, create_app
from sandbox.serve import serve

from .conftest import Site
from .target import Target, versions_of
from .test_incremental import FALL_BACK, FROM_TABLE, STREAM, TABLE, catalog, lab, run_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.cinchy import CinchyApp, SandboxRequest, World

    Catalog = dict[str, Any]

__all__ = ["catalog"]

HOUR = dt.timedelta(hours=1)
SMALL = {"page_size": 10}


@dataclasses.dataclass
class TwoMachines:
    """Two platforms under one address; pages of the table may come from the second one.

    Attributes:
        is_behind: Tells by the number of the page whether the second one answers.
    """

    ahead: CinchyApp
    behind: CinchyApp
    is_behind: Callable[[int], bool] = lambda _page: False

    def __post_init__(self) -> None:
        self.pages = itertools.count(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", scope["type"] == "http"
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)

        async def again() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        query = parse_qs(body.decode("utf-8", "replace")).get("Query", [""])[0]
        is_page = FROM_TABLE in query and "t.[Name]" in query
        old = is_page and self.is_behind(next(self.pages))
        await (self.behind if old else self.ahead)(scope, again if body else receive, send)


@contextlib.contextmanager
def two_machines(*, change: Callable[[World], None]) -> Iterator[tuple[TwoMachines, Site]]:
    """Serve two platforms alike, of which the first alone changes."""
    ahead, behind = (
        create_app(lab(Clock(FALL_BACK)), Options(output_zone="UTC", filter_zone="UTC"))
        for _ in range(2)
    )
    machines = TwoMachines(ahead, behind)
    change(ahead.world)
    with serve(machines) as server:
        yield machines, Site(machines.ahead, server)


def change_many(world: World) -> None:
    world.clock.advance(HOUR.total_seconds())
    for id_ in (4, 30, 76, 80):
        world.update(TABLE, id_, {"Name": "changed"})


def by(method: str, catalog: Catalog) -> Catalog:
    found = copy.deepcopy(catalog)
    for stream in found["streams"]:
        if stream["tap_stream_id"] == STREAM:
            stream["replication_method"] = method
    return found


@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_a_page_that_is_older_than_the_end_of_the_table_is_asked_for_again(
    catalog: Catalog, method: str
) -> None:
    with two_machines(change=change_many) as (machines, running):
        machines.is_behind = lambda page: page == 4
        target = Target()
        run_through(running, target, by(method, catalog), settings=SMALL)
        assert target.versions(STREAM) == versions_of(running.world, TABLE)


@pytest.mark.parametrize("method", ["FULL_TABLE", "INCREMENTAL"])
def test_a_machine_that_stays_behind_makes_no_complete_read(catalog: Catalog, method: str) -> None:
    with two_machines(change=change_many) as (machines, running):
        machines.is_behind = lambda _page: True
        run = running.run(catalog=by(method, catalog), settings=SMALL)
    assert run.exit_code == 1
    assert run.activated == []
    assert "is behind the others" in run.stderr


def test_changes_that_a_machine_does_not_know_yet_are_not_passed_for_ever(
    catalog: Catalog,
) -> None:
    """Later than the bookmark, and too early for what the next run reads again."""
    with two_machines(change=lambda _world: None) as (machines, running):
        target = Target()
        run_through(running, target, catalog, settings=SMALL)
        change_at = running.world.now() + HOUR
        for id_ in (*range(4, 24, 2), 62):
            running.world.update(TABLE, id_, {"Name": "changed"}, at=change_at)
        for app in (machines.ahead, machines.behind):
            app.world.clock.advance(40 * HOUR.total_seconds())
            app.world.update(TABLE, 78, {"Name": "both know of it"})
        first = next(machines.pages) + 1
        machines.is_behind = lambda page: page > first
        run = running.run(catalog=catalog, state=target.state, settings=SMALL)
        assert run.exit_code == 1
        assert "1 rows of Lab.Samples exist and do not come, such as the row 62" in run.stderr
        target.load(run.messages)
        machines.is_behind = lambda _page: False
        run_through(running, target, catalog, settings=SMALL)
        assert target.versions(STREAM) == versions_of(running.world, TABLE)


def test_a_change_that_is_committed_late_is_no_alarm(catalog: Catalog) -> None:
    """It moves the row back to an earlier time than the end of the table has shown."""
    world = lab(Clock(FALL_BACK))
    with serve(create_app(world, Options())) as server:
        running = Site(create_app(world, Options()), server)
        steps = itertools.count()

        def commit(request: SandboxRequest) -> None:
            if FROM_TABLE in request.cql and "t.[Name]" in request.cql and not next(steps):
                world.update(TABLE, 76, {"Name": "late"}, at=FALL_BACK.replace(hour=1))

        world.on_request(commit)
        target = Target()
        run_through(running, target, by("FULL_TABLE", catalog), settings=SMALL)
        assert next(steps), "it happened"
        assert target.versions(STREAM) == versions_of(world, TABLE)
