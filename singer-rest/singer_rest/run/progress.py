"""Tell a waiting person how far a run is, and a waiting machine in the SDK's metrics.

A line comes within two seconds, and then every few, whether or not the server answers. For people,
and for a program that shows them the log, it is one line in words. Elsewhere there are the metrics
that every SDK tap writes: ``record_count``, ``http_request_count`` and, at the end of a stream,
``sync_duration``.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from typing import TYPE_CHECKING, Protocol

from singer_rest.run import screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_rest.http.client import Transport
    from singer_rest.run.outcomes import StreamResult
    from singer_rest.sources.base import Source
    from singer_rest.sources.evidence import Evidence

logger = logging.getLogger(__name__)

FIRST = 2.0
"""Seconds until a run that does not end at once says where it is."""
MAX_NAMED = 3
"""Streams of one pass that a line names."""


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
        metrics: Takes the counts where nobody reads along.
    """

    def __init__(self, interval: float, transport: Transport, metrics: Metrics) -> None:
        self.interval = interval
        self._transport = transport
        self._metrics = metrics
        self._in_words = sys.stderr.isatty() or screen.is_laid_out_elsewhere()
        self._requests = 0
        self._told: dict[str, int] = {}
        self._evidence: Evidence | None = None
        self._rows: Mapping[str, int] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Report for as long as the block lasts."""
        if not self.interval:
            yield
            return
        over = threading.Event()

        def report() -> None:
            pause = min(FIRST, self.interval)
            while not over.wait(pause):
                self._report()
                pause = self.interval

        reporter = threading.Thread(target=report, name="progress", daemon=True)
        reporter.start()
        try:
            yield
        finally:
            over.set()
            reporter.join()

    def begin(self, streams: Sequence[str]) -> None:
        """Take note of what is read now."""
        with self._lock:
            self._evidence, self._rows = None, dict.fromkeys(streams, 0)

    def show(self, source: Source, rows: Mapping[str, int]) -> None:
        """Take note of where the reading is.

        Args:
            source: What is being read.
            rows: Records written so far, by stream.
        """
        with self._lock:
            self._evidence, self._rows = source.evidence, rows

    def end(self, results: Sequence[StreamResult]) -> None:
        """Log the last counts of a pass; the summary has them in words."""
        if not self.interval or self._in_words:
            return
        with self._lock:
            self._count({result.stream: result.rows for result in results})
            self._count_requests(results[0].stream)
        for result in results:
            self._metrics.time_stream(result.stream, result.seconds, succeeded=result.good)

    def _report(self) -> None:
        with self._lock:
            if self._in_words or not self._rows:
                logger.info("%s", self._line())
            else:
                self._count(self._rows)
                self._count_requests(next(iter(self._rows)))

    def _line(self) -> str:
        traffic = self._transport.traffic
        names = [*self._rows][:MAX_NAMED]
        more = f" and {len(self._rows) - MAX_NAMED} more" if len(self._rows) > MAX_NAMED else ""
        parts = [f"{', '.join(names)}{more}" if names else "Connecting"]
        if self._rows:
            parts += [*self._place(), f"{screen.grouped(sum(self._rows.values()))} records"]
        parts.append(f"{screen.grouped(traffic.requests)} requests")
        if traffic.retries:
            parts[-1] += f", {screen.grouped(traffic.retries)} repeated"
        waited = self._transport.rate_limit.waited
        if waited >= 1:
            parts.append(f"{screen.duration(waited)} waited for the limit")
        return f"{parts[0]}: {', '.join(parts[1:])}"

    def _place(self) -> list[str]:
        evidence = self._evidence
        if evidence is None:
            return []
        if evidence.parents_expected is not None:
            return [f"parent {evidence.parents + evidence.skipped} of {evidence.parents_expected}"]
        if evidence.expected is not None:
            return [f"page {evidence.pages}, {evidence.received} of {evidence.expected} rows"]
        return [f"page {evidence.pages}"]

    def _count(self, rows: Mapping[str, int]) -> None:
        """Log what has been added since the last time, as counters do."""
        for stream, count in rows.items():
            if fresh := count - self._told.get(stream, 0):
                self._metrics.count_records(stream, fresh)
            self._told[stream] = count

    def _count_requests(self, stream: str) -> None:
        traffic = self._transport.traffic
        fresh, self._requests = traffic.requests - self._requests, traffic.requests
        if fresh:
            self._metrics.count_requests(
                stream,
                fresh,
                repeated=traffic.retries,
                waited_seconds=round(self._transport.rate_limit.waited, 3),
            )
