"""What the vendor's pages, tools and rivals showed of real servers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sandbox.cortex import ApiKey, Options, World, WorldSpec
from sandbox.cortex.keys import VIEW_SCORECARDS
from sandbox.cortex.scoring import rule_key

from .cortex_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"
METRICS = "/api/v1/eng-intel/metrics/point-in-time"
TRACE = "/api/v1/eng-intel/trace"


def window(world: World, days: int, end: int = 0) -> tuple[dt.datetime, dt.datetime]:
    last = world.now - dt.timedelta(days=end)
    return last - dt.timedelta(days=days), last


def metric_query(world: World, days: int = 90, **more: Any) -> dict[str, Any]:
    start, end = window(world, days)
    return {
        "startTime": start.isoformat(),
        "endTime": end.isoformat(),
        "metrics": [
            {"metric": "pr-cycle-time", "aggregation": "AVG"},
            {"metric": "deploy-count", "aggregation": "COUNT"},
        ],
        "groupBy": ["team"],
        "filters": [],
        "orderBy": [],
        "limit": 1000,
        **more,
    }


def trace_query(world: World, source: str = "pull_requests", **more: Any) -> dict[str, Any]:
    start, end = window(world, 120)
    return {
        "source": source,
        "attributes": [],
        "filters": [],
        "startDate": start.isoformat(),
        "endDate": end.isoformat(),
        "orderBy": [],
        "limit": 500,
        **more,
    }


def events(client: Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Read a source to the end of its cursor."""
    found = []
    while True:
        data = client.post(TRACE, body).data
        names = [column["name"] for column in data["metadata"]["columns"]]
        found += [dict(zip(names, row, strict=True)) for row in data["rows"]]
        if "nextPage" not in data:
            return found
        body = {**body, "nextPage": data["nextPage"]}


def test_metrics_are_positional_and_equal_to_the_events(start: Start) -> None:
    world, client = start(entities=60)
    query = metric_query(world)
    data = client.post(METRICS, query).data
    columns = data["metadata"]["columns"]
    assert [column["ordinal"] for column in columns] == [0, 1, 2]
    assert [row[0] for row in data["rows"]] == [row["teamTag"] for row in world.teams]
    begin, end = window(world, 90)
    for team, cycle, deploys in data["rows"]:
        merged = [
            row["cycleTimeSeconds"]
            for row in world.trace["pull_requests"]
            if row["team"] == team
            and row["mergedAt"]
            and begin <= dt.datetime.fromisoformat(row["mergedAt"]) < end
        ]
        assert cycle == (pytest.approx(sum(merged) / len(merged)) if merged else None)
        count = sum(
            begin <= dt.datetime.fromisoformat(row["deployedAt"]) < end
            for row in world.trace["deploys"]
            if row["team"] == team
        )
        assert deploys == (count or None)
    assert any(row[1] is not None for row in data["rows"])


def test_windows_add_up(start: Start) -> None:
    world, client = start(entities=60)
    whole = metric_query(world, 28, groupBy=[])
    total = client.post(METRICS, whole).data["rows"][0][1]
    parts = 0
    for week in range(4):
        begin, end = window(world, 7, end=7 * week)
        body = {**whole, "startTime": begin.isoformat(), "endTime": end.isoformat()}
        parts += client.post(METRICS, body).data["rows"][0][1] or 0
    assert parts == total > 0


def test_the_registry_tells_what_may_be_asked(start: Start) -> None:
    world, client = start(entities=60)
    path = "/api/v1/eng-intel/registry/metrics/definitions"
    told = client.get(path, view="full").data
    assert {row["sourceRef"] for row in told["metrics"]} == set(told["sources"])
    for name, source in told["sources"].items():
        asked = [one["name"] for one in source["attributes"]]
        rows = events(client, trace_query(world, name, attributes=asked))
        assert set(rows[0]) == set(asked)
    options = told["sources"]["deploys"]["groupByOptions"]
    for option in options:
        query = metric_query(
            world,
            metrics=[{"metric": "deploy-count", "aggregation": "COUNT"}],
            groupBy=[option["key"]],
        )
        assert client.post(METRICS, query).data["rows"]


def test_metrics_may_be_filtered(start: Start) -> None:
    world, client = start(entities=60)
    only = {"attribute": "type", "operator": "EQUAL", "predicate": {"value": "ROLLBACK"}}
    query = metric_query(
        world,
        180,
        metrics=[{"metric": "deploy-count", "aggregation": "COUNT"}],
        groupBy=["type"],
        filters=[only],
    )
    rows = dict(client.post(METRICS, query).data["rows"])
    assert rows["ROLLBACK"] > 0
    assert rows["DEPLOY"] is None
    wrong = [{**only, "attribute": "colour"}]
    assert client.post(METRICS, {**query, "filters": wrong}).status == 400


def test_rows_may_be_objects_and_columns_may_be_listed_in_any_order(start: Start) -> None:
    world, client = start(Options(metric_rows="keyed"))
    row = client.post(METRICS, metric_query(world)).data["rows"][0]
    assert set(row) == {"team", "pr-cycle-time_avg", "deploy-count_count"}
    world, client = start(Options(columns_shuffled=True))
    data = client.post(METRICS, metric_query(world)).data
    assert [column["ordinal"] for column in data["metadata"]["columns"]] == [1, 2, 0]
    assert data["rows"][0][0] == world.teams[0]["teamTag"]


def test_metrics_may_have_further_pages(start: Start) -> None:
    world, client = start(Options(metric_page=5), teams=12)
    query = metric_query(world)
    teams: list[str] = []
    body = query
    while True:
        data = client.post(METRICS, body).data
        assert len(data["rows"]) <= 5
        teams += [row[0] for row in data["rows"]]
        if "nextPage" not in data:
            break
        body = {**query, "nextPage": data["nextPage"]}
    assert teams == [row["teamTag"] for row in world.teams]
    for token in ("junk", data.get("nextPage") or body["nextPage"]):
        refused = client.post(METRICS, {**query, "limit": 9, "nextPage": token})
        assert refused.status == 400


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days": 181}, "Date range exceeds 6 months"),
        ({"metrics": [{"metric": "no-such", "aggregation": "AVG"}]}, "Invalid metric names: no-su"),
        (
            {"metrics": [{"metric": "deploy-count", "aggregation": "RANKING"}]},
            "Invalid aggregation: RANKING",
        ),
        ({"groupBy": ["colour"]}, "Invalid groupBy: colour"),
        (
            {"orderBy": [{"attribute": "x", "direction": "ASC"}]},
            "Unsupported orderBy attribute: x",
        ),
        ({"startTime": "soon"}, "startTime and endTime must be date-times"),
    ],
)
def test_metric_queries_that_are_refused(
    start: Start, change: dict[str, Any], message: str
) -> None:
    world, client = start()
    assert client.post(METRICS, metric_query(world, 180)).status == 200
    reply = client.post(METRICS, metric_query(world, **change))
    assert reply.status == 400
    assert reply.data["message"].startswith(message)


@pytest.mark.parametrize("source", ["pull_requests", "deploys", "incidents"])
@pytest.mark.parametrize("cursor", ["stable", "offset"])
def test_events_are_read_to_the_end_of_the_cursor(start: Start, source: str, cursor: str) -> None:
    world, client = start(Options(trace_cursor=cursor), entities=80)  # type: ignore[arg-type]
    found = events(client, trace_query(world, source, limit=7))
    names = {"pull_requests": "createdAt", "deploys": "deployedAt", "incidents": "openedAt"}
    dates = [row[names[source]] for row in found]
    begin, end = window(world, 120)
    inside = [
        row["id"]
        for row in world.trace[source]
        if begin <= dt.datetime.fromisoformat(row[names[source]]) < end
    ]
    assert dates == sorted(dates)
    assert sorted(row["id"] for row in found) == sorted(inside)
    assert len(found) > 7


def test_an_event_added_meanwhile_moves_only_a_cursor_that_counts(start: Start) -> None:
    for cursor, doubled in (("stable", 0), ("offset", 1)):
        world, client = start(Options(trace_cursor=cursor), entities=80)  # type: ignore[arg-type]
        body = trace_query(world, limit=10)
        first = client.post(TRACE, body).data
        first_id = next(n for n, c in enumerate(first["metadata"]["columns"]) if c["name"] == "id")
        begin, _ = window(world, 120)
        early = {**world.trace["pull_requests"][0], "id": "early", "createdAt": begin.isoformat()}
        world.trace["pull_requests"].append(early)
        rest = client.post(TRACE, {**body, "nextPage": first["nextPage"]}).data
        ids = [row[first_id] for row in (*first["rows"], *rest["rows"])]
        assert len(ids) - len(set(ids)) == doubled


def test_events_are_filtered(start: Start) -> None:
    world, client = start(entities=80)
    merged = {"attribute": "state", "predicate": {"operator": "EQUAL", "value": "MERGED"}}
    rows = events(client, trace_query(world, filters=[merged], attributes=["state", "mergedAt"]))
    assert {row["state"] for row in rows} == {"MERGED"}
    assert set(rows[0]) == {"state", "mergedAt"}
    rows = events(client, trace_query(world, daysOfWeek=[6, 7]))
    days = {dt.datetime.fromisoformat(row["createdAt"]).isoweekday() for row in rows}
    assert days == {6, 7}
    closed = trace_query(world, timeAttribute="mergedAt")
    assert all(row["mergedAt"] for row in events(client, closed))
    for wrong in (
        {"source": "commits"},
        {"attributes": ["colour"]},
        {"limit": 501},
        {"filters": [{"attribute": "state", "predicate": {}}]},
        {"startDate": "2020-01-01T00:00:00Z"},
    ):
        assert client.post(TRACE, trace_query(world) | wrong).status == 400, wrong


def test_documented_permissions(start: Start) -> None:
    options = Options()
    world, client = start(options)
    keys = options.keys
    for permission, method, path in (
        ("View Dev Metrics", "POST", TRACE),
        ("View Dev Metrics", "POST", METRICS),
        ("View Dev Metrics", "GET", "/api/v1/eng-intel/registry/metrics/definitions"),
        (
            "Configure Eng Intelligence custom metrics",
            "GET",
            f"/api/v1/eng-intel/custom-metrics/deploy-frequency/entity/{world.entities[0].id}",
        ),
        ("Edit entities", "GET", f"{CATALOG}/{world.entities[0].id}/deploys"),
    ):
        options.keys = [ApiKey(token=keys[0].token, without=frozenset({permission}))]
        assert client.send(method, path, b"{}").status == 403, path
        options.keys = keys
        assert client.send(method, path, b"{}").status in {200, 400, 404}, path


def test_a_key_with_few_rights(start: Start) -> None:
    key = ApiKey(token="t", role="CUSTOM", grants=frozenset({VIEW_SCORECARDS}))
    _, client = start(Options(keys=[key]))
    client.token = "t"
    for path in ("catalog", "scorecards", "teams"):
        assert client.get(f"/api/v1/{path}").status == 200
    for path in ("users", "audit-logs", "initiatives", "workflows", "aws/configurations"):
        assert client.get(f"/api/v1/{path}").status == 403


def test_one_route_may_be_refused_alone(start: Start) -> None:
    key = ApiKey(token="t", refused=frozenset({f"{CATALOG}/definitions"}))
    _, client = start(Options(keys=[key]))
    client.token = "t"
    assert client.get(f"{CATALOG}/definitions").status == 403
    assert client.get(CATALOG).status == 200


def test_methods_a_path_does_not_have_are_405(start: Start) -> None:
    _, client = start(Options(configurations_unlisted=frozenset({"pagerduty"})))
    assert client.get(TRACE).status == 405
    assert client.post(CATALOG, {}).status == 405
    assert client.get("/api/v1/pagerduty/configurations").status == 405
    default = client.get("/api/v1/pagerduty/default-configuration")
    assert default.data["isTokenReadonly"] is True
    assert client.get("/api/v1/datadog/configurations").status == 200
    _, newer = start()
    assert newer.get("/api/v1/pagerduty/configurations").status == 200


def test_a_404_tells_who_says_so(start: Start) -> None:
    world, client = start(Options(archived_children_gone=True), archived_share=0.5)
    archived = next(e for e in world.entities if e.is_archived)
    silent = next(e for e in world.entities if not e.specs and not e.is_archived and not e.deleted)
    paths = (f"{CATALOG}/{archived.id}/deploys", f"{CATALOG}/{silent.id}/documentation/openapi")
    for path in paths:
        assert client.get(path).data["type"] == "NOT_FOUND"
    _, fronted = start(
        Options(archived_children_gone=True, not_found="gateway"), archived_share=0.5
    )
    for path in paths:
        reply = fronted.get(path)
        assert reply.status == 404
        assert "type" not in reply.data


def test_descriptors_may_be_written_by_hand(start: Start) -> None:
    world, client = start(Options(descriptors_yaml=True), entities=60)
    tags = set()
    for text in client.rows(f"{CATALOG}/descriptors", yaml="false"):
        info = yaml.safe_load(text)["info"]
        entity = world.by_tag()[info["x-cortex-tag"]]
        assert (info["title"], info["x-cortex-type"]) == (entity.name, entity.type)
        assert "x-cortex-tag: not-this-one" in info["description"]
        assert "# never change this" in text
        tags.add(entity.tag)
    shown = {e.tag for e in world.entities if not e.is_archived}
    assert tags
    assert tags <= shown
    one = client.get(f"{CATALOG}/{world.entities[0].id}/openapi").data
    assert yaml.safe_load(one)["info"]["x-cortex-tag"] == world.entities[0].tag


def test_rules_that_count_for_nothing() -> None:
    world = World(WorldSpec(odd_rules=True, entities=80))
    scoring, entities = world.scoring, world.by_id()
    seen: dict[str, int] = {}
    for card in world.scorecards:
        for judged in card.judged:
            entity = entities[judged]
            states = {rule_key(r): scoring.state(card, entity, r) for r in card.row["rules"]}
            row = scoring.score(card, entity)["score"]
            for state in states.values():
                seen[state] = seen.get(state, 0) + 1
            passed = [
                outcome["score"]
                for outcome, state in zip(row["rules"], states.values(), strict=True)
                if state == "passed"
            ]
            assert row["summary"]["score"] == sum(passed)
            assert all(passed)
    assert set(seen) == {"passed", "failed", "exempt", "not in force", "weightless"}
    weights = {rule.get("weight") for card in world.scorecards for rule in card.row["rules"]}
    assert 0 in weights


def test_ordinary_worlds_have_no_such_rules() -> None:
    world = World(WorldSpec(entities=40))
    weights = {rule.get("weight") for card in world.scorecards for rule in card.row["rules"]}
    assert 0 not in weights
