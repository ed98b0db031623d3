"""What the server leaves out unless it is asked, and what it sends empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex import Options
from sandbox.cortex.generate.catalog import BUILT_IN_TYPES, CUSTOM_TYPES

from .cortex_client import Client, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cortex import World

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"
TYPES = ",".join(("service", "domain", *BUILT_IN_TYPES, *CUSTOM_TYPES))

HIDING = {
    "entities": (CATALOG, "id", {"types": TYPES, "includeArchived": "true"}),
    "entity_types": (f"{CATALOG}/definitions", "type", {"includeBuiltIn": "true"}),
    "scorecards": ("/api/v1/scorecards", "tag", {"showDrafts": "true"}),
    "initiatives": (
        "/api/v1/initiatives",
        "cid",
        {"includeDrafts": "true", "includeExpired": "true"},
    ),
    "notification_runs": ("/api/v1/notifications/logs/run", "id", {"deliveredOnly": "false"}),
    "plugins": ("/api/v1/plugins", "tag", {"includeDrafts": "true"}),
    "aws_types": ("/api/v1/aws/types", "type", {"includeDisabled": "true"}),
    "azure_resource_types": (
        "/api/v1/azure-resources/types",
        "type",
        {"includeDisabled": "true"},
    ),
}


@pytest.mark.parametrize("stream", HIDING)
def test_rows_are_hidden_until_asked_for(client: Client, world: World, stream: str) -> None:
    path, key, query = HIDING[stream]
    shown = {(row[key],) for row in client.rows(path, pageSize=1000)}
    everything = {(row[key],) for row in client.rows(path, pageSize=1000, **query)}
    assert shown == world.truth(stream, hidden=False)
    assert everything == world.truth(stream)
    assert shown < everything


def test_ignored_discoveries_are_hidden(client: Client, world: World) -> None:
    path = "/api/v1/discovery-audit"
    assert client.get(path).data["total"] == world.truth.count("discovery_audit", hidden=False)
    everything = client.get(path, includeIgnored="true").data["total"]
    assert everything == world.truth.count("discovery_audit") == 300


def test_member_less_teams_are_hidden(client: Client, world: World) -> None:
    shown = client.get("/api/v1/teams").data["teams"]
    everything = client.get("/api/v1/teams", includeTeamsWithoutMembers="true").data["teams"]
    assert {(row["id"],) for row in shown} == world.truth("teams", hidden=False)
    assert {(row["id"],) for row in everything} == world.truth("teams")
    assert len(shown) < len(everything)
    assert {row["type"] for row in everything} == {"CORTEX", "IDP"}


def test_a_team_tag_gives_one_object(client: Client, world: World) -> None:
    tag = world.teams[0]["teamTag"]
    assert client.get("/api/v1/teams", teamTag=tag).data == world.teams[0]


@pytest.mark.parametrize("types", ["team", "service,team"])
def test_teams_cannot_be_requested_without_the_feature(client: Client, types: str) -> None:
    reply = client.get(CATALOG, types=types)
    assert reply.status == 400
    assert reply.data["message"] == "Bad Request - Cannot request teams."


def test_teams_and_their_members_with_the_feature(start: Start) -> None:
    world, client = start(Options(teams_in_catalog=True))
    query = {"types": "team", "includeArchived": "true"}
    plain = client.rows(CATALOG, **query)
    assert {row["tag"] for row in plain} == {team["teamTag"] for team in world.teams}
    assert not any(row.get("members") for row in plain)
    nested = client.rows(CATALOG, includeNestedFields="team:members", **query)
    assert any(row["members"] for row in nested)


def test_fields_that_were_not_asked_for_are_empty_not_absent(client: Client) -> None:
    for row in client.rows(CATALOG):
        assert row["links"] == row["metadata"] == row["slackChannels"] == []
        assert row["owners"] is None
    flags = ("Links", "Metadata", "SlackChannels", "Owners")
    rows = client.rows(CATALOG, **{f"include{name}": "true" for name in flags})
    for name in ("links", "metadata", "slackChannels", "owners"):
        assert any(row[name] for row in rows), name


def test_details_have_owners_under_other_names(client: Client, world: World) -> None:
    entity = next(e for e in world.entities if e.owner_teams and e.owner_people and not e.deleted)
    row = client.get(f"{CATALOG}/{entity.id}").data
    assert row["ownersV2"]["teams"] == entity.owner_teams
    assert [team["groupName"] for team in row["ownership"]["groups"]] == [
        team["tag"] for team in entity.owner_teams
    ]
    assert "owners" not in row
    declined = client.get(f"{CATALOG}/{entity.id}", includeOwners="false").data
    assert declined["ownersV2"] is None


def depth(nodes: list[dict[str, Any]], field: str) -> int:
    return max((1 + depth(node[field], field) for node in nodes), default=0)


def test_the_hierarchy_is_full_unless_limited(start: Start) -> None:
    _, client = start(entities=400)
    full = client.rows(CATALOG, pageSize=1000)
    assert max(depth(row["hierarchy"]["parents"], "parents") for row in full) > 1
    short = client.rows(CATALOG, pageSize=1000, hierarchyDepth=1)
    assert {depth(row["hierarchy"]["children"], "children") for row in short} == {0, 1}
    assert client.get(CATALOG, hierarchyDepth="deep").status == 400
    groups = client.rows(CATALOG, hierarchyDepth=1, includeHierarchyFields="groups")
    nodes = [node for row in groups for node in row["hierarchy"]["parents"]]
    assert all(isinstance(node["groups"], list) for node in nodes)


def test_descriptors_are_objects_or_texts(client: Client, world: World) -> None:
    rows = client.rows(f"{CATALOG}/descriptors", types=TYPES)
    found = {(row["info"]["x-cortex-tag"],) for row in rows}
    assert found == world.truth("entity_descriptors")
    texts = client.rows(f"{CATALOG}/descriptors", types=TYPES, yaml="true")
    assert len(texts) == len(rows)
    assert all(text.startswith('openapi: "3.0.1"\n') for text in texts)


def test_workflow_actions_are_hidden(client: Client) -> None:
    assert not any(row["actions"] for row in client.rows("/api/v1/workflows"))
    assert all(row["actions"] for row in client.rows("/api/v1/workflows", includeActions="true"))


def test_json_must_be_asked_for_by_name(client: Client) -> None:
    for path in ("/api/v1/workflows", "/api/v1/auth/key"):
        assert client.send("GET", path).headers["content-type"] == "application/json"
        for accept in ("*/*", "application/yaml", ""):
            reply = client.send("GET", path, Accept=accept)
            assert reply.headers["content-type"] == "application/yaml"
            assert reply.body.startswith((b"workflows:", b"apiKeys:"))


def test_a_search_does_not_find_cards_that_were_never_evaluated(
    client: Client, world: World
) -> None:
    judged = {card.tag for card in world.scorecards if card.judged}
    some = world.by_id()[world.scorecards[0].judged[0]]
    found = client.rows("/api/v1/scorecards", entities=some.tag)
    assert 0 < len(found) < len(world.scorecards)
    assert {row["tag"] for row in found} <= judged


def test_incoming_dependencies_repeat_edges(client: Client, world: World) -> None:
    callers = [e for e in world.entities if e.dependencies and not e.deleted]
    edge = next(row for caller in callers for row in caller.dependencies)
    path = f"{CATALOG}/{segment(edge['calleeTag'])}/dependencies"
    query = {"includeIncoming": "true", "includeOutgoing": "false", "pageSize": 1000}
    assert edge in client.rows(path, **query)
    assert all(row["callerTag"] == edge["calleeTag"] for row in client.rows(path))


def test_departments_may_have_to_be_named(start: Start) -> None:
    world, client = start()
    path = "/api/v1/teams/departments"
    assert client.get(path).data == {"departments": world.departments}
    _, strict = start(Options(departments_listable=False))
    assert strict.get(path).status == 400
    named = strict.get(path, departmentTag=world.departments[0]["departmentTag"])
    assert named.data["id"] == world.departments[0]["id"]
