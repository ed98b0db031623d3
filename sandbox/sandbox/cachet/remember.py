"""Answers kept until something they depend on changes.

A page must not cost as much as the whole table, so the rows of every distinct list are found and
sorted once, not once a page.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MOST_ANSWERS = 500


@dataclasses.dataclass(frozen=True)
class Found:
    """The rows of a list, and until when the clock alone cannot change them."""

    rows: list[Any]
    good_until: float = math.inf


class Remembered:
    """Rows by question."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[tuple[int, ...], Found]] = {}

    def rows(
        self,
        question: Hashable,
        revisions: tuple[int, ...],
        now: int,
        find: Callable[[], Found],
    ) -> list[Any]:
        """Return the rows of a list, found anew only if they may have changed.

        Args:
            question: All that decides which rows are in the list and how they are sorted.
            revisions: The revisions of the tables the answer was taken from.
            now: The time of the request.
            find: Finds them.
        """
        known = self._answers.get(question)
        if known and known[0] == revisions and now < known[1].good_until:
            return known[1].rows
        if len(self._answers) >= MOST_ANSWERS:
            self._answers.clear()
        found = find()
        self._answers[question] = (revisions, found)
        return found.rows
