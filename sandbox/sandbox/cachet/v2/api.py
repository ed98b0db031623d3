"""The 2.x API: from a request to the answer."""

from __future__ import annotations

import dataclasses
import math
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from sandbox.cachet.access import Viewer, viewer_of_key
from sandbox.cachet.options import zone_named
from sandbox.cachet.order import in_order, unsorted
from sandbox.cachet.php import ApiError, page_number, query_of, resolve_id, to_int, wants_json
from sandbox.cachet.remember import Found, Remembered
from sandbox.cachet.reply import Reply, address, html_page, is_api_path, site_of
from sandbox.cachet.v2.presenter import Presenter
from sandbox.cachet.v2.resources import RESOURCES, Resource
from sandbox.cachet.v2.status import page_status

if TYPE_CHECKING:
    from datetime import tzinfo

    from starlette.requests import Request

    from sandbox.cachet.options import Options
    from sandbox.cachet.world import World

DEFAULT_PAGE_SIZE, MODEL_PAGE_SIZE = 20, 15
NOT_SEARCHED = {"sort", "order", "per_page", "tags"}
VERSIONS = {"2.3": "2.3.18", "2.4": "2.4.1"}
STATUS_AGE = 30
SENTENCES = {
    401: "Authentication is required and has failed or has not yet been provided.",
    404: "The requested resource could not be found but may be available again in the future.",
    405: "A request was made of a resource using a request method not supported by that resource.",
    406: "The requested resource is only capable of generating content not acceptable.",
    500: "An error has occurred and this resource cannot be displayed.",
    503: "The server is currently unavailable. It may be overloaded or down for maintenance.",
}
TITLES = {
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclasses.dataclass(frozen=True)
class Route:
    """Where a path leads: a single word, or rows."""

    word: str = ""
    resource: Resource | None = None
    raw_id: str | None = None
    parent_id: str = ""


class Api:
    """Answers the requests below ``/api/v1``."""

    def __init__(self, world: World, options: Options) -> None:
        self.world = world
        self.options = options
        self._remembered = Remembered()

    def answer(self, request: Request, path: str) -> Reply:
        """Answer one request; ``path`` is what follows ``/api/v1``, without the slash between.

        Raises:
            ApiError: The answer is an error.
        """
        route = self.route(path)
        if route is None:
            raise ApiError(404)
        if request.method not in {"GET", "HEAD"}:
            raise ApiError(405, headers={"Allow": "GET, HEAD"})
        if not accepts_json(request.headers.get("accept")):
            raise ApiError(406)
        presenter = Presenter(
            self.world, self.options, self._zone(request), site_of(request, self.options)
        )
        if route.resource is None:
            return self._word(route.word)
        viewer = viewer_of_key(request.headers.get("x-cachet-token"), self.options)
        closed = self.options.always_authenticate and self.options.api == "2.4"
        if not viewer.known and (closed or route.resource.needs_key):
            raise ApiError(401)
        return self._rows_reply(request, route, route.resource, viewer, presenter)

    def route(self, path: str) -> Route | None:
        """Find the route of a path; nothing if this version has none."""
        found: Route | None = None
        segments = path.split("/")
        if not all(segments):
            return None
        match segments:
            case [("ping" | "version" | "status") as word]:
                return Route(word=word)
            case ["components", "groups", *raw] if len(raw) <= 1:
                found = Route("", RESOURCES["components/groups"], *raw)
            case ["incidents", "templates", *raw] if len(raw) <= 1:
                found = Route("", RESOURCES["incidents/templates"], *raw)
            case [name, *raw] if name in RESOURCES and len(raw) <= 1:
                found = Route("", RESOURCES[name], *raw)
            case [name, parent_id, child, *raw] if len(raw) <= 1:
                resource = RESOURCES.get(f"{name}/{child}")
                if resource and resource.parent == name:
                    found = Route("", resource, raw[0] if raw else None, parent_id)
        if found is None or found.resource is None:
            return None
        resource = found.resource
        there = self.options.api in resource.versions
        return found if there and (resource.shown or found.raw_id is None) else None

    def error(self, request: Request, error: ApiError) -> Reply:
        """Write an error: JSON below the API, a page for people elsewhere."""
        if not is_api_path(request, self.options) and not wants_json(request.headers.get("accept")):
            return html_page(error.status, error.headers)
        body = {
            "id": str(uuid.uuid4()),
            "status": error.status,
            "title": TITLES[error.status],
            "detail": error.message or SENTENCES[error.status],
        }
        return Reply({"errors": [body]}, status=error.status, headers=error.headers)

    def _zone(self, request: Request) -> tzinfo:
        name = request.headers.get("time-zone") or self.options.app_timezone
        try:
            return zone_named(name)
        except ValueError as error:
            raise ApiError(500) from error

    def _word(self, word: str) -> Reply:
        if word == "ping":
            return Reply({"data": "Pong!"})
        if word == "status":
            # The age is a point in time by mistake: shared caches keep the answer for decades.
            age = self.world.clock.now() + STATUS_AGE
            headers = {"Cache-Control": f"public,max-age={age}"}
            return Reply({"data": page_status(self.world, self.options.api)}, headers=headers)
        if not self.options.release_feed:
            raise ApiError(500)
        latest = {"tag_name": "v2.4.1", "prelease": False, "draft": False}
        meta = {"on_latest": False, "latest": latest}
        return Reply({"meta": meta, "data": VERSIONS[self.options.api]})

    def _rows_reply(
        self,
        request: Request,
        route: Route,
        resource: Resource,
        viewer: Viewer,
        presenter: Presenter,
    ) -> Reply:
        parent_key = None
        if resource.parent_key:
            parent = self._find(RESOURCES[resource.parent], route.parent_id)
            parent_key = resource.parent_key(parent.id)
        present = presenter.of[resource.name]
        if route.raw_id is not None:
            row = self._find(resource, route.raw_id)
            if resource.parent_key and row.parent_id != parent.id:
                raise ApiError(404, not_found(resource, route.raw_id))
            return Reply({"data": present(row)})
        query = query_of(request)
        rows = self._rows(resource, query, viewer, parent_key)
        per_page = page_size(query.get("per_page"))
        page = page_number(query.get("page"))
        start = (page - 1) * per_page
        chosen = rows[start : start + per_page]
        pages = math.ceil(len(rows) / per_page)
        pagination = {
            "total": len(rows),
            "count": len(chosen),
            "per_page": per_page,
            "current_page": page,
            # An empty list has one page since Laravel 5.3; 2.3 is built on an older one.
            "total_pages": pages if self.options.api == "2.3" else max(1, pages),
            "links": {
                "next_page": self._link(request, page + 1) if page < pages else None,
                "previous_page": self._link(request, page - 1) if page > 1 else None,
            },
        }
        return Reply({"meta": {"pagination": pagination}, "data": [present(row) for row in chosen]})

    def _link(self, request: Request, page: int) -> str:
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        kept = [pair for pair in pairs if pair[0] != "page"]
        return f"{address(request, self.options)}?{urlencode([*kept, ('page', page)])}"

    def _find(self, resource: Resource, raw_id: str) -> Any:
        """Return the row of an id, hidden or not.

        Raises:
            ApiError: There is none.
        """
        row_id = resolve_id(raw_id, self.options.database)
        row = None if row_id is None else resource.table(self.world).find(row_id)
        if row is None:
            raise ApiError(404, not_found(resource, raw_id))
        return row

    def _rows(
        self, resource: Resource, query: dict[str, Any], viewer: Viewer, parent_key: object
    ) -> list[Any]:
        options, table = self.options, resource.table(self.world)
        sort = query.get("sort")
        if sort and resource.breaks_on_sort:
            raise ApiError(500)
        search = searched(query, resource)
        words: tuple[str, ...] = ()
        if sort in resource.sorts:
            ascending = resource.honours_order and options.api == "2.4"
            ascending = ascending and str(query.get("order", "asc")).lower() != "desc"
            words = (sort if ascending else f"-{sort}",)

        def find() -> Found:
            rows = unsorted(table, options, parent_key)
            hides = resource.shows and not viewer.known
            if options.api == "2.3" and resource.name == "components/groups":
                hides = False
            if hides and resource.shows:
                rows = [row for row in rows if resource.shows(row)]
            rows = [row for row in rows if all(fits(row, *pair) for pair in search)]
            if options.api in resource.order and not words:
                rows = resource.order[options.api](rows)
            return Found(in_order(rows, words, options.database))

        setup = (options.scrambled, options.database)
        question = (resource.name, parent_key, viewer.known, words, search, setup)
        return self._remembered.rows(question, (table.revision,), self.world.clock.now(), find)


def searched(query: dict[str, Any], resource: Resource) -> tuple[tuple[str, str], ...]:
    """Return the columns and values a list is searched by.

    Raises:
        ApiError: A column is searched for and another parameter, ``page`` say, is there too: it
            goes into the SQL as a column that does not exist.
    """
    tags = (("tags", query["tags"]),) if resource.name == "components" and "tags" in query else ()
    search = {name: value for name, value in query.items() if name not in NOT_SEARCHED}
    if not set(search) & set(resource.search):
        return tags
    if not set(search) <= set(resource.search):
        raise ApiError(500)
    return (*search.items(), *tags)


def fits(row: Any, column: str, value: str) -> bool:
    """Tell whether a row has a value in a column."""
    if column == "tags":
        wanted = set(value.split(","))
        return any(slug in wanted for slug, _ in row.tags)
    found = getattr(row, column)
    if column == "group_id":
        found = found or 0
    return found is not None and str(int(found) if isinstance(found, bool) else found) == value


def page_size(value: Any) -> int:
    """Return the page size: no maximum; nothing sensible means the model's own.

    Raises:
        ApiError: The database does not understand it.
    """
    if value is None:
        return DEFAULT_PAGE_SIZE
    if not isinstance(value, str) or not value.strip().isdecimal():
        raise ApiError(500)
    return to_int(value) or MODEL_PAGE_SIZE


def accepts_json(accept: str | None) -> bool:
    """Tell whether an ``Accept`` header allows JSON."""
    if not accept:
        return True
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return bool(kinds & {"*/*", "*", "application/*", "application/json"})


def not_found(resource: Resource, raw_id: str) -> str:
    """Return Laravel's sentence for a row that is not there."""
    return f"No query results for model [CachetHQ\\Cachet\\Models\\{resource.model}] {raw_id}"
