"""Snowflake's chat completions: another vendor's service behind a name that sounds alike."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import TYPE_CHECKING, Any, Literal

from .answers import (
    BAD_REQUEST,
    JSON,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    OK,
    UNAUTHORIZED,
    Answer,
    encode,
)
from .app import read_body, send_answer

if TYPE_CHECKING:
    from .app import Receive, Scope, Send

PATH = b"/api/v2/cortex/v1/chat/completions"
DEFAULT_TOKEN = "snowflake-sandbox-token"  # noqa: S105
TOKEN_TYPES = ("PROGRAMMATIC_ACCESS_TOKEN", "KEYPAIR_JWT", "OAUTH")
TYPE_HEADER = "x-snowflake-authorization-token-type"
CREATED = 1_793_000_000
EVENTS = "text/event-stream"


@dataclasses.dataclass(frozen=True)
class Failure:
    """One request that goes wrong.

    Attributes:
        status: HTTP status of the error, or 200 with ``cut_after``.
        retry_after: Seconds for a ``Retry-After`` header.
        cut_after: Begin a good answer and break it off after so many bytes.
    """

    status: int = OK
    retry_after: int | None = None
    cut_after: int | None = None


@dataclasses.dataclass(kw_only=True)
class SnowflakeOptions:
    """Behaviour of the service.

    Attributes:
        token: The only token that is accepted.
        token_type: The type it must be announced with.
        type_required: Whether the type header may not be left out.
        models: Models that the account may use.
        failures: What happens to the first requests, one after the other.
        error_shape: Error bodies as Snowflake writes them, or as OpenAI does.
        answer: What a completion says; null where the model calls a tool instead.
        finish_reason: Its ``finish_reason``; empty leaves the field out.
        latency: Seconds that every answer waits.
    """

    token: str = DEFAULT_TOKEN
    token_type: str = TOKEN_TYPES[0]
    type_required: bool = False
    models: frozenset[str] = frozenset({"llama3.1-70b", "mistral-large2", "openai-gpt-5"})
    failures: tuple[Failure, ...] = ()
    error_shape: Literal["snowflake", "openai"] = "snowflake"
    answer: str | None = "Forty-two."
    finish_reason: str = "stop"
    latency: float = 0.0


class RequestRefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def create_snowflake_app(options: SnowflakeOptions | None = None) -> SnowflakeApp:
    """Return an application that completes chats, and counts what would have been billed."""
    return SnowflakeApp(options or SnowflakeOptions())


class SnowflakeApp:
    """An ASGI application with one route.

    Args:
        options: How it behaves.

    Attributes:
        calls: The decoded body of every request that reached the model, each of them billed.
    """

    def __init__(self, options: SnowflakeOptions) -> None:
        self.options = options
        self.calls: list[dict[str, Any]] = []
        self._failures = list(options.failures)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await read_body(receive)
        try:
            answer = self._answer(scope, body)
        except RequestRefusedError as refused:
            answer = self._error(refused.status, str(refused))
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        await send_answer(answer, send)

    def _answer(self, scope: Scope, body: bytes) -> Answer:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        if (scope.get("raw_path") or scope["path"].encode()) != PATH:
            raise RequestRefusedError(NOT_FOUND, "Endpoint not found")
        if scope["method"] != "POST":
            raise RequestRefusedError(METHOD_NOT_ALLOWED, "Method not allowed")
        self._authenticate(headers)
        request = self._read(headers, body)
        failure = self._failures.pop(0) if self._failures else Failure()
        if failure.status != OK:
            answer = self._error(failure.status, "The service could not answer")
            if failure.retry_after is not None:
                wait = (("retry-after", str(failure.retry_after)),)
                answer = dataclasses.replace(answer, headers=wait)
            return answer
        self.calls.append(request)
        if request.get("stream") is not False:
            return self._events(request)
        completion = encode(self._completion(request))
        return Answer(body=completion, cut_after=failure.cut_after)

    def _authenticate(self, headers: dict[str, str]) -> None:
        if headers.get("authorization") != f"Bearer {self.options.token}":
            raise RequestRefusedError(UNAUTHORIZED, "Invalid or expired token")
        kind = headers.get(TYPE_HEADER)
        if kind is None and not self.options.type_required:
            return
        if kind != self.options.token_type:
            raise RequestRefusedError(UNAUTHORIZED, f"The token is not of type {kind}")

    def _read(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        if not headers.get("content-type", "").startswith(JSON):
            raise RequestRefusedError(BAD_REQUEST, "The content type must be application/json")
        try:
            request = json.loads(body)
        except ValueError:
            raise RequestRefusedError(BAD_REQUEST, "The body is not JSON") from None
        messages = request.get("messages") if isinstance(request, dict) else None
        if not isinstance(messages, list) or not messages:
            raise RequestRefusedError(BAD_REQUEST, "messages is required")
        if request.get("model") not in self.options.models:
            raise RequestRefusedError(BAD_REQUEST, f"unknown model {request.get('model')}")
        return dict(request)

    def _message(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.options.answer}
        if self.options.answer is None:
            function = {"name": "look_up", "arguments": '{"tag": "a/b"}'}
            message["tool_calls"] = [{"id": "call-1", "type": "function", "function": function}]
        return message

    def _completion(self, request: dict[str, Any]) -> dict[str, Any]:
        finish = {"finish_reason": self.options.finish_reason} if self.options.finish_reason else {}
        return {
            "id": f"chatcmpl-{len(self.calls):06d}",
            "object": "chat.completion",
            "created": CREATED + len(self.calls),
            "model": request["model"],
            "choices": [
                {"index": n, "message": self._message(), **finish}
                for n in range(int(request.get("n") or 1))
            ],
            "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17},
        }

    def _events(self, request: dict[str, Any]) -> Answer:
        """Stream, as the service does unless ``stream`` is false."""
        piece = {
            "id": f"chatcmpl-{len(self.calls):06d}",
            "object": "chat.completion.chunk",
            "model": request["model"],
            "choices": [{"index": 0, "delta": {"content": self.options.answer}}],
        }
        body = b"data: " + encode(piece) + b"\n\ndata: [DONE]\n\n"
        return Answer(body=body, content_type=EVENTS)

    def _error(self, status: int, message: str) -> Answer:
        if self.options.error_shape == "openai":
            error = {"message": message, "type": "invalid_request_error", "code": str(status)}
            return Answer(status=status, body=encode({"error": error}))
        body = {"message": message, "code": f"{status}000", "request_id": f"sf-{status}"}
        return Answer(status=status, body=encode(body))
