"""Numbers records so that they grow over all runs and tell which run a row came from."""

from __future__ import annotations

from typing import Final

STEP: Final = 4096
"""By how much the number grows with each record; what is left over tells the run."""


def start_sequence(now: int, after: int, run: int) -> int:
    """Return the number before that of a run's first record.

    Numbers are about the time in nanoseconds, so that those of a later run are higher, on
    whatever machine; up to a quarter of a million records a second they stay behind the clock.

    Args:
        now: The time in nanoseconds since 1970.
        after: A number that all of this run's have to exceed.
        run: The run among those at the same time; from 0 to below `STEP`.
    """
    return (max(now, after) // STEP + 1) * STEP + run
