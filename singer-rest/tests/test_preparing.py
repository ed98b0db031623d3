"""Requests prepared the short way are those that requests would have made."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from singer_rest.http.preparing import prepare

HOSTS = st.sampled_from(["127.0.0.1:80", "EXAMPLE.com:8443", "exämple.com", "h"])
PARTS = st.lists(st.text(max_size=8).filter(lambda part: not set(part) & set("?#")), max_size=3)
VALUES = st.text(max_size=8) | st.integers() | st.lists(st.text(max_size=4), max_size=2)


def theirs(method: str, url: str, params: dict[str, Any], **body: Any) -> tuple[Any, ...]:
    request = requests.PreparedRequest()
    request.prepare(method, url, {"Accept": "x"}, params=params, auth=lambda same: same, **body)
    return request.method, request.url, dict(request.headers), request.body


def ours(method: str, url: str, params: dict[str, Any], **body: Any) -> tuple[Any, ...]:
    request = prepare(method, url, params, {"Accept": "x"}, **body)
    return request.method, request.url, dict(request.headers), request.body


@settings(deadline=None)
@given(
    scheme=st.sampled_from(["http", "https"]),
    host=HOSTS,
    parts=PARTS,
    params=st.dictionaries(st.text(min_size=1, max_size=6), VALUES, max_size=3),
)
def test_a_get_is_the_same(
    scheme: str, host: str, parts: list[str], params: dict[str, Any]
) -> None:
    url = f"{scheme}://{host}/{'/'.join(parts)}"
    try:
        expected = theirs("GET", url, params)
    except requests.RequestException as error:
        with pytest.raises(type(error)):
            ours("GET", url, params)
    else:
        assert ours("GET", url, params) == expected


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "http://h/a?b=c", {}),
        ("POST", "http://h/a", {"data": {"q": "SELECT 1"}}),
        ("POST", "http://h/a", {"json": {"q": [1]}}),
        ("POST", "http://h/a", {}),
    ],
)
def test_everything_else_is_the_same(method: str, url: str, body: dict[str, Any]) -> None:
    assert ours(method, url, {"d": "e"}, **body) == theirs(method, url, {"d": "e"}, **body)


def test_credentials_in_an_address_are_not_taken() -> None:
    for method in ("GET", "POST"):
        assert "Authorization" not in ours(method, "http://user:pass@h/", {})[2]
