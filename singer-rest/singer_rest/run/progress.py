"""Tell a waiting person how far a run is, and a waiting machine in the SDK's metrics.

On a terminal there is a line to read every few seconds. Elsewhere, where orchestrators collect the
lines of a run, there are the metrics every SDK tap writes: ``record_count``, ``http_request_count``
and, at the end of a stream, ``sync_duration``.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_rest.http.client import Transport
    from singer_rest.run.outcomes import StreamResult
    from singer_rest.sources.base import Source
    from singer_rest.sources.evidence import Evidence

logger = logging.getLogger(__name__)


class Metrics(Protocol):
    """Writes counts where orchestrators look for them."""

    def count_records(self, stream: str, records: int) -> None:
        """Write how many records were written since the last time."""

    def count_requests(
        self, stream: str, requests: int, *, repeated: int, waited_seconds: float
    ) -> None:
        """Write how many requests were made since the last time; the rest is of the whole run."""

    def time_stream(self, stream: str, seconds: float, *, succeeded: bool) -> None:
        """Write how long a stream took."""


class Progress:
    """Logs where the reading is, every few seconds and at the end of every pass.

    Args:
        interval: Seconds between two reports; 0 for none at all.
        transport: Counts the requests.
        metrics: Takes the counts where there is no terminal.
    """

    def __init__(self, interval: float, transport: Transport, metrics: Metrics) -> None:
        self.interval = interval
        self._transport = transport
        self._metrics = metrics
        self._next = time.monotonic() + interval
        self._terminal = sys.stderr.isatty()
        self._requests = 0
        self._rows: dict[str, int] = {}

    def show(self, source: Source, rows: dict[str, int]) -> None:
        """Log where the reading is, if it is time to.

        Args:
            source: What is being read.
            rows: Records written so far, by stream.
        """
        now = time.monotonic()
        if not self.interval or now < self._next:
            return
        self._next = now + self.interval
        if self._terminal:
            self._line(source.evidence, rows)
        else:
            self._count(rows)

    def end(self, results: Sequence[StreamResult]) -> None:
        """Log the last counts of a pass."""
        if not self.interval or self._terminal:
            return
        self._count({result.stream: result.rows for result in results})
        for result in results:
            self._metrics.time_stream(result.stream, result.seconds, succeeded=result.good)

    def _line(self, evidence: Evidence, rows: dict[str, int]) -> None:
        traffic = self._transport.traffic
        if evidence.parents_expected is not None:
            done = evidence.parents + evidence.skipped
            index = f"parent {done} of {evidence.parents_expected}"
        elif evidence.expected is not None:
            index = f"page {evidence.pages}, {evidence.received} of {evidence.expected} rows"
        else:
            index = f"page {evidence.pages}"
        logger.info(
            "%s: %s, %d records, %d requests, %d repeated, %.0f s waited for the limit",
            ", ".join(rows),
            index,
            sum(rows.values()),
            traffic.requests,
            traffic.retries,
            self._transport.rate_limit.waited,
        )

    def _count(self, rows: dict[str, int]) -> None:
        """Log what has been added since the last time, as counters do."""
        for stream, count in rows.items():
            self._metrics.count_records(stream, count - self._rows.get(stream, 0))
            self._rows[stream] = count
        traffic = self._transport.traffic
        fresh, self._requests = traffic.requests - self._requests, traffic.requests
        self._metrics.count_requests(
            next(iter(rows), ""),
            fresh,
            repeated=traffic.retries,
            waited_seconds=round(self._transport.rate_limit.waited, 3),
        )
