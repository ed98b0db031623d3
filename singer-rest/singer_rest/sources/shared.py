"""Lists that one stream writes and others need as parents: read once a run, by who comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.pages import Page

T = TypeVar("T")


class SharedList(Generic[T]):
    """One list of the server and what is remembered of its rows; the parents of a fan-out.

    Args:
        make: Returns a new source of the list.
        pick: Returns what to remember of a row; nothing skips it.
    """

    def __init__(
        self, make: Callable[[], Source], pick: Callable[[dict[str, Any]], T | None]
    ) -> None:
        self._make = make
        self._pick = pick
        self._items: list[T] | None = None
        self._evidence = Evidence()
        self._charged = False

    def source(self) -> Source:
        """Return a source that remembers what it sees, for the stream that writes the list."""
        return _Remembering(self._make(), self)

    def read(self) -> tuple[Sequence[T], Evidence]:
        """Return what is remembered and its evidence; reads the list if nobody has to its end.

        Raises:
            StreamError: It cannot be read.
        """
        if self._items is None:
            for _page in self.source().pages():
                pass
        assert self._items is not None  # noqa: S101  # a source remembers at its end
        return self._items, self._evidence

    def read_again(self) -> tuple[Sequence[T], Evidence]:
        """Read the list anew, whatever is remembered.

        Raises:
            StreamError: It cannot be read.
        """
        source = self._make()
        found = [item for page in source.pages() for item in self.picked(page)]
        return found, source.evidence

    def picked(self, page: Page) -> Iterator[T]:
        """Yield what to remember of the rows of a page."""
        for row in page.rows:
            item = self._pick(row)
            if item is not None:
                yield item

    def remember(self, items: list[T], evidence: Evidence) -> None:
        """Take over the list as one walk has seen it to its end."""
        self._items, self._evidence = items, evidence

    def plan(self) -> Plan:
        """Return the cost of the list, for the stream that writes it."""
        rows = len(self.read()[0])
        self._charged = True
        return Plan(self._evidence.pages * (1 + self._evidence.rereads), rows)

    def setup_requests(self) -> int:
        """Return the requests a run will spend on the list before a dependent stream can start."""
        if self._charged:
            return 0
        return self.plan().requests


class _Remembering(Source, Generic[T]):
    """A source that hands its rows to a shared list when it is at its end."""

    def __init__(self, inner: Source, shared: SharedList[T]) -> None:
        super().__init__()
        self.inner = inner
        self.shared = shared
        self.where = inner.where
        self.evidence = inner.evidence

    def pages(self) -> Iterator[Page]:
        """Read the list."""
        found: list[T] = []
        for page in self.inner.pages():
            found += self.shared.picked(page)
            yield page
        self.shared.remember(found, self.evidence)

    def begin(self) -> None:
        """Ask for the first answer ahead of time."""
        self.inner.begin()

    def probe(self) -> Reply | None:
        """Make one cheap request."""
        return self.inner.probe()

    @property
    def expected_proof(self) -> str:
        """Return which proof the list will have."""
        return self.inner.expected_proof

    def plan(self) -> Plan:
        """Read the list: its dependents need it to plan."""
        return self.shared.plan()
