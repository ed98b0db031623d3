"""What bites readers of 2.3 and 2.4, each trap on its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sandbox.cachet import Options, Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet import World

    from .client import Client

    Start = Callable[..., tuple[Client, World, Options]]

SMALL = Size(incidents=40, metric_points=30, schedules=12, subscribers=12)
NOW = int(datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp())
BOTH = pytest.mark.parametrize("api", ["2.3", "2.4"])


@BOTH
def test_every_sort_is_descending(start: Start, api: str) -> None:
    client, _, _ = start(SMALL, api=api)
    for path in ("components", "incidents", "metrics"):
        for order in ("", "&order=asc", "&order=desc"):
            ids = client.get(path, f"sort=id&per_page=100{order}").ids
            assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(("api", "ascends"), [("2.3", False), ("2.4", True)])
def test_only_groups_of_24_obey_order(start: Start, api: str, ascends: bool) -> None:  # noqa: FBT001
    client, _, _ = start(SMALL, api=api)
    ids = client.get("components/groups", "sort=id&order=asc").ids
    assert ids == sorted(ids, reverse=not ascends)


@BOTH
def test_unknown_sorts_are_ignored_and_leave_disk_order(start: Start, api: str) -> None:
    client, _, _ = start(SMALL, api=api)
    ids = client.get("incidents", "sort=updated_at&per_page=100").ids
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)


@BOTH
def test_pages_have_a_total_and_links_that_keep_the_query(start: Start, api: str) -> None:
    client, _, _ = start(SMALL, api=api)
    pagination = client.get("incidents", "sort=id&per_page=7&page=2").json["meta"]["pagination"]
    links = pagination.pop("links")
    assert pagination == {
        "total": 40,
        "count": 7,
        "per_page": 7,
        "current_page": 2,
        "total_pages": 6,
    }
    assert links["next_page"].endswith("/api/v1/incidents?sort=id&per_page=7&page=3")
    assert links["previous_page"].endswith("/api/v1/incidents?sort=id&per_page=7&page=1")
    assert len(client.get("incidents").json["data"]) == 20
    assert len(client.get("metrics/1/points", "per_page=5000").json["data"]) == 30


@BOTH
def test_a_filter_with_a_page_is_a_500(start: Start, api: str) -> None:
    client, _, _ = start(SMALL, api=api)
    found = client.get("incidents", "status=4&per_page=100").json["data"]
    assert found
    assert {row["status"] for row in found} == {4}
    assert client.get("incidents", "status=4&page=1").status == 500
    assert client.get("incidents", "unknown=4&page=1").status == 200


def test_components_are_found_by_tag(start: Start) -> None:
    client, world, _ = start(SMALL, api="2.4")
    tagged = {row.id for row in world.components if "edge" in dict(row.tags)}
    assert set(client.get("components", "tags=edge&per_page=100").ids) == tagged


def test_templates_take_no_sort_and_any_page_size(start: Start) -> None:
    client, _, _ = start(Size(incident_templates=130), api="2.4")
    assert client.get("incidents/templates", "sort=id").status == 500
    rows = client.get("incidents/templates", "per_page=1000").json
    assert (len(rows["data"]), rows["meta"]["pagination"]["per_page"]) == (130, 1000)


def test_null_dates_show_the_present_time(start: Start) -> None:
    client, world, _ = start(SMALL, api="2.4")
    client.headers["Time-Zone"] = "UTC"
    open_end = world.schedules.insert(name="s", scheduled_at=NOW - 9000, completed_at=None)
    odd = world.incidents.insert(guid="", name="n", message="m", occurred_at=None)
    subscriber = world.subscribers.insert(email="a@example.com", verified_at=None)
    answer = client.get(f"schedules/{open_end.id}")
    assert answer.headers["date"] == "Fri, 20 Nov 2026 10:00:00 GMT"
    assert answer.json["data"]["completed_at"] == "2026-11-20 10:00:00"
    assert client.get(f"incidents/{odd.id}").json["data"]["occurred_at"] == "2026-11-20 10:00:00"
    world.clock.advance(3)
    rows = client.get("subscribers", "per_page=100").json["data"]
    shown = next(row for row in rows if row["id"] == subscriber.id)
    assert shown["verified_at"] == "Friday 20th November 2026 10:00:03"


def test_null_scheduled_at_of_23_shows_the_present_time(start: Start) -> None:
    client, world, _ = start(SMALL, api="2.3")
    row = world.incidents.insert(guid="", name="n", message="m", scheduled_at=None)
    assert client.get(f"incidents/{row.id}").json["data"]["scheduled_at"] == "2026-11-20 10:00:00"


def test_presented_dates_follow_the_header_and_others_the_server(start: Start) -> None:
    client, world, _ = start(
        SMALL, api="2.4", app_timezone="Asia/Tokyo", timezone="America/New_York"
    )
    row = world.incident_templates.insert(name="n", slug="s", template="t", created_at=NOW)
    component = world.components.insert(name="c", created_at=NOW)

    def created() -> str:
        return str(client.get(f"components/{component.id}").json["data"]["created_at"])

    assert created() == "2026-11-20 19:00:00"
    client.headers["Time-Zone"] = "UTC"
    assert created() == "2026-11-20 10:00:00"
    template = client.get(f"incidents/templates/{row.id}").json["data"]
    assert template["created_at"] == "2026-11-20 05:00:00"
    client.headers["Time-Zone"] = "Nowhere/Land"
    assert client.get("components").status == 500


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "Monday 2nd February 2026 10:00:00"),
        ({"language": "fr"}, "lundi 2nd février 2026 10:00:00"),
        ({"date_format": "d/m/Y H:i"}, "02/02/2026 10:00"),
    ],
)
def test_verified_at_is_written_for_people(
    start: Start, options: dict[str, str], text: str
) -> None:
    client, world, _ = start(Size(subscribers=0), api="2.4", **options)
    at = int(datetime(2026, 2, 2, 10, tzinfo=UTC).timestamp())
    world.subscribers.insert(email="a@example.com", verified_at=at)
    assert client.get("subscribers").json["data"][0]["verified_at"] == text


def test_a_wrong_key_is_a_guest_except_for_subscribers(start: Start) -> None:
    client, _, _ = start(SMALL, api="2.4")
    wrong = client.with_token("wrong")
    assert set(wrong.get("incidents", "per_page=99").ids) < set(
        client.get("incidents", "per_page=99").ids
    )
    refused = wrong.get("subscribers")
    assert (refused.status, refused.json["errors"][0]["title"]) == (401, "Unauthorized")
    bearer = client.as_guest()
    bearer.headers["Authorization"] = client.headers["Authorization"]
    assert bearer.get("subscribers").status == 401


def test_guests_read_hidden_rows_one_by_one_and_components_of_hidden_groups(start: Start) -> None:
    client, world, _ = start(SMALL, api="2.4")
    hidden = next(row for row in world.incidents if row.visible == 0)
    reader = client.as_guest()
    assert hidden.id not in reader.get("incidents", "per_page=99").ids
    assert reader.get(f"incidents/{hidden.id}").status == 200
    groups = {row.id for row in world.component_groups if row.visible != 1}
    shown = reader.get("components", "per_page=99").json["data"]
    assert {row["group_id"] for row in shown} & groups
    assert all(row["enabled"] for row in shown)
    assert not set(reader.get("components/groups", "per_page=99").ids) & groups
    assert len(reader.get("metrics").ids) == len(world.metrics)


def test_always_authenticate(start: Start) -> None:
    client, _, options = start(SMALL, api="2.4", always_authenticate=True)
    reader = client.as_guest()
    for path in ("ping", "version", "status"):
        assert reader.get(path).status == 200
    assert reader.get("components").status == 401
    assert client.get("components").status == 200
    options.release_feed = False
    assert reader.get("version").status == 500


def test_updates_are_embedded_newest_first_and_duration_is_noise(start: Start) -> None:
    client, world, _ = start(SMALL, api="2.4")
    row = next(
        one
        for one in world.incidents
        if len(world.updates.of_parent(("incident", one.id), by_id=True)) > 1
    )
    shown = client.get(f"incidents/{row.id}").json["data"]
    dates = [update["created_at"] for update in shown["updates"]]
    assert dates == sorted(dates, reverse=True)
    world.clock.advance(5)
    assert client.get(f"incidents/{row.id}").json["data"]["duration"] == shown["duration"] + 5


def test_points_come_newest_first_on_24_and_in_disk_order_on_23(start: Start) -> None:
    for api in ("2.4", "2.3"):
        client, _, _ = start(SMALL, api=api)
        rows = client.get("metrics/1/points", "per_page=100").json["data"]
        dates = [row["created_at"] for row in rows]
        assert (dates == sorted(dates, reverse=True)) == (api == "2.4")


def test_what_23_lacks(start: Start) -> None:
    client, _, _ = start(SMALL, api="2.3", native_types=False)
    for path in ("schedules", "incidents/templates", "incidents/1/updates"):
        assert client.get(path).status == 404
    incident = client.get("incidents", "sort=id&per_page=1").json["data"][0]
    assert isinstance(incident["status"], str)
    assert not {"updates", "occurred_at", "stickied", "meta"} & set(incident)
    for path, column in (("components", "meta"), ("components/groups", "visible")):
        assert column not in client.get(path, "per_page=1").json["data"][0]
    planned = client.get("incidents", "status=0&per_page=100").json["data"]
    assert {row["human_status"] for row in planned} == {"Scheduled"}
    assert client.get("version").json["data"] == "2.3.18"


def test_empty_tags_and_meta_are_lists_and_no_group_is_zero(start: Start) -> None:
    client, _, _ = start(SMALL, api="2.4")
    rows = client.get("components", "per_page=100").json["data"]
    assert [] in [row["tags"] for row in rows]
    assert {"": ""} in [row["tags"] for row in rows]
    assert 0 in [row["group_id"] for row in rows]
    assert None in [row["meta"] for row in rows]
    incidents = client.get("incidents", "per_page=100").json["data"]
    assert {None, 0} <= {row["component_id"] for row in incidents}
    assert [] in [row["meta"] for row in incidents]


def test_subscribers_carry_secrets(start: Start) -> None:
    client, _, _ = start(SMALL, api="2.4")
    rows = client.get("subscribers", "per_page=100").json["data"]
    assert all(len(row["verify_code"]) == 42 for row in rows)
    assert any(row["slack_webhook_url"] for row in rows)
    assert client.get("subscribers/1").status == 404


def test_errors_are_json_below_the_api_and_pages_elsewhere(start: Start) -> None:
    client, _, _ = start(SMALL, api="2.4")
    client.headers["Accept"] = "text/html"
    assert client.get("components").status == 406
    assert client.get("nothing").json["errors"][0]["status"] == 404
    client.root = "/api"
    assert client.get("version").headers["content-type"] == "text/html; charset=utf-8"
    client.headers["Accept"] = "application/json"
    assert client.get("version").json["errors"][0]["status"] == 404
    assert client.get("v1/components", method="PATCH").status == 405


def test_the_status_may_be_cached_for_decades(start: Start) -> None:
    client, _, _ = start(SMALL, api="2.4")
    assert client.get("status").headers["cache-control"] == f"public,max-age={NOW + 30}"


def test_the_status_of_the_page(start: Start) -> None:
    client, world, _ = start(Size(components=3, incidents=0), api="2.4")
    for row in list(world.components):
        world.components.update(row.id, status=1, enabled=True)
    assert client.get("status").json["data"]["status"] == "success"
    incident = world.incidents.insert(guid="", name="n", message="m", status=1)
    assert client.get("status").json["data"]["status"] == "info"
    world.updates.insert(parent_type="incident", parent_id=incident.id, message="m", status=4)
    assert client.get("status").json["data"]["status"] == "success"
    for row in list(world.components)[:2]:
        world.components.update(row.id, status=4)
    assert client.get("status").json["data"]["status"] == "danger"
