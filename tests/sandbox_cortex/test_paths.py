"""Names are matched exactly as they were encoded; nothing in a path is resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.cortex import Options, World, WorldSpec, create_app
from sandbox.cortex.generate.admin import DEFAULT_ONLY_PROVIDERS, LIST_PROVIDERS
from sandbox.cortex.generate.hostile import (
    HOSTILE_SCORECARD_TAG,
    HOSTILE_TAGS,
    SHADOWED_TAG,
)
from sandbox.serve import serve

from .cortex_client import Client, segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[World, Client]]:
    world = World(WorldSpec(entities=60, logs=20, crowd=5, deleted=0))
    with serve(create_app(world)) as server, Client(server.url) as client:
        yield world, client


@pytest.mark.parametrize("tag", [tag for tag in HOSTILE_TAGS if tag != SHADOWED_TAG])
def test_every_tag_is_one_encoded_segment(hostile: tuple[World, Client], tag: str) -> None:
    world, client = hostile
    # A dot is not touched by quoting, and need not be: nothing resolves it here.
    reply = client.get(f"{CATALOG}/{segment(tag)}")
    assert reply.status == 200
    assert reply.data["id"] == world.entity(tag).id
    assert client.get(f"{CATALOG}/{segment(tag)}/groups").status == 200


def test_dots_are_a_name_in_either_spelling(hostile: tuple[World, Client]) -> None:
    world, client = hostile
    for spelling in ("..", "%2e%2e", "%2E."):
        assert client.get(f"{CATALOG}/{spelling}/groups").status == 200
        assert client.get(f"{CATALOG}/{spelling}").data["tag"] == ".."
    assert client.get(f"{CATALOG}/%252e%252e").data["tag"] == "%2e%2e"
    assert world.entity("..").id != world.entity("%2e%2e").id


def test_an_unencoded_slash_is_a_separator(hostile: tuple[World, Client]) -> None:
    _, client = hostile
    assert client.get(f"{CATALOG}/a%2Fb").data["tag"] == "a/b"
    assert client.get(f"{CATALOG}/a%252Fb").data["tag"] == "a%2Fb"
    assert client.get(f"{CATALOG}/a/b").status == 404
    assert client.get(f"{CATALOG}/a%2F%2Fb").data["tag"] == "a//b"
    assert client.get(f"{CATALOG}/%2Fleading").data["tag"] == "/leading"
    assert client.get(f"{CATALOG}/leading").status == 404


def test_a_plus_is_no_space(hostile: tuple[World, Client]) -> None:
    _, client = hostile
    assert client.get(f"{CATALOG}/two%20words").status == 200
    assert client.get(f"{CATALOG}/two+words").status == 404


def test_accents_and_case_tell_names_apart(hostile: tuple[World, Client]) -> None:
    world, _ = hostile
    assert world.entity("caf\u00e9").id != world.entity("cafe\u0301").id
    assert world.entity("Payments:V2").id != world.entity("payments:v2").id


def test_a_route_shadows_an_entity_of_its_name(hostile: tuple[World, Client]) -> None:
    world, client = hostile
    assert "definitions" in client.get(f"{CATALOG}/{SHADOWED_TAG}").data
    by_id = client.get(f"{CATALOG}/{world.entity(SHADOWED_TAG).id}")
    assert by_id.data["tag"] == SHADOWED_TAG


def test_dependencies_know_no_ids(hostile: tuple[World, Client]) -> None:
    world, client = hostile
    entity = world.entity("a/b")
    assert client.get(f"{CATALOG}/a%2Fb/dependencies").status == 200
    assert client.get(f"{CATALOG}/{entity.id}/dependencies").status == 404


def test_scorecards_have_hostile_tags_too(hostile: tuple[World, Client]) -> None:
    _, client = hostile
    path = f"/api/v1/scorecards/{segment(HOSTILE_SCORECARD_TAG)}"
    assert client.get(path).data["scorecard"]["tag"] == HOSTILE_SCORECARD_TAG
    assert client.get(f"{path}/descriptor").data.startswith("tag: ")


def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    assert client.get(f"{CATALOG}/%ff").status == 400


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/", "/api/v1/catalog/", "/api/v2/catalog"])
def test_unknown_addresses(client: Client, path: str) -> None:
    reply = client.get(path)
    assert reply.status == 404
    assert reply.data["type"] == "NOT_FOUND"
    assert reply.data["requestId"]


def test_a_wrong_method(client: Client) -> None:
    assert client.send("DELETE", CATALOG).status == 405


def test_vanished_entities_are_listed_and_gone(start: Start) -> None:
    world, client = start(deleted=3)
    gone = [entity for entity in world.entities if entity.deleted]
    assert len(gone) == 3
    types = ",".join({entity.type for entity in gone})
    listed = {row["id"] for row in client.rows(CATALOG, types=types)}
    for entity in gone:
        assert entity.id in listed
        for child in ("", "/groups", "/deploys", "/packages", "/custom-data"):
            reply = client.get(f"{CATALOG}/{entity.id}{child}")
            assert reply.status == 404
            assert {"message", "type", "httpStatus", "requestId"} <= set(reply.data)


def test_archived_entities_may_be_gone_below(start: Start) -> None:
    for gone, status in ((False, 200), (True, 404)):
        world, client = start(Options(archived_children_gone=gone), entities=100)
        entity = next(e for e in world.entities if e.is_archived)
        assert client.get(f"{CATALOG}/{entity.id}/deploys").status == status


def test_most_entities_have_no_openapi_document(client: Client, world: World) -> None:
    having = {found for (found,) in world.truth("documentation_openapi")}
    path = "documentation/openapi"
    for entity in world.entities[:60]:
        reply = client.get(f"{CATALOG}/{entity.id}/{path}")
        assert reply.status == (200 if entity.id in having else 404)


def test_addresses_that_no_source_names(start: Start) -> None:
    world, client = start()
    entity = next(e for e in world.entities if not e.deleted and e.links)
    documentation = f"{CATALOG}/{entity.id}/documentation"
    assert client.get(documentation).status == 404
    assert client.get("/api/v1/health").status == 404
    for status in (405, 501):
        _, other = start(Options(absent_status=status))
        assert other.get("/api/v1/health").status == status
    _, there = start(Options(documentation="object", health="text"))
    assert there.get(documentation).data == {"documents": entity.links, "page": 0}
    assert there.get("/api/v1/health").body == b"OK"


def test_routes_that_the_document_does_not_know(client: Client, world: World) -> None:
    run = world.workflow_runs[0]
    period = world.verification_periods[0]["cid"]
    entity = next(e for e in world.entities if e.aws and not e.deleted)
    rows = {
        f"catalog-pages/{segment(world.catalog_pages[-1]['slug'])}": world.catalog_pages[-1],
        f"scaffolders/{world.scaffolders[0]['tag']}": world.scaffolders[0],
        f"verification-periods/{period}": world.verification_periods[0],
        f"workflows/{segment(run['workflow']['tag'])}/runs/{run['id']}": run,
        "sso/configurations": None,
    }
    for path, row in rows.items():
        reply = client.get(f"/api/v1/{path}")
        assert reply.status == 200, path
        assert row is None or reply.data == row
    assert client.get(f"{CATALOG}/{entity.id}/aws").data["resources"] == entity.aws
    assert client.get(f"{CATALOG}/{entity.id}/verifications").data
    active = client.rows("/api/v1/verifications", isActive="true", status="PENDING")
    assert 0 < len(active) < world.truth.count("verifications")
    assert len(client.rows("/api/v1/verification-periods", isActive="true")) == 1


@pytest.mark.parametrize("provider", [*LIST_PROVIDERS, *DEFAULT_ONLY_PROVIDERS])
def test_every_integration_answers(client: Client, world: World, provider: str) -> None:
    rows = world.integrations.get(provider)
    status = 200 if rows else 404
    if provider in LIST_PROVIDERS:
        reply = client.get(f"/api/v1/{provider}/configurations")
        assert reply.status == status
        assert not rows or reply.data == {"configurations": rows}
    if provider != "aws":
        reply = client.get(f"/api/v1/{provider}/default-configuration")
        assert reply.status == status
        assert not rows or reply.data == rows[0]
