"""Keys, permissions, licences, addresses: what stops a run, and what costs one stream only."""

from __future__ import annotations

import json
import time

import pytest
from support.tap_run import discover, run_tap

from sandbox.cortex.answers import Answer
from sandbox.cortex.keys import VIEW_AUDIT_LOGS, VIEW_ROLES, ApiKey, make_key
from sandbox.cortex.options import DEFAULT_TOKEN
from sandbox.cortex.routing import Call

from .conftest import DEFAULT_STREAMS, Site, all_streams, outcomes, site

DAY = 86_400


@pytest.mark.parametrize("body", ["error", "text"])
def test_a_wrong_key_ends_the_run_before_any_row(body: str) -> None:
    with site(unauthorized=body) as running:
        run = running.run(settings={"api_key": "WRONG-marker"})
    assert run.exit_code == 2
    assert run.records == {}
    assert "api_key rejected" in run.last_line
    assert "WRONG-marker" not in run.stderr
    assert "Traceback" not in run.stderr
    assert len(running.server.requests) == 1


@pytest.mark.parametrize("zipped", [False, True])
def test_an_expired_key_is_refused_without_asking(zipped: bool) -> None:  # noqa: FBT001
    key = make_key(expires=time.time() - DAY, zipped=zipped)
    with site(keys=[key]) as running:
        run = running.run(settings={"api_key": f'"Bearer {key.token}"'})
    assert run.exit_code == 2
    assert "api_key expired on 20" in run.last_line
    assert running.server.requests == []


def test_a_key_about_to_expire_warns() -> None:
    key = make_key(expires=time.time() + DAY, zipped=True)
    with site(keys=[key]) as running:
        run = running.run(
            "entity_types",
            settings={"api_key": f" {key.token}\n"},
            env={"TAP_CORTEX_LOGLEVEL": "DEBUG"},
        )
    assert run.exit_code == 0, run.stderr
    assert "api_key expires on 20" in run.stderr
    assert "| DEBUG" in run.stderr
    assert key.token not in run.stderr + run.stdout


def test_a_key_revoked_in_the_middle_keeps_the_state() -> None:
    with site(keys=[ApiKey(token=DEFAULT_TOKEN, revoked_after=12)]) as running:
        run = running.run("audit_logs", "groups", settings={"concurrency": 1})
    assert run.exit_code == 2
    assert "revoked" in run.last_line
    assert "audit_logs" in run.states[-1]["bookmarks"]


def test_a_plain_key_reads_the_default_selection() -> None:
    with site(keys=[ApiKey(token=DEFAULT_TOKEN, role="READ_ONLY")]) as running:
        run = running.run()
    assert run.exit_code == 0, run.stderr
    assert set(run.schemas) == DEFAULT_STREAMS
    assert "WARNING" not in run.stderr


def test_a_missing_permission_is_named_and_stops_nothing_else() -> None:
    key = ApiKey(token=DEFAULT_TOKEN, without=frozenset({VIEW_AUDIT_LOGS, VIEW_ROLES}))
    with site(keys=[key]) as running:
        run = running.run("audit_logs", "users", "teams", "groups")
        excused = running.run("audit_logs", "teams", settings={"on_stream_error": "skip"})
        truth = running.keys("groups")
    assert run.exit_code == 1
    assert set(run.keys("groups")) == truth
    assert sorted(run.activated) == ["groups", "teams"]
    assert "View audit logs" in run.last_line
    assert "View Roles" in run.stderr
    assert "Traceback" not in run.stderr
    assert excused.exit_code == 0


def test_a_key_without_the_catalog_still_reads_the_rest(workspace: Site) -> None:
    def forbid(call: Call) -> Answer | None:
        return Answer(status=403) if call.route.startswith("/api/v1/catalog") else None

    with site() as running:
        running.world.on_request(forbid)
        run = running.run("entities", "groups", "teams")
    assert run.exit_code == 1
    assert set(run.keys("teams")) == workspace.keys("teams")
    assert "may not read the catalog" in run.stderr
    assert "2 streams" not in run.last_line


def test_a_key_that_may_not_view_types_reads_those_that_the_catalog_shows() -> None:
    """The default of the catalog is services and domains; of the others only their types tell."""
    key = ApiKey(token=DEFAULT_TOKEN, refused=frozenset({"/api/v1/catalog/definitions"}))
    with site(keys=[key]) as running:
        run = running.run("entities", "entity_types", "groups", "teams")
        doctor = running.run("entities", "teams", arguments=("--test",))
        shown = {e.id for e in running.world.truth.living() if e.type in {"service", "domain"}}
        teams = running.keys("teams")
    assert run.exit_code == 1
    assert outcomes(run) == {
        "entities": "partial",
        "entity_types": "forbidden",
        "groups": "partial",
        "teams": "complete",
    }
    assert shown <= {row["id"] for row in run.records["entities"]}
    assert set(run.keys("teams")) == teams
    assert run.activated == ["teams"]
    assert "a role that may view entity types" in run.stderr
    assert "Traceback" not in run.stderr + doctor.stderr
    assert doctor.exit_code == 0, doctor.stderr


def test_a_licence_is_told_from_a_permission() -> None:
    with site(unlicensed=frozenset({"ENG_METRICS", "SCAFFOLDERS"})) as running:
        run = running.run("metric_definitions", "custom_metrics", "teams")
        skipped = running.run("metric_definitions", "teams", settings={"on_stream_error": "skip"})
    assert run.exit_code == 1
    assert "no licence for ENG_METRICS" in run.last_line
    assert run.activated == ["teams"]
    assert "unavailable" in run.stderr
    assert skipped.exit_code == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api_url": "https://app.getcortexapp.com"}, "web pages"),
        ({"api_key": ""}, "api_key is empty"),
        ({"page_size": 1001, "snowflake_auth_type": "BASIC"}, "snowflake_auth_type"),
        ({"hierarchy_depth": "deep"}, "hierarchy_depth"),
        ({"start_date": "yesterday"}, "start_date"),
        ({"snowflake_prompts": ["hello"]}, "snowflake_account_url"),
        ({"cql_queries": [{"name": "a", "query": "x"}] * 2}, "same name"),
    ],
)
def test_bad_settings_are_refused_before_any_request(
    workspace: Site, settings: dict[str, object], words: str
) -> None:
    workspace.server.forget()
    run = workspace.run(settings=settings)
    assert run.exit_code == 2, run.stderr
    assert words in run.last_line
    assert run.stdout == ""
    assert workspace.server.requests == []


@pytest.mark.parametrize("ending", ["/api", "/api/v1/"])
def test_every_way_to_write_the_address(workspace: Site, ending: str) -> None:
    settings = {"api_url": workspace.server.url + ending}
    run = workspace.run("entity_types", settings=settings)
    assert run.exit_code == 0, run.stderr


def test_an_address_without_cortex(workspace: Site) -> None:
    run = workspace.run(settings={"api_url": workspace.server.url + "/nowhere"})
    assert run.exit_code == 2
    assert "There is no Cortex API at" in run.last_line


def test_doctor_and_plan_of_every_stream(workspace: Site) -> None:
    workspace.server.forget()
    good = workspace.run(*all_streams(), arguments=("--test", "json"))
    assert good.exit_code == 0, good.stderr
    assert len(json.loads(good.stdout)) == len(all_streams())
    assert len(workspace.server.requests) < 75
    with site(keys=[ApiKey(token=DEFAULT_TOKEN, role="READ_ONLY")]) as plain:
        bad = plain.run("api_keys", "teams", arguments=("--test",))
    assert bad.exit_code == 1
    assert "Edit API keys" in bad.last_line


def test_about_describes_every_setting() -> None:
    about = json.loads(run_tap("tap-cortex", {}, "--about", "--format", "json").stdout)
    properties = about["settings"]["properties"]
    assert all(setting.get("description") for setting in properties.values())
    assert {name for name, s in properties.items() if s.get("secret")} == {
        "api_key",
        "personal_data_key",
        "rate_budget",
        "snowflake_token",
    }
    telling = {"id", "key", "token", "secret", "password"}
    for name, setting in properties.items():
        kinds = setting.get("type", [])
        if "string" in kinds and not setting.get("secret"):
            assert telling.isdisjoint(name.split("_")), name


def test_discovery_needs_no_configuration() -> None:
    for stream in discover("tap-cortex")["streams"]:
        assert stream["key_properties"], stream["tap_stream_id"]
        for name, definition in stream["schema"]["properties"].items():
            assert definition.get("description"), f"{stream['tap_stream_id']}.{name}"
