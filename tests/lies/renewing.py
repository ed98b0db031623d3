"""A server whose token dies while eight requests are under way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from lies.towns import Town

if TYPE_CHECKING:
    from sandbox.serve import Receive, Scope, Send

SECRET = "renewing-sandbox-secret"
THINGS = [f"thing-{number}" for number in range(24)]


class RenewingApp:
    """Hands out tokens; the first is good for some requests only, the second for ever.

    Attributes:
        uses: How many requests the first token is good for.
        issued: Tokens that were handed out.
    """

    def __init__(self) -> None:
        self.uses = 10
        self.issued = 0

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.lower(): value.decode() for name, value in scope["headers"]}
        status, body = self._answer(scope["path"], headers.get(b"authorization", ""))
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json")],
        }
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    def _answer(self, path: str, sent: str) -> tuple[int, Any]:
        if path == "/token":
            self.issued += 1
            return 200, {"access_token": f"renewing-token-{self.issued}"}
        if sent != f"Bearer renewing-token-{self.issued}" or (self.issued == 1 and not self.uses):
            return 401, {"message": "token expired"}
        self.uses -= self.issued == 1
        if path == "/me":
            return 200, {"ok": True}
        if path == "/things":
            return 200, {"rows": [{"id": thing} for thing in THINGS]}
        return 200, {"rows": [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]}


class RenewingTown(Town):
    """Nothing changes there but the token."""

    system = "renewing"
    tap = "faults.fault_tap:TapFaults.cli"
    scenarios: ClassVar = (("notes",),)
    kinds: ClassVar = ("nothing",)

    def settings(self) -> dict[str, Any]:
        """Choose when the token dies; eight requests are under way at once."""
        self.server.app.uses = self.chance.randint(3, 24)
        return {"page_size": 10}

    def truth(self, stream: str) -> set[tuple[Any, ...]]:
        """Return the keys of a stream."""
        del stream
        return {(thing, number) for thing in THINGS for number in (1, 2)}

    def nothing(self) -> None:
        """Let everything be."""

    def concurrency(self) -> int:
        """Return how many requests are under way at once."""
        return 8

    def complaints(self) -> list[str]:
        """Return what the server has to say: it was asked for one token more, by one of eight."""
        issued = self.server.app.issued
        return [] if issued == 2 else [f"renewed {issued - 1} times"]
