"""The rows a list consists of, kept until something they depend on changes.

A page must not cost as much as the whole table, so the sorted rows of every distinct question
are remembered.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from sandbox.cachet.order import in_order, unsorted
from sandbox.cachet.v3.query import Listing, tests_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet.access import Sight
    from sandbox.cachet.table import Table
    from sandbox.cachet.world import World

MOST_ANSWERS = 500


@dataclasses.dataclass(frozen=True)
class _Answer:
    revisions: tuple[int, ...]
    good_until: float
    rows: list[Any]


class Lists:
    """Finds the rows of a list for one caller."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._answers: dict[Any, _Answer] = {}

    def rows(
        self,
        table: Table[Any],
        shows: Callable[[Any], bool] | None,
        sight: Sight,
        listing: Listing,
        parent: object = None,
    ) -> list[Any]:
        """Return every row of a list, sorted; the caller cuts its page out.

        Args:
            table: Where they are.
            shows: Whether the caller sees a row; nothing if all of them do.
            sight: The caller and the moment.
            listing: Sort and filters.
            parent: The parent's key, for a list under a parent.
        """
        options = sight.options
        setup = (options.api, options.scrambled, options.database)
        key = (id(table), parent, sight.viewer, listing.sort, listing.filters, setup)
        revisions = (table.revision, self.world.component_groups.revision)
        known = self._answers.get(key)
        if known and known.revisions == revisions and sight.now < known.good_until:
            return known.rows
        tests = tests_of(listing, options, sight.now)
        if shows:
            tests.insert(0, shows)
        rows = [row for row in unsorted(table, options, parent) if all(test(row) for test in tests)]
        rows = in_order(rows, listing.sort, options.database)
        if len(self._answers) >= MOST_ANSWERS:
            self._answers.clear()
        good_until = self._next_change(table, listing, sight.now)
        self._answers[key] = _Answer(revisions, good_until, rows)
        return rows

    def _next_change(self, table: Table[Any], listing: Listing, now: int) -> float:
        """Return when the clock alone changes the answer: something gets published then."""
        if any(kind == "status" for name, kind in listing.kinds if listing.filters):
            return now
        if table is not self.world.incidents and table is not self.world.schedules:
            return math.inf
        to_come = (row.published_at for row in table.on_disk() if (row.published_at or 0) > now)
        return min(to_come, default=math.inf)
