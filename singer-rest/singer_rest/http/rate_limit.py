"""One budget of requests per minute, shared by every thread of a tap."""

from __future__ import annotations

import collections
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from singer_rest.stop import StopSignal

MINUTE = 60.3
"""Seconds in which the requests of a minute are sent. Requests do not arrive as evenly as they
leave: the last of a minute may be quicker than the first, and be one too many for the server."""
HALVED_FOR = 60.0
"""Seconds for which the rate stays halved after a refusal that named no waiting time."""


class RateLimit:
    """Keeps below a limit, and makes all threads wait when the server asks for it.

    Two rules hold at once. In no minute are there more than ``per_minute`` requests, wherever it
    begins; so a server that counts in fixed or in sliding minutes is content. And beyond the first
    ``burst`` requests in a row they are spread evenly; so is one that fills a small bucket.

    Args:
        per_minute: Requests allowed in any minute; 0 means no pacing.
        stop: Lets a stop signal end the waiting.
        burst: Requests that may follow each other without a pause; as many as the minute allows
            by default.
    """

    def __init__(self, per_minute: int, stop: StopSignal, burst: int | None = None) -> None:
        self.per_minute = per_minute
        self.burst = per_minute if burst is None else burst
        self._stop = stop
        self._lock = threading.Lock()
        self._sent: collections.deque[float] = collections.deque(maxlen=per_minute or 1)
        self._even = 0.0
        self._closed_until = 0.0
        self._slow_until = 0.0
        self.waited = 0.0
        """Seconds spent waiting for the budget, all threads together."""

    def share(self, processes: int) -> None:
        """Leave their share to other processes that ask at the same time."""
        with self._lock:
            if self.per_minute:
                self.per_minute = max(1, self.per_minute // processes)
                self.burst = max(1, self.burst // processes)
                self._sent = collections.deque(self._sent, maxlen=self.per_minute)

    def _ready_at(self, now: float) -> float:
        """Return when the next request may go."""
        ready = self._closed_until
        if not self.per_minute:
            return ready
        if self.burst < self.per_minute:
            # One of the burst is kept back, again because of how requests arrive.
            ahead = max(0, self.burst - 2)
            ready = max(ready, self._even - ahead * MINUTE / self.per_minute)
        if now < self._slow_until and self._sent:
            ready = max(ready, self._sent[-1] + 2 * MINUTE / self.per_minute)
        if len(self._sent) == self.per_minute:
            ready = max(ready, self._sent[0] + MINUTE)
        return ready

    def acquire(self) -> None:
        """Wait for the next free place.

        Raises:
            Stopped: A stop signal arrived while waiting.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                pause = self._ready_at(now) - now
                if pause <= 0:
                    if self.per_minute:
                        self._even = max(self._even, now) + MINUTE / self.per_minute
                        self._sent.append(now)
                    return
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
