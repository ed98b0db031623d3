"""Streams that ask for each entity: what is gone, what is hostile, what is not there at all."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from support.tap_run import TapRun

from sandbox.cortex.generate.hostile import HOSTILE_TAGS
from sandbox.cortex.routing import Call

from .conftest import SMALL, Site, all_streams, outcomes, site

FANNED = {
    "aws_resources",
    "catalog_entity",
    "custom_data",
    "custom_events",
    "dependencies",
    "deploys",
    "documentation_openapi",
    "entity_gitops_logs",
    "entity_scorecards",
    "groups",
    "k8s_resources",
    "oncall_current",
    "oncall_registrations",
    "packages",
}


def outcome(run: TapRun, stream: str) -> str:
    """Return what the summary says of a stream."""
    return outcomes(run)[stream]


def test_entities_that_are_deleted_meanwhile_are_skipped_and_counted() -> None:
    with site() as running:
        gone = running.world.entities[3]

        def delete(call: Call) -> None:
            if call.route.endswith("/groups") and running.world.find(gone.id):
                running.world.remove_entity(gone.id)

        running.world.on_request(delete)
        run = running.run("groups", settings={"concurrency": 1})
        lists = len(running.asked("/catalog"))
    assert run.exit_code == 0, run.stderr
    assert "59 of 60 answered; 1 was deleted meanwhile" in run.stderr
    assert run.activated == ["groups"]
    assert lists == 4  # the probe, a walk and its refused teams, the walk that confirms


def test_entities_that_are_still_listed_are_not_gone() -> None:
    with site(dataclasses.replace(SMALL, deleted=2)) as running:
        run = running.run("groups", "teams")
    assert run.exit_code == 1
    assert outcome(run, "groups") == "partial"
    assert "404 for 2 of 60 parents that still exist" in run.last_line
    assert run.activated == ["teams"]


def test_too_many_gone_are_a_failure() -> None:
    with site(dataclasses.replace(SMALL, deleted=20)) as running:
        run = running.run("groups", "teams")
    assert run.exit_code == 1
    assert "20 of 60 parents" in run.last_line
    assert run.activated == ["teams"]


def test_archived_entities_without_routes_are_no_failure() -> None:
    with site(dataclasses.replace(SMALL, archived_share=0.5), archived_children_gone=True) as s:
        run = s.run("groups")
    assert run.exit_code == 0, run.stderr
    assert run.activated == ["groups"]


def test_hostile_tags_stay_one_segment(workspace: Site) -> None:
    workspace.server.forget()
    run = workspace.run("dependencies", "scorecard_descriptors", "relationships", "custom_metrics")
    assert run.exit_code == 0, run.stderr
    run.check_records()
    for stream in run.schemas:
        assert set(run.keys(stream)) == workspace.keys(stream), stream
    asked = [r.path for r in workspace.server.requests if r.path.endswith("/dependencies")]
    assert {path.count("/") for path in asked} == {5}
    assert "/api/v1/catalog/a%2Fb/dependencies" in asked
    assert "/api/v1/catalog/%7Bapi_key%7D/dependencies" in asked
    assert "3 entities have a tag that cannot be asked for" in run.stderr
    assert len(HOSTILE_TAGS) > 20


@pytest.mark.parametrize("status", [404, 501])
def test_routes_that_nobody_documents_may_be_absent(status: int) -> None:
    with site(uncertain="absent", absent_status=status) as running:
        run = running.run(
            "aws_resources", "deploys_search", "deploy_environments", "workflow_runs", "docs_list"
        )
        asked = Counter(r.path.rsplit("/", 1)[-1] for r in running.server.requests)
        test = running.run("aws_resources", "workflow_runs", "docs_list", arguments=("--test",))
    assert run.exit_code == test.exit_code == 1  # somebody asked for them by name
    assert outcome(run, "deploys_search") == outcome(run, "aws_resources") == "unavailable"
    assert outcome(run, "docs_list") == "complete"
    assert run.activated == ["docs_list"]
    assert asked["documentation"] <= 2
    assert asked["aws"] <= 20


@pytest.mark.parametrize(("shape", "page_size"), [("array", 5), ("unpaged", 5), ("other_key", 100)])
def test_routes_that_nobody_documents_may_answer_in_any_shape(shape: str, page_size: int) -> None:
    spec = dataclasses.replace(SMALL, entities=25, crowd=4, logs=40)
    streams = ("aws_resources", "deploys_search", "deploy_environments", "workflow_runs")
    with site(spec, uncertain=shape) as running:
        run = running.run(*streams, settings={"page_size": page_size})
    assert run.exit_code == 0, run.stderr
    for stream in streams:
        assert set(run.keys(stream)) == running.keys(stream), stream


def test_a_list_that_ignores_paging_and_just_fills_a_page() -> None:
    """It may be all there is, or a cap: only the user can know."""
    spec = dataclasses.replace(SMALL, logs=80)  # twenty runs, a page of twenty
    with site(spec, uncertain="unpaged") as running:
        run = running.run("workflow_runs", settings={"page_size": 20})
        accepting = {"page_size": 20, "accept_unproved": ["workflow_*"]}
        accepted = running.run("workflow_runs", settings=accepting)
    assert run.exit_code == 1
    assert outcome(run, "workflow_runs") == "unproved"
    assert run.activated == []
    assert accepted.exit_code == 0, accepted.stderr
    assert accepted.activated == ["workflow_runs"]
    assert set(accepted.keys("workflow_runs")) == running.keys("workflow_runs")


@pytest.mark.parametrize("shape", ["object", "single"])
def test_documents_from_their_own_route(shape: str) -> None:
    with site(documentation=shape) as running:
        run = running.run("docs_list")
        living = {entity.id: entity for entity in running.world.truth.living()}
    assert run.exit_code == 0, run.stderr
    run.check_records()
    rows = run.records["docs_list"]
    assert {row["origin"] for row in rows} == {"endpoint"}
    if shape == "single":
        assert {row["entity_id"] for row in rows} == set(living)
    else:
        links = {(e.id, link["name"], link["url"]) for e in living.values() for link in e.links}
        assert {(row["entity_id"], row["name"], row["url"]) for row in rows} == links


def test_documents_from_links(workspace: Site) -> None:
    run = workspace.run("docs_list")
    both = workspace.run("docs_list", "entity_links")
    assert run.exit_code == both.exit_code == 0
    run.check_records()
    links = {(key[0], key[1], key[3]) for key in workspace.world.truth("entity_links")}
    for records in (run.records["docs_list"], both.records["docs_list"]):
        assert {(row["entity_id"], row["name"], row["url"]) for row in records} == links
        assert {row["origin"] for row in records} == {"links"}


def test_only_some_types_are_asked_about(workspace: Site) -> None:
    workspace.server.forget()
    run = workspace.run("groups", settings={"fan_out_types": ["domain"]})
    assert run.exit_code == 0, run.stderr
    domains = {entity.id for entity in workspace.world.entities if entity.type == "domain"}
    assert {path.split("/")[4] for path in workspace.asked("/groups")} == domains
    assert run.activated == []


def test_only_linked_documents_are_asked_for(workspace: Site) -> None:
    workspace.server.forget()
    run = workspace.run("documentation_openapi", settings={"openapi_linked_only": True})
    assert run.exit_code == 0, run.stderr
    linked = {
        entity.id
        for entity in workspace.world.entities
        if any(link["type"] == "OPENAPI" for link in entity.links)
    }
    assert {path.split("/")[4] for path in workspace.asked("/openapi")} == linked
    assert run.activated == []


def test_documents_that_are_no_json_keep_their_text(workspace: Site) -> None:
    run = workspace.run("documentation_openapi")
    rows = run.records["documentation_openapi"]
    assert {type(row["document"]) for row in rows} == {dict, type(None)}
    texts = {e.id: next(iter(e.specs.values())) for e in workspace.world.entities if e.specs}
    assert {row["entity_id"]: row["spec"] for row in rows}.items() <= texts.items()


def test_a_silent_oncall_provider_costs_its_own_entities() -> None:
    with site() as running:
        tags = [entity.tag for entity in running.world.truth.living()[:3]]
        running.options.oncall_failing = frozenset(tags)
        run = running.run("oncall_current", "teams")
        running.options.oncall_failing = frozenset(e.tag for e in running.world.entities)
        down = running.run("oncall_current")
    assert run.exit_code == 1
    assert outcome(run, "oncall_current") == "partial"
    assert run.activated == ["teams"]
    assert "did not answer for 3 of 60 entities" in run.stderr
    assert down.exit_code == 1
    assert "did not answer for" in down.last_line


def test_a_metric_that_does_not_exist_is_asked_for_once_or_so(workspace: Site) -> None:
    workspace.server.forget()
    keys = ["no-such-metric", *workspace.world.custom_metric_keys]
    run = workspace.run("custom_metrics", settings={"custom_metric_keys": keys, "concurrency": 1})
    assert run.exit_code == 1
    assert "no custom metric with the key 'no-such-metric'" in run.last_line
    assert set(run.keys("custom_metrics")) == workspace.keys("custom_metrics")
    asked = [r for r in workspace.server.requests if "no-such-metric" in r.path]
    assert len(asked) <= 2


def test_unconfigured_streams_are_inert(workspace: Site) -> None:
    workspace.server.forget()
    streams = ("custom_metrics", "cql_queries", "engineering_metrics", "chat_completions")
    run = workspace.run(*streams, settings={"custom_metric_keys": []})
    assert run.exit_code == 0, run.stderr
    assert len(workspace.server.requests) == 1
    assert run.records == {}


def test_every_request_for_an_entity_is_made_once(workspace: Site) -> None:
    workspace.server.forget()
    streams = FANNED - {"dependencies"}  # asked at both ends, see the hostile tags
    run = workspace.run(*streams, settings={"page_size": 1000})
    assert run.exit_code == 0, run.stderr
    assert all_streams() >= FANNED
    asked = Counter((r.path, r.query) for r in workspace.server.requests)
    assert {request: count for request, count in asked.items() if count > 1} == {}


def test_scim_pages_are_as_long_as_the_server_likes() -> None:
    with site(dataclasses.replace(SMALL, users=35), scim_page=8) as running:
        run = running.run("scim_users")
        pages = len(running.asked("/Users"))
        running.options.scim = False
        refused = running.run("scim_users")
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("scim_users")) == running.keys("scim_users")
    assert pages == 12  # SCIM has no order: two passes, each to a page without rows
    assert refused.exit_code == 1
    assert "SCIM set up" in refused.last_line


def test_integrations_that_are_not_set_up() -> None:
    with site(integration_missing=400) as running:
        run = running.run("integration_configurations")
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("integration_configurations")) == running.keys("integration_configurations")
    assert "never-show-this" not in run.stdout


def test_departments_one_by_one() -> None:
    with site(departments_listable=False) as running:
        tags = [row["departmentTag"] for row in running.world.departments]
        listed = running.run("departments", "teams")
        run = running.run("departments", settings={"department_tags": tags})
        wrong = running.run("departments", settings={"department_tags": [*tags, "no-such"]})
    assert listed.exit_code == 1
    assert outcome(listed, "departments") == "unavailable"
    assert "department_tags" in listed.last_line
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("departments")) == running.keys("departments")
    assert wrong.exit_code == 1
    assert "no-such" in wrong.last_line
