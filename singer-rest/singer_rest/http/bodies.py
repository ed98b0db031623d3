"""What is wrong with a body that came with the status of a success."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from singer_rest.errors import BodyError, StatusError, StreamError
from singer_rest.http.failures import BODY_TRIES, EXCERPT, SERVER_TRIES, excerpt, find_message
from singer_rest.http.retry import RETRIED_STATUSES, Failure
from singer_rest.redact import plain_url

if TYPE_CHECKING:
    from singer_rest.http.exchange import Answer, Reply
    from singer_rest.http.failures import Context

STATUS_NAMES = ("status", "statusCode", "status_code", "code")
LOWEST_ERROR, HIGHEST_ERROR = 400, 599


def not_whole(answer: Answer, context: Context) -> Failure:
    """A status of success that no whole list comes with: 202, 206, 304, a redirect to nowhere."""
    where = plain_url(answer.url)
    return Failure(
        BodyError(
            f"{where} answered {answer.status}, which is no whole answer; only 200 and 203 are.",
            code="NOT-WHOLE",
            url=where,
            first=context.first,
        ),
        BODY_TRIES,
    )


def kept(answer: Answer, why: str, context: Context) -> Failure:
    """An answer that something between has kept from earlier."""
    where = plain_url(answer.url)
    return Failure(
        BodyError(
            f"{where} answered with what something between has kept from earlier: {why}, "
            "although a fresh answer was asked for. Let no cache answer for the API.",
            code="STALE-ANSWER",
            url=where,
            first=context.first,
        ),
        BODY_TRIES,
    )


def marked(answer: Answer, body: Any, context: Context) -> Failure:
    """An answer with the status of a success that says that it failed.

    What it names as its status decides, so that a missing permission is not tried again.
    """
    words = excerpt(find_message(error_in(body)), context.redactor)
    said = f": {words.rstrip('.')}" if words else ""
    where = plain_url(answer.url)
    status = _status_in(body)
    if status is None:
        return Failure(
            BodyError(
                f"{where} answered {answer.status} and says that it failed{said}.",
                code="ERROR-INSIDE",
                url=where,
                first=context.first,
            ),
            BODY_TRIES,
        )
    error = StatusError(
        f"{where} answered {answer.status} with an error {status} inside{said}.",
        code=f"HTTP-{status}",
        url=where,
        status=status,
        headers=answer.headers,
        body=body,
        message=words,
        first=context.first,
    )
    return Failure(error, SERVER_TRIES if status in RETRIED_STATUSES else 1)


def unexpected(reply: Reply, wanted: str) -> StreamError:
    """Return the error for a body without the promised rows.

    An error that came with the status of a success is judged by the status it names itself, so
    that a missing permission is not taken for a broken server.

    Args:
        reply: The answer.
        wanted: What was promised: ``a list of objects under 'data'``.
    """
    words = textwrap.shorten(find_message(error_in(reply.body)), EXCERPT, placeholder=" ...")
    said = f": {words.rstrip('.')}" if words else ""
    status = _status_in(reply.body)
    if status is not None:
        return StatusError(
            f"{reply.url} answered {reply.status} with an error {status} inside{said}.",
            code=f"HTTP-{status}",
            url=reply.url,
            status=status,
            headers=reply.headers,
            body=reply.body,
            message=words,
        )
    return BodyError(
        f"{reply.url} answered {shape(reply.body)} where {wanted} was expected{said}.",
        code="UNEXPECTED-BODY",
        url=reply.url,
    )


def error_in(body: Any) -> Any:
    """Return the part of a body that calls itself an error; nothing if none does."""
    if not isinstance(body, dict):
        return None
    return next((body[name] for name in ("error", "errors") if body.get(name)), None)


def _status_in(body: Any) -> int | None:
    error = error_in(body)
    if error is None:
        return None
    parts = [error[0] if isinstance(error, list) else error, body]
    for part in parts:
        for name in STATUS_NAMES if isinstance(part, dict) else ():
            text = str(part.get(name, ""))
            if text.isdigit() and LOWEST_ERROR <= int(text) <= HIGHEST_ERROR:
                return int(text)
    return None


def shape(body: Any) -> str:
    """Describe a body by its form, never by its content."""
    if isinstance(body, dict):
        names = ", ".join(repr(str(name)[:40]) for name in list(body)[:8])
        return f"an object with {names}" if names else "an empty object"
    if isinstance(body, list):
        return f"a list of {len(body)}"
    return "null" if body is None else f"a {type(body).__name__}"
