"""What is missing, refused or too long: F10 to F16."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from .answers import data, edited, raw, status, when, whole
from .runner import MARKER, SECRET, Runner
from .server import FaultServer
from .stage import QUICK, SMALL, Stage

if TYPE_CHECKING:
    from .server import Seen

POINTS = "/api/metrics/{}/points"


def metric_of(row: dict[str, Any]) -> int:
    return int(row["metric_id"])


@pytest.mark.parametrize("path", ["/status-page", "/api/v2", "/dashboard/settings"])
def test_f10_a_wrong_base_names_the_right_one(stage: Stage, tap: Runner, path: str) -> None:
    run = tap(stage.config(api_url=f"{stage.url}{path}"), log="INFO")
    assert run.code == 2
    assert not run.messages
    assert f"Did you mean {stage.url}/api? Set api_url to it" in run.last


def test_f10_no_api_anywhere(tap: Runner) -> None:
    with FaultServer() as server:
        run = tap({"api_url": server.url, "api_key": SECRET, **QUICK})
    assert run.code == 2
    assert f"There is no Cachet API at {server.url}" in run.last


def test_f11_a_missing_list_does_not_stop_the_others(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", forever=status(404, {"message": "Not Found"}))
    run = tap(stage.config(), select=["components", "incidents", "metrics"], log="INFO")
    assert run.code == 1
    assert run.outcome("incidents") == "unavailable"
    assert sorted(run.activated) == ["components", "metrics"]
    assert set(run.ids("metrics")) == stage.ids("metrics")
    assert "Stream incidents is unavailable" in run.last
    assert f"{stage.url}/api/incidents answered 404" in run.last


@pytest.mark.parametrize("code", [404, 410])
def test_f12_a_parent_deleted_meanwhile_is_no_failure(stage: Stage, tap: Runner, code: int) -> None:
    gone, *others = sorted(stage.ids("metrics"))
    stage.script(POINTS.format(gone), forever=status(code, {"message": "No query results"}))
    stage.script("/api/metrics", whole(), forever=edited(lambda body: without(body, gone)))
    run = tap(stage.config(), select=["metric_points"])
    assert run.code == 0, run.last
    assert run.result("metric_points")["skipped"] == 1
    assert set(run.ids("metric_points")) == {
        point for point in stage.ids("metric_points") if metric(stage, point) in others
    }
    assert any("DEBUG" in line and f"{POINTS.format(gone)} answered" in line for line in run.lines)
    assert bookmarked(run.state) == {m for m in others if any_points(stage, m)}


def test_f12_a_parent_deleted_between_two_pages(tap: Runner) -> None:
    size = dataclasses.replace(SMALL, metric_points=30)
    with Stage(size=size) as stage:
        gone = min(stage.ids("metrics"))
        stage.script(
            POINTS.format(gone),
            forever=when(lambda seen: seen.query["page"] != "1", status(404, {"message": "gone"})),
        )
        stage.script("/api/metrics", whole(), forever=edited(lambda body: without(body, gone)))
        run = tap(stage.config(page_size=10), select=["metric_points"])
        rest = {p for p in stage.ids("metric_points") if metric(stage, p) != gone}
    assert run.code == 0, run.last
    assert run.result("metric_points")["skipped"] == 1
    assert rest <= set(run.ids("metric_points"))
    assert gone not in bookmarked(run.state)


def metric(stage: Stage, point: int) -> int:
    return next(row.metric_id for row in stage.world.metric_points if row.id == point)


def bookmarked(state: dict[str, Any]) -> set[int]:
    """Metrics whose points have a bookmark."""
    bookmark = state["bookmarks"].get("metric_points", {})
    return {
        part["context"]["metric_id"]
        for part in bookmark.get("partitions", [])
        if "replication_key_value" in part
    }


def without(body: Any, item: int) -> None:
    """Take a record out of a list, as the server does when it was deleted."""
    body["data"] = [row for row in body["data"] if int(row["id"]) != item]
    body["meta"]["to"] = body["meta"]["from"] + len(body["data"]) - 1


@pytest.mark.parametrize("missing", [1, 6, 20])
def test_f13_a_parent_that_is_still_listed_is_not_gone(tap: Runner, missing: int) -> None:
    with Stage(size=dataclasses.replace(SMALL, metrics=20)) as stage:
        gone = sorted(stage.ids("metrics"))[:missing]
        for item in gone:
            stage.script(POINTS.format(item), forever=status(404, {"message": "Not Found"}))
        run = tap(stage.config(), select=["metric_points"], log="INFO")
        total = len(stage.ids("metrics"))
    assert run.code == 1
    assert run.outcome("metric_points") == "partial"
    assert f"answered 404 for {len(gone)} of {total} parents that still exist" in run.last


@pytest.mark.parametrize("code", [400, 422, 500, 403])
def test_f14_one_refused_parent_costs_no_other(stage: Stage, tap: Runner, code: int) -> None:
    bad, *others = sorted(stage.ids("metrics"))
    stage.script(POINTS.format(bad), forever=status(code, {"message": "The id is odd."}))
    run = tap(stage.config(max_retries=1), select=["metric_points", "metrics"], log="INFO")
    assert run.code == 1
    assert run.outcome("metric_points") == "partial"
    assert run.outcome("metrics") == "complete"
    assert POINTS.format(bad) in run.last
    assert "The id is odd" in run.last
    expected = {p for p in stage.ids("metric_points") if metric(stage, p) != bad}
    assert set(run.ids("metric_points")) == expected
    assert bookmarked(run.state) == {m for m in others if any_points(stage, m)}


def any_points(stage: Stage, metric_id: int) -> bool:
    return any(row.metric_id == metric_id for row in stage.world.metric_points)


def test_f14_a_route_that_fails_for_everybody_is_given_up_soon(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, metrics=30)) as stage:
        stage.script("/api/metrics/*/points", forever=status(500, {"message": "Server Error"}))
        run = tap(stage.config(max_retries=0, concurrency=1), select=["metric_points"])
    assert run.code == 1
    assert run.outcome("metric_points") == "failed"
    assert len(stage.requests("/api/metrics/*/points")) == 3


@pytest.mark.parametrize("code", [405, 406, 415])
def test_f15_a_request_that_is_wrong_is_not_repeated(stage: Stage, tap: Runner, code: int) -> None:
    words = {"message": f"We do not like {SECRET} here"}
    stage.script("/api/incidents", forever=status(code, words))
    run = tap(stage.config(), select=["incidents", "metrics"], log="INFO")
    assert run.code == 1
    assert len(stage.requests("/api/incidents")) == 1
    assert f"answered {code}: We do not like [redacted] here" in run.last
    assert run.outcome("metrics") == "complete"


def test_f16_an_id_that_is_too_long_fails_aloud(fault_tap: Runner) -> None:
    with FaultServer() as server:
        library(server, ["one", "two"])
        server.script("/things/*/notes", forever=raw(414, b"", "text/plain"))
        run = fault_tap(config(server), select=["notes"])
    assert run.code == 1
    assert "answered 414" in run.last


def library(server: FaultServer, names: list[str]) -> None:
    """Answer what the fault tap asks before anything else."""
    server.script("/token", forever=data({"access_token": f"{MARKER}-token"}))
    server.script("/me", forever=data({"ok": True}))
    server.script("/things", forever=data({"rows": [{"id": name} for name in names]}))


def config(server: FaultServer) -> dict[str, Any]:
    return {"api_url": server.url, "api_key": SECRET, **QUICK}


def has_page(seen: Seen) -> bool:
    return "page" in seen.query
