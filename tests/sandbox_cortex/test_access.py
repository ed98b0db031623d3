"""Keys, permissions, licences, rate limits, and errors."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex import Answer, ApiKey, Limit, Options, make_key, make_token, too_many
from sandbox.cortex.app import ROUTES
from sandbox.cortex.keys import PERMISSIONS
from sandbox.cortex.limiter import Limiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cortex import Call, World
    from sandbox.cortex.options import UnauthorizedShape

    from .cortex_client import Client

    Start = Callable[..., tuple[World, Client]]

CATALOG = "/api/v1/catalog"


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_only_known_keys_are_let_in(start: Start, token: str | None) -> None:
    _, client = start()
    client.token = token
    reply = client.get(CATALOG)
    assert reply.status == 401
    assert reply.data["httpStatus"] == 401


@pytest.mark.parametrize(("shape", "body"), [("empty", b""), ("text", b"<html>")])
def test_the_body_of_a_401_may_be_anything(
    start: Start, shape: UnauthorizedShape, body: bytes
) -> None:
    _, client = start(Options(unauthorized=shape))
    client.token = "wrong"
    reply = client.get(CATALOG)
    assert reply.status == 401
    assert reply.body.startswith(body)
    assert "application/json" not in reply.headers.get("content-type", "")


def test_an_expired_key(start: Start) -> None:
    key = make_key(expires=time.time() - 5)
    _, client = start(Options(keys=[key]))
    client.token = key.token
    assert client.get(CATALOG).status == 401


def test_a_key_that_is_revoked_while_it_is_used(start: Start) -> None:
    key = ApiKey(token="t", revoked_after=3)
    _, client = start(Options(keys=[key]))
    client.token = key.token
    assert [client.get(CATALOG).status for _ in range(5)] == [200, 200, 200, 401, 401]


def payload(token: str) -> dict[str, Any]:
    head, body, _ = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
    )
    header = json.loads(head)
    found: dict[str, Any] = json.loads(gzip.decompress(body) if "zip" in header else body)
    return found


@pytest.mark.parametrize("zipped", [False, True])
def test_tokens_tell_their_expiry(*, zipped: bool) -> None:
    token = make_token(expires=1_800_000_000, zipped=zipped)
    assert payload(token)["exp"] == 1_800_000_000
    assert {"tenant-id", "sub", "type", "iat"} <= set(payload(token))


def test_every_permission_is_needed_somewhere() -> None:
    assert {route.permission for route in ROUTES} - {None} == PERMISSIONS


def test_a_missing_permission_is_403_and_the_rest_works(start: Start) -> None:
    key = ApiKey(token="t", without=frozenset({"View audit logs"}))
    _, client = start(Options(keys=[key]))
    client.token = "t"
    reply = client.get("/api/v1/audit-logs")
    assert reply.status == 403
    assert reply.data["type"] == "FORBIDDEN"
    assert client.get("/api/v1/gitops-logs").status == 200


def test_a_read_only_key_cannot_list_keys_secrets_or_users(start: Start) -> None:
    _, client = start(Options(keys=[ApiKey(token="t", role="READ_ONLY")]))
    client.token = "t"
    for path in ("auth/key", "secrets", "users", "users/roles"):
        assert client.get(f"/api/v1/{path}").status == 403, path
    for path in ("catalog", "teams", "scorecards", "initiatives", "workflows"):
        assert client.get(f"/api/v1/{path}").status == 200, path


def test_what_is_not_licensed_is_403(start: Start) -> None:
    products = frozenset({"ENG_METRICS", "SCAFFOLDERS"})
    _, client = start(Options(unlicensed=products))
    reply = client.get("/api/v1/eng-intel/labels")
    assert reply.status == 403
    assert reply.data["message"] == "Product access to [ENG_METRICS] not permitted"
    assert client.get("/api/v1/scaffolders").status == 403
    assert client.get("/api/v1/workflows/runs").status == 200


def test_scim_that_is_not_set_up_is_403(start: Start) -> None:
    _, client = start(Options(scim=False))
    assert client.get("/scim/v2/Users").status == 403


def test_an_integration_that_is_not_set_up(start: Start) -> None:
    for status in (400, 404):
        _, client = start(Options(integration_missing=status))
        reply = client.get("/api/v1/circleci/configurations")
        assert reply.status == status
        assert reply.data["type"] == "INTEGRATION_MISSING"
        assert client.get("/api/v1/aws/configurations").status == 200


def test_an_oncall_provider_that_does_not_answer(start: Start) -> None:
    _, client = start(Options(oncall_failing=frozenset({"a/b"})), deleted=0)
    reply = client.get(f"{CATALOG}/a%2Fb/integrations/oncall/current")
    assert reply.status == 504
    assert reply.data["type"] == "INTEGRATION_TIMED_OUT"
    assert reply.data["gatewayHttpStatus"] == 504


def test_a_refusal_says_when_to_come_back(start: Start) -> None:
    now = [0.0]
    options = Options(limit=Limit(requests=2, seconds=60), clock=lambda: now[0])
    _, client = start(options)
    assert [client.get(CATALOG).status for _ in range(2)] == [200, 200]
    now[0] = 20.5
    reply = client.get(CATALOG)
    assert reply.status == 429
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["retry-after"] == "40"
    assert reply.data["retryAfter"] == 40
    assert {"type", "title", "status"} <= set(reply.data)
    now[0] = 60.0
    assert client.get(CATALOG).status == 200


def test_a_refusal_may_say_nothing(start: Start) -> None:
    limit = Limit(requests=1, retry_header=False, retry_field=False)
    _, client = start(Options(limit=limit))
    client.get(CATALOG)
    reply = client.get(CATALOG)
    assert reply.status == 429
    assert "retry-after" not in reply.headers
    assert "retryAfter" not in reply.data


@pytest.mark.parametrize(
    ("kind", "moments", "waits"),
    [
        ("fixed", [0.0, 29.0, 29.5, 29.6, 60.0], [0, 0, 0, 31, 0]),
        ("sliding", [0.0, 29.0, 29.5, 29.6, 60.0, 60.1], [0, 0, 0, 31, 0, 29]),
        ("bucket", [0.0, 0.0, 0.0, 20.0, 20.0], [0, 0, 20, 0, 20]),
    ],
)
def test_windows_count_differently(kind: Any, moments: list[float], waits: list[int]) -> None:
    limiter = Limiter(Limit(requests=3, seconds=60, kind=kind, burst=2))
    assert [limiter.wait("client", moment) for moment in moments] == waits
    assert limiter.wait("another", 0.0) == 0


def test_listeners_see_requests_and_may_answer(start: Start) -> None:
    world, client = start()
    seen: list[str] = []

    @world.on_request
    def listener(call: Call) -> Answer | None:
        seen.append(call.route)
        if len(seen) == 2:
            return too_many(7)
        if len(seen) == 3:
            world.vanish("a/b")
        return None

    assert world.listeners == [listener]
    path = f"{CATALOG}/{world.entity('a/b').id}/groups"
    assert [client.get(path).status for _ in range(3)] == [200, 429, 404]
    assert seen == [f"{CATALOG}/{{tagOrId}}/groups"] * 3


def test_an_answer_can_break_off(start: Start) -> None:
    world, client = start()
    world.on_request(lambda _: Answer(body=b"[1, 2, 3]", cut_after=4))
    with pytest.raises(http.client.IncompleteRead):
        client.get(CATALOG)
