"""The command serves what its arguments describe."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

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


def test_impossible_sizes_are_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "cortex", "--entities", "-1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "The number of entities cannot be negative." in done.stderr
    assert "Traceback" not in done.stderr
