"""Tokens, lockouts, where they are found, and what each account sees."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import re
from typing import TYPE_CHECKING

import pytest
import requests

from sandbox.cinchy import Account, build_world, story

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]

ONE = {"Query": "SELECT 1", "ResultFormat": "JSON"}


def status(site: Site, token: str, scheme: str = "Bearer") -> int:
    headers = {"Authorization": f"{scheme} {token}"}
    return site.http.post(f"{site.url}/API/ExecuteCQL", ONE, headers=headers).status_code


def status_alone(site: Site, token: str) -> int:
    """Ask over a connection of its own, from any thread."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{site.url}/API/ExecuteCQL", ONE, headers=headers, timeout=60).status_code


def test_a_token_works_until_it_expires(start: Start) -> None:
    site = start(expires_in=600)
    answer = site.token().json()
    assert (answer["expires_in"], answer["token_type"]) == (600, "Bearer")
    token = answer["access_token"]
    assert status(site, token) == 200
    site.world.clock.advance(599)
    assert status(site, token) == 200
    site.world.clock.advance(1)
    assert status(site, token) == 401


def test_tokens_may_expire_earlier_than_said(start: Start) -> None:
    site = start(token_lifetime=10)
    token = site.token().json()["access_token"]
    site.world.clock.advance(11)
    assert status(site, token) == 401
    site.app.options.token_lifetime = None
    site.app.options.token_requests = 2
    token = site.token().json()["access_token"]
    assert [status(site, token) for _ in range(3)] == [200, 200, 401]
    site.app.options.token_requests = None
    token = site.token().json()["access_token"]
    site.app.identity.expire_tokens()
    assert status(site, token) == 401
    assert len(site.app.seen.token_requests) == 3


def test_the_claims_of_a_token(start: Start) -> None:
    token = start().token().json()["access_token"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["id"], claims["amr"]) == ("reader", ["custom"])
    assert claims["exp"] - claims["nbf"] == 3600
    assert claims["sub"].isdigit()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": "wrong"}, "invalid_grant"),
        ({"username": "nobody"}, "invalid_grant"),
        ({"username": "Anonymous", "password": "pass-Anonymous"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "saml2", "token": "wrong"}, "invalid_grant"),
    ],
)
def test_a_refused_token_request(start: Start, changes: dict[str, str], error: str) -> None:
    site = start()
    answer = site.token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert [seen.outcome for seen in site.app.seen.token_requests] == [error]


def test_saml_gives_a_token_too(start: Start) -> None:
    site = start()
    saml = site.world.accounts["reader"].saml
    assert status(site, site.token(grant_type="saml2", token=saml).json()["access_token"]) == 200


def test_three_wrong_passwords_lock_the_account_for_fifteen_minutes(start: Start) -> None:
    site = start()
    for _ in range(2):
        site.token(password="wrong")
    assert site.token().status_code == 200
    for _ in range(2):
        site.token(password="wrong")
    assert not site.app.identity.locked("reader")
    site.token(password="wrong")
    assert site.app.identity.locked("reader")
    assert site.token().json()["error"] == "invalid_grant"
    site.world.clock.advance(15 * 60)
    assert site.token().status_code == 200


def test_personal_access_tokens_came_with_5_5(start: Start) -> None:
    assert status(start(), "pat-reader") == 200
    assert status(start(), "pat-wrong") == 401
    assert status(start(build_world(rows=20, version="5.4.0")), "pat-reader") == 401


@pytest.mark.parametrize(
    ("how", "code", "type_", "location"),
    [
        ("page", 401, "text/html", None),
        ("login_page", 200, "text/html", None),
        ("forbidden", 403, "text/html", None),
        ("error_body", 200, "application/json", None),
        ("redirect", 302, None, "/Cinchy/Account/Login?ReturnUrl=%2FCinchy%2FAPI%2FExecuteCQL"),
        ("redirect_idp", 302, None, "/Cinchy/idp/identity/connect/authorize?client_id=cinchy"),
    ],
)
def test_who_is_not_signed_in_is_told_in_many_ways(
    start: Start, how: str, code: int, type_: str | None, location: str | None
) -> None:
    site = start(unauthorized=how, base_path="/Cinchy")
    url = f"{site.url}/API/ExecuteCQL"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = site.http.post(url, ONE, headers=headers, allow_redirects=False)
        assert answer.status_code == code
        assert "X-Cinchy-Error" not in answer.headers
        if type_ is not None:
            assert answer.headers["Content-Type"].startswith(type_)
        if location is not None:
            assert location in answer.headers["Location"]
            followed = site.http.post(url, ONE, headers=headers)
            assert followed.status_code == 200
            assert "Please sign in" in followed.text
    assert site.http.get(f"{site.url}/API/HR/Salaries", allow_redirects=False).status_code == code
    assert status(site, "pat-reader") == 200


def test_the_login_may_be_on_another_host(start: Start) -> None:
    site = start(unauthorized="redirect_idp", advertised_idp="https://elsewhere.example/idp")
    answer = site.http.post(f"{site.url}/API/ExecuteCQL", ONE, allow_redirects=False)
    assert answer.headers["Location"].startswith("https://elsewhere.example/idp/identity/connect/")


def test_a_token_may_expire_while_eight_requests_are_under_way(start: Start) -> None:
    site = start(token_in_flight=8, latency=0.4)
    token = site.token().json()["access_token"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: status_alone(site, token), range(8))) == {401}
        token = site.token().json()["access_token"]
        assert set(pool.map(lambda _: status_alone(site, token), range(8))) == {200}


def test_the_configuration_tells_where_things_are(start: Start) -> None:
    site = start(base_path="/Cinchy", idp_path="/cinchysso")
    found = site.get("/.well-known/cinchy-configuration").json()
    assert found["idp_endpoint"] == f"{site.origin}/cinchysso"
    endpoint = re.sub(r";/[^;]*silent-refresh.html", "", found["connections_endpoint"])
    assert endpoint == f"{site.url}/connections" != found["connections_endpoint"]
    assert site.token().status_code == 200
    assert site.http.get(f"{site.origin}/cinchysso/healthcheck").status_code == 200
    assert site.http.get(f"{site.origin}/cinchY/HEALTHCHECK").status_code == 200
    assert site.http.get(f"{site.origin}/healthcheck").status_code == 404
    assert site.get("/api/getstsauthorityuri").json() == found["idp_endpoint"]


def test_the_configuration_may_be_missing_a_page_or_point_elsewhere(start: Start) -> None:
    site = start(well_known="absent")
    path = "/.well-known/cinchy-configuration"
    assert site.get(path).status_code == 404
    site.app.options.well_known = "html"
    assert site.get(path).headers["Content-Type"].startswith("text/html")
    site.app.options.well_known = "json"
    site.app.options.advertised_idp = "https://elsewhere.example/idp"
    site.app.options.silent_refresh_tail = False
    found = site.get(path).json()
    assert found["idp_endpoint"] == "https://elsewhere.example/idp"
    assert found["connections_endpoint"] == f"{site.url}/connections"


def test_tokens_may_be_given_where_only_discovery_knows(start: Start) -> None:
    site = start(token_path="/connect/token")
    assert site.token().status_code == 404
    found = site.get("/idp/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{site.url}/idp/connect/token"
    assert site.http.post(found["token_endpoint"], {}).json() == {"error": "invalid_client"}


def test_a_limited_account_sees_less_and_is_not_told(start: Start) -> None:
    site = start()
    limited = site.become("limited")
    seen = limited.discover()
    business = {name for name in seen if not name.startswith("Cinchy.")}
    assert business == {story.EMPLOYEES, story.DEPARTMENTS, story.TASKS, story.PROJECTS}
    done = "SELECT [Cinchy Id] FROM [Delivery].[Tasks] WHERE [Status] = 'Done'"
    assert (len(limited.rows(done)), len(site.rows(done))) == (0, 15)
    assert "could not be found" in limited.refusal("SELECT [Salary] FROM [HR].[Employees]")
    columns = [
        one["columnName"]
        for one in limited.execute("SELECT * FROM [HR].[Employees]").json()["schema"]
    ]
    assert not {"Salary", "Photo"} & set(columns)
    invoices = "SELECT [Cinchy Id] FROM [Finance].[Invoices]"
    assert limited.refusal(invoices) == "The table [Finance.Invoices] could not be found"
    customer = "SELECT [Customer].[Cinchy Id] FROM [Delivery].[Projects]"
    assert limited.refusal(customer) == "The column [Cinchy Id] could not be found"
    site.app.options.forbidden_tables = "empty"
    assert limited.rows(invoices) == []


def test_a_filtered_row_has_no_label_but_keeps_its_id(start: Start) -> None:
    site = start()
    site.world.update(story.TASKS, 5, {"Depends On": (3,)})
    both = "[Depends On].[Cinchy Id], [Depends On]"
    query = f"SELECT {both} FROM [Delivery].[Tasks] WHERE [Cinchy Id] = 5"
    assert site.become("limited").rows(query) == [[3, None]]
    assert site.rows(query)[0][1] is not None


def test_an_account_may_see_no_metadata_at_all(start: Start) -> None:
    lowly = start().become("lowly")
    assert lowly.rows("SELECT [Cinchy Id] FROM [Cinchy].[Tables]") == []
    assert lowly.rows("SELECT [Cinchy Id] FROM [Cinchy].[Table Columns]") == []
    assert lowly.rows("SELECT [Cinchy Id] FROM [HR].[Departments]")


def test_entitlements_by_name(start: Start) -> None:
    site = start()
    url = f"{site.url}/Account/GetTableEntitlementsByName"
    asked = {"domainName": "HR", "tableName": "Employees"}
    headers = site.become("limited").headers
    found = site.http.post(url, json=asked, headers=headers).json()
    hidden = {c["columnName"] for c in found["columnEntitlements"] if not c["canView"]}
    assert hidden == {"Salary", "Photo"}
    ids = {c["columnId"] for c in found["columnEntitlements"]}
    assert ids == {column.column_id for column in site.world.table(story.EMPLOYEES).columns}
    nothing = {"domainName": "Finance", "tableName": "Invoices"}
    found = site.http.post(url, json=nothing, headers=headers).json()
    assert found["accessIsDefinedForCurrentUser"] is False
    assert site.http.post(url, json={}, headers=headers).status_code == 400
    assert site.http.post(url, json=asked).status_code == 401
    six = start(build_world(rows=20, version="6.0.0"))
    url = f"{six.url}/Account/GetTableEntitlementsByName"
    assert six.http.post(url, json=asked, headers=headers).status_code == 400
    renamed = {"dataProductName": "HR", "tableName": "Employees"}
    assert six.http.post(url, json=renamed, headers=headers).status_code == 200


def test_the_session_check(start: Start) -> None:
    site = start()
    assert site.get("/Account/GetGroupsCurrentUserBelongsTo").json() == [{"name": "All Users"}]
    path = f"{site.url}/Account/GetGroupsCurrentUserBelongsTo"
    assert site.http.get(path).status_code == 401


def test_accounts_may_be_added_while_served(start: Start) -> None:
    site = start()
    account = Account(username="new", tables=("Facilities.*",), hidden={story.SITES: {"Position"}})
    site.world.add_account(account, "New", "Comer")
    new = site.become("new")
    assert new.rows("SELECT [Name] FROM [Facilities].[Sites]")
    assert "could not be found" in new.refusal("SELECT [Position] FROM [Facilities].[Sites]")
