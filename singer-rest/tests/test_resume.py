"""The mark of a read that ended early: one text, and nothing of a read that contradicts itself."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from singer_rest.records.columns import RejectedValues
from singer_rest.run.bookmarks import Bookmarks
from singer_rest.run.resume import ResumeMark, mark_text, why_not, written
from singer_rest.sources.evidence import Evidence
from singer_rest.sources.pages import Page

BEGUN = dt.datetime(2026, 11, 1, 5, 20, 1, 250000, tzinfo=dt.UTC)
MARK = ResumeMark("12.3", 1764480000000, BEGUN, "2026-11-01T00:00:00", "abc", 40, "1 a&b=c %", "9")


@pytest.mark.parametrize("mark", [MARK, ResumeMark("1", 2, BEGUN, "", "x", 0)])
def test_a_mark_is_a_text_and_comes_back(mark: ResumeMark) -> None:
    text = str(mark)
    assert "\n" not in text
    found = ResumeMark.parse(text)
    assert found == mark if mark.since else found is None


@pytest.mark.parametrize("text", ["", "x", "position=1&version=a&begun=b", "\u00e9=1", "%"])
def test_what_is_no_mark_is_none(text: str) -> None:
    assert ResumeMark.parse(text) is None


def test_an_old_mark_is_not_used() -> None:
    assert "complete" in why_not(MARK, BEGUN, 1e6)
    assert why_not(MARK, BEGUN - dt.timedelta(microseconds=1), 1e6) == ""
    assert "resume_max_age, 7 days" in why_not(MARK, None, 7) or dt.datetime.now(dt.UTC) < BEGUN


def reading(**problems: Any) -> tuple[Any, Any]:
    stream = SimpleNamespace(
        earlier_rows=30, resume_text=lambda _source, position, rows: f"{position} {rows}"
    )
    writer = SimpleNamespace(stream=stream, rows=12, rejected=RejectedValues())
    return writer, SimpleNamespace(evidence=Evidence(repeated=2, **problems))


def test_rows_of_earlier_runs_count_and_what_came_again_does_not() -> None:
    writer, source = reading()
    assert written(writer, source) == 40
    assert mark_text(writer, source, Page([], None, position="7")) == "7 40"  # type: ignore[arg-type]


@pytest.mark.parametrize("problem", [{"problems": ["x"]}, {"rejected": 1}, {"without_key": 1}])
def test_a_read_that_contradicts_itself_leaves_no_mark(problem: dict[str, Any]) -> None:
    writer, source = reading(**problem)
    assert mark_text(writer, source, Page([], None, position="7")) == ""  # type: ignore[arg-type]


def test_a_bookmark_keeps_texts_only() -> None:
    bookmarks = Bookmarks({})
    assert bookmarks.resume("a") == ""
    assert bookmarks.completed("a") is None
    bookmarks.put_resume("a", str(MARK))
    bookmarks.note_completed("a", BEGUN)
    assert bookmarks.completed("a") == BEGUN
    assert set(map(type, bookmarks.state["bookmarks"]["a"].values())) == {str}
    odd = Bookmarks({"bookmarks": {"a": {"resume": {"x": 1}, "completed": 5}}})
    assert odd.resume("a") == ""
