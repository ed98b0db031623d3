"""A stop signal ends a run soon, whatever it waits for, and never looks like success: F58.

No test sleeps: the server says when the request arrived behind which the tap waits.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .answers import held, silence, status, whole
from .stage import SMALL, Stage

if TYPE_CHECKING:
    from .runner import Run, Runner, Started

STREAMS = ["components", "incidents", "metrics"]
INT, TERM = (signal.SIGINT, 130), (signal.SIGTERM, 143)
WAITS: dict[str, Any] = {
    "a slow answer": (INT, silence(), {"concurrency": 4}),
    "a slow answer, one at a time": (TERM, silence(), {"concurrency": 1}),
    "the limit": (INT, status(429, retry_after="200"), {}),
    "a retry": (TERM, status(503), {"retry_pause": 60}),
}
LONG = dataclasses.replace(SMALL, incidents=300)


def check(run: Run, code: int, *, state: list[str]) -> None:
    """Assert what is true of every stopped run that had read these streams."""
    assert run.code == code
    assert run.last.endswith("run again to go on. [STOPPED]"), run.last
    assert sum("| CRITICAL" in line for line in run.lines) == 1
    assert "Traceback" not in run.stderr
    assert sorted(run.state["bookmarks"]) == state
    assert run.activated == state
    assert run.summary["exit_code"] == code


@pytest.mark.parametrize("waiting_for", WAITS)
def test_f58_a_signal_ends_a_run_that_waits(stage: Stage, tap: Runner, waiting_for: str) -> None:
    (signum, code), answer, settings = WAITS[waiting_for]
    stage.script("/api/incidents", forever=answer)
    started = tap.start(stage.config(**settings), select=STREAMS, log="INFO")
    stage.wait_for("/api/incidents")
    started.kill(signum)
    check(started.finish(), code, state=["components"])
    assert not stage.requests("/api/metrics")
    assert len(stage.requests("/api/incidents")) == 1


def test_f58_a_signal_ends_a_run_that_waits_for_its_own_budget(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, metrics=30)) as stage:
        config = stage.config(requests_per_minute=12, concurrency=4)
        started = tap.start(config, select=["components", "metric_points"], log="INFO")
        stage.wait_for("*", 12)
        started.kill(signal.SIGTERM)
        run = started.finish()
    assert run.code == 143
    assert "metric_points" not in run.activated
    assert len(stage.requests()) == 12


def test_f58_a_signal_ends_a_run_among_parents(tap: Runner) -> None:
    """Parents that were read are in the state, the one under way is not."""
    with Stage(size=dataclasses.replace(SMALL, metrics=8)) as stage:
        ids = sorted(stage.ids("metrics"))
        slow = f"/api/metrics/{ids[4]}/points"
        gate = threading.Event()
        stage.script(slow, forever=held(gate))
        started = tap.start(stage.config(concurrency=3), select=["metric_points"], log="INFO")
        stage.wait_for(slow)
        started.kill(signal.SIGTERM)
        run = started.finish()
        gate.set()
        rest = tap(stage.config(), select=["metric_points"], state=run.state if run.states else {})
        expected = stage.ids("metric_points")
    assert run.code == 143
    assert run.activated == []
    assert run.outcome("metric_points") == "partial"
    parts = run.state["bookmarks"]["metric_points"]["partitions"] if run.states else []
    assert {part["context"]["metric_id"] for part in parts} <= set(ids[:4])
    assert {row["metric_id"] for row in run.rows("metric_points")} <= set(ids[:4])
    assert rest.code == 0, rest.last
    assert set(run.ids("metric_points")) | set(rest.ids("metric_points")) == expected


def test_f58_what_came_before_stays(tap: Runner) -> None:
    """A signal between two pages: every row of the first one is there."""
    with Stage(size=dataclasses.replace(SMALL, incidents=60)) as stage:
        stage.script("/api/incidents", whole(), forever=silence())
        config = stage.config(page_size=20, concurrency=1)
        started = tap.start(config, select=["components", "incidents"], log="INFO")
        stage.wait_for("/api/incidents", 2)
        started.kill(signal.SIGINT)
        run = started.finish()
    check(run, 130, state=["components"])
    assert len(run.rows("incidents")) == 20
    assert run.outcome("incidents") == "partial"


def test_f58_the_page_under_way_is_written_whole(tap: Runner) -> None:
    with Stage(size=LONG) as stage:
        started, read = blocked(stage, tap)
        started.kill(signal.SIGTERM)
        delivered(started)
        run = started.finish(read)  # every line is parsed
        assert len(stage.requests("/api/incidents")) == 1
    assert run.code == 143
    assert len(run.rows("incidents")) == 100
    assert run.activated == []


@pytest.mark.parametrize("order", [(signal.SIGINT, signal.SIGTERM), (signal.SIGTERM,) * 2])
def test_f58_a_second_signal_ends_it_at_once(tap: Runner, order: tuple[int, int]) -> None:
    with Stage(size=LONG) as stage:
        started, read = blocked(stage, tap)
        for signum in order:
            started.kill(signum)
            if len(set(order)) == 1:  # two alike would be one, were the first not yet delivered
                delivered(started)
        run = ended_unread(started, read)
    assert run.code in {128 + signum for signum in order}
    assert run.activated == []
    assert "[STOPPED]" not in run.stderr, "at once means without its own last words"


def test_f58_a_target_that_reads_nothing_cannot_hold_a_stopped_run(tap: Runner) -> None:
    with Stage(size=LONG) as stage:
        started, read = blocked(stage, tap)
        started.kill(signal.SIGTERM)
        run = ended_unread(started, read)
    assert run.code == 143
    assert run.last.endswith("run again to go on. [STOPPED]"), run.last
    assert run.activated == []
    assert len(stage.requests("/api/incidents")) == 1


def blocked(stage: Stage, tap: Runner) -> tuple[Started, bytes]:
    """Start a tap and read until it writes a page; the pipe is too small for the rest of it."""
    config = stage.config(page_size=100, concurrency=1)  # no page is asked for ahead
    started = tap.start(config, select=["incidents"], log="INFO")
    pipe = started.process.stdout
    assert pipe is not None
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    read = b""
    while b'"RECORD"' not in read:
        read += os.read(pipe.fileno(), 1024)
    return started, read


def delivered(started: Started) -> None:
    """Wait until no signal is pending for the process."""
    status = Path(f"/proc/{started.process.pid}/status")
    while status.exists() and pending(status.read_text()):
        pass


def pending(status: str) -> bool:
    """Whether the text of a status file of /proc names a pending signal."""
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return any(int(fields[name], 16) for name in ("SigPnd", "ShdPnd"))


def ended_unread(started: Started, read: bytes) -> Run:
    """Wait for the end of a tap without reading; the line in which it was cut off is left out."""
    guard = threading.Timer(60, started.kill)
    guard.start()
    os.waitid(os.P_PID, started.process.pid, os.WEXITED | os.WNOWAIT)
    guard.cancel()
    assert started.process.stdout is not None
    whole, end, _cut_off = (read + started.process.stdout.read()).rpartition(b"\n")
    return started.finish(whole + end)


def test_f58_before_anything_is_read(stage: Stage, tap: Runner) -> None:
    """During the first question of all, which only proves that the key is good."""
    stage.script("*", forever=silence())
    started = tap.start(stage.config(), select=STREAMS, log="INFO")
    stage.wait_for("*")
    started.kill(signal.SIGINT)
    run = started.finish()
    assert run.code == 130
    assert run.messages == []
    assert run.last.endswith("[STOPPED]")


def test_f58_during_the_doctor(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", forever=silence())
    started = tap.start(stage.config(), "--test", log="INFO")
    stage.wait_for("/api/incidents")
    started.kill(signal.SIGTERM)
    run = started.finish()
    assert run.code == 143
    assert run.last.endswith("[STOPPED]")
