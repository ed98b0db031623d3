"""Answers, before they become bytes."""

from __future__ import annotations

import dataclasses
import http
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sandbox.cachet.php import to_json

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.cachet.options import Options

HTML = "text/html"


@dataclasses.dataclass(frozen=True)
class Reply:
    """One answer: a JSON value, or text as it is when the type is HTML."""

    body: Any
    status: int = 200
    media_type: str = "application/json"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def response(self, date: str) -> Response:
        """Make the response, dated by the clock of the world."""
        content = self.body if isinstance(self.body, str) else to_json(self.body)
        headers = {"Cache-Control": "no-cache, private", "Date": date} | self.headers
        return Response(content, self.status, headers, self.media_type)


def html_page(status: int, headers: dict[str, str] | None = None) -> Reply:
    """Return a page for people, as Laravel shows errors and Cachet its status page."""
    phrase = "Status" if status == http.HTTPStatus.OK else http.HTTPStatus(status).phrase
    page = (
        f"<!DOCTYPE html>\n<html><head><title>{phrase}</title></head><body>{status}</body></html>"
    )
    return Reply(page, status, HTML, dict(headers or {}))


def no_route(path: str) -> str:
    """Return Laravel's sentence for a path that leads nowhere."""
    return f"The route {path.strip('/')} could not be found."


def path_of(request: Request) -> str:
    """Return the decoded path of a request."""
    path: str = request.scope["path"]
    return path.rstrip("/")


def below_root(request: Request, options: Options) -> str:
    """Return what follows the root of the API in a path, without the slash between them.

    A second slash belongs to what follows: ``/api//components`` leads nowhere.
    """
    return path_of(request).removeprefix(api_root(options)).removeprefix("/")


def api_root(options: Options) -> str:
    """Return the path of the API."""
    version = "" if options.family == 3 else "/v1"  # noqa: PLR2004
    return f"{options.prefix.rstrip('/')}/api{version}"


def is_api_path(request: Request, options: Options) -> bool:
    """Tell whether a request is one for the API."""
    return f"{path_of(request)}/".startswith(f"{api_root(options)}/")


def site_of(request: Request, options: Options) -> str:
    """Return the address of the status page, as the server would write it."""
    root = options.link_root or f"http://{request.headers.get('host', 'localhost')}"
    return root.rstrip("/") + options.prefix.rstrip("/")


def address(request: Request, options: Options) -> str:
    """Return the address of a request without its query, as the server would write it."""
    site = site_of(request, options)
    return site + path_of(request).removeprefix(options.prefix.rstrip("/"))
