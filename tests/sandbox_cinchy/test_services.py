"""Health checks, secrets, jobs, hooks and the paths no reader should call."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from starlette.responses import Response

from sandbox.cinchy import Health, build_world

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from sandbox.cinchy import SandboxRequest

    from .site import Site

    Start = Callable[..., Site]

LOG = "SELECT [State], [Execution Output] FROM [Cinchy].[Execution Log] WHERE [Cinchy Id] = {}"


def test_health_checks_need_no_credentials(start: Start) -> None:
    site = start()
    for path in ("/healthcheck", "/idp/healthcheck", "/connections/healthcheck"):
        found = site.http.get(site.url + path).json()
        assert (found["version"], found["status"]) == ("5.11.0", "Green")
        assert ("healthChecks" in found) is (path != "/connections/healthcheck")
    assert "healthChecks" not in site.http.get(site.url + "/metaforms/healthcheck").json()


def test_unhealthy_is_503_only_when_asked_for(start: Start) -> None:
    site = start(health=Health(status="Red"))
    answer = site.get("/healthcheck")
    assert (answer.status_code, answer.json()["status"]) == (200, "Red")
    answer = site.get("/healthcheck", return503OnFailure="true")
    assert (answer.status_code, answer.json()["healthChecks"][0]["status"]) == (503, "Red")


@pytest.mark.parametrize(
    ("health", "present"),
    [
        (Health(), ["healthChecks", "buildIdentifier"]),
        (Health(field_case="lower"), ["healthchecks", "buildidentifier"]),
        (Health(field_case="pascal"), ["HealthChecks", "BuildIdentifier"]),
    ],
)
def test_fields_come_in_several_cases(start: Start, health: Health, present: list[str]) -> None:
    assert set(present) <= set(start(health=health).get("/healthcheck").json())


def test_the_array_of_checks_may_be_missing_or_empty(start: Start) -> None:
    assert "healthChecks" not in start(health=Health(checks="missing")).get("/healthcheck").json()
    assert start(health=Health(checks="empty")).get("/healthcheck").json()["healthChecks"] == []


def test_a_starting_or_missing_component(start: Start) -> None:
    site = start(
        health=Health(starting="redirect"),
        idp_health=Health(starting="html"),
        connections_health=Health(installed=False),
    )
    answer = site.get("/healthcheck")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/initializing")
    assert site.get("/idp/healthcheck").headers["Content-Type"].startswith("text/html")
    assert site.get("/connections/healthcheck").status_code == 404


def test_secrets_are_given_to_their_groups_only(start: Start) -> None:
    site = start()
    path = "/api/v1.0/secrets-manager/secret"
    found = site.get(path, secretName="payroll api", domain="HR")
    assert found.json() == {"secretValue": "sandbox-secret-payroll"}
    assert site.get(path, secretName="bank key", domain="Finance").status_code == 404
    assert site.become("admin").get(path, secretName="bank key", domain="Finance").ok
    assert site.get(path, secretName="nothing", domain="HR").status_code == 404
    site.app.options.secret_refusal_status = 403
    assert site.get(path, secretName="payroll api", domain="Nowhere").status_code == 403
    assert site.http.get(site.url + path).status_code == 401
    assert site.app.seen.secrets[0] == ("HR", "payroll api")
    old = start(build_world(rows=20, version="5.6.0"))
    assert old.get(path, secretName="payroll api", domain="HR").status_code == 404


def begin(site: Site, feed: str, path: str = "/connections/api/v1.0/jobs") -> requests.Response:
    options = {"feed": feed, "model": "Cinchy", "server": "127.0.0.1", "userId": None}
    parts: dict[str, Any] = {
        "options": (None, json.dumps(options)),
        "files": ("rows.csv", b"a,b\r\n1,2\r\n"),
    }
    return site.http.post(site.url + path, files=parts, headers=site.headers)


@pytest.mark.parametrize(
    ("feed", "end"), [("Payroll to HR", "Succeeded"), ("Failing feed", "Failed")]
)
def test_a_job_runs_until_the_log_was_read_often_enough(start: Start, feed: str, end: str) -> None:
    site = start(job_polls=2)
    execution_id = begin(site, feed).json()["executionId"]
    states = [site.rows(LOG.format(execution_id))[0][0] for _ in range(4)]
    assert states == ["Running", "Running", end, end]
    [job] = site.app.seen.jobs
    assert (job.feed, job.execution_id, job.files) == (feed, execution_id, ("a,b\r\n1,2\r\n",))


def test_the_files_of_a_job_appear_late(start: Start) -> None:
    site = start(job_polls=0)
    execution_id = begin(site, "Payroll to HR").json()["executionId"]
    path = f"/connections/api/v1.0/jobs/{execution_id}/source-errors"
    early = site.get(path, cinchyUrl=site.url, model="Cinchy")
    assert (early.status_code, early.json()["status"]) == (404, 404)
    site.rows(LOG.format(execution_id))
    assert site.get(path).text == "Row,Rejected,Errors\r\n"


def test_jobs_are_refused_with_a_message(start: Start) -> None:
    site = start()
    answer = begin(site, "No such feed")
    assert answer.status_code == 400
    assert answer.json() == {
        "status": 400,
        "message": "The data sync No such feed could not be found",
    }
    url = f"{site.url}/connections/api/v1.0/jobs"
    parts = {"Options": (None, '{"feed": "Payroll to HR"}')}
    assert site.http.post(url, files=parts, headers=site.headers).status_code == 400
    assert site.http.post(url, files=parts).status_code == 401
    assert site.app.seen.jobs == []


@pytest.mark.parametrize(
    ("paths", "versioned", "legacy"), [("both", 200, 200), ("v1.0", 200, 404), ("legacy", 404, 200)]
)
def test_where_jobs_are_started(start: Start, paths: str, versioned: int, legacy: int) -> None:
    site = start(jobs_paths=paths)
    assert begin(site, "Payroll to HR").status_code == versioned
    assert begin(site, "Payroll to HR", "/connections/api/jobs").status_code == legacy


def test_jobs_may_refuse_personal_access_tokens(start: Start) -> None:
    assert begin(start(jobs_take_tokens=False), "Payroll to HR").status_code == 401


def test_an_execution_id_may_be_a_text(start: Start) -> None:
    answer = begin(start(execution_id_as_text=True), "Payroll to HR").json()
    assert answer["executionId"].isdigit()


def test_a_job_runs_even_when_its_answer_is_lost(start: Start) -> None:
    site = start(jobs_answer="gateway")
    assert begin(site, "Payroll to HR").status_code == 502
    site.app.options.jobs_answer = "cut"
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="options"\r\n\r\n'
        b'{"feed": "Payroll to HR"}\r\n--x--\r\n'
    )
    headers = {**site.headers, "Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", "/connections/api/v1.0/jobs", body, headers)
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()
    assert len(site.app.seen.jobs) == 2


def test_a_hook_may_answer_in_the_servers_place(start: Start) -> None:
    site = start()
    numbers: list[int] = []

    def fail(request: SandboxRequest) -> Response | None:
        numbers.append(request.number)
        return Response("slow down", 429, {"Retry-After": "1"}) if request.number == 2 else None

    site.world.on_request(fail)
    codes = [site.execute("SELECT 1").status_code for _ in range(3)]
    assert (codes, numbers) == ([200, 429, 200], [1, 2, 3])


def test_calls_with_side_effects_are_recorded(start: Start) -> None:
    site = start()
    for path in ("/cache/clear", "/apps/modelloader", "/API/OpenConnection"):
        site.get(path)
    assert len(site.app.seen.side_effects) == 3


def test_paths_that_are_not_there(start: Start) -> None:
    site = start()
    for path in ("/", "/nothing", "/API", "/API/a/b/c", "/connections/api/v3/jobs", "/idp/x"):
        answer = site.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["Content-Type"].startswith("text/html")
    assert site.get("/API/ExecuteCQL", Query="SELECT 1").status_code == 405
