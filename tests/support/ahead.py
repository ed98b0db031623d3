"""Whether a source asks for its next page while the last one is written."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_rest.sources.base import Source

LATENCY = 0.03
"""Seconds that a server takes, so that asking ahead is worth it."""
PATIENCE = 30.0


class Asked:
    """The requests that have come to a server, in order."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self._came = threading.Condition()

    def note(self, request: Any) -> None:
        """Take a request, and let it wait as long as the way to a server takes."""
        with self._came:
            self.requests.append(request)
            self._came.notify_all()
        time.sleep(LATENCY)

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come.

        Raises:
            TimeoutError: They do not come.
        """
        with self._came:
            if not self._came.wait_for(lambda: len(self.requests) >= count, PATIENCE):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")


def read(
    source: Source,
    asked: Asked,
    wanted: Sequence[int] = (),
    is_begun: Callable[[Source], bool] = lambda _source: True,
) -> tuple[list[Any], list[int], int]:
    """Read a source, a page at a time.

    Args:
        source: What is read.
        asked: What its server was asked.
        wanted: How many requests must have come before a page is done with, page by page.
        is_begun: Whether the source knows at a page what it will ask for next.

    Returns:
        Its rows; how many requests had come when each page was there; and of how many pages the
        next request was seen before they were done with.
    """
    rows, counts, seen = [], [], 0
    for number, page in enumerate(source.pages()):
        counts.append(len(asked.requests))
        if number < len(wanted) and wanted[number] and is_begun(source):
            asked.wait_for(wanted[number])
            seen += 1
        rows += page.rows
    return rows, counts, seen


def assert_asks_ahead(
    make: Callable[[int], tuple[Source, Asked]],
    *,
    written: int,
    same: Callable[[list[Any]], Any] = list,
    is_begun: Callable[[Source], bool] = lambda _source: True,
) -> None:
    """Hold a source with two threads against the same one with none.

    The same requests bring the same rows and the same proof; but the request that follows a page
    comes before that page is done with.

    Args:
        make: Makes the source, for so many threads, on a server of its own.
        written: Pages at least of which that has to be seen.
        same: What has to be the same of all requests.
        is_begun: Whether the source knows at a page what it will ask for next; always by default.
    """
    plain, asked = make(1)
    expected, counts, _seen = read(plain, asked)
    following = [count + 1 if later > count else 0 for count, later in itertools.pairwise(counts)]
    source, requests = make(2)
    rows, _counts, seen = read(source, requests, following, is_begun)
    assert seen >= written
    assert rows == expected
    assert source.evidence.outcome is plain.evidence.outcome
    assert str(source.evidence.proof) == str(plain.evidence.proof)
    assert same(requests.requests) == same(asked.requests)
