"""The answers that carry no data: refusals in a header with an HTML page, redirects, JSON."""

from __future__ import annotations

import html
import json
import uuid
from typing import Any

from starlette.responses import Response

SERVER_HEADERS = {
    "Cache-Control": "private, s-maxage=0",
    "Server": "Microsoft-IIS/10.0",
    "X-AspNetMvc-Version": "5.2",
    "X-AspNet-Version": "4.0.30319",
    "X-Powered-By": "ASP.NET",
    "Access-Control-Allow-Origin": "*",
}
PADDING = "<!-- " + "server error page " * 200 + "-->"


def with_server_headers(response: Response) -> Response:
    """Add the headers every answer of the web application carries."""
    for name, value in SERVER_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["x-correlation-id"] = str(uuid.uuid4())
    return response


def page(title: str, text: str, status: int = 200, **headers: str) -> Response:
    """Return an HTML page."""
    body = (
        f"<!DOCTYPE html><html><head><title>{html.escape(title)}</title></head>"
        f"<body><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{PADDING}</body></html>"
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, named, media_type="text/html")


def refused(message: str, status: int = 400) -> Response:
    """Return an error the way the platform does: the message in a header, a page as body."""
    safe = " ".join(message.split()).encode("latin-1", "replace").decode("latin-1")
    return page("Server Error in '/' Application.", message, status, X_Cinchy_Error=safe)


def told(message: str, status: int, form: str) -> Response:
    """Return an error of a query in one of the forms of ``Options.error_form``."""
    if form in {"json", "ok_json"}:
        return as_json({"message": message}, status if form == "json" else 200)
    if form in {"page", "ok_page"}:
        text = "An error has occurred while processing your request."
        return page("Error", text, status if form == "page" else 200)
    return refused(message, status)


def login_page() -> Response:
    """Return the page on which a person signs in."""
    return page("Sign in", "Please sign in to continue.")


def not_found() -> Response:
    """Return 404 with a page."""
    return page("404 - File or directory not found.", "The resource might have been removed.", 404)


def as_json(value: Any, status: int = 200) -> Response:
    """Return strict JSON."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, status, media_type="application/json; charset=utf-8")
