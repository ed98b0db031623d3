"""The command serves what its arguments describe."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sandbox.__main__ import main

from .cortex_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def command(*arguments: str) -> Iterator[str]:
    """Start the command and yield its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "cortex", "--max-seconds", "60", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        word, url = process.stdout.readline().split()
        assert word == "READY"
        yield url
    finally:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def test_sizes_keys_and_limits() -> None:
    arguments = ("--entities", "30", "--teams", "4", "--key", "mine", "--role", "READ_ONLY")
    with command(*arguments, "--requests-per-minute", "4", "--teams-in-catalog") as url:
        client = Client(url, "mine")
        assert client.get("/api/v1/catalog", types="team").status == 200
        teams = client.get("/api/v1/teams", includeTeamsWithoutMembers="true").data["teams"]
        assert len(teams) == 4
        assert client.get("/api/v1/users").status == 403
        assert Client(url).get("/api/v1/catalog").status == 401
        assert [client.get("/api/v1/catalog").status for _ in range(2)] == [200, 429]


def test_the_year_of_the_company_is_an_option() -> None:
    year = ("--company", "--now", "2026-11-20T10:00:00", "--days-ago", "90")
    with command(*year, "--churn-every", "5") as url:
        rows = Client(url).rows("/api/v1/deploys/search", pageSize=1000)
    assert len(rows) > 1000
    assert max(row["timestamp"] for row in rows) < "2026-08-23"


def test_options_and_rights_of_one_s_own() -> None:
    rights = ("--role", "CUSTOM", "--may", "View Scorecards")
    options = ("--option", "page_cap=7", "--option", "totals=text", "--odd-rules")
    with command("--entities", "30", *rights, *options) as url:
        client = Client(url)
        data = client.get("/api/v1/scorecards", showDrafts="true").data
        assert (len(data["scorecards"]), data["total"]) == (7, "8")
        assert client.get("/api/v1/users").status == 403


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--entities", "-1"), "The number of entities cannot be negative."),
        (("--option", "colour=red"), "there is no option 'colour'"),
        (("--option", "totals=none"), "option totals takes one of exact, text"),
        (("--option", "scim=maybe"), "option scim takes one of true, false"),
        (("--option", "page_cap=many"), "option page_cap takes a number"),
        (("--option", "keys=mine"), "option keys cannot be set by a text"),
        (("--may", "Fly"), "there is no permission Fly"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cortex", *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_the_evaluation_moves_scores_and_nothing_else() -> None:
    pages = []
    for number in ("0", "1"):
        with command("--now", "2026-06-01T00:00:00", "--evaluation", number) as url:
            client = Client(url)
            scores = [
                client.get(f"/api/v1/scorecards/{card['tag']}/scores").data["serviceScores"]
                for card in client.get("/api/v1/scorecards").data["scorecards"]
                if card["tag"].startswith("scorecard-")
            ]
            pages.append((client.get("/api/v1/audit-logs").data, scores))
    assert pages[0][0] == pages[1][0]
    assert pages[0][1] != pages[1][1]


def test_snowflake_can_be_served_instead() -> None:
    with command("--snowflake") as url:
        assert Client(url).get("/api/v2/cortex/v1/chat/completions").status == 405
