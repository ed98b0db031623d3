"""Tell a waiting person how far a run is, and a waiting machine in the SDK's metrics.

On a terminal there is a line to read every few seconds. Elsewhere, where orchestrators collect the
lines of a run, there are the metrics every SDK tap writes: ``record_count``, ``http_request_count``
and, at the end of a stream, ``sync_duration``.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from singer_sdk import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_rest.http.client import Transport
    from singer_rest.run.outcomes import StreamResult
    from singer_rest.sources.base import Source
    from singer_rest.sources.evidence import Evidence

logger = logging.getLogger(__name__)


class Progress:
    """Logs where the reading is, every few seconds and at the end of every pass.

    Args:
        interval: Seconds between two reports; 0 for none at all.
        transport: Counts the requests.
    """

    def __init__(self, interval: float, transport: Transport) -> None:
        self.interval = interval
        self._transport = transport
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
            status = metrics.Status.SUCCEEDED if result.good else metrics.Status.FAILED
            tags = {**_tags(result.stream), metrics.Tag.STATUS: status}
            _log(metrics.Point("timer", metrics.Metric.SYNC_DURATION, result.seconds, tags))

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
            fresh = count - self._rows.get(stream, 0)
            self._rows[stream] = count
            point = metrics.Point("counter", metrics.Metric.RECORD_COUNT, fresh, _tags(stream))
            _log(point)
        traffic = self._transport.traffic
        tags = {
            **_tags(next(iter(rows), "")),
            "repeated": traffic.retries,
            "waited_seconds": round(self._transport.rate_limit.waited, 3),
        }
        fresh, self._requests = traffic.requests - self._requests, traffic.requests
        _log(metrics.Point("counter", metrics.Metric.HTTP_REQUEST_COUNT, fresh, tags))


def _tags(stream: str) -> dict[str, object]:
    return {metrics.Tag.STREAM: stream, metrics.Tag.PID: os.getpid()}


def _log(point: metrics.Point[Any]) -> None:
    metrics.log(metrics.get_metrics_logger(), point)
