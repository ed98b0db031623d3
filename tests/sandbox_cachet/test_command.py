"""The sandbox command, started as a user does."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from .client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = Path(sys.executable).with_name("singer-sandbox")
TINY = ("--incidents", "3", "--metric-points", "2")
SECONDS = 30


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running command and the address it printed."""
    command = [str(COMMAND), *arguments, "--max-seconds", "60"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("READY http://127.0.0.1:"), process.communicate()[1]
            yield process, line.removeprefix("READY ").strip()
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, and what was printed after READY."""
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, timeout=SECONDS, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_a_signal(number: signal.Signals) -> None:
    with started("cachet", *TINY) as (process, url):
        client = Client(url)
        assert client.get("ping").json == {"data": "Pong!"}
        assert len(client.get("incidents").ids) > 0
        process.send_signal(number)
        assert ended(process) == (0, "", "")


def test_stops_after_its_time() -> None:
    found = run(str(COMMAND), "cachet", *TINY, "--max-seconds", "0.1")
    assert found.returncode == 0
    assert found.stdout.startswith("READY ")
    assert (found.stdout.count("\n"), found.stderr) == (1, "")


def test_stops_when_stdin_closes() -> None:
    with started("cachet", *TINY, "--stop-with-parent") as (process, _):
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        assert ended(process) == (0, "", "")


def test_stops_when_its_parent_is_gone() -> None:
    # The parent starts the sandbox with no pipe to it, and ends at once.
    parent = textwrap.dedent(f"""
        import subprocess, sys
        child = subprocess.Popen(
            [{str(COMMAND)!r}, "cachet", "--incidents", "1", "--stop-with-parent",
             "--max-seconds", "60"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        print(child.stdout.readline().split()[1], child.pid)
    """)
    found = run(sys.executable, "-c", parent)
    url, pid = found.stdout.split()
    address = urlsplit(url)
    try:
        for _ in range(SECONDS * 100):
            with socket.socket() as probe:
                probe.settimeout(0.1)
                if probe.connect_ex((address.hostname, address.port)):
                    return
                probe.settimeout(0.01)
                with contextlib.suppress(TimeoutError):
                    probe.recv(1)
        pytest.fail("the sandbox outlived its parent")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def test_options_reach_the_server() -> None:
    arguments = ("--api", "2.4", "--prefix", "/status", "--token", "k", "--now", "2026-11-20T10:00")
    with started("cachet", *TINY, *arguments, "--latency-ms", "1") as (_, url):
        client = Client(url, "k", "/status/api/v1")
        answer = client.get("subscribers")
        assert answer.status == 200
        assert answer.headers["date"] == "Fri, 20 Nov 2026 10:00:00 GMT"


def test_rarer_things_are_switched_on_by_the_command() -> None:
    arguments = ("--tags", "--first-record", "--quirk", "list-meta", "--insertion-order")
    with started("cachet", "--incidents", "9", *arguments) as (_, url):
        client = Client(url)
        rows = client.get("incidents", "include=tags,meta&sort=id").json["data"]
        assert ["eu", "prod"] in [row["attributes"]["meta"] for row in rows]
        assert client.get("incidents/4").json["data"]["id"] == "1"


def test_the_year_of_the_company_is_an_option() -> None:
    year = ("--company", "--now", "2026-11-20T10:00", "--days-ago", "90")
    with started("cachet", *year, "--churn-every", "5") as (_, url):
        answer = Client(url).get("incidents", "per_page=100&sort=id")
    assert answer.headers["date"] == "Sat, 22 Aug 2026 10:00:00 GMT"
    assert len(answer.ids) > 20


def test_a_token_may_have_few_abilities() -> None:
    tokens = ("--token", "1|a=subscribers.manage", "--token", "2|b=", "--rate-limit", "300")
    with started("cachet", *TINY, *tokens) as (_, url):
        assert Client(url, "1|a").get("subscribers").status == 200
        denied = Client(url, "2|b").get("subscribers")
        assert (denied.status, denied.headers["x-ratelimit-limit"]) == (403, "300")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--api", "4"), "api '4' is unknown"),
        (("--timezone", "Mars"), "time zone 'Mars' is unknown"),
        (("--incidents", "-1"), "incidents must not be negative"),
        (("--prefix", "status"), "must look like /status"),
        (("--now", "soon"), "soon"),
    ],
)
def test_wrong_options_are_one_sentence(arguments: tuple[str, ...], message: str) -> None:
    found = run(str(COMMAND), "cachet", *arguments)
    assert (found.returncode, found.stdout) == (2, "")
    assert message in found.stderr.splitlines()[-1]


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = run(str(COMMAND), "cachet", *TINY, "--port", port)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith(f"The sandbox cannot listen on port {port}:")
    assert found.stderr.count("\n") == 1


def test_systems_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    import sandbox  # noqa: PLC0415

    source = Path(sandbox.__file__).parent
    copy = tmp_path / "sandbox"
    copy.mkdir()
    for path in source.glob("*.py"):
        shutil.copy(path, copy / path.name)
    (copy / "cortex").mkdir()
    (copy / "cortex" / "__init__.py").touch()
    shutil.copytree(source / "cachet", copy / "cachet")
    code = "from sandbox.__main__ import installed_systems; print(installed_systems())"
    found = run(sys.executable, "-c", code, cwd=tmp_path)
    assert found.stdout.strip() == "['cachet']", found.stderr
