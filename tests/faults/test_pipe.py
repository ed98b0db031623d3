"""What becomes of a run whose output nobody takes: F59.

One line says what happened, the exit code is 1, and the server is asked for nothing more.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .runner import TAP_CACHET
from .stage import SMALL, Stage

if TYPE_CHECKING:
    from .runner import Run, Runner

LONG = dataclasses.replace(SMALL, incidents=300)
LAST_WORDS = "The target closed its input after {} records; see the target's log for the reason."
CRASHING_TARGET = """
import sys
for number, line in enumerate(sys.stdin):
    if number == 40:
        raise RuntimeError("the warehouse is gone")
"""


def check(run: Run, sentence: str) -> None:
    """Assert what is true of every run that lost its reader."""
    assert run.code == 1
    assert sentence in run.last, run.last
    assert sum("| CRITICAL" in line for line in run.lines) == 1
    assert "Traceback" not in run.stderr
    assert run.outcomes["metrics"] == "skipped"
    assert run.summary["exit_code"] == 1


def test_f59_a_target_that_closes_its_input(tap: Runner) -> None:
    with Stage(size=LONG) as stage:
        streams = ["components", "incidents", "metrics"]
        config = stage.config(page_size=100, concurrency=1)  # no page is asked for ahead
        started = tap.start(config, select=streams, log="INFO")
        pipe = started.process.stdout
        assert pipe is not None
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        read = b""
        while b'"incidents","record"' not in read:
            read += os.read(pipe.fileno(), 512)
        pipe.close()
        started.process.stdout = None
        run = started.finish()
        asked = len(stage.requests("/api/incidents"))
    check(run, LAST_WORDS.format(SMALL.components) + " [OUTPUT-CLOSED]")
    assert asked == 1, "the page that could not be written was the last one asked for"
    assert not stage.requests("/api/metrics")


def test_f59_a_target_that_crashes(tap: Runner, tmp_path: Path) -> None:
    log = tmp_path / "target.log"
    with Stage(size=LONG) as stage, log.open("wb") as stderr:
        target = subprocess.Popen(
            [sys.executable, "-c", CRASHING_TARGET], stdin=subprocess.PIPE, stderr=stderr
        )
        streams = ["components", "incidents", "metrics"]
        config = stage.config(page_size=20)
        started = tap.start(config, select=streams, log="INFO", stdout=target.stdin)
        assert target.stdin is not None
        target.stdin.close()
        run = started.finish()
        target.wait()
    check(run, "The target closed its input after ")
    assert "the warehouse is gone" in log.read_text()
    assert run.result("incidents")["outcome"] == "partial"
    assert not stage.requests("/api/metrics")


def test_f59_nothing_that_waits_is_asked_for_any_more(tap: Runner) -> None:
    """Requests ahead of the reader: those under way are all that there will be."""
    size = dataclasses.replace(SMALL, metrics=40, metric_points=60)
    with Stage(size=size) as stage:
        started = tap.start(stage.config(concurrency=2), select=["metric_points"], log="INFO")
        pipe = started.process.stdout
        assert pipe is not None
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        stage.wait_for("/api/metrics/*/points", 3)
        pipe.close()
        started.process.stdout = None
        run = started.finish()
        asked = len(stage.requests("/api/metrics/*/points"))
    assert run.code == 1
    assert "The target closed its input" in run.last
    assert asked < 12, "two workers, twice as many ahead of the reader, and not all forty"


def test_f59_a_full_disk(stage: Stage, tap: Runner) -> None:
    with Path("/dev/full").open("wb") as full:
        streams = ["components", "incidents", "metrics"]
        run = tap.start(stage.config(), select=streams, log="INFO", stdout=full).finish()
    assert run.outcomes["metrics"] == "skipped"
    check(run, "Standard output takes no more after 0 records: No space left on device.")
    assert run.last.endswith("[OUTPUT-FAILED]")
    assert len(stage.requests("/api/components")) == 1
    assert not stage.requests("/api/incidents")


def test_f59_no_output_at_all(stage: Stage, tap: Runner) -> None:
    """Started with standard output closed, as some schedulers do."""
    tap.command = ("sh", "-c", 'exec "$0" "$@" >&-', *TAP_CACHET)
    run = tap.start(stage.config(), log="INFO").finish()
    assert run.code == 1
    assert "standard output was closed from the start" in run.last
    assert "Traceback" not in run.stderr


def test_f59_a_catalog_nobody_reads(tap: Runner) -> None:
    """``tap-cachet --discover | head -1``."""
    reading, writing = os.pipe()
    os.close(reading)
    config = {"api_url": "http://127.0.0.1:9"}
    started = tap.start(config, "--discover", log="INFO", stdout=writing)
    os.close(writing)
    run = started.finish()
    assert run.code == 1
    assert "Traceback" not in run.stderr


def test_f59_a_slow_reader_loses_nothing(tap: Runner) -> None:
    """A pipe of 4 kB, emptied in small bites: the tap waits for its target."""
    with Stage(size=LONG) as stage:
        started = tap.start(stage.config(page_size=100), select=["incidents"])
        pipe = started.process.stdout
        assert pipe is not None
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        read = []
        while bite := os.read(pipe.fileno(), 700):
            read.append(bite)
        run = started.finish(b"".join(read))
        expected = stage.ids("incidents")
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == expected
    assert len(run.ids("incidents")) == len(expected)
    assert run.activated == ["incidents"]
