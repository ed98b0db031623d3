"""Where the parts of one Cinchy installation are: the platform, its login server, Connections.

One setting, the address of the platform, is enough for most: it tells the others at
``/.well-known/cinchy-configuration``. What it tells is believed for the host it stands on; for
another host the user has to say so, because passwords go there.
"""

from __future__ import annotations

import functools
import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_rest.errors import BodyError, ConfigError, StreamError
from singer_rest.http.exchange import Request
from singer_rest.http.urls import base_url, origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_rest.http.client import Transport

EXAMPLE_URL = "https://cinchy.example.com/Cinchy"
TOKEN_PATH = "/identity/connect/token"  # noqa: S105  # a path
CLIENT_ERRORS = frozenset(range(400, 500)) - {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
_SILENT_REFRESH = re.compile(r";/[^;]*silent-refresh\.html")


def clean(value: str, setting: str) -> str:
    """Return a configured address without what people paste along with it.

    Raises:
        ConfigError: It is no http(s) address.
    """
    url = base_url(value, setting=setting, example=EXAMPLE_URL)
    return re.sub(r"(?i)/api(/executecql)?$", "", url)


class Endpoints:
    """The addresses of one installation.

    Args:
        transport: Asks without any credential.
        base: The platform, without a trailing slash; it may have a path.
        idp_url: The login server, if the user names it.
        connections_url: Connections, if the user names it.
    """

    def __init__(
        self, transport: Transport, base: str, idp_url: str = "", connections_url: str = ""
    ) -> None:
        self.transport = transport
        self.base = base
        self._idp_url = idp_url
        self._connections_url = connections_url

    @functools.cached_property
    def _configuration(self) -> dict[str, Any]:
        """Return what the platform tells; nothing before 5.7, or where a page answers."""
        found = self._open(f"{self.base}/.well-known/cinchy-configuration")
        return {str(name).lower(): value for name, value in found.items()}

    def answers(self) -> bool:
        """Whether a platform tells of itself at this address."""
        try:
            return bool(self._configuration)
        except StreamError:
            return False

    def _open(self, url: str) -> dict[str, Any]:
        request = Request(url, raw=True, authenticated=False, accept_statuses=CLIENT_ERRORS)
        try:
            reply = self.transport.send(request)
        except BodyError:
            return {}  # a page where nothing tells of itself
        try:
            body = json.loads(reply.body) if isinstance(reply.body, str) else None
        except ValueError:
            body = None
        return body if isinstance(body, dict) else {}

    def _told(self, name: str) -> str:
        text = _SILENT_REFRESH.sub("", str(self._configuration.get(name) or "")).strip()
        if not text.lower().startswith(("http://", "https://")):
            return ""
        url = clean(text, f"the platform's {name}")
        # Behind a proxy that ends TLS, the platform takes itself for an http site.
        if urlsplit(self.base).scheme == "https" and url.startswith("http://"):
            secure = f"https://{url.removeprefix('http://')}"
            return secure if origin(secure) == origin(self.base) else url
        return url

    @functools.cached_property
    def idp(self) -> str:
        """Return the address of the login server; nothing if it cannot be found out."""
        return self._idp_url or self._told("idp_endpoint") or next(self._guessed_idp(), "")

    def _guessed_idp(self) -> Iterator[str]:
        """Yield the usual addresses at which a login server introduces itself."""
        root = "{0.scheme}://{0.netloc}".format(urlsplit(self.base))
        for url in (f"{self.base}/idp", f"{root}/cinchysso", f"{root}/cinchyssocore"):
            if self._introduced(url):
                yield url

    def _introduced(self, idp: str) -> str:
        """Return the token endpoint that a login server names by OpenID discovery, or nothing."""
        for below in ("/identity", ""):
            found = self._open(f"{idp}{below}/.well-known/openid-configuration")
            endpoint = str(found.get("token_endpoint") or "")
            if endpoint and origin(endpoint) == origin(idp):
                return endpoint
        return ""

    @functools.cached_property
    def idp_health(self) -> str:
        """Return the address of the login server's health check."""
        return f"{self._idp_url or self._told('idp_endpoint') or self.idp or f'{self.base}/idp'}"

    @functools.cached_property
    def token_url(self) -> str:
        """Return where tokens are given.

        Raises:
            ConfigError: Nobody knows, or the platform names another host than its own.
        """
        idp = self.idp
        if not idp:
            raise ConfigError(
                f"No login server was found for {self.base}; set idp_url, such as "
                "https://cinchy.example.com/idp or https://cinchy.example.com/CinchySSO."
            )
        if not self._idp_url and origin(idp) != origin(self.base):
            raise ConfigError(
                f"{self.base} names {idp} as its login server, which is another place. If that is "
                "right, set idp_url to it; your password is sent there."
            )
        return idp if idp.lower().endswith("/connect/token") else f"{idp}{TOKEN_PATH}"

    def other_token_url(self) -> str:
        """Return the token endpoint by OpenID discovery, for servers that have moved it."""
        return self._introduced(self.idp)

    @functools.cached_property
    def connections(self) -> str:
        """Return the address of Connections."""
        told = self._connections_url or self._told("connections_endpoint")
        return told or f"{self.base}/connections"

    def trusted_connections(self) -> str:
        """Return the address of Connections for requests with a credential.

        Raises:
            ConfigError: The platform names another host than its own.
        """
        url = self.connections
        if not self._connections_url and origin(url) != origin(self.base):
            raise ConfigError(
                f"{self.base} names {url} as its Connections, which is another place. If that is "
                "right, set connections_url to it; the credential is sent there."
            )
        return url
