"""What a bookmark covers, and what proofs cost."""

from __future__ import annotations

import dataclasses

import pytest

from sandbox.cortex.world import WorldSpec

from .conftest import NOW, SMALL, outcomes, site

FEW = dataclasses.replace(SMALL, entities=30, crowd=6, logs=40)


def test_a_metric_that_is_named_later_gets_its_history() -> None:
    with site(FEW) as running:
        keys = running.world.custom_metric_keys
        first = running.run("custom_metrics", settings={"custom_metric_keys": keys[:1]})
        second = running.run("custom_metrics", state=first.states[-1])
        third = running.run("custom_metrics", state=second.states[-1])
        truth = running.keys("custom_metrics")
    assert len(keys) > 1
    assert first.exit_code == second.exit_code == third.exit_code == 0, second.stderr
    assert set(first.keys("custom_metrics")) | set(second.keys("custom_metrics")) == truth
    assert len(third.keys("custom_metrics")) < len(second.keys("custom_metrics"))


def test_types_that_are_asked_about_later_get_their_history() -> None:
    with site(FEW) as running:
        settings = {"fan_out_types": ["service"]}
        first = running.run("custom_events", settings=settings)
        second = running.run("custom_events", state=first.states[-1])
        narrow = running.run("custom_events", state=second.states[-1], settings=settings)
        truth = running.keys("custom_events")
    assert first.exit_code == second.exit_code == narrow.exit_code == 0, second.stderr
    assert set(first.keys("custom_events")) < truth
    assert set(first.keys("custom_events")) | set(second.keys("custom_events")) == truth


def test_runs_that_were_left_out_get_their_history() -> None:
    with site(FEW) as running:
        left = {"include_undelivered": False}
        first = running.run("notification_runs", settings=left)
        second = running.run("notification_runs", state=first.states[-1])
        truth = running.keys("notification_runs")
    assert first.exit_code == second.exit_code == 0, second.stderr
    assert set(first.keys("notification_runs")) < truth
    assert set(second.keys("notification_runs")) == truth


# What proofs cost


def test_a_default_run_costs_little_more_than_its_pages() -> None:
    """It was 37 requests when nothing was proved; the scores have no totals here."""
    spec = WorldSpec(now=NOW, entities=120, scorecards=20, deleted=0)
    with site(spec) as running:
        run = running.run(settings={"page_size": 1000})
        asked = len(running.server.requests)
        truth = {name: running.keys(name) for name in ("entities", "scorecard_scores")}
    assert run.exit_code == 0, run.stderr
    assert {name: set(run.keys(name)) for name in truth} == truth
    assert asked <= 37 * 1.15


def test_a_list_that_never_stands_still_is_not_complete() -> None:
    with site(FEW, order="restless") as running:
        run = running.run("entities", settings={"page_size": 7})
    assert run.exit_code == 1
    assert outcomes(run) == {"entities": "partial"}
    assert "changes faster than it can be read" in run.last_line


@pytest.mark.parametrize("order", ["as_made", "by_key", "recent_first"])
def test_a_healthy_server_is_complete_in_any_order(order: str) -> None:
    streams = ("entities", "entity_descriptors", "gitops_logs", "discovery_audit", "relationships")
    with site(SMALL, order=order) as running:
        run = running.run(*streams, settings={"page_size": 25})
        truth = {name: running.keys(name) for name in streams if name != "discovery_audit"}
    assert run.exit_code == 0, run.stderr
    assert {name: set(run.keys(name)) for name in truth} == truth
