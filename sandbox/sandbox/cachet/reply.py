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


def address(request: Request, options: Options) -> str:
    """Return the address of a request without its query, as the server would write it."""
    root = options.link_root or f"http://{request.headers.get('host', 'localhost')}"
    return root.rstrip("/") + request.url.path.rstrip("/")
