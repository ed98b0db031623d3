"""Tell a waiting person how far a run is."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from singer_rest.sources import Source
    from singer_rest.transport import Transport

logger = logging.getLogger(__name__)


class Progress:
    """Logs one line every few seconds while streams are read."""

    def __init__(self, interval: float, transport: Transport) -> None:
        self.interval = interval
        self._transport = transport
        self._next = time.monotonic() + interval

    def show(self, stream: str, source: Source, rows: int) -> None:
        """Log where the reading is, if it is time to."""
        now = time.monotonic()
        if not self.interval or now < self._next:
            return
        self._next = now + self.interval
        tally, traffic = source.tally, self._transport.traffic
        if tally.parents_expected is not None:
            done = tally.parents + tally.skipped
            place = f"parent {done} of {tally.parents_expected}"
        elif tally.expected is not None:
            place = f"{tally.received} of {tally.expected} rows"
        else:
            place = f"page {tally.pages}"
        logger.info(
            "%s: %s, %d records, %d requests, %d repeated, %.0f s waited for the limit",
            stream,
            place,
            rows,
            traffic.requests,
            traffic.retries,
            self._transport.rate_limit.waited,
        )
