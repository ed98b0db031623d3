"""Several processes keep one limit together."""

from __future__ import annotations

import bisect
import contextlib
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis_server import MISSING, RedisServer, has_redis, start_redis
from support.shell import run
from support.tap_run import BIN, discover, select

from singer_rest.errors import ConfigError
from singer_rest.http.rate_limit import RateLimit
from singer_rest.http.shared_rate import SharedRateLimit, open_budget, split_rate
from singer_rest.stop import StopSignal

from .reading import file_of

ROOT = Path(__file__).resolve().parents[2]
PER_MINUTE = 60_000
TAKEN = 1_000
CLOCKS = 0.01
"""Seconds by which two readings of one clock may differ: places are counted in milliseconds."""


needs_redis = pytest.mark.skipif(not has_redis(), reason=MISSING)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with start_redis() as server:
        yield server


@pytest.fixture(params=["file", pytest.param("redis", marks=needs_redis)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a budget is, for each kind."""
    if request.param == "file":
        return f"file://{tmp_path}/budget.sqlite"
    server: RedisServer = request.getfixturevalue("redis")
    return server.url


def taking(where: str, count: int, ahead: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "parts.taking", where, str(PER_MINUTE), str(count), str(ahead)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


def check_rates(lines: Iterable[str]) -> None:
    """Fail where more places were taken within some time than may be, as certain as can be.

    A place was taken between two moments that its process wrote down, however long it was held up:
    too many were taken where the first of them was not yet and the last one was already.
    """
    # Of a process that was killed the last line may be cut.
    taken = [line.strip().split(",") for line in lines if line.endswith("\n")]
    spans = sorted((float(before), float(after)) for before, after in taken)
    for count, milliseconds in split_rate(PER_MINUTE, None):
        last: list[float] = []  # when the places from here on had been taken, the earliest first
        for before, after in reversed(spans):
            bisect.insort(last, after)
            if len(last) > count:
                assert last[count] - before > milliseconds / 1000 - CLOCKS


def test_four_processes_and_one_that_dies_keep_one_limit(where: str) -> None:
    workers = [taking(where, TAKEN) for _ in range(4)]
    dying = taking(where, 100 * TAKEN)
    assert dying.stdout is not None
    first = [dying.stdout.readline() for _ in range(50)]
    dying.send_signal(signal.SIGKILL)
    rest = dying.communicate()[0].splitlines(keepends=True)
    outputs = [worker.communicate(timeout=120)[0].splitlines(keepends=True) for worker in workers]
    assert [len(output) for output in outputs] == [TAKEN] * 4
    check_rates(itertools.chain(first, rest, *outputs))


@needs_redis
def test_machines_whose_clocks_differ_keep_one_limit(redis: RedisServer) -> None:
    workers = [taking(redis.url, 3 * TAKEN, ahead) for ahead in (0, 300, -300)]
    outputs = [worker.communicate(timeout=120)[0].splitlines(keepends=True) for worker in workers]
    assert [len(output) for output in outputs] == [3 * TAKEN] * 3
    check_rates(itertools.chain(*outputs))


def test_who_is_told_to_wait_makes_all_wait(where: str) -> None:
    one, other = (SharedRateLimit(open_budget(where, 600), StopSignal()) for _ in range(2))
    one.acquire()
    until = time.time() + 1.5
    one.close_for(1.5)
    one.close_for(0.1)  # takes nothing back
    other.acquire()
    assert time.time() >= until
    assert other.waited > 0


@needs_redis
def test_a_budget_that_goes_while_it_is_used_is_said(redis: RedisServer) -> None:
    limit = SharedRateLimit(open_budget(redis.url, 600), StopSignal())
    limit.acquire()
    redis.stop()
    with pytest.raises(ConfigError, match="cannot be used any more") as caught:
        limit.acquire()
    assert "password" not in caught.value.sentence


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


PARTS, LIMIT, CHILDREN = 4, 4000, ("groups", "dependencies", "deploys")
ENTITIES = 1400
"""With three requests each: a little more than a minute's."""


@pytest.mark.slow
def test_four_parts_use_an_enforced_limit(where: str, tmp_path: Path, capsys: Any) -> None:
    with limited_server() as url:
        config = {
            "api_url": url,
            "api_key": "none",
            "allow_insecure_http": True,
            "page_size": 1000,
            "requests_per_minute": LIMIT,
            "rate_budget": where,
        }
        catalog = select(discover("tap-cortex", config), *CHILDREN)
        line = [str(BIN / "tap-cortex"), "--config", file_of(tmp_path, "config", config)]
        plan = tmp_path / "plan.json"
        chosen = ("--catalog", file_of(tmp_path, "catalog", catalog))
        plan.write_text(run(*line, "--parts", str(PARTS), *chosen))
        statistics(url, "reset")
        parts = [
            subprocess.Popen(
                [*line, "--part", f"{plan}#{index}"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for index in range(PARTS)
        ]
        logs = [part.communicate(timeout=280)[1] for part in parts]
        assert [part.returncode for part in parts] == [0] * PARTS, logs
        found = statistics(url, "stats")
    answered, refused = found["requests"], found["refused"]
    used = answered / LIMIT * 60 / (found["last"] - found["first"])
    with capsys.disabled():
        print(  # noqa: T201  # the measurement
            f"\n{where[:5]}: {answered} requests, {100 * used:.1f} % of the limit, {refused} "
            "refused"
        )
    assert answered > LIMIT
    assert refused < answered * 0.005
    assert used >= 0.9


@contextlib.contextmanager
def limited_server() -> Iterator[str]:
    """Serve prepared answers, so many a minute, from a process of its own."""
    line = [sys.executable, "-m", "bench.server", "cortex", "--size", str(ENTITIES)]
    server = subprocess.Popen(
        [*line, "--limit", str(LIMIT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[1]
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


def statistics(url: str, what: str) -> dict[str, float]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", f"/-/{what}")
    found: dict[str, float] = json.load(connection.getresponse())
    connection.close()
    return found
