"""Who asks: a personal access token, a password traded for tokens, or Basic.

Three wrong passwords lock a Cinchy account for a quarter of an hour, so nothing here ever tries
a refused password twice.
"""

from __future__ import annotations

import base64
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import (
    ConfigError,
    CredentialError,
    CredentialRevokedError,
    ServerError,
    TapError,
)
from singer_rest.http.exchange import Request
from singer_rest.http.failures import find_message, read_host
from singer_rest.sdk.settings import token as cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_rest.http.client import Transport
    from singer_rest.redact import Redactor
    from tap_cinchy.endpoints import Endpoints

PAT, PASSWORD, BASIC, NONE = "pat", "password", "basic", "none"
AUTO = "auto"
METHODS = (AUTO, PAT, PASSWORD, BASIC, NONE)
SCOPE = "js_api"
DEFAULT_LIFETIME = 3600
MARGIN = 60.0
"""Seconds before its end from which on a token is not used any more."""
REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
)
NEEDED = {
    PAT: ("access_token",),
    PASSWORD: ("username", "password", "client_id", "client_secret"),
    BASIC: ("username", "password"),
    NONE: (),
}


def choose_method(config: Mapping[str, Any]) -> str:
    """Return the method that the settings mean.

    Raises:
        ConfigError: A setting of the method is missing.
    """
    known = {name for needed in NEEDED.values() for name in needed}
    given = {name for name in known if str(config.get(name) or "").strip()}
    method = str(config.get("auth_method") or AUTO)
    if method == AUTO and not given and (empty := sorted(known & config.keys())):
        raise ConfigError(
            f"{', '.join(empty)} is empty. Set it, or set auth_method to none to read what needs "
            "no credential."
        )
    if method == AUTO:
        if "access_token" in given:
            method = PAT
        elif given & {"client_id", "client_secret"}:
            method = PASSWORD
        else:
            method = BASIC if given else NONE
    missing = [name for name in NEEDED[method] if name not in given]
    if missing:
        raise ConfigError(
            f"auth_method {method} needs {', '.join(missing)} as well. The simplest credential is "
            "a personal access token in access_token."
        )
    return method


def basic_header(config: Mapping[str, Any], redactor: Redactor) -> dict[str, str]:
    """Return the header of HTTP Basic; its text is a secret from now on.

    Raises:
        ConfigError: User name or password is missing.
    """
    if not (config.get("username") and config.get("password")):
        raise ConfigError("Basic authentication needs username and password.")
    pair = f"{config['username']}:{config['password']}".encode()
    text = base64.b64encode(pair).decode()
    redactor.add(text)
    return {"Authorization": f"Basic {text}"}


class PasswordGrant:
    """Trades user name and password for tokens, and renews them before they end.

    Safe to use from several threads: one token is asked for at a time.

    Raises, from every method:
        CredentialError: The login server refused; it is not asked again.
        CredentialRevokedError: It refuses now, and did not at first.
        RequestError: No useful answer came.
    """

    name = "username and password"

    def __init__(
        self,
        transport: Transport,
        endpoints: Endpoints,
        config: Mapping[str, Any],
        redactor: Redactor,
    ) -> None:
        self._transport = transport
        self._endpoints = endpoints
        self._redactor = redactor
        self._form = {
            "grant_type": "password",
            "client_id": str(config["client_id"]).strip(),
            "client_secret": cleaned(config["client_secret"], "client_secret"),
            "username": config["username"],
            "password": config["password"],
            "scope": SCOPE,
        }
        self._lock = threading.Lock()
        self._sent = threading.local()
        self._token = ""
        self._good_until = 0.0
        self._proved = False
        self._refusal: TapError | None = None

    def headers(self) -> Mapping[str, str]:
        """Return the header with a token that is good for a minute at least."""
        with self._lock:
            if not self._token or time.monotonic() >= self._good_until:
                self._fetch()
            self._sent.token = self._token
            return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Replace the token this thread has sent, unless another thread has done so."""
        with self._lock:
            if not self._token or self._token == getattr(self._sent, "token", None):
                self._fetch()
        return True

    def _fetch(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        url = self._endpoints.token_url
        reply = self._transport.send(self._request(url))
        if reply.status == HTTPStatus.NOT_FOUND and (url := self._endpoints.other_token_url()):
            reply = self._transport.send(self._request(url))
        body = reply.body if isinstance(reply.body, dict) else {}
        if reply.status in REFUSALS:
            self._refusal = self._refused(url, reply.status, body)
            raise self._refusal
        token = body.get("access_token")
        if not isinstance(token, str) or not token:
            raise ServerError(f"{url} answered without an access token; check idp_url, or set it.")
        self._redactor.add(token)
        try:
            lifetime = float(body.get("expires_in") or DEFAULT_LIFETIME)
        except (TypeError, ValueError):
            lifetime = DEFAULT_LIFETIME
        self._token = token
        self._good_until = time.monotonic() + lifetime - min(MARGIN, lifetime / 2)
        self._proved = True

    def _request(self, url: str) -> Request:
        return Request(
            url,
            method="POST",
            form=self._form,
            authenticated=False,
            accept_statuses=REFUSALS,
            # A request whose answer is lost may have counted as a wrong password.
            once=not self._proved,
        )

    def _refused(self, url: str, status: int, body: dict[str, Any]) -> TapError:
        error = str(body.get("error") or "")
        words = self._redactor.text(find_message(body))[:200] or f"status {status}"
        host = read_host(url)
        if error == "invalid_grant":
            sentence = (
                f"username or password rejected by {host} ({words}). They are not tried again, "
                "because three wrong passwords lock the account for 15 minutes; check both."
            )
        elif error in {"invalid_client", "unauthorized_client"}:
            sentence = (
                f"client_id or client_secret rejected by {host} ({error}); they are the columns "
                "Client Id and GUID of [Cinchy].[Integrated Clients]."
            )
        elif status == HTTPStatus.NOT_FOUND:
            sentence = f"There is no login server at {url}; set idp_url."
        else:
            sentence = f"{host} gives no token ({error or words}); check client and idp_url."
        if self._proved:
            return CredentialRevokedError(f"It worked at first, but now: {sentence}")
        return CredentialError(sentence)
