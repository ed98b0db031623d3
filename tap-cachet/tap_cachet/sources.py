"""What Cachet is asked for in one pass, where one list is not enough.

Incidents and schedules carry their components and updates in the same answer. The server writes
every included component only once a page, with the status the *first* of its incidents gave it;
for a later incident that status is unknown, and the incident is asked for once more by itself.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError
from singer_rest.http.bodies import unexpected
from singer_rest.sources.keys import LearnedCap, Order
from singer_rest.sources.lists import ListSource
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import NamedParents, PerParentSource
from singer_rest.sources.single import RecordSource, envelope, single
from tap_cachet.client import id_or_none, row_id
from tap_cachet.normalise import related
from tap_cachet.relations import check_related, included_of, naming, not_brought

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.claims import Claims
    from tap_cachet.client import CachetApi, Server
    from tap_cachet.relations import Check

    Row = dict[str, Any]

ROWS = envelope("data")
ONE = single("data")
BY_ID = {"sort": "id"}
SPARE = 100
"""Rows asked for beyond the total, for those added meanwhile."""


def _has_two_ids(row: Row) -> bool:
    """Tell whether a record contradicts itself; one that lacks an id is a row without a key."""
    ids = {
        str(value) for value in (row["attributes"].get("id"), row.get("id")) if value is not None
    }
    return len(ids) > 1


def with_attributes(server: Server, rows: Callable[[Reply], list[Row]], reply: Reply) -> list[Row]:
    """Read the records of an answer; those of 3.x must have their attributes.

    Raises:
        BodyError: One has none. It would pass for a record of 2.x, and all others with it.
    """
    found = rows(reply)
    if not server.is_v3:
        return found
    if not {dict}.issuperset(type(row.get("attributes")) for row in found):
        raise unexpected(reply, "records with attributes under 'data'")
    if any(_has_two_ids(row) for row in found):
        raise unexpected(reply, "records with one id each under 'data'")
    return found


@dataclasses.dataclass(slots=True)
class StatusPage(Page):
    """A page of incidents or schedules, with what belongs to them."""

    statuses: dict[int, list[tuple[int, Any]]] = dataclasses.field(default_factory=dict)
    """Component id and ``{human, value}`` pair, by the id of the incident or schedule."""
    updates: list[tuple[int, dict[str, Any]]] = dataclasses.field(default_factory=list)
    """Id of the incident or schedule, and the update's record."""


class ApiListSource(ListSource):
    """A list of this API: refused includes are dropped and remembered.

    Args:
        api: The requests.
        route: The list, as what it refuses is remembered.
        request: For it.
        sortable: See :meth:`CachetApi.paging`.
        order: The same.
        ahead: See :class:`ListSource`.
        stop_when: The same.
        cap: The same.
        check: Says what speaks against an answer and its records.
    """

    def __init__(
        self,
        api: CachetApi,
        route: str,
        request: Request,
        *,
        sortable: bool = True,
        order: Order = Order.RISING,
        ahead: Prefetcher | None = None,
        stop_when: Callable[[Page], bool] | None = None,
        cap: LearnedCap | None = None,
        check: Check | None = None,
    ) -> None:
        paging = api.paging(sortable=sortable, order=order)
        self._claims, self._check = paging.claims, check
        super().__init__(
            api.transport,
            request,
            functools.partial(with_attributes, api.server, ROWS),
            dataclasses.replace(paging, claims=self._read_claims),
            ahead=ahead,
            stop_when=stop_when,
            cap=cap,
        )
        self.api = api
        self.route = route
        self.included = tuple(str(request.params.get("include") or "").split(","))
        self._unlimited = not api.server.is_v3 and not sortable

    def _read_claims(self, page: Page) -> Claims:
        """Read what a page says of its list, and what its records say against each other."""
        claims, rows = self._claims(page), ROWS(page.reply)
        wrong = self._check(page.reply.body, rows) if self._check else []
        if self.api.server.is_v3:
            kinds = [kind for kind in self.included if not self.api.lacks(self.route, kind)]
            wrong += check_related(page.reply.body, rows, kinds)
        if not wrong:
            return claims
        return dataclasses.replace(claims, contradictions=(*claims.contradictions, *wrong))

    def fetch(self, number: int, size: int) -> Page:
        """Ask for one page; a 2.x list without order is asked for as a whole."""
        page = self._ask(number, size)
        if self._unlimited and number == self.paging.first and size == self.paging.size:
            total = self.paging.claims(page).total
            if total is not None and len(page.rows) < total:
                return self._ask(number, total + SPARE)
        return page

    def _ask(self, number: int, size: int) -> Page:
        reply = self.api.send(self.route, self.paging.asking(self.request, number, size))
        return Page(self.rows(reply), reply)


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
        super().__init__(api, route, api.request(route, include=include, params=BY_ID))
        self.prefetch = prefetch
        self.with_components = with_components
        self.with_updates = with_updates
        self._status_seen = False
        self._missing: list[int] = []
        """Records whose own route answered 404."""

    def pages(self) -> Iterator[Page]:
        """Walk the list and complete every page."""
        for page in super().pages():
            whole = StatusPage(page.rows, page.reply)
            if self.with_components:
                self._add_statuses(whole)
            if self.with_updates:
                self._add_updates(whole)
            yield whole
        self._judge_missing()

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
        known = {
            number: item["attributes"].get("pivot")
            for number, item in included_of(page.reply.body, "components").items()
        }
        self._status_seen = self._status_seen or any(known.values())
        mentioned: set[int] = set()
        again: list[int] = []
        # The walk may have taken out rows it knew; the first mention counts on the server's page.
        wanted = {row_id(row) for row in page.rows}
        rows = ROWS(page.reply)
        ids = [id_or_none(row) or 0 for row in rows]
        if ids != sorted(ids):  # not as asked, so nothing tells which mention was the first
            mentioned = _shared([related(row, "components") or () for row in rows])
        for row in rows:
            components = related(row, "components")
            if id_or_none(row) in wanted:
                told = components is not None and known.keys() >= set(components)
                first = mentioned.isdisjoint(components or ())
                if told and (first or not self._tells_statuses(row)):
                    page.statuses[row_id(row)] = [(c, _status(known[c])) for c in components or ()]
                else:
                    again.append(row_id(row))
            mentioned.update(components or ())
        tasks = (functools.partial(self._details, item) for item in again)
        for item, reply in zip(again, self.prefetch.ordered(tasks), strict=True):
            self._take_details(page, item, reply)

    def _take_details(self, page: StatusPage, item: int, reply: Reply) -> None:
        """Take the components of one record from the answer of its own route."""
        if reply.status == HTTPStatus.NOT_FOUND:
            self._missing.append(item)
            return
        [record] = ONE(reply)
        found = {
            number: _status(component["attributes"].get("pivot"))
            for number, component in included_of(reply.body, "components").items()
        }
        named = related(record, "components")
        if id_or_none(record) != item:
            self.evidence.contradict(
                f"asked for {item}, {self.where} answered record {record.get('id')}"
            )
        elif named is None or found.keys() != set(named):
            self.evidence.contradict(
                f"of {self.where}, {item} names {_count(named)} components and brings {len(found)}"
            )
        else:
            page.statuses[item] = [(component, found[component]) for component in named]

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
        included = included_of(page.reply.body, "updates")
        again: list[tuple[int, list[int] | None]] = []
        for row in page.rows:
            named = related(row, "updates")
            if named is not None and included.keys() >= set(named):
                page.updates += [(row_id(row), included[update]) for update in named]
            else:  # an older build, or an answer that lacks what it names
                again.append((row_id(row), named))
        tasks = (functools.partial(self._find_updates, item) for item, _named in again)
        for (item, named), source in zip(again, self.prefetch.ordered(tasks), strict=True):
            self._take_updates(page, item, named, source)

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


def _shared(lists: Iterable[Sequence[int]]) -> set[int]:
    """Return what stands in several lists."""
    times = collections.Counter(item for one in lists for item in set(one))
    return {item for item, count in times.items() if count > 1}


def _count(named: list[int] | None) -> str:
    return "no" if named is None else str(len(named))


def _status(pivot: Any) -> Any:
    return pivot.get("component_status") if isinstance(pivot, dict) else None


class SingleRecord(RecordSource):
    """One record of this API, asked for by its id."""

    def __init__(self, api: CachetApi, route: str, item: int, include: tuple[str, ...]) -> None:
        super().__init__(
            api.transport,
            api.request(api.item_path(route, item), include=include),
            functools.partial(with_attributes, api.server, ONE),
            wanted=item,
            key=id_or_none,
        )
        self.api = api
        self.route = route
        self.include = include

    def contradictions(self, page: Page) -> list[str]:
        """Return what speaks against the record, and what it names and does not bring."""
        kinds = [k for k in self.include if not self.api.lacks(f"{self.route}/id", k)]
        return super().contradictions(page) or not_brought(page.reply.body, kinds)

    def fetch(self) -> Page:
        """Ask for the record, without what this build has refused to include."""
        reply = self.api.send(f"{self.route}/id", self.request)
        return Page(self.rows(reply), reply)


def by_ids(
    api: CachetApi,
    route: str,
    ids: Sequence[int],
    include: tuple[str, ...],
    prefetch: Prefetcher,
) -> PerParentSource:
    """Return the source of single records named in a setting."""
    return PerParentSource(
        f"{api.server.root}{route}",
        NamedParents(list(ids)),
        lambda item: SingleRecord(api, route, item, include),
        prefetch=prefetch,
        on_404="error",
    )
