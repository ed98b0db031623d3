"""A limit is used up and not run into: counts of requests and of refusals.

The vendor of Cortex allows 1000 requests in a minute and does not say how they are counted, so
every way of counting is tried. Whether a tap keeps the pace for minutes takes minutes to see:
``pytest -m slow``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex.app import create_app
from sandbox.cortex.limiter import Limit, WindowKind
from sandbox.cortex.options import DEFAULT_TOKEN, Options
from sandbox.cortex.world import World, WorldSpec
from sandbox.serve import serve

from . import runner
from .runner import TAP_CORTEX, Run, Runner

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.serve import SeenRequest

KINDS = ["fixed", "sliding", "bucket"]
ALLOWED = 1000
"""Requests the vendor allows in a minute."""
HANDFUL = 5
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@dataclasses.dataclass
class Read:
    """A read of one stream with a request for every entity."""

    run: Run
    asked: list[SeenRequest]
    refused: int

    @property
    def per_minute(self) -> float:
        """Requests that were answered, in a minute on average."""
        seconds = self.asked[-1].at - self.asked[0].at
        return (len(self.asked) - self.refused) * 60 / seconds


def fan_out(folder: Path, limit: Limit, entities: int, latency: float, **settings: Any) -> Read:
    """Read the dependencies of so many entities, one request each."""
    world = World(WorldSpec(now=NOW, entities=entities, hostile=False))
    with serve(create_app(world, Options(limit=limit)), latency=latency) as server:
        config = {"api_url": server.url, "api_key": DEFAULT_TOKEN, "page_size": 1000, **settings}
        tap = Runner(folder, TAP_CORTEX)
        run = tap.start(config, select=["dependencies"], log="INFO").finish()
        asked = [r for r in server.requests if r.path.endswith("/dependencies")]
        found = Read(run, list(server.requests), run.stderr.count("answered 429"))
    assert run.code == 0, run.last
    assert len({request.path for request in asked}) >= entities
    return found


def test_a_bucket_is_emptied_no_faster_than_it_fills(tmp_path: Path) -> None:
    """Three seconds at six times the rate of the vendor, in bursts as small as its own client's."""
    limit = Limit(requests=6 * ALLOWED, kind="bucket", burst=50)
    read = fan_out(tmp_path, limit, 300, 0.02, requests_per_minute=6 * ALLOWED)
    assert read.refused <= HANDFUL


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize("kind", KINDS)
def test_three_thousand_requests_use_the_limit_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: WindowKind
) -> None:
    """At 200 ms an answer; the setting says how much of the limit may be used: all of it."""
    monkeypatch.setattr(runner, "LONGEST_RUN", 400)
    limit = Limit(requests=ALLOWED, kind=kind)
    read = fan_out(tmp_path, limit, 3 * ALLOWED, 0.2, requests_per_minute=ALLOWED)
    print(f"{kind}: {read.per_minute:.0f} a minute, {read.refused} refused")  # noqa: T201
    assert read.per_minute >= 0.95 * ALLOWED
    assert read.refused <= HANDFUL
