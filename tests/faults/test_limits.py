"""Servers that ask for patience, and servers that break: F17 to F24."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from .answers import status, when
from .stage import SMALL, Stage

if TYPE_CHECKING:
    from .runner import Runner
    from .server import Exchange, Seen

TOO_MANY = {"message": "Too Many Attempts."}


def gaps(seen: list[Seen]) -> list[float]:
    """Seconds between requests."""
    return [later.at - earlier.at for earlier, later in itertools.pairwise(seen)]


def test_f17_seconds_are_waited_without_using_up_tries(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", status(429, TOO_MANY, retry_after="1"))
    run = tap(stage.config(max_retries=0), select=["incidents"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    (gap,) = gaps(stage.requests("/api/incidents"))
    assert gap >= 1
    assert run.summary["retries"] == 1


class Limiter:
    """Refuses everything for a second after the first refusal, as a server's limiter does."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.served = 0
        self.refused = 0
        self.until = 0.0

    def __call__(self, exchange: Exchange) -> None:
        with self.lock:
            self.served += 1
            now = time.monotonic()
            if self.served == 8:
                self.until = now + 1
            closed = now < self.until
            self.refused += closed
        if closed:
            status(429, TOO_MANY, retry_after="1")(exchange)
        else:
            exchange.reply(exchange.whole())


def test_f17_all_threads_wait_together(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, metrics=60, metric_points=1)) as stage:
        limiter = Limiter()
        stage.script("/api/metrics/*/points", forever=limiter)
        run = tap(stage.config(concurrency=4, max_retries=0), select=["metric_points"])
        expected = stage.ids("metric_points")
    assert run.code == 0, run.last
    assert set(run.ids("metric_points")) == expected
    # A thread may send its next one while the first refusal is still on its way.
    assert 1 <= limiter.refused <= 2 * 4, "only what was under way met the closed door"


def test_f18_a_date_is_counted_by_the_clock_of_the_server(stage: Stage, tap: Runner) -> None:
    long_ago = 1_000_000_000
    stage.script(
        "/api/incidents",
        status(
            429,
            TOO_MANY,
            date=formatdate(long_ago, usegmt=True),
            retry_after=formatdate(long_ago + 1, usegmt=True),
        ),
        status(
            503,
            TOO_MANY,
            date=formatdate(long_ago, usegmt=True),
            retry_after=formatdate(long_ago + 1, usegmt=True),
        ),
    )
    run = tap(stage.config(max_retries=0), select=["incidents"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    assert all(gap >= 1 for gap in gaps(stage.requests("/api/incidents")))


def test_f19_a_bare_refusal_halves_the_rate(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, metrics=16, metric_points=1)) as stage:
        stage.script("/api/metrics", status(429, TOO_MANY))
        config = stage.config(requests_per_minute=2400, concurrency=4, max_retries=0)
        run = tap(config, select=["metric_points"])
        expected = stage.ids("metric_points")
        first, *later = stage.requests("/api/metrics*")
    assert run.code == 0, run.last
    assert set(run.ids("metric_points")) == expected
    # 2400 a minute are one in 25 ms; half as many are one in 50 ms. Clocks of two processes see
    # each request a little apart, so the sum is looked at.
    assert later[-1].at - later[0].at >= (len(later) - 1) * 0.050 - 0.050
    assert first.path == "/api/metrics"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("86400", "the server asks to wait 86400 s, longer than 300 s"),
        (formatdate(4_000_000_000, usegmt=True), "longer than 300 s"),
    ],
)
def test_f20_a_wait_of_a_day_ends_the_stream(
    stage: Stage, tap: Runner, value: str, words: str
) -> None:
    stage.script("/api/incidents", forever=status(429, TOO_MANY, retry_after=value))
    run = tap(stage.config(), select=["components", "incidents", "metrics"], log="INFO")
    assert run.code == 1
    assert words in run.last
    assert "the limit resets at 2" in run.last
    assert len(stage.requests("/api/incidents")) == 1
    assert run.outcome("metrics") == "complete", "the limit may be one of this route"
    assert "incidents" not in run.state["bookmarks"]


@pytest.mark.parametrize("value", ["-5", "0", "soon", "", "1e9999", "\u0661"])
def test_f20_a_nonsensical_wait_does_no_harm(stage: Stage, tap: Runner, value: str) -> None:
    answer = status(429, TOO_MANY, retry_after=value.encode().decode("latin-1"))
    stage.script("/api/incidents", answer)
    run = tap(stage.config(max_retries=0), select=["incidents"])
    assert run.code == 0, run.last
    assert len(stage.requests("/api/incidents")) == 2


def test_f21_a_limit_that_never_lifts_ends_the_run(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", forever=status(429, TOO_MANY, retry_after="1"))
    run = tap(stage.config(max_wait=1), select=["components", "incidents"], log="INFO")
    assert run.code == 1
    assert "the limit did not lift within 3 s" in run.last
    assert run.state["bookmarks"]["components"]["complete_rows"] == 6
    assert 3 <= len(stage.requests("/api/incidents")) <= 5


def test_f22_passing_errors_are_tried_five_times(stage: Stage, tap: Runner) -> None:
    stage.script("/api/components", *map(status, [500, 502, 503, 504]))
    stage.script("/api/incidents", *map(status, [408, 425, 520, 521]))
    stage.script("/api/metrics", *map(status, [522, 523, 524, 527]))
    run = tap(stage.config(), select=["components", "incidents", "metrics"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    for path in ("/api/components", "/api/incidents", "/api/metrics"):
        assert len(stage.requests(path)) == 5
    assert run.summary["retries"] == 12


def test_f22_a_sixth_try_is_not_made(stage: Stage, tap: Runner) -> None:
    stage.script("/api/status", forever=status(503, {"message": "Down"}))
    run = tap(stage.config(), select=["status", "components"])
    assert run.code == 1
    assert len(stage.requests("/api/status")) == 5
    assert "answered 503: Down (tried 5 times)" in run.last
    assert run.outcome("components") == "complete"


def heavy(row: int) -> object:
    """Whether a request asks for the row at a place, counted from 0."""

    def asks(seen: Seen) -> bool:
        size, page = int(seen.query["per_page"]), int(seen.query["page"])
        return (page - 1) * size <= row < page * size

    return asks


def test_f23_a_page_too_heavy_is_asked_for_in_halves(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=60)) as stage:
        too_many = when(lambda seen: int(seen.query["per_page"]) > 10, status(500))
        stage.script("/api/incidents", forever=too_many)
        run = tap(stage.config(page_size=20, max_retries=1), select=["incidents"])
        expected = stage.ids("incidents")
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == expected
    sizes = [int(seen.query["per_page"]) for seen in stage.requests("/api/incidents")]
    assert sizes[:3] == [20, 20, 10]
    assert max(sizes[2:]) <= 10


def test_f23_a_page_that_never_comes_is_named(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=60)) as stage:
        stage.script("/api/incidents", forever=when(heavy(30), status(500)))  # type: ignore[arg-type]
        run = tap(stage.config(page_size=20, max_retries=1), select=["incidents", "metrics"])
        expected = stage.ids("incidents")
    assert run.code == 1
    assert run.outcome("incidents") == "partial"
    assert run.outcome("metrics") == "complete"
    assert run.activated == ["metrics"]
    assert "Page " in run.last
    assert "of http://127.0.0.1" in run.last
    assert "not even in half the size" in run.last
    read = set(run.ids("incidents"))
    assert read < expected
    assert len(read) >= 20


@pytest.mark.parametrize("code", [501, 505])
def test_f24_what_cannot_get_better_is_not_repeated(stage: Stage, tap: Runner, code: int) -> None:
    stage.script("/api/incidents", forever=status(code))
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 1
    assert len(stage.requests("/api/incidents")) == 1
