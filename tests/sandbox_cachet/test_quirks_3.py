"""What bites readers of 3.x, each trap on its own."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from sandbox.cachet import Options, Size
from sandbox.cachet.options import parse_build

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet import World

    from .client import Client

    Start = Callable[..., tuple[Client, World, Options]]

SMALL = Size(incidents=40, metric_points=30, schedules=12, subscribers=12)


def test_links_lose_everything_but_the_page(start: Start) -> None:
    client, _, _ = start(SMALL)
    links = client.get("incidents", "sort=id&per_page=7&page=2&filter[status]=4").json["links"]
    assert {name: urlsplit(link).query for name, link in links.items()} == {
        "first": "page=1",
        "prev": "page=1",
        "next": "page=3",
    }


def test_links_follow_the_host_header(start: Start) -> None:
    client, _, _ = start(SMALL, prefix="/status")
    client.headers["Host"] = "elsewhere.example:8443"
    body = client.get("components", "per_page=1").json
    assert body["links"]["next"] == "http://elsewhere.example:8443/status/api/components?page=2"


@pytest.mark.parametrize(
    ("asked", "given"),
    [("", 15), ("0", 1), ("-3", 1), ("junk", 1), ("7abc", 7), ("100", 100), ("1000", 100)],
)
def test_page_size_is_clamped(start: Start, asked: str, given: int) -> None:
    client, _, _ = start(Size(incidents=130))
    body = client.get("incidents", f"per_page={asked}" if asked else "").json
    assert (body["meta"]["per_page"], len(body["data"])) == (given, given)


def test_an_old_build_takes_any_page_size_and_echoes_text(start: Start) -> None:
    client, _, _ = start(Size(incidents=130), api="3-2025")
    body = client.get("incidents", "per_page=120").json
    assert (body["meta"]["per_page"], len(body["data"])) == ("120", 120)


@pytest.mark.parametrize("page", ["0", "-1", "junk", "1.5"])
def test_a_page_that_is_no_page_is_the_first(start: Start, page: str) -> None:
    client, _, _ = start(SMALL)
    assert client.get("incidents", f"sort=id&page={page}").json["meta"]["current_page"] == 1


def test_past_the_end_there_is_an_empty_page(start: Start) -> None:
    client, _, _ = start(SMALL)
    body = client.get("incidents", "page=99").json
    assert (body["data"], body["meta"]["from"], body["meta"]["to"]) == ([], None, None)
    assert set(body["links"]) == {"first", "prev"}


def test_without_a_sort_the_order_is_undefined_and_an_update_moves_rows(start: Start) -> None:
    client, world, _ = start(SMALL)
    before = client.get("components", "per_page=100").ids
    assert before != sorted(before)
    assert before == client.get("components", "per_page=100").ids
    world.components.update(before[0], description="edited")
    assert client.get("components", "per_page=100").ids == [*before[1:], before[0]]
    assert client.get("components", "per_page=100&sort=id").ids == sorted(before)


def test_rows_tied_in_a_sort_come_in_disk_order(start: Start) -> None:
    client, world, _ = start(SMALL)
    ids = client.get("incidents", "sort=status&per_page=100&filter[status]=4").ids
    assert ids != sorted(ids)
    world.incidents.update(ids[0])
    again = client.get("incidents", "sort=status&per_page=100&filter[status]=4").ids
    assert again == [*ids[1:], ids[0]]


@pytest.mark.parametrize(
    ("database", "sort", "null_first"),
    [
        ("postgresql", "order", False),
        ("postgresql", "-order", True),
        ("mysql", "order", True),
        ("sqlite", "-order", False),
    ],
)
def test_databases_sort_null_differently(
    start: Start,
    database: str,
    sort: str,
    null_first: bool,  # noqa: FBT001
) -> None:
    client, _, _ = start(SMALL, database=database)
    rows = client.get("components", f"sort={sort}&per_page=100").json["data"]
    orders = [row["attributes"]["order"] for row in rows]
    assert (orders[0] is None, orders[-1] is None) == (null_first, not null_first)
    given = [order for order in orders if order is not None]
    assert given == sorted(given, reverse=sort.startswith("-"))


def test_insertion_order_is_an_option(start: Start) -> None:
    client, _, _ = start(SMALL, scrambled=False)
    ids = client.get("components", "per_page=100").ids
    assert ids == sorted(ids)


def test_incidents_come_newest_first_without_a_sort(start: Start) -> None:
    client, world, _ = start(SMALL)
    dates = [row["attributes"]["created"]["string"] for row in client.all("incidents")]
    given = [text for text in dates if text]
    assert given == sorted(given, reverse=True)
    newest = world.incidents.insert(guid="g", name="new", message="m")
    assert client.get("incidents", "per_page=1").ids == [newest.id]


def test_included_holds_each_component_once_with_the_first_pivot(start: Start) -> None:
    client, world, _ = start(Size(incidents=120))
    body = client.get("incidents", "sort=id&per_page=100&include=components").json
    included = [(row["type"], row["id"]) for row in body["included"]]
    assert len(included) == len(set(included))
    shown = {int(row["id"]): row["attributes"].get("pivot") for row in body["included"]}
    first: dict[int, int | None] = {}
    repeated_otherwise = 0
    for row in body["data"]:
        incident = world.incidents.find(int(row["id"]))
        assert incident is not None
        for link in incident.components:
            if world.components.find(link.component_id):
                first.setdefault(link.component_id, link.status)
                repeated_otherwise += first[link.component_id] != link.status
    for component_id, status in first.items():
        pivot = shown[component_id]
        assert (pivot["component_status"]["value"] if pivot else None) == status
    assert repeated_otherwise > 10


def test_relationships_need_an_include(start: Start) -> None:
    client, _, _ = start(SMALL)
    plain = client.get("components", "per_page=1").json["data"][0]
    assert set(plain) == {"id", "type", "attributes"}
    assert "meta" not in plain["attributes"]


def test_empty_meta_is_a_list(start: Start) -> None:
    client, _, _ = start(SMALL)
    metas = [row["attributes"]["meta"] for row in client.all("incidents", "include=meta")]
    assert [] in metas
    assert {} not in metas
    assert any(isinstance(meta, dict) for meta in metas)


def test_sparse_fields(start: Start) -> None:
    client, _, _ = start(SMALL)
    row = client.get("components", "fields[components]=id,name&per_page=1").json["data"][0]
    assert set(row["attributes"]) == {"id", "name"}


def test_filters_take_lists_and_wrong_values_find_nothing(start: Start) -> None:
    client, world, _ = start(SMALL)
    found = client.get("incidents", "filter[status]=1,2&per_page=100&sort=id").json["data"]
    assert {row["attributes"]["status"]["value"] for row in found} <= {1, 2}
    component = next(row for row in world.components if row.enabled and row.group_id is None)
    part = component.name[1:4].upper()
    named = client.get("components", {"filter[name]": part, "per_page": 100})
    assert component.id in named.ids
    by_meta = client.get("incidents", "filter[meta][ticket]=OPS-42&include=meta&per_page=100")
    metas = [row["attributes"]["meta"] for row in by_meta.json["data"]]
    assert metas
    assert all(meta["ticket"] == "OPS-42" for meta in metas)


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        (
            "incidents/1/updates",
            "sort=id",
            "Requested sort(s) `id` is not allowed. Allowed sort(s) are `status, created_at`.",
        ),
        (
            "metrics",
            "sort=-created_at",
            "Requested sort(s) `created_at` is not allowed. Allowed sort(s) are `name, order, id`.",
        ),
        (
            "components",
            "include=group,users,teams",
            (
                "Requested include(s) `users, teams` are not allowed. Allowed include(s) are "
                "`group, groupCount, groupExists, incidents, meta, metaCount, metaExists`."
            ),
        ),
        (
            "components",
            "include=incidentsCount,groupCount,incidentsExists",
            (
                "Requested include(s) `incidentsCount, incidentsExists` are not allowed. "
                "Allowed include(s) are "
                "`group, groupCount, groupExists, incidents, meta, metaCount, metaExists`."
            ),
        ),
        (
            "components",
            "include[]=group",
            "The include parameter must be a comma seperated list of relationship paths.",
        ),
        (
            "components",
            "include[]=users",
            (
                "Requested include(s) `users` are not allowed. Allowed include(s) are "
                "`group, groupCount, groupExists, incidents, meta, metaCount, metaExists`."
            ),
        ),
    ],
)
def test_unknown_parameters_are_named(start: Start, path: str, query: str, message: str) -> None:
    client, _, _ = start(SMALL)
    answer = client.get(path, query)
    assert (answer.status, answer.json) == (400, {"message": message})


def test_of_all_counts_only_that_of_an_incidents_components_shows(start: Start) -> None:
    client, world, _ = start(SMALL)
    row = next(one for one in world.incidents if len(one.components) == 2 and one.visible == 1)
    shown = client.get(f"incidents/{row.id}", "include=componentsCount,updatesCount").json["data"]
    alive = [link for link in row.components if world.components.find(link.component_id)]
    assert shown["attributes"]["components_count"] == len(alive)
    assert "updates_count" not in shown["attributes"]
    for path in ("component-groups", "schedules", "subscribers"):
        one = client.get(path, "include=componentsCount&per_page=1").json["data"][0]
        assert "components_count" not in one["attributes"]
        assert "relationships" not in one


def test_filters_of_points_are_ignored(start: Start) -> None:
    client, _, _ = start(SMALL)
    ids = client.get("metrics/1/points", "sort=id").ids
    assert client.get("metrics/1/points", "sort=id&filter[created_at]=2020-01-01").ids == ids


def test_points_of_an_old_build_sort_by_id_only(start: Start) -> None:
    client, _, _ = start(SMALL, api="3-2025")
    ids = client.get("metrics/1/points", "sort=-id&per_page=100").ids
    assert ids == sorted(ids, reverse=True)
    assert client.get("metrics/1/points", "sort=name").status == 500


def test_includes_that_cannot_work_are_a_500(start: Start) -> None:
    client, _, _ = start(SMALL)
    assert client.get("schedules", "include=user").status == 500
    assert client.get("metrics", "include=points").status == 200


@pytest.mark.parametrize(
    ("database", "status"), [("postgresql", 500), ("sqlite", 404), ("mysql", 404)]
)
def test_the_path_of_2_is_read_as_an_id(start: Start, database: str, status: int) -> None:
    client, _, _ = start(SMALL, database=database)
    assert client.get("components/groups").status == status


def test_databases_type_uncast_columns_differently(start: Start) -> None:
    seen = {}
    for database in ("postgresql", "mysql", "sqlite"):
        client, _, _ = start(SMALL, database=database)
        defaults = {
            row["attributes"]["id"]: row["attributes"]["default_value"]
            for row in client.all("metrics", "sort=id")
        }
        flag = client.get("incidents", "sort=id&per_page=1").json["data"][0]["attributes"]
        seen[database] = (defaults[2], type(flag["notifications"]))
    assert seen == {
        "postgresql": ("12.500", bool),
        "mysql": ("12.500", int),
        "sqlite": (12.5, int),
    }


def test_dates_stand_in_the_zone_of_the_server_without_an_offset(start: Start) -> None:
    client, world, _ = start(SMALL, timezone="America/New_York")
    world.components.insert(id=999, name="n", created_at=1_795_168_800, updated_at=None)
    attributes = client.get("components/999").json["data"]["attributes"]
    assert attributes["created"] == {"human": "0 seconds ago", "string": "2026-11-20 05:00:00"}
    assert attributes["updated"] == {"human": None, "string": None}


def test_statuses_that_move_with_the_clock(start: Start) -> None:
    client, world, _ = start(SMALL)
    now = world.clock.now()
    schedule = world.schedules.insert(name="s", scheduled_at=now + 60, completed_at=now + 120)

    def status() -> int:
        row = client.get(f"schedules/{schedule.id}").json["data"]["attributes"]
        assert row["updated"]["string"] == "2026-11-20 10:00:00"
        return int(row["status"]["value"])

    assert status() == 0
    assert schedule.id in client.get("schedules", "filter[status]=0&per_page=100").ids
    world.clock.advance(60)
    assert status() == 1
    assert schedule.id not in client.get("schedules", "filter[status]=0&per_page=100").ids
    world.clock.advance(60)
    assert status() == 2


def test_a_deleted_parent_hides_its_children(start: Start) -> None:
    client, world, _ = start(SMALL)
    world.delete_incident(1)
    gone = client.get("incidents/1/updates")
    assert (gone.status, gone.json) == (
        404,
        {"message": "No query results for model [Cachet\\Models\\Incident] 1"},
    )
    assert not world.updates.of_parent(("incident", 1), by_id=True)


def test_methods(start: Start) -> None:
    client, _, _ = start(SMALL)
    refused = client.get("components", method="DELETE")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    head = client.get("components", method="HEAD")
    assert (head.status, head.body) == (200, b"")


def test_pages_for_people_stand_beside_the_api(start: Start) -> None:
    client, _, _ = start(SMALL, prefix="/status")
    client.root = "/status"
    front = client.get("")
    assert (front.status, front.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert client.get("api/v1/ping").json == {
        "message": "The route status/api/v1/ping could not be found."
    }


@pytest.mark.parametrize(
    ("api", "there", "absent"),
    [
        ("3-2025", {"component_id"}, {"published"}),
        ("3-2026-01-06", set(), {"component_id", "published"}),
        ("3-2026-07-24", {"published"}, {"component_id"}),
    ],
)
def test_builds_differ(start: Start, api: str, there: set[str], absent: set[str]) -> None:
    client, _, _ = start(SMALL, api=api)
    assert client.get("version").json == {"data": {"version": "3.x-dev"}}
    attributes = set(client.get("incidents", "per_page=1").json["data"][0]["attributes"])
    assert there <= attributes
    assert not absent & attributes


def test_an_old_build_takes_the_status_of_the_newest_update(start: Start) -> None:
    for api, status in (("3-2026-07-25", 3), ("3-2026-07-26", 1)):
        client, world, _ = start(SMALL, api=api)
        row = world.incidents.insert(guid="g", name="n", message="m", status=1)
        world.updates.insert(parent_type="incident", parent_id=row.id, message="m", status=3)
        shown: Any = client.get(f"incidents/{row.id}").json["data"]["attributes"]["status"]
        assert shown["value"] == status


def test_builds_are_named_by_day() -> None:
    assert parse_build("3-2026-07-10").day == date(2026, 7, 10)
    for wrong in ("4", "3-2024-12-01", "3-soon", "2026-07-10"):
        with pytest.raises(ValueError, match="unknown"):
            Options(api=wrong)
