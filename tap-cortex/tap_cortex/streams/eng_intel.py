"""Engineering intelligence through time: raw events, and metrics period by period."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.records import timestamps
from tap_cortex.eng_intel import (
    DEFAULT_PAST,
    TRACE,
    TimedQuestion,
    TimedSource,
    cut,
    periods,
    trace_body,
)
from tap_cortex.jobs import column_aliases, metric_body, metric_columns
from tap_cortex.schemas import other as tables
from tap_cortex.streams.base import Incremental, nothing
from tap_cortex.values import digest, json_text, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Record

POINT_IN_TIME = "/eng-intel/metrics/point-in-time"


class TimedStream(Incremental):
    """The answers to configured questions, window by window.

    The bookmark stands beside the questions that it is of: a new or changed one is asked from the
    start.
    """

    selected_by_default = False
    permission = "View Dev Metrics, and the licence for it"
    setting: ClassVar[str]
    _covered: dict[str, Any] | None = None

    @property
    def is_full_table(self) -> bool:
        """Never: what happened is never retired."""
        return False

    def items(self) -> list[Record]:
        """Return the configured questions."""
        return list(self.config[self.setting])

    @property
    def covers(self) -> str:
        """Return the questions, each by its name and a digest of what is asked."""
        named = {str(item["name"]): digest(item)[:8] for item in self.items()}
        return json_text(named) if named else ""

    def widen(self, covered: str) -> bool:
        """Remember which questions the bookmark is of; the others are asked from the start."""
        self._covered = parsed(covered) if covered else {}
        return self._covered is not None

    def begins(self, item: Record) -> dt.datetime:
        """Return the instant from which a question is asked."""
        first = self.tap.start_date or self.tap.upper_bound - DEFAULT_PAST
        since = self.since()
        covered = self._covered
        is_new = covered is not None and covered.get(item["name"]) != digest(item)[:8]
        return first if since is None or is_new else since

    @property
    def lookback(self) -> dt.timedelta:
        """Return how far before the bookmark is asked again."""
        return dt.timedelta(days=self.config["eng_intel_lookback_days"])


class EngIntelTrace(TimedStream):
    """The raw events behind engineering metrics: pull requests, deploys, incidents."""

    name = "eng_intel_trace"
    table = tables.ENG_INTEL_TRACE
    route = f"POST {TRACE}"
    replication_key = "occurred_at"
    cost = "1 per query and 30 days, and 1 per 500 events"
    setting = "trace_queries"

    def new_source(self) -> Source:
        """Return the questions, each in windows of 30 days."""
        end = self.tap.upper_bound - dt.timedelta(seconds=self.config["log_margin_seconds"])
        questions = [
            TimedQuestion(str(item["name"]), trace_body(item), cut(self.begins(item), end), item)
            for item in self.items()
        ]
        if not questions:
            return nothing(TRACE, self.setting)
        return TimedSource(self.api, TRACE, questions, ("startDate", "endDate"))

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every event."""
        question, _span = page.parent
        time = question.item["time_attribute"]
        return [
            {
                "query_name": question.name,
                "source": question.item["source"],
                "event_key": str(row.get("id") or digest(row)),
                "occurred_at": row.get(time),
                "values": row,
            }
            for row in page.rows
        ]


class EngineeringMetricsByPeriod(TimedStream):
    """Engineering metrics, day by day, week by week or month by month."""

    name = "engineering_metrics_by_period"
    table = tables.ENGINEERING_METRICS_BY_PERIOD
    route = f"POST {POINT_IN_TIME}"
    replication_key = "period_start"
    cost = "1 per query and period"
    setting = "engineering_metric_queries"
    _period: tuple[str, dt.datetime] | None = None
    _groups: set[str]

    def items(self) -> list[Record]:
        """Return the queries that have a period."""
        return [item for item in super().items() if item.get("period")]

    def new_source(self) -> Source:
        """Return the queries, each for every period that is over."""
        until = self.tap.upper_bound.replace(hour=0, minute=0, second=0, microsecond=0)
        questions = [
            TimedQuestion(
                str(item["name"]),
                metric_body(item),
                periods(item["period"], self.begins(item), until),
                item,
            )
            for item in self.items()
        ]
        if not questions:
            return nothing(POINT_IN_TIME, f"period of {self.setting}")
        return TimedSource(self.api, POINT_IN_TIME, questions, ("startTime", "endTime"))

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every group of a period; a group that comes twice has no key."""
        question, (start, end) = page.parent
        if (question.name, start) != self._period:
            self._period, self._groups = (question.name, start), set()
        names = column_aliases(metric_columns(page.reply.body))
        count = len(question.body["groupBy"])
        found = []
        for row in page.rows:
            groups = {name: row.get(name) for name in names[:count]}
            key = digest(*groups.values()) if groups else ""
            is_again = key in self._groups
            self._groups.add(key)
            found.append(
                {
                    "query_name": question.name,
                    "period": question.item["period"],
                    "period_start": timestamps.text(start),
                    "period_end": timestamps.text(end),
                    "group_key": None if is_again else key,
                    "groups": groups,
                    "values": {name: row.get(name) for name in names[count:]},
                }
            )
        return found
