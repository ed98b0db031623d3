"""The HTTP surface: which path reaches what, and who has to be who."""

from __future__ import annotations

import asyncio
import itertools
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from .health import forms_healthcheck, healthcheck
from .identity import Identity
from .options import Options
from .pages import as_json, login_page, not_found, refused, with_server_headers
from .queries import Queries
from .request import SandboxRequest, Seen, split_path
from .services import Jobs, Secrets, entitlements

if TYPE_CHECKING:
    from sandbox.serve import Receive, Scope, Send

    from .accounts import Account
    from .world import World

SIDE_EFFECTS = frozenset(
    {"/cache/clear", "/apps/modelloader", "/api/createdxversion", "/api/openconnection",
     "/api/begintransaction"}
)  # fmt: skip
ARTIFACTS = frozenset({"source-errors", "sync-errors", "target-errors", "logs"})


class CinchyApp:
    """The platform as an ASGI application.

    Attributes:
        world: What it serves.
        options: How it behaves; fields may be set while it runs.
        seen: What arrived.
        identity: Tokens and lockouts (``identity.expire_tokens()``).
    """

    def __init__(self, world: World, options: Options) -> None:
        self.world = world
        self.options = options
        self.seen = Seen()
        self.identity = Identity(world, options, self.seen)
        self.jobs = Jobs(world, options, self.seen)
        self.secrets = Secrets(world, options, self.seen)
        self.queries = Queries(world, options, self.seen, self.jobs.polled, self._refuse)
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        seen = self.seen
        seen.in_flight += 1
        seen.in_flight_peak = max(seen.in_flight_peak, seen.in_flight)
        limit = self.options.token_in_flight
        if limit is not None and seen.in_flight >= limit:
            self.identity.expire_tokens()
            self.options.token_in_flight = None
        try:
            request = await self._understood(scope, receive)
            if self.options.latency:
                await asyncio.sleep(self.options.latency)
            response = self._answer(request)
            response.headers.setdefault("Date", format_datetime(self.world.now(), usegmt=True))
            await with_server_headers(response)(scope, receive, send)
        finally:
            seen.in_flight -= 1

    async def _understood(self, scope: Scope, receive: Receive) -> SandboxRequest:
        request = Request(scope, receive)
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1")
        return SandboxRequest(
            number=next(self._numbers),
            method=request.method,
            path=path,
            segments=split_path(path),
            query=tuple(request.query_params.multi_items()),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
            origin=f"{scope.get('scheme', 'http')}://{request.headers.get('host', 'localhost')}",
        )

    def _answer(self, request: SandboxRequest) -> Response:
        for hook in tuple(self.world.hooks):
            instead = hook(request)
            if isinstance(instead, Response):
                return instead
        if self.options.refuse_encoded_slash and "%2f" in request.path.lower():
            return Response("Bad Request - Invalid URL", 400, media_type="text/html")
        with self.world.lock:
            return self._route(request)

    # Paths

    @property
    def idp(self) -> str:
        """Path of the SSO component."""
        own = self.options.idp_path
        return self.options.base_path + "/idp" if own is None else own

    @property
    def connections(self) -> str:
        """Path of Connections."""
        own = self.options.connections_path
        return self.options.base_path + "/connections" if own is None else own

    def _route(self, request: SandboxRequest) -> Response:
        below = _below(self.connections, request.segments)
        if below is not None:
            return self._connections(request, below)
        below = _below(self.idp, request.segments)
        if below is not None:
            return self._idp(request, below)
        below = _below(self.options.base_path, request.segments)
        if below is None:
            return not_found()
        return self._open(request, below) or self._guarded(request, below)

    def _connections(self, request: SandboxRequest, below: tuple[str, ...]) -> Response:
        path = tuple(part.lower() for part in below)
        if path == ("healthcheck",):
            return healthcheck(request, self.options.connections_health, self.world)
        heads = {
            "both": (("api", "v1.0", "jobs"), ("api", "jobs")),
            "v1.0": (("api", "v1.0", "jobs"),),
            "legacy": (("api", "jobs"),),
        }[self.options.jobs_paths]
        head = next((one for one in heads if path[: len(one)] == one), None)
        if head is None:
            return not_found()
        account = self.identity.bearer(request, tokens=self.options.jobs_take_tokens)
        if account is None:
            return self._refuse(request)
        rest = path[len(head) :]
        if not rest and request.method == "POST":
            return self.jobs.start(request)
        if rest and rest[-1] in ARTIFACTS and request.method == "GET":
            return self.jobs.artifact(rest[0], rest[-1])
        return not_found()

    def _idp(self, request: SandboxRequest, below: tuple[str, ...]) -> Response:
        path = "/" + "/".join(part.lower() for part in below)
        if path == "/healthcheck":
            return healthcheck(request, self.options.idp_health, self.world)
        if path == self.options.token_path.lower() and request.method == "POST":
            return self.identity.token(request)
        if path == "/identity/connect/authorize":
            return login_page()
        if path.endswith("/.well-known/openid-configuration"):
            return self.identity.discovery(request, self.idp)
        return not_found()

    def _open(self, request: SandboxRequest, below: tuple[str, ...]) -> Response | None:
        """Answer what needs no credentials."""
        path = "/" + "/".join(part.lower() for part in below)
        if path == "/healthcheck":
            return healthcheck(request, self.options.health, self.world)
        if path == "/account/login":
            return login_page()
        if path == "/metaforms/healthcheck":
            return forms_healthcheck(self.world)
        if path == "/.well-known/cinchy-configuration":
            return self.identity.configuration(request, self.idp, self.connections)
        if path == "/api/getstsauthorityuri":
            return as_json(request.origin + self.idp)
        if path in SIDE_EFFECTS:
            self.seen.side_effects.append(request.path)
            return as_json("done")
        return None

    def _guarded(self, request: SandboxRequest, below: tuple[str, ...]) -> Response:
        lowered = tuple(part.lower() for part in below)
        if lowered[:1] == ("basicauthapi",):
            account = self.identity.basic(request)
            return self._saved(request, below[1:], account, "BasicAuthAPI")
        account = self.identity.bearer(request)
        named = self._named(request, lowered, account)
        if named is not None:
            return named
        if lowered[:1] == ("api",):
            return self._saved(request, below[1:], account, "API")
        return not_found()

    def _named(
        self, request: SandboxRequest, path: tuple[str, ...], account: Account | None
    ) -> Response | None:
        """Answer the fixed paths that need an account."""
        handlers: dict[tuple[str, ...], tuple[str, Any]] = {
            ("api", "executecql"): ("POST", self.queries.execute_cql),
            ("api", "v1.0", "secrets-manager", "secret"): ("GET", self.secrets.secret),
            ("account", "gettableentitlementsbyname"): ("POST", self._entitlements),
            ("account", "getgroupscurrentuserbelongsto"): ("GET", _groups),
        }
        if path not in handlers:
            return None
        method, handler = handlers[path]
        if request.method != method:
            return Response("Method Not Allowed", 405, media_type="text/html")
        if account is None:
            return self._refuse(request)
        answer: Response = handler(request, account)
        return answer

    def _saved(
        self,
        request: SandboxRequest,
        names: tuple[str, ...],
        account: Account | None,
        route: str,
    ) -> Response:
        versioned = len(names) == 3 and names[0].lower().startswith("v")  # noqa: PLR2004
        if not (versioned or len(names) == 2):  # noqa: PLR2004
            return not_found()
        if request.method not in {"GET", "POST"}:
            return refused("The method is not supported", 405)
        return self.queries.saved_query(request, names, account, route=route)

    def _entitlements(self, request: SandboxRequest, account: Account) -> Response:
        return entitlements(request, account, self.world)

    def _refuse(self, request: SandboxRequest) -> Response:
        return self.identity.refusal(request, self.idp)


def _groups(_request: SandboxRequest, account: Account) -> Response:
    return as_json([{"name": name} for name in account.groups])


def _below(prefix: str, segments: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the segments after a path, whatever its case, or nothing when it is another."""
    head = split_path(prefix)
    if tuple(part.lower() for part in segments[: len(head)]) != tuple(p.lower() for p in head):
        return None
    return segments[len(head) :]


def create_app(world: World, options: Options | None = None) -> CinchyApp:
    """Return the platform as an ASGI application.

    Args:
        world: What it serves; it may change while served.
        options: How it behaves; the defaults when nothing is said.
    """
    return CinchyApp(world, options or Options())
