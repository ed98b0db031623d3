"""Metrics and their points."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.records import timestamps
from singer_rest.sdk import settings
from tap_cachet import normalise, schemas
from tap_cachet.client import row_id
from tap_cachet.points import PointsSource
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
    include = ("tags",)


class MetricPoints(CachetStream):
    """The points of every metric, from the bookmark of each metric on."""

    name = "metric_points"
    table = schemas.METRIC_POINTS
    route = "GET /metrics/{metric_id}/points"
    cost = (
        "1 per metric and page of points; later runs 1 or 2 per metric on 3.x, and so the first "
        "one behind a start_date, with 1 more per metric"
    )
    replication_key = "updated_at"
    state_partitioning_keys: ClassVar[tuple[str, ...]] = ("metric_id",)

    def new_source(self) -> Source:
        """Return the walks over the points of all metrics."""
        return PointsSource(
            self.api,
            self.tap.prefetch,
            since=self.since,
            written=self.written,
            created=self.created,
            newest=self.newest,
            is_full_table=self.is_full_table,
        )

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

    def newest(self, metric: int) -> int | None:
        """Return the id of the point that the server could still change after the bookmark."""
        mark = self.tap.bookmarks.mark(self.name, {"metric_id": metric})
        return int(mark.split(" ", 1)[0]) if mark else None

    def partition_mark(self, partition: Mapping[str, Any]) -> str:
        """Return id and ``created_at`` of the metric's newest point by that date."""
        found = self._newest.get(partition["metric_id"])
        return "" if found is None else f"{found[1]} {timestamps.text(found[0])}"

    @functools.cached_property
    def _newest(self) -> dict[int, tuple[dt.datetime, int]]:
        """Return what is the newest point of each metric, by ``created_at``."""
        return {}

    def _note_newest(self, metric: int, records: Iterable[Record]) -> None:
        if metric not in self._newest:
            mark = self.tap.bookmarks.mark(self.name, {"metric_id": metric})
            known, _, created = mark.partition(" ")
            moment = timestamps.parse(created) if created else None
            if moment is not None:
                self._newest[metric] = moment, int(known)
        for record in records:
            moment = self.created(record)
            if moment is not None:
                found = moment, row_id(record)
                self._newest[metric] = max(found, self._newest.get(metric, found))

    def written(self, record: Record) -> dt.datetime | None:
        """Return when a point was last written."""
        return self._moment(record, "updated")

    def created(self, record: Record) -> dt.datetime | None:
        """Return what a point is dated, which its writer chooses."""
        return self._moment(record, "created")

    def _moment(self, record: Record, name: str) -> dt.datetime | None:
        attributes: dict[str, Any] = record.get("attributes") or record
        value: Any = attributes.get(name, attributes.get(f"{name}_at"))
        text = value.get("string") if isinstance(value, dict) else value
        return timestamps.parse(text, self.zone)

    def find_partition(self, page: Page) -> Mapping[str, Any] | None:
        """Return the metric whose bookmark the page belongs to."""
        return {"metric_id": page.parent}

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the points that may have changed; one without a date counts as changed."""
        start = self.since(page.parent)
        records = page.rows
        self._note_newest(page.parent, records)
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
