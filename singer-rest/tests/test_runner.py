"""A run needs no tap: streams, writers and a server's answers are enough."""

from __future__ import annotations

import logging

import pytest
from small_run import Plain, Refused, Shared, Silent

from singer_rest.errors import Outcome, TapError
from singer_rest.run import preflight
from singer_rest.run.contract import RunOptions
from singer_rest.run.runner import Runner, group_passes


def run(shared: Shared) -> Runner[Plain]:
    passes = group_passes(shared.streams.values(), ("second",))
    return Runner(shared, passes, lambda stream: Silent(stream, shared))


def test_a_failing_stream_does_not_stop_the_others() -> None:
    shared = Shared([Plain("first", Refused), Plain("second"), Plain("third")])
    runner = run(shared)
    with pytest.raises(TapError, match="first is forbidden: Refused; it needs the right to look"):
        runner.read_all()
    outcomes = {result.stream: result.outcome for result in runner.report.results}
    assert outcomes == {
        "second": Outcome.COMPLETE,
        "first": Outcome.FORBIDDEN,
        "third": Outcome.COMPLETE,
    }
    assert shared.told[0] == "connect"
    assert shared.taken == [
        ("second", "unfinished", None),
        ("second", "complete", "whole"),
        ("first", "forbidden", "run"),
        ("third", "unfinished", None),
        ("third", "complete", "whole"),
    ]
    last = len(shared.told) - 1 - shared.told[::-1].index("receipt third")
    assert shared.told[last - 1 :] == ["activate third", "receipt third", "state"]
    assert "activate first" not in shared.told
    assert "activate third" in shared.told


def test_the_receipt_of_a_read_that_is_taken_up_is_about_its_own_rows() -> None:
    taken_up = Plain("second")
    taken_up.earlier_rows = 30
    shared = Shared([taken_up])
    run(shared).read_all()
    assert shared.taken[-1] == ("second", "complete", "run")


def test_stop_stops(caplog: pytest.LogCaptureFixture) -> None:
    shared = Shared([Plain("first", Refused), Plain("third")], on_stream_error="stop")
    runner = run(shared)
    with caplog.at_level(logging.INFO), pytest.raises(TapError):
        runner.read_all()
    assert [result.outcome for result in runner.report.results] == [
        Outcome.FORBIDDEN,
        Outcome.SKIPPED,
    ]
    assert "open third" not in shared.told
    assert shared.taken == [("first", "forbidden", "run"), ("third", "unfinished", None)]


def test_the_preflight_needs_no_tap_either() -> None:
    shared = Shared([Plain("first", Refused), Plain("second")], on_stream_error="skip")
    findings = preflight.examine(shared, group_passes(shared.streams.values()))
    assert [(finding.stream, finding.result) for finding in findings] == [
        ("first", "forbidden"),
        ("second", preflight.OK),
    ]
    assert preflight.verdict(shared, findings) is None


@pytest.mark.parametrize(("pattern", "accepted"), [("sc*", True), ("scores", True), ("x", False)])
def test_unproved_streams_are_accepted_by_pattern(pattern: str, accepted: bool) -> None:  # noqa: FBT001
    assert RunOptions(accept_unproved=(pattern,)).accepts_unproved("scores") is accepted
