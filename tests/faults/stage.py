"""A sandbox Cachet behind a scriptable server: good data around every fault."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sandbox.cachet import Options, Size, Token, World, create_app, generate, truth

from .runner import SECRET
from .server import FaultServer, Reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import MutableMapping

    from sandbox.serve import App

    from .server import Seen

SMALL = Size(
    components=6,
    component_groups=2,
    incidents=9,
    incident_templates=2,
    metrics=6,
    metric_points=5,
    schedules=3,
    subscribers=2,
)
QUICK = {"requests_per_minute": 0, "retry_pause": 0}
"""Neither pacing nor pauses between tries, so that no test waits for nothing."""


def asgi(app: App, seen: Seen) -> Reply:
    """Ask an ASGI application."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": seen.body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": seen.method,
        "scheme": "http",
        "path": seen.path,
        "raw_path": seen.path.encode(),
        "query_string": seen.target.partition("?")[2].encode(),
        "root_path": "",
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in seen.headers],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # App is an awaitable function
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in sent[0]["headers"]
        if name.lower() != b"content-length"
    )
    return Reply(sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))


class Stage(FaultServer):
    """The server, its world, and the settings that lead a tap to it.

    It has tags, so that the first answer of a list that a test scripts is not the refusal of them.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        size: Size = SMALL,
        tls: ssl.SSLContext | None = None,
        **options: Any,
    ) -> None:
        self.options = Options(tokens=(Token(SECRET),), **{"tags": True, **options})
        self.world = world or generate(size, api=self.options.api)
        app = create_app(self.world, self.options)
        super().__init__(lambda seen: asgi(app, seen), tls=tls)

    def config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration for this server."""
        return {"api_url": self.url, "api_key": SECRET, **QUICK, **settings}

    def ids(self, stream: str) -> set[int]:
        """Return the ids a complete read ends up with now."""
        return truth(self.world, self.options, Token(SECRET)).ids(stream)
