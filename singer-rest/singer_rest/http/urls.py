"""URLs that cannot be escaped from: an id is one path segment, a base is one place."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

import requests

from singer_rest.errors import ConfigError, StreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def questions(url: str, params: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what a request asks: the parameters in its URL and those beside it."""
    asked = parse_qs(urlsplit(url).query, keep_blank_values=True)
    for name, value in params.items():
        asked[name] = [str(one) for one in (value if isinstance(value, list) else [value])]
    return asked


def left_unasked(
    url: str, asked: Mapping[str, list[str]], target: str
) -> dict[str, list[str]] | None:
    """Return what a redirect leaves out of a request, to be asked there as well.

    A server may move its API, end a path with a slash, or add a parameter of its own; what is
    asked for stays the same.

    Args:
        url: Of the request.
        asked: Its parameters.
        target: Where it is sent instead.

    Returns:
        Nothing where the place is another one, or the parameters have other values there.
    """
    there = iter(_segments(target))
    if not all(part in there for part in _segments(url)):
        return None
    found = parse_qs(urlsplit(target).query, keep_blank_values=True)
    if any(found[name] != values for name, values in asked.items() if name in found):
        return None
    return {name: values for name, values in asked.items() if name not in found}


def _segments(url: str) -> list[str]:
    return [unquote(part).casefold() for part in urlsplit(url).path.split("/") if part]


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
