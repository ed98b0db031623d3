"""URLs that cannot be escaped from: an id is one path segment, a base is one place."""

from __future__ import annotations

import functools
import re
from urllib.parse import quote, urlsplit, urlunsplit

import requests

from singer_rest.errors import ConfigError, StreamError

DEFAULT_PORTS = {"http": 80, "https": 443}
PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
ADDRESSES = 256
"""Kept with what was found out about them: a list is asked for under one."""


class UnsafeIdError(StreamError):
    """An id that cannot be put into a path."""

    code = "UNSAFE-ID"


def segment(value: object) -> str:
    """Percent-encode an id into exactly one path segment.

    Everything but unreserved characters is encoded (RFC 3986 section 2.3), so ``/``, ``?``, ``#``
    and ``%`` in an id stay data.

    Raises:
        UnsafeIdError: The id is empty, ``.`` or ``..``: no encoding keeps a server or a proxy
            from resolving those.
    """
    text = str(value)
    if text in {"", ".", ".."}:
        raise UnsafeIdError(f"The id {text!r} cannot be asked for: it would change the path.")
    return quote(text, safe="")


def path(template: str, **ids: object) -> str:
    """Fill ``{name}`` places of a path, each with one encoded segment.

    Values are never searched for further places, so an id such as ``{api_key}`` stays text.

    Raises:
        UnsafeIdError: See :func:`segment`.
    """
    out = []
    for part in template.split("/"):
        if part.startswith("{") and part.endswith("}"):
            out.append(segment(ids[part[1:-1]]))
        else:
            out.append(part)
    return "/".join(out)


@functools.lru_cache(ADDRESSES)
def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL: what a credential is bound to (RFC 6454)."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORTS.get(scheme, 0)


def base_url(value: str, *, setting: str = "api_url", example: str) -> str:
    """Clean a configured base URL: no blanks, quotes, trailing slash, query or fragment.

    Raises:
        ConfigError: It is not an absolute http(s) URL with a host, or it carries a user name or
            password, which belong into settings of their own.
    """
    text = value.strip().strip("\"'").strip()
    if not text:
        raise ConfigError(f"{setting} is empty; an example is {example}.")
    if "://" not in text:
        rest = re.sub(r"^(https?:)?/*", "", text, flags=re.IGNORECASE)
        raise ConfigError(f"{setting} has no scheme; write it as https://{rest}.")
    if text.count("://") > 1 or re.search(r"\s", text):
        raise ConfigError(f"{setting} is not one address; an example is {example}.")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ConfigError(f"{setting} is not an http(s) URL; an example is {example}.") from None
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname:
        raise ConfigError(f"{setting} is not an http(s) URL; an example is {example}.")
    if parts.username or parts.password:
        raise ConfigError(f"{setting} must not contain a user name or password.")
    try:
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"{setting} has a port that cannot be.") from error
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path.rstrip("/"), "", ""))


def checked_proxies(url: str) -> dict[str, str]:
    """Return the proxies that the environment names for a URL.

    Raises:
        ConfigError: One of them is no address.
    """
    proxies: dict[str, str] = requests.utils.get_environ_proxies(url)
    proxy = requests.utils.select_proxy(url, proxies)
    if not proxy:
        return proxies
    names = f"{urlsplit(url).scheme.upper()}_PROXY (or ALL_PROXY)"
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        good = bool(parts.hostname) and parts.scheme.lower() in PROXY_SCHEMES
        _ = parts.port
    except ValueError:
        good = False
    if not good or re.search(r"\s", proxy):
        raise ConfigError(
            f"The proxy in the environment variable {names} is not an address such as "
            "http://proxy.example.com:3128; correct it, or name this host in NO_PROXY."
        )
    return proxies


_LOGIN = re.compile(
    r"(?i)(?:^|[/._-])(?:log-?in|sign-?in|sso|cinchysso(?:core)?|idp|identity|adfs|saml2?|oauth2?|"
    r"authorize)(?:$|[/._?-])"
)


def is_login(url: str) -> bool:
    """Whether an address is by its words that of a login page or a login server."""
    parts = urlsplit(url)
    return bool(_LOGIN.search(parts.path) or _LOGIN.match(f"{parts.hostname or ''}."))
