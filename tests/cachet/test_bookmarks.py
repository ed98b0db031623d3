"""Metric points go on where they ended; everything else is whole every time."""

from __future__ import annotations

import datetime as dt

import pytest
from support.tap_run import discover, run_tap, select

from sandbox.cachet.generate import Size

from .conftest import Site, site

SMALL = Size(metric_points=250, incidents=20)


def points(running: Site, **more: object) -> object:
    return running.run(streams=("metric_points",), **more)


def test_two_runs_are_identical(any_site: Site) -> None:
    first, second = any_site.run(), any_site.run()
    assert first.exit_code == second.exit_code == 0
    assert first.records == second.records


def test_state_has_one_small_bookmark_per_metric(new_site: Site) -> None:
    run = new_site.run(streams=("metric_points",))
    partitions = run.states[-1]["bookmarks"]["metric_points"]["partitions"]
    metrics = {record["metric_id"] for record in run.records["metric_points"]}
    assert {part["context"]["metric_id"] for part in partitions} >= metrics
    for part in partitions:
        assert set(part) <= {"context", "replication_key", "replication_key_value", "mark"}


def test_a_second_run_reads_one_or_two_pages_per_metric() -> None:
    with site("3", SMALL) as running:
        first = running.run(streams=("metric_points",))
        running.server.forget()
        again = running.run(streams=("metric_points",), state=first.states[-1])
        asked = [r for r in running.server.requests if r.path.endswith("/points")]
    assert again.exit_code == 0, again.stderr
    metrics = running.truth().ids("metrics")
    assert len(metrics) <= len(asked) <= 2 * len(metrics)
    assert len(again.records["metric_points"]) < len(first.records["metric_points"]) / 5


@pytest.mark.parametrize("api", ["2.3", "2.4", "3-2025", "3"])
def test_new_and_changed_points_are_found_again(api: str) -> None:
    with site(api, SMALL) as running:
        first = running.run(streams=("metric_points",))
        metric = next(iter(running.world.metric_points)).metric_id
        newest = max(
            running.world.metric_points.of_parent(metric, by_id=True), key=lambda row: row.id
        )
        running.world.metric_points.update(newest.id, counter=newest.counter + 1)
        added = running.world.metric_points.insert(
            metric_id=metric, value=12.5, counter=1, created_at=newest.created_at - 86_400 * 30
        )
        again = running.run(streams=("metric_points",), state=first.states[-1])
    rows = {record["id"]: record for record in again.records["metric_points"]}
    assert rows[newest.id]["counter"] == newest.counter + 1
    assert rows[added.id]["value"] == 12.5
    union = set(first.keys("metric_points")) | set(again.keys("metric_points"))
    assert union == running.truth().keys["metric_points"]


@pytest.mark.parametrize("deleted", [False, True], ids=["newest", "newest deleted"])
def test_a_point_dated_ahead_is_read_behind_those_that_follow(*, deleted: bool) -> None:
    """The server merges into the newest by date; if that is gone, into the newest of the others."""
    with site("3", Size(metrics=1, metric_points=12)) as running:
        table, day, now = running.world.metric_points, 86_400, running.world.clock.now()
        metric = next(iter(table)).metric_id
        ahead = []
        for days in (1, 2):
            row = {"metric_id": metric, "value": 1.0}
            ahead.append(table.insert(**row, created_at=now + days * day, updated_at=now))
            for _ in range(15):
                table.insert(**row, created_at=now - 3 * day, updated_at=now - 3 * day)
        settings = {"page_size": 5}
        first = running.run(streams=("metric_points",), settings=settings)
        if deleted:
            table.delete(ahead.pop().id)
        table.update(ahead[-1].id, value=99.0, updated_at=now + 60)
        again = running.run(streams=("metric_points",), state=first.states[-1], settings=settings)
    assert again.exit_code == 0, again.stderr
    values = {record["id"]: record["value"] for record in again.records["metric_points"]}
    assert values[ahead[-1].id] == 99.0


@pytest.mark.parametrize("build", ["3", "3-2025"])
def test_a_start_date_finds_a_point_dated_ahead(build: str) -> None:
    """No bookmark names it yet; builds that sort by date are asked, others are read whole."""
    with site(build, Size(metrics=1, metric_points=12)) as running:
        table, day, now = running.world.metric_points, 86_400, running.world.clock.now()
        metric = next(iter(table)).metric_id
        row = {"metric_id": metric, "value": 1.0}
        ahead = table.insert(**row, created_at=now + day, updated_at=now)
        for _ in range(12):
            table.insert(**row, created_at=now - 3 * day, updated_at=now - 3 * day)
        start = dt.datetime.fromtimestamp(now - day, dt.UTC).isoformat()
        settings = {"page_size": 5, "start_date": start}
        first = running.run(streams=("metric_points",), settings=settings)
        table.update(ahead.id, value=99.0, updated_at=now + 60)
        again = running.run(streams=("metric_points",), state=first.states[-1], settings=settings)
        asked = [r for r in running.server.requests if ("sort", "-created_at") in r.query]
    assert first.exit_code == again.exit_code == 0, first.stderr
    assert ahead.id in {record["id"] for record in first.records["metric_points"]}
    values = {record["id"]: record["value"] for record in again.records["metric_points"]}
    assert values[ahead.id] == 99.0
    assert len(asked) == 1  # the bookmark names it afterwards


def test_every_state_can_be_resumed_from() -> None:
    with site("3", SMALL) as running:
        whole = running.run()
        keys = set(whole.keys("metric_points"))
        lines = whole.stdout.splitlines()
        so_far: set[tuple[object, ...]] = set()
        checked = 0
        for message in whole.messages:
            if message["type"] == "RECORD" and message["stream"] == "metric_points":
                so_far.add((message["record"]["id"],))
            if message["type"] == "STATE" and so_far:
                rest = running.run(streams=("metric_points",), state=message["value"])
                assert so_far | set(rest.keys("metric_points")) == keys
                checked += 1
    assert checked
    assert lines


def test_a_start_date_bounds_the_first_run(new_site: Site) -> None:
    whole = new_site.run(streams=("metric_points",))
    dates = sorted(record["updated_at"] for record in whole.records["metric_points"])
    middle = dates[len(dates) // 2]
    late = new_site.run(streams=("metric_points",), settings={"start_date": middle})
    expected = {r["id"] for r in whole.records["metric_points"] if r["updated_at"] >= middle}
    assert {record["id"] for record in late.records["metric_points"]} == expected


def test_full_table_can_be_forced(new_site: Site) -> None:
    first = new_site.run(streams=("metric_points",))
    catalog = select(discover("tap-cachet"), "metric_points")
    for stream in catalog["streams"]:
        stream["replication_method"] = "FULL_TABLE"
    again = run_tap("tap-cachet", new_site.config(), state=first.states[-1], catalog=catalog)
    assert set(again.keys("metric_points")) == set(first.keys("metric_points"))
    assert again.activated == ["metric_points"]


def test_daily_snapshots_are_idempotent(new_site: Site) -> None:
    first = new_site.run(streams=("component_status_daily",))
    second = new_site.run(streams=("component_status_daily",))
    assert first.exit_code == 0, first.stderr
    assert set(first.keys("component_status_daily")) == set(second.keys("component_status_daily"))
    components = {key[1] for key in first.keys("component_status_daily")}
    assert components == new_site.truth().ids("components")
    assert first.activated == []


def test_a_snapshot_costs_nothing_beside_components() -> None:
    with site("3") as running:
        running.run(streams=("components",))
        alone = len(running.server.requests)
        running.server.forget()
        running.run(streams=("components", "component_status_daily"))
        assert len(running.server.requests) == alone


@pytest.mark.parametrize("page_size", [7, 100])
def test_rows_that_move_between_pages_are_not_lost(page_size: int) -> None:
    with site("3", Size(incidents=260), scrambled=True) as running:
        stays = running.truth().ids("incidents")
        victims = sorted(stays)[:40:4]
        asked = 0

        @running.world.on_request
        def delete_one(request: object) -> None:
            nonlocal asked
            if "/incidents" in str(getattr(request, "url", "")):
                asked += 1
                if asked > 1 and victims:
                    victim = victims.pop(0)
                    stays.discard(victim)
                    running.world.incidents.delete(victim)

        run = running.run(streams=("incidents",), settings={"page_size": page_size})
    assert run.exit_code == 0, run.stderr
    assert stays <= {key[0] for key in run.keys("incidents")}
    assert len(run.keys("incidents")) == len(set(run.keys("incidents")))
