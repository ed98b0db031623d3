"""Several processes keep one limit together."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cachet.conftest import site
from support.shell import run
from support.tap_run import BIN

from sandbox.cachet.generate import Size
from singer_rest.errors import ConfigError
from singer_rest.http.rate_limit import RateLimit
from singer_rest.http.shared_rate import SharedRateLimit, open_budget, split_rate
from singer_rest.stop import StopSignal

from .reading import file_of

PER_MINUTE = 60_000
TAKEN = 1_000


def taking(where: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "parts.taking", where, str(PER_MINUTE), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


def test_four_processes_and_one_that_dies_keep_one_limit(tmp_path: Path) -> None:
    where = f"file://{tmp_path}/budget.sqlite"
    workers = [taking(where, TAKEN) for _ in range(4)]
    dying = taking(where, 100 * TAKEN)
    assert dying.stdout is not None
    first = [dying.stdout.readline() for _ in range(50)]
    dying.send_signal(signal.SIGKILL)
    rest = dying.communicate()[0].splitlines()
    outputs = [worker.communicate(timeout=120)[0].split() for worker in workers]
    assert [len(output) for output in outputs] == [TAKEN] * 4
    taken = sorted(float(line) for line in itertools.chain(first, rest, *outputs) if line.strip())
    for count, milliseconds in split_rate(PER_MINUTE, None):
        for low, high in zip(taken, taken[count:], strict=False):
            # What is written down is later than what was taken, by as much as a process waits.
            assert high - low > milliseconds / 1000 * 0.5


def test_who_is_told_to_wait_makes_all_wait(tmp_path: Path) -> None:
    where = f"file://{tmp_path}/budget.sqlite"
    one, other = (SharedRateLimit(open_budget(where, 600), StopSignal()) for _ in range(2))
    one.acquire()
    until = time.time() + 1.5
    one.close_for(1.5)
    other.acquire()
    assert time.time() >= until
    assert other.waited > 0


@pytest.mark.parametrize(
    ("per_minute", "burst", "rates"),
    [
        (1000, None, [(50, 3015), (1000, 60_300)]),
        (1000, 20, [(10, 603), (1000, 60_300)]),
        (1, None, [(1, 60_300)]),
        (15, None, [(1, 4020), (15, 60_300)]),
    ],
)
def test_a_minute_is_used_in_slices(
    per_minute: int, burst: int | None, rates: list[tuple[int, int]]
) -> None:
    assert split_rate(per_minute, burst) == rates


@pytest.mark.parametrize(
    "where", ["", "budget.sqlite", "http://x/y", "file://host/x", "redis://", "memcached://h"]
)
def test_an_address_that_is_none_is_said(where: str) -> None:
    with pytest.raises(ConfigError, match="must be like file:///"):
        open_budget(where, 100)


def test_a_budget_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for where in (f"file://{tmp_path}/file/b.sqlite", "redis://:secret@127.0.0.1:1/0"):
        with pytest.raises(ConfigError, match="cannot be opened") as caught:
            open_budget(where, 100)
        assert "secret" not in caught.value.sentence


def test_a_limit_is_divided_among_processes() -> None:
    limit = RateLimit(100, StopSignal(), burst=10)
    limit.acquire()
    limit.share(4)
    assert (limit.per_minute, limit.burst) == (25, 2)
    unlimited = RateLimit(0, StopSignal())
    unlimited.share(4)
    assert unlimited.per_minute == 0


@pytest.mark.slow
def test_four_parts_use_an_enforced_limit(tmp_path: Path) -> None:
    per_minute = 1200
    with site("3", Size(metrics=150, metric_points=1000), rate_limit=per_minute) as page:
        config = page.config(
            requests_per_minute=per_minute, rate_budget=f"file://{tmp_path}/b.sqlite"
        )
        line = [str(BIN / "tap-cachet"), "--config", file_of(tmp_path, "config", config)]
        plan = tmp_path / "plan.json"
        plan.write_text(run(*line, "--parts", "4"))
        parts = [
            subprocess.Popen(
                [*line, "--part", f"{plan}#{index}"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for index in range(4)
        ]
        logs = [part.communicate(timeout=280)[1] for part in parts]
        assert [part.returncode for part in parts] == [0] * 4, logs
        asked = sorted(request.at for request in page.server.requests)
    refused = sum(int(re.findall(r"\((\d+) repeated", log)[-1]) for log in logs)
    assert len(asked) > per_minute
    assert refused < len(asked) * 0.005
    busiest = max(sum(low <= at < low + 60 for at in asked) for low in asked[:200])
    assert busiest >= per_minute * 0.9
