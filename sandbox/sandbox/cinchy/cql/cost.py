"""What a query costs the database: the rows it looks at and sorts, not the rows it gives."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WITHOUT_END = float("inf")


class TooSlowError(Exception):
    """A query that cost more than its time limit allows."""


@dataclasses.dataclass
class Cost:
    """What one query cost."""

    scanned: int = 0
    """Rows looked at; a window of Cinchy Id is found without looking at what lies before it."""
    sorted: int = 0
    """Rows sorted, because of an ORDER BY that does not begin with Cinchy Id."""
    given: int = 0


@dataclasses.dataclass(kw_only=True)
class Meter:
    """Adds up the cost of one query and stops it when it has become too slow."""

    cost: Cost = dataclasses.field(default_factory=Cost)
    limit: float = WITHOUT_END
    """Rows that may be looked at."""
    sort_cost: float = 1.0
    """What sorting one row costs, in rows looked at."""

    def looked_at(self, ids: Iterable[int]) -> Iterator[int]:
        """Yield ids, counting each as a row looked at.

        Raises:
            TooSlowError: One too many.
        """
        cost, limit = self.cost, self.limit
        for scanned, id_ in enumerate(ids, cost.scanned + 1):
            cost.scanned = scanned
            if scanned > limit:
                raise TooSlowError
            yield id_

    def sort(self, rows: int) -> None:
        """Count rows that have to be sorted.

        Raises:
            TooSlowError: Sorting them on top of reading them takes too long.
        """
        self.cost.sorted += rows
        if self.cost.scanned + self.cost.sorted * self.sort_cost > self.limit:
            raise TooSlowError
