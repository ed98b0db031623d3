"""Tokens, passwords and lockouts, and where the platform says they are given."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime as dt
import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import RedirectResponse

from .furnish import ANONYMOUS
from .pages import as_json, login_page, not_found, page
from .request import TokenRequest

if TYPE_CHECKING:
    from starlette.responses import Response

    from .accounts import Account
    from .options import Options
    from .request import SandboxRequest, Seen
    from .world import World

ATTEMPTS = 3
LOCKED_MINUTES = 15
TOKENS_SINCE = (5, 5)
"""Personal access tokens came with this release."""


@dataclasses.dataclass
class _Grant:
    account: Account
    expires: dt.datetime
    left: int | None


class Identity:
    """Checks credentials; one wrong password too many locks a user out."""

    def __init__(self, world: World, options: Options, seen: Seen) -> None:
        self.world = world
        self.options = options
        self.seen = seen
        self._grants: dict[str, _Grant] = {}
        self._wrong: dict[str, int] = {}
        self._locked: dict[str, dt.datetime] = {}
        self._serial = itertools.count(1)

    def expire_tokens(self) -> None:
        """Let every token given so far expire now."""
        self._grants.clear()

    def locked(self, username: str) -> bool:
        """Whether a user is locked out."""
        until = self._locked.get(username.lower())
        return until is not None and self.world.now() < until

    def password_is_right(self, username: str, password: str) -> Account | None:
        """Return the account, or nothing; count wrong passwords and lock after the third."""
        name = username.lower()
        account = self.world.accounts.get(name)
        if account is None or account.username == ANONYMOUS or self.locked(name):
            return None
        if account.password == password:
            self._wrong.pop(name, None)
            return account
        self._wrong[name] = self._wrong.get(name, 0) + 1
        if self._wrong[name] >= ATTEMPTS:
            del self._wrong[name]
            self._locked[name] = self.world.now() + dt.timedelta(minutes=LOCKED_MINUTES)
        return None

    # Requests to the API

    def bearer(self, request: SandboxRequest, *, tokens: bool = True) -> Account | None:
        """Return who sends a bearer token or a personal access token, or nothing."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if tokens and self.world.release >= TOKENS_SINCE:
            for account in self.world.accounts.values():
                if account.token == token and account.username != ANONYMOUS:
                    return account
        grant = self._grants.get(token)
        if grant is None or self.world.now() >= grant.expires or grant.left == 0:
            return None
        if grant.left is not None:
            grant.left -= 1
        return grant.account

    def basic(self, request: SandboxRequest) -> Account | None:
        """Return who sends user name and password, or nothing."""
        scheme, _, coded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            username, _, password = base64.b64decode(coded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self.password_is_right(username, password)

    def refusal(self, request: SandboxRequest, idp: str) -> Response:
        """Return what is given where 401 is due."""
        how = self.options.unauthorized
        if how == "login_page":
            return login_page()
        if how == "redirect":
            back = quote(request.path, safe="")
            return RedirectResponse(f"{self.options.base_path}/Account/Login?ReturnUrl={back}", 302)
        if how == "redirect_idp":
            endpoint = self.options.advertised_idp or request.origin + idp
            asked = "client_id=cinchy&response_type=code&scope=openid"
            return RedirectResponse(f"{endpoint}/identity/connect/authorize?{asked}", 302)
        if how == "error_body":
            return as_json({"message": "Authorization has been denied for this request."})
        status = 403 if how == "forbidden" else 401
        title = "403 - Forbidden" if status == 403 else "401 - Unauthorized"  # noqa: PLR2004
        return page(title, "You are not allowed to view this page.", status)

    # The token endpoint

    def token(self, request: SandboxRequest) -> Response:
        """Answer a token request."""
        form = dict(request.form)
        outcome, account = self._judge(form)
        username = account.username if account else form.get("username", "")
        self.seen.token_requests.append(
            TokenRequest(username=username, grant_type=form.get("grant_type", ""), outcome=outcome)
        )
        if account is None:
            described = {"error": outcome}
            if outcome == "invalid_grant":
                described["error_description"] = "Invalid username or password"
            return as_json(described, 400)
        return as_json(
            {
                "access_token": self._grant(account, form["client_id"]),
                "expires_in": self.options.expires_in,
                "token_type": "Bearer",
            }
        )

    def _judge(self, form: dict[str, str]) -> tuple[str, Account | None]:
        secret = self.world.clients.get(form.get("client_id", ""))
        if secret is None or form.get("client_secret") != secret:
            return "invalid_client", None
        if "js_api" not in form.get("scope", "").split():
            return "invalid_scope", None
        grant = form.get("grant_type")
        account = None
        if grant == "password":
            account = self.password_is_right(form.get("username", ""), form.get("password", ""))
        elif grant == "saml2":
            every = self.world.accounts.values()
            account = next((one for one in every if one.saml == form.get("token")), None)
        else:
            return "unsupported_grant_type", None
        return ("granted", account) if account else ("invalid_grant", None)

    def _grant(self, account: Account, client_id: str) -> str:
        now = self.world.now()
        begin = int(now.timestamp())
        claims = {
            "nbf": begin,
            "exp": begin + self.options.expires_in,
            "iss": "https://sandbox.example/idp",
            "aud": ["https://sandbox.example/idp/resources", "js_api"],
            "client_id": client_id,
            "sub": str(account.user_id),
            "auth_time": begin,
            "idp": "local",
            "profile": account.username,
            "email": f"{account.username}@example.com",
            "role": "Cinchy User Account",
            "id": account.username,
            "scope": ["js_api"],
            "amr": ["custom"],
            "jti": str(next(self._serial)),
        }
        head = _encoded({"alg": "RS256", "typ": "JWT"})
        signed = f"{head}.{_encoded(claims)}"
        digest = hashlib.sha256(signed.encode()).digest()
        token = f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
        lifetime = self.options.token_lifetime
        seconds = self.options.expires_in if lifetime is None else lifetime
        expires = now + dt.timedelta(seconds=seconds)
        self._grants[token] = _Grant(account, expires, self.options.token_requests)
        return token

    # Where things are

    def configuration(self, request: SandboxRequest, idp: str, connections: str) -> Response:
        """Answer ``/.well-known/cinchy-configuration``."""
        options = self.options
        if options.well_known == "absent":
            return not_found()
        if options.well_known == "html":
            return page("Cinchy", "The application is loading.")
        endpoint = options.advertised_connections or request.origin + connections
        if options.silent_refresh_tail:
            endpoint += f";{connections}/assets/silent-refresh.html"
        return as_json(
            {
                "version": self.world.version,
                "idp_endpoint": options.advertised_idp or request.origin + idp,
                "connections_endpoint": endpoint,
            }
        )

    def discovery(self, request: SandboxRequest, idp: str) -> Response:
        """Answer OIDC discovery."""
        issuer = request.origin + idp
        token_endpoint = issuer + self.options.token_path
        return as_json({"issuer": issuer, "token_endpoint": token_endpoint})


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
