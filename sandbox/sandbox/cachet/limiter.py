"""Requests a minute, as Laravel counts them: a fixed window from the first request on."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from sandbox.cachet.php import ApiError

if TYPE_CHECKING:
    from sandbox.cachet.options import Options


OWN_LIMIT = 300
"""Requests a minute that Cachet allows unless it is told otherwise."""


class Limiter:
    """Counts requests per caller. The window runs on real time, also under a fixed clock."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}

    def hit(self, who: str, options: Options, now: int) -> dict[str, str]:
        """Count one request and return the headers of its answer.

        Raises:
            ApiError: Too many; status 429 with ``Retry-After``.
        """
        if options.rate_limit is None:
            return {
                "X-RateLimit-Limit": str(OWN_LIMIT),
                "X-RateLimit-Remaining": str(OWN_LIMIT - 1),
            }
        at = time.monotonic()
        ends, count = self._windows.get(who, (0.0, 0))
        if at >= ends:
            ends, count = at + options.rate_window, 0
        if count >= options.rate_limit:
            wait = math.ceil(ends - at)
            raise ApiError(
                429,
                "Too Many Attempts.",
                {
                    "X-RateLimit-Limit": str(options.rate_limit),
                    "X-RateLimit-Remaining": "0",
                    "Retry-After": str(wait),
                    "X-RateLimit-Reset": str(now + wait),
                },
            )
        self._windows[who] = (ends, count + 1)
        return {
            "X-RateLimit-Limit": str(options.rate_limit),
            "X-RateLimit-Remaining": str(options.rate_limit - count - 1),
        }
