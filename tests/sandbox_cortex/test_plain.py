"""The plain year: harmless, consistent in itself, and seen from any of its days."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import company
from sandbox.cortex import PlainWorld, create_app, plain_world
from sandbox.cortex.generate import hostile
from sandbox.serve import serve

from .cortex_client import Client, segment

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOG = "/api/v1/catalog"
TYPES = "service,domain,database,queue"
NOW = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
HARMLESS = re.compile(r"[\x20-\x7e]*")


@pytest.fixture(scope="module")
def year() -> PlainWorld:
    return plain_world(1, now=NOW)


@pytest.fixture(scope="module")
def reader(year: PlainWorld) -> Iterator[Client]:
    with serve(create_app(year)) as server, Client(server.url) as one:
        yield one


def shares(world: PlainWorld) -> dict[tuple[str, str], float]:
    by_id = world.by_id()
    return {
        (card.tag, by_id[judged].tag): float(
            world.scoring.score(card, by_id[judged])["score"]["summary"]["percentage"]
        )
        for card in world.scorecards
        for judged in card.judged
    }


def fingerprint(world: PlainWorld) -> str:
    return json.dumps([sorted(map(repr, world.truth(name))) for name in world.truth.streams()])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_and_day_give_the_same_year(seed: int) -> None:
    one, same, other = (plain_world(n, now=NOW) for n in (seed, seed, seed + 1))
    assert fingerprint(one) == fingerprint(same) != fingerprint(other)
    assert shares(one) == shares(same) != shares(other)
    assert one.trace == same.trace


def test_nothing_in_it_is_meant_to_break_a_client(reader: Client, year: PlainWorld) -> None:
    words = {getattr(hostile, name) for name in dir(hostile) if name.startswith("HOSTILE_")}
    hard = {w for w in words if isinstance(w, str)} | {t for t in hostile.HOSTILE_TAGS if "/" in t}
    paths = ["scorecards", "initiatives", "teams", "users", "gitops-logs", "workflows", "plugins"]
    paths += ["relationship-types", "relationships/depends-on", "catalog-pages", "secrets"]
    paths += ["audit-logs", "discovery-audit", "notifications/logs", "workflows/runs"]
    replies = [reader.get(f"/api/v1/{path}", pageSize=1000) for path in paths]
    replies.append(reader.get(CATALOG, types=TYPES, includeOwners="true", includeLinks="true"))
    replies.append(reader.get(f"{CATALOG}/descriptors", types=TYPES))
    replies += [reader.get(f"{CATALOG}/{e.id}/deploys", pageSize=9) for e in year.entities[:9]]
    for reply in replies:
        assert reply.status == 200
        text = reply.body.decode()
        assert HARMLESS.fullmatch(text), text[:200]
        assert not [word for word in hard if json.dumps(word)[1:-1] in text]


def test_lists_hold_what_the_truth_counts(reader: Client, year: PlainWorld) -> None:
    entities = reader.rows(CATALOG, types=TYPES, includeArchived="true")
    assert {(row["id"],) for row in entities} == year.truth("entities")
    deploys = sum(len(reader.rows(f"{CATALOG}/{e.id}/deploys")) for e in year.entities)
    assert deploys == year.truth.count("deploys") > 2000
    scores = [
        (card.tag, row["service"]["id"])
        for card in year.scorecards
        for row in reader.get(f"/api/v1/scorecards/{card.tag}/scores").data["serviceScores"]
    ]
    assert set(scores) == year.truth("scorecard_scores")
    for service in company.SERVICES:
        rows = reader.rows(f"{CATALOG}/{segment(service.tag)}/dependencies")
        assert [row["calleeTag"] for row in rows] == list(service.needs)


def test_people_work_on_working_days(year: PlainWorld) -> None:
    days = [dt.datetime.fromisoformat(row["deployedAt"]).weekday() for row in year.trace["deploys"]]
    weekend = sum(day > 4 for day in days)
    assert 0 < weekend < len(days) / 10
    for rows in year.trace.values():
        assert rows


def test_what_can_be_seen_and_what_is_judged_agree(year: PlainWorld) -> None:
    card = year.scorecards[0]
    by_id = year.by_id()
    for judged in card.judged:
        entity = by_id[judged]
        outcome = {row["identifier"]: row["score"] for row in year.scoring.outcomes(card, entity)}
        assert bool(outcome["has-owner"]) == bool(entity.owner_teams)
        assert bool(outcome["runbook"]) == any(one["type"] == "RUNBOOK" for one in entity.links)


def test_an_earlier_day_shows_the_same_year(year: PlainWorld) -> None:
    earlier = plain_world(1, now=NOW, days_ago=90)
    cut = NOW - dt.timedelta(days=90)
    assert earlier.now == cut
    expected = {key for e in year.entities for row in e.deploys
                if dt.datetime.fromisoformat(row["timestamp"]) <= cut
                for key in [row["uuid"]]}  # fmt: skip
    assert {row["uuid"] for e in earlier.entities for row in e.deploys} == expected
    assert {e.id for e in earlier.entities} == {e.id for e in year.entities}
    for source, rows in earlier.trace.items():
        known = {row["id"] for row in year.trace[source]}
        assert {row["id"] for row in rows} <= known


def test_scores_and_owners_change_over_the_year(year: PlainWorld) -> None:
    now = shares(year)
    week = shares(plain_world(1, now=NOW, days_ago=7))
    assert [key for key, share in now.items() if share < week[key]], "something fell lately"
    past = shares(plain_world(1, now=NOW, days_ago=300))
    assert sum(past.values()) < sum(now.values()), "the year went well"
    partner = plain_world(1, now=NOW, days_ago=60).entity("partner-portal")
    assert partner.owner_teams
    assert not year.entity("partner-portal").owner_teams


def test_points_of_metrics_make_sense(year: PlainWorld) -> None:
    values: list[Any] = [
        float(value)
        for entity in year.entities
        for _, value in year.scoring.metric_points("test-coverage", entity)
    ]
    assert 30 < min(values) < max(values) < 100
