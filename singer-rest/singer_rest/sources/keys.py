"""Which keys of a list have come, how two passes differ, and whether a list is sorted.

A million keys and more are kept in eight to sixteen bytes each instead of eighty.
"""

from __future__ import annotations

import array
import bisect
import decimal
import enum
import itertools
import operator
from typing import TYPE_CHECKING, Any

from singer_rest.records.hash_set import HashSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Key = Callable[[dict[str, Any]], Any]

INT64 = 1 << 63
ROUND_CAPS = frozenset({50, 100, 250, 500, 1000})
"""Lengths at which servers like to cut."""
MAX_STRAYS = 10
"""Pages whose new keys lie among those of earlier pages, before a list counts as not sorted."""


def can_be_key(key: Any) -> bool:
    """Tell whether a value can tell a row from others: a number, a text, or several of them."""
    if isinstance(key, tuple):
        return all(map(can_be_key, key))
    return isinstance(key, (int, str, float, decimal.Decimal)) and not isinstance(key, bool)


class KeyLedger:
    """Remembers which keys of a list have come, in eight to sixteen bytes a key.

    Lists sorted by a number, the normal case, cost one comparison a page; of anything else the
    hashes are kept. No key may be ``None``.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._runs: list[array.array[int]] = []
        """Sorted, each wholly above the one before."""
        self._lows: list[int] = []
        self._late: list[array.array[int]] = []
        """Sorted; what came later than its place."""
        self._low, self._high = INT64, -INT64
        self._hashes: HashSet | None = None
        self._previous: dict[Any, dict[str, Any]] = {}
        self.count = 0
        """Distinct keys so far."""

    def empty(self) -> KeyLedger:
        """Return a ledger for the same kind of rows that knows none."""
        return KeyLedger(self._key)

    def keys(self, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Return the keys of rows."""
        return list(map(self._key, rows))

    def knows(self, row: dict[str, Any]) -> bool:
        """Tell whether the key of a row has come before."""
        return self.knows_key(self._key(row))

    def knows_key(self, key: Any) -> bool:
        """Tell whether a key has come before."""
        if self._hashes is not None:
            return _hash(key) in self._hashes
        if type(key) is not int:
            return False
        index = bisect.bisect_right(self._lows, key) - 1
        if index >= 0 and _holds(self._runs[index], key):
            return True
        return any(_holds(run, key) for run in self._late)

    def unknown(self, keys: Sequence[Any]) -> list[int]:
        """Return the places of the keys that have not come before."""
        if self._hashes is None and _are_numbers(keys) and keys == sorted(keys):
            # What the next page of a sorted list is: a few known rows, then only new ones.
            new = bisect.bisect_right(keys, self._high)
            return [
                *(
                    index
                    for index in range(new)
                    if keys[index] not in self._previous and not self.knows_key(keys[index])
                ),
                *range(new, len(keys)),
            ]
        if self._hashes is not None:
            known = self._hashes
            return [index for index, one in enumerate(_hashes(keys)) if one not in known]
        return [index for index, key in enumerate(keys) if not self.knows_key(key)]

    def take(
        self, rows: Sequence[dict[str, Any]], keys: list[Any] | None = None
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the rows worth writing, and how many came again.

        A row whose key came before is worth writing only if it may have changed since: the target
        keeps the last one. One that is identical to its copy on the page before is not.

        Args:
            rows: Of one page.
            keys: Theirs, if they have been looked up already.
        """
        if not rows:
            return [], 0
        if keys is None:
            keys = self.keys(rows)
        distinct = len(set(keys)) == len(keys)
        if distinct and self._outside(keys):
            self._add(keys)
            self._previous = dict(zip(keys, rows, strict=True))
            return list(rows), 0
        fresh, again = [], 0
        new: dict[Any, dict[str, Any]] = {}
        for key, row in zip(keys, rows, strict=True):
            if key in new:
                again += 1
                if new[key] == row:
                    continue
            elif self.knows_key(key):
                again += 1
                if self._previous.get(key) == row:
                    continue
            new[key] = row
            fresh.append(row)
        self._add([key for key in new if not self.knows_key(key)])
        self._previous = dict(zip(keys, rows, strict=True))
        return fresh, again

    def _outside(self, keys: list[Any]) -> bool:
        """Whether a page of numbers lies wholly beyond everything that has come."""
        if self._hashes is None and not _are_numbers(keys):
            self._use_hashes()
        if self._hashes is not None:
            return self._hashes.isdisjoint(_hashes(keys))
        return bool(min(keys) > self._high or max(keys) < self._low)

    def _use_hashes(self) -> None:
        self._hashes = HashSet(
            _hash(key) for run in itertools.chain(self._runs, self._late) for key in run
        )
        self._runs, self._lows, self._late = [], [], []

    def _add(self, keys: list[Any]) -> None:
        """Take keys that have not come before; a late page now and then does not matter."""
        if not keys:
            return
        self.count += len(keys)
        if self._hashes is None and not _are_numbers(keys):
            self._use_hashes()
        if self._hashes is not None:
            self._hashes.update(_hashes(keys))
            return
        run = array.array("q", sorted(keys))
        low, high = run[0], run[-1]
        if low > self._high:
            self._runs.append(run)
            self._lows.append(low)
        elif high < self._low:
            self._runs.insert(0, run)
            self._lows.insert(0, low)
        else:
            self._late.append(run)
        self._low, self._high = min(self._low, low), max(self._high, high)
        if len(self._late) > MAX_STRAYS:
            self._use_hashes()


def _hashes(keys: Sequence[Any]) -> list[int]:
    """Return what is kept of keys, several times faster where all are texts."""
    return list(map(hash if set(map(type, keys)) == {str} else _hash, keys))


def _hash(key: Any) -> int:
    """Return what is kept of a key where not the key itself is."""
    return hash(key if type(key) is str else _told_apart(key))


def _told_apart(key: Any) -> Any:
    """Put a text in the place of -1, of which Python makes the same hash as of -2."""
    if isinstance(key, tuple):
        return tuple(map(_told_apart, key))
    return "\x00minus one" if key == -1 else key


def _holds(run: array.array[int], key: int) -> bool:
    """Whether a sorted run holds a key."""
    index = bisect.bisect_left(run, key)
    return index < len(run) and run[index] == key


def _are_numbers(keys: Sequence[Any]) -> bool:
    """Whether keys are integers of eight bytes, at least one."""
    return set(map(type, keys)) == {int} and min(keys) >= -INT64 and max(keys) < INT64


class Comparison:
    """Compares the keys of one pass over a list with those of the pass before.

    Args:
        before: The keys of the pass before.
    """

    def __init__(self, before: KeyLedger) -> None:
        self.seen = before.empty()
        self._count = before.count  # the ledger may go on to learn
        self.new_keys: list[Any] = []
        """Keys that the pass before has not shown."""
        self._before = before

    def note(self, rows: Sequence[dict[str, Any]], keys: Sequence[Any]) -> None:
        """Take a page of the pass."""
        fresh = {keys[index]: rows[index] for index in self.seen.unknown(keys)}
        self.seen.take(list(fresh.values()), list(fresh))
        self.new_keys += [key for key in fresh if not self._before.knows_key(key)]

    @property
    def added(self) -> int:
        """Rows that the pass before has not shown."""
        return len(self.new_keys)

    @property
    def gone(self) -> int:
        """Rows that only the pass before has shown."""
        return self._count - (self.seen.count - self.added)

    @property
    def same(self) -> bool:
        """Whether both passes have shown the same."""
        return not self.added and not self.gone


class Order(enum.Enum):
    """How the keys of a list follow each other."""

    UNKNOWN = "unknown"
    RISING = "rising"
    FALLING = "falling"


class OrderTracker:
    """Notices whether the keys of a list strictly rise or strictly fall over the whole walk.

    Keys are compared as numbers or as texts; two of different types have no order.
    """

    def __init__(self) -> None:
        self.direction = Order.UNKNOWN
        self.broken = False
        self.count = 0
        """Keys compared so far."""
        self.last: Any = None
        """The key that came last."""

    def add(self, keys: Sequence[Any]) -> None:
        """Take the keys that are new, in the order in which they came."""
        if self._rises(keys):
            self.last = keys[-1]
            self.count += len(keys)
            return
        for key in keys:
            if self.count and not self.broken:
                self._compare(key)
            self.last = key
            self.count += 1

    def _rises(self, keys: Sequence[Any]) -> bool:
        """Tell at a glance whether keys go on rising, as those of most lists do."""
        return (
            self.direction is Order.RISING
            and not self.broken
            and type(self.last) in {int, str}
            and set(map(type, keys)) == {type(self.last)}
            and keys[0] > self.last
            and all(itertools.starmap(operator.lt, itertools.pairwise(keys)))
        )

    def _compare(self, key: Any) -> None:
        if type(key) is not type(self.last) or not isinstance(key, (int, str)) or key == self.last:
            self.broken = True
            return
        found = Order.RISING if key > self.last else Order.FALLING
        if self.direction is Order.UNKNOWN:
            self.direction = found
        self.broken = found is not self.direction

    def holds(self, keys: Sequence[Any]) -> bool:
        """Tell whether the keys of one page, known ones among them, follow the order."""
        if self.broken or self.direction is Order.UNKNOWN:
            return True
        ordered = sorted(set(keys), reverse=self.direction is Order.FALLING)
        return list(keys) == ordered

    def proves(self, wanted: Order) -> bool:
        """Whether nothing that came is against an order."""
        return not self.broken and self.direction in {wanted, Order.UNKNOWN}


class LearnedCap:
    """How long the pages of one route have been in this run, and what that says of its caps.

    A server that cuts its answers cuts them all at one length. So a page shorter than another of
    the same route was not cut. Shared by the lists of one route, such as the children of many
    parents.
    """

    def __init__(self) -> None:
        self._longest = 0
        self._ends: set[int] = set()
        self._continued: set[int] = set()

    def tells(self, count: int, asked: int) -> bool:
        """Tell whether a page of so many rows cannot have been cut.

        Args:
            count: Rows that came.
            asked: Rows that were asked for.
        """
        if count >= asked:
            return False  # our own size may have cut it
        if count < self._longest:
            return True
        known = count in self._ends and count not in self._continued
        return known and count not in ROUND_CAPS

    def note(self, count: int) -> None:
        """Note the length of a page."""
        self._longest = max(self._longest, count)

    def note_end(self, count: int) -> None:
        """Note that nothing came after a page of this length."""
        self._ends.add(count)

    def note_continued(self, count: int) -> None:
        """Note that rows came after a page of this length."""
        self._continued.add(count)
