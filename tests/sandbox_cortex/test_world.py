"""A world is what its seed says, what it serves is what its truth says, and it can change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex import Options, World, WorldSpec
from sandbox.cortex.generate.catalog import BUILT_IN_TYPES, CUSTOM_TYPES
from sandbox.cortex.generate.hostile import SHADOWED_TAG
from sandbox.cortex.generate.teams import member_key
from sandbox.cortex.scoring import rule_key

from .cortex_client import Client, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"
TYPES = ",".join(("service", "domain", *BUILT_IN_TYPES, *CUSTOM_TYPES))


def fingerprint(world: World) -> str:
    return json.dumps([sorted(map(repr, world.truth(name))) for name in world.truth.streams()])


def test_the_same_seed_gives_the_same_world() -> None:
    spec = WorldSpec(seed=5, entities=30, logs=20)
    assert fingerprint(World(spec)) == fingerprint(World(spec))
    assert fingerprint(World(spec)) != fingerprint(World(WorldSpec(seed=6, entities=30, logs=20)))


@pytest.mark.parametrize("size", [0, 1, 2, 25])
def test_small_worlds(size: int) -> None:
    spec = WorldSpec(entities=size, scorecards=size, teams=size, users=size, logs=size)
    world = World(spec)
    assert world.truth.count("entities") == size
    assert world.truth.count("teams") == size
    assert world.truth.count("audit_logs") == size
    for name in world.truth.streams():
        assert world.truth.count(name) == len(world.truth(name)), name


def test_a_large_world_has_everything() -> None:
    world = World(WorldSpec(entities=5000, scorecards=40, teams=300, users=400, logs=500))
    assert world.truth.count("entities") == 5000
    assert world.truth.count("scorecards") == 40
    assert world.truth.count("teams") == 300
    assert world.truth.count("scorecard_scores") > 10_000
    for name in ("deploys", "dependencies", "custom_data", "entity_links", "relationships"):
        assert world.truth.count(name) == len(world.truth(name)) > 1000, name


@pytest.mark.parametrize("wrong", [{"entities": -1}, {"logs": -5}, {"archived_share": 1.5}])
def test_impossible_sizes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cannot be negative|between 0 and 1"):
        WorldSpec(**wrong)


def test_identical_logs_are_an_option() -> None:
    world = World(WorldSpec(logs=20, identical_logs=3))
    assert world.truth.count("audit_logs") == 23
    assert len(world.truth("audit_logs")) == 20


TABLES = {
    "audit_logs": "audit-logs",
    "api_keys": "auth/key",
    "aws_types": "aws/types?includeDisabled=true",
    "catalogs": "catalog-pages",
    "deploys_search": "deploys/search",
    "initiatives": "initiatives?includeDrafts=true&includeExpired=true",
    "ip_allowlist": "ip-allowlist",
    "notification_logs": "notifications/logs",
    "relationship_types": "relationship-types",
    "scaffolders": "scaffolders",
    "secrets": "secrets",
    "user_labels": "eng-intel/labels",
    "user_roles": "users/roles",
    "users": "users",
    "verification_periods": "verification-periods",
    "verifications": "verifications",
    "workflow_runs": "workflows/runs",
    "workflows": "workflows",
    "gitops_logs": "gitops-logs",
}


@pytest.mark.parametrize("stream", TABLES)
def test_lists_hold_what_the_truth_counts(client: Client, world: World, stream: str) -> None:
    path, _, query = TABLES[stream].partition("?")
    flags = dict(part.split("=") for part in query.split("&")) if query else {}
    rows = client.rows(f"/api/v1/{path}", pageSize=200, **flags)
    assert len(rows) == world.truth.count(stream)


PAGED_CHILDREN = {
    "groups": ("groups", ("tag",)),
    "deploys": ("deploys", ("uuid",)),
    "custom_events": ("custom-events", ("uuid",)),
    "k8s_resources": ("k8s", ("cluster", "namespace", "type", "name")),
}
ARRAY_CHILDREN = {
    "packages": ("packages", ("id",)),
    "custom_data": ("custom-data", ("key", "source")),
    "oncall_registrations": ("integrations/oncall/registration", ("provider", "id")),
    "entity_scorecards": ("scorecards", ("scorecardId",)),
}


@pytest.mark.parametrize("stream", [*PAGED_CHILDREN, *ARRAY_CHILDREN])
def test_children_hold_what_the_truth_counts(client: Client, world: World, stream: str) -> None:
    child, fields = (PAGED_CHILDREN | ARRAY_CHILDREN)[stream]
    found = set()
    for entity in world.entities:
        path = f"{CATALOG}/{entity.id}/{child}"
        if entity.deleted:
            rows = []
        elif stream in PAGED_CHILDREN:
            rows = client.rows(path, pageSize=1000)
        else:
            rows = client.get(path, pageSize=1000).data
        found |= {(entity.id, *(row[field] for field in fields)) for row in rows}
    assert found == world.truth(stream)


def test_dependencies_are_what_the_truth_says(client: Client, world: World) -> None:
    found = set()
    for entity in world.entities:
        if not entity.deleted and entity.tag != SHADOWED_TAG:
            for row in client.rows(f"{CATALOG}/{segment(entity.tag)}/dependencies", pageSize=1000):
                ends = (row["callerTag"], row["calleeTag"])
                found.add((*ends, row.get("method") or "", row.get("path") or ""))
    assert found == world.truth("dependencies")


def test_flat_rows_of_the_catalog_are_what_the_truth_says(client: Client, world: World) -> None:
    flags = {f"include{name}": "true" for name in ("Links", "Metadata", "Owners", "Archived")}
    rows = client.rows(CATALOG, types=TYPES, hierarchyDepth=1, **flags)
    edges = {(r["id"], c["id"]) for r in rows for c in r["hierarchy"]["children"]}
    links = {(r["id"], n["name"], n["type"], n["url"]) for r in rows for n in r["links"]}
    metadata = {(r["id"], m["key"]) for r in rows for m in r["metadata"]}
    teams = {(r["id"], "team", t["id"]) for r in rows for t in r["owners"]["teams"]}
    people = {(r["id"], "individual", p["email"]) for r in rows for p in r["owners"]["individuals"]}
    assert edges == world.truth("entity_hierarchy")
    assert links == world.truth("entity_links")
    assert metadata == world.truth("entity_metadata")
    assert teams | people == world.truth("entity_owners")


def test_scores_are_what_the_truth_says(client: Client, world: World) -> None:
    scores, results, exemptions, levels = set(), set(), set(), set()
    for card in world.scorecards:
        path = f"/api/v1/scorecards/{segment(card.tag)}"
        for row in client.get(f"{path}/scores", pageSize=1000).data["serviceScores"]:
            service = row["service"]["id"]
            scores.add((card.tag, service))
            results |= {(card.tag, service, rule_key(rule)) for rule in row["score"]["rules"]}
            exemptions |= {
                (card.tag, service, e["ruleIdentifier"], e["requestedDate"])
                for e in row["ruleExemptions"]
            }
            levels |= {step["level"]["number"] for step in row["score"]["ladderLevels"]}
    assert scores == world.truth("scorecard_scores")
    assert results == world.truth("scorecard_rule_results")
    assert exemptions == world.truth("scorecard_rule_exemptions")
    assert levels == {1, 2, 3}


def test_cards_without_scores_are_drafts_or_new(world: World) -> None:
    assert any(card.is_draft for card in world.scorecards)
    assert any(not card.judged and not card.is_draft for card in world.scorecards)
    assert all(not card.judged for card in world.scorecards if card.is_draft)


def test_results_pass_fail_and_break(client: Client, world: World) -> None:
    card = max(world.scorecards, key=lambda card: len(card.judged))
    rows = client.get(f"/api/v1/scorecards/{segment(card.tag)}/scores", pageSize=1000).data
    rules = [rule for row in rows["serviceScores"] for rule in row["score"]["rules"]]
    assert any(rule["score"] > 0 for rule in rules)
    assert any(rule["score"] == 0 and not rule["error"] for rule in rules)
    assert any(rule.get("error") for rule in rules)
    unnamed = [r for c in world.scorecards for r in c.row["rules"] if not r.get("identifier")]
    assert unnamed


def test_next_steps_name_the_failed_rules(client: Client, world: World) -> None:
    found = set()
    for card in world.scorecards:
        for entity_id in card.judged:
            tag = world.by_id()[entity_id].tag
            path = f"/api/v1/scorecards/{segment(card.tag)}/next-steps"
            steps = client.get(path, entityTag=tag).data["nextSteps"]
            found |= {(card.tag, tag, number) for number in range(len(steps))}
            assert all(step["rulesToComplete"] for step in steps)
    assert found == world.truth("scorecard_next_steps")
    assert client.get(path).status == 400


def test_evaluating_again_moves_some_results(start: Start) -> None:
    world, client = start(entities=100)
    card = max(world.scorecards, key=lambda card: len(card.judged))
    path = f"/api/v1/scorecards/{segment(card.tag)}/scores"

    def read() -> list[Any]:
        rows: list[Any] = client.get(path, pageSize=1000).data["serviceScores"]
        return rows

    before = read()
    world.reevaluate()
    after = read()
    assert [row["service"]["id"] for row in before] == [row["service"]["id"] for row in after]
    assert all(a["lastEvaluated"] < b["lastEvaluated"] for a, b in zip(before, after, strict=True))
    moved = sum(a["score"] != b["score"] for a, b in zip(before, after, strict=True))
    assert 0 < moved < len(before)


def test_a_result_can_be_set(start: Start) -> None:
    world, client = start()
    card = max(world.scorecards, key=lambda card: len(card.judged))
    rule, judged = card.row["rules"][0], card.judged[0]
    world.scoring.results[card.tag, judged, rule_key(rule)] = (0.125, "broken")
    row = client.get(f"/api/v1/scorecards/{segment(card.tag)}/scores").data["serviceScores"][0]
    assert row["score"]["rules"][0]["score"] == 0.125
    assert row["score"]["rules"][0]["error"] == "broken"


def test_members_have_a_key(world: World) -> None:
    keys = world.truth("team_members")
    assert keys
    assert all(key for _, key in keys)
    idp = [m for t in world.teams for m in (t.get("idpGroup") or {"members": []})["members"]]
    assert any(not member.get("email") for member in idp)
    assert all(member_key(member) for member in idp)


def test_entities_come_and_go(start: Start) -> None:
    world, client = start(deleted=0)
    added = world.add_entity("brand new")
    assert client.get(CATALOG).data["entities"][0]["id"] == added.id
    world.remove_entity("a/b")
    rows = client.rows(CATALOG, types=TYPES, includeArchived="true")
    assert {(row["id"],) for row in rows} == world.truth("entities")
    assert "a/b" not in {row["tag"] for row in rows}
    with pytest.raises(KeyError):
        world.entity("a/b")


def test_values_are_any_json_and_keep_their_digits(client: Client, world: World) -> None:
    texts = [
        client.get(f"{CATALOG}/{entity.id}/custom-data").body.decode()
        for entity in world.entities
        if not entity.deleted
    ]
    everything = "".join(texts)
    assert "12345678901234567890" in everything
    assert "0.12345678901234567890123" in everything
    kinds = {type(row["value"]).__name__ for text in texts for row in json.loads(text)}
    assert {"str", "int", "float", "bool", "NoneType", "list", "dict"} <= kinds


def test_documents_may_be_no_json(start: Start) -> None:
    world, client = start(entities=400)
    texts = [
        client.get(f"{CATALOG}/{entity_id}/documentation/openapi").data["spec"]
        for (entity_id,) in world.truth("documentation_openapi")
    ]
    valid = [text for text in texts if text.startswith('{"')]
    assert 0 < len(valid) < len(texts)
    several = next(e for e in world.entities if len(e.specs) > 1 and not e.deleted)
    path = f"{CATALOG}/{several.id}/documentation/openapi"
    assert client.get(path, name="second/one").status == 200
    assert client.get(path, name="third").status == 404


def test_optional_fields_are_null_or_absent_unless_plain() -> None:
    nasty = World(WorldSpec(seed=2))
    plain = World(WorldSpec(seed=2, sparse=False, extras=False, hostile=False))
    events = [row for entity in nasty.entities for row in entity.custom_events]
    assert any("url" not in row for row in events)
    assert any(row.get("url", "") is None for row in events)
    assert all(row["url"] for entity in plain.entities for row in entity.custom_events)
    assert any(e.extra for e in nasty.entities)
    assert not any(e.extra for e in plain.entities)
    assert "a/b" not in plain.by_tag()


def test_queries_take_a_while(start: Start) -> None:
    world, client = start(Options(query_polls=2))
    job = client.post("/api/v1/queries", {"query": "entity.type() == 'domain'"}).data
    path = f"/api/v1/queries/{job['jobId']}"
    states = [client.get(path).data for _ in range(3)]
    assert [state["status"] for state in states] == ["IN_PROGRESS", "IN_PROGRESS", "DONE"]
    domains = {e.tag for e in world.entities if e.type == "domain"}
    assert {row["tag"] for row in states[-1]["result"]} == domains
    assert client.post("/api/v1/queries", {"query": ""}).status == 400
    assert client.post("/api/v1/queries", ["?"]).status == 400
    assert client.get("/api/v1/queries/none").status == 404


def test_metrics_can_be_asked_for(client: Client, world: World) -> None:
    path = "/api/v1/eng-intel/metrics/point-in-time"
    body = {
        "startTime": "2026-01-01T00:00:00Z",
        "endTime": "2026-02-01T00:00:00Z",
        "metrics": [{"metric": "deploy-count", "aggregation": "SUM"}],
        "groupBy": ["team"],
        "filters": [],
        "orderBy": [],
        "limit": 5,
    }
    data = client.post(path, body).data
    assert [column["ordinal"] for column in data["metadata"]["columns"]] == [0, 1]
    assert len(data["rows"]) == 5 < len(world.teams)
    assert client.post(path, {**body, "endTime": "2026-12-01T00:00:00Z"}).status == 400
    unknown = [{"metric": "x", "aggregation": "SUM"}]
    assert client.post(path, {**body, "metrics": unknown}).status == 400
