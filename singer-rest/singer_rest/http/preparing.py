"""Requests in the form in which they are sent.

``requests`` takes a third of the time of a whole small request to prepare it, for what ours do not
have: cookies, hooks, credentials in addresses. The commonest ones are prepared without.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESSES = 4096
"""Kept; a list has one, a stream with a request for each parent has many, each asked for once."""


def prepare(
    method: str, url: str, params: Mapping[str, Any], headers: Mapping[str, Any], **body: Any
) -> requests.PreparedRequest:
    """Return a request with the very bytes that ``requests`` would make of it.

    Args:
        method: In capitals.
        url: With any characters.
        params: Values are texts, numbers, or sequences of them, which repeat their key.
        headers: All of them.
        body: ``data``, ``json`` and ``files``, as ``requests`` takes them.

    Raises:
        requests.RequestException: The URL is none.
    """
    prepared = requests.PreparedRequest()
    if method == "GET" and "?" not in url and not any(body.values()):
        prepared.method = method
        query = urlencode(params, doseq=True)
        prepared.url = f"{_address(url)}?{query}" if query else _address(url)
        prepared.headers = headers  # type: ignore[assignment]  # any mapping will do
        return prepared
    prepared.prepare(method, url, headers, params=dict(params), auth=_no_userinfo, **body)
    return prepared


@functools.lru_cache(ADDRESSES)
def _address(url: str) -> str:
    """Return a URL with its host and path encoded."""
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    return prepared.url or ""


def _no_userinfo(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from adding credentials of its own from a URL."""
    return prepared
