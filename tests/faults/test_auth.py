"""Keys that are wrong, expire or may not read everything: F01 to F09."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

import pytest

from .answers import data, html, status, when
from .runner import MARKER, SECRET, Runner
from .server import FaultServer
from .stage import QUICK, SMALL, Stage

if TYPE_CHECKING:
    from .server import Exchange, Seen

LIST_STREAMS = ["components", "incidents", "metrics"]
FORBIDDEN = {"message": "This action is unauthorized."}


def test_f01_a_key_refused_at_first_ends_before_any_row(stage: Stage, tap: Runner) -> None:
    run = tap(stage.config(api_key=f"8|{MARKER}-of-somebody-else"), log="INFO")
    assert run.code == 2
    assert not run.messages
    assert "api_key rejected by http://127.0.0.1" in run.last
    assert "Manage API Keys" in run.last
    assert [seen.path for seen in stage.seen] == ["/api/version", "/api/subscribers"]


def test_f01_a_protected_api_says_so(tap: Runner) -> None:
    with Stage(api_protected=True) as stage:
        run = tap(stage.config(api_key=f"8|{MARKER}-of-somebody-else"))
    assert run.code == 2
    assert not run.messages
    assert "missing or wrong" in run.last
    assert len(stage.seen) == 1


class TokenServer:
    """Hands out tokens, each good until the next one is asked for."""

    def __init__(self, server: FaultServer, *, refuse_after: int, tokens: int = 1000) -> None:
        self.lock = threading.Lock()
        self.issued = 0
        self.uses = 0
        self.refuse_after = refuse_after
        self.tokens = tokens
        server.script("/token", forever=self.token)
        server.script("/me", forever=self.guarded({"ok": True}))
        things = [{"id": f"thing-{number}"} for number in range(12)]
        server.script("/things", forever=self.guarded({"rows": things}))
        note = {"rows": [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]}
        server.script("/things/*/notes", forever=self.guarded(note))

    def token(self, exchange: Exchange) -> None:
        with self.lock:
            self.issued += 1
            self.uses = 0
            token = {"access_token": f"{MARKER}-token-{self.issued}"}
        data(token)(exchange)

    def guarded(self, body: Any) -> Any:
        def answer(exchange: Exchange) -> None:
            with self.lock:
                good = exchange.seen.header("authorization") == (
                    f"Bearer {MARKER}-token-{self.issued}"
                )
                self.uses += good
                good = good and (self.uses <= self.refuse_after or self.issued >= self.tokens)
            (data(body) if good else status(401, {"message": "token expired"}))(exchange)

        return answer


def test_f02_a_token_that_expires_is_renewed_once_by_all_threads(fault_tap: Runner) -> None:
    with FaultServer() as server:
        tokens = TokenServer(server, refuse_after=6, tokens=2)
        run = fault_tap({"api_url": server.url, "api_key": SECRET, **QUICK}, select=["notes"])
    assert run.code == 0, run.last
    assert len(run.rows("notes")) == 24
    assert len(set(run.ids("notes", "parent", "id"))) == 24
    # Four threads meet the refusal at about the same time; a token that another thread has
    # renewed meanwhile is not renewed again.
    assert tokens.issued == 2


def test_f02_a_second_refusal_ends_the_run(fault_tap: Runner) -> None:
    with FaultServer() as server:
        TokenServer(server, refuse_after=6, tokens=1000)
        server.script("/things/thing-9/notes", forever=status(401, {"message": "no"}))
        run = fault_tap({"api_url": server.url, "api_key": SECRET, **QUICK}, select=["notes"])
    assert run.code == 2, "somebody has to renew it"
    assert "expired or was revoked" in run.last
    assert run.activated == []


def test_f03_a_key_revoked_on_the_way_keeps_what_came(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", forever=status(401, {"message": "Unauthenticated."}))
    run = tap(stage.config(), select=LIST_STREAMS, log="INFO")
    assert run.code == 2, "somebody has to renew it"
    assert set(run.ids("components")) == stage.ids("components")
    assert run.activated == [], "what came before may be what a guest is shown"
    assert not run.states, "no bookmark has moved"
    assert "it expired or was revoked" in run.last
    assert "6 records came before" in run.last
    assert len(stage.requests("/api/incidents")) == 1
    assert not stage.requests("/api/metrics"), "nothing is asked for after the key is gone"
    assert run.outcomes == {"components": "partial", "incidents": "partial", "metrics": "skipped"}


def test_f04_a_forbidden_stream_does_not_stop_the_others(stage: Stage, tap: Runner) -> None:
    stage.script("/api/subscribers", forever=status(403, FORBIDDEN))
    select = ["components", "incidents", "subscribers"]
    run = tap(stage.config(), select=select, log="INFO")
    assert run.code == 1
    assert set(run.ids("components")) == stage.ids("components")
    assert set(run.ids("incidents")) == stage.ids("incidents")
    assert run.outcome("subscribers") == "forbidden"
    assert sorted(run.activated) == ["components", "incidents"]
    assert "Stream subscribers is forbidden" in run.last
    assert "subscribers.manage" in run.last, "the permission that is missing"
    asked = len(stage.requests("/api/subscribers"))
    assert asked == 3, "the key is tested twice; a 403 is not repeated"
    assert "subscribers" not in run.state["bookmarks"]


def test_f04_skip_forgives_a_forbidden_stream_aloud(stage: Stage, tap: Runner) -> None:
    stage.script("/api/subscribers", forever=status(403, FORBIDDEN))
    select = ["components", "subscribers"]
    run = tap(stage.config(on_stream_error="skip"), select=select, log="INFO")
    assert run.code == 0
    assert "subscribers is forbidden" in run.warnings
    assert run.activated == ["components"]


def test_f04_stop_ends_at_the_first_bad_stream(stage: Stage, tap: Runner) -> None:
    stage.script("/api/components", forever=status(403, FORBIDDEN))
    run = tap(stage.config(on_stream_error="stop"), select=LIST_STREAMS)
    assert run.code == 1
    assert run.outcomes == {"components": "forbidden", "incidents": "skipped", "metrics": "skipped"}
    assert not stage.requests("/api/incidents")


@pytest.mark.parametrize("code", [404, 501])
def test_f05_a_route_this_server_lacks_is_unavailable(stage: Stage, tap: Runner, code: int) -> None:
    stage.script("/api/incident-templates", forever=status(code, {"message": "no such route"}))
    run = tap(stage.config(), select=["components", "incident_templates", "metrics"])
    assert run.code == 1
    assert run.outcome("incident_templates") == "unavailable"
    assert run.outcome("metrics") == "complete"
    assert len(stage.requests("/api/incident-templates")) == 1
    assert "this server does not have it. Deselect the stream." in run.last
    forgiven = tap(stage.config(on_stream_error="skip"), select=["incident_templates"])
    assert forgiven.code == 0


def test_f06_a_firewall_is_told_from_a_permission(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", forever=html(403, b"<html><body>Blocked by ACME</body></html>"))
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 1
    assert "blocked the request before it reached the API" in run.last
    assert "IP allowlist" in run.last
    assert "Grant it" not in run.last, "no permission would help"
    assert len(stage.requests("/api/incidents")) == 1


def test_f06_a_firewall_before_everything(stage: Stage, tap: Runner) -> None:
    stage.script("*", forever=html(403, b"<html><body>Blocked by ACME</body></html>"))
    run = tap(stage.config())
    assert run.code == 2
    assert "blocked the request before it reached the API" in run.last


def test_f07_a_wrong_key_never_reads_as_a_guest(stage: Stage, tap: Runner) -> None:
    run = tap(stage.config(api_key=f"{MARKER}-mistyped"))
    assert run.code == 2
    assert not run.messages
    assert "data of a guest" in run.last
    guest = tap({"api_url": stage.url, **QUICK}, select=["components", "incidents"])
    assert guest.code == 0, "without any key, guest data is what was asked for"
    assert guest.rows("components")
    assert all(seen.header("authorization") is None for seen in stage.seen[-2:])


def test_f08_a_lost_permission_does_not_retire_rows(tap: Runner) -> None:
    size = dataclasses.replace(SMALL, components=24)
    with Stage(size=size) as stage:
        first = tap(stage.config(), select=["components"])
        for row in sorted(stage.ids("components"))[:15]:
            stage.world.components.delete(row)
        second = tap(stage.config(), select=["components"], state=first.state)
        third = tap(stage.config(accept_fewer_rows=True), select=["components"], state=second.state)
    assert first.activated == ["components"]
    assert second.code == 0
    assert second.activated == [], "rows may be hidden, not deleted"
    assert "a permission was lost" in second.warnings
    assert second.state == first.state, "the count to compare with stays"
    assert third.activated == ["components"]
    assert third.state["bookmarks"]["components"]["complete_rows"] == len(third.rows("components"))


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        ({"errors": [{"status": "403", "detail": "No rights"}]}, "forbidden", "No rights"),
        ({"error": {"code": 404, "message": "No such list"}}, "unavailable", "No such list"),
        ({"error": "It broke"}, "failed", "It broke"),
        ({"success": False, "errors": ["Try later"]}, "failed", "Try later"),
    ],
)
def test_f09_an_error_inside_a_200_is_not_data(
    stage: Stage, tap: Runner, body: dict[str, Any], outcome: str, words: str
) -> None:
    stage.script("/api/incidents", forever=data(body))
    run = tap(stage.config(), select=["components", "incidents"], log="INFO")
    assert run.code == 1
    assert run.rows("incidents") == []
    assert run.outcome("incidents") == outcome
    assert words in run.last
    assert run.activated == ["components"]


def test_f09_a_server_that_echoes_the_key_does_not_leak_it(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", forever=status(400, {"message": f"bad key {SECRET}"}))
    stage.script("/api/metrics", forever=data({"error": f"bad key {SECRET}"}))
    stage.script(
        "/api/schedules",
        forever=when(has_key, status(418, {"message": f"Bearer {SECRET}"}, x_request_id=SECRET)),
    )
    run = tap(stage.config(), select=["incidents", "metrics", "schedules"])
    assert run.code == 1
    assert "[redacted]" in run.stderr


def has_key(seen: Seen) -> bool:
    return seen.header("authorization") == f"Bearer {SECRET}"
