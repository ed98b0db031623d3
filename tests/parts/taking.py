"""A process that takes places of a shared budget and writes down when.

``python -m parts.taking WHERE PER_MINUTE COUNT [AHEAD]``; its clock is so many seconds ahead.
"""

from __future__ import annotations

import sys
import time

where, per_minute, count, ahead = [*sys.argv[1:], "0"][:4]
real, real_ns = time.time, time.time_ns
time.time = lambda: real() + int(ahead)
time.time_ns = lambda: real_ns() + int(ahead) * 10**9

# Behind the clock, of which the library below keeps a reference.
from singer_rest.http.shared_rate import SharedRateLimit, open_budget  # noqa: E402
from singer_rest.stop import StopSignal  # noqa: E402

if __name__ == "__main__":
    limit = SharedRateLimit(open_budget(where, int(per_minute)), StopSignal())
    for _ in range(int(count)):
        limit.acquire()
        sys.stdout.write(f"{real()}\n")
        sys.stdout.flush()
