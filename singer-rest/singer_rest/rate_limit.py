"""One budget of requests per minute, shared by every thread of a tap."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from singer_rest.stop import StopSignal

MINUTE = 60.0
CATCH_UP = 1.0
"""Seconds of unused budget that may be spent in one burst: enough to make up for jitter, too
little to trip a server that counts in short windows."""
HALVED_FOR = 60.0
"""Seconds for which the rate stays halved after a refusal that named no waiting time."""


class RateLimit:
    """Paces requests evenly and makes all threads wait when the server asks for it.

    Args:
        per_minute: Requests allowed in a minute; 0 means no pacing.
        stop: Lets a stop signal end the waiting.

    Even pacing keeps below the limit whichever window the server counts in (fixed, sliding or a
    bucket): vendors do not document theirs.
    """

    def __init__(self, per_minute: int, stop: StopSignal) -> None:
        self.per_minute = per_minute
        self._stop = stop
        self._lock = threading.Lock()
        self._next = 0.0
        self._closed_until = 0.0
        self._slow_until = 0.0
        self.waited = 0.0
        """Seconds spent waiting for the budget, all threads together."""

    def _interval(self, now: float) -> float:
        if not self.per_minute:
            return 0.0
        interval = MINUTE / self.per_minute
        return interval * 2 if now < self._slow_until else interval

    def acquire(self) -> None:
        """Wait for the next free place.

        Raises:
            Stopped: A stop signal arrived while waiting.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                ready = max(self._closed_until, self._next - CATCH_UP)
                if ready <= now:
                    self._next = max(self._next, now) + self._interval(now)
                    return
                pause = ready - now
                self.waited += pause
            self._stop.wait(pause)

    def close_for(self, seconds: float) -> None:
        """Let no thread ask anything for a while: the server named a waiting time."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    def slow_down(self) -> None:
        """Halve the rate for a minute: the server refused without naming a waiting time."""
        with self._lock:
            self._slow_until = time.monotonic() + HALVED_FOR
