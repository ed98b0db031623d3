"""Credentials that are sent to one origin and to no other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from singer_rest.http.urls import origin

if TYPE_CHECKING:
    from collections.abc import Mapping


logger = logging.getLogger(__name__)


class Credential(Protocol):
    """Adds the headers that prove who asks."""

    name: str
    """What the user calls it, for messages: ``API key``."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers for the next request; may fetch or refresh a token first."""

    def renew(self) -> bool:
        """Replace the credential that this thread has sent last and the server has refused.

        If another thread has replaced it meanwhile, nothing is asked for: several threads meet the
        same refusal at about the same time.

        Returns:
            Whether there is a new one worth trying. Safe to call from several threads.
        """


class HeaderCredential:
    """A fixed header, such as an API key."""

    def __init__(self, name: str, headers: Mapping[str, str]) -> None:
        self.name = name
        self._headers = dict(headers)

    def headers(self) -> Mapping[str, str]:
        """Return the fixed headers."""
        return self._headers

    def renew(self) -> bool:
        """Nothing can be renewed."""
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _is_local(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


class OriginCredentials:
    """Which credential goes to which origin (scheme, host and port)."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, int], Credential] = {}

    def bind(self, url: str, credential: Credential) -> None:
        """Send a credential to the origin of this URL, and only there."""
        index = scheme, host, _port = origin(url)
        if scheme == "http" and index not in self._keys and not _is_local(host):
            logger.warning(
                "%s is sent to %s over http: anybody on the way can read it. Use https if you can.",
                credential.name,
                host,
            )
        self._keys[index] = credential

    def for_url(self, url: str) -> Credential | None:
        """Return the credential of a URL's origin, if any."""
        return self._keys.get(origin(url))
