"""Lists of the Cortex sandbox: orders, totals and pages as servers may give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex import Options, World

from .cortex_client import Client, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"
LISTS = (
    ("catalog", "entities", "id"),
    ("catalog/descriptors", "descriptors", None),
    ("discovery-audit", "events", "mappingKey"),
    ("gitops-logs", "logs", "commit"),
    ("relationships/depends-on", "relationships", None),
    ("deploys/search", "deployments", "uuid"),
    ("users", "users", "email"),
)


def order_of(client: Client, path: str, key: str, field: str | None) -> list[str]:
    rows = client.get(f"/api/v1/{path}", pageSize=1000).data[key]
    return [str(row if field is None else row[field]) for row in rows]


@pytest.mark.parametrize(("path", "key", "field"), LISTS)
def test_lists_without_an_order_come_in_the_one_that_is_chosen(
    start: Start, path: str, key: str, field: str | None
) -> None:
    _, client = start(entities=60)
    made = order_of(client, path, key, field)
    assert made == order_of(client, path, key, field)
    assert made != sorted(made), "not by key"
    _, sorted_client = start(Options(order="by_key"), entities=60)
    by_key = order_of(sorted_client, path, key, field)
    assert sorted(by_key) == sorted(made)
    if field in {"id", "uuid", "email"}:
        assert by_key == sorted(made)
    _, restless = start(Options(order="restless", restless_every=2), entities=60)
    seen = [order_of(restless, path, key, field) for _ in range(4)]
    assert seen[0] == seen[1] != seen[2] == seen[3]
    assert sorted(seen[0]) == sorted(seen[2]) == sorted(made)


def test_an_update_moves_a_row_to_the_front(start: Start) -> None:
    world, client = start(Options(order="recent_first"))
    before = [row["id"] for row in client.rows(CATALOG, pageSize=10)]
    moved = world.entity(before[-1])
    moved.last_updated = "2026-11-01T00:00:00.000001Z"
    world.touch()
    assert [row["id"] for row in client.rows(CATALOG, pageSize=10)] == [moved.id, *before[:-1]]


@pytest.mark.parametrize(
    ("form", "total"),
    [
        ("exact", 40),
        ("text", "40"),
        ("float", 40.0),
        ("page", 15),
        ("minus_one", -1),
        ("zero", 0),
        ("capped", 15),
        ("pages_only", None),
    ],
)
def test_totals_come_in_every_form(start: Start, form: Any, total: Any) -> None:
    _, client = start(Options(totals=form), archived_share=0.0)
    types = "service,domain,AWS::S3::Bucket,AWS::Lambda::Function,rds,s3,k8s-cluster,"
    types += "mobile-app,queue:fifo,data_pipeline,ML model"
    data = client.get(CATALOG, pageSize=15, types=types).data
    assert data.get("total") == total
    assert type(data.get("total")) is type(total)
    assert (data["totalPages"], len(data["entities"])) == (3, 15)


def test_a_page_may_be_cut_below_what_was_asked(start: Start) -> None:
    world, client = start(Options(page_cap=25, scores_totals=True), entities=120)
    data = client.get("/api/v1/gitops-logs", pageSize=500).data
    assert (len(data["logs"]), data["totalPages"]) == (20, 1)
    rows = list(client.pages("/api/v1/deploys/search", pageSize=1000))
    assert {len(page) for page in rows[:-1]} == {25}
    assert sum(map(len, rows)) == world.truth.count("deploys_search")
    card = max(world.scorecards, key=lambda one: len(one.judged))
    path = f"/api/v1/scorecards/{segment(card.tag)}/scores"
    scores = client.get(path, pageSize=1000).data
    assert len(scores["serviceScores"]) == 25 < scores["total"] == len(card.judged)
