"""Asking for the pages of a list: which page and size hold a position, and what is too heavy."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from singer_rest.errors import StatusError, TooLargeError
from singer_rest.http.retry import RETRIED_STATUSES
from singer_rest.sources.ahead import Ahead
from singer_rest.sources.evidence import IncompleteError
from singer_rest.sources.pages import overlapping_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.pages import Page, Paging


class PageAsker:
    """Asks for pages in a size that the server gives and that is not too heavy.

    Args:
        where: Names the list in messages.
        fetch: Asks for page ``number`` of ``size`` rows.
        paging: How the list is paged.
        limit: Rows a page to begin with; those of the paging unless given.
        ahead: Asks for the next page while the last one is written.
    """

    def __init__(
        self,
        where: str,
        fetch: Callable[[int, int], Page],
        paging: Paging,
        limit: int | None = None,
        ahead: Prefetcher | None = None,
    ) -> None:
        self.where = where
        self.fetch = fetch
        self.paging = paging
        self.limit = limit or paging.size
        """Rows a page, as far as the server has shown that it gives them."""
        self.halved = False
        self._asked = (0, 0)
        self._ahead: Ahead[Page] = Ahead(ahead)

    def window(self, position: int, *, overlapping: bool, wants_end: bool) -> tuple[int, int]:
        """Return page number and size of the request that goes on at a position.

        Args:
            position: Rows of the list before it.
            overlapping: The page must hold the row before it too.
            wants_end: It had better, to show that nothing follows.
        """
        first = self.paging.first
        if position == 0:
            return first, self.limit
        if overlapping or wants_end:
            size = overlapping_size(position, self.limit)
            window = first + (position - 1) // size, size
            # A server that cuts pages below that size gives another page than the one asked for.
            possible = size <= self.limit or self.limit == self.paging.size
            if possible and (overlapping or window != self._asked):
                return window
        size = self.limit
        while position % size:
            size -= 1
        return first + position // size, size

    def pays(self, page: Page) -> bool:
        """Tell whether the list's pages take long enough to be asked for ahead of time."""
        return self._ahead.pays(page.reply.seconds)

    def begin(self, number: int, size: int) -> tuple[int, int]:
        """Ask for the page that :meth:`ask` will be called for next, while the last is written.

        Returns:
            Number and size, as they came.
        """
        self._ahead.begin((number, size), functools.partial(self.fetch, number, size))
        return number, size

    def ask(self, number: int, size: int) -> Page | None:
        """Fetch a page; nothing if it must be asked for in smaller pieces."""
        self._asked = (number, size)
        try:
            return self._ahead.ask(self._asked, functools.partial(self.fetch, number, size))
        except (StatusError, TooLargeError) as error:
            self.lighten(error, number, size)
            return None

    def lighten(self, error: StatusError | TooLargeError, number: int, size: int) -> None:
        """Halve the page size, once, if the page was too heavy for the server or for us.

        Raises:
            IncompleteError: It was halved before; the error itself if it is of another kind.
        """
        too_heavy = isinstance(error, TooLargeError) or error.status in RETRIED_STATUSES
        if not too_heavy or size == 1:
            raise error
        if not self.halved:
            self.halved = True
            self.limit = max(1, min(self.limit, size) // 2)
            return
        if number == self.paging.first and isinstance(error, StatusError):
            raise error
        raise IncompleteError(
            f"Page {number} of {self.where} cannot be had, not even in half the size: "
            f"{error.sentence}"
        ) from error
