"""A process that takes places of a shared budget and writes down when.

``python -m parts.taking WHERE PER_MINUTE COUNT [AHEAD]``; its clock is so many seconds ahead. A
line has a moment before the place was taken and one after it, whatever the process had to wait for.
"""

from __future__ import annotations

import sys
import time

where, per_minute, count, ahead = [*sys.argv[1:], "0"][:4]
real, real_ns = time.time, time.time_ns
time.time = lambda: real() + int(ahead)
time.time_ns = lambda: real_ns() + int(ahead) * 10**9

# Behind the clock, of which the library below keeps a reference.
from singer_rest.http.shared_rate import Budget, SharedRateLimit, open_budget  # noqa: E402
from singer_rest.stop import StopSignal  # noqa: E402


class Watched:
    """A budget that keeps between which moments a place was taken last."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.closed_until, self.close_until = budget.closed_until, budget.close_until
        self.taken = 0.0, 0.0

    def take(self) -> float:
        before = real()
        pause = self._budget.take()
        self.taken = before, real()
        return pause


if __name__ == "__main__":
    budget = Watched(open_budget(where, int(per_minute)))
    limit = SharedRateLimit(budget, StopSignal())
    for _ in range(int(count)):
        limit.acquire()
        before, after = budget.taken
        sys.stdout.write(f"{before},{after}\n")
        sys.stdout.flush()
