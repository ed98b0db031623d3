"""Proof that all of a list was read: what was expected, what came, what came twice."""

from __future__ import annotations

import array
import bisect
import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StreamError
from singer_rest.sources.hash_set import HashSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Key = Callable[[dict[str, Any]], Any]

INT64 = 1 << 63
MAX_STRAYS = 10
"""Pages whose new keys lie among those of earlier pages, before a list counts as not sorted."""


class LoopError(StreamError):
    """The server gives the same page again."""

    code = "PAGE-LOOP"


class IncompleteError(StreamError):
    """Not all of a list could be read."""

    code = "INCOMPLETE"
    outcome = Outcome.PARTIAL


@dataclasses.dataclass
class Evidence:
    """The account of one pass over a source."""

    expected: int | None = None
    proof: str = "end signal"
    """What completeness was judged by."""
    received: int = 0
    """Distinct rows."""
    duplicates: int = 0
    """Rows that came again; identical ones are written once."""
    rereads: int = 0
    pages: int = 0
    pages_expected: int | None = None
    parents: int = 0
    parents_expected: int | None = None
    skipped: int = 0
    """Parents that vanished between the list and their own request."""
    without_key: int = 0
    """Rows left out because nothing tells which they are."""
    keyless_allowed: bool = False
    """Whether such rows may be missing from a complete pass."""
    problems: list[str] = dataclasses.field(default_factory=list)
    """Reasons why the pass is not complete, as sentences."""

    def expect(self, total: int, proof: str) -> None:
        """Note how many rows the server says there are."""
        self.expected = total
        self.proof = proof

    def absorb(self, part: Evidence) -> None:
        """Add the account of one parent, whose own total has been judged already."""
        self.received += part.received
        self.duplicates += part.duplicates
        self.rereads += part.rereads
        self.pages += part.pages
        self.without_key += part.without_key
        self.problems += part.problems

    @property
    def outcome(self) -> Outcome:
        """COMPLETE unless something is known to be missing."""
        lost = self.without_key and not self.keyless_allowed
        if self.problems or lost or self._short:
            return Outcome.PARTIAL
        return Outcome.COMPLETE

    @property
    def _short(self) -> bool:
        came = self.received + self.without_key
        return self.expected is not None and came < self.expected

    @property
    def reason(self) -> str:
        """Say what is missing."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            return self.problems[0] + more
        if self._short:
            return f"the server counts {self.expected} rows, {self.received} came"
        if self.without_key and not self.keyless_allowed:
            return left_out(self.without_key)
        return ""


def left_out(count: int, keys: Sequence[str] = ()) -> str:
    """Say that rows could not be written because nothing tells which they are."""
    rows, were = ("1 row", "was") if count == 1 else (f"{count} rows", "were")
    named = f" ({', '.join(keys)})" if keys else ""
    return f"{rows} came without a key{named} and {were} left out"


class KeyLedger:
    """Remembers which keys of a list have come, in eight to sixteen bytes a key.

    Lists sorted by a number, the normal case, cost one comparison a page; of anything else the
    hashes are kept. No key may be ``None``.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._runs: list[tuple[int, int, array.array[int]]] = []
        self._low = self._high = 0
        self._strays = 0
        self._hashes: HashSet | None = None
        self._previous: dict[Any, dict[str, Any]] = {}
        self.count = 0
        """Distinct keys so far."""

    def empty(self) -> KeyLedger:
        """Return a ledger for the same kind of rows that knows none."""
        return KeyLedger(self._key)

    def copy(self) -> KeyLedger:
        """Return a ledger that knows the same keys."""
        other = KeyLedger(self._key)
        other._runs = list(self._runs)
        other._low, other._high, other.count = self._low, self._high, self.count
        other._hashes = None if self._hashes is None else self._hashes.copy()
        return other

    def keys(self, rows: Sequence[dict[str, Any]]) -> list[Any]:
        """Return the keys of rows."""
        return list(map(self._key, rows))

    def is_beyond(self, row: dict[str, Any]) -> bool:
        """Tell whether the key of a row is a number greater than any that has come."""
        key = self._key(row)
        return self._hashes is None and type(key) is int and (not self.count or key > self._high)

    def knows(self, row: dict[str, Any]) -> bool:
        """Tell whether the key of a row has come before."""
        return self.knows_key(self._key(row))

    def knows_key(self, key: Any) -> bool:
        """Tell whether a key has come before."""
        if self._hashes is not None:
            return hash(key) in self._hashes
        if not self.count or type(key) is not int or key < self._low or key > self._high:
            return False
        return any(low <= key <= high and key in keys for low, high, keys in reversed(self._runs))

    def unknown(self, keys: Sequence[Any]) -> list[int]:
        """Return the places of the keys that have not come before."""
        if not self.count:
            return list(range(len(keys)))
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
        if self._hashes is not None:
            return self._hashes.isdisjoint(map(hash, keys))
        if not keys:
            return True
        if not _are_numbers(keys):
            self._use_hashes()
            return self._outside(keys)
        return not self.count or min(keys) > self._high or max(keys) < self._low

    def _sorted_with(self, keys: list[int]) -> bool:
        """Whether a list still counts as sorted; a late row now and then does not matter."""
        self._strays += self.count > 0 and min(keys) <= self._high and max(keys) >= self._low
        return self._strays <= MAX_STRAYS

    def _use_hashes(self) -> None:
        self._hashes = HashSet(hash(key) for _low, _high, keys in self._runs for key in keys)
        self._runs.clear()

    def _add(self, keys: list[Any]) -> None:
        if not keys:
            return
        if self._hashes is None and not (_are_numbers(keys) and self._sorted_with(keys)):
            self._use_hashes()
        if self._hashes is not None:
            self._hashes.update(map(hash, keys))
        else:
            low, high = min(keys), max(keys)
            self._runs.append((low, high, array.array("q", keys)))
            self._low = low if not self.count else min(self._low, low)
            self._high = high if not self.count else max(self._high, high)
        self.count += len(keys)


def _are_numbers(keys: Sequence[Any]) -> bool:
    """Whether keys are integers of eight bytes, at least one."""
    return set(map(type, keys)) == {int} and min(keys) >= -INT64 and max(keys) < INT64


class Comparison:
    """Compares the keys of one pass over a list with those of the pass before.

    Args:
        before: The keys of the pass before.
        growing: The list is sorted by its key, so that rows behind its end are new, not missed.
    """

    def __init__(self, before: KeyLedger, *, growing: bool) -> None:
        self.seen = before.empty()
        self.added = 0
        """Rows that the pass before has not shown."""
        self._before = before
        self._growing = growing
        self._known = 0

    def note(self, rows: Sequence[dict[str, Any]]) -> None:
        """Take a page of the pass."""
        fresh = [row for row in rows if not self.seen.knows(row)]
        self.seen.take(fresh)
        for row in fresh:
            if self._before.knows(row):
                self._known += 1
            elif not (self._growing and self._before.is_beyond(row)):
                self.added += 1

    @property
    def gone(self) -> int:
        """Rows that only the pass before has shown."""
        return self._before.count - self._known

    @property
    def same(self) -> bool:
        """Whether both passes have shown the same."""
        return not self.added and not self.gone


class PageGuard:
    """Notices when a list goes round in circles, whatever the length of the circle."""

    def __init__(self, where: str, most_pages: int = 1_000_000) -> None:
        self._where = where
        self._maximum = most_pages
        self._seen: set[int] = set()
        self.pages = 0

    def check(self, position: object, keys: Sequence[Any]) -> None:
        """Note a page.

        Args:
            position: The page number or cursor that was asked for.
            keys: What identifies the rows that came.

        Raises:
            LoopError: The same rows came for another position, or there are more pages than any
                list can have.
        """
        self.pages += 1
        if self.pages > self._maximum:
            raise LoopError(f"{self._where} has no end: stopped after {self._maximum} pages.")
        if not keys:
            return
        print_ = hash(str(keys))
        if print_ in self._seen:
            raise LoopError(
                f"{self._where} gives the same page again (asked for {position}); the server "
                "ignores the page parameter or its cursor goes round in circles."
            )
        self._seen.add(print_)
