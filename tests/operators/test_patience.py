"""An outage of a minute does not cost a night, and nobody is left without a word meanwhile."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from faults.answers import raw
from faults.runner import Runner, Started
from faults.systems import SYSTEMS

if TYPE_CHECKING:
    from pathlib import Path

    from faults.server import Exchange
    from faults.stage import Stage

REFUSALS = 8
"""More than any number of tries allows."""
STATE = {"bookmarks": {"metrics": {"complete_rows": 1}}}


def wait_for(started: Started, words: str, count: int = 1) -> str:
    """Read the log of a running tap until it says something so often; returns what it said."""
    log = started.folder / "stderr"
    for _try in range(2000):
        text = log.read_text()
        if len(re.findall(words, text)) >= count:
            return text
        time.sleep(0.01)
    raise AssertionError(text)


@pytest.mark.parametrize("arguments", [(), ("--test",), ("--plan",), ("--discover",)])
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_server_that_comes_back(tmp_path: Path, name: str, arguments: tuple[str, ...]) -> None:
    if arguments == ("--discover",) and name != "cinchy":
        arguments = ()  # the other two know their streams without asking
    command, stage_of, _key, streams = SYSTEMS[name]
    stage = stage_of()  # bound, and not listening yet: connections are refused
    config = stage.config(outage_patience=60, max_retries=1)
    more = {"select": streams} if streams and not arguments else {}
    started = Runner(tmp_path, command).start(config, *arguments, **more)
    wait_for(started, "connection refused", REFUSALS)
    with stage:
        run = started.finish()
    assert run.code == 0, run.last
    if not arguments:
        assert set(run.outcomes.values()) == {"complete"}


def test_a_server_that_restarts_in_the_middle(stage: Stage, tap: Runner) -> None:
    def restart(exchange: Exchange) -> None:
        stage.dropped = exchange.seen.connection + REFUSALS
        exchange.reply(exchange.whole())
        exchange.keep_alive = False

    stage.script("/api/components", restart)
    config = stage.config(outage_patience=60, max_retries=1, concurrency=1)
    run = tap(config, select=["components", "incidents"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    assert stage.seen[-1].connection > stage.dropped > REFUSALS


SECONDS: dict[str, tuple[tuple[str, ...], dict[str, Any], int]] = {
    "a first run": ((), {}, 10),
    "a test": (("--test",), {"state": STATE}, 10),
    "a run with a state": ((), {"state": STATE}, 120),
}


@pytest.mark.parametrize("how", SECONDS)
def test_the_first_refusal_is_told_with_what_to_expect(stage: Stage, tap: Runner, how: str) -> None:
    arguments, more, seconds = SECONDS[how]
    stage.dropped = 1
    config = stage.config(retry_pause=1)
    run = tap(
        config, *arguments, log="INFO", **({} if arguments else {"select": ["metrics"]}), **more
    )
    assert run.code == 0, run.last
    [line] = [line for line in run.lines if "Trying again" in line]
    told = re.search(r"in \d\.\d s, for up to (\d+) s\.$", line)
    assert told, line
    assert seconds - 2 <= int(told[1]) <= seconds


def test_what_stays_broken_is_waited_for_once(stage: Stage, tap: Runner) -> None:
    for route in ("components", "metrics"):
        stage.script(f"/api/{route}", forever=raw(500))
    run = tap(stage.config(outage_patience=1, max_retries=1), select=["components", "metrics"])
    assert run.code == 1
    assert len(stage.requests("/api/components")) > REFUSALS
    assert len(stage.requests("/api/metrics")) < REFUSALS  # with a smaller page, too


def test_nobody_waits_without_pauses(stage: Stage, tap: Runner) -> None:
    stage.script("/api/metrics", forever=raw(503))
    run = tap(stage.config(max_retries=2), select=["metrics"])
    assert run.code == 1
    assert len(stage.requests("/api/metrics")) < REFUSALS
