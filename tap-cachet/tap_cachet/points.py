"""The points of every metric: whole at first, then newest first back to the bookmark."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError
from singer_rest.sources.catching_up import Missed
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.keys import LearnedCap, Order
from singer_rest.sources.parents import ListedParents, PerParentSource
from tap_cachet.client import id_or_none, row_id
from tap_cachet.relations import naming
from tap_cachet.sources import BY_ID, ROWS, ApiListSource

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.catching_up import Begun
    from singer_rest.sources.pages import Page
    from tap_cachet.client import CachetApi


class PointsSource(PerParentSource):
    """The points of every metric.

    A metric read for the first time is walked from the oldest point on. Afterwards the newest
    points come first, and the walk ends at the first page that is older than the bookmark as a
    whole. The server merges what is reported into the point with the newest ``created_at``, which
    is not always the one with the newest id: a point that is dated ahead goes on changing while
    others follow it. So the walk never ends before the point that was the newest by that date
    when the bookmark was written; if that was deleted, another one goes on changing, and the walk
    goes to the oldest point. Where no bookmark names it (a ``start_date`` on a first run), the
    server is asked for its newest point by that date; a build that does not sort by it (before July
    2026) has the metric walked to the oldest point, once.

    Args:
        api: The requests.
        prefetch: The threads of the tap.
        since: Returns from when on the points of a metric are wanted; nothing for all of them.
        written: Returns when a point was last written.
        created: Returns what a point is dated.
        newest: Returns the id of the point that could still change after the bookmark; nothing if
            it is not known.
        is_full_table: Every point is wanted, whatever the bookmark.
    """

    def __init__(
        self,
        api: CachetApi,
        prefetch: Prefetcher,
        *,
        since: Callable[[int], dt.datetime | None],
        written: Callable[[dict[str, Any]], dt.datetime | None],
        created: Callable[[dict[str, Any]], dt.datetime | None],
        newest: Callable[[int], int | None],
        is_full_table: bool = False,
    ) -> None:
        self.api = api
        self.since = since
        self.written = written
        self.created = created
        self.newest = newest
        self.is_full_table = is_full_table
        self._passed: set[int] = set()
        """Metrics of which the walk has come to that point."""
        super().__init__(
            f"{api.server.root}/metrics/{{id}}/points",
            ListedParents(self._metrics, row_id),
            self._points,
            prefetch=prefetch,
        )
        self._cap = LearnedCap()

    def catch_up_with(self, begun: Begun) -> Missed:
        """Walk back to the bookmark of each metric where that is cheap, else read new metrics."""
        if self.is_full_table or not self.api.server.is_v3:
            return super().catch_up_with(begun)
        return Missed.CHANGES

    def _metrics(self) -> ApiListSource:
        return ApiListSource(self.api, "/metrics", self.api.request("/metrics", params=BY_ID))

    def _points(self, metric: int) -> ApiListSource:
        path = f"{self.api.item_path('/metrics', metric)}/points"
        start = self.since(metric)
        backwards = start is not None and self.api.server.is_v3
        order = {"sort": "-id" if backwards else "id"} if self.api.server.is_v3 else {}
        last = self._last_changing(metric, path) if backwards else None
        return ApiListSource(
            self.api,
            "/metrics/points",
            self.api.request(path, params=order),
            sortable=self.api.server.is_v3,
            order=Order.FALLING if backwards else Order.RISING,
            ahead=self.prefetch,
            stop_when=(
                None if last is None else functools.partial(self._is_old, metric, start, last)
            ),
            cap=self._cap,
            check=naming("metric_id", metric),
        )

    def _last_changing(self, metric: int, path: str) -> int | None:
        """Return the id of the point that could still change; nothing if it cannot be known."""
        known = self.newest(metric)
        if known is not None:
            return known
        request = self.api.request(path, params={"sort": "-created_at"})
        page = self.api.paging().asking(request, 1, self.api.page_size)
        try:
            rows = ROWS(self.api.transport.send(page))
        except StatusError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            return None
        dates = [self.created(row) for row in rows]
        dated = [date for date in dates if date is not None]
        falls = dated == sorted(dated, reverse=True) and len(dated) == len(dates)
        return id_or_none(rows[0]) if rows and falls else None

    def _is_old(self, metric: int, start: dt.datetime | None, last: int, page: Page) -> bool:
        rows = ROWS(page.reply)
        self._passed |= {metric} if last in map(row_id, rows) else set()
        moments = [self.written(row) for row in rows]
        return (
            metric in self._passed
            and start is not None
            and all(moment is not None and moment < start for moment in moments)
        )

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        return f"{super().expected_proof}; later runs {ProofKind.BACK_TO_BOOKMARK.value}"
