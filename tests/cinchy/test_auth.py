"""Who is let in, how often anybody knocks, and where a credential never goes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import build_world, story
from sandbox.cinchy.pages import as_json
from singer_rest.errors import CredentialError
from tap_cinchy.tap import TapCinchy

from .conftest import HEALTH, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

ONE = {"tables_include": [story.DEPARTMENTS]}
SAVED = {"name": "saved_query", "domain": "HR", "query": "Active Employees"}
BASIC = {**SAVED, "name": "BasicAuth_saved_query", "auth": "basic"}


def basic(running: Site, **settings: Any) -> dict[str, Any]:
    account = running.world.accounts["reader"]
    return running.config(
        access_token=None,
        username=account.username,
        password=account.password,
        accept_unproved=["*saved_query"],
        **settings,
    )


def outcomes(running: Site) -> list[str]:
    return [request.outcome for request in running.app.seen.token_requests]


def test_a_password_is_traded_for_one_token(start: Start) -> None:
    running = start(base_path="/Cinchy", idp_path="/CinchySSO")
    run = running.run(config=running.password(**ONE, concurrency=1))
    assert run.exit_code == 0, run.stderr
    assert len(run.records["hr_departments"]) == 9
    assert outcomes(running) == ["granted"]


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"well_known": "absent"}, {}),
        ({"well_known": "html"}, {}),
        ({"well_known": "absent", "base_path": "/Cinchy", "idp_path": "/cinchysso"}, {}),
        ({"well_known": "absent", "base_path": "/a/b", "idp_path": "/cinchyssocore"}, {}),
        ({"well_known": "absent", "idp_path": "/login"}, {"idp_url": "/login"}),
        ({"token_path": "/oauth/token"}, {}),
        ({"silent_refresh_tail": False}, {}),
    ],
)
def test_the_login_server_is_found(
    start: Start, options: dict[str, Any], settings: dict[str, str]
) -> None:
    running = start(**options)
    given = {name: running.server.url + path for name, path in settings.items()}
    run = running.run(config=running.password(**ONE, **given))
    assert run.exit_code == 0, run.stderr
    assert outcomes(running) == ["granted"]


def test_no_login_server_is_said_plainly(start: Start) -> None:
    running = start(well_known="absent", idp_path="/hidden")
    run = running.run(config=running.password(**ONE))
    assert run.exit_code == 2
    assert "set idp_url" in run.last_line
    assert run.stdout == ""


@pytest.mark.parametrize("advertised", ["https://elsewhere.example.com/idp", "http://127.0.0.1:1"])
def test_a_password_goes_to_no_other_host_on_the_platforms_word(
    start: Start, advertised: str
) -> None:
    running = start(advertised_idp=advertised)
    run = running.run(config=running.password(**ONE))
    assert run.exit_code == 2
    assert "set idp_url to it" in run.last_line
    assert outcomes(running) == []


def test_a_wrong_password_is_tried_once(start: Start) -> None:
    running = start()
    config = running.password(**ONE, password="not-the-password-9f")
    run = running.run(config=config)
    assert run.exit_code == 2
    assert "Invalid username or password" in run.last_line
    assert "not tried again" in run.last_line
    assert outcomes(running) == ["invalid_grant"]
    assert "not-the-password-9f" not in run.stdout + run.stderr
    assert not running.app.identity.locked("reader")
    doctor = running.run("--test", config=config)
    assert doctor.exit_code == 2
    assert outcomes(running) == ["invalid_grant"] * 2


def test_a_refused_password_is_never_tried_again(start: Start) -> None:
    """Whoever asks, however often, in whatever thread."""
    running = start()
    tap = TapCinchy(
        config=running.password(password="wrong", tables_include=[]),
        catalog={"streams": []},
    )
    credential = tap.api.credential
    assert credential is not None
    for ask in (credential.headers, credential.renew, credential.headers):
        with pytest.raises(CredentialError, match="not tried again"):
            ask()
    assert outcomes(running) == ["invalid_grant"]


def test_a_wrong_client_is_told_apart(start: Start) -> None:
    running = start()
    run = running.run(config=running.password(**ONE, client_secret="wrong-secret-77"))
    assert run.exit_code == 2
    assert "client_id or client_secret" in run.last_line
    assert outcomes(running) == ["invalid_client"]


def test_a_token_is_renewed_before_its_end(start: Start) -> None:
    """A lifetime of 60 s leaves 30 s; the clock of the tap runs, so none ends here."""
    running = start(expires_in=60)
    run = running.run(config=running.password(**ONE))
    assert run.exit_code == 0, run.stderr
    assert outcomes(running) == ["granted"]


@pytest.mark.parametrize("how", ["page", "login_page", "redirect", "redirect_idp", "error_body"])
def test_a_token_that_ends_early_is_renewed_once(start: Start, how: str) -> None:
    running = start(token_requests=3, unauthorized=how)
    run = running.run(config=running.password(**ONE, concurrency=1))
    assert run.exit_code == 0, run.stderr
    assert len(run.records["hr_departments"]) == 9
    granted = outcomes(running)
    assert set(granted) == {"granted"}
    asked = len(running.app.seen.queries)
    assert len(granted) == -(-asked // 3)


def test_a_token_that_dies_under_eight_requests_is_renewed_once(start: Start) -> None:
    running = start(build_world(rows=300))
    running.connections = 8
    config = running.password(tables_include=["*"], concurrency=8, page_size=50)
    catalog = running.discover(tables_include=["*"])
    whole = running.run(config=config, catalog=catalog)
    assert whole.exit_code == 0, whole.stderr
    running.forget()
    asked = 0

    def expire(request: SandboxRequest) -> None:
        nonlocal asked
        asked += bool(request.cql)
        if asked == 30:
            asked += 1
            running.app.identity._grants.clear()

    running.world.on_request(expire)
    run = running.run(config=config, catalog=catalog)
    assert run.exit_code == 0, run.stderr
    assert outcomes(running) == ["granted", "granted"], "the first one, and one more for all"
    assert {name: run.keys(name) for name in run.schemas} == {
        name: whole.keys(name) for name in whole.schemas
    }, "no request lost or doubled"


def test_tokens_that_others_use_up_are_renewed_again(start: Start) -> None:
    """A token of five requests may be gone before the request that asked for it is repeated."""
    running = start(build_world(rows=300), token_requests=5)
    running.connections = 8
    config = running.password(tables_include=["*"], concurrency=4, page_size=20)
    run = running.run(config=config)
    assert run.exit_code == 0, run.stderr
    assert set(outcomes(running)) == {"granted"}
    assert all(run.records[name] for name in ("hr_departments", "delivery_tasks"))


def test_a_password_that_is_changed_meanwhile_ends_the_run(start: Start) -> None:
    running = start(token_requests=3)
    settings = running.password(**ONE)
    account = running.world.accounts["reader"]

    def change(_request: SandboxRequest) -> None:
        if running.app.seen.token_requests:
            account.password = "another"

    running.world.on_request(change)
    run = running.run(config=settings)
    assert run.exit_code in {1, 2}
    assert "rejected" in run.last_line
    assert outcomes(running) == ["granted", "invalid_grant"]


def test_a_token_request_whose_answer_is_lost_is_not_repeated(start: Start) -> None:
    running = start()

    def lose(request: SandboxRequest) -> Any:
        if request.path.endswith("/connect/token"):
            running.app.identity.token(request)
            return as_json({"error": "gateway"}, 502)
        return None

    running.world.on_request(lose)
    run = running.run(config=running.password(**ONE, password="wrong"))
    assert run.exit_code == 1, "an outage"
    assert len(outcomes(running)) == 1


def test_a_wrong_personal_token_ends_before_any_row(start: Start) -> None:
    running = start()
    run = running.run(settings={"access_token": "pat-of-nobody"})
    assert run.exit_code == 2
    assert "access_token rejected" in run.last_line
    assert run.stdout == ""
    assert "pat-of-nobody" not in run.stderr


def test_a_login_page_is_no_data(start: Start) -> None:
    running = start(unauthorized="login_page")
    run = running.run(settings={"access_token": "pat-of-nobody"})
    assert run.exit_code == 2
    assert "login page" in run.last_line


def test_a_token_that_is_revoked_meanwhile_ends_the_run(start: Start) -> None:
    running = start()

    def revoke(request: SandboxRequest) -> None:
        if "FROM [HR].[Employees]" in request.cql:
            running.world.accounts["reader"].token = "another"

    running.world.on_request(revoke)
    # One after the other: what is begun ahead would be refused before this table is written.
    run = running.run(settings={"tables_include": ["HR.*"], "concurrency": 1})
    assert run.exit_code == 2
    assert "rejected" in run.last_line
    assert len(run.records["hr_departments"]) == 9
    assert "hr_employees" not in run.activated


def test_a_token_that_is_revoked_when_all_is_read_retires_nothing(start: Start) -> None:
    running = start()
    catalog = select(running.discover(**ONE), "hr_departments")

    def revoke(request: SandboxRequest) -> None:
        if "[Cinchy].[Tables]" in request.cql:  # what a bookmark covers is asked at the end
            running.world.accounts["reader"].token = "another"

    running.world.on_request(revoke)
    run = running.run(settings=ONE, catalog=catalog)
    assert run.exit_code == 2
    assert len(run.records["hr_departments"]) > 0
    assert run.activated == []
    assert run.states == []
    assert "hr_departments  partial" in run.stderr


def test_pasted_tokens_are_cleaned(start: Start) -> None:
    running = start()
    token = running.world.accounts["reader"].token
    run = running.run(settings={**ONE, "access_token": f' "Bearer {token}" \n'})
    assert run.exit_code == 0, run.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"allow_insecure_http": False}, "allow_insecure_http"),
        ({"allow_insecure_http": None}, "allow_insecure_http"),
        ({"auth_method": "password", "access_token": None}, "needs username"),
        (
            {"access_token": None, "username": "a", "client_id": "b"},
            "needs password, client_secret",
        ),
        ({"api_url": "cinchy.example.com"}, "has no scheme"),
        ({"api_url": "https://u:p@cinchy.example.com"}, "must not contain a user name"),
        ({"timezone": "Mars/Olympus"}, "IANA"),
        ({"start_date": "soon"}, "start_date"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_asked(
    shared: Site, settings: dict[str, Any], words: str
) -> None:
    shared.forget()
    run = shared.run(config=shared.config(**{"tables_include": [], **settings}))
    assert run.exit_code == 2
    assert words in run.last_line
    assert run.stdout == ""
    assert shared.server.requests == []


def test_without_a_credential_the_health_is_read(start: Start) -> None:
    running = start()
    run = running.run(config=running.config(access_token=None, allow_insecure_http=None))
    assert run.exit_code == 0, run.stderr
    assert set(run.records) == set(HEALTH)
    assert not any(request.header("authorization") for request in running.server.requests)


def test_basic_reads_saved_queries_and_says_what_it_cannot(start: Start) -> None:
    running = start()
    run = running.run(config=basic(running, saved_queries=[SAVED]))
    assert run.exit_code == 0, run.stderr
    assert {query.route for query in running.app.seen.queries} == {"BasicAuthAPI"}
    assert run.records["saved_query"]
    assert "Basic cannot run it" in run.stderr
    assert set(run.records) == {*HEALTH, "saved_query"}
    secret = base64.b64encode(b"reader:pass-reader").decode()
    debug = running.run(config=basic(running, saved_queries=[SAVED]), env={"LOGLEVEL": "DEBUG"})
    assert secret not in debug.stdout + debug.stderr
    cql = running.run(config=basic(running, cql_queries=[{"name": "q", "query": "SELECT 1"}]))
    assert cql.exit_code == 2
    assert "Basic reaches saved queries only" in cql.last_line


def test_one_wrong_basic_password_is_asked_once_for_all_queries(start: Start) -> None:
    running = start()
    names = [{**SAVED, "name": f"q{place}"} for place in range(5)]
    config = basic(running, saved_queries=names)
    config["password"] = "wrong-password-11"
    config["concurrency"] = 1
    run = running.run(config=config)
    assert run.exit_code == 2
    assert "lock the account" in run.stderr
    asked = [r for r in running.server.requests if "BasicAuthAPI" in r.path]
    assert len(asked) == 1
    assert not running.app.identity.locked("reader")
    assert "wrong-password-11" not in run.stdout + run.stderr


def test_basic_beside_a_token_goes_to_its_own_route_only(start: Start) -> None:
    running = start()
    account = running.world.accounts["limited"]
    run = running.run(
        settings={
            **ONE,
            "username": account.username,
            "password": account.password,
            "saved_queries": [BASIC],
            "auth_method": "pat",
            "accept_unproved": [BASIC["name"]],
        }
    )
    assert run.exit_code == 0, run.stderr
    users = {query.route: query.username for query in running.app.seen.queries}
    assert users == {"ExecuteCQL": "reader", "BasicAuthAPI": "limited"}
    for request in running.server.requests:
        header = request.header("authorization") or ""
        assert header.startswith("Basic") is ("BasicAuthAPI" in request.path)
