"""The tap of two streams in examples: the SDK's own tests, and what a second run reads."""

from __future__ import annotations

import atexit
import json
from typing import TYPE_CHECKING, Any

from singer_sdk.testing import SuiteConfig, get_tap_test_class

from .books import BookServer
from .library import TapLibrary
from .runner import LIBRARY_TAP, Runner
from .server import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from .server import Seen


class Library(BookServer):
    """Books, and reviews of each."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.reviews: dict[int, list[dict[str, Any]]] = {
            number: [
                {
                    "id": 100 * number + 1,
                    "text": "Good.",
                    "written_at": f"2026-01-{1 + number % 28:02}T12:00:00Z",
                }
            ]
            for number in range(count)
        }

    def _answer(self, seen: Seen) -> Reply:
        if not seen.path.endswith("/reviews"):
            return super()._answer(seen)
        book = int(seen.path.split("/")[2])
        since = seen.query.get("since", "")[:19]
        rows = [row for row in self.reviews[book] if row["written_at"][:19] >= since]
        body = json.dumps({"rows": rows}).encode()
        return Reply(200, (("Content-Type", "application/json"),), body)


_server = Library(25)
_server.__enter__()
atexit.register(_server.__exit__, None, None, None)

TestTapLibrary = get_tap_test_class(
    TapLibrary, config=_server.config(), suite_config=SuiteConfig(max_records_limit=50)
)


def test_a_second_run_reads_what_is_new(tmp_path: Path) -> None:
    tap = Runner(tmp_path, LIBRARY_TAP)
    with Library(12) as server:
        first = tap(server.config())
        assert first.code == 0, first.last
        assert len(first.ids("books")) == len(first.ids("reviews")) == 12
        server.reviews[3].append(
            {"id": 999, "text": "Better.", "written_at": "2026-02-02T12:00:00Z"}
        )
        second = tap(server.config(), state=first.state)
    assert second.code == 0, second.last
    assert 999 in second.ids("reviews")
    assert second.activated == ["books"]


def test_a_book_that_is_listed_and_not_there_makes_it_partial(tmp_path: Path) -> None:
    tap = Runner(tmp_path, LIBRARY_TAP)
    with Library(12) as server:
        server.script(
            "/books/3/reviews", forever=lambda exchange: exchange.reply(Reply(404, (), b"{}"))
        )
        run = tap(server.config(), log="INFO")
    assert run.code == 1
    assert run.outcome("reviews") == "partial"
    assert "answered 404 for 1 of 12 parents that still exist (3)" in run.last
