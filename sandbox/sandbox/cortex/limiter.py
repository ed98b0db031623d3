"""Count requests per client and say how long the next one has to wait."""

from __future__ import annotations

import collections
import dataclasses
import math
from typing import Literal

WindowKind = Literal["fixed", "sliding", "bucket"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limit:
    """A rate limit.

    Attributes:
        requests: How many are allowed per window. The documented figure is 1000 per minute.
        seconds: Length of the window.
        kind: ``fixed`` windows start with their first request; ``sliding`` looks back over the
            last window at any moment; ``bucket`` refills evenly. The vendor does not say which.
        burst: Capacity of the bucket; only for that kind.
        retry_header: Whether a refusal has ``Retry-After``.
        retry_field: Whether its body has ``retryAfter``.
    """

    requests: int = 1000
    seconds: float = 60.0
    kind: WindowKind = "fixed"
    burst: int = 50
    retry_header: bool = True
    retry_field: bool = True


class Limiter:
    """Apply one limit to many clients.

    Args:
        limit: The limit.
    """

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.refused = 0
        self._windows: dict[str, tuple[float, int]] = {}
        self._times: dict[str, collections.deque[float]] = {}
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, client: str, now: float) -> int:
        """Count one request and return 0, or refuse it and return the seconds to wait.

        Args:
            client: Whose requests are counted together.
            now: Seconds of a monotonic clock.
        """
        left = {"fixed": self._fixed, "sliding": self._sliding, "bucket": self._bucket}[
            self.limit.kind
        ](client, now)
        if left <= 0:
            return 0
        self.refused += 1
        return max(1, math.ceil(left))

    def _fixed(self, client: str, now: float) -> float:
        start, count = self._windows.get(client, (now, 0))
        if now - start >= self.limit.seconds:
            start, count = now, 0
        if count >= self.limit.requests:
            return start + self.limit.seconds - now
        self._windows[client] = (start, count + 1)
        return 0

    def _sliding(self, client: str, now: float) -> float:
        times = self._times.setdefault(client, collections.deque())
        while times and now - times[0] >= self.limit.seconds:
            times.popleft()
        if len(times) >= self.limit.requests:
            return times[0] + self.limit.seconds - now
        times.append(now)
        return 0

    def _bucket(self, client: str, now: float) -> float:
        rate = self.limit.requests / self.limit.seconds
        tokens, then = self._buckets.get(client, (float(self.limit.burst), now))
        tokens = min(float(self.limit.burst), tokens + (now - then) * rate)
        if tokens < 1:
            self._buckets[client] = (tokens, now)
            return (1 - tokens) / rate
        self._buckets[client] = (tokens - 1, now)
        return 0
