"""Dates have no zone, and filters have edges."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import pytest

from sandbox.cortex import Options
from sandbox.cortex.params import parse_instant

from .cortex_client import Client, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cortex import World
    from sandbox.cortex.options import DateBounds

    Start = Callable[..., tuple[World, Client]]


def zoneless(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def test_custom_events_refuse_a_zone(client: Client, world: World) -> None:
    entity = max((e for e in world.entities if not e.deleted), key=lambda e: len(e.custom_events))
    path = f"/api/v1/catalog/{entity.id}/custom-events"
    start = world.now - dt.timedelta(days=100)
    found = client.rows(path, startTime=zoneless(start), pageSize=1000)
    wanted = [r for r in entity.custom_events if parse_instant(r["timestamp"]) >= start]
    assert found == wanted
    assert 0 < len(wanted) < len(entity.custom_events)
    for zone in ("Z", "+00:00"):
        reply = client.get(path, startTime=zoneless(start) + zone)
        assert reply.status == 400
        assert "time-zone" in reply.data["violations"][0]["description"]
    assert client.get(path, startTime="yesterday").status == 400


@pytest.mark.parametrize("bounds", ["closed", "half_open"])
def test_the_upper_edge_is_in_or_out(start: Start, bounds: DateBounds) -> None:
    world, client = start(Options(date_bounds=bounds))
    edge = world.now.replace(microsecond=0) + dt.timedelta(days=1)
    row = world.add_audit_log(edge)
    query = {"startTime": zoneless(edge), "endTime": zoneless(edge)}
    assert client.rows("/api/v1/audit-logs", **query) == ([row] if bounds == "closed" else [])


def test_notifications_are_sorted_as_asked(client: Client) -> None:
    path = "/api/v1/notifications/logs"
    newest = [row["id"] for row in client.rows(path)]
    oldest = [row["id"] for row in client.rows(path, orderBy="ASC")]
    assert oldest == newest[::-1]
    dates = [row["dateCreated"] for row in client.rows(path, orderBy="ASC")]
    assert dates == sorted(dates)
    assert client.get(path, orderBy="UP").status == 400


def test_logs_come_in_no_order(client: Client, world: World) -> None:
    dates = [row["timestamp"] for row in client.rows("/api/v1/audit-logs")]
    assert dates != sorted(dates)
    assert dates != sorted(dates, reverse=True)
    assert len(dates) == len(world.audit_logs)


@pytest.mark.parametrize("field", ["dateCreated", "dateUpdated"])
def test_which_date_notifications_are_filtered_by_is_an_option(
    start: Start, field: Literal["dateCreated", "dateUpdated"]
) -> None:
    world, client = start(Options(notification_date=field), logs=200)
    since = world.now - dt.timedelta(days=90)
    rows = client.rows("/api/v1/notifications/logs", fromDate=zoneless(since))
    wanted = {r["id"] for r in world.notification_logs if parse_instant(r[field]) >= since}
    assert {row["id"] for row in rows} == wanted


def test_custom_metrics_start_six_months_ago(client: Client, world: World) -> None:
    key = segment(world.custom_metric_keys[1])
    entities = {found for name, found, _ in world.truth("custom_metrics")}
    path = f"/api/v1/eng-intel/custom-metrics/{key}/entity/{min(entities)}"
    since = zoneless(world.now - dt.timedelta(days=900))
    everything = client.rows(path, startDate=since)
    default = client.rows(path)
    assert 0 < len(default) < len(everything)
    cut = world.now - dt.timedelta(days=182)
    assert all(parse_instant(row["timestamp"]) >= cut for row in default)


def test_a_metric_that_does_not_exist(client: Client, world: World) -> None:
    entity = next(e for e in world.entities if not e.deleted)
    reply = client.get(f"/api/v1/eng-intel/custom-metrics/none/entity/{entity.id}")
    assert reply.status == 404
    assert reply.data["message"] == "CustomMetricKey not found"
