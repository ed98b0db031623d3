"""The ASGI application of one Cachet installation."""

from __future__ import annotations

import dataclasses
from email.utils import formatdate
from typing import TYPE_CHECKING, Protocol

from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.cachet.options import Options
from sandbox.cachet.php import ApiError
from sandbox.cachet.reply import Reply, below_root, html_page, is_api_path, no_route, path_of
from sandbox.cachet.v2.api import Api as Api2
from sandbox.cachet.v3.api import Api as Api3

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.cachet.world import World

CORS = {"Access-Control-Allow-Origin": "*"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Api(Protocol):
    """What one major version offers."""

    def answer(self, request: Request, path: str) -> Reply:
        """Answer a request below the root of the API."""

    def error(self, request: Request, error: ApiError) -> Reply:
        """Write an error."""


class Installation:
    """One server: its world, its settings, and the version of the API it speaks."""

    def __init__(self, world: World, options: Options) -> None:
        self.world = world
        self.options = options
        self.api: Api = (Api3 if options.family == 3 else Api2)(world, options)  # noqa: PLR2004

    async def respond(self, request: Request) -> Response:
        """Answer one request; the world does not change meanwhile."""
        with self.world.lock:
            for hook in self.world.hooks:
                answer = hook(request)
                if answer is not None:
                    return answer
            reply = self.reply(request)
            if self.options.family == 3 and is_api_path(request, self.options):  # noqa: PLR2004
                reply = dataclasses.replace(reply, headers=CORS | reply.headers)
            return reply.response(formatdate(self.world.clock.now(), usegmt=True))

    def reply(self, request: Request) -> Reply:
        """Work the answer out."""
        options, path = self.options, path_of(request)
        try:
            if options.maintenance:
                wait = options.maintenance_retry_after
                headers = {} if wait is None else {"Retry-After": str(wait)}
                raise ApiError(503, "Service Unavailable", headers)
            if is_api_path(request, options):
                return self.api.answer(request, below_root(request, options))
            if path == options.prefix.rstrip("/"):
                return html_page(200)
            raise ApiError(404, "" if options.family == 2 else no_route(path))  # noqa: PLR2004
        except ApiError as error:
            return self.api.error(request, error)


def create_app(world: World, options: Options | None = None) -> Starlette:
    """Return the ASGI application that serves a world.

    Args:
        world: The data; may change while it is served.
        options: The settings; may change as well, except ``api``.
    """
    installation = Installation(world, options or Options())
    return Starlette(routes=[Route("/{path:path}", installation.respond, methods=METHODS)])
