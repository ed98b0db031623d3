"""What a user types and what a server sends, however odd, is never "a bug in the tap"."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from .answers import edited, raw, redirect, silence, status
from .runner import MAX_RUN, TAP_CACHET, Run, discover, environment, selecting
from .test_config import refused

if TYPE_CHECKING:
    from pathlib import Path

    from .runner import Runner
    from .stage import Stage

INCIDENTS = "/api/incidents"
ONE = ["incidents"]
TOO_LONG = "9" * 400


def failed(run: Run, words: str) -> None:
    """Assert that one stream failed with a sentence of its own."""
    assert run.code == 1, run.stderr
    assert words in run.last, run.last
    assert "[BUG]" not in run.last
    assert run.activated == []


@pytest.mark.parametrize("location", ["http://[::1", "http://host:port/x", "//[x"])
def test_a_redirect_to_no_address(stage: Stage, tap: Runner, location: str) -> None:
    stage.script(INCIDENTS, forever=redirect(location))
    failed(tap(stage.config(), select=ONE, log="INFO"), "which is no address")


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_wait_of_many_digits(stage: Stage, tap: Runner, digits: int) -> None:
    stage.script(INCIDENTS, forever=status(429, retry_after="9" * digits))
    failed(tap(stage.config(), select=ONE, log="INFO"), "the server asks to wait")


def test_a_wait_of_many_digits_in_a_body(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=raw(429, b'{"retryAfter": %s}' % TOO_LONG.encode()))
    failed(tap(stage.config(max_wait=1), select=ONE, log="INFO"), "429")


@pytest.mark.parametrize("digits", [25, 400, 5000])
def test_a_whole_number_of_many_digits(stage: Stage, tap: Runner, digits: int) -> None:
    body = json.dumps({"data": [{"id": "7", "type": "incidents", "attributes": {"id": 7}}]})
    body = body.replace('"id": 7', '"id": 7, "user_id": ' + "9" * digits)
    stage.script(INCIDENTS, forever=raw(200, body.encode()))
    run = tap(stage.config(), select=ONE, log="INFO")
    assert run.code in {0, 1}
    assert "[BUG]" not in run.last


@pytest.mark.parametrize("key", [{"a": 1}, [1], "9" * 5000, None])
def test_a_key_that_is_none(stage: Stage, tap: Runner, key: Any) -> None:
    def change(body: Any) -> None:
        body["data"][0]["id"] = key
        body["data"][0]["attributes"]["id"] = key

    stage.script(INCIDENTS, forever=edited(change))
    run = tap(stage.config(), select=ONE, log="INFO")
    assert run.code == 1, run.last
    assert "[BUG]" not in run.last
    assert run.activated == []


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_bookmark_at_the_end_of_time(stage: Stage, tap: Runner, value: str) -> None:
    entry = {"replication_key": "updated", "replication_key_value": value}
    names = ["incidents", "metric_points"]
    state = {"bookmarks": {name: dict(entry) for name in names}}
    run = tap(stage.config(), select=names, state=state, log="INFO")
    assert "[BUG]" not in run.last
    assert run.code in {0, 2}, run.last


@pytest.mark.parametrize("agent", ["tap\r\nX-Evil: 1", "данные", "tab\there"])
def test_a_user_agent_that_no_header_holds(stage: Stage, tap: Runner, agent: str) -> None:
    refused(tap(stage.config(user_agent=agent), log="INFO"), "user_agent holds")
    assert not stage.seen


@pytest.mark.parametrize(
    "setting",
    ["request_timeout", "response_timeout", "max_wait", "retry_pause", "progress_interval"],
)
def test_a_span_that_no_clock_counts(stage: Stage, tap: Runner, setting: str) -> None:
    run = tap(stage.config(**{setting: 10**12}), log="INFO")
    refused(run, f"The setting {setting} must be at most")


MAPS = ["1 +", "1 / 0", "record['nothing']", "nothing", "int('x')", "open('x')", "(" * 300]


@pytest.mark.parametrize("expression", MAPS)
def test_an_expression_that_cannot_be_read(stage: Stage, tap: Runner, expression: str) -> None:
    maps = {"incidents": {"made": expression}}
    run = tap(stage.config(stream_maps=maps), select=ONE, log="INFO")
    assert run.code == 2, run.last
    assert "stream_maps" in run.last
    assert run.last.endswith("[CONFIG]")


def test_a_replication_method_that_nobody_knows(stage: Stage, tap: Runner) -> None:
    catalog = selecting(discover(tuple(TAP_CACHET)), ONE)
    for stream in catalog["streams"]:
        if stream["stream"] in ONE:
            stream["replication_method"] = "WHATEVER"
    refused(tap(stage.config(), catalog=catalog, log="INFO"), "replication method WHATEVER")


@pytest.mark.parametrize("proxy", ["http://:port", "http://[::1", "nonsense://x", "http://a b:1"])
def test_a_proxy_that_is_no_address(stage: Stage, tap: Runner, proxy: str) -> None:
    run = tap(stage.config(), env={"HTTP_PROXY": proxy, "http_proxy": proxy}, log="INFO")
    refused(run, "The proxy")
    assert "HTTP_PROXY" in run.last
    assert "api_url" not in run.last


def test_a_limit_that_names_no_wait_is_not_run_into(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=status(429, retry_after="0"))
    failed(tap(stage.config(max_wait=1), select=ONE, log="INFO"), "the limit did not lift")
    assert len(stage.requests(INCIDENTS)) <= 6


def test_a_whole_number_with_a_point(stage: Stage, tap: Runner) -> None:
    run = tap(stage.config(page_size=50.0), select=["components"], log="INFO")
    assert run.code == 0, run.last
    assert {seen.query["per_page"] for seen in stage.requests("/api/components")} == {"50"}


def test_a_closed_terminal_is_a_stop_signal(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=silence())
    started = tap.start(stage.config(), select=["components", "incidents"], log="INFO")
    stage.wait_for(INCIDENTS)
    started.kill(signal.SIGHUP)
    run = started.finish()
    assert run.code == 129
    assert run.last.endswith("[STOPPED]")
    assert run.summary["exit_code"] == 129


@pytest.mark.parametrize("how", ["closed", "unread"])
def test_without_standard_error_words_are_lost_and_no_rows(
    stage: Stage, tap: Runner, tmp_path: Path, how: str
) -> None:
    whole = tap(stage.config(), select=["components"])
    file = tmp_path / "config.json"
    file.write_text(json.dumps(stage.config()))
    ending = {"closed": "2>&-", "unread": "2> >(exec 0<&-)"}[how]
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps(selecting(discover(tuple(TAP_CACHET)), ["components"])))
    run = subprocess.run(
        ["bash", "-c", f'"$0" --config "$1" --catalog "$2" {ending}', *TAP_CACHET, file, catalog],
        check=False,
        capture_output=True,
        env=environment(log="INFO"),
        cwd=tmp_path,
        timeout=MAX_RUN,
    )
    assert run.returncode == 0
    kept = b'{"type":"RECORD","stream":"components"'
    records = [line for line in run.stdout.splitlines() if line.startswith(kept)]
    assert len(records) == len(whole.rows("components"))
