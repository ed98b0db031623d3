"""What to say of a body that is not what its route promises."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from singer_rest.errors import BodyFault, StatusFault, StreamFault
from singer_rest.failures import EXCERPT, message_of

if TYPE_CHECKING:
    from singer_rest.transport import Reply

STATUS_NAMES = ("status", "statusCode", "status_code", "code")
LOWEST_ERROR, HIGHEST_ERROR = 400, 599


def unexpected(reply: Reply, wanted: str) -> StreamFault:
    """Return the fault for a body without the promised rows.

    An error that came with the status of a success is judged by the status it names itself, so
    that a missing permission is not taken for a broken server.

    Args:
        reply: The answer.
        wanted: What was promised: ``a list of objects under 'data'``.
    """
    words = textwrap.shorten(message_of(error_in(reply.body)), EXCERPT, placeholder=" ...")
    said = f": {words.rstrip('.')}" if words else ""
    status = _status_in(reply.body)
    if status is not None:
        return StatusFault(
            f"{reply.url} answered {reply.status} with an error {status} inside{said}.",
            code=f"HTTP-{status}",
            url=reply.url,
            status=status,
            headers=reply.headers,
            body=reply.body,
            message=words,
        )
    return BodyFault(
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
