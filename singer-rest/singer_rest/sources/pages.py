"""Pages of a list, how they are asked for, and what a walk over them has shown."""

from __future__ import annotations

import abc
import dataclasses
import enum
from typing import TYPE_CHECKING, Any

from singer_rest.sources.claims import read_claims
from singer_rest.sources.keys import Order, OrderTracker

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.sources.claims import Claims
    from singer_rest.sources.keys import Key


@dataclasses.dataclass(slots=True)
class Page:
    """Rows that came together, as the server sent them."""

    rows: list[dict[str, Any]]
    reply: Reply
    parent: Any = None
    """Of a per-parent source: what the request was made for."""
    ends_parent: bool = False
    """Of a per-parent source: the last page of this parent."""
    complete_to: dt.datetime | None = None
    """Of a source that goes through time: with this page, every row up to here has come."""
    position: str = ""
    """Of a source that can be taken up again: the same, in its own words."""


@dataclasses.dataclass(frozen=True)
class Paging:
    """How the lists of one route are paged.

    Attributes:
        page_parameter: Name of the parameter for the number of the page.
        size_parameter: Name of the parameter for the rows of a page.
        size: Rows a page.
        first: Number of the first page, 0 or 1.
        claims: Reads what a page says about the list, under the names that APIs use for it unless
            given.
        key: Identifies a row of the stream; a list without any cannot be told from one in which
            a row came twice and another is missing.
        order: How the keys follow each other, as asked for. It is believed when it is seen.
        repeats: Different rows may have the same key: passes are compared with their counts.
        confirm: Read the list until two passes agree, whatever else proves it: the setting
            ``confirm_complete``.
        repeatable: Whether the route may be asked again for a proof.
        lookup: Tells whether a row of this key exists now, where there is a route for it.
    """

    page_parameter: str
    size_parameter: str
    size: int
    first: int
    claims: Callable[[Page], Claims] = lambda page: read_claims(page.reply.body)
    key: Key | None = None
    order: Order = Order.UNKNOWN
    repeats: bool = False
    confirm: bool = False
    repeatable: bool = True
    lookup: Callable[[Any], bool] | None = None

    def asking(self, request: Request, number: int, size: int) -> Request:
        """Return the request for one page; our own parameters are sent again each time."""
        return dataclasses.replace(
            request,
            params={**request.params, self.page_parameter: number, self.size_parameter: size},
        )


class End(enum.Enum):
    """How a walk knew that it was at the end of its list."""

    TOTAL = "as many rows as the server counts"
    TOLD = "the server says that no rows follow"
    NOTHING_NEW = "nothing follows the last row"
    CAP = "shorter than a page that this route has given"
    UNPAGED = "the same rows for any page and any size"
    BOOKMARK = "a page wholly older than the bookmark"


@dataclasses.dataclass
class WalkState:
    """What one walk over a list has shown."""

    overlapping: bool
    """Every page so far began with a row that was known."""
    order: OrderTracker = dataclasses.field(default_factory=OrderTracker)
    end: End | None = None
    pages: int = 0
    totals: list[int] = dataclasses.field(default_factory=list)
    contradictions: list[str] = dataclasses.field(default_factory=list)
    doubt: str = ""
    """Why its end proves nothing, if it does not."""
    bare_end: bool = False
    """It ended with an empty page, which does not show that no row has moved to the one before."""
    repeated: int = 0
    """Rows that stood at two places: rows moved, or one came in the place of another."""
    data_pages: int = 0
    """Pages that brought rows which were new."""

    @property
    def total(self) -> int | None:
        """Return the number of rows as the server said last."""
        return self.totals[-1] if self.totals else None

    @property
    def changed(self) -> bool:
        """Whether the server counted differently in the course of the walk."""
        return len(set(self.totals)) > 1


class RowTaker(abc.ABC):
    """What a walk does with the rows of a page; see :mod:`singer_rest.sources.passes`."""

    @abc.abstractmethod
    def take(self, page: Page, *, only_new: bool = False) -> tuple[Page, list[Any], list[Any]]:
        """Count a page.

        Args:
            page: As it came.
            only_new: Rows that are known are not worth writing again, wherever they stand.

        Returns:
            The page with the rows worth writing; the keys that this pass has not shown before, in
            the order of the page; the keys of all its rows that have one.
        """

    @abc.abstractmethod
    def knows(self, row: dict[str, Any]) -> bool:
        """Tell whether this pass has shown a row before."""


def overlapping_size(position: int, limit: int) -> int:
    """Choose the page size whose page holds the row before ``position`` and most new rows.

    A page of size ``s`` that contains row ``position - 1`` ends at the next multiple of ``s``; it
    brings new rows unless ``s`` divides ``position``.
    """
    best, most = 0, 0
    for size in range(limit, limit // 2, -1):
        gain = -position % size
        if gain > most:
            best, most = size, gain
    size = limit
    while not best:
        size += 1
        if position % size:
            best = size
    return best
