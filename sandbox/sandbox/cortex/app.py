"""The ASGI application: Cortex over HTTP, as its clients see it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .answers import (
    NOT_FOUND,
    UNAUTHORIZED,
    Answer,
    ApiError,
    ViolationError,
    forbidden,
    gateway_not_found,
    method_not_allowed,
    not_found,
    too_many,
)
from .keys import ApiKey
from .limiter import Limiter
from .options import Options
from .params import Params
from .routes import (
    catalog,
    eng_intel,
    entity,
    integrations,
    logs,
    metrics,
    people,
    relationships,
    scorecards,
    uncertain,
    workspace,
)
from .routing import Call, Router

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    from .routing import Route
    from .world import World

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

ROUTES: list[Route] = [
    *catalog.routes,
    *entity.routes,
    *relationships.routes,
    *scorecards.routes,
    *people.routes,
    *logs.routes,
    *workspace.routes,
    *eng_intel.routes,
    *metrics.routes,
    *integrations.routes,
    *uncertain.routes,
]
"""Every route, with the permission it needs."""

BEARER = "bearer "
ANONYMOUS = ApiKey(token="", role="READ_ONLY")


def create_app(world: World, options: Options | None = None) -> CortexApp:
    """Return an application that serves a workspace.

    Args:
        world: The workspace; it may change while it is served.
        options: How the server behaves, by default as a plain workspace does.
    """
    return CortexApp(world, options or Options())


class CortexApp:
    """An ASGI application over one workspace.

    Args:
        world: The workspace.
        options: How the server behaves.

    Attributes:
        limiter: The rate limiter, if there is one; it counts what it refused.
    """

    def __init__(self, world: World, options: Options) -> None:
        self.world = world
        self.options = options
        self.router = Router(ROUTES)
        self.limiter = Limiter(options.limit) if options.limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await read_body(receive)
        answer = self.answer(scope, body)
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        await send_answer(answer, send)

    def answer(self, scope: Scope, body: bytes) -> Answer:
        """Return the answer to one request; errors become the bodies that are documented."""
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        token = _token(headers.get("authorization", ""))
        if self.limiter is not None:
            wait = self.limiter.wait(token or "anonymous", self.options.clock())
            if wait:
                limit = self.limiter.limit
                return too_many(wait, header=limit.retry_header, field=limit.retry_field)
        try:
            return self._answer(scope, headers, token, body)
        except ApiError as error:
            if error.status == NOT_FOUND and self.options.not_found == "gateway":
                return gateway_not_found(scope["path"])
            return error.answer()

    def _answer(
        self, scope: Scope, headers: dict[str, str], token: str | None, body: bytes
    ) -> Answer:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        try:
            methods, names = self.router.match(raw)
            query = Params(scope["query_string"].decode())
        except UnicodeDecodeError:
            raise ViolationError("path", "The address is not valid UTF-8") from None
        route = methods.get(scope["method"])
        call = Call(
            world=self.world,
            options=self.options,
            key=ANONYMOUS,
            method=scope["method"],
            path=raw.decode("latin-1"),
            route=route.pattern if route else "",
            names=names,
            query=query,
            accept=headers.get("accept", ""),
            body=body,
        )
        for listener in list(self.world.listeners):
            instead = listener(call)
            if instead is not None:
                return instead
        key = next((known for known in self.options.keys if known.token == token), None)
        if key is None or not key.accept():
            return self._unauthorized()
        call.key = key
        if route is None:
            raise method_not_allowed() if methods else not_found("No such endpoint")
        if route.product in self.options.unlicensed:
            raise forbidden(f"Product access to [{route.product}] not permitted")
        needed = route.permission
        if route.pattern in key.refused or (needed is not None and not key.may(needed)):
            raise forbidden()
        return route.handler(call)

    def _unauthorized(self) -> Answer:
        shape = self.options.unauthorized
        if shape == "empty":
            return Answer(status=UNAUTHORIZED, content_type="")
        if shape == "text":
            text = b"<html><body>Invalid key</body></html>"
            return Answer(status=UNAUTHORIZED, body=text, content_type="text/html")
        return ApiError(UNAUTHORIZED, "Unauthorized", "UNCATEGORIZED").answer()


def _token(header: str) -> str | None:
    if header.lower().startswith(BEARER):
        return header[len(BEARER) :].strip()
    return None


async def read_body(receive: Receive) -> bytes:
    """Read everything a client posted."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def send_answer(answer: Answer, send: Send) -> None:
    """Send an answer; one that is to be cut breaks off in the middle of its body."""
    headers = [(b"content-length", str(len(answer.body)).encode())]
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode()))
    headers += [(name.encode(), value.encode()) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.cut_after is None:
        await send({"type": "http.response.body", "body": answer.body})
    else:
        part = answer.body[: answer.cut_after]
        await send({"type": "http.response.body", "body": part, "more_body": True})
