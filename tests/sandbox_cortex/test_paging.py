"""Pages are counted from 0, hold 1 to 1000 rows, and deviate where the reference says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.cortex import Options

from .cortex_client import ENVELOPE, Client, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cortex import Entity, World
    from sandbox.cortex.options import UncertainShape

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"


def crowded(world: World) -> Entity:
    return max((e for e in world.entities if not e.deleted), key=lambda e: len(e.custom_data))


def test_the_first_page_is_page_0(start: Start) -> None:
    world, client = start()
    first = client.get("/api/v1/audit-logs", pageSize=7).data
    assert first["logs"] == world.audit_logs[:7]
    assert {name: first[name] for name in ENVELOPE} == {"page": 0, "total": 20, "totalPages": 3}
    second = client.get("/api/v1/audit-logs", pageSize=7, page=1).data
    assert second["logs"] == world.audit_logs[7:14]
    assert second["page"] == 1


def test_a_page_holds_250_rows_unless_asked_otherwise(client: Client, world: World) -> None:
    assert len(client.get("/api/v1/audit-logs").data["logs"]) == 250
    assert len(client.get("/api/v1/audit-logs", pageSize=1000).data["logs"]) == 300
    assert len(world.audit_logs) == 300


@pytest.mark.parametrize("size", [0, -1, 1001])
def test_other_sizes_are_refused(client: Client, size: int) -> None:
    reply = client.get(CATALOG, pageSize=size)
    assert reply.status == 400
    message = f"Page size must be set between 1 and 1000; requested value: {size}"
    assert reply.data["message"] == message


@pytest.mark.parametrize("query", [{"page": -1}, {"page": "x"}, {"pageSize": "many"}])
def test_what_is_no_number_is_a_violation(client: Client, query: dict[str, str]) -> None:
    reply = client.get(CATALOG, **query)
    assert reply.status == 400
    (violation,) = reply.data["violations"]
    assert set(violation) == {"title", "description", "violationType", "pointer"}


def test_nothing_has_no_pages(start: Start) -> None:
    _, client = start(entities=0, logs=0, deleted=0)
    assert client.get(CATALOG).data == {"entities": [], "page": 0, "total": 0, "totalPages": 0}


def test_a_page_beyond_the_last_is_empty(client: Client) -> None:
    data = client.get(CATALOG, page=99).data
    assert data["entities"] == []
    assert data["total"] > 0


def test_custom_data_is_an_array_with_pages_and_no_totals(client: Client, world: World) -> None:
    entity = crowded(world)
    assert len(entity.custom_data) == 251
    path = f"{CATALOG}/{entity.id}/custom-data"
    assert [len(client.get(path, page=page).data) for page in range(3)] == [250, 1, 0]


def test_packages_ignore_paging(client: Client, world: World) -> None:
    entity = crowded(world)
    rows = client.get(f"{CATALOG}/{entity.id}/packages", page=3, pageSize=1).data
    assert len(rows) == len(entity.packages) == 251


@pytest.mark.parametrize("totals", [False, True])
def test_scores_say_how_many_there_are_only_if_told_to(start: Start, *, totals: bool) -> None:
    world, client = start(Options(scores_totals=totals))
    card = max(world.scorecards, key=lambda card: len(card.judged))
    path = f"/api/v1/scorecards/{segment(card.tag)}/scores"
    found = []
    for page in range(-(-len(card.judged) // 5) + 1):
        data = client.get(path, page=page, pageSize=5).data
        assert ("totalPages" in data) is totals
        found += [row["service"]["id"] for row in data["serviceScores"]]
    assert found == card.judged


def test_cloud_types_say_whether_there_is_more(client: Client) -> None:
    query = {"includeDisabled": "true", "pageSize": 200}
    assert client.get("/api/v1/aws/types", **query).data["hasMore"] is True
    assert client.get("/api/v1/aws/types", page=1, **query).data["hasMore"] is False


def test_scim_counts_from_1_and_gives_less_than_was_asked(start: Start) -> None:
    world, client = start(Options(scim_page=7), users=10)
    first = client.get("/scim/v2/Users", count=500)
    assert first.headers["content-type"] == "application/scim+json"
    assert (first.data["startIndex"], first.data["itemsPerPage"]) == (1, 7)
    rest = client.get("/scim/v2/Users", count=500, startIndex=8).data
    found = [row["id"] for row in (*first.data["Resources"], *rest["Resources"])]
    assert found == [row["id"] for row in world.scim_users]
    assert client.get("/scim/v2/Users", sortBy="userName").status == 501


def test_rows_added_at_the_head_move_the_pages(start: Start) -> None:
    world, client = start()
    before = client.get("/api/v1/audit-logs", pageSize=10).data["logs"]
    world.add_audit_log(world.now)
    after = client.get("/api/v1/audit-logs", pageSize=10, page=1).data
    assert after["logs"][0] == before[-1]
    assert after["total"] == 21


@pytest.mark.parametrize("shape", ["envelope", "array", "unpaged", "other_key", "absent"])
def test_undocumented_answers_come_in_every_shape(start: Start, shape: UncertainShape) -> None:
    world, client = start(Options(uncertain=shape))
    reply = client.get("/api/v1/deploys/search", pageSize=3)
    if shape == "absent":
        assert reply.status == 404
        return
    data = reply.data
    total = world.truth.count("deploys_search")
    if shape == "envelope":
        assert len(data["deployments"]) == 3
        assert data["total"] == total
    elif shape == "other_key":
        assert len(data["someOtherName"]) == 3
        assert "total" not in data
    else:
        assert len(data) == (3 if shape == "array" else total)
    environments = client.get("/api/v1/deploys/environments").data
    assert environments
