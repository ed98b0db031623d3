"""Credentials reach nobody but the platform, and refusals tell what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import build_world, story
from sandbox.cinchy.pages import refused

from .conftest import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

ONE = {"tables_include": [story.DEPARTMENTS]}
SAVED = {"name": "saved_query", "domain": "HR", "query": "Active Employees"}


def test_secrets_stay_out_of_everything(start: Start) -> None:
    running = start(token_requests=4)
    config = running.password(saved_queries=[SAVED], tables_include=["HR.*"], concurrency=1)
    run = running.run(config=config, env={"LOGLEVEL": "DEBUG"})
    assert run.exit_code == 0, run.stderr
    catalog = running.run("--discover", config=config, env={"LOGLEVEL": "DEBUG"})
    about = running.run("--about", "--format=json", config=config)
    everything = run.stdout + run.stderr + catalog.stdout + catalog.stderr + about.stdout
    for secret in (config["password"], config["client_secret"], "eyJ"):
        assert secret not in everything


def test_redirects_carry_no_credential_away(start: Start) -> None:
    from starlette.responses import RedirectResponse  # noqa: PLC0415

    with_other = start(build_world(rows=20))
    running = start()
    target = f"{with_other.url}/API/ExecuteCQL"

    def away(request: SandboxRequest) -> Any:
        return RedirectResponse(target, 307) if request.path.endswith("ExecuteCQL") else None

    running.world.on_request(away)
    run = running.run(settings=ONE)
    assert run.exit_code == 2
    assert "redirects to another place" in run.last_line
    assert with_other.server.requests == []


@pytest.mark.parametrize("where", ["redirect", "redirect_idp"])
def test_a_login_page_on_the_way_is_a_refusal(start: Start, where: str) -> None:
    running = start(unauthorized=where)
    wrong = running.run(settings={**ONE, "access_token": "no-such-token-55"})
    assert wrong.exit_code == 2
    assert wrong.last_line.endswith("[CREDENTIAL]")
    world = running.world

    def revoke(request: SandboxRequest) -> None:
        if "FROM [HR].[Departments]" in request.cql:
            world.accounts["reader"].token = "another"

    world.on_request(revoke)
    late = running.run(settings=ONE)
    assert late.last_line.endswith("[CREDENTIAL-REVOKED]")
    assert "api_url" not in wrong.last_line + late.last_line


def test_a_token_on_a_platform_that_knows_none_gets_a_hint(start: Start) -> None:
    running = start(build_world(rows=20, version="5.4.2"))
    run = running.run(settings=ONE)
    assert run.exit_code == 2
    assert "exist since 5.5" in run.last_line
    assert "this platform is 5.4" in run.last_line


def test_an_account_that_an_old_platform_shows_nothing_gets_a_hint(start: Start) -> None:
    running = start(build_world(rows=20, version="5.6.1"), output_zone="UTC")
    run = running.run(settings=ONE)
    assert run.exit_code == 2
    assert "before 5.7 an account whose time zone is UTC" in run.last_line


def test_the_platforms_tables_refused_get_the_same_advice_as_empty_ones(start: Start) -> None:
    running = start()

    def hide(request: SandboxRequest) -> Any:
        if "FROM [Cinchy].[Tables]" in request.cql:
            return refused("The table [Cinchy].[Tables] could not be found")
        return None

    running.world.on_request(hide)
    run = running.run(settings=ONE)
    assert run.exit_code == 2
    assert "Grant the right to view [Cinchy].[Tables]" in run.last_line
