"""The eight rows of dltHub's page about Cinchy, each served by a stream of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import Health
from sandbox.cinchy.furnish import add_secret

from .conftest import HEALTH, Site, streams_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.tap_run import TapRun

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

NO_TABLES: dict[str, Any] = {"tables_include": []}
PAYROLL = {"domain": "HR", "name": "payroll api"}
BANK = {"domain": "Finance", "name": "bank key"}


def read(running: Site, *streams: str, **settings: Any) -> TapRun:
    """Read some streams only."""
    catalog = running.discover(**NO_TABLES, **settings)
    return running.run(catalog=select(catalog, *streams), settings={**NO_TABLES, **settings})


# healthcheck, idp_healthcheck, connections_healthcheck


def test_healthcheck(start: Start) -> None:
    running = start(base_path="/Cinchy")
    run = running.run(settings=NO_TABLES)
    [row] = run.records["healthcheck"]
    assert row["endpoint"] == f"{running.url}/healthcheck"
    assert row["name"] == "Database Connectivity"
    assert (row["status"], row["overall_status"], row["component"]) == ("Green", "Green", "Cinchy")
    assert row["version"] == "5.11.0"
    assert row["build_identifier"] == "release/v5.11.0"
    assert row["ip_address"] == ["172.31.14.171", "172.19.64.1"]
    assert row["system_time"] == "2026-11-02T14:00:00Z"
    assert next(iter(run.records)) == "healthcheck"


def test_idp_healthcheck(start: Start) -> None:
    running = start(idp_path="/CinchySSO", idp_health=Health(component="SSO", field_case="pascal"))
    [row] = running.run(settings=NO_TABLES).records["idp_healthcheck"]
    assert row["endpoint"] == f"{running.server.url}/CinchySSO/healthcheck"
    assert row["component"] == "SSO"
    elsewhere = start(idp_path="/other", well_known="absent")
    run = elsewhere.run(settings={**NO_TABLES, "idp_url": f"{elsewhere.server.url}/other"})
    assert run.records["idp_healthcheck"][0]["name"] == "Database Connectivity"


def test_connections_healthcheck(start: Start) -> None:
    running = start()
    [row] = running.run(settings=NO_TABLES).records["connections_healthcheck"]
    assert (row["name"], row["component"]) == ("overall", "Connections")
    absent = start(connections_health=Health(installed=False))
    run = absent.run(settings=NO_TABLES)
    assert run.exit_code == 0, run.stderr
    assert run.records["connections_healthcheck"] == []
    assert "There is no health check at" in run.stderr


@pytest.mark.parametrize("field_case", ["camel", "lower", "pascal"])
@pytest.mark.parametrize("checks", ["present", "empty", "missing"])
def test_health_is_data_whatever_it_is(start: Start, field_case: Any, checks: Any) -> None:
    sick = Health(status="Red", checks=checks, field_case=field_case)
    running = start(health=sick)
    run = running.run(settings=NO_TABLES)
    assert run.exit_code == 0, run.stderr
    [row] = run.records["healthcheck"]
    assert (row["status"], row["overall_status"]) == ("Red", "Red")
    assert row["name"] == ("Database Connectivity" if checks == "present" else "overall")


@pytest.mark.parametrize("starting", ["redirect", "html"])
def test_a_platform_that_is_starting_is_no_health(start: Start, starting: Any) -> None:
    running = start(health=Health(starting=starting))
    run = running.run(settings=NO_TABLES)
    assert run.exit_code == 1
    assert "Stream healthcheck is" in run.last_line
    assert run.records["idp_healthcheck"]


def test_an_unhealthy_503_is_data(start: Start) -> None:
    from sandbox.cinchy.pages import as_json  # noqa: PLC0415

    running = start()

    def sick(request: SandboxRequest) -> Any:
        if request.path == "/healthcheck":
            return as_json({"component": "Cinchy", "status": "Red", "healthChecks": None}, 503)
        return None

    running.world.on_request(sick)
    run = running.run(settings=NO_TABLES)
    assert run.records["healthcheck"][0]["status"] == "Red"
    assert run.exit_code == 0


def test_health_checks_are_asked_without_a_credential(shared: Site) -> None:
    shared.forget()
    shared.run(settings=NO_TABLES)
    asked = [r for r in shared.server.requests if r.path.endswith("healthcheck")]
    assert len(asked) == len(HEALTH)
    assert not any(request.header("authorization") for request in asked)


# saved_query, execute_cql and BasicAuth_saved_query


def test_saved_query(shared: Site) -> None:
    query = {
        "name": "saved_query",
        "domain": "HR",
        "query": "Active Employees",
        "primary_keys": ["Cinchy Id"],
    }
    run = shared.run(settings={**NO_TABLES, "saved_queries": [query]})
    assert run.exit_code == 0, run.stderr
    run.check_records()
    truth = {
        (row["Cinchy Id"], row["Full Name"])
        for row in shared.world.truth("HR.Employees", deleted=False)
        if row["Active"]
    }
    assert {(r["Cinchy Id"], r["Full Name"]) for r in run.records["saved_query"]} == truth
    assert run.schemas["saved_query"]["key_properties"] == ["Cinchy Id"]


def test_execute_cql(shared: Site) -> None:
    query = {
        "name": "execute_cql",
        "query": "SELECT t.[Cinchy Id], t.[Title], t.[Estimate] FROM [Delivery].[Tasks] t "
        "WHERE t.[Status] = @status",
        "params": {"@status": "Done"},
        "primary_keys": ["Cinchy Id"],
    }
    accept = {"accept_unproved": ["execute_cql"]}
    run = shared.run(settings={**NO_TABLES, **accept, "cql_queries": [query]})
    assert run.exit_code == 0, run.stderr
    run.check_records()
    done = [row for row in shared.world.truth("Delivery.Tasks") if row["Status"] == "Done"]
    assert [r["Title"] for r in run.records["execute_cql"]] == [row["Title"] for row in done]
    properties = run.schemas["execute_cql"]["schema"]["properties"]
    assert properties["Estimate"]["type"] == ["number", "null"]


def test_basic_auth_saved_query(shared: Site) -> None:
    query = {"name": "BasicAuth_saved_query", "domain": "HR", "query": "Active Employees"}
    account = shared.world.accounts["reader"]
    shared.forget()
    config = shared.config(
        access_token=None,
        username=account.username,
        password=account.password,
        saved_queries=[query],
        accept_unproved=["BasicAuth_saved_query"],
    )
    run = shared.run(config=config)
    assert run.exit_code == 0, run.stderr
    assert run.records["BasicAuth_saved_query"]
    paths = {r.path for r in shared.server.requests if "API" in r.path}
    assert paths == {"/BasicAuthAPI/HR/Active%20Employees"}


# secrets_manager


def test_secrets_manager_tells_only_whether_a_secret_can_be_had(start: Start) -> None:
    running = start()
    run = read(running, "secrets_manager", secrets=[PAYROLL, BANK, {**BANK, "name": "none"}])
    assert run.exit_code == 0, run.stderr
    rows = run.records["secrets_manager"]
    assert [(row["name"], row["accessible"]) for row in rows] == [
        ("payroll api", True),
        ("bank key", False),
        ("none", False),
    ]
    assert all(set(row) == {"domain", "name", "accessible"} for row in rows)
    assert "sandbox-secret" not in run.stdout + run.stderr


def test_secrets_manager_gives_values_to_those_who_insist(start: Start) -> None:
    running = start()
    add_secret(running.world, "HR", "a/b & c", "sandbox-secret-odd")
    secrets = [PAYROLL, {"domain": "HR", "name": "a/b & c"}]
    settings = {"secrets": secrets, "secrets_extract_values": True}
    catalog = select(running.discover(**NO_TABLES, **settings), "secrets_manager")
    asked = len(running.app.seen.secrets)
    assert asked == 0
    run = running.run(
        catalog=catalog, settings={**NO_TABLES, **settings}, env={"LOGLEVEL": "DEBUG"}
    )
    values = [row["secret_value"] for row in run.records["secrets_manager"]]
    assert values == ["sandbox-secret-payroll", "sandbox-secret-odd"]
    assert "sandbox-secret" not in run.stderr
    doctor = running.run("--test", catalog=catalog, settings={**NO_TABLES, **settings})
    assert doctor.exit_code == 0
    assert len(running.app.seen.secrets) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_secret_is_an_answer_whatever_its_status(start: Start, status: int) -> None:
    running = start(secret_refusal_status=status)
    run = read(running, "secrets_manager", secrets=[BANK, PAYROLL])
    assert run.exit_code == 0, run.stderr
    assert [row["accessible"] for row in run.records["secrets_manager"]] == [False, True]


def test_without_secrets_there_is_no_such_stream(shared: Site) -> None:
    assert "secrets_manager" not in streams_of(shared.discover(**NO_TABLES))
    names = streams_of(shared.discover(**NO_TABLES, secrets_extract_values=True))
    assert "secrets_manager" not in names


# jobs


JOBS = {
    "jobs": [{"feed": "Payroll to HR", "params": {"month": "May"}}, {"feed": "Failing feed"}],
    "jobs_allow_trigger": True,
}


def test_jobs(start: Start) -> None:
    running = start(base_path="/Cinchy")
    catalog = running.discover(**NO_TABLES, **JOBS)
    doctor = running.run("--test", catalog=select(catalog), settings={**NO_TABLES, **JOBS})
    assert doctor.exit_code == 0, doctor.stdout
    running.run("--plan", catalog=select(catalog), settings={**NO_TABLES, **JOBS})
    assert running.app.seen.jobs == []
    run = running.run(catalog=select(catalog, "jobs"), settings={**NO_TABLES, **JOBS})
    assert run.exit_code == 0, run.stderr
    started = running.app.seen.jobs
    assert [job.feed for job in started] == ["Payroll to HR", "Failing feed"]
    sent = started[0].options
    assert sent["paramValues"] == {"month": {"isFile": False, "value": "May"}}
    assert sent["server"] == running.url.removeprefix("http://")
    assert (sent["useHttps"], sent["userId"], sent["password"]) == (False, None, None)
    rows = run.records["jobs"]
    assert [row["execution_id"] for row in rows] == [job.execution_id for job in started]
    assert {row["state"] for row in rows} == {"Running"}
    assert run.activated == []


def test_jobs_are_watched_for_as_long_as_asked(start: Start) -> None:
    running = start(job_polls=1, execution_id_as_text=True, connections_path="/connect")
    run = read(running, "jobs", **JOBS, jobs_wait_seconds=20)
    rows = {row["feed"]: row for row in run.records["jobs"]}
    assert rows["Payroll to HR"]["state"] == "Succeeded"
    assert rows["Payroll to HR"]["execution_output"] == "Done"
    assert rows["Failing feed"]["state"] == "Failed"
    assert type(rows["Failing feed"]["execution_id"]) is int


@pytest.mark.parametrize("answer", ["gateway", "cut"])
def test_a_job_whose_answer_is_lost_is_not_started_again(start: Start, answer: str) -> None:
    running = start(jobs_answer=answer)
    run = read(running, "jobs", **JOBS)
    assert run.exit_code == 1
    assert [job.feed for job in running.app.seen.jobs] == ["Payroll to HR", "Failing feed"]
    assert "may have taken effect" in run.last_line
    assert run.records["jobs"] == []


def test_jobs_of_older_servers(start: Start) -> None:
    running = start(jobs_paths="legacy")
    run = read(running, "jobs", **JOBS)
    assert run.exit_code == 0, run.stderr
    assert len(running.app.seen.jobs) == 2


def test_jobs_that_take_no_personal_token(start: Start) -> None:
    running = start(jobs_take_tokens=False)
    run = read(running, "jobs", **JOBS)
    assert run.exit_code == 1
    assert "personal access token" in run.last_line
    assert running.app.seen.jobs == []


def test_an_unknown_job_is_refused_and_the_next_one_started(start: Start) -> None:
    running = start()
    settings = {**JOBS, "jobs": [{"feed": "No such"}, {"feed": "Failing feed"}]}
    run = read(running, "jobs", **settings)
    assert run.exit_code == 1
    assert "No such" in run.last_line
    assert [row["feed"] for row in run.records["jobs"]] == ["Failing feed"]


def test_jobs_need_both_switches(shared: Site) -> None:
    names = streams_of(shared.discover(**NO_TABLES, jobs=JOBS["jobs"]))
    assert "jobs" not in names
    assert "jobs" not in streams_of(shared.discover(**NO_TABLES, jobs_allow_trigger=True))
    run = shared.run(settings={**NO_TABLES, "jobs": JOBS["jobs"]})
    assert "none of the jobs is started" in run.stderr
    assert shared.app.seen.jobs == []


def test_jobs_of_another_host_need_the_users_word(start: Start) -> None:
    running = start(advertised_connections="https://elsewhere.example.com/connections")
    catalog = select(running.discover(**NO_TABLES, **JOBS), "jobs")
    run = running.run(catalog=catalog, settings={**NO_TABLES, **JOBS})
    assert run.exit_code == 2
    assert "set connections_url to it" in run.last_line
