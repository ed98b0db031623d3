"""How often STATE is worth writing.

A state of 3 000 partitions has 345 kB. Written after each of them, it made 251 MB beside 1.8 MB of
records, which the target has to read and most orchestrators to store.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_INTERVAL = 1.0
TIMES = 20
"""Of so many times its own bytes in records STATE is a small part, and comes without waiting."""
MIN_BYTES = 1 << 16
"""Of records before it does: some targets load what they have whenever a STATE comes."""
MAX_INTERVAL = 60.0
"""After so many seconds STATE is written, however few records have come: they cost most to read."""


class StatePace:
    """Spaces STATE messages: one a second, and no more bytes than the records have.

    More often only where that adds less than a twentieth to the bytes: a server that answers at
    once gives tens of thousands of rows a second, all of them to be read again after a kill.

    Args:
        clock: Returns seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = float("-inf")
        self._size = 0
        """Of the last STATE; the next one is about as long."""
        self._records = 0

    def count_records(self, size: int) -> None:
        """Note the bytes of records that have been written."""
        self._records += size

    def state_written(self, size: int) -> None:
        """Note that STATE has been written, and how long it was."""
        self._last, self._size, self._records = self._clock(), size, 0

    @property
    def due(self) -> bool:
        """Whether it is time for another one."""
        passed = self._clock() - self._last
        if passed >= MAX_INTERVAL:
            return True
        if passed >= MIN_INTERVAL:
            return self._records >= self._size
        return self._records >= max(self._size * TIMES, MIN_BYTES)
