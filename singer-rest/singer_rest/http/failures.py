"""What can be wrong with an answer, each as an error with its sentence and its patience.

What can go wrong before there is one is in :mod:`singer_rest.http.unreachable`. The catalogue of
codes is documented in the README of this package.
"""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from singer_rest.errors import (
    BodyError,
    CredentialError,
    CredentialRevokedError,
    RequestError,
    StatusError,
    TapError,
    TooLargeError,
)
from singer_rest.http import json_body
from singer_rest.http.retry import MAX_NAMED_WAIT, RETRIED_STATUSES, Failure, retry_after
from singer_rest.redact import plain_url

if TYPE_CHECKING:
    from singer_rest.http.exchange import Answer
    from singer_rest.redact import Redactor

SERVER_TRIES = 5
BODY_TRIES = 3
EXCERPT = 200
"""Characters of a server's own message that are shown."""
REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "Request-Id")


@dataclasses.dataclass(frozen=True)
class Context:
    """What sentences need to know beside the answer."""

    redactor: Redactor
    first: bool
    """No request of this run has been answered with success."""
    deadline: float
    """Seconds a whole answer may take."""
    error_headers: tuple[str, ...] = ()
    """Headers in which this vendor says what is wrong."""


def body_or_none(answer: Answer) -> Any:
    """Return the decoded JSON body, or nothing if it is none."""
    try:
        return json_body.decode(answer.body)[0]
    except json_body.UnreadableBodyError:
        return None


def looks_like_html(answer: Answer) -> bool:
    """Tell a web page from data, by type and by first bytes."""
    start = answer.body[:200].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return True
    return "text/html" in answer.headers.get("Content-Type", "").lower() and start[:1] not in (
        b"{",
        b"[",
    )


def request_id(answer: Answer, body: Any) -> str:
    """Return the id a vendor's support asks for, or nothing."""
    for name in REQUEST_ID_HEADERS:
        if value := answer.headers.get(name):
            return value
    value = body.get("requestId") if isinstance(body, dict) else None
    return str(value) if value else ""


def find_message(body: Any) -> str:
    """Find the human sentence in an error body of any of the common shapes."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return next((text for item in body if (text := find_message(item))), "")
    if not isinstance(body, dict):
        return ""
    for key in ("message", "detail", "error_description", "description", "title"):
        if isinstance(body.get(key), str) and body[key]:
            details = body.get("details")
            tail = f" ({details})" if isinstance(details, str) and details else ""
            return f"{body[key]}{tail}"
    for key in ("errors", "error", "violations"):
        if text := find_message(body.get(key)):
            return text
    return ""


def read_message(answer: Answer, body: Any, context: Context) -> str:
    """Return the server's own words about an error as one safe line, or nothing."""
    said = (answer.headers.get(name) for name in context.error_headers)
    return excerpt(next(filter(None, said), "") or find_message(body), context.redactor)


def excerpt(text: str, redactor: Redactor) -> str:
    """Shorten a server's words to one safe line."""
    line = " ".join(redactor.text(text).split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def read_host(url: str) -> str:
    """Return host and port as the user knows them."""
    parts = urlsplit(plain_url(url))
    return parts.netloc


def unauthorized(answer: Answer, credential: str | None, *, first: bool) -> TapError:
    """A 401 that no renewal mends."""
    host = read_host(answer.url)
    if credential is None:
        return StatusError(
            f"{plain_url(answer.url)} wants a credential, and none is configured.",
            code="CREDENTIAL-MISSING",
            url=plain_url(answer.url),
            status=answer.status,
            headers=answer.headers,
            first=first,
        )
    if first:
        return CredentialError(
            f"{credential} rejected by {host} (401); check that it is complete, not expired and "
            "made for this server."
        )
    return CredentialRevokedError(
        f"{credential} was accepted at first and is now rejected by {host} (401): it expired or "
        "was revoked; renew it and run again, the state is kept."
    )


def from_status(answer: Answer, context: Context) -> Failure:
    """Judge a status from 400 up."""
    body = body_or_none(answer) if answer.body.strip() else None
    words = read_message(answer, body, context)
    identifier = request_id(answer, body)
    where = plain_url(answer.url)
    wait = retry_after(answer.headers, answer.received)
    if wait is None and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _named_wait(body)
    limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS or (
        answer.status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None
    )
    if answer.status == requests.codes.forbidden and looks_like_html(answer) and not words:
        what = (
            f"{read_host(answer.url)} blocked the request before it reached the API (403 with a "
            "web page): look for an IP allowlist, a firewall or a proxy"
        )
        code = "BLOCKED"
    elif answer.status == requests.codes.proxy_authentication_required:
        what = "The proxy wants a user name and password (407); set them in HTTPS_PROXY"
        code = "PROXY"
    else:
        what = f"{where} answered {answer.status}"
        code = f"HTTP-{answer.status}"
        if words:
            what += f": {words.rstrip('.')}"
    if identifier:
        what += f" (request id {excerpt(identifier, context.redactor)})"
    error = StatusError(
        f"{what}.",
        code=code,
        url=where,
        status=answer.status,
        headers=answer.headers,
        body=body,
        message=words,
        first=context.first,
    )
    tries = SERVER_TRIES if answer.status in RETRIED_STATUSES else 1
    return Failure(error, tries, limited=limited, retry_after=wait if limited else None)


def _named_wait(body: Any) -> float | None:
    """Return the seconds that a problem body (RFC 9457) names where no header does."""
    seconds = body.get("retryAfter") if isinstance(body, dict) else None
    if type(seconds) is not int or seconds < 0:
        return None
    return float(min(seconds, MAX_NAMED_WAIT))


def empty(answer: Answer, context: Context) -> Failure:
    """A body without content where rows were promised."""
    where = plain_url(answer.url)
    return Failure(
        BodyError(
            f"{where} answered {answer.status} without any content where data was expected.",
            code="EMPTY-BODY",
            url=where,
            first=context.first,
        ),
        BODY_TRIES,
    )


def html(answer: Answer, context: Context) -> Failure:
    """A web page where data was promised."""
    where = plain_url(answer.url)
    return Failure(
        BodyError(
            f"{where} answered with a web page instead of data: a login page, a maintenance page "
            "or a wrong api_url.",
            code="HTML-BODY",
            url=where,
            first=context.first,
        ),
        BODY_TRIES,
    )


def unreadable(answer: Answer, reason: str, context: Context) -> Failure:
    """Broken JSON."""
    where = plain_url(answer.url)
    return Failure(
        BodyError(
            f"{where} answered {len(answer.body)} bytes that are not JSON ({reason}).",
            code="BAD-JSON",
            url=where,
            first=context.first,
        ),
        BODY_TRIES,
        # It may have been cut while it was packed, or be packed in a way that nobody asked for.
        unpacked=answer.headers.get("Content-Encoding", "identity").lower() != "identity",
    )


def too_large(url: str, ceiling: int, context: Context) -> TooLargeError:
    """A body above the ceiling."""
    where = plain_url(url)
    return TooLargeError(
        f"{where} answered more than {ceiling >> 20} MB; use a smaller page_size or raise "
        "max_response_mb.",
        code="TOO-LARGE",
        url=where,
        first=context.first,
    )


def changed_method(answer: Answer, target: str, context: Context) -> RequestError:
    """A redirect that would turn a POST into a GET."""
    where = plain_url(answer.url)
    return RequestError(
        f"{where} redirects a {answer.method} to {plain_url(target)} ({answer.status}), which is "
        f"not followed; {_advice(answer.url, target)}.",
        code="REDIRECTED-POST",
        url=where,
        first=context.first,
    )


def foreign_redirect(answer: Answer, target: str, context: Context) -> RequestError:
    """A redirect that leaves the origin."""
    where = plain_url(answer.url)
    return RequestError(
        f"{where} redirects to another place, {plain_url(target)}; no credential was sent there. "
        f"If it is a login page, the API is not reachable without it; {_advice(where, target)}.",
        code="FOREIGN-REDIRECT",
        url=where,
        first=context.first,
    )


def _advice(url: str, target: str) -> str:
    """Say what to do about a redirect; never to send a credential to another host."""
    if urlsplit(url).hostname == urlsplit(target).hostname:
        return f"set the URL in the configuration to {origin_text(target)}"
    return "ask whoever runs the server for the address of its API"


def bad_redirect(url: str, location: str, context: Context) -> RequestError:
    """A redirect to what is no address."""
    where = plain_url(url)
    return RequestError(
        f"{where} redirects to {excerpt(location, context.redactor)!r}, which is no address; ask "
        "whoever runs the server, or check api_url.",
        code="BAD-REDIRECT",
        url=where,
        first=context.first,
    )


def other_question(answer: Answer, target: str, context: Context) -> RequestError:
    """A redirect to where something else is asked: the answer would be that of another request."""
    where = plain_url(answer.url)
    return RequestError(
        f"{where} redirects to {plain_url(target)} with another path or other parameters, where "
        "something else would answer. Ask whoever runs the server for the address of its API, or "
        "check api_url.",
        code="OTHER-REDIRECT",
        url=where,
        first=context.first,
    )


def redirect_loop(url: str, hops: int, context: Context) -> RequestError:
    """Redirects without end."""
    where = plain_url(url)
    return RequestError(
        f"{where} redirects more than {hops} times; check api_url.",
        code="REDIRECT-LOOP",
        url=where,
        first=context.first,
    )


def origin_text(url: str) -> str:
    """Return scheme, host and port of a URL as text."""
    parts = urlsplit(plain_url(url))
    return f"{parts.scheme}://{parts.netloc}"
