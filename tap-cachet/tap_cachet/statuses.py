"""Incidents and schedules of 3.x with what comes in the same answers: components and updates.

The server writes every included component only once a page, with the status the *first* of its
incidents gave it. For a later incident that status is unknown there, and smaller pages of the same
list tell it (:mod:`tap_cachet.windows`), or else the incident's own route. Nothing says that a
status has *not* changed since an earlier run: what is done to the components of an incident does
not move its ``updated_at``.
"""

from __future__ import annotations

import dataclasses
import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError
from singer_rest.sources.base import Plan
from singer_rest.sources.keys import LearnedCap
from singer_rest.sources.pages import Page
from tap_cachet import windows
from tap_cachet.client import id_or_none, row_id
from tap_cachet.normalise import related
from tap_cachet.relations import check_related, index_included, naming
from tap_cachet.sources import BY_ID, ONE, ROWS, ApiListSource

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher
    from tap_cachet.client import CachetApi

    Row = dict[str, Any]
    Statuses = list[tuple[int, Any]]
    """Component id and ``{human, value}`` pair."""

MOVES = 5
"""Pages of one record that are asked for until the wanted one comes."""
PLANNED_PAGES = 20
"""Pages that a plan looks at; beyond them it says "at least"."""


@dataclasses.dataclass(slots=True)
class StatusPage(Page):
    """A page of incidents or schedules, with what belongs to them."""

    statuses: dict[int, Statuses] = dataclasses.field(default_factory=dict)
    """By the id of the incident or schedule."""
    updates: list[tuple[int, dict[str, Any]]] = dataclasses.field(default_factory=list)
    """Id of the incident or schedule, and the update's record."""


class StatusListSource(ApiListSource):
    """Incidents or schedules of 3.x with their components and updates, as far as wanted.

    What a record names must come: ids that are named and not included are asked for by the
    record's own routes, and if they do not come there, the pass is not complete.
    """

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
        request = api.request(route, include=include, params=BY_ID)
        super().__init__(api, route, request, ahead=prefetch)
        self.include = include
        self.asked = 0
        """Pages of the list that were asked for."""
        self.prefetch = prefetch
        self.with_components = with_components
        self.with_updates = with_updates
        self._status_seen = False
        self._missing: list[int] = []
        """Records whose own route answered 404."""

    def fetch(self, number: int, size: int) -> StatusPage:
        """Ask for one page; what it says of itself tells its place in the list."""
        page = super().fetch(number, size)
        self.asked += 1
        return StatusPage(page.rows, page.reply)

    def pages(self) -> Iterator[Page]:
        """Walk the list and complete every page."""
        for page in super().pages():
            assert isinstance(page, StatusPage)  # noqa: S101  # that is what fetch returns
            if self.with_components:
                self._add_statuses(page)
            if self.with_updates:
                self._add_updates(page)
            yield page
        self._judge_missing()

    def plan(self) -> Plan:
        """Look at the list itself, where what it leaves open has a price.

        Up to :data:`PLANNED_PAGES` requests; beyond them the plan is a lower bound.
        """
        if not self.with_components:
            return super().plan()
        before = self.api.refusals
        walk = StatusListSource(
            self.api,
            self.route,
            include=self.include,
            prefetch=self.prefetch,
            with_components=False,
            with_updates=False,
        )
        walk.ahead = None  # no page is asked for that is not looked at
        further, whole = 0, True
        for page in walk.pages():
            assert isinstance(page, StatusPage)  # noqa: S101  # as above
            further += walk.count_open(page, with_updates=self.with_updates)
            if walk.asked >= PLANNED_PAGES:
                whole = False
                break
        asked = walk.asked + self.api.refusals - before
        rows = walk.evidence.received if whole else None
        return Plan(asked + further, rows, exact=whole)

    def count_open(self, page: StatusPage, *, with_updates: bool) -> int:
        """Return how many more requests a page takes."""
        rows = ROWS(page.reply)
        wanted = [row_id(row) for row in page.rows]
        told = self._told(page.reply.body, rows, set(wanted))
        pages = self._windows(page.reply.body, rows, [item for item in wanted if item not in told])
        for number, size in pages:
            start = (number - 1) * size - _place(page.reply.body)
            lists = [related(row, "components") for row in rows[start : start + size]]
            told |= {row_id(rows[start + place]): [] for place in windows.first_mentions(lists)}
        alone = sum(item not in told for item in wanted)
        updates = sum(1 for _item in self._lacking_updates(page)) if with_updates else 0
        return len(pages) + alone + updates

    def _judge_missing(self) -> None:
        """Find out whether the records that answered 404 are really gone."""
        if not self._missing:
            return
        listed = ApiListSource(self.api, self.route, self.api.request(self.route, params=BY_ID))
        ids = {row_id(row) for page in listed.pages() for row in page.rows}
        still = [item for item in self._missing if item in ids]
        if still:
            self.evidence.contradict(
                f"{self.where} answered 404 for {len(still)} records that still exist "
                f"({', '.join(map(str, still[:3]))})"
            )
        else:
            self.evidence.inherit(listed.evidence, "the list, read again")
            self.evidence.skipped += len(self._missing)

    def _add_statuses(self, page: StatusPage) -> None:
        """Give every incident the statuses it set, asking again where the page cannot tell."""
        rows = ROWS(page.reply)
        # The walk may have taken out rows it knew; the first mention counts on the server's page.
        wanted = [row_id(row) for row in page.rows]
        told = self._told(page.reply.body, rows, set(wanted))
        left = [item for item in wanted if item not in told]
        tasks = (
            functools.partial(self._small_page, number, size)
            for number, size in self._windows(page.reply.body, rows, left)
        )
        for small in self.prefetch.ordered(tasks):
            told |= self._told_by(small, set(left) - told.keys())
        left = [item for item in left if item not in told]
        details = (functools.partial(self._details, item) for item in left)
        for item, reply in zip(left, self.prefetch.ordered(details), strict=True):
            self._take_details(page, item, reply)
        page.statuses |= told
        page.statuses = {item: page.statuses[item] for item in wanted if item in page.statuses}

    def _told(self, body: Any, rows: Sequence[Row], wanted: Container[int]) -> dict[int, Statuses]:
        """Return what a page tells of the incidents that are wanted, by their ids."""
        known = {
            number: item["attributes"].get("pivot")
            for number, item in index_included(body, "components").items()
        }
        self._status_seen = self._status_seen or any(known.values())
        lists = [related(row, "components") for row in rows]
        # In another order than asked for, nothing tells which mention was the first.
        in_order = _is_in_order(rows)
        first = set(windows.first_mentions(lists) if in_order else windows.only_mentions(lists))
        told: dict[int, Statuses] = {}
        for place, (row, components) in enumerate(zip(rows, lists, strict=True)):
            item = id_or_none(row)
            if item is None or item not in wanted or components is None:
                continue
            if known.keys() >= set(components) and (
                place in first or not self._tells_statuses(row)
            ):
                told[item] = [(number, _status(known[number])) for number in components]
        return told

    def _windows(
        self, body: Any, rows: Sequence[Row], left: Iterable[int]
    ) -> list[tuple[int, int]]:
        """Return the small pages that tell more than one of the incidents that are left."""
        if not _is_in_order(rows):
            return []
        places = {id_or_none(row): place for place, row in enumerate(rows)}
        lists = [related(row, "components") for row in rows]
        return windows.choose(
            lists, _place(body), [places[item] for item in left], self.paging.size
        )

    def _small_page(self, number: int, size: int) -> Reply:
        request = self.api.request(self.route, include=("components",), params=BY_ID)
        return self.api.send(self.route, self.paging.asking(request, number, size))

    def _told_by(self, reply: Reply, wanted: Container[int]) -> dict[int, Statuses]:
        """Return what a small page tells; nothing if it contradicts itself.

        Rows may have moved since the large page: what it holds then is taken, and the rest is
        asked for by itself.
        """
        rows = self.rows(reply)
        wrong = self.paging_claims(Page(rows, reply)).contradictions
        if wrong or check_related(reply.body, rows, ["components"]):
            return {}
        return self._told(reply.body, rows, wanted)

    def _take_details(self, page: StatusPage, item: int, reply: Reply) -> None:
        """Take the components of one record from the answer of its own route."""
        if reply.status == HTTPStatus.NOT_FOUND:
            self._missing.append(item)
            return
        [record] = ONE(reply)
        found = {
            number: _status(component["attributes"].get("pivot"))
            for number, component in index_included(reply.body, "components").items()
        }
        named = related(record, "components")
        if id_or_none(record) != item:
            if not self._take_alone(page, item):
                self.evidence.contradict(
                    f"asked for {item}, {self.where} answered record {record.get('id')}"
                )
        elif named is None or found.keys() != set(named):
            self.evidence.contradict(
                f"of {self.where}, {item} names {_count(named)} components and brings {len(found)}"
            )
        else:
            page.statuses[item] = [(component, found[component]) for component in named]

    def _take_alone(self, page: StatusPage, item: int) -> bool:
        """Take the components of one record from a page of the list that has no other.

        For builds that answer every record's own route with the first record. The list is in the
        order of the ids, so a page of another record tells which way the wanted one has moved.
        """
        if not _is_in_order(rows := ROWS(page.reply)):
            return False
        place = _place(page.reply.body) + [id_or_none(row) for row in rows].index(item)
        for _ in range(MOVES):
            reply = self._small_page(place + 1, 1)
            if told := self._told_by(reply, {item}):
                page.statuses |= told
                return True
            there = [id_or_none(row) or 0 for row in self.rows(reply)]
            place += 1 if there and there[0] < item else -1
            if place < 0:
                break
        return False

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
        again = dict(self._lacking_updates(page))
        included = index_included(page.reply.body, "updates")
        for row in page.rows:
            if row_id(row) not in again:
                page.updates += [
                    (row_id(row), included[update]) for update in related(row, "updates") or ()
                ]
        tasks = (functools.partial(self._find_updates, item) for item in again)
        for (item, named), source in zip(again.items(), self.prefetch.ordered(tasks), strict=True):
            self._take_updates(page, item, named, source)

    @staticmethod
    def _lacking_updates(page: Page) -> Iterator[tuple[int, list[int] | None]]:
        """Yield the records whose updates did not come with them: an older build, or a gap."""
        included = index_included(page.reply.body, "updates")
        for row in page.rows:
            named = related(row, "updates")
            if named is None or not included.keys() >= set(named):
                yield row_id(row), named

    def _find_updates(self, item: int) -> ApiListSource | None:
        """Ask for the updates of one record; nothing if it is missing."""
        path = f"{self.api.item_path(self.route, item)}/updates"
        source = ApiListSource(
            self.api,
            f"{self.route}/updates",
            self.api.request(path),
            sortable=False,
            cap=self._update_cap,
            check=naming("updateable_id", item),
        )
        try:
            source.begin()
        except StatusError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        return source

    @functools.cached_property
    def _update_cap(self) -> LearnedCap:
        return LearnedCap()

    def _take_updates(
        self, page: StatusPage, item: int, named: list[int] | None, source: ApiListSource | None
    ) -> None:
        if source is None:
            self._missing.append(item)
            return
        updates = [row for part in source.pages() for row in part.rows]
        self.evidence.inherit(source.evidence, f"the updates of {item}")
        lacking = set(named or ()) - set(map(row_id, updates))
        if lacking:
            self.evidence.contradict(
                f"{self.where} names {_count(named)} updates of {item}, and {len(lacking)} of them "
                "are nowhere to be had"
            )
        page.updates += [(item, update) for update in updates]


def _count(named: list[int] | None) -> str:
    return "no" if named is None else str(len(named))


def _status(pivot: Any) -> Any:
    return pivot.get("component_status") if isinstance(pivot, dict) else None


def _place(body: Any) -> int:
    """Return how many records of the list stand before a page, as it says itself."""
    meta = body.get("meta")
    first = meta.get("from") if isinstance(meta, dict) else None
    return first - 1 if type(first) is int and first > 0 else 0


def _is_in_order(rows: Sequence[Row]) -> bool:
    ids = [id_or_none(row) or 0 for row in rows]
    return ids == sorted(ids)
