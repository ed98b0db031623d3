"""A set of 64-bit numbers of which a million and more take eight to sixteen bytes each."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FEW = 20_000
"""So many still fit into a set, which is several times faster."""
BUCKETS = 1 << 15
"""At a million hashes thirty each, which are compared one by one."""


class HashSet:
    """What :func:`hash` returns, of as many values as come."""

    def __init__(self, hashes: Iterable[int] = ()) -> None:
        self._few: set[int] = set()
        self._buckets: list[array.array[int]] = []
        self.update(hashes)

    def __contains__(self, value: int) -> bool:
        """Tell whether a hash is in the set."""
        if self._buckets:
            return value in self._buckets[value % BUCKETS]
        return value in self._few

    def __iter__(self) -> Iterator[int]:
        """Yield the hashes, in no order."""
        yield from self._few
        for bucket in self._buckets:
            yield from bucket

    def isdisjoint(self, hashes: Iterable[int]) -> bool:
        """Tell whether none of these hashes is in the set."""
        if not self._buckets:
            return self._few.isdisjoint(hashes)
        buckets = self._buckets
        return not any(value in buckets[value % BUCKETS] for value in hashes)

    def update(self, hashes: Iterable[int]) -> None:
        """Add hashes; of those in the set already, one stays."""
        if not self._buckets:
            self._few.update(hashes)
            if len(self._few) <= FEW:
                return
            hashes, self._few = self._few, set()
            self._buckets = [array.array("q") for _ in range(BUCKETS)]
        buckets = self._buckets
        for value in hashes:
            bucket = buckets[value % BUCKETS]
            if value not in bucket:
                bucket.append(value)
