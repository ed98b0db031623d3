"""Lists that one stream writes and others need as parents: read once a run, by who comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from singer_rest.errors import Outcome
from singer_rest.sources.base import Plan
from singer_rest.sources.evidence import IncompleteError
from tap_cortex.client import CortexList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.exchange import Request
    from singer_rest.sources.pages import Page
    from tap_cortex.client import CortexApi, Key, Record, Rows

T = TypeVar("T")


class SharedList(Generic[T]):
    """One list of the server and what is remembered of its rows.

    Args:
        make: Returns a new walk over the list.
        pick: Returns what to remember of a row; nothing skips it.
    """

    def __init__(self, make: Callable[[], CortexList], pick: Callable[[Record], T | None]) -> None:
        self._make = make
        self._pick = pick
        self._items: list[T] | None = None
        self._pages = 0
        self._charged = False

    def source(self) -> CortexList:
        """Return a walk that remembers what it sees, for the stream that writes the list."""
        inner = self._make()
        return _Remembering(inner.api, inner.request, inner.rows, inner.paging.key, self)

    def get(self) -> list[T]:
        """Return what is remembered; reads the list if nobody has.

        Raises:
            StreamError: It cannot be read as a whole.
        """
        if self._items is None:
            source = self.source()
            for _page in source.pages():
                pass
            if self._items is None:
                raise IncompleteError(f"{source.where}: {source.evidence.reason}.")
        return self._items

    def remember(self, rows: list[T], pages: int) -> None:
        """Take over the list as one complete walk has seen it."""
        self._items, self._pages = rows, pages

    def pick(self, row: Record) -> T | None:
        """Return what to remember of a row."""
        return self._pick(row)

    def plan(self) -> Plan:
        """Return the cost of the list, for the stream that writes it."""
        rows = len(self.get())
        self._charged = True
        return Plan(self._pages, rows)

    def setup_requests(self) -> int:
        """Return the requests a run will spend on the list before a dependent stream can start."""
        if self._charged:
            return 0
        return self.plan().requests


class _Remembering(CortexList, Generic[T]):
    """A walk that hands its rows to a shared list."""

    def __init__(
        self, api: CortexApi, request: Request, rows: Rows, key: Key | None, shared: SharedList[T]
    ) -> None:
        super().__init__(api, request, rows, key)
        self.shared = shared

    def pages(self) -> Iterator[Page]:
        """Walk the list."""
        found: list[T] = []
        for page in super().pages():
            found += [item for row in page.rows if (item := self.shared.pick(row)) is not None]
            yield page
        if self.evidence.outcome is Outcome.COMPLETE:
            self.shared.remember(found, self.evidence.pages)

    def plan(self) -> Plan:
        """Read the list: its dependents need it to plan."""
        return self.shared.plan()
