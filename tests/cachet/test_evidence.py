"""Nothing is called complete that only looks so: what a Cachet can answer, kind by kind."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from faults.answers import data, edited, html, status
from faults.runner import Runner
from faults.stage import Stage

from sandbox.cachet import Size, generate

if TYPE_CHECKING:
    from pathlib import Path

    from faults.runner import Run


@pytest.fixture
def tap(tmp_path: Path) -> Runner:
    """The installed tap."""
    return Runner(tmp_path)


def not_believed(run: Run, *streams: str) -> None:
    """Assert that nothing was retired and that the run did not end well."""
    assert run.code in {1, 2}, run.stderr
    for stream in streams:
        assert stream not in run.activated
        assert run.outcome(stream) not in {"complete", "skipped"}, run.result(stream)


@pytest.mark.parametrize("api", ["3", "2.4", "2.3"])
def test_a_key_that_dies_midway_retires_nothing(tap: Runner, api: str) -> None:
    with Stage(api=api) as stage:

        @stage.world.on_request
        def revoke(request: Any) -> None:
            if str(request.url.path).endswith("/metrics"):
                stage.options.tokens = ()

        run = tap(stage.config(), select=["components", "incidents", "metrics"], log="INFO")
    assert run.code == 2, run.stderr
    assert run.activated == []
    assert "revoked" in run.last


def test_a_key_that_loses_abilities_midway_retires_nothing(tap: Runner) -> None:
    """Incidents that are not published yet are left out then, as if there were none."""
    with Stage() as stage:
        token = stage.options.tokens[0]

        @stage.world.on_request
        def narrow(request: Any) -> None:
            if str(request.url.path).endswith("/components"):
                less = dataclasses.replace(token, abilities=("components.manage",))
                stage.options.tokens = (less,)

        run = tap(stage.config(), select=["components", "incidents"], log="INFO")
        again = tap(stage.config(), select=["components", "incidents"], log="INFO")
    assert run.code == 2, run.stderr
    assert run.activated == []
    assert "it has lost abilities" in run.last
    assert again.code == 0, "a key that never had it is as good as any"


@pytest.mark.parametrize(
    "answer",
    [
        html(403),
        html(404),
        html(405),
        html(200),
        status(405, {"message": "Method Not Allowed"}),
        status(403),
        status(404),
        status(404, {"message": "no Route matched with those values"}),
        status(403, {"error": "blocked by the gateway"}),
        status(204),
        data([]),
        data({}),
        data({"ok": True}),
    ],
    ids=[
        "403 page",
        "404 page",
        "405 page",
        "200 page",
        "405 json",
        "403 empty",
        "404 empty",
        "404 gateway",
        "403 gateway",
        "204",
        "list",
        "object",
        "other object",
    ],
)
@pytest.mark.parametrize("api", ["3", "2.4"])
def test_what_is_not_cachets_own_answer_proves_no_key(tap: Runner, api: str, answer: Any) -> None:
    with Stage(api=api) as stage:
        stage.script("*/subscribers", forever=answer)
        run = tap(stage.config(), select=["components"], log="INFO")
    assert run.code in {1, 2}, run.stderr
    assert run.activated == []
    assert run.code == 2 or "subscribers" in run.last


def _without(body: Any, kind: str) -> None:
    body["included"] = [item for item in body["included"] if item["type"] != kind]


def _renamed(body: Any, kind: str) -> None:
    for item in body["included"]:
        if item["type"] == kind:
            item["type"] = kind + "s"


@pytest.mark.parametrize("kind", ["components", "updates"])
@pytest.mark.parametrize("edit", [_without, _renamed])
def test_a_single_record_brings_what_it_names(tap: Runner, kind: str, edit: Any) -> None:
    with Stage() as stage:
        ids = sorted(stage.ids("incidents"))
        stage.script("/api/incidents/*", forever=edited(lambda body: edit(body, kind)))
        run = tap(stage.config(incident_ids=ids), select=["incidents_by_id"], log="INFO")
    not_believed(run, "incidents_by_id")


def test_metadata_that_is_a_list_is_an_object_and_zero_dates_are_null(tap: Runner) -> None:
    world = generate(Size(incidents=20), api="3", quirks=["list_meta", "zero_dates"])
    with Stage(world) as stage:

        def listed(body: Any) -> None:
            body["data"][0]["attributes"]["meta"] = ["eu", "prod"]

        stage.script("*/components", forever=edited(listed))
        run = tap(stage.config(), log="INFO")
    assert run.code == 0, run.last
    assert {"0": "eu", "1": "prod"} in [row["meta"] for row in run.rows("components")]
    assert "did not fit" not in run.stderr


GATEWAY = status(404, {"message": "no Route matched with those values"})
GATEWAY_V2 = status(404, {"errors": [{"status": 404, "title": "no such upstream"}]})


@pytest.mark.parametrize(
    ("api", "route", "answer"),
    [
        ("3", "/api/status", html(404)),
        ("3", "/api/status", GATEWAY),
        ("3", "/api/status", data({"data": {"message": "Internal error"}})),
        ("2.4", "/api/v1/status", GATEWAY_V2),
        ("2.4", "/api/v1/version", GATEWAY_V2),
        ("2.4", "/api/v1/version", html(500)),
        ("2.4", "/api/v1/version", status(503)),
        ("2.4", "/api/v1/version", data({"data": None})),
    ],
    ids=[
        "3 page", "3 gateway", "3 no status", "2 gateway",
        "version gateway", "version page", "version 503", "no version",
    ],
)  # fmt: skip
def test_no_dashboard_is_made_of_an_answer_that_is_none(
    tap: Runner, api: str, route: str, answer: Any
) -> None:
    with Stage(api=api) as stage:
        stage.script(route, forever=answer)
        config = stage.config(max_retries=0)
        run = tap(config, select=["status", "dashboards"], log="INFO")
    not_believed(run, "dashboards", *(["status"] if route.endswith("status") else []))


def test_a_dashboard_needs_no_release_feed(tap: Runner) -> None:
    with Stage(api="2.4", release_feed=False) as stage:
        run = tap(stage.config(), select=["dashboards"], log="INFO")
    assert run.code == 0, run.stderr
    [row] = run.rows("dashboards")
    assert row["cachet_version"] is None


@pytest.mark.parametrize("answer", [html(404), GATEWAY_V2], ids=["page", "gateway"])
def test_a_gateway_does_not_say_which_version_this_is(tap: Runner, answer: Any) -> None:
    """Schedules that are there would count as those of a version that has none."""
    with Stage(api="2.4") as stage:
        stage.script("/api/v1/schedules", forever=answer)
        stage.script("/api/v1/incidents/templates", forever=answer)
        run = tap(stage.config(), select=["schedules"], log="INFO")
    assert run.code == 2, run.stderr
    assert run.activated == []
    assert "2.3 or 2.4" in run.last
