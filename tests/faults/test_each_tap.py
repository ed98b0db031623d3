"""Faults that pass, met by every request of every tap: F17, F22, F27, F36, F37, F45.

The other tests show each fault at length, mostly by tap-cachet; this one shows that no tap has a
request that cannot bear it.
"""

from __future__ import annotations

import collections
import threading
from typing import TYPE_CHECKING, Any

import pytest

from .answers import bad_gzip, changed, hang_up, html, reset_in_body, short, status, whole

if TYPE_CHECKING:
    from .runner import Run
    from .server import Answer, Exchange, Seen
    from .systems import System

PASSING = {
    "f17 a limit": status(429, {"message": "Too many"}, retry_after="0"),
    "f22 an error": status(500, {"message": "Server Error"}),
    "f22 a pause": status(503, {"message": "Down"}, retry_after="0"),
    "f22 a gateway": html(502),
    "f27 a hang-up": hang_up(),
    "f27 a short body": short(),
    "f27 a reset": reset_in_body(),
    "f36 a page": html(),
    "f37 half an object": changed(lambda body: body[: len(body) // 2]),
    "f45 a bad encoding": bad_gzip(),
}


def request_of(seen: Seen) -> tuple[str, bytes]:
    """Return what tells a request from others."""
    return seen.target, seen.body


class EveryOther:
    """Gives a fault to every request that comes for the first time, and the answer to the next.

    Args:
        fault: The fault.
    """

    def __init__(self, fault: Answer) -> None:
        self.fault = fault
        self.met: set[tuple[str, bytes]] = set()
        self.lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        request = request_of(exchange.seen)
        with self.lock:
            again = request in self.met
            self.met.add(request)
        (whole() if again else self.fault)(exchange)


def data_of(run: Run) -> list[tuple[str, Any]]:
    """Return what a run wrote but for the moments it did so."""
    return [
        (message["stream"], message["record"])
        for message in run.messages
        if message["type"] == "RECORD" and "healthcheck" not in message["stream"]
    ]


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_of_every_request_costs_nothing(any_system: System, fault: str) -> None:
    good = any_system()
    before = len(any_system.stage.seen)
    any_system.stage.script("*", forever=EveryOther(PASSING[fault]))
    run = any_system(log="INFO")
    assert run.code == 0, run.last
    assert data_of(run) == data_of(good)
    assert run.activated == good.activated
    requests = collections.Counter(map(request_of, any_system.stage.seen[before:]))
    # Some of Cinchy's take whatever comes for an answer: health checks, and the search for SSO.
    again = [request for request, times in requests.items() if times > 1]
    assert len(again) > len(requests) / 2
