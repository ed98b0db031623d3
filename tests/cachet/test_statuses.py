"""What a status cost: exact, with few requests, and counted beforehand."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import JSONResponse

from sandbox.cachet.generate import Size

from .conftest import Site, site

if TYPE_CHECKING:
    from sandbox.serve import SeenRequest

BUSY = dataclasses.replace(Size(), components=8, incidents=150)
STREAMS = ("incident_components", "schedule_components")


def statuses(running: Site, **settings: Any) -> dict[tuple[int, int], int | None]:
    run = running.run(streams=("incident_components",), settings=settings)
    assert run.exit_code == 0, run.stderr
    run.check_records()
    return {
        (row["incident_id"], row["component_id"]): row["component_status"]
        for row in run.records["incident_components"]
    }


def asked(running: Site, kind: str = "incidents") -> list[SeenRequest]:
    return [r for r in running.server.requests if r.path.startswith(f"/api/{kind}")]


def is_small(request: Any) -> bool:
    """Whether a request is for one of the small pages that tell what a large one leaves open."""
    return 1 < int(request.query_params.get("per_page") or 0) < 50


def repeating(running: Site) -> int:
    """Count the incidents that have a component of another one on their page of a hundred."""
    visible = sorted(key[0] for key in running.truth().keys["incidents"])
    mentioned: set[int] = set()
    found = 0
    for place, number in enumerate(visible):
        mentioned = mentioned if place % 100 else set()
        incident = running.world.incidents.find(number)
        assert incident is not None
        here = {link.component_id for link in incident.components}
        found += bool(here & mentioned)
        mentioned |= here
    return found


@pytest.mark.parametrize("page_size", [100, 9])
def test_small_pages_tell_several_incidents_at_once(page_size: int) -> None:
    with site("3", BUSY) as running:
        read = statuses(running, page_size=page_size)
        assert read == running.truth().incident_components
        alone = [r for r in asked(running) if r.path != "/api/incidents"]
        assert repeating(running) > 80
        assert len(alone) < repeating(running) / 2
        assert len(asked(running)) < 0.7 * repeating(running) or page_size < 100


@pytest.mark.parametrize("page_size", [100, 20])
def test_the_plan_counts_every_one_of_them(page_size: int) -> None:
    settings = {"page_size": page_size}
    with site("3", BUSY) as running:
        plan = running.run("--plan", "json", streams=STREAMS, settings=settings)
        looked = len(asked(running))
        running.server.forget()
        statuses(running, **settings)
        spent = len(asked(running))
        running.server.forget()
        running.run(streams=("schedule_components",), settings=settings)
        spent_too = len(asked(running, "schedules"))
    told = {tuple(one["streams"]): one for one in json.loads(plan.stdout)["sources"]}
    assert told["incident_components",]["requests"] == spent > looked
    assert told["schedule_components",]["requests"] == spent_too
    assert told["incident_components",]["exact"]


def test_the_plan_of_a_long_list_is_a_lower_bound() -> None:
    with site("3", dataclasses.replace(BUSY, incidents=130)) as running:
        plan = running.run("--plan", "json", streams=STREAMS, settings={"page_size": 5})
        looked = len(asked(running))
        running.server.forget()
        statuses(running, page_size=5)
        spent = len(asked(running))
    [one] = [p for p in json.loads(plan.stdout)["sources"] if "incident_components" in p["streams"]]
    assert looked == 20
    assert not one["exact"]
    assert looked <= one["requests"] < spent


def test_incidents_that_vanish_meanwhile_move_nobody_elses_status() -> None:
    with site("3", BUSY) as running:
        gone: list[int] = []

        @running.world.on_request
        def delete(request: Any) -> None:
            if is_small(request) and len(gone) < 5:
                gone.append(min(key[0] for key in running.truth().keys["incidents"]))
                running.world.delete_incident(gone[-1])

        read = statuses(running)
        truth = running.truth().incident_components
    assert len(gone) == 5
    assert {key: value for key, value in read.items() if key[0] not in gone} == truth


def test_a_small_page_that_contradicts_itself_is_not_believed() -> None:
    with site("3", BUSY) as running:

        @running.world.on_request
        def mislead(request: Any) -> Any:
            if not is_small(request):
                return None
            body = {"data": [], "links": {"next": None}, "meta": {"from": 5, "current_page": 1}}
            return JSONResponse(body)

        read = statuses(running)
        truth = running.truth().incident_components
        alone = [r for r in asked(running) if r.path != "/api/incidents"]
        assert len(alone) >= repeating(running) - 5
    assert read == truth


def test_builds_without_statuses_are_asked_for_no_incident() -> None:
    with site("3-2025", BUSY) as running:
        plan = running.run("--plan", "json", streams=("incident_components",))
        running.server.forget()
        statuses(running)
        spent = len(asked(running))
        alone = [r for r in asked(running) if r.path != "/api/incidents"]
    assert not alone
    assert json.loads(plan.stdout)["sources"][-1]["requests"] == spent
