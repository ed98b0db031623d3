"""Servers that answer with less than there is: no stream of theirs is complete.

Each lie is one answer; the streams are read in one run, and judged one by one.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from support.tap_run import TapRun

from sandbox.cortex.answers import Answer
from sandbox.cortex.routing import Call

from .conftest import SMALL, outcomes, site
from .saying import says

FEW = dataclasses.replace(SMALL, entities=30, crowd=6, logs=40)
DEPENDENCIES = "/catalog/{callerTag}/dependencies"
PAGE = "<!doctype html><title>Sign in</title>Please sign in."
FIVE = [{"id": f"id-{n}", "tag": f"tag-{n}", "slug": f"s-{n}", "type": f"T{n}"} for n in range(5)]


def rows(key: str, **more: Any) -> dict[str, Any]:
    return {key: FIVE, **more}


LISTS: dict[str, tuple[str, Answer]] = {
    # An answer that says it failed, or that is not whole.
    "initiatives": ("/initiatives", says({"initiatives": [], "error": "upstream timeout"})),
    "plugins": ("/plugins", says(rows("plugins", total=5, errors=["one source is down"]))),
    "workflows": ("/workflows", says(rows("workflows", total=5), HTTPStatus.PARTIAL_CONTENT)),
    "ip_allowlist": ("/ip-allowlist", says({"entries": [], "total": 0}, HTTPStatus.ACCEPTED)),
    "notification_logs": ("/notifications/logs", says({"logs": []}, HTTPStatus.MULTIPLE_CHOICES)),
    # Claims that cannot be.
    "aws_types": ("/aws/types", says(rows("types", total=-1))),
    "azure_resource_types": ("/azure-resources/types", says(rows("types", total=0))),
    "discovery_audit": ("/discovery-audit", says(rows("events", total="many"))),
    "gitops_logs": ("/gitops-logs", says(rows("logs", total=5, totalPages=4))),
    "user_labels": ("/eng-intel/labels", says(rows("labels", total=10**30))),
    "notification_runs": ("/notifications/logs/run", says(rows("runs", total=4.5))),
    # Single answers that say there is more.
    "teams": ("/teams", says(rows("teams", total=600, hasMore=True))),
    "team_hierarchies": (
        "/teams/relationships",
        says({"edges": [{"parentTeamTag": "a", "childTeamTag": "b"}], "totalPages": 3}),
    ),
    "metric_definitions": (
        "/eng-intel/registry/metrics/definitions",
        says({"metrics": [{"key": "a"}], "nextPage": "b"}),
    ),
    # Rows of another shape.
    "users": ("/users", says({"users": None, "errors": []})),
    "user_roles": ("/users/roles", says({})),
    "api_keys": ("/auth/key", says({"apiKeys": [["a", "b"]], "total": 1})),
    "secrets": ("/secrets", says({"secrets": [{"id": "a"}, None], "total": 2})),
    "catalogs": ("/catalog-pages", says({"slug": "one", "name": "One"})),
    "workflow_runs": (
        "/workflows/runs",
        says({"tag": "runs", "name": "Runs", "actions": [{"slug": "a", "isRootAction": True}]}),
    ),
    "verifications": ("/verifications", says({"page": 0, "total": 0})),
    "entity_types": ("/catalog/definitions", says({"definitions": [{"name": "x"}], "total": 1})),
    "scorecards": ("/scorecards", says({"scorecards": [{"name": "without a tag"}], "total": 1})),
    # What is there, and not for this server.
    "scaffolders": ("/scaffolders", says(PAGE, HTTPStatus.NOT_FOUND)),
    "departments": ("/teams/departments", says({"message": "no"}, HTTPStatus.BAD_REQUEST)),
    "scim_users": ("/scim/v2/Users", says("no SCIM here")),
    "verification_periods": ("/verification-periods", says({"message": "x"}, 404)),
}


def answering(answers: dict[str, Answer]) -> Callable[[Call], Answer | None]:
    by_route = {
        route if route.startswith("/scim") else f"/api/v1{route}": answer
        for route, answer in answers.items()
    }
    return lambda call: by_route.get(call.route)


@pytest.fixture(scope="module")
def lied() -> Iterator[TapRun]:
    """A run over lists that all lie."""
    with site(FEW) as running:
        running.world.on_request(answering(dict(LISTS.values())))
        yield running.run(*LISTS, settings={"max_retries": 0})


@pytest.mark.parametrize("stream", sorted(LISTS))
def test_no_list_that_lies_is_complete(lied: TapRun, stream: str) -> None:
    assert lied.exit_code == 1
    assert "Traceback" not in lied.stderr
    assert outcomes(lied)[stream] in {"partial", "failed", "unavailable", "unproved"}
    assert stream not in lied.activated


def test_what_the_server_lacks_is_said_in_its_own_words(lied: TapRun) -> None:
    found = outcomes(lied)
    assert found["scaffolders"] == found["departments"] == found["scim_users"] == "unavailable"


# What is asked of each


def _below(call: Call, name: str) -> int:
    """Return the place of the entity that a request is about; -1 if it is about none."""
    tag = call.names.get(name)
    places = {key: n for n, e in enumerate(call.world.entities) for key in (e.id, e.tag)}
    return places.get(str(tag), -1)


NOT_FOUND = says({"message": "Not found", "type": "NOT_FOUND"}, 404)
FANNED: dict[str, tuple[str, Callable[[Call], Answer | None]]] = {
    "groups": (
        "/catalog/{tagOrId}/groups",
        lambda call: NOT_FOUND if _below(call, "tagOrId") % 3 == 0 else None,
    ),
    "deploys": ("/catalog/{tagOrId}/deploys", lambda _call: NOT_FOUND),
    "documentation_openapi": (
        "/catalog/{tagOrId}/documentation/openapi",
        lambda _call: says(PAGE, 404),
    ),
    "packages": (
        "/catalog/{tagOrId}/packages",
        lambda call: says([["a"]]) if _below(call, "tagOrId") == 2 else None,
    ),
    "entity_scorecards": (
        "/catalog/{tagOrId}/scorecards",
        lambda call: says([None]) if _below(call, "tagOrId") == 2 else None,
    ),
    "custom_data": (
        "/catalog/{tagOrId}/custom-data",
        lambda call: says({"message": "soon"}) if _below(call, "tagOrId") == 4 else None,
    ),
    "k8s_resources": (
        "/catalog/{tagOrId}/k8s",
        lambda call: says({"resources": None}) if _below(call, "tagOrId") == 4 else None,
    ),
    "dependencies": (
        DEPENDENCIES,
        lambda call: (
            says({"callerTag": "a", "calleeTag": "b"}) if _below(call, "callerTag") == 5 else None
        ),
    ),
    "oncall_registrations": (
        "/catalog/{tagOrId}/integrations/oncall/registration",
        lambda call: says(PAGE) if _below(call, "tagOrId") == 5 else None,
    ),
    "scorecard_scores": (
        "/scorecards/{tag}/scores",
        lambda call: NOT_FOUND if call.names["tag"] == call.world.scorecards[0].tag else None,
    ),
    "scorecard_descriptors": ("/scorecards/{tag}/descriptor", lambda _call: says(PAGE)),
    "relationships": (
        "/relationships/{relationshipTypeTag}",
        lambda _call: says({"relationships": [{"a": 1}], "total": 0}),
    ),
}


def _every(answers: dict[str, tuple[str, Callable[[Call], Answer | None]]]) -> Any:
    routes = {f"/api/v1{route}": answer for route, answer in answers.values()}

    def listener(call: Call) -> Answer | None:
        if call.route.endswith("-configuration") or call.route.endswith("/configurations"):
            return says({"message": "Bad request", "type": "BAD_REQUEST"}, 400)
        found = routes.get(call.route)
        return found(call) if found else None

    return listener


@pytest.fixture(scope="module")
def fanned() -> Iterator[TapRun]:
    """A run over what is asked of each entity, card and integration; some answers lie."""
    with site(FEW) as running:
        running.options.oncall_failing = frozenset({running.world.truth.living()[3].tag})
        running.world.on_request(_every(FANNED))
        streams = {*FANNED, "integration_configurations", "oncall_current", "scorecard_next_steps"}
        yield running.run(*streams, settings={"max_retries": 0})


@pytest.mark.parametrize(
    "stream",
    sorted({*FANNED, "integration_configurations", "oncall_current", "scorecard_next_steps"}),
)
def test_no_fan_out_that_lies_is_complete(fanned: TapRun, stream: str) -> None:
    assert fanned.exit_code == 1
    assert "Traceback" not in fanned.stderr
    assert outcomes(fanned)[stream] in {"partial", "failed", "unavailable", "unproved"}
    assert stream not in fanned.activated


def test_a_404_that_nothing_explains_is_unproved(fanned: TapRun) -> None:
    found = outcomes(fanned)
    assert found["integration_configurations"] == "unproved"
    assert found["documentation_openapi"] == "unavailable"  # a web page speaks of no entity
    assert found["groups"] == found["scorecard_scores"] == "partial"
    assert found["scorecard_next_steps"] == "partial"  # its parents are the scores


# The list of parents


def test_types_that_the_server_does_not_tell_are_missed_and_said() -> None:
    with site(FEW) as running:
        running.world.on_request(answering({"/catalog/definitions": NOT_FOUND}))
        run = running.run("entities", "groups")
        running.world.listeners.clear()
        running.world.on_request(
            answering({"/catalog/definitions": says({"message": "no", "type": "FORBIDDEN"}, 403)})
        )
        forbidden = running.run("entities", "groups")
        truth = running.keys("entities")
    assert run.exit_code == forbidden.exit_code == 1
    assert outcomes(run) == {"entities": "unproved", "groups": "unproved"}
    assert outcomes(forbidden) == {"entities": "partial", "groups": "partial"}
    assert run.activated == forbidden.activated == []
    assert 0 < len(run.keys("entities")) < len(truth)
    assert 0 < len(forbidden.keys("entities")) < len(truth)
    assert "types" in forbidden.last_line


def test_entities_without_an_id_are_missed_and_said() -> None:
    with site(FEW) as running:
        whole = running.run("entities")
        found = [
            {**row, "id": None if n == 3 else row["id"]}
            for n, row in enumerate(whole.records["entities"])
        ]
        body = {"entities": found, "page": 0, "total": len(found), "totalPages": 1}

        def nameless(call: Call) -> Answer | None:
            if call.route != "/api/v1/catalog" or call.query.values("types") == ["team"]:
                return None
            return says(body)

        running.world.on_request(nameless)
        run = running.run("packages", "teams")
        allowed = running.run("packages", settings={"allow_missing_keys": True})
    assert run.exit_code == 1
    assert outcomes(run) == {"packages": "partial", "teams": "complete"}
    assert "1 row came without a key" in run.last_line
    assert allowed.exit_code == 0, allowed.stderr


def test_members_that_are_no_objects_do_not_vanish() -> None:
    team = {"id": "a", "teamTag": "a", "cortexTeam": {"members": ["someone", {"email": "b@c.d"}]}}
    with site(FEW) as running:
        running.world.on_request(answering({"/teams": says({"teams": [team]})}))
        run = running.run("teams", "team_members")
    assert run.exit_code == 1
    assert outcomes(run) == {"teams": "complete", "team_members": "partial"}


# Questions


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "DONE"},
        {"status": "DONE", "result": None},
        {"status": "DONE", "result": "none"},
        {"status": "DONE", "result": ["a", "b"]},
        {"status": "DONE", "result": [{"tag": "a"}], "hasMore": True},
        {"status": "DONE", "result": [], "error": "timed out"},
    ],
    ids=json.dumps,
)
def test_a_query_that_is_done_without_its_rows(answer: dict[str, Any]) -> None:
    with site(FEW) as running:
        running.world.on_request(answering({"/queries/{jobId}": says(answer)}))
        settings = {"cql_queries": [{"name": "a", "query": "true"}], "max_retries": 0}
        run = running.run("cql_queries", settings=settings)
        started = [r for r in running.server.requests if r.method == "POST"]
    assert run.exit_code == 1
    assert run.activated == []
    assert len(started) == 1


def test_as_many_metric_rows_as_the_limit_are_unproved() -> None:
    metric = {"metric": "pr-cycle-time", "aggregation": "AVG"}
    query = {"name": "a", "metrics": [metric], "group_by": ["team"], "limit": 2}
    with site(FEW) as running:
        run = running.run("engineering_metrics", settings={"engineering_metric_queries": [query]})
    assert run.exit_code == 1
    assert outcomes(run) == {"engineering_metrics": "unproved"}
    assert len(run.records["engineering_metrics"]) == 2
    assert "limit of 2" in run.last_line


# Totals


@pytest.mark.parametrize(
    ("totals", "page_cap", "outcome"),
    [
        ("text", None, "complete"),
        ("float", None, "complete"),
        ("pages_only", None, "complete"),
        ("exact", 9, "complete"),
        ("pages_only", 9, "complete"),
        ("page", None, "partial"),
        ("minus_one", None, "partial"),
        ("zero", None, "partial"),
        ("capped", None, "partial"),
    ],
)
def test_totals_are_read_strictly(totals: str, page_cap: int | None, outcome: str) -> None:
    """On every list with totals and several pages: complete is what came whole."""
    streams = ("entity_types", "initiatives", "gitops_logs", "scorecards", "scorecard_scores")
    with site(FEW, totals=totals, page_cap=page_cap, scores_totals=True) as running:
        run = running.run(*streams, settings={"page_size": 12})
        truth = {stream: running.keys(stream) for stream in streams}
    found = outcomes(run)
    assert "Traceback" not in run.stderr
    for stream in streams:
        whole = set(run.keys(stream)) == truth[stream]
        assert whole or found[stream] != "complete", stream
    assert found["gitops_logs"] == outcome, found


def test_scores_without_totals_that_are_cut_are_read_on() -> None:
    with site(FEW, page_cap=3) as running:
        run = running.run("scorecard_scores", settings={"page_size": 1000})
        truth = running.keys("scorecard_scores")
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("scorecard_scores")) == truth


def test_a_page_with_more_rows_than_were_asked_for_is_no_page_of_edges() -> None:
    """Edges may be alike: ones that come again would count for others that do not come."""
    edges = [{"callerTag": "a", "calleeTag": f"b-{number}"} for number in range(12)]

    def repeating(call: Call) -> Answer:
        number, size = call.query.integer("page", 0), min(3, call.query.integer("pageSize", 3))
        found = edges[number * size : (number + 1) * size]
        if (number, size) == (2, 3):
            found = [*edges[4:6], *found[:2]]  # two rows of the page before
        claims = {"page": number, "total": len(edges), "totalPages": -(-len(edges) // size)}
        return says({"dependencies": found, **claims})

    with site(FEW) as running:
        running.world.on_request(_every({"dependencies": (DEPENDENCIES, repeating)}))
        run = running.run("dependencies", settings={"page_size": 4})
    assert run.exit_code == 1
    assert outcomes(run) == {"dependencies": "partial"}


def test_the_list_of_another_question_gives_no_rows() -> None:
    """Of a route whose envelope no document describes; a connection may be out of step."""
    with site(FEW) as running:
        told: list[Call] = []

        def mix_up(call: Call) -> Answer | None:
            if call.route != "/api/v1/deploys/environments" or told:
                return None
            told.append(call)
            entities = [{"id": "a", "tag": "a", "name": "a"}]
            return says({"entities": entities, "page": 0, "total": 4, "totalPages": 4})

        running.world.on_request(mix_up)
        run = running.run("deploy_environments", settings={"page_size": 1})
    assert told
    assert run.exit_code == 1
    assert "a list under 'entities', as before" in run.last_line
    assert "deploy_environments" not in run.activated
