"""Keys read = keys in the workspace, for the price that was named."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from sandbox.cortex.routing import Call
from sandbox.cortex.world import WorldSpec
from sandbox.serve import SeenRequest
from tap_cortex.values import json_text

from .conftest import DAILY, DEFAULT_STREAMS, NOW, SMALL, Site, all_streams, site

UNPLANNABLE = {"scorecard_next_steps", "cql_queries"}
UNPLANNED = re.compile(r"/next-steps$|/queries")
"""Their cost shows only while they are read, and the plan says so."""
UNCONFIGURED = {
    "chat_completions",
    "cql_queries",
    "eng_intel_trace",
    "engineering_metrics",
    "engineering_metrics_by_period",
}
WITHOUT_TRUTH = UNCONFIGURED | {"docs_list", "health", "oncall_daily"}
"""They have tests of their own."""
DIGESTED = {"discovery_audit"}
"""Their key is made up; their rows are compared by what it is made of."""


def estimate_requests(running: Site, *streams: str, **settings: object) -> tuple[int, bool]:
    """Return the requests that are planned, and whether they are exact or the least."""
    run = running.run(*streams, arguments=("--plan", "json"), settings=settings)
    assert run.exit_code == 0, run.stderr
    plan = json.loads(run.stdout)
    running.server.forget()
    return int(plan["requests"]), bool(plan["exact"])


def test_a_large_workspace_with_the_default_selection() -> None:
    spec = WorldSpec(now=NOW, entities=5_000, scorecards=40, teams=300, users=400, logs=2_000)
    with site(spec, teams_in_catalog=True) as running:
        for place, card in enumerate(running.world.scorecards):
            card.judged = card.judged[: 2_600 if place == 3 else 40]  # a score takes five rows
        running.world.touch()
        planned, exact = estimate_requests(running, page_size=500)
        run = running.run(settings={"page_size": 500}, cold=True)
        asked = len(running.server.requests)
    assert run.exit_code == 0, run.stderr
    assert not exact  # lists of several pages are in no order, and are read twice
    assert planned <= asked <= 2 * planned
    assert set(run.schemas) == DEFAULT_STREAMS
    for stream in DEFAULT_STREAMS - DIGESTED:
        keys = run.keys(stream)
        assert len(keys) == len(set(keys)), stream
        assert set(keys) == running.keys(stream), stream
    assert len(set(run.keys("discovery_audit"))) == 2_000
    assert set(run.activated) == DEFAULT_STREAMS - {"scorecard_scores_daily", "gitops_logs"}


@pytest.mark.parametrize(
    ("page_size", "options"),
    [
        (100, {}),
        (1000, {"teams_in_catalog": True, "scores_totals": True, "catalogs_key": "catalogs"}),
        (7, {"date_bounds": "half_open", "notification_date": "dateUpdated"}),
    ],
)
def test_every_stream(page_size: int, options: dict[str, object]) -> None:
    spec = SMALL if page_size > 50 else dataclasses.replace(SMALL, entities=40, crowd=9, logs=60)
    with site(spec, **options) as running:
        planned, exact = estimate_requests(
            running, *all_streams() - UNPLANNABLE, page_size=page_size
        )
        run = running.run(*all_streams(), settings={"page_size": page_size})
        asked = [r for r in running.server.requests if not UNPLANNED.search(r.path)]
    assert run.exit_code == 0, run.stderr
    more = further_pages(asked)
    assert planned <= len(asked) <= planned * (1.01 if exact else 2) + more
    run.check_records()
    assert set(run.schemas) == all_streams() - UNCONFIGURED
    for stream in all_streams() - WITHOUT_TRUTH - DIGESTED:
        assert set(run.keys(stream)) == running.keys(stream), stream
    found = {
        (
            row["type"],
            row["source"],
            json_text(row["mappingKey"]),
            row["entity_tag"],
        )
        for row in run.records["discovery_audit"]
    }
    truth = running.world.truth("discovery_audit")
    assert found == {(*key[:2], json_text(json.loads(key[2])), key[3]) for key in truth}


def further_pages(asked: list[SeenRequest]) -> int:
    """Requests for the second and later pages of an entity, which no count foretells."""
    below = [r for r in asked if re.search(r"/catalog/[^/]+/|/entity/", r.path)]
    return sum(1 for r in below if dict(r.query).get("page", "0") != "0")


def test_what_settings_leave_out(workspace: Site) -> None:
    settings = {
        "entities": ["include_archived"],
        "entity_types": ["include_built_in_types"],
        "teams": ["include_memberless_teams"],
        "initiatives": ["include_drafts", "include_expired"],
        "plugins": ["include_drafts"],
        "discovery_audit": ["include_ignored"],
        "aws_types": ["include_disabled_types"],
        "notification_runs": ["include_undelivered"],
    }
    off = {name: False for names in settings.values() for name in names}
    run = workspace.run(*settings, settings=off)
    assert run.exit_code == 0, run.stderr
    for stream in settings:
        least = workspace.world.truth.count(stream, hidden=False)
        if stream == "entities":  # every type is asked for all the same
            least = sum(not entity.is_archived for entity in workspace.world.entities)
        assert len(run.records[stream]) == least < workspace.world.truth.count(stream), stream
    assert run.activated == []


def test_the_catalog_is_walked_once(workspace: Site) -> None:
    workspace.server.forget()
    run = workspace.run("entities", "entity_owners", "groups", "packages")
    assert run.exit_code == 0, run.stderr
    lists = [r for r in workspace.server.requests if r.path == "/api/v1/catalog"]
    probe, walk, refused = lists  # the last one asks for teams, which this workspace hides
    assert dict(probe.query)["pageSize"] == "1"
    assert ("includeOwners", "true") in walk.query
    assert ("types", "team") in refused.query


def test_parents_alone_come_in_small_answers(workspace: Site) -> None:
    workspace.server.forget()
    run = workspace.run("groups")
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("groups")) == workspace.keys("groups")
    walk = [r for r in workspace.server.requests if r.path == "/api/v1/catalog"][1]
    names = {name for name, _value in walk.query}
    assert names == {"includeArchived", "hierarchyDepth", "types", "page", "pageSize"}


def test_ids_and_not_tags_stand_in_paths(workspace: Site) -> None:
    workspace.server.forget()
    workspace.run("groups", "deploys", "custom_data")
    ids = {entity.id for entity in workspace.world.entities}
    asked = {r.path.split("/")[4] for r in workspace.server.requests if r.path.count("/") > 4}
    assert asked == ids


def test_many_types_are_asked_in_several_requests() -> None:
    with site() as running:
        names = [f"AWS::Service{number}::Resource" for number in range(150)]
        for name in names:
            row = {"type": name, "source": "CORTEX", "schema": {}}
            running.world.entity_types.append(row)
            running.world.add_entity(f"of-{name}", name)
        run = running.run("entities")
        longest = max(
            sum(len(name) + len(value) + 2 for name, value in r.query)
            for r in running.server.requests
        )
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("entities")) == running.keys("entities")
    assert longest < 2_000


def test_two_runs_are_identical() -> None:
    streams = all_streams() - {"health"}
    with site(dataclasses.replace(SMALL, entities=30, crowd=20, logs=50)) as running:
        first, second = running.run(*streams, cold=True), running.run(*streams, cold=True)
    assert first.exit_code == second.exit_code == 0
    assert first.records == second.records


def test_pages_that_shift_while_they_are_read() -> None:
    with site() as running:
        head = running.world.entities[0]

        def shift(call: Call) -> None:
            second = call.route.endswith("/catalog") and call.query.text("page") == "1"
            if second and running.world.find(head.id):
                running.world.remove_entity(head.id)

        running.world.on_request(shift)
        run = running.run("entities", settings={"page_size": 20})
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("entities")) - {(head.id,)} == running.keys("entities")


def test_rules_that_are_the_same_twice() -> None:
    with site() as running:
        card = next(card for card in running.world.scorecards if card.judged)
        rule = {"expression": "git != null", "weight": 1, "levelName": None}
        card.row["rules"] = [rule, {**rule, "weight": 2}]
        running.world.touch()
        run = running.run("scorecard_rules", "scorecard_rule_results")
    assert run.exit_code == 0, run.stderr
    run.check_records()
    keys = {"git != null", "git != null #2"}
    rules = {r["rule_key"]: r for r in run.records["scorecard_rules"] if r["rule_key"] in keys}
    results = {key[1:] for key in run.keys("scorecard_rule_results") if key[0] == card.tag}
    assert rules.keys() == keys
    assert rules["git != null #2"]["weight"] == 2
    assert results == {(judged, key) for judged in card.judged for key in keys}


def test_a_snapshot_does_not_retire_earlier_days(workspace: Site) -> None:
    run = workspace.run("scorecard_rule_results_daily", *DAILY)
    assert run.exit_code == 0, run.stderr
    assert run.activated == []
    for stream, source in DAILY.items():
        assert {key[1:] for key in run.keys(stream)} == workspace.world.truth(source)
