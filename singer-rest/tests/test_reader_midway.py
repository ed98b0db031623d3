"""What moves in the middle of a pass, and what is left of one that ends early."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from small_run import (
    HOUR,
    NOON,
    Kept,
    Plain,
    Refused,
    bookmark,
    concluded,
    ended,
    incremental,
    page,
    reading,
    stream,
)

from singer_rest.errors import (
    ConfigError,
    Outcome,
    OutputClosedError,
    RunError,
    Stopped,
    StreamError,
)
from singer_rest.records import timestamps
from singer_rest.run.credential_proof import CredentialProof
from singer_rest.run.reader import SourceReader
from singer_rest.sources.base import AbsentSource

STOPPED = Stopped(signal.SIGTERM)
BROKEN = StreamError("The list broke.", code="BROKEN")


def midway(*steps: Any, **more: Any) -> tuple[SourceReader, Kept]:
    """Return a reader that was stopped behind these pages."""
    reader, shared = reading(incremental(*steps, STOPPED, **more))
    with pytest.raises(Stopped):
        reader.run()
    return reader, shared


def moments(shared: Kept) -> dict[str, str]:
    """Return the bookmarks of the partitions."""
    parts = bookmark(shared).get("partitions", [])
    return {part["context"]["of"]: part["replication_key_value"][11:13] for part in parts}


# Bookmarks in the middle of a pass


def test_the_bookmark_of_a_parent_moves_with_its_last_page() -> None:
    _, shared = midway(
        page(1, at=NOON, parent="x"),
        page(2, at=NOON + HOUR, parent="x", ends_parent=True),
        page(3, at=NOON, parent="y"),
    )
    assert moments(shared) == {"x": "13"}


def test_the_end_of_a_parent_without_a_bookmark_of_its_own_moves_none() -> None:
    _, shared = midway(page(1, at=NOON, ends_parent=True))
    assert bookmark(shared) == {}


def test_a_parent_keeps_a_mark_where_the_stream_has_one() -> None:
    _, shared = midway(page(1, at=NOON, parent="x", ends_parent=True), mark="seen")
    assert shared.bookmarks.mark("a", {"of": "x"}) == "seen x"
    _, shared = midway(page(1, at=NOON, parent="x", ends_parent=True))
    assert "mark" not in bookmark(shared)["partitions"][0]


def test_a_page_up_to_which_everything_has_come_moves_the_bookmark_that_far() -> None:
    _, shared = midway(page(1, at=NOON + HOUR, complete_to=NOON))
    assert shared.bookmarks.start("a", "at") == NOON
    _, shared = midway(page(1, at=NOON, complete_to=NOON + HOUR))
    assert shared.bookmarks.start("a", "at") == NOON
    _, shared = midway(page(1, at=NOON))
    assert bookmark(shared) == {}


def test_no_bookmark_passes_a_row_that_was_left_out() -> None:
    steps = [page(1, None, at=NOON, complete_to=NOON)]
    _, shared = midway(*steps)
    assert "replication_key_value" not in bookmark(shared)
    reader, shared = reading(incremental(*steps, STOPPED), allow_missing_keys=True)
    with pytest.raises(Stopped):
        reader.run()
    assert shared.bookmarks.start("a", "at") == NOON


def test_a_row_that_one_stream_leaves_out_holds_back_no_other() -> None:
    first = incremental(page(1, None, at=NOON, complete_to=NOON), STOPPED)
    second = incremental(name="b")
    second.makes = lambda rows: [row for row in rows if row["id"] is not None]
    reader, shared = reading(first, second)
    with pytest.raises(Stopped):
        reader.run()
    assert shared.bookmarks.start("a", "at") is None
    assert shared.bookmarks.start("b", "at") == NOON


def test_where_a_read_stands_is_kept_until_it_comes_to_its_end() -> None:
    steps = [page(1, 2, position="2"), page(3)]
    _, shared = midway(*steps)
    assert shared.bookmarks.resume("a") == "2 after 2"
    _, shared = midway(page(1))
    assert "resume" not in bookmark(shared)
    _, shared = concluded(stream(*steps, can_resume=True))
    assert shared.bookmarks.resume("a") == ""
    assert shared.bookmarks.completed("a") is not None


def test_where_a_read_stood_that_failed_is_kept() -> None:
    result, shared = concluded(stream(page(1, 2, position="2"), BROKEN, can_resume=True))
    assert (result.outcome, result.code) == (Outcome.FAILED, "BROKEN")
    assert shared.bookmarks.resume("a") == "2 after 2"
    assert shared.bookmarks.completed("a") is None
    assert "activate a" not in shared.told


# Until the credential is proved


def test_bookmarks_wait_for_a_proof_of_the_credential() -> None:
    clock = iter([0.0, 1.0, 61.0, 61.0, 62.0])
    proofs: list[str] = []
    first, second, third = (
        page(1, at=NOON + step * HOUR, parent=parent, ends_parent=True)
        for step, parent in enumerate("xyz")
    )
    reader, shared = reading(incremental(first, second, third))
    shared.credential_proof = CredentialProof(lambda: proofs.append("asked"), lambda: next(clock))
    reader.run()
    assert moments(shared) == {"x": "12", "y": "13"}  # the proof came with the second
    assert proofs == ["asked"]
    reader.conclude()
    assert moments(shared) == {"x": "12", "y": "13", "z": "14"}


# STATE


MOVES = page(1, at=NOON, complete_to=NOON)


def states(reader: SourceReader, shared: Kept, end: RunError | Stopped = STOPPED) -> int:
    """Cut a pass short, and tell how often STATE was written."""
    reader.cut_short(end)
    return shared.told.count("state")


def test_a_pass_that_is_cut_short_says_how_far_it_came() -> None:
    reader, shared = midway(MOVES)
    (result,) = reader.cut_short(STOPPED)
    assert (result.outcome, result.code, result.rows) == (Outcome.PARTIAL, "STOPPED", 1)
    assert result.sentence == STOPPED.sentence
    assert shared.told[-2:] == ["offer", "state"]


def test_no_state_is_written_where_no_bookmark_has_moved() -> None:
    assert states(*midway(page(1, at=NOON))) == 0


def test_no_state_is_written_twice() -> None:
    reader, shared = reading(incremental(MOVES, STOPPED))
    shared.takes_state = True
    with pytest.raises(Stopped):
        reader.run()
    assert states(reader, shared) == 0


def test_no_state_passes_rows_that_the_target_was_not_told_of() -> None:
    reader, shared = reading(incremental(MOVES, STOPPED))
    shared.takes_state = True
    reader.writers[0].waiting = True  # type: ignore[misc]
    with pytest.raises(Stopped):
        reader.run()
    assert "offer" not in shared.told
    assert states(reader, shared) == 0
    reader.writers[0].waiting = False  # type: ignore[misc]
    assert states(reader, shared) == 1


def test_no_state_is_written_to_a_reader_that_has_gone() -> None:
    reader, shared = midway(MOVES)
    assert states(reader, shared, OutputClosedError("It has gone.")) == 0


@pytest.mark.parametrize(("steps", "written"), [([MOVES], 1), ([], 0)])
def test_a_stream_that_fails_writes_what_has_moved(steps: list[Any], written: int) -> None:
    _, shared = ended(incremental(*steps, BROKEN))
    assert shared.told.count("state") == written
    assert shared.told.count("flush a") == 1


# What ends a stream, and what the run


def test_a_refusal_is_told_by_what_the_first_stream_needs() -> None:
    reader, _ = reading(*(Plain(name, Refused, permission=f"right {name}") for name in "abc"))
    results = reader.run()
    assert [(one.stream, one.outcome, one.code) for one in results] == [
        (name, Outcome.FORBIDDEN, "HTTP-403") for name in "abc"
    ]
    assert all("it needs right a." in one.sentence for one in results)
    assert not results[0].excused


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (BROKEN, Outcome.FAILED),
        (StreamError("The list broke.", code="BROKEN", outcome=Outcome.PARTIAL), Outcome.PARTIAL),
    ],
)
def test_an_error_of_a_stream_is_its_outcome(
    error: StreamError, outcome: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    result, _ = ended(stream(page(1, 2), error))
    assert (result.outcome, result.code, result.rows) == (outcome, "BROKEN", 2)
    assert result.sentence == "The list broke."
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("ERROR", f"a is {outcome.value}: The list broke.")
    ]


def test_a_bug_costs_its_stream_only(caplog: pytest.LogCaptureFixture) -> None:
    reader, _ = reading(stream(ZeroDivisionError()), stream(name="b"), stream(name="c"))
    results = reader.run()
    assert {(one.outcome, one.code) for one in results} == {(Outcome.FAILED, "BUG")}
    assert results[0].sentence.startswith("unexpected ZeroDivisionError, a bug in the tap")
    assert caplog.messages[0] == "Unexpected error in a"


def test_a_setting_that_turns_out_wrong_ends_the_run() -> None:
    reader, shared = reading(stream(ConfigError("Mend it.")))
    with pytest.raises(ConfigError, match="Mend it"):
        reader.run()
    assert shared.told == []


def test_a_source_that_cannot_be_made_has_no_rows() -> None:
    def broken(*_: str) -> Any:
        raise BROKEN

    result, _ = ended(Plain("a", broken))
    assert (result.outcome, result.rows, result.proof) == (Outcome.FAILED, 0, "")


@pytest.mark.parametrize(
    ("setting", "source", "excused"),
    [
        ("skip", Refused, True),
        ("fail", Refused, False),
        ("stop", Refused, False),
        ("skip", stream(BROKEN).source, False),
    ],
)
def test_a_refusal_is_excused_by_a_setting_and_a_failure_is_not(
    setting: str, source: Any, caplog: pytest.LogCaptureFixture, *, excused: bool
) -> None:
    result, _ = ended(Plain("a", source), on_stream_error=setting)
    assert (result.excused, result.good) == (excused, excused)
    assert [one.levelname for one in caplog.records] == ["WARNING" if excused else "ERROR"]


@pytest.mark.parametrize(
    ("named", "before", "skipped"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_what_was_never_there_is_skipped_unless_somebody_asked_for_it(
    *, named: bool, before: bool, skipped: bool
) -> None:
    absent = stream(is_named=named)
    absent.source = AbsentSource
    reader, shared = reading(absent)
    if before:
        shared.bookmarks.put("a", "at", timestamps.text(NOON))
    (result,) = reader.run()
    assert result.outcome is (Outcome.SKIPPED if skipped else Outcome.UNAVAILABLE)
    assert result.good is skipped
