"""The 3.x API: from a request to the bytes of its answer."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sandbox.cachet.access import Sight, Viewer, viewer_of_bearer
from sandbox.cachet.limiter import Limiter
from sandbox.cachet.order import unsorted
from sandbox.cachet.php import ApiError, query_of, resolve_id, wants_json
from sandbox.cachet.reply import (
    Reply,
    address,
    below_root,
    html_page,
    is_api_path,
    no_route,
    path_of,
)
from sandbox.cachet.v3.document import Document, Relations
from sandbox.cachet.v3.latest import LatestStatus
from sandbox.cachet.v3.listing import Lists
from sandbox.cachet.v3.query import Listing, fields_of, includes_of, listing_of
from sandbox.cachet.v3.resources import NESTED, TOP, Resource
from sandbox.cachet.v3.status import system_status
from sandbox.cachet.v3.writer import Writer

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.cachet.options import Options
    from sandbox.cachet.world import World

JSON_API = "application/vnd.api+json"


@dataclasses.dataclass(frozen=True)
class Route:
    """Where a path leads: a single word (ping), or rows."""

    word: str = ""
    resource: Resource | None = None
    raw_id: str | None = None
    parent: Resource | None = None
    parent_id: str = ""
    name: str = ""

    @property
    def ability(self) -> str:
        """Return what a token must be able to, if anything."""
        return self.resource.ability if self.resource else ""


class Api:
    """Answers the requests below ``/api``."""

    def __init__(self, world: World, options: Options) -> None:
        self.world = world
        self.options = options
        self.lists = Lists(world)
        self.latest = LatestStatus(world)
        self.limiter = Limiter()

    def answer(self, request: Request, path: str) -> Reply:
        """Answer one request; ``path`` is what follows ``/api``, without the slash between.

        Raises:
            ApiError: The answer is an error.
        """
        route = self.route(path)
        if route is None:
            raise ApiError(404, no_route(path_of(request)))
        if request.method not in {"GET", "HEAD"}:
            where = path_of(request).strip("/")
            raise ApiError(
                405,
                f"The {request.method} method is not supported for route {where}. "
                "Supported methods: GET, HEAD.",
                {"Allow": "GET, HEAD"},
            )
        options, now = self.options, self.world.clock.now()
        closable = options.build.reworked_api and not options.stale_host_config
        if closable and not options.api_enabled:
            raise ApiError(404)
        viewer = viewer_of_bearer(request.headers.get("authorization"), options, now)
        must_sign_in = (closable and options.api_protected) or bool(route.ability)
        if must_sign_in and not viewer.known:
            raise ApiError(401, "Unauthenticated.")
        host = request.client.host if request.client else ""
        who = viewer.token.text if viewer.token and must_sign_in else host
        headers = self.limiter.hit(who, options, now)
        try:
            if route.ability and not viewer.can(route.ability):
                raise ApiError(403, "Invalid ability provided.")
            reply = self._reply(request, route, viewer, now)
        except ApiError as error:
            error.headers = headers | error.headers
            raise
        return dataclasses.replace(reply, headers=headers | reply.headers)

    def route(self, path: str) -> Route | None:
        """Find the route of a path; nothing if this build has none."""
        segments = path.split("/")
        if not all(segments):
            return None
        match segments:
            case [("ping" | "version" | "status") as word]:
                return Route(word=word)
            case [name, *raw] if len(raw) <= 1 and name in TOP:
                if name == "subscribers" and not self.options.build.reworked_api:
                    return None
                return Route(resource=TOP[name], raw_id=raw[0] if raw else None, name=name)
            case [name, parent_id, child, *raw] if len(raw) <= 1 and (name, child) in NESTED:
                return Route(
                    resource=NESTED[name, child][0],
                    raw_id=raw[0] if raw else None,
                    parent=TOP[name],
                    parent_id=parent_id,
                    name=f"{name}/{child}",
                )
        return None

    def _reply(self, request: Request, route: Route, viewer: Viewer, now: int) -> Reply:
        if route.word == "ping":
            return Reply({"data": "Pong!"})
        if route.word == "version":
            return Reply({"data": {"version": "3.x-dev"}})
        if route.word == "status":
            return Reply({"data": system_status(self.world, self.options.build)})
        resource = route.resource
        assert resource is not None  # noqa: S101
        sight = Sight(self.world, self.options, viewer, now)
        parent_key = self._parent_key(route, sight)
        query = query_of(request)
        allowed = resource.allowed_by(self.options)
        row = None
        if route.raw_id is not None and parent_key is not None:
            row = self._child(resource, route.raw_id, parent_key)
        includes = includes_of(query, allowed)
        document = Document(
            resource.kind,
            Writer(sight, self.latest, frozenset(includes)),
            Relations(sight),
            includes,
            fields_of(query),
        )
        if route.raw_id is not None:
            row = row or self._find(resource, route.raw_id, sight)
            if self.options.answers_first(resource.kind):
                row = self._first(resource, sight)
            body: dict[str, Any] = {"data": document.resource(row)}
        else:
            listing = listing_of(query, allowed, self.options)
            rows = self._rows(resource, listing, sight, parent_key)
            body = self._page(address(request, self.options), listing, rows, document)
        if document.included:
            body["included"] = list(document.included.values())
        return Reply(body, media_type=JSON_API)

    def _rows(
        self, resource: Resource, listing: Listing, sight: Sight, parent_key: object
    ) -> list[Any]:
        broken = resource.kind == "metricPoints" and not self.options.build.reworked_api
        if broken and any(word.lstrip("-") != "id" for word in listing.sort):
            # The old route allows sorts by columns that its table does not have.
            raise ApiError(500, "Server Error")
        table = resource.table(self.world)
        shows = resource.shows(sight) if resource.shows else None
        return self.lists.rows(table, shows, sight, listing, parent_key)

    def _page(
        self, path: str, listing: Listing, rows: list[Any], document: Document
    ) -> dict[str, Any]:
        start = (listing.page - 1) * listing.per_page
        chosen = rows[start : start + listing.per_page]
        pages = {"first": 1}
        if listing.page > 1:
            pages["prev"] = listing.page - 1
        if start + listing.per_page < len(rows):
            pages["next"] = listing.page + 1
        meta: dict[str, Any] = {"current_page": listing.page}
        if self.options.current_page_url:
            meta["current_page_url"] = f"{path}?page={listing.page}"
        meta |= {
            "from": start + 1 if chosen else None,
            "path": path,
            "per_page": listing.per_page_shown,
            "to": start + len(chosen) if chosen else None,
        }
        return {
            "data": [document.resource(row) for row in chosen],
            "links": {name: f"{path}?page={page}" for name, page in pages.items()},
            "meta": meta,
        }

    def _parent_key(self, route: Route, sight: Sight) -> object:
        if route.parent is None:
            return None
        row = self._find(route.parent, route.parent_id, sight, hidden_message="")
        name, _, child = route.name.partition("/")
        return NESTED[name, child][1](row)

    def _child(self, resource: Resource, raw_id: str, parent_key: object) -> Any:
        table = resource.table(self.world)
        row_id = resolve_id(raw_id, self.options.database)
        for row in table.of_parent(parent_key, by_id=True):
            if row.id == row_id:
                return row
        raise ApiError(404, not_found(resource, raw_id))

    def _find(
        self, resource: Resource, raw_id: str, sight: Sight, hidden_message: str | None = None
    ) -> Any:
        """Return the row of an id.

        Raises:
            ApiError: There is none, or the caller must not see it.
        """
        row_id = resolve_id(raw_id, self.options.database)
        row = None if row_id is None else resource.table(self.world).find(row_id)
        message = not_found(resource, raw_id)
        if row is None:
            raise ApiError(404, message)
        if resource.shows and not resource.shows(sight)(row):
            raise ApiError(404, message if hidden_message is None else hidden_message)
        return row

    def _first(self, resource: Resource, sight: Sight) -> Any:
        """Return the row the database gives first of all the caller sees."""
        rows = unsorted(resource.table(self.world), self.options)
        shows = resource.shows(sight) if resource.shows else None
        return next(row for row in rows if shows is None or shows(row))

    def error(self, request: Request, error: ApiError) -> Reply:
        """Write an error: JSON, or on old builds HTML for a client that did not ask for JSON."""
        build, accept = self.options.build, request.headers.get("accept")
        forced = build.forced_json and not self.options.stale_host_config
        below = below_root(request, self.options)
        routed = is_api_path(request, self.options) and self.route(below) is not None
        if wants_json(accept) or (forced and routed):
            return Reply({"message": error.message}, status=error.status, headers=error.headers)
        if error.status == 401:  # noqa: PLR2004
            login = f"{self.options.prefix}/dashboard/login"
            return Reply("", status=302, headers=error.headers | {"Location": login})
        return html_page(error.status, error.headers)


def not_found(resource: Resource, raw_id: str) -> str:
    """Return Laravel's sentence for a row that is not there."""
    return f"No query results for model [Cachet\\Models\\{resource.model}] {raw_id}"
