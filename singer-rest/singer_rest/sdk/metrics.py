"""The counts of a run as the metrics that every tap of the SDK writes."""

from __future__ import annotations

import os
from typing import Any

from singer_sdk import metrics


class SdkMetrics:
    """Logs ``record_count``, ``http_request_count`` and ``sync_duration`` in the SDK's form."""

    def count_records(self, stream: str, records: int) -> None:
        """Log how many records were written since the last time."""
        _log(metrics.Point("counter", metrics.Metric.RECORD_COUNT, records, _tags(stream)))

    def count_requests(
        self, stream: str, requests: int, *, repeated: int, waited_seconds: float
    ) -> None:
        """Log how many requests were made since the last time; the tags count the whole run."""
        tags = {**_tags(stream), "repeated": repeated, "waited_seconds": waited_seconds}
        _log(metrics.Point("counter", metrics.Metric.HTTP_REQUEST_COUNT, requests, tags))

    def time_stream(self, stream: str, seconds: float, *, succeeded: bool) -> None:
        """Log how long a stream took, and whether it is good."""
        status = metrics.Status.SUCCEEDED if succeeded else metrics.Status.FAILED
        tags = {**_tags(stream), metrics.Tag.STATUS: status}
        _log(metrics.Point("timer", metrics.Metric.SYNC_DURATION, seconds, tags))


def _tags(stream: str) -> dict[str, object]:
    return {metrics.Tag.STREAM: stream, metrics.Tag.PID: os.getpid()}


def _log(point: metrics.Point[Any]) -> None:
    metrics.log(metrics.get_metrics_logger(), point)
