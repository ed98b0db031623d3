"""What Cachet is asked for in one pass, where one list is not enough.

Incidents and schedules carry their components and updates in the same answer. The server writes
every included component only once a page, with the status the *first* of its incidents gave it;
for a later incident that status is unknown, and the incident is asked for once more by itself.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome
from singer_rest.http.bodies import unexpected
from singer_rest.sources.lists import ListSource
from singer_rest.sources.pages import Page, PageWalk
from singer_rest.sources.parents import PerParentSource
from singer_rest.sources.single import envelope, single
from tap_cachet.client import NOT_FOUND, id_or_none, row_id
from tap_cachet.normalise import related

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.evidence import Evidence
    from tap_cachet.client import CachetApi, Server

    Row = dict[str, Any]

ROWS = envelope("data")
ONE = single("data")


def with_attributes(server: Server, rows: Callable[[Reply], list[Row]], reply: Reply) -> list[Row]:
    """Read the records of an answer; those of 3.x must have their attributes.

    Raises:
        BodyError: One has none. It would pass for a record of 2.x, and all others with it.
    """
    found = rows(reply)
    if server.is_v3 and not {dict}.issuperset(type(row.get("attributes")) for row in found):
        raise unexpected(reply, "records with attributes under 'data'")
    return found


@dataclasses.dataclass(slots=True)
class StatusPage(Page):
    """A page of incidents or schedules, with what belongs to them."""

    statuses: dict[int, list[tuple[int, Any]]] = dataclasses.field(default_factory=dict)
    """Component id and ``{human, value}`` pair, by the id of the incident or schedule."""
    updates: list[tuple[int, dict[str, Any]]] = dataclasses.field(default_factory=list)
    """Id of the incident or schedule, and the update's record."""


class ApiListSource(ListSource):
    """A list of this API: refused includes are dropped and remembered."""

    def __init__(
        self,
        api: CachetApi,
        route: str,
        request: Request,
        *,
        sortable: bool = True,
        ahead: Prefetcher | None = None,
        stop_when: Callable[[Page], bool] | None = None,
    ) -> None:
        super().__init__(
            api.transport,
            request,
            functools.partial(with_attributes, api.server, ROWS),
            api.paging(sortable=sortable),
            ahead=ahead,
            stop_when=stop_when,
        )
        self.api = api
        self.route = route

    def _fetch(self, number: int, size: int) -> Page:
        reply = self.api.send(self.route, self.paging.asking(self.request, number, size))
        return Page(self.rows(reply), reply)


class StatusListSource(ApiListSource):
    """Incidents or schedules of 3.x with their components and updates, as far as wanted."""

    def __init__(
        self,
        api: CachetApi,
        route: str,
        *,
        include: tuple[str, ...],
        prefetch: Prefetcher,
        with_components: bool,
        with_updates: bool,
    ) -> None:
        request = api.request(route, include=include, params={"sort": "id"})
        super().__init__(api, route, request)
        self.prefetch = prefetch
        self.with_components = with_components
        self.with_updates = with_updates
        self._status_seen = False

    def pages(self) -> Iterator[Page]:
        """Walk the list and complete every page."""
        for page in super().pages():
            whole = StatusPage(page.rows, page.reply)
            if self.with_components:
                self._add_statuses(whole)
            if self.with_updates:
                self._add_updates(whole)
            yield whole

    def _add_statuses(self, page: StatusPage) -> None:
        """Give every incident the statuses it set, asking again where the page cannot tell."""
        known = {
            int(item["id"]): (item.get("attributes") or {}).get("pivot")
            for item in page.reply.body.get("included") or []
            if item.get("type") == "components"
        }
        self._status_seen = self._status_seen or any(known.values())
        mentioned: set[int] = set()
        again: list[int] = []
        # The walk may have taken out rows it knew; the first mention counts on the server's page.
        wanted = {row_id(row) for row in page.rows}
        for row in ROWS(page.reply):
            components = related(row, "components") or []
            if id_or_none(row) in wanted:
                if mentioned.isdisjoint(components) or not self._tells_statuses(row):
                    page.statuses[row_id(row)] = [(c, _status(known.get(c))) for c in components]
                else:
                    again.append(row_id(row))
            mentioned.update(components)
        tasks = (functools.partial(self._details, item) for item in again)
        for item, reply in zip(again, self.prefetch.ordered(tasks), strict=True):
            if reply.status == NOT_FOUND:
                continue  # deleted meanwhile, and its rows with it
            page.statuses[item] = [
                (int(component["id"]), _status(component["attributes"].get("pivot")))
                for component in reply.body.get("included") or []
                if component.get("type") == "components"
            ]

    def _tells_statuses(self, row: dict[str, Any]) -> bool:
        """Whether this build writes the status an incident gave a component.

        Builds that still have ``component_id`` on incidents are from before January 2026; of
        those only the last month's write it, and then it shows somewhere.
        """
        return self._status_seen or "component_id" not in row.get("attributes", {})

    def _details(self, item: int) -> Reply:
        request = self.api.request(
            self.api.item_path(self.route, item), include=("components",), may_be_missing=True
        )
        return self.api.send(f"{self.route}/id", request)

    def _add_updates(self, page: StatusPage) -> None:
        included = page.reply.body.get("included") or []
        owners = {
            int(update): row_id(row)
            for row in page.rows
            for update in related(row, "updates") or []
        }
        if not self.api.lacks(self.route, "updates"):
            page.updates = [
                (owners[int(item["id"])], item)
                for item in included
                if item.get("type") == "updates" and int(item["id"]) in owners
            ]
            return
        ids = [row_id(row) for row in page.rows]
        tasks = (functools.partial(self._find_updates, item) for item in ids)
        for item, updates in zip(ids, self.prefetch.ordered(tasks), strict=True):
            page.updates += [(item, update) for update in updates]

    def _find_updates(self, item: int) -> list[dict[str, Any]]:
        """Ask for the updates of one incident: builds from before December 2024."""
        path = f"{self.api.item_path(self.route, item)}/updates"
        source = ApiListSource(
            self.api, f"{self.route}/updates", self.api.request(path), sortable=False
        )
        updates = [row for page in source.pages() for row in page.rows]
        if source.evidence.outcome is not Outcome.COMPLETE:
            self.evidence.problems.append(f"of the updates of {item}, {source.evidence.reason}")
        return updates


def _status(pivot: Any) -> Any:
    return pivot.get("component_status") if isinstance(pivot, dict) else None


def by_ids(
    api: CachetApi,
    route: str,
    ids: Sequence[int],
    include: tuple[str, ...],
    prefetch: Prefetcher,
) -> PerParentSource:
    """Return the source of single records named in a setting."""

    def first(item: int) -> Page:
        reply = api.send(f"{route}/id", api.request(api.item_path(route, item), include=include))
        return Page(with_attributes(api.server, ONE, reply), reply)

    def rest(_item: int, page: Page, evidence: Evidence) -> Iterator[Page]:
        evidence.pages += 1
        evidence.received += 1
        yield page

    return PerParentSource(
        f"{api.server.root}{route}",
        lambda: list(ids),
        first=first,
        rest=rest,
        prefetch=prefetch,
        on_404="error",
    )


class PointsSource(PerParentSource):
    """The points of every metric.

    A metric read for the first time is walked from the oldest point on. Afterwards the newest
    points come first, and the walk ends at the first page that is older than the bookmark as a
    whole: a point changes only while it is the newest, and its id grows with the time it was
    written, even when it is dated back.
    """

    def __init__(
        self,
        api: CachetApi,
        prefetch: Prefetcher,
        *,
        since: Callable[[int], dt.datetime | None],
        written: Callable[[dict[str, Any]], dt.datetime | None],
    ) -> None:
        self.api = api
        self.since = since
        self.written = written
        super().__init__(
            f"{api.server.root}/metrics/{{id}}/points",
            self._metrics,
            first=self._first,
            rest=self._rest,
            prefetch=prefetch,
        )

    def _metrics(self) -> list[int]:
        request = self.api.request("/metrics", params={"sort": "id"})
        metrics = ApiListSource(self.api, "/metrics", request)
        ids = sorted(row_id(row) for page in metrics.pages() for row in page.rows)
        if metrics.evidence.outcome is not Outcome.COMPLETE:
            self.evidence.problems.append(f"of the metrics, {metrics.evidence.reason}")
        return ids

    def _request(self, metric: int) -> Request:
        path = f"{self.api.item_path('/metrics', metric)}/points"
        order = "id" if self.since(metric) is None else "-id"
        return self.api.request(path, params={"sort": order} if self.api.server.is_v3 else {})

    def _fetch(self, metric: int, number: int, size: int) -> Page:
        paging = self.api.paging(sortable=self.api.server.is_v3)
        reply = self.api.send("/metrics/points", paging.asking(self._request(metric), number, size))
        return Page(with_attributes(self.api.server, ROWS, reply), reply)

    def _first(self, metric: int) -> Page:
        paging = self.api.paging(sortable=self.api.server.is_v3)
        return self._fetch(metric, paging.first, paging.size)

    def _rest(self, metric: int, first: Page, evidence: Evidence) -> Iterator[Page]:
        paging = self.api.paging(sortable=self.api.server.is_v3)
        start = self.since(metric)

        def fetch(number: int, size: int) -> Page:
            if (number, size) == (paging.first, paging.size):
                return first
            return self._fetch(metric, number, size)

        def is_old(page: Page) -> bool:
            moments = [self.written(row) for row in ROWS(page.reply)]
            return start is not None and all(
                moment is not None and moment < start for moment in moments
            )

        yield from PageWalk(
            where=f"{self.api.server.root}/metrics/{metric}/points",
            fetch=fetch,
            meta=paging.meta,
            size=paging.size,
            evidence=evidence,
            key=paging.key,
            first=paging.first,
            overlap=paging.overlap,
            stop_when=is_old if start is not None and self.api.server.is_v3 else None,
            confirm=paging.confirm,
        ).pages()
