"""What a table keeps its rows in: its ids in order, and rows that are made when they are read."""

from __future__ import annotations

import bisect
import heapq
import itertools
from collections.abc import Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from .columns import Row

    Change = Callable[[Row], Row]


class Ids(Sequence[int]):
    """The ids of a table, ascending: a range, less what was erased of it, and what came beside it.

    A million ids of a range take no memory, and any window of them is found at once.
    """

    def __init__(self, base: range = range(0)) -> None:
        self._base = base
        self._gone: list[int] = []
        self._more: list[int] = []

    def __len__(self) -> int:
        return len(self._base) - len(self._gone) + len(self._more)

    def __iter__(self) -> Iterator[int]:
        return self.between(self[0], self[-1]) if self else iter(())

    def __contains__(self, id_: object) -> bool:
        if not isinstance(id_, int):
            return False
        return _holds(self._more, id_) or (id_ in self._base and not _holds(self._gone, id_))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if not self._base:
            return self._more[index]
        if isinstance(index, slice):
            return list(self)[index]
        if not (self._gone or self._more):
            return self._base[index]
        return self._ranked(range(len(self))[index])

    def _ranked(self, rank: int) -> int:
        """Return the id that so many others are below of."""
        low = min((self._base[0], *self._more[:1]))
        high = max((self._base[-1], *self._more[-1:]))
        while low < high:
            middle = (low + high) // 2
            if self._up_to(middle) > rank:
                high = middle
            else:
                low = middle + 1
        return low

    def _up_to(self, id_: int) -> int:
        own = len(_window(self._base, self._base[0], id_))
        return own - bisect.bisect_right(self._gone, id_) + bisect.bisect_right(self._more, id_)

    def between(self, low: int, high: int, *, descending: bool = False) -> Iterator[int]:
        """Iterate the ids between two bounds, both included, in order."""
        more = range(bisect.bisect_left(self._more, low), bisect.bisect_right(self._more, high))
        base = _window(self._base, low, high)
        added = map(self._more.__getitem__, reversed(more) if descending else more)
        own: Iterator[int] = iter(reversed(base) if descending else base)
        gone = self._gone
        gone = gone[bisect.bisect_left(gone, low) : bisect.bisect_right(gone, high)]
        if gone:
            own = itertools.filterfalse(frozenset(gone).__contains__, own)
        if not base:
            return added
        if not more:
            return own
        if self._more[more[0]] > base[-1]:
            return itertools.chain(added, own) if descending else itertools.chain(own, added)
        return heapq.merge(own, added, reverse=descending)

    def add(self, id_: int) -> None:
        """Take one more id.

        Raises:
            ValueError: It is there already.
        """
        if id_ in self:
            raise ValueError(id_)
        if id_ in self._base:
            self._gone.remove(id_)
        else:
            bisect.insort(self._more, id_)

    def append(self, id_: int) -> None:
        """Take one more id, which must be above all others."""
        self._more.append(id_)

    def remove(self, id_: int) -> None:
        """Forget an id.

        Raises:
            ValueError: It is not there.
        """
        if id_ not in self:
            raise ValueError(id_)
        if id_ in self._base:
            bisect.insort(self._gone, id_)
        else:
            del self._more[bisect.bisect_left(self._more, id_)]


class Series(MutableMapping[int, "Row"]):
    """Rows by id that a function makes whenever they are read; those that changed are kept.

    Args:
        ids: The ids it makes rows for.
        make: Returns the row of an id, always the same one.
    """

    def __init__(self, ids: range, make: Callable[[int], Row]) -> None:
        self.ids = ids
        self._make: Callable[[int], Row] = make
        self._changed: dict[int, Row] = {}
        self._gone = set[int]()

    def __getitem__(self, id_: int) -> Row:
        row = self._changed.get(id_)
        if row is not None:
            return row
        if id_ not in self.ids or id_ in self._gone:
            raise KeyError(id_)
        return self._make(id_)

    def __setitem__(self, id_: int, row: Row) -> None:
        self._changed[id_] = row
        self._gone.discard(id_)

    def __delitem__(self, id_: int) -> None:
        if id_ not in self:
            raise KeyError(id_)
        self._changed.pop(id_, None)
        self._gone.add(id_)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._changed or (id_ in self.ids and id_ not in self._gone)

    def __iter__(self) -> Iterator[int]:
        own = (id_ for id_ in self.ids if id_ not in self._gone)
        return itertools.chain(own, (id_ for id_ in self._changed if id_ not in self.ids))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def rewrite(self, change: Change) -> None:
        """Change every row: those that are kept now, the others whenever they are made."""
        make = self._make
        self._make = lambda id_: change(make(id_))
        self._changed = {id_: change(row) for id_, row in self._changed.items()}


def _holds(ids: list[int], id_: int) -> bool:
    place = bisect.bisect_left(ids, id_)
    return place < len(ids) and ids[place] == id_


def _window(base: range, low: int, high: int) -> range:
    """Return the part of an ascending range that lies between two bounds, both included."""
    first = max(-((base.start - low) // base.step), 0)
    stop = max((high - base.start) // base.step + 1, 0)
    return base[first:stop]
