"""Logs, events and metric points go on where they ended, and never assume an order."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from typing import Any

import pytest
from support.tap_run import TapRun, discover, run_tap, select

from sandbox.cortex.answers import Answer
from sandbox.cortex.generate.dice import instant as written
from sandbox.cortex.model import Entity
from sandbox.cortex.routing import Call

from .conftest import INCREMENTAL, NOW, SMALL, Site, instant, site

LOGS = ("audit_logs", "notification_logs", "notification_runs")
DATES = ("startTime", "endTime", "fromDate", "untilDate", "startDate", "endDate")
FEW = dataclasses.replace(SMALL, entities=24, crowd=8, logs=150)


def bookmark(run: TapRun, stream: str) -> str:
    return str(run.states[-1]["bookmarks"][stream]["replication_key_value"])


def read_rows(run: TapRun) -> dict[str, set[tuple[Any, ...]]]:
    return {stream: set(run.keys(stream)) for stream in INCREMENTAL if stream in run.schemas}


def test_dates_have_no_zone_and_end_where_the_run_began(workspace: Site) -> None:
    workspace.server.forget()
    run = workspace.run(*INCREMENTAL)
    assert run.exit_code == 0, run.stderr
    dates = {
        (name, value) for r in workspace.server.requests for name, value in r.query if name in DATES
    }
    assert {name for name, _value in dates} == set(DATES)
    for _name, value in dates:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value)
    ends = {value for name, value in dates if name in {"endTime", "untilDate", "endDate"}}
    last = dt.datetime.fromisoformat(max(ends) + "Z")
    assert dt.timedelta() < dt.datetime.now(dt.UTC) - last < dt.timedelta(hours=1)


def test_all_of_the_past_is_asked_for(workspace: Site) -> None:
    """Metric points older than six months come only to who says since when."""
    run = workspace.run("custom_metrics")
    dates = [row["timestamp"] for row in run.records["custom_metrics"]]
    assert min(dates) < written(NOW - dt.timedelta(days=200))
    assert set(run.keys("custom_metrics")) == workspace.keys("custom_metrics")


@pytest.mark.parametrize("page_size", [1000, 150], ids=["one page", "as many as a page holds"])
def test_the_plan_tells_what_a_log_of_one_page_costs(page_size: int) -> None:
    """It is held against the answer to another question, and asked whether more follows."""
    settings = {"page_size": page_size}
    with site(FEW) as running:
        assert len(running.keys("audit_logs")) == 150
        plan = running.run(*LOGS, arguments=("--plan", "json"), settings=settings)
        running.server.forget()
        run = running.run(*LOGS, settings=settings)
        asked = len(running.server.requests)
    assert plan.exit_code == run.exit_code == 0, run.stderr
    assert json.loads(plan.stdout)["requests"] == asked


def test_state_is_one_bookmark_a_stream(workspace: Site) -> None:
    run = workspace.run(*INCREMENTAL)
    for stream in INCREMENTAL:
        entry = run.states[-1]["bookmarks"][stream]
        assert set(entry) == {"replication_key", "replication_key_value", "covers"}, stream
        greatest = max(row[entry["replication_key"]] for row in run.records[stream])
        assert entry["replication_key_value"] == greatest


def test_a_second_run_reads_the_lookback_only(workspace: Site) -> None:
    first = workspace.run(*INCREMENTAL)
    again = workspace.run(*INCREMENTAL, state=first.states[-1], settings={"lookback_minutes": 60})
    assert again.exit_code == 0, again.stderr
    assert again.activated == []
    for stream in INCREMENTAL:
        key = first.states[-1]["bookmarks"][stream]["replication_key"]
        since = dt.datetime.fromisoformat(bookmark(first, stream)) - dt.timedelta(hours=1)
        expected = {
            tuple(row[name] for name in first.schemas[stream]["key_properties"])
            for row in first.records[stream]
            if dt.datetime.fromisoformat(row[key]) >= since.replace(microsecond=0)
        }
        assert set(again.keys(stream)) == expected
        assert 0 < len(expected) < len(first.records[stream]) / 2


def test_every_state_can_be_resumed_from() -> None:
    """Small pages cut the logs into many windows; whatever came last, the rest follows."""
    with site(dataclasses.replace(FEW, entities=10, logs=90)) as running:
        whole = running.run(*INCREMENTAL, settings={"page_size": 3})
        assert whole.exit_code == 0, whole.stderr
        expected = {stream: running.keys(stream) for stream in INCREMENTAL}
        for stream in INCREMENTAL:
            keys = whole.keys(stream)
            assert len(keys) == len(set(keys))
            assert set(keys) == expected[stream], stream
        names = {s: m["key_properties"] for s, m in whole.schemas.items()}
        places = [n for n, m in enumerate(whole.messages) if m["type"] == "STATE"]
        assert len(places) > 4
        for place in places[:: max(1, len(places) // 4)]:
            so_far: dict[str, set[tuple[Any, ...]]] = {stream: set() for stream in INCREMENTAL}
            for message in whole.messages[:place]:
                if message["type"] == "RECORD":
                    stream, row = message["stream"], message["record"]
                    so_far[stream].add(tuple(row[name] for name in names[stream]))
            rest = running.run(
                *INCREMENTAL,
                state=whole.messages[place]["value"],
                settings={"lookback_minutes": 0, "page_size": 3},
            )
            assert rest.exit_code == 0, rest.stderr
            for stream in INCREMENTAL:
                assert so_far[stream] | set(rest.keys(stream)) == expected[stream], stream


def test_a_run_cut_short_keeps_the_windows_that_were_proved() -> None:
    with site(FEW) as running:
        whole = running.run("audit_logs", settings={"page_size": 3})
        middle = sorted(row["timestamp"] for row in whole.records["audit_logs"])[75]

        def fail(call: Call) -> Answer | None:
            start = call.query.text("startTime")
            return Answer(status=500) if start and start > middle[:19] else None

        running.world.on_request(fail)
        broken = running.run("audit_logs", settings={"page_size": 3, "max_retries": 1})
        running.world.listeners.clear()
        rest = running.run("audit_logs", state=broken.states[-1], settings={"page_size": 3})
    assert broken.exit_code == 1
    assert 0 < len(broken.records["audit_logs"]) < 150
    assert rest.exit_code == 0, rest.stderr
    assert len(rest.records["audit_logs"]) < 150
    union = set(broken.keys("audit_logs")) | set(rest.keys("audit_logs"))
    assert union == set(whole.keys("audit_logs"))


def test_a_log_that_grows_meanwhile_stands_still() -> None:
    """What is logged after the start is left to the next run; late entries are found by it."""
    with site(FEW) as running:
        late = NOW - dt.timedelta(hours=3)

        asked = 0

        def grow(call: Call) -> None:
            nonlocal asked
            asked += call.route.endswith("/audit-logs")
            if asked == 3:
                running.world.add_audit_log(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
                running.world.add_audit_log(late)

        running.world.on_request(grow)
        first = running.run("audit_logs", settings={"page_size": 20})
        running.world.listeners.clear()
        again = running.run("audit_logs", state=first.states[-1], settings={"page_size": 20})
    assert first.exit_code == again.exit_code == 0, first.stderr
    assert bookmark(first, "audit_logs") <= written(dt.datetime.now(dt.UTC))
    assert instant(written(late)) in [row["timestamp"] for row in again.records["audit_logs"]]


@pytest.mark.parametrize("page_size", [4, 100])
def test_logs_that_agree_in_every_field_are_all_there(page_size: int) -> None:
    with site(dataclasses.replace(FEW, identical_logs=9)) as running:
        run = running.run("audit_logs", settings={"page_size": page_size})
        again = running.run("audit_logs", settings={"page_size": page_size})
        count = running.world.truth.count("audit_logs")
    assert run.exit_code == 0, run.stderr
    keys = run.keys("audit_logs")
    assert len(keys) == len(set(keys)) == count == 159
    assert keys == again.keys("audit_logs")


def test_a_changed_status_is_found_again() -> None:
    with site(FEW) as running:
        first = running.run("notification_logs")
        newest = max(running.world.notification_logs, key=lambda row: str(row["dateCreated"]))
        newest["status"] = "RETRIED"
        running.world.touch()
        again = running.run("notification_logs", state=first.states[-1])
    rows = {row["id"]: row for row in again.records["notification_logs"]}
    assert rows[newest["id"]]["status"] == "RETRIED"
    assert len(rows) < len(first.records["notification_logs"])


def test_a_late_event_of_any_entity_is_found() -> None:
    with site(FEW) as running:
        first = running.run("custom_events")
        for entity in running.world.entities:
            entity.custom_events.append(
                {
                    "uuid": f"late-{entity.id}",
                    "title": "late",
                    "type": "x",
                    "timestamp": written(NOW - dt.timedelta(hours=20)),
                }
            )
        running.world.touch()
        again = running.run("custom_events", state=first.states[-1])
    union = set(first.keys("custom_events")) | set(again.keys("custom_events"))
    assert union == running.keys("custom_events")


@pytest.mark.parametrize("stream", ["custom_events", "custom_metrics"])
def test_an_entity_that_comes_later_brings_its_past_along(stream: str) -> None:
    with site(FEW) as running:
        first = running.run(stream)
        running.world.add_entity("came-later")
        later = running.world.entity("came-later")
        past = written(NOW - dt.timedelta(days=300))
        later.custom_events.append(
            {"uuid": "past", "title": "past", "type": "x", "timestamp": past}
        )
        running.world.touch()
        again = running.run(stream, state=first.states[-1])
        third = running.run(stream, state=again.states[-1])
    read = set(first.keys(stream)) | set(again.keys(stream))
    assert read == running.keys(stream)
    assert later.id in {row["entity_id"] for row in again.records[stream]}
    recent = written(NOW - dt.timedelta(days=200))
    assert min(row["timestamp"] for row in again.records[stream]) < recent
    assert min((row["timestamp"] for row in third.records[stream]), default=recent) >= recent


def test_a_server_that_takes_the_end_for_the_whole_day_heeds_it() -> None:
    with site(FEW) as running:

        def whole_day(call: Call) -> None:
            call.query.pairs = [
                (name, f"{value[:10]}T23:59:59" if name == "endDate" else value)
                for name, value in call.query.pairs
            ]

        running.world.on_request(whole_day)
        run = running.run("custom_metrics")
        assert any(dict(r.query).get("pageSize") == "1" for r in running.server.requests)
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("custom_metrics")) == running.keys("custom_metrics")


def test_an_archived_entity_brings_its_past_along_when_it_comes_back() -> None:
    """While it was archived, the server had no such rows."""
    with site(FEW, archived_children_gone=True) as running:
        entity = next(e for e in running.world.entities if e.custom_events and not e.is_archived)
        _archive(running, entity, archived=True)
        first = running.run("custom_events")
        _archive(running, entity, archived=False)
        again = running.run("custom_events", state=first.states[-1])
    assert first.exit_code == again.exit_code == 0, again.stderr
    of_entity = {key for key in running.keys("custom_events") if key[0] == entity.id}
    assert not of_entity & set(first.keys("custom_events"))
    assert of_entity <= set(again.keys("custom_events"))


def _archive(running: Site, entity: Entity, *, archived: bool) -> None:
    entity.is_archived = archived
    running.world.touch()


def test_a_start_date_bounds_the_first_run(workspace: Site) -> None:
    since = written(NOW - dt.timedelta(days=60))
    run = workspace.run("audit_logs", "custom_events", settings={"start_date": since})
    dates = [row["timestamp"] for stream in run.records.values() for row in stream]
    assert dates
    assert min(dates) >= since


def test_full_table_can_be_forced(workspace: Site) -> None:
    first = workspace.run("custom_events", "audit_logs")
    catalog = select(discover("tap-cortex"), "custom_events", "audit_logs")
    for stream in catalog["streams"]:
        stream["replication_method"] = "FULL_TABLE"
    again = run_tap("tap-cortex", workspace.config(), state=first.states[-1], catalog=catalog)
    config = workspace.config(retire_history=True)
    retiring = run_tap("tap-cortex", config, state=first.states[-1], catalog=catalog)
    assert read_rows(again) == read_rows(retiring) == read_rows(first)
    assert again.activated == []  # what happened stays, though it be shown no longer
    assert sorted(retiring.activated) == ["audit_logs", "custom_events"]
