"""The server's clock, which a test may stop, set and move."""

from __future__ import annotations

import datetime as dt
import time

START = dt.datetime(2026, 11, 2, 14, 0, tzinfo=dt.UTC)
"""When a generated world is opened: the day after North America left daylight saving time."""


class Clock:
    """A clock that stands still until it is moved, or runs with real time.

    Args:
        start: The first instant.
        running: Let real time pass on it (the demo); tests leave it standing.
    """

    def __init__(self, start: dt.datetime = START, *, running: bool = False) -> None:
        self._base = start
        self._running_since = time.monotonic() if running else None

    def now(self) -> dt.datetime:
        """Return the current instant in UTC."""
        if self._running_since is None:
            return self._base
        return self._base + dt.timedelta(seconds=time.monotonic() - self._running_since)

    def advance(self, seconds: float) -> dt.datetime:
        """Move the clock forward (or back) and return the new instant."""
        self._base += dt.timedelta(seconds=seconds)
        return self.now()

    def set(self, instant: dt.datetime) -> None:
        """Move the clock to an instant, which must carry its zone."""
        self._base += instant.astimezone(dt.UTC) - self.now()
