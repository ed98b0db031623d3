"""The sandbox answers every captured request as the real server did.

Status, headers and body are compared in full, number types included. What is not compared, and
why, stands beside ``NOT_JSON``.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cachet import Options, Token, create_app

from .captured import FIXTURES, manifest, reply, world_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Stage

APIS = {"v2.3": "2.3", "v2.4": "2.4", "v3-2025": "3-2025", "v3": "3"}
KEY = "1|captured"

# Not compared, or not sent, as the manifest says:
# - errors[].id of 2.x: a random id.
# - The Accept header of the 2.4 request for a 406: the manifest states the usual one beside a note
#   that it "did not allow application/json".
NOT_JSON = "text/html"
CASES = [(folder, entry["file"]) for folder in APIS for entry in manifest(folder)]

pytestmark = pytest.mark.skipif(
    not CASES, reason=f"the captured replies are not there ({FIXTURES.name} beside the repository)"
)


def get(url: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status, found, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, found, body = error.code, error.headers, error.read()
    return status, {name.lower(): value for name, value in found.items()}, body


def settings_of(folder: str, entry: dict[str, Any]) -> tuple[Options, dict[str, str]]:
    """The server's options and the client's headers for one captured request."""
    abilities: tuple[str, ...] = ("*",)
    headers = {"Accept": "application/json"} | entry.get("request_headers", {})
    auth = entry["auth"]
    if auth.startswith("token with abilities"):
        abilities = tuple(json.loads(re.sub(r"^[^\[]*", "", auth)))
        headers["Authorization"] = f"Bearer {KEY}"
    elif auth == "invalid Bearer token":
        headers["Authorization"] = "Bearer 1|wrong"
    elif auth.startswith("X-Cachet-Token"):
        headers["X-Cachet-Token"] = KEY
    else:
        assert auth == "none", f"the manifest has a new kind of caller: {auth}"
    if entry["status"] == 406:
        headers["Accept"] = NOT_JSON
    limit = entry["headers"].get("x-ratelimit-limit", "300")
    options = Options(
        api=APIS[folder],
        tokens=(Token(KEY, abilities),),
        database="sqlite",
        scrambled=False,
        rate_limit=int(limit),
        link_root="https://status.example.com",
        **entry.get("server_settings", {}),
    )
    return options, headers


def comparable(body: Any) -> str:
    """Text in which 1, 1.0, "1" and true differ, and the order of keys; random ids do not."""
    for error in body.get("errors", ()):
        error["id"] = "random"
    return json.dumps(body, indent=1)


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_answers_as_captured(stages: Callable[[int], Stage], folder: str, name: str) -> None:
    stage = stages(0)
    entry = next(one for one in manifest(folder) if one["file"] == name)
    options, headers = settings_of(folder, entry)
    stage.app = create_app(world_of(folder), options)
    if entry["status"] == 429:
        get(stage.url + entry["request"], headers)
    status, found, body = get(stage.url + entry["request"], headers)
    expected = dict(entry["headers"])
    assert status == entry["status"]
    assert comparable(json.loads(body)) == comparable(reply(folder, name.removesuffix(".json")))
    assert {key: found.get(key) for key in expected} == expected
    limits = {key for key in found if key.startswith(("x-ratelimit", "retry"))}
    assert limits == {key for key in expected if key.startswith(("x-ratelimit", "retry"))}


def test_every_captured_file_is_compared() -> None:
    for folder in APIS:
        files = {path.name for path in (FIXTURES / folder).glob("*.json")} - {"manifest.json"}
        assert files == {name for one, name in CASES if one == folder}
