"""Engineering intelligence: rows by position, metrics period by period, raw events."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
from typing import Any

import pytest

from sandbox.cortex.measures import measure
from sandbox.cortex.params import parse_instant

from .conftest import NOW, SMALL, Site, outcomes, site
from .saying import says

FEW = dataclasses.replace(SMALL, entities=40, crowd=6, logs=40)
MTTR = {"metric": "incident mttr", "aggregation": "AVG"}
MERGED = {"metric": "pr-cycle-time", "aggregation": "COUNT"}
PRS = {"name": "prs", "source": "pull_requests", "time_attribute": "createdAt"}
START = (NOW - dt.timedelta(days=200)).replace(hour=0).isoformat()


@pytest.mark.parametrize("rows", ["positional", "keyed"])
def test_rows_are_read_by_the_ordinals_of_their_columns(rows: str) -> None:
    query = {"name": "q", "metrics": [MERGED, MTTR], "group_by": ["team"], "days": 90}
    with site(FEW, metric_rows=rows, columns_shuffled=True, metric_page=3) as running:
        settings = {"engineering_metric_queries": [query]}
        run = running.run("engineering_metrics", settings=settings)
        found = {row["values"]["team"]: row["values"] for row in run.records["engineering_metrics"]}
        first = run.records["engineering_metrics"][0]
        window = parse_instant(first["start_time"]), parse_instant(first["end_time"])
        truth = [measure(running.world, asked, window, ["team"]) for asked in (MERGED, MTTR)]
    assert run.exit_code == 0, run.stderr
    run.check_records()  # row keys go on from page to page
    assert len(found) == len(running.world.teams) > 3
    assert first["column_aliases"] == ["team", "pr-cycle-time_count", "incident mttr_avg"]
    for team, values in found.items():
        assert values["pr-cycle-time_count"] == truth[0].get((team,))
        mttr = truth[1].get((team,))
        assert values["incident mttr_avg"] == (None if mttr is None else pytest.approx(mttr))


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_metrics_period_by_period(period: str) -> None:
    query = {"name": "q", "metrics": [MERGED], "group_by": ["team"], "period": period}
    start = (NOW - dt.timedelta(days=40)).replace(hour=0).isoformat()
    settings = {
        "engineering_metric_queries": [query],
        "start_date": start,
        "eng_intel_lookback_days": 0,
    }
    with site(FEW) as running:
        run = running.run("engineering_metrics_by_period", settings=settings)
        again = running.run(
            "engineering_metrics_by_period", settings=settings, state=run.states[-1]
        )
        other = {**settings, "engineering_metric_queries": [{**query, "metrics": [MTTR]}]}
        changed = running.run("engineering_metrics_by_period", settings=other, state=run.states[-1])
        rows = run.records["engineering_metrics_by_period"]
        ends = {(row["period_start"], row["period_end"]) for row in rows}
        spans = sorted((parse_instant(start), parse_instant(end)) for start, end in ends)
        for row in rows:
            window = parse_instant(row["period_start"]), parse_instant(row["period_end"])
            truth = measure(running.world, MERGED, window, ["team"])
            assert row["values"]["pr-cycle-time_count"] == truth.get((row["groups"]["team"],))
    assert run.exit_code == again.exit_code == changed.exit_code == 0, run.stderr
    run.check_records()
    assert spans[0][0] <= parse_instant(start) < spans[0][1]
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
    assert spans[-1][1] <= dt.datetime.now(dt.UTC) < spans[-1][1] + dt.timedelta(days=32)
    assert len(again.records["engineering_metrics_by_period"]) < len(rows) or len(spans) == 1
    assert len(changed.records["engineering_metrics_by_period"]) == len(rows)
    assert run.activated == []


def test_raw_events_are_read_in_closed_windows() -> None:
    settings: dict[str, Any] = {"trace_queries": [PRS], "start_date": START}
    with site(FEW) as running:
        run = running.run("eng_intel_trace", settings=settings)
        again = running.run("eng_intel_trace", settings=settings, state=run.states[-1])
        both = {**settings, "trace_queries": [PRS, {**PRS, "name": "more"}]}
        added = running.run("eng_intel_trace", settings=both, state=run.states[-1])
        since = parse_instant(START)
        truth = {
            ("prs", row["id"]): row["cycleTimeSeconds"]
            for row in running.world.trace["pull_requests"]
            if parse_instant(row["createdAt"]) >= since
        }
    assert run.exit_code == again.exit_code == added.exit_code == 0, run.stderr
    run.check_records()
    rows = run.records["eng_intel_trace"]
    assert {
        (row["query_name"], row["event_key"]): row["values"]["cycleTimeSeconds"] for row in rows
    } == truth
    assert 0 < len(again.records["eng_intel_trace"]) < len(truth)
    more = [row for row in added.records["eng_intel_trace"] if row["query_name"] == "more"]
    assert len(more) == len(truth)
    assert "closed windows" in run.stderr
    assert run.activated == []


def test_events_without_a_next_page_at_the_limit_are_unproved() -> None:
    with site(FEW) as running:
        event = running.world.trace["pull_requests"][0]
        near = (NOW - dt.timedelta(days=2)).isoformat()
        running.world.trace["pull_requests"] += [
            {**event, "id": f"pr-{n}", "createdAt": near} for n in range(600)
        ]
        run = running.run("eng_intel_trace", settings={"trace_queries": [PRS], "start_date": START})
        keys = {row["event_key"] for row in run.records["eng_intel_trace"]}
    assert run.exit_code == 0, run.stderr
    assert {f"pr-{n}" for n in range(600)} <= keys


def test_the_doctor_knows_the_metrics(workspace: Site) -> None:
    query = {"name": "q", "metrics": [{"metric": "no-such", "aggregation": "AVG"}]}
    wrong = {"engineering_metric_queries": [query], "custom_metric_keys": ["no-such-key"]}
    streams = ("engineering_metrics", "custom_metrics", "teams")
    run = workspace.run(*streams, arguments=("--test",), settings=wrong)
    right = workspace.run(*streams, arguments=("--test",))
    assert run.exit_code == 1
    assert "no metric 'no-such'" in run.stdout
    assert "no custom metric with the key 'no-such-key'" in run.stdout
    assert right.exit_code == 0, right.stderr


# Rules that do not count


def test_rules_that_do_not_count_are_neither_passed_nor_failed() -> None:
    with site(dataclasses.replace(FEW, odd_rules=True)) as running:
        run = running.run("scorecard_rule_results")
        scoring, cards = running.world.scoring, {c.tag: c for c in running.world.scorecards}
        entities = {entity.id: entity for entity in running.world.entities}
        states = set()
        for row in run.records["scorecard_rule_results"]:
            card, entity = cards[row["scorecard_tag"]], entities[row["service_id"]]
            rule = next(
                r
                for r in card.row["rules"]
                if row["rule_key"] in {r.get("identifier"), r["expression"]}
            )
            state = scoring.state(card, entity, rule)
            states.add(state)
            if state in {"not in force", "weightless", "exempt"}:
                assert row["passed"] is None, (state, row)
                assert row["state"] in {"not in force", "weightless", "exempt"}
            else:
                assert (row["state"], row["passed"]) == (state, state == "passed")
    assert run.exit_code == 0, run.stderr
    assert states == {"passed", "failed", "exempt", "not in force", "weightless"}


# Histories


def test_the_deploys_of_an_archived_entity_are_kept() -> None:
    streams = ("deploys", "custom_events", "custom_data", "gitops_logs", "groups")
    with site(FEW, archived_children_gone=True) as running:
        first = running.run(*streams)
        busy = next(e for e in running.world.entities if e.deploys and not e.is_archived)
        busy.is_archived = True
        running.world.touch()
        second = running.run(*streams, state=first.states[-1])
        old = running.run(*streams, settings={"retire_history": True})
    assert first.exit_code == second.exit_code == old.exit_code == 0, second.stderr
    assert second.activated == ["groups"]
    assert sorted(old.activated) == ["custom_data", "deploys", "gitops_logs", "groups"]
    assert outcomes(second)["deploys"] == "complete"


def test_a_point_that_is_dated_back_is_found_within_a_week() -> None:
    with site(FEW) as running:
        first = running.run("custom_events")
        entity = running.world.truth.living()[0]
        dated = (NOW - dt.timedelta(days=40)).isoformat()
        event = {"uuid": "dated-back", "title": "t", "type": "x", "timestamp": dated}
        entity.custom_events.append(event)
        running.world.touch()
        state = first.states[-1]
        within = running.run("custom_events", state=state)
        mark = state["bookmarks"]["custom_events"]
        mark["replication_key_value"] = (NOW - dt.timedelta(days=8)).isoformat()
        weekly = running.run("custom_events", state=state, settings={"wide_lookback_days": 60})
    assert within.exit_code == weekly.exit_code == 0
    assert (entity.id, "dated-back") not in within.keys("custom_events")
    assert (entity.id, "dated-back") in weekly.keys("custom_events")


def test_who_is_on_call_is_kept_day_by_day() -> None:
    with site(FEW) as running:
        run = running.run("oncall_daily", "oncall_current")
        asked = running.asked("/oncall/current")
        living = running.world.truth.living()
        truth = {
            (entity.id, at["provider"], step["escalationLevel"], turn["user"]["name"])
            for entity in living
            for row in entity.oncall_current
            for at in row["current"]
            for step in at["escalations"]
            for turn in step["schedules"]
        }
    assert run.exit_code == 0, run.stderr
    run.check_records()
    found = {
        (row["entity_id"], row["provider"], row["escalation_level"], row["name"])
        for row in run.records["oncall_daily"]
    }
    assert found == truth
    assert len(asked) == len(living)
    assert "oncall_daily" not in run.activated


# Small things


def test_an_integration_without_a_list_is_asked_for_its_one() -> None:
    with site(FEW, configurations_unlisted=frozenset({"pagerduty"})) as running:
        run = running.run("integration_configurations")
        providers = {row["provider"] for row in run.records["integration_configurations"]}
    assert run.exit_code == 0, run.stderr
    assert "pagerduty" in providers


def test_a_list_of_configurations_that_is_refused_may_have_been_longer() -> None:
    """The default configuration shows that it is set up; nothing shows that it is the only one."""
    with site(FEW, configurations_unlisted=frozenset({"github"})) as running:
        run = running.run("integration_configurations")
        rows = [r for r in run.records["integration_configurations"] if r["provider"] == "github"]
        settings = {"accept_unproved": ["integration_configurations"]}
        accepted = running.run("integration_configurations", settings=settings)
        wanted = running.world.integrations["github"][0]["alias"]
    assert run.exit_code == 1
    assert [row["alias"] for row in rows] == [wanted]
    assert outcomes(run)["integration_configurations"] == "unproved"
    assert "does not list the configurations of github" in run.last_line
    assert accepted.exit_code == 0, accepted.stderr


def test_a_server_without_the_route_of_an_integration_is_healthy() -> None:
    """Whether its default configuration says that it is not set up, or is not there either."""
    with site(FEW, configurations_unlisted=frozenset({"rootly", "aws", "semgrep"})) as running:
        assert not {"rootly", "semgrep"} & set(running.world.integrations)
        running.world.integrations.pop("aws")  # has no default to ask for
        running.world.on_request(
            lambda call: says({}, 405) if call.route.startswith("/api/v1/semgrep/") else None
        )
        run = running.run("integration_configurations")
        truth = running.keys("integration_configurations")
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("integration_configurations")) == truth


def test_a_server_without_any_route_of_integrations_proves_nothing() -> None:
    with site(FEW) as running:
        running.world.on_request(
            lambda call: says({}, 405) if "configuration" in call.route else None
        )
        run = running.run("integration_configurations")
    assert run.exit_code == 1
    assert outcomes(run)["integration_configurations"] == "unproved"


def test_a_web_page_with_405_is_no_word_of_the_server() -> None:
    page = says("<html>Not here</html>", 405)
    with site(FEW) as running:
        running.world.on_request(
            lambda call: page if call.route == "/api/v1/github/configurations" else None
        )
        run = running.run("integration_configurations")
    assert run.exit_code == 1
    assert outcomes(run)["integration_configurations"] == "partial"


def test_descriptors_written_by_hand() -> None:
    with site(FEW, descriptors_yaml=True) as running:
        run = running.run("entity_descriptors")
        truth = running.keys("entity_descriptors")
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("entity_descriptors")) == truth


def test_jobs_hold_up_nobody() -> None:
    with site(FEW) as running:
        settings = {"cql_queries": [{"name": "a", "query": "type == service"}]}
        run = running.run("cql_queries", "teams", "users", settings=settings)
        posts = [n for n, r in enumerate(running.server.requests) if r.path.endswith("/queries")]
        others = [n for n, r in enumerate(running.server.requests) if "users" in r.path]
    assert run.exit_code == 0, run.stderr
    assert min(posts) > max(others)


def test_the_plan_counts_next_steps() -> None:
    with site(FEW) as running:
        plan = running.run("scorecard_next_steps", arguments=("--plan", "json"))
        running.server.forget()
        run = running.run("scorecard_next_steps")
        asked = len(running.server.requests)
        lists = sum(r.path.endswith("/scores") for r in running.server.requests)
    assert plan.exit_code == run.exit_code == 0, run.stderr
    # Only the list itself shows whether a short page has to be asked for again.
    assert abs(json.loads(plan.stdout)["requests"] - asked) <= lists
