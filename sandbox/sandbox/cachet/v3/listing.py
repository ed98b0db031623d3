"""The rows a 3.x list consists of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sandbox.cachet.order import in_order, unsorted
from sandbox.cachet.remember import Found, Remembered
from sandbox.cachet.v3.query import Listing, tests_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet.access import Sight
    from sandbox.cachet.table import Table
    from sandbox.cachet.world import World


class Lists:
    """Finds the rows of a list for one caller."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._remembered = Remembered()

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

        def find() -> Found:
            tests = ([shows] if shows else []) + tests_of(listing, options, sight.now)
            found = unsorted(table, options, parent)
            if tests:
                found = [row for row in found if all(test(row) for test in tests)]
            rows = in_order(found, listing.sort, options.database)
            return Found(rows, self._next_change(table, listing, sight.now))

        setup = (options.api, options.scrambled, options.database, options.timezone)
        question = (id(table), parent, sight.viewer, listing.sort, listing.filters, setup)
        revisions = (table.revision, self.world.component_groups.revision)
        return self._remembered.rows(question, revisions, sight.now, find)

    def _next_change(self, table: Table[Any], listing: Listing, now: int) -> float:
        """Return when the clock alone changes the answer: something gets published then."""
        if listing.filters and any(kind == "status" for _, kind in listing.kinds):
            return now
        if table is not self.world.incidents and table is not self.world.schedules:
            return math.inf
        to_come = (row.published_at for row in table.on_disk() if (row.published_at or 0) > now)
        return min(to_come, default=math.inf)
