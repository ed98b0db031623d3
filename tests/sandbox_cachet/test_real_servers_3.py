"""What real 3.x servers showed: wrong single records, lists for objects, dates ahead, databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cachet import Clock, Size, generate
from sandbox.cachet.php import empty_as_list

from .conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet import Options, World

    from .client import Client

    Start = Callable[..., tuple[Client, World, Options]]

SMALL = Size(incidents=40, metric_points=30, schedules=12, subscribers=12)
SINGLES = ("incidents", "components", "component-groups", "metrics", "schedules")


def singles(client: Client) -> dict[str, tuple[int, int]]:
    """The third id of each list, and the id of the record that its route answers."""
    found = {}
    for name in SINGLES:
        asked = sorted(client.get(name, "per_page=100").ids)[2]
        found[name] = (asked, int(client.get(f"{name}/{asked}").json["data"]["id"]))
    return found


@pytest.mark.parametrize(
    ("api", "wrong"),
    [
        ("3-2024-12-16", {"incidents"}),
        ("3-2024-12-17", set(SINGLES)),
        ("3-2025-02-13", set(SINGLES)),
        ("3-2025-02-14", set()),
        ("3", set()),
    ],
)
def test_builds_of_one_winter_answer_with_the_first_record(
    start: Start, api: str, wrong: set[str]
) -> None:
    client, world, _ = start(SMALL, api=api, scrambled=False)
    found = singles(client)
    assert {name for name, (asked, given) in found.items() if asked != given} == wrong
    assert {found[name][1] for name in wrong} <= {1}
    asked = found["incidents"][0]
    shown = client.get(f"incidents/{asked}", "include=components,updates").json["data"]
    assert shown["id"] == ("1" if "incidents" in wrong else str(asked))
    assert client.get("incidents/99999").status == 404, "the path is still looked up"
    template = next(iter(world.incident_templates)).id + 1
    assert client.get(f"incident-templates/{template}").json["data"]["id"] == str(template)


def test_the_first_record_may_be_answered_by_any_build(start: Start) -> None:
    client, _, options = start(SMALL, first_record=True, scrambled=False)
    assert all(asked != given for asked, given in singles(client).values())
    options.first_record = False
    assert all(asked == given for asked, given in singles(client).values())


def test_a_component_of_2024_has_a_bare_status(start: Start) -> None:
    for api, kind in (("3-2025-01-15", int), ("3-2025-01-16", dict)):
        client, _, _ = start(SMALL, api=api)
        row = client.get("components", "per_page=1").json["data"][0]["attributes"]
        assert isinstance(row["status"], kind)


def test_metadata_with_keys_that_count_is_a_list(start: Start) -> None:
    world = generate(SMALL, clock=Clock(NOW), quirks=["list_meta"])
    client, _, _ = start(world=world)
    for name in ("components", "component-groups", "incidents", "schedules", "subscribers"):
        query = "include=meta&per_page=100&filter[enabled]=0,1"
        rows = client.get(name, query if name == "components" else "include=meta&per_page=100")
        metas = [row["attributes"]["meta"] for row in rows.json["data"]]
        assert ["eu", "prod"] in metas, name
    old, _, _ = start(world=world, api="3-2025")
    metas = [row["attributes"]["meta"] for row in old.all("components")]
    assert ["eu", "prod"] in metas


def test_what_php_takes_for_a_list() -> None:
    assert empty_as_list({"0": {"a": {}}, "1": []}) == [{"a": []}, []]
    for other in ({"1": "a"}, {"0": "a", "2": "b"}, {"1": "b", "0": "a"}, {"0": "a", "x": 1}):
        assert empty_as_list(other) == other


def test_zero_dates(start: Start) -> None:
    world = generate(SMALL, clock=Clock(NOW), quirks=["zero_dates"])
    zero = {"human": "2026 years ago", "string": "-0001-11-30 00:00:00"}
    client, _, _ = start(world=world, timezone="America/New_York", database="mysql")
    rows = client.all("incidents")
    assert zero in [row["attributes"]["occurred"] for row in rows]
    rows = client.all("components", "filter[enabled]=0,1")
    assert zero in [row["attributes"]["created"] for row in rows]
    assert zero in [row["attributes"]["verified_at"] for row in client.all("subscribers")]
    completed = [row["attributes"] for row in client.all("schedules")]
    assert {row["status"]["value"] for row in completed if row["completed"] == zero} <= {0, 2}
    old, _, _ = start(world=world, api="2.4")
    dates = {row["verified_at"] for row in old.all("subscribers")}
    assert "Tuesday 30th November -0001 00:00:00" in dates
    assert "-0001-11-30 00:00:00" in {row["occurred_at"] for row in old.all("incidents")}


def test_a_point_dated_ahead_stays_the_one_that_writes_are_merged_into(start: Start) -> None:
    world = generate(Size(metric_points=5), clock=Clock(NOW), quirks=["points_ahead"])
    client, _, _ = start(world=world)
    metric = next(iter(world.metrics)).id
    path = f"metrics/{metric}/points"
    newest_id = client.get(path, "sort=-id&per_page=100").json["data"]
    by_date = client.get(path, "sort=-created_at&per_page=1").json["data"][0]
    assert by_date["attributes"]["counter"] == 2
    assert by_date["attributes"]["created"]["string"] > "2026-11-2"
    assert by_date["attributes"]["updated"]["string"] == "2026-11-20 10:00:00"
    position = [row["id"] for row in newest_id].index(by_date["id"])
    assert position >= 60, "many ids are newer"
    counters = [row["attributes"]["counter"] for row in newest_id[:position]]
    assert counters == [1] * position


def test_a_write_before_a_point_dated_ahead_is_merged_as_well() -> None:
    world = generate(Size(metric_points=0), clock=Clock(NOW))
    threshold = world.metrics.update(1).threshold
    now = world.clock.now()
    ahead = world.record(1, 1.0, dated=now + 3600)
    between = world.record(1, 2.0)
    assert between.id != ahead.id
    merged = world.record(1, 3.0, dated=now + 3600 - (threshold - 1) * 60)
    assert (merged.id, merged.counter) == (ahead.id, 2)
    assert world.record(1, 3.0, dated=now + 3600 - threshold * 60).counter == 1


def test_unknown_quirks_are_refused() -> None:
    with pytest.raises(ValueError, match="quirk 'sticky' is unknown"):
        generate(SMALL, quirks=["sticky"])


def test_tags_are_refused_until_they_are_restored(start: Start) -> None:
    client, world, options = start(SMALL)
    for name in ("components", "incidents", "metrics", "schedules"):
        refused = client.get(name, "include=tags")
        assert refused.status == 400
        message = refused.json["message"]
        assert message.startswith("Requested include(s) `tags` are not allowed.")
    options.tags = True
    rows: list[dict[str, Any]] = []
    for name in ("components", "incidents", "metrics", "schedules"):
        body = client.get(name, "include=tags&per_page=100&sort=id").json
        assert all("tags" not in row["attributes"] for row in body["data"])
        rows += [one for one in body["included"] if one["type"] == "tags"]
        named = {one["id"] for one in body["included"]}
        for row in body["data"]:
            assert {one["id"] for one in row["relationships"]["tags"]["data"]} <= named
    for row in rows:
        assert set(row["attributes"]) == {"id", "name", "slug"}
        assert str(row["attributes"]["id"]) == row["id"]
    assert len({(row["id"], row["attributes"]["slug"]) for row in rows}) == 3
    incident = next(row for row in world.incidents if row.tags and row.visible == 1)
    found = client.get("incidents", f"filter[tags]={incident.tags[0][0]}&per_page=100").ids
    assert incident.id in found
    assert len(found) < 40
    for name in ("component-groups", "subscribers"):
        assert client.get(name, "include=tags").status == 400


@pytest.mark.parametrize(
    ("database", "status", "rows"),
    [("postgresql", 500, None), ("sqlite", 200, []), ("mysql", 200, [])],
)
def test_databases_take_a_bad_status_differently(
    start: Start, database: str, status: int, rows: list[Any] | None
) -> None:
    client, _, _ = start(SMALL, database=database)
    for name in ("components", "incidents"):
        answer = client.get(name, "filter[status]=zzz")
        assert answer.status == status
        assert answer.json.get("data") == rows
        assert client.get(name, "filter[status]=1,2").status == 200


@pytest.mark.parametrize("bad", ["zzz", "9", "zzz,9"])
def test_schedules_ignore_a_bad_status(start: Start, bad: str) -> None:
    client, _, _ = start(SMALL)
    every = client.get("schedules", "sort=id&per_page=100").ids
    assert client.get("schedules", f"sort=id&per_page=100&filter[status]={bad}").ids == every
    some = client.get("schedules", f"sort=id&per_page=100&filter[status]={bad},2").ids
    assert 0 < len(some) < len(every)


def test_databases_take_a_bad_date_differently(start: Start) -> None:
    client, world, _ = start(SMALL, database="sqlite")
    dated = [row.id for row in world.incidents if row.occurred_at is not None and row.visible < 2]
    assert client.get("incidents", "filter[occurs_after]=junk").ids == []
    assert client.get("incidents", "filter[occurs_on]=junk").ids == []
    before = client.get("incidents", "sort=id&per_page=100&filter[occurs_before]=junk").ids
    assert before == dated
    postgresql, _, _ = start(SMALL)
    assert postgresql.get("incidents", "filter[occurs_after]=junk").status == 500


@pytest.mark.parametrize(
    ("database", "status"), [("postgresql", 500), ("sqlite", 404), ("mysql", 404)]
)
@pytest.mark.parametrize("row_id", ["2147483648", "99999999999999999999999"])
def test_databases_take_a_huge_id_differently(
    start: Start, database: str, status: int, row_id: str
) -> None:
    client, _, _ = start(SMALL, database=database)
    assert client.get(f"incidents/{row_id}").status == status
    assert client.get("incidents/2147483647").status == 404


@pytest.mark.parametrize("api", ["2.4", "3"])
def test_a_doubled_slash_leads_nowhere(start: Start, api: str) -> None:
    client, _, _ = start(SMALL, api=api)
    assert client.get("components").status == 200
    assert client.get("components/").status == 200
    assert client.get("/components").status == 404
    assert client.get("incidents//updates").status == 404


def test_every_answer_may_be_read_by_any_page(start: Start) -> None:
    client, _, _ = start(SMALL)
    for path in ("ping", "components", "subscribers", "nothing/there", "components/abc"):
        for reader in (client, client.as_guest()):
            assert reader.get(path).headers["access-control-allow-origin"] == "*"
    for path in ("ping", "components", "components/99999"):
        assert client.get(path).headers["x-ratelimit-limit"] == "300"
