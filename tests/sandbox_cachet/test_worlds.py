"""Generated worlds, and what may happen to a world while it is read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import PlainTextResponse

from sandbox.cachet import ADMIN_TOKEN, Clock, Size, Token, Truth, generate, truth

from .conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from sandbox.cachet import Options, World

    from .client import Client

    Start = Callable[..., tuple[Client, World, Options]]

TOKENS = (Token(ADMIN_TOKEN), Token("2|manager", ("subscribers.manage",)), Token("3|nobody", ()))
BUILDS = ("3", "3-2026-07-20", "3-2026-07-10", "3-2025")


def read_3(client: Client, *, new: bool) -> dict[str, set[tuple[int, ...]]]:
    """Read a 3.x server completely, as simply as possible."""

    def keys(rows: list[dict[str, Any]]) -> set[tuple[int, ...]]:
        return {(int(row["id"]),) for row in rows}

    def below(rows: list[dict[str, Any]], relation: str) -> set[tuple[int, ...]]:
        return {
            (int(row["id"]), int(one["id"]))
            for row in rows
            for one in row["relationships"][relation]["data"]
        }

    def flat(pairs: set[tuple[int, ...]]) -> set[tuple[int, ...]]:
        return {(child,) for _, child in pairs}

    incidents = client.all("incidents", "sort=id&include=components,updates", 50)
    schedules = client.all("schedules", "sort=id&include=components,updates", 50)
    metrics = client.all("metrics", "sort=id")
    may_read = new and client.get("subscribers").status == 200
    subscribers = client.all("subscribers", "sort=id&include=components") if may_read else []
    points = [
        row
        for metric in metrics
        for row in client.all(f"metrics/{metric['id']}/points", "sort=id", 40)
    ]
    return {
        "components": keys(client.all("components", "sort=id&filter[enabled]=0,1", 7)),
        "components_groups": keys(client.all("component-groups", "sort=id", 2)),
        "incidents": keys(incidents),
        "incident_components": below(incidents, "components"),
        "incident_updates": flat(below(incidents, "updates")),
        "incident_templates": keys(client.all("incident-templates", "sort=id")),
        "schedules": keys(schedules),
        "schedule_components": below(schedules, "components"),
        "schedule_updates": flat(below(schedules, "updates")),
        "metrics": keys(metrics),
        "metric_points": keys(points),
        "subscribers": keys(subscribers),
        "subscriptions": below(subscribers, "components"),
    }


def read_2(client: Client, *, is_24: bool) -> dict[str, set[tuple[int, ...]]]:
    """Read a 2.x server completely, as simply as possible."""

    def keys(rows: list[dict[str, Any]]) -> set[tuple[int, ...]]:
        return {(row["id"],) for row in rows}

    incidents = client.all("incidents", "sort=id", 50)
    schedules = client.all("schedules", "sort=id") if is_24 else []
    metrics = client.all("metrics", "sort=id")
    may_read = client.get("subscribers").status == 200
    subscribers = client.all("subscribers") if may_read else []
    return {
        "components": keys(client.all("components", "sort=id", 7)),
        "components_groups": keys(client.all("components/groups", "sort=id", 2)),
        "incidents": keys(incidents),
        "incident_components": {
            (row["id"], row["component_id"]) for row in incidents if row["component_id"]
        },
        "incident_updates": {
            (update["id"],) for row in incidents for update in row.get("updates", ())
        },
        "incident_templates": keys(client.all("incidents/templates")) if is_24 else set(),
        "schedules": keys(schedules),
        "schedule_components": {
            (row["id"], one["component_id"]) for row in schedules for one in row["components"]
        },
        "schedule_updates": set(),
        "metrics": keys(metrics),
        "metric_points": {
            key for metric in metrics for key in keys(client.all(f"metrics/{metric['id']}/points"))
        },
        "subscribers": keys(subscribers),
        "subscriptions": {
            (row["id"], one["component_id"]) for row in subscribers for one in row["subscriptions"]
        },
    }


def compare(found: dict[str, set[tuple[int, ...]]], expected: Truth) -> None:
    assert found.keys() == expected.keys.keys()
    for stream, keys in expected.keys.items():
        assert found[stream] == keys, stream


@pytest.mark.parametrize("api", BUILDS)
def test_truth_is_what_3_serves_to_everybody(start: Start, api: str) -> None:
    client, world, options = start(Size(metric_points=60), api=api, tokens=TOKENS)
    for token in (*TOKENS, None):
        reader = client.with_token(token.text if token else None)
        found = read_3(reader, new=options.build.reworked_api)
        compare(found, truth(world, options, token))


@pytest.mark.parametrize("api", ["2.3", "2.4"])
def test_truth_is_what_2_serves_to_everybody(start: Start, api: str) -> None:
    client, world, options = start(Size(metric_points=60), api=api, tokens=TOKENS[:1])
    for token in (*TOKENS[:1], None):
        reader = client.with_token(token.text if token else None)
        compare(read_2(reader, is_24=api == "2.4"), truth(world, options, token))


def test_truth_of_a_closed_server_is_nothing() -> None:
    from sandbox.cachet import Options  # noqa: PLC0415

    world = generate(clock=Clock(NOW))
    assert not any(truth(world, Options(api_protected=True)).keys.values())
    assert any(truth(world, Options(api_protected=True), TOKENS[0]).keys.values())
    assert not any(truth(world, Options(api_enabled=False), TOKENS[0]).keys.values())


def test_truth_knows_the_status_of_every_pair(start: Start) -> None:
    client, world, options = start()
    expected = truth(world, options, TOKENS[0])
    for (incident, component), status in list(expected.incident_components.items())[:40]:
        body = client.get(f"incidents/{incident}", "include=components").json
        row = next(one for one in body["included"] if one["id"] == str(component))
        pivot = row["attributes"].get("pivot")
        assert (pivot["component_status"]["value"] if pivot else None) == status


def test_the_same_seed_gives_the_same_world() -> None:
    def rows(seed: int) -> list[Any]:
        world = generate(seed=seed, clock=Clock(NOW))
        tables = (world.incidents, world.updates, world.components, world.metric_points)
        return [list(table.with_deleted()) for table in tables]

    assert rows(3) == rows(3)
    assert rows(3) != rows(4)


@pytest.mark.parametrize("api", ["2.3", "2.4", "3"])
def test_sizes_count_living_rows(api: str) -> None:
    world = generate(Size(incidents=300, schedules=40), api=api, clock=Clock(NOW))
    assert len(world.incidents) == 300
    assert len(world.components) == 30
    assert len(world.schedules) == (0 if api == "2.3" else 40)
    assert len(world.metric_points) == 344 * 5
    assert sum(1 for row in world.components if not row.enabled) == 5


def test_an_empty_world_is_possible(start: Start) -> None:
    nothing = Size(0, 0, 0, 0, 0, 0, 0, 0)
    for api in ("2.3", "2.4", "3"):
        client, world, options = start(nothing, api=api)
        assert client.get("status").status == 200
        assert client.get("incidents").json["data"] == []
        assert not any(truth(world, options, TOKENS[0]).keys.values())


def test_a_world_holds_what_a_reader_must_bear() -> None:
    world = generate(clock=Clock(NOW))
    incidents = list(world.incidents)
    now = world.clock.now()
    ids = {row.id for row in world.incidents.with_deleted()}
    assert {row.visible for row in incidents} == {0, 1, 2}
    assert {row.visible for row in world.component_groups} == {0, 1, 2}
    assert {row.visible for row in world.metrics} == {0, 1, 2}
    assert any((row.published_at or 0) > now for row in incidents)
    assert any((row.published_at or 0) > now for row in world.schedules)
    assert any(row.occurred_at is None for row in incidents)
    assert any(row.created_at is None for row in incidents)
    assert any(row.status is None for row in incidents)
    assert {row.meta is None for row in incidents} == {True, False}
    assert ids < set(range(1, max(ids) + 1)), "gaps"
    assert len(incidents) < len(ids), "deleted rows"
    assert any(not row.name.isascii() for row in incidents)
    assert {row.group_id is None for row in world.components} == {True, False}
    assert any(row.completed_at is None for row in world.schedules)
    assert any(row.email is None for row in world.subscribers)
    assert any(row.counter > 1 for row in world.metric_points)
    newest: dict[int, int] = {}
    back_dated = 0
    for point in world.metric_points:
        back_dated += point.created_at < newest.get(point.metric_id, 0)
        newest[point.metric_id] = point.created_at
    assert back_dated
    linked = {link.component_id for row in incidents for link in row.components}
    assert any(not world.components.find(one) for one in linked), "links to deleted rows"


def test_an_update_between_two_unsorted_pages_loses_and_doubles_rows(start: Start) -> None:
    client, world, _ = start()
    pages = 0

    @world.on_request
    def edit(_: Request) -> None:
        nonlocal pages
        pages += 1
        if pages > 1:
            world.components.update(first_page[0], name="edited")

    first_page = client.get("components", "per_page=10&page=1").ids
    rest = [
        row for page in (2, 3) for row in client.get("components", f"per_page=10&page={page}").ids
    ]
    seen = first_page + rest
    assert len(seen) > len(set(seen))
    assert len(set(seen)) < len(client.get("components", "per_page=100").ids)


def test_a_delete_between_two_sorted_pages_hides_a_row(start: Start) -> None:
    client, world, _ = start()
    first = client.get("incidents", "sort=id&per_page=10&page=1").ids
    before = client.get("incidents", "sort=id&per_page=10&page=2").ids
    world.delete_incident(first[0])
    after = client.get("incidents", "sort=id&per_page=10&page=2").ids
    assert before[0] not in after
    assert client.get(f"incidents/{first[0]}").status == 404
    kept = [row.id for row in world.incidents.with_deleted()]
    assert first[0] in kept, "softly"


def test_a_hook_may_answer_instead(start: Start) -> None:
    client, world, _ = start()
    seen = []

    @world.on_request
    def once(request: Request) -> PlainTextResponse | None:
        seen.append(request.url.path)
        return PlainTextResponse("proxy error", 502) if len(seen) == 1 else None

    assert client.get("ping").status == 502
    assert client.get("ping").status == 200
    assert seen == ["/api/ping", "/api/ping"]


def test_hard_deletes_and_cascades() -> None:
    world = generate(clock=Clock(NOW))
    world.delete_metric(1)
    assert world.metrics.find(1) is None
    assert not world.metric_points.of_parent(1, by_id=True)
    group = next(row.group_id for row in world.components if row.group_id)
    world.delete_component_group(group)
    assert all(row.group_id != group for row in world.components)
    row = world.incidents.insert(guid="g", name="n", message="m")
    world.incidents.delete(row.id, hard=True)
    assert row.id not in {one.id for one in world.incidents.with_deleted()}
    assert world.incidents.insert(guid="g", name="n", message="m").id == row.id + 1
    with pytest.raises(KeyError):
        world.incidents.delete(10_000)
    with pytest.raises(ValueError, match="already"):
        world.incidents.insert(id=row.id + 1, guid="g", name="n", message="m")


def test_measurements_close_together_are_merged_into_the_newest_point() -> None:
    world = generate(Size(metric_points=0), clock=Clock(NOW))
    threshold = world.metrics.update(1).threshold * 60
    world.clock.advance(17)
    first = world.record(1, 5.0)
    assert first.created_at == first.updated_at + 13, "rounded to the nearest half minute"
    world.clock.advance(threshold - 20)
    merged = world.record(1, 99.0)
    assert (merged.id, merged.counter, merged.value) == (first.id, 2, 5.0)
    assert merged.updated_at == world.clock.now()
    world.clock.advance(60)
    assert world.record(1, 7.0).id == first.id + 1
    with pytest.raises(KeyError):
        world.record(999, 1.0)


def test_side_tables_do_not_touch_their_row() -> None:
    world = generate(clock=Clock(NOW))
    old = next(iter(world.incidents))
    world.clock.advance(100)
    assert world.incidents.update(old.id, meta={"a": 1}).updated_at == old.updated_at
    assert world.incidents.update(old.id, name="x", touch=False).updated_at == old.updated_at
    assert world.incidents.update(old.id, name="y").updated_at == world.clock.now()


def test_a_world_may_be_changed_from_another_thread_while_it_is_read(start: Start) -> None:
    client, world, _ = start()
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            row = world.incidents.insert(guid="g", name="n", message="m")
            world.incidents.update(row.id, name="m")
            world.incidents.delete(row.id, hard=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        statuses = {client.get("incidents", f"page={page}").status for page in range(1, 40)}
    finally:
        stop.set()
        thread.join()
    assert statuses == {200}


def test_sizes_must_make_sense() -> None:
    with pytest.raises(ValueError, match="incidents must not be negative"):
        Size(incidents=-1)
