"""Answers and errors, in the shapes that Cortex documents."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from decimal import Decimal
from typing import Any

from .yaml_text import to_yaml

JSON = "application/json"
YAML = "application/yaml"
PROBLEM = "application/problem+json"

MARK = "\ue000"
NUMBER_IN_MARKS = re.compile(f'"{MARK}([^{MARK}"]*){MARK}"')

OK = 200
BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
CONFLICT = 409
TOO_MANY = 429
NOT_IMPLEMENTED = 501

_request_ids = itertools.count(1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back for one request.

    Attributes:
        status: HTTP status.
        body: The bytes.
        content_type: Media type; empty sends no such header.
        headers: More headers.
        cut_after: Send so many bytes of the body, then break the connection.
    """

    status: int = OK
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    cut_after: int | None = None


class ApiError(Exception):
    """A request that is answered with an error body.

    Args:
        status: HTTP status.
        message: ``message`` of the body.
        kind: ``type`` of the body.
        more: Further fields of the body.
    """

    def __init__(self, status: int, message: str, kind: str = "BAD_REQUEST", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "type": kind, "httpStatus": status, **more}

    def answer(self) -> Answer:
        """Return the documented error body, with a request id that support would ask for."""
        body = {**self.body, "requestId": f"req-{next(_request_ids):08d}"}
        return Answer(status=self.status, body=encode(body))


class ViolationError(ApiError):
    """A parameter that cannot be read, answered in the second error shape."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(BAD_REQUEST, description)
        self.body = {
            "violations": [
                {
                    "title": f"Invalid value for {name}",
                    "description": description,
                    "violationType": "BAD_REQUEST",
                    "pointer": f"/query/{name}",
                }
            ]
        }

    def answer(self) -> Answer:
        """Return the list of violations; it carries no request id."""
        return Answer(status=self.status, body=encode(self.body))


def not_found(what: str = "Not Found") -> ApiError:
    """Return the error for something that is not there."""
    return ApiError(NOT_FOUND, what, "NOT_FOUND", details=None)


def forbidden(message: str = "Forbidden") -> ApiError:
    """Return the error for a credential that may not do this."""
    return ApiError(FORBIDDEN, message, "FORBIDDEN")


def gateway_not_found(path: str) -> Answer:
    """Answer 404 as something in front of the vendor does, which knows none of its error types."""
    body = {"timestamp": "2026-11-01T00:00:00Z", "status": NOT_FOUND, "error": "Not Found"}
    return Answer(status=NOT_FOUND, body=encode({**body, "path": path}))


def method_not_allowed() -> ApiError:
    """Return the error for a path that exists, with other methods."""
    return ApiError(METHOD_NOT_ALLOWED, "Method Not Allowed", "BAD_REQUEST")


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{MARK}{value}{MARK}"
    raise TypeError(f"{type(value).__name__} is no JSON value")


def encode(value: Any) -> bytes:
    """Write strict JSON; a Decimal is written with all its digits."""
    text = json.dumps(value, default=_number, ensure_ascii=False, allow_nan=False)
    if MARK in text:
        text = NUMBER_IN_MARKS.sub(r"\1", text)
    return text.encode()


def ok(value: Any) -> Answer:
    """Answer 200 with a JSON body."""
    return Answer(body=encode(value))


def negotiated(value: Any, accept: str) -> Answer:
    """Answer in JSON only when it was asked for by name, else in YAML.

    The routes for workflows and keys speak both, and prefer YAML.
    """
    if JSON in accept:
        return ok(value)
    return Answer(body=to_yaml(value).encode(), content_type=YAML)


def too_many(wait: int, *, header: bool = True, field: bool = True) -> Answer:
    """Answer 429 with a problem body.

    Args:
        wait: Seconds until the next request is allowed.
        header: Whether ``Retry-After`` is sent.
        field: Whether the body has ``retryAfter``.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": TOO_MANY,
        "detail": "The client has exceeded the rate limit.",
    }
    if field:
        body["retryAfter"] = wait
    return Answer(
        status=TOO_MANY,
        body=encode(body),
        content_type=PROBLEM,
        headers=(("retry-after", str(wait)),) if header else (),
    )
