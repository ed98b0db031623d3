"""What the end of a pass does to each stream: its verdict, its bookmark, its rows."""

from __future__ import annotations

import time

import pytest
from small_run import (
    HOUR,
    NOON,
    Kept,
    bookmark,
    concluded,
    ended,
    incremental,
    page,
    proved,
    reading,
    stream,
)

from singer_rest.errors import Outcome
from singer_rest.run.reader import shrinkage
from singer_rest.sources.evidence import NO_PROOF, Evidence, left_out

# Far fewer rows than last time


@pytest.mark.parametrize(
    ("before", "rows", "shrunk"),
    [
        (None, 0, False),
        (9, 0, False),
        (10, 4, True),
        (10, 5, False),
        (20, 10, False),
        (20, 9, True),
        (20, 0, True),
        (20, 21, False),
        (21, 10, True),
    ],
)
def test_less_than_half_of_the_rows_is_too_few(
    before: int | None, rows: int, *, shrunk: bool
) -> None:
    shared = Kept([])
    if before is not None:
        shared.bookmarks.note_rows("a", before)
    told = f"{rows} rows where the last complete run had {before}: rows were deleted or a "
    assert shrinkage(shared, stream(), rows).startswith(told) is shrunk
    assert (shrinkage(shared, stream(), rows) == "") is not shrunk
    assert shrinkage(shared, incremental(), rows) == ""
    accepting = Kept([], accept_fewer_rows=True)
    accepting.bookmarks.note_rows("a", before or 0)
    assert shrinkage(accepting, stream(), rows) == ""


# What a complete pass does


def test_a_complete_full_table_is_activated_and_its_rows_are_kept() -> None:
    result, shared = concluded(stream(page(1, 2), page(3)))
    assert (result.outcome, result.sentence, result.code) == (Outcome.COMPLETE, "", "")
    assert (result.rows, result.received, result.duplicates, result.skipped) == (3, 3, 0, 0)
    assert result.proof == "one answer: total 2"
    assert bookmark(shared) == {"complete_rows": 3, "covers": "https://nothing.example.com"}
    assert shared.told == ["open a", "receipt a", "flush a", "activate a", "receipt a", "state"]
    assert not result.accepted


def test_nothing_is_retired_before_the_end_is_concluded() -> None:
    _, shared = ended(stream(page(1, 2)))
    assert "activate a" not in shared.told
    assert bookmark(shared) == {}


def test_streams_of_one_pass_share_the_source_of_the_first() -> None:
    reader, shared = reading(stream(page(1, 2)), stream(page(3), name="b"), stream(name="c"))
    results = reader.run()
    reader.conclude()
    assert [(one.stream, one.rows, one.outcome.value) for one in results] == [
        ("a", 2, "complete"),
        ("b", 2, "complete"),
        ("c", 2, "complete"),
    ]
    assert reader.rows == {"a": 2, "b": 2, "c": 2}
    assert [bookmark(shared, name)["complete_rows"] for name in "abc"] == [2, 2, 2]
    assert [receipt[:2] for receipt in shared.taken if receipt[1] != "unfinished"] == [
        (name, "complete") for name in "abc"
    ]


def test_a_full_table_with_a_replication_key_is_a_full_table() -> None:
    _, shared = concluded(stream(page(1, at=NOON), replication_key="at"))
    assert "activate a" in shared.told
    assert "replication_key_value" not in bookmark(shared)


def test_what_is_neither_a_full_table_nor_incremental_moves_nothing() -> None:
    _, shared = concluded(stream(page(1, at=NOON), is_full_table=False))
    assert "activate a" not in shared.told
    assert bookmark(shared) == {"covers": "https://nothing.example.com"}


@pytest.mark.parametrize(
    ("own", "keys", "moves"),
    [(False, None, True), (True, None, False), (False, ("of",), False), (True, ("of",), False)],
)
def test_a_bookmark_moves_to_the_greatest_value_unless_the_source_knows_better(
    keys: tuple[str, ...] | None, *, own: bool, moves: bool
) -> None:
    _, shared = concluded(incremental(page(1, at=NOON), own=own, state_partitioning_keys=keys))
    assert ("replication_key_value" in bookmark(shared)) is moves
    if moves:
        assert bookmark(shared)["replication_key"] == "at"
        assert bookmark(shared)["replication_key_value"] == "2026-11-01T12:00:00Z"
    assert "activate a" not in shared.told


def test_no_bookmark_passes_the_start_of_the_run() -> None:
    reader, shared = reading(incremental(page(1, at=NOON + HOUR)))
    shared.upper_bound = NOON
    reader.run()
    reader.conclude()
    assert shared.bookmarks.start("a", "at") == NOON


def test_a_pass_without_rows_leaves_the_bookmark() -> None:
    _, shared = concluded(incremental())
    assert "replication_key_value" not in bookmark(shared)


def test_far_fewer_rows_retire_nothing(caplog: pytest.LogCaptureFixture) -> None:
    reader, shared = reading(stream(page(1, 2)))
    shared.bookmarks.note_rows("a", 20)
    (result,) = reader.run()
    reader.conclude()
    assert result.outcome is Outcome.COMPLETE
    assert "activate a" not in shared.told
    assert bookmark(shared)["complete_rows"] == 20
    (note,) = result.notes
    assert note.startswith("2 rows where the last complete run had 20")
    assert caplog.messages == [f"a: {note}"]


def test_the_seconds_of_a_stream_are_those_of_its_pass() -> None:
    def late(evidence: Evidence) -> None:
        proved(evidence)
        end = time.monotonic() + 0.002
        while time.monotonic() < end:
            pass

    begun = time.monotonic()
    reader, _ = reading(stream(end=late), stream(name="b"), stream(name="c"))
    results = reader.run()
    passed = time.monotonic() - begun
    for result in results:
        assert 0.002 <= result.seconds <= passed + 0.001
        assert result.seconds == round(result.seconds, 3)


# What is counted


@pytest.mark.parametrize(
    ("came", "rows", "expected"), [(2, [1, 2], 9), (2, [1, None], 9), (3, [1, 2], None)]
)
def test_the_number_that_the_server_counts_is_shown_where_it_counts_these_rows(
    came: int, rows: list[int | None], expected: int | None
) -> None:
    def end(evidence: Evidence) -> None:
        proved(evidence)
        evidence.expect(9)
        evidence.received = came

    result, _ = ended(stream(page(*rows), end=end))
    assert result.expected == expected


def test_values_that_did_not_fit_are_said(caplog: pytest.LogCaptureFixture) -> None:
    result, _ = ended(stream(page(1, 2, odd=["size"])))
    assert result.notes == ["2 values of size did not fit and are in _sdc_unparsed"]
    assert caplog.messages == [f"a: {result.notes[0]}."]


# Rows without a key


def test_a_row_without_a_key_makes_partial() -> None:
    result, shared = concluded(stream(page(1, None)))
    assert (result.outcome, result.code) == (Outcome.PARTIAL, "INCOMPLETE")
    assert result.sentence == (
        f"{left_out(1, ['id'])}. Mend it at the source, or set allow_missing_keys."
    )
    assert "activate a" not in shared.told
    assert "covers" not in bookmark(shared)


def test_rows_without_a_key_may_be_allowed(caplog: pytest.LogCaptureFixture) -> None:
    def end(evidence: Evidence) -> None:
        proved(evidence)
        evidence.without_key = 2

    result, shared = concluded(stream(page(1, None), end=end), allow_missing_keys=True)
    assert (result.outcome, result.code) == (Outcome.COMPLETE, "")
    assert result.notes == [left_out(3, ["id"])]
    assert caplog.messages == [f"a: {left_out(3, ['id'])}."]
    assert "activate a" in shared.told


def test_rows_that_no_stream_could_take_are_said_once() -> None:
    def end(evidence: Evidence) -> None:
        proved(evidence)
        evidence.without_key = 2

    result, _ = ended(stream(page(1), end=end))
    assert result.sentence.startswith(f"{left_out(2, ['id'])}. Mend it")

    def lost(evidence: Evidence) -> None:
        end(evidence)
        evidence.contradict("rows are lost")

    more, _ = ended(stream(page(1, None), end=lost))
    assert more.sentence.startswith(f"{left_out(3, ['id'])}; rows are lost. Mend it")


# Unproved, partial


def test_what_nothing_proves_says_how_to_accept_it() -> None:
    result, shared = concluded(stream(page(1), end=lambda _: None), accept_unproved=("b",))
    assert (result.outcome, result.code, result.accepted) == (Outcome.UNPROVED, "UNPROVED", False)
    assert result.sentence == (
        f"{NO_PROOF}. If you know that this is all, name the stream in accept_unproved."
    )
    assert "activate a" not in shared.told
    assert bookmark(shared) == {}


def test_what_nothing_proves_may_be_accepted() -> None:
    result, shared = concluded(stream(page(1), end=lambda _: None), accept_unproved=("a",))
    assert (result.outcome, result.code, result.accepted) == (Outcome.UNPROVED, "UNPROVED", True)
    assert result.sentence == f"{NO_PROOF} (accepted)"
    assert "activate a" in shared.told


def test_what_has_shrunk_is_not_accepted() -> None:
    reader, shared = reading(stream(page(1), end=lambda _: None), accept_unproved=("a",))
    shared.bookmarks.note_rows("a", 20)
    (result,) = reader.run()
    assert not result.accepted
    assert len(result.notes) == 1


def test_an_accepted_name_changes_nothing_of_what_is_proved_or_partial() -> None:
    result, _ = ended(stream(page(1)), accept_unproved=("*",))
    assert not result.accepted
    partial, _ = ended(
        stream(page(1), end=lambda evidence: evidence.contradict("rows are lost")),
        accept_unproved=("*",),
    )
    assert (partial.outcome, partial.accepted) == (Outcome.PARTIAL, False)
    assert (partial.sentence, partial.code) == ("rows are lost", "INCOMPLETE")
