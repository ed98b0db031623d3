"""Metrics and their points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.records import timestamps
from singer_rest.sdk import settings
from tap_cachet import normalise, schemas
from tap_cachet.sources import PointsSource
from tap_cachet.streams.base import CachetStream, PlainList, Record

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page


class Metrics(PlainList):
    """Metrics, without their points."""

    name = "metrics"
    table = schemas.METRICS
    route = "GET /metrics"
    path = "/metrics"


class MetricPoints(CachetStream):
    """The points of every metric, from the bookmark of each metric on."""

    name = "metric_points"
    table = schemas.METRIC_POINTS
    route = "GET /metrics/{metric_id}/points"
    cost = "1 per metric and page of points; later runs 1 or 2 per metric on 3.x"
    replication_key = "updated_at"
    state_partitioning_keys: ClassVar[tuple[str, ...]] = ("metric_id",)

    def new_source(self) -> Source:
        """Return the walks over the points of all metrics."""
        return PointsSource(self.api, self.tap.prefetch, since=self.since, written=self.written)

    def since(self, metric: int) -> dt.datetime | None:
        """Return the instant from which on points may have changed; nothing for all of them."""
        if self.replication_method == "FULL_TABLE":
            return None
        lookback = timestamps.minutes(self.config["metric_points_lookback_minutes"])
        partition = {"metric_id": metric}
        bookmark = self.tap.bookmarks.start(self.name, self.replication_key, partition)
        if bookmark is not None:
            return bookmark - lookback
        return settings.start_date(self.config)

    def written(self, record: Record) -> dt.datetime | None:
        """Return when a point was last written."""
        attributes: dict[str, Any] = record.get("attributes") or record
        updated: Any = attributes.get("updated", attributes.get("updated_at"))
        text = updated.get("string") if isinstance(updated, dict) else updated
        return timestamps.parse(text, self.zone)

    def partition_of(self, page: Page) -> Mapping[str, Any] | None:
        """Return the metric whose bookmark the page belongs to."""
        return {"metric_id": page.parent}

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the points that may have changed; one without a date counts as changed."""
        start = self.since(page.parent)
        records = page.rows
        if start is not None:
            written = [self.written(record) for record in records]
            records = [
                record
                for record, moment in zip(records, written, strict=True)
                if moment is None or moment >= start
            ]
        rows = normalise.flat(records)
        rows["metric_id"] = [page.parent if told is None else told for told in rows["metric_id"]]
        return self.report_unknown(rows)
