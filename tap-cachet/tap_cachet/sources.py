"""What Cachet is asked for in one pass: its lists, and single records."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from singer_rest.http.bodies import unexpected
from singer_rest.sources.keys import LearnedCap, Order
from singer_rest.sources.lists import ListSource
from singer_rest.sources.pages import Page
from singer_rest.sources.parents import NamedParents, PerParentSource
from singer_rest.sources.single import RecordSource, envelope, single
from tap_cachet.client import id_or_none
from tap_cachet.relations import check_related, not_brought

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_rest.http.exchange import Reply, Request
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.base import Plan
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


def _have_one_id(rows: list[Row]) -> bool:
    """Tell at a glance whether all records say their id twice, and the same."""
    try:
        outer = [row["id"] for row in rows]
        inner = [row["attributes"]["id"] for row in rows]
    except KeyError:
        return False
    return list(map(str, outer)) == list(map(str, inner))


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
    if not _have_one_id(found) and any(map(_has_two_ids, found)):
        raise unexpected(reply, "records with one id each under 'data'")
    return found


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
        self.paging_claims, self._check = paging.claims, check
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
        claims, rows = self.paging_claims(page), ROWS(page.reply)
        wrong = self._check(page.reply.body, rows) if self._check else []
        if self.api.server.is_v3:
            kinds = [kind for kind in self.included if not self.api.lacks(self.route, kind)]
            wrong += check_related(page.reply.body, rows, kinds)
        if not wrong:
            return claims
        return dataclasses.replace(claims, contradictions=(*claims.contradictions, *wrong))

    def fetch(self, number: int, size: int) -> Page:
        """Ask for one page; a 2.x list without order is asked for as a whole.

        Raises:
            StreamError: There is no answer, or none that is a page of this route.
        """
        page = self._ask(number, size)
        if self._unlimited and number == self.paging.first and size == self.paging.size:
            total = self.paging.claims(page).total
            if total is not None and len(page.rows) < total:
                return self._ask(number, total + SPARE)
        return page

    def plan(self) -> Plan:
        """Return the cost, with what this build refuses once and is asked for without then."""
        before = self.api.refusals
        plan = super().plan()
        refused = self.api.refusals - before
        most = None if plan.most is None else plan.most + refused
        return dataclasses.replace(plan, requests=plan.requests + refused, most=most)

    def _ask(self, number: int, size: int) -> Page:
        reply = self.api.send(self.route, self.paging.asking(self.request, number, size))
        return Page(self.rows(reply), reply)


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
