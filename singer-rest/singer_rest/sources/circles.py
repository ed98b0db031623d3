"""Noticing a list that gives the same page again, and whether it has pages at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_rest.sources.evidence import LoopError
from singer_rest.sources.keys import ROUND_CAPS

if TYPE_CHECKING:
    from singer_rest.sources.asking import PageAsker
    from singer_rest.sources.pages import Page, Paging, RowTaker, WalkState

MAX_PAGES = 1_000_000
MAX_AGAIN = 50
"""Pages of a walk that may come again because rows have moved."""


class CircleGuard:
    """Notices when a walk goes round in circles, whatever the length of the circle.

    Args:
        where: Names the list in messages.
        paging: How the list is paged.
        rows: Tells which rows the walk has shown.
        asker: Asks for pages.
    """

    def __init__(self, where: str, paging: Paging, rows: RowTaker, asker: PageAsker) -> None:
        self.where = where
        self.paging = paging
        self.rows = rows
        self.asker = asker
        self.doubt = ""
        """Why a list without pages is not proved by that."""
        self._again = 0
        self._places: dict[int, int] = {}
        self._first_key: Any = None

    def forget(self) -> None:
        """Let every page come again."""
        self._places.clear()

    def comes_again(self, page: Page, number: int, size: int, state: WalkState) -> bool:
        """Tell whether a page came before, at another place of the list.

        Raises:
            LoopError: There are more pages than any list can have.
        """
        if state.pages > MAX_PAGES:
            raise LoopError(f"{self.where} has no end: stopped after {MAX_PAGES} pages.")
        key = self.paging.key
        if not page.rows or key is None:
            return False
        offset = (number - self.paging.first) * size
        keys = [key(row) for row in page.rows]
        if state.pages == 1:
            self._first_key = keys[0]
        elif offset and keys[0] is not None and keys[0] == self._first_key:
            return True  # the first page again
        print_ = hash(str(page.rows if None in keys else keys))
        # Asked for again, the same place may well hold the same rows.
        if self._places.setdefault(print_, offset) == offset:
            return False
        if all(one is None for one in keys):
            return True  # nothing tells these rows apart, and all of each is the same
        # Where rows move, few rows may well stand at another place; a whole page of them does not.
        return 1 < len(keys) >= self.asker.limit // 2 and keys[-1] != state.order.last

    def is_unpaged(self, page: Page, number: int, size: int) -> bool:
        """Find out whether a route that gives the same page again has no pages at all.

        Returns:
            Whether it has none. If not, rows have moved, and the walk goes on.

        Raises:
            LoopError: It has some, and goes round in circles.
        """
        count, first = len(page.rows), self.paging.first
        front = self.asker.ask(first, size)
        if front is None or front.rows != page.rows:
            self._again += 1
            if self._again > MAX_AGAIN:
                raise LoopError(
                    f"{self.where} gives pages again that it has given ({self._again} of them, the "
                    f"last one asked for {number}), and its first page is another one each time. "
                    "Something before the server may mix up its answers; run again."
                )
            return False
        others = (self.asker.ask(first, max(1, count // 2)), self.asker.ask(first, count + 1))
        if any(other is None or len(other.rows) != count for other in others):
            raise LoopError(
                f"{self.where} gives the same page again (asked for {number}); the server "
                "ignores the page parameter or its cursor goes round in circles."
            )
        if count == self.paging.size or count in ROUND_CAPS:
            self.doubt = (
                f"{self.where} gives the same {count} rows for any page and size, which may be a "
                "cap"
            )
        return True
