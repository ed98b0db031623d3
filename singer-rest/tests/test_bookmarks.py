"""Bookmarks: what is refused, what is taken over, and what moves."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

import pytest

from singer_rest.errors import StateError
from singer_rest.run.bookmarks import HOW_TO_RESET, TOLERANCE, Bookmarks, read_state, unwrap

NOON = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def of(stream: str = "a", **entry: Any) -> Bookmarks:
    """Return the bookmarks of a state that has one."""
    return Bookmarks({"bookmarks": {stream: entry}})


def at(value: Any, key: str = "at") -> dict[str, Any]:
    """Return a bookmark in the SDK's form."""
    return {"replication_key": key, "replication_key_value": value}


def partitions(**values: Any) -> list[dict[str, Any]]:
    return [{"context": {"id": name}, **at(value)} for name, value in values.items()]


# What a state file may hold

STATE = {"bookmarks": {"a": at("2026-11-01T12:00:00Z"), "b": {"partitions": partitions(x=1)}}}


@pytest.mark.parametrize(
    "wrapped",
    [
        STATE,
        {"type": "STATE", "value": STATE},
        {"singer_state": STATE},
        {"type": "STATE", "value": {"singer_state": STATE}},
    ],
)
def test_a_state_is_taken_out_of_what_it_was_wrapped_in(wrapped: Any) -> None:
    assert read_state(f" {json.dumps(wrapped)}\n") == STATE


@pytest.mark.parametrize("nothing", [{}, {"bookmarks": {}}, {"bookmarks": {"a": {}}}])
def test_a_state_of_nothing_is_one(nothing: Any) -> None:
    assert unwrap(nothing) == nothing


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_file_is_no_state(text: str) -> None:
    with pytest.raises(StateError, match="The state file is empty; leave --state out"):
        read_state(text)


def test_what_is_no_json_is_told_with_its_place() -> None:
    with pytest.raises(StateError, match=r"is not JSON \(line 2, column 1: ") as error:
        read_state('{"bookmarks":\n')
    assert error.value.exit_code == 2


def test_what_is_nested_without_end_is_no_state() -> None:
    with pytest.raises(StateError, match="nested too deeply"):
        read_state("[" * 200_000)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (5, "The state is not an object but int."),
        (["singer_state"], "The state is not an object but list."),
        ({"type": "STATE"}, "The state is not an object but NoneType."),
        ({"singer_state": "x"}, "The state is not an object but str."),
        (
            dict.fromkeys("gfedcba", 1),
            "has no bookmarks; it is not one that this tap wrote (it has: a, b, c, d, e).",
        ),
        ({"bookmarks": []}, f"The state's bookmarks are not an object; {HOW_TO_RESET}."),
        ({"bookmarks": {"a": {}, "b": "x"}}, f"bookmark of b is not an object; {HOW_TO_RESET}."),
    ],
)
def test_what_was_never_a_state_is_refused(state: Any, sentence: str) -> None:
    with pytest.raises(StateError) as error:
        unwrap(state)
    assert error.value.sentence.endswith(sentence)


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        "x",
        ["x"],
        [{}],
        [{"context": "x"}],
        [{"context": {"id": [1]}}],
        [*partitions(x=1), {"context": {"id": {}}}],
    ],
)
def test_partitions_that_name_nothing_are_refused(damaged: Any) -> None:
    with pytest.raises(StateError, match="The partitions of a are damaged; remove the stream"):
        unwrap({"bookmarks": {"a": {"partitions": damaged}}})


def test_a_state_of_another_tap_is_refused() -> None:
    foreign = Bookmarks({"bookmarks": {name: {} for name in "zyx"}})
    with pytest.raises(StateError) as error:
        foreign.check_owner("tap-a", ["a", "b"], streams_vary=False)
    assert error.value.sentence == (
        "The state has no bookmark of any stream of tap-a; those it has are of x, y, z. Give it "
        "its own state, or leave --state out."
    )
    foreign.check_owner("tap-a", ["a", "x"], streams_vary=False)
    Bookmarks({}).check_owner("tap-a", ["a"], streams_vary=False)


def test_a_state_of_other_tables_is_read_from_the_start(caplog: pytest.LogCaptureFixture) -> None:
    Bookmarks({"bookmarks": {name: {} for name in "zyxw"}}).check_owner(
        "tap-a", ["a"], streams_vary=True
    )
    assert " ".join(caplog.messages) == (
        "The state has no bookmark of any stream of tap-a; those it has are of w, x, y .... "
        "Everything is read from the start."
    )


# What a bookmark says


def test_a_bookmark_is_one_of_its_key_only() -> None:
    bookmarks = of(**at("2026-11-01T13:00:00+01:00"), partitions=partitions(x="2026-11-02"))
    assert bookmarks.value("a", "at") == "2026-11-01T13:00:00+01:00"
    assert bookmarks.start("a", "at") == NOON
    assert bookmarks.value("a", "id") is None
    assert bookmarks.start("a", "id") is None
    assert bookmarks.start("b", "at") is None
    assert bookmarks.value("a", "at", {"id": "x"}) == "2026-11-02"
    assert bookmarks.value("a", "at", {"id": "y"}) is None
    assert (
        bookmarks.state
        == of(**at("2026-11-01T13:00:00+01:00"), partitions=partitions(x="2026-11-02")).state
    )  # who asks changes nothing


def test_a_bookmark_that_is_no_instant_is_shown_in_short() -> None:
    bookmarks = of(**at("x" * 60))
    with pytest.raises(StateError) as error:
        bookmarks.start("a", "at")
    assert error.value.sentence == (
        f"The bookmark of a is not a point in time: '{'x' * 40}'; {HOW_TO_RESET}."
    )
    with pytest.raises(StateError):
        bookmarks.validate("a", "at")
    with pytest.raises(StateError):
        of(partitions=partitions(x="2026-11-01", y="soon")).validate("a", "at")


@pytest.mark.parametrize(
    ("older", "now"),
    [
        ({}, {}),
        ({"complete_rows": 5}, {"complete_rows": 5}),
        ({"at": "2026-11-01"}, at("2026-11-01")),
        ({"replication_key_value": "2026-11-01"}, at("2026-11-01")),
        (at("2026-11-01"), at("2026-11-01")),
        (at(None, "id"), at(None, "id")),
    ],
)
def test_bookmarks_of_older_shapes_are_taken_over(
    older: dict[str, Any], now: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    bookmarks = of(**copy.deepcopy(older), partitions=[{"context": {"id": 1}, **older}])
    bookmarks.validate("a", "at")
    assert bookmarks.state == of(**now, partitions=[{"context": {"id": 1}, **now}]).state
    assert caplog.messages == []


def test_a_bookmark_for_another_key_is_not_used_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bookmarks = of(**at("2026-11-01", "id"))
    bookmarks.validate("a", "at")
    assert bookmarks.start("a", "at") is None
    assert caplog.messages == [
        "The bookmark of a is for id, but the stream is read by at now: it is read from the start."
    ]


# Bookmarks ahead of the present


def validated(bound: dt.datetime | None, **moments: dt.datetime) -> dict[str, Any]:
    """Return what the bookmark and those of its partitions are after a look at the clock."""
    texts = {name: moment.isoformat() for name, moment in moments.items()}
    bookmarks = of(**at(texts.pop("whole")), partitions=partitions(**texts))
    bookmarks.validate("a", "at", bound)
    entry = bookmarks.state["bookmarks"]["a"]
    values = {part["context"]["id"]: part["replication_key_value"] for part in entry["partitions"]}
    return {"whole": entry["replication_key_value"], **values}


def test_a_bookmark_ahead_is_taken_back_to_the_present(caplog: pytest.LogCaptureFixture) -> None:
    found = validated(NOON, whole=NOON - SECOND, x=NOON, y=NOON + SECOND, z=NOON + TOLERANCE)
    assert found == {
        "whole": "2026-11-01T11:59:59+00:00",
        "x": "2026-11-01T12:00:00+00:00",
        "y": "2026-11-01T12:00:00Z",
        "z": "2026-11-01T12:00:00Z",
    }
    assert caplog.messages == []  # clocks differ by so much


def test_clocks_may_differ_by_five_minutes_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    ahead = NOON + dt.timedelta(minutes=5)
    validated(NOON, whole=ahead)
    assert caplog.messages == []
    validated(NOON, whole=ahead + SECOND)
    assert len(caplog.messages) == 1


def test_a_bookmark_of_the_future_is_told_by_the_latest(caplog: pytest.LogCaptureFixture) -> None:
    hour = dt.timedelta(hours=1)
    validated(NOON, whole=NOON + hour, x=NOON + 3 * hour, y=NOON + 2 * hour, z=NOON - hour)
    (told,) = caplog.messages
    assert told.startswith("The bookmark of a lies in the future (2026-11-01T15:00:00Z) and is")
    assert told.endswith(f"to have it, {HOW_TO_RESET}.")


def test_without_a_bound_no_bookmark_is_ahead(caplog: pytest.LogCaptureFixture) -> None:
    ahead = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    assert validated(None, whole=ahead) == {"whole": "2100-01-01T00:00:00+00:00"}
    assert caplog.messages == []


def test_who_has_no_bookmark_is_not_ahead() -> None:
    bookmarks = Bookmarks({})
    bookmarks.validate("a", "at", NOON)
    assert bookmarks.state == {}


# What is written


def test_a_bookmark_moves_forward_only() -> None:
    bookmarks = Bookmarks({})
    values = []
    for step in (0, 2, 1, 3):
        bookmarks.advance("a", "at", NOON + step * SECOND)
        values.append(bookmarks.value("a", "at"))
    assert [value[17:19] for value in values] == ["00", "02", "02", "03"]
    same = of(**at("2026-11-01T12:00:00+00:00"))
    same.advance("a", "at", NOON)
    assert same.value("a", "at") == "2026-11-01T12:00:00+00:00"  # it says the same as before


def test_partitions_have_bookmarks_of_their_own() -> None:
    bookmarks = Bookmarks({})
    bookmarks.advance("a", "at", NOON, {"id": "x"})
    bookmarks.advance("a", "at", NOON, {"id": "y"})
    bookmarks.advance("a", "at", NOON + SECOND, {"id": "x"})
    bookmarks.put("b", "at", 7, {})
    assert bookmarks.state == {
        "bookmarks": {
            "a": {"partitions": partitions(x="2026-11-01T12:00:01Z", y="2026-11-01T12:00:00Z")},
            "b": at(7),
        }
    }


def test_a_partition_keeps_one_text() -> None:
    bookmarks = of(partitions=[{"context": {"id": "x"}, "mark": 5}])
    assert bookmarks.mark("a", {"id": "x"}) == ""
    assert bookmarks.mark("a", {"id": "y"}) == ""
    assert bookmarks.mark("b", {"id": "x"}) == ""
    bookmarks.put_mark("a", {"id": "x"}, "so far")
    assert bookmarks.mark("a", {"id": "x"}) == "so far"
    assert len(bookmarks.state["bookmarks"]["a"]["partitions"]) == 1


def test_an_entry_that_was_replaced_is_looked_at_anew() -> None:
    bookmarks = of(partitions=partitions(x=1))
    assert bookmarks.value("a", "at", {"id": "x"}) == 1
    bookmarks.state["bookmarks"]["a"] = {"partitions": partitions(x=2)}
    bookmarks.refresh("a")
    bookmarks.refresh("b")
    assert bookmarks.value("a", "at", {"id": "x"}) == 2


@pytest.mark.parametrize(
    ("entry", "complete"),
    [
        ({}, False),
        ({"complete_rows": None, "replication_key_value": None, "partitions": []}, False),
        ({"covers": "https://a"}, False),
        ({"complete_rows": 0}, True),
        (at("2026-11-01"), True),
        ({"partitions": partitions(x=1)}, True),
    ],
)
def test_a_stream_was_complete_if_anything_is_known_of_it(
    entry: dict[str, Any], *, complete: bool
) -> None:
    assert of(**entry).was_complete("a") is complete
    assert not of(**entry).was_complete("b")


@pytest.mark.parametrize("odd", [{}, {"covers": None}, {"covers": ""}, {"covers": 5}])
def test_what_a_bookmark_covers_is_one_text(odd: dict[str, Any]) -> None:
    bookmarks = of(**odd)
    assert bookmarks.covered("a") is None
    bookmarks.cover("a", "https://a.example.com id=1 b=2")
    assert bookmarks.covered("a") == ("https://a.example.com", "id=1 b=2")
    bookmarks.cover("a", "https://a.example.com")
    assert bookmarks.covered("a") == ("https://a.example.com", "")


def test_where_a_read_stood_is_one_text() -> None:
    bookmarks = of(resume=5)
    assert bookmarks.resume("a") == ""
    bookmarks.put_resume("a", "there")
    assert bookmarks.resume("a") == "there"


def test_a_stream_that_is_forgotten_is_read_from_the_start() -> None:
    bookmarks = of(**at("2026-11-01"), complete_rows=5, partitions=partitions(x="2026-11-02"))
    bookmarks.forget("a")
    bookmarks.forget("b")
    assert bookmarks.start("a", "at") is None
    assert bookmarks.start("a", "at", {"id": "x"}) is None
    assert bookmarks.rows_last_time("a") == 5


def test_the_rows_of_the_last_complete_read_are_a_number() -> None:
    bookmarks = of(complete_rows="many")
    assert bookmarks.rows_last_time("a") is None
    bookmarks.note_rows("a", 0)
    assert bookmarks.rows_last_time("a") == 0
    assert bookmarks.rows_last_time("b") is None
