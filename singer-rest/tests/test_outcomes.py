"""The account of a run: what fails it, what it ends with, and what a status means."""

from __future__ import annotations

from typing import Any

import pytest

from singer_rest.errors import CredentialRevokedError, Outcome, RunError, StatusError
from singer_rest.run import screen
from singer_rest.run.outcomes import (
    IncompleteRunError,
    RunReport,
    StreamResult,
    align,
    judge_status,
)


def ended(*outcomes: Outcome, **more: Any) -> RunReport:
    """Return a run whose streams s1, s2, ... ended like this."""
    run = RunReport()
    run.add(
        [
            StreamResult(f"s{place}", outcome, sentence=f"Reason {place}.", **more)
            for place, outcome in enumerate(outcomes, 1)
        ]
    )
    return run


@pytest.mark.parametrize("outcome", Outcome)
def test_a_run_succeeds_by_what_is_complete_skipped_or_excused(outcome: Outcome) -> None:
    fails = outcome not in {Outcome.COMPLETE, Outcome.SKIPPED}
    assert (ended(outcome).error() is not None) is fails
    assert ended(outcome, excused=True).error() is None
    assert ended(outcome, accepted=True).error() is None


@pytest.mark.parametrize("outcome", Outcome)
def test_bookmarks_move_by_what_is_complete_or_accepted(outcome: Outcome) -> None:
    assert StreamResult("s", outcome).counts_as_complete is (outcome is Outcome.COMPLETE)
    assert StreamResult("s", outcome, excused=True).counts_as_complete is (
        outcome is Outcome.COMPLETE
    )
    assert StreamResult("s", outcome, accepted=True).counts_as_complete


def test_an_error_names_the_first_stream_and_no_other_where_there_is_none() -> None:
    error = ended(
        Outcome.COMPLETE, Outcome.PARTIAL, Outcome.COMPLETE, Outcome.SKIPPED, code="INCOMPLETE"
    ).error()
    assert isinstance(error, IncompleteRunError)
    assert error.sentence == "Stream s2 is partial: Reason 2. (2 of 4 streams complete.)"
    assert error.code == "INCOMPLETE"
    assert error.exit_code == 1


@pytest.mark.parametrize(
    ("count", "also"),
    [
        (2, "s2"),
        (3, "s2, s3"),
        (4, "s2, s3, s4"),
        (5, "s2, s3, s4 ..."),
        (6, "s2, s3, s4 ..."),
    ],
)
def test_an_error_names_three_more_streams(count: int, also: str) -> None:
    error = ended(*[Outcome.FAILED] * count).error()
    assert error is not None
    assert error.sentence == (
        f"Stream s1 is failed: Reason 1. Also not complete: {also}. "
        f"(0 of {count} streams complete.)"
    )
    assert error.code == "INCOMPLETE-RUN"  # no stream has a code of its own


def test_a_run_that_never_came_to_a_stream_has_nothing_to_tell_of_it() -> None:
    run = RunReport()
    run.end(RunError("The house is on fire.", code="FIRE"), ["a"])
    assert run.as_json() == {
        "streams": [
            {
                "stream": "a",
                "outcome": "skipped",
                "rows": 0,
                "expected": None,
                "received": 0,
                "duplicates": 0,
                "skipped": 0,
                "proof": "",
                "seconds": 0.0,
                "sentence": "the run ended before it",
                "code": "",
                "excused": False,
                "accepted": False,
                "notes": [],
            }
        ],
        "rows": 0,
        "requests": 0,
        "retries": 0,
        "waited_seconds": 0.0,
    }
    assert screen.total(run) == "0 of 0 complete, 1 skipped, 0 rows, 0 requests, 0.0 s"
    assert not run.begun
    assert (run.exit_code, run.error_code) == (1, "FIRE")
    assert run.last_line == "The house is on fire. [FIRE]"


def test_a_run_that_is_broken_off_skips_the_rest_only() -> None:
    run = ended(Outcome.COMPLETE, Outcome.PARTIAL, rows=20)
    run.end(RunError("It broke."), ["s1", "s2", "s3"])
    assert [(one.stream, one.outcome) for one in run.results] == [
        ("s1", Outcome.COMPLETE),
        ("s2", Outcome.PARTIAL),
        ("s3", Outcome.SKIPPED),
    ]
    assert run.begun
    assert run.rows == 40
    assert run.last_line == "It broke. [RUN]"


def test_a_credential_that_dies_leaves_what_came_before() -> None:
    run = ended(Outcome.COMPLETE, rows=20)
    run.end(CredentialRevokedError("The key was refused."), ["s1"])
    assert run.last_line == "The key was refused (20 records came before). [CREDENTIAL-REVOKED]"
    assert run.exit_code == 2


def test_a_run_that_nobody_ended_has_not_succeeded() -> None:
    """Neither has it a cause that somebody could mend: it is a bug."""
    assert RunReport().exit_code == 1


def test_the_summary_counts_milliseconds_of_waiting() -> None:
    run = ended(Outcome.COMPLETE, rows=3)
    run.requests, run.retries, run.waited = 5, 1, 1.23456
    told = run.as_json()
    assert (told["rows"], told["requests"], told["retries"]) == (3, 5, 1)
    assert told["waited_seconds"] == 1.235
    assert [(one["stream"], one["outcome"]) for one in told["streams"]] == [("s1", "complete")]


def refused(status: int, code: str = "") -> StatusError:
    return StatusError(
        "It said no.", code=code or f"HTTP-{status}", url="u", status=status, headers={}
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_right_is_named_with_its_remedy(status: int) -> None:
    outcome, sentence, code = judge_status(refused(status), "the right to look")
    assert (outcome, code) == (Outcome.FORBIDDEN, f"HTTP-{status}")
    assert sentence == (
        "It said no; it needs the right to look. Grant it to the account, or deselect the stream."
    )
    _, sentence, _ = judge_status(refused(status), "")
    assert sentence == "It said no. Grant it to the account, or deselect the stream."


@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_a_route_that_is_not_there_is_to_be_deselected(status: int) -> None:
    assert judge_status(refused(status), "the right to look") == (
        Outcome.UNAVAILABLE,
        "It said no: this server does not have it. Deselect the stream.",
        f"HTTP-{status}",
    )


@pytest.mark.parametrize(("status", "code"), [(500, ""), (400, ""), (403, "BLOCKED")])
def test_any_other_status_is_a_failure_that_no_right_would_help(status: int, code: str) -> None:
    told = (Outcome.FAILED, "It said no.", code or f"HTTP-{status}")
    assert judge_status(refused(status, code), "the right to look") == told


def test_columns_stand_below_each_other() -> None:
    rows = [["a", "bbb", "c", "last"], ["aaa", "b", "ccc", "x"], ["", "", "", "longest"]]
    assert align(rows) == [
        "a    bbb  c    last",
        "aaa  b    ccc  x",
        "               longest",
    ]
    assert align([["one", "row"]]) == ["one  row"]
