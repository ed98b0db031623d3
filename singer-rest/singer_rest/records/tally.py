"""What is written of one table: how many rows, and the digest of the keys of those that live.

A key counts once, however often its row is written, as it does in the table. Integers that rise or
fall from page to page, the normal case, cost a comparison a page and no memory while they follow
one another without a gap, else eight bytes each; of all others a set of hashes is kept, eight to
sixteen bytes each.
"""

from __future__ import annotations

import array
import bisect
from typing import TYPE_CHECKING, Any

from singer_rest.records import key_ranges
from singer_rest.records.digest import INTEGER, Digest, digest_terms, terms
from singer_rest.records.hash_set import HashSet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DELETED_AT = "_sdc_deleted_at"
"""Where it is not null, the row says that it was deleted at the source."""


class SeenTerms:
    """Tells which terms have not come before."""

    def __init__(self) -> None:
        self._runs: list[Sequence[int]] = []
        """Sorted, each wholly above the one before."""
        self._lows: list[int] = []
        self._low = self._high = 0
        self._others = HashSet()

    def fresh(self, page: Sequence[int], *, in_order: bool) -> Sequence[int]:
        """Take the terms of a page, and return those that are new, each once.

        Args:
            page: The terms.
            in_order: Whether pages may be expected to follow one another.
        """
        if not page:
            return page
        distinct = set(page)
        if not in_order:
            if len(distinct) < len(page) or self._runs or not self._others.isdisjoint(distinct):
                page = [term for term in distinct if not self._knows(term)]
            self._others.update(page)
            return page
        alone = len(distinct) == len(page) and self._is_outside(page)
        if alone and self._others.isdisjoint(distinct):
            self._add_run(sorted(page))
            return page
        new = [term for term in distinct if not self._knows(term)]
        low, high = (self._low, self._high) if self._runs else (0, 0)
        self._others.update([term for term in new if self._runs and low <= term <= high])
        for run in (
            [term for term in new if term > high or not self._runs],
            [term for term in new if term < low and self._runs],
        ):
            if run:
                self._add_run(sorted(run))
        return new

    def know(self, ranges: Sequence[range]) -> None:
        """Take terms that others have seen, before any of one's own.

        Args:
            ranges: In order and apart from one another.
        """
        if ranges:
            self._runs, self._lows = list(ranges), [one.start for one in ranges]
            self._low, self._high = ranges[0].start, ranges[-1].stop - 1

    def ranges(self) -> list[range]:
        """Return all terms."""
        found: list[range] = []
        for run in self._runs:
            found += [run] if isinstance(run, range) else key_ranges.ranges_of(run)
        return key_ranges.merged([*found, *key_ranges.ranges_of(sorted(self._others))]) or []

    def _is_outside(self, page: Sequence[int]) -> bool:
        return not self._runs or min(page) > self._high or max(page) < self._low

    def _add_run(self, run: list[int]) -> None:
        first, last = run[0], run[-1]
        without_gap = last - first == len(run) - 1
        kept = range(first, last + 1) if without_gap else array.array("q", run)
        if not self._runs:
            self._low, self._high = first, last
        if first > self._high:
            before = self._runs[-1]
            if isinstance(before, range) and without_gap and before.stop == first:
                self._runs[-1] = range(before.start, last + 1)
            else:
                self._runs.append(kept)
                self._lows.append(first)
        else:
            self._runs.insert(0, kept)
            self._lows.insert(0, first)
        self._low, self._high = min(self._low, first), max(self._high, last)

    def _knows(self, term: int) -> bool:
        if self._runs and self._low <= term <= self._high:
            run = self._runs[bisect.bisect_right(self._lows, term) - 1]
            index = bisect.bisect_left(run, term)
            if index < len(run) and run[index] == term:
                return True
        return term in self._others


class KeyTally:
    """The account of one table.

    Args:
        kinds: What the parts of its key are, by name; nothing where no digest can be made.
    """

    def __init__(self, kinds: Mapping[str, str] | None) -> None:
        self.kinds = kinds
        self.rows = 0
        self.tombstones = 0
        self._digest = Digest()
        self._seen = SeenTerms()
        self._dead: set[int] = set()
        self._in_order = kinds is not None and list(kinds.values()) == [INTEGER]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that are looked at."""
        return (*(self.kinds or ()), DELETED_AT)

    @property
    def digest(self) -> Digest | None:
        """Return the digest of the keys of all rows that live; nothing where there can be none."""
        return None if self.kinds is None else self._digest

    @property
    def key_ranges(self) -> list[range] | None:
        """Return the keys of all rows that live, where one whole number is the key."""
        if not self._in_order:
            return None
        return list(key_ranges.without(self._seen.ranges(), sorted(self._dead)))

    def adopt(self, digest: Digest, ranges: Sequence[range] = ()) -> None:
        """Take over the keys of living rows that others have written, before any of one's own.

        Args:
            digest: Theirs.
            ranges: The keys themselves, in order; without them, no row that comes may be theirs.
        """
        self._digest = self._digest.plus(digest)
        self._seen.know(ranges)

    def add(self, cells: Mapping[str, Sequence[Any]], count: int) -> None:
        """Take rows, column by column.

        Args:
            cells: At least the columns of the key, and the one that says when a row was deleted.
            count: How many rows there are.
        """
        if not count:
            return
        self.rows += count
        deleted = cells.get(DELETED_AT)
        dead = deleted is not None and any(cell is not None for cell in deleted)
        if deleted is not None and dead:
            self.tombstones += count - list(deleted).count(None)
        if self.kinds is None:
            return
        found = terms([cells[name] for name in self.kinds], list(self.kinds.values()))
        if deleted is not None and (dead or self._dead):
            self._add_one_by_one(found, deleted)
        else:
            self._add_living(found)

    def _add_living(self, found: Sequence[int]) -> None:
        fresh = self._seen.fresh(found, in_order=self._in_order)
        self._digest = self._digest.plus(digest_terms(fresh))

    def _add_one_by_one(self, found: Sequence[int], deleted: Sequence[Any]) -> None:
        """Take rows of which some are deleted: what came last of a key is what counts."""
        last = dict(zip(found, deleted, strict=True))
        dead = [term for term, moment in last.items() if moment is not None]
        self._add_living([term for term, moment in last.items() if moment is None])
        restored = [term for term in last if last[term] is None and term in self._dead]
        buried = [term for term in dead if term not in self._dead]
        self._dead.difference_update(restored)
        self._dead.update(buried)
        never = set(self._seen.fresh(buried, in_order=False)) if buried else set()
        gone = digest_terms([term for term in buried if term not in never])
        self._digest = self._digest.plus(digest_terms(restored)).minus(gone)
