"""A process that takes places of a shared budget and writes down when."""

from __future__ import annotations

import sys
import time

from singer_rest.http.shared_rate import SharedRateLimit, open_budget
from singer_rest.stop import StopSignal

if __name__ == "__main__":
    where, per_minute, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    limit = SharedRateLimit(open_budget(where, per_minute), StopSignal())
    for _ in range(count):
        limit.acquire()
        sys.stdout.write(f"{time.time()}\n")
        sys.stdout.flush()
