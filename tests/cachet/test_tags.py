"""Tags of 3.x: asked for on every build, read where they are back, and no word where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from faults.answers import edited, status, when
from faults.runner import Runner
from faults.stage import Stage

from .conftest import Site, site

if TYPE_CHECKING:
    from pathlib import Path

    from support.tap_run import TapRun

TAGGED = ("components", "incidents", "metrics", "schedules")
BY_ID = {"component_ids": [1, 5], "incident_ids": [1, 4, 9, 10]}
REFUSED = 400


def refusals(running: Site) -> list[str]:
    """Return the paths that were asked for tags."""
    return [
        request.path
        for request in running.server.requests
        if "tags" in dict(request.query).get("include", "").split(",")
    ]


def truth(running: Site, stream: str) -> dict[int, dict[str, str]]:
    return {
        row.id: {slug: name for slug, name in row.tags if slug}
        for row in getattr(running.world, stream)
    }


def tags(run: TapRun, stream: str) -> dict[int, Any]:
    return {row["id"]: row["tags"] for row in run.records[stream]}


def test_tags_are_read_where_a_build_has_them() -> None:
    with site("3", tags=True) as running:
        run = running.run(streams=(*TAGGED, "components_by_id", "incidents_by_id"), settings=BY_ID)
        world = {stream: truth(running, stream) for stream in TAGGED}
    assert run.exit_code == 0, run.stderr
    run.check_records()
    for stream in TAGGED:
        found = tags(run, stream)
        assert any(found.values()), stream
        assert found.items() <= world[stream].items(), stream
    for stream in ("components_by_id", "incidents_by_id"):
        found = tags(run, stream)
        assert len(found) >= 2
        assert found.items() <= world[stream.removesuffix("_by_id")].items()


@pytest.mark.parametrize("api", ["3", "3-2025", "3-2026-07-10"])
def test_a_build_that_refuses_them_is_asked_once(api: str) -> None:
    with site(api) as running:
        run = running.run(
            streams=(*TAGGED, "incident_components", "components_by_id", "incidents_by_id"),
            settings=BY_ID,
            env={"LOGLEVEL": "INFO"},
        )
        asked = refusals(running)
    assert run.exit_code == 0, run.stderr
    assert len(asked) == 1
    assert "WARNING" not in run.stderr
    for stream in TAGGED:
        assert set(tags(run, stream).values()) == {None}, stream


def test_records_one_by_one_learn_it_once_too() -> None:
    with site("3") as running:
        run = running.run(
            streams=("incidents_by_id",), settings={"incident_ids": [1, 4, 9, 10], "concurrency": 4}
        )
        asked = refusals(running)
    assert run.exit_code == 0, run.stderr
    assert len(asked) == 1


def test_2_x_is_not_asked_and_keeps_its_own() -> None:
    with site("2.4") as running:
        run = running.run(streams=TAGGED)
        asked = refusals(running)
    assert run.exit_code == 0, run.stderr
    assert not asked
    assert any(tags(run, "components").values())
    assert set(tags(run, "incidents").values()) == {None}


def test_a_server_that_ignores_what_it_does_not_know(tmp_path: Path) -> None:
    def ignored(body: Any) -> None:
        body["included"] = [one for one in body.get("included", []) if one["type"] != "tags"]
        for row in body["data"]:
            row["relationships"].pop("tags", None)

    with Stage() as stage:
        stage.script("/api/components", forever=edited(ignored))
        run = Runner(tmp_path)(stage.config(), select=["components"], log="INFO")
    assert run.code == 0, run.last
    assert {row["tags"] for row in run.rows("components")} == {None}


@pytest.mark.parametrize("stream", ["components", "metrics"])
def test_tags_that_are_named_must_come(tmp_path: Path, stream: str) -> None:
    def lacking(body: Any) -> None:
        body["included"] = [one for one in body["included"] if one["type"] != "tags"]

    with Stage() as stage:
        stage.script(f"/api/{stream}", forever=edited(lacking))
        run = Runner(tmp_path)(stage.config(), select=[stream], log="INFO")
    assert run.code == 1
    assert run.outcome(stream) == "partial"
    assert not run.activated


def test_a_route_without_tags_costs_the_others_nothing(tmp_path: Path) -> None:
    """A build that has shown tags has them: what one route refuses later is about that route."""
    refused = status(
        REFUSED, {"message": "Requested include(s) `tags` are not allowed. Allowed is `points`."}
    )
    with Stage() as stage:
        stage.script(
            "/api/metrics",
            forever=when(lambda seen: "tags" in seen.query.get("include", ""), refused),
        )
        run = Runner(tmp_path)(stage.config(), select=list(TAGGED), log="INFO")
        asked = [s.path for s in stage.seen if "tags" in s.query.get("include", "").split(",")]
    assert run.code == 0, run.last
    assert {row["tags"] for row in run.rows("metrics")} == {None}
    assert {path.rpartition("/")[2] for path in asked} == set(TAGGED)
    assert any(row["tags"] for row in run.rows("schedules"))
