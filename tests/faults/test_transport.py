"""The way to the server and back: F25 to F29, F31 to F35."""

from __future__ import annotations

import dataclasses
import socket
from typing import TYPE_CHECKING

import pytest

from .answers import (
    chunked,
    drip,
    drip_chunk_size,
    drip_head,
    gone,
    hang_up,
    html,
    raw,
    redirect,
    reset_in_body,
    short,
    silence,
)
from .runner import MARKER, SECRET, Runner
from .server import FaultServer, free_port, read_request
from .stage import QUICK, SMALL, Stage
from .test_not_found import config, library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .server import Answer, Exchange
    from .systems import System

INCIDENTS = "/api/incidents"


def test_f25_a_refused_connection_is_tried_five_times(tap: Runner) -> None:
    reserved, url = free_port()
    with reserved:
        run = tap({"api_url": url, "api_key": SECRET, **QUICK}, log="INFO")
    assert run.code == 1
    assert not run.messages
    host = url.removeprefix("http://")
    assert f"Cannot reach {host}: connection refused (tried 5 times)" in run.last
    assert "run again later" in run.last
    assert run.summary["exit_code"] == 1


@pytest.mark.parametrize("code", [500, 503, 522])
def test_f25_an_outage_is_nobodys_mistake(any_system: System, code: int) -> None:
    any_system.stage.script("*", forever=raw(code))
    run = any_system(settings={"max_retries": 1}, log="INFO")
    assert run.code == 1
    assert not run.messages
    assert f"answered {code}" in run.last
    assert "run again later" in run.last
    tried = any_system("--test", settings={"max_retries": 1}, log="INFO")
    assert tried.code == 1


def test_f25_a_status_that_stays_wants_somebody(stage: Stage, tap: Runner) -> None:
    stage.script("*", forever=raw(501))
    assert tap(stage.config(), log="INFO").code == 2


def test_f25_a_server_that_dies_on_the_way(stage: Stage, tap: Runner) -> None:
    def die(exchange: Exchange) -> None:
        stage.__exit__()
        gone()(exchange)

    stage.script(INCIDENTS, die)
    run = tap(stage.config(), select=["components", "incidents", "metrics"])
    assert run.code == 1
    assert run.outcomes == {"components": "partial", "incidents": "failed", "metrics": "failed"}
    assert "Whether the credential is still good cannot be found out" in run.last


def test_f26_a_name_that_does_not_resolve(tap: Runner) -> None:
    url = "http://status.example.invalid"
    run = tap({"api_url": url, "api_key": SECRET, **QUICK}, log="INFO")
    assert run.code == 1
    assert not run.messages
    assert "status.example.invalid does not resolve" in run.last
    assert "(tried 3 times)" in run.last
    assert run.summary["retries"] == 2


BROKEN = {
    "reset": reset_in_body,
    "short": short,
    "nearly whole": lambda: short(1),
    "bad chunk": lambda: chunked(broken=True),
    "nothing": hang_up,
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_f27_half_a_page_is_never_written(tap: Runner, how: str) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=40)) as stage:
        broken: Answer = BROKEN[how]()
        stage.script(INCIDENTS, broken, broken, chunked(), broken)
        run = tap(stage.config(page_size=10), select=["incidents"])
        expected = stage.ids("incidents")
    assert run.code == 0, run.last
    ids = run.ids("incidents")
    assert set(ids) == expected
    assert len(ids) == len(expected), "no row twice"
    assert run.summary["retries"] == 3


def test_f27_a_page_that_always_breaks_fails_the_stream(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=short())
    run = tap(stage.config(max_retries=2), select=["incidents", "metrics"], log="INFO")
    assert run.code == 1
    assert run.rows("incidents") == []
    assert run.activated == ["metrics"]
    assert "broke off" in run.last
    assert "(tried 3 times)" in run.last


def test_f28_a_silent_server_is_asked_again(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, silence())
    run = tap(stage.config(request_timeout=1), select=["incidents"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    assert len(stage.requests(INCIDENTS)) == 2


def test_f28_a_server_silent_for_ever(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=silence())
    run = tap(stage.config(request_timeout=1, max_retries=1), select=["incidents"], log="INFO")
    assert run.code == 1
    assert "did not answer in time; raise request_timeout" in run.last


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """A port that takes no further connection and refuses none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _number in range(3):
            client = socket.socket()
            client.setblocking(False)  # noqa: FBT003
            client.connect_ex(listener.getsockname())
            waiting.append(client)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for client in waiting:
            client.close()


def test_f28_a_connection_that_is_never_accepted(tap: Runner, full_backlog: str) -> None:
    settings = {**QUICK, "request_timeout": 1, "max_retries": 0}
    run = tap({"api_url": full_backlog, "api_key": SECRET, **settings})
    assert run.code == 1
    assert "did not accept a connection in time" in run.last


@pytest.mark.parametrize("dripping", [drip, drip_head, drip_chunk_size])
def test_f29_a_dripping_answer_has_a_deadline(
    stage: Stage, tap: Runner, dripping: Callable[[], Answer]
) -> None:
    stage.script(INCIDENTS, dripping())
    run = tap(stage.config(response_timeout=1), select=["incidents"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    assert len(stage.requests(INCIDENTS)) == 2


def test_f29_dripping_for_ever_fails(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=drip())
    run = tap(stage.config(response_timeout=1, max_retries=1), select=["incidents"], log="INFO")
    assert run.code == 1
    assert "was still sending its answer after 1 s" in run.last


class Proxy(FaultServer):
    """A proxy that forwards plain requests and notes them; a tunnel it refuses."""

    def __init__(self, target: FaultServer) -> None:
        super().__init__()
        self.script("*", forever=self.forward)
        self.target = target

    def forward(self, exchange: Exchange) -> None:
        assert exchange.seen.target.startswith("http://"), exchange.seen.target
        head = exchange.seen.head.replace(exchange.seen.target.encode(), self.path(exchange), 1)
        with socket.create_connection(("127.0.0.1", self.target.port)) as onward:
            onward.sendall(head.replace(b"keep-alive", b"close") + b"\r\n")
            while piece := onward.recv(1 << 16):
                exchange.send(piece)
        exchange.close()

    @staticmethod
    def path(exchange: Exchange) -> bytes:
        return b"/" + exchange.seen.target.split("/", 3)[3].encode()


def test_f31_a_proxy_from_the_environment(stage: Stage, tap: Runner) -> None:
    with Proxy(stage) as proxy:
        address = proxy.url.replace("://", f"://tap:{MARKER}@")
        env = {"HTTP_PROXY": address, "http_proxy": address}
        run = tap(stage.config(), select=["components"], env=env)
        assert run.code == 0, run.last
        assert len(proxy.seen) == len(stage.seen) == 4
        assert all(seen.header("proxy-authorization") for seen in proxy.seen)
        proxy.seen.clear()
        past = tap(stage.config(), select=["components"], env={**env, "NO_PROXY": "127.0.0.1"})
        assert past.code == 0
        assert not proxy.seen


def test_f31_a_proxy_that_wants_a_password(stage: Stage, tap: Runner) -> None:
    with FaultServer() as proxy:
        proxy.script("*", forever=raw(407, b"<html>no</html>", "text/html"))
        address = proxy.url.replace("://", f"://tap:{MARKER}@")
        run = tap(stage.config(), env={"http_proxy": address}, log="INFO")
        assert run.code == 2
        assert "The proxy wants a user name and password (407)" in run.last
        assert len(proxy.seen) == 1
        assert not stage.seen


def test_f31_a_proxy_that_refuses_the_tunnel(tap: Runner) -> None:
    with FaultServer() as proxy:
        proxy.script("*", forever=raw(407, b"", "text/html"))
        address = proxy.url.replace("://", f"://tap:{MARKER}@")
        settings = {"api_url": "https://status.example.com", "api_key": SECRET, **QUICK}
        run = tap(settings, env={"https_proxy": address})
        assert run.code == 2
        assert "proxy" in run.last.lower()
        assert "407" in run.last
        assert "HTTPS_PROXY" in run.last
        assert len(proxy.seen) == 1
        assert SECRET.encode() not in proxy.seen[0].head, "the key is for the server alone"


def test_f31_a_proxy_that_is_down(tap: Runner) -> None:
    reserved, address = free_port()
    settings = {"api_url": "https://status.example.com", "api_key": SECRET, **QUICK}
    with reserved:
        env = {"https_proxy": address.replace("://", f"://tap:{MARKER}@")}
        run = tap(settings, env=env, log="INFO")
    assert run.code == 1
    assert "check HTTPS_PROXY and NO_PROXY" in run.last


def test_f32_a_login_page_behind_a_redirect(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=redirect("/login"))
    stage.script("/login", forever=html())
    run = tap(stage.config(), select=["components", "incidents"], log="INFO")
    assert run.code == 2, "a login page is a 401 in other words"
    assert run.rows("incidents") == []
    assert run.activated == []
    assert "it expired or was revoked" in run.last
    assert not stage.requests("/login"), "nothing is sent there"


def test_f32_a_captive_portal_elsewhere(stage: Stage, tap: Runner) -> None:
    with FaultServer() as portal:
        portal.script("*", forever=html())
        stage.script("*", forever=redirect(f"{portal.url}/hello?from=tap"))
        run = tap(stage.config())
        assert run.code == 2
        assert f"redirects to another place, {portal.url}/hello;" in run.last
        assert not portal.seen


def test_f33_a_redirect_loop_ends(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=redirect("/api/incidents/again"))
    stage.script("/api/incidents/again", forever=redirect(INCIDENTS))
    run = tap(stage.config(), select=["incidents"], log="INFO")
    assert run.code == 1
    assert "redirects more than 5 times" in run.last
    assert len(stage.requests("/api/incidents*")) == 6


def test_f33_a_short_way_round_is_followed(stage: Stage, tap: Runner) -> None:
    def elsewhere(exchange: Exchange) -> None:
        target = exchange.seen.target.replace(INCIDENTS, "/api/incidents/")
        redirect(target, 308)(exchange)

    def there(exchange: Exchange) -> None:
        head = exchange.seen.head.replace(b"/api/incidents/", b"/api/incidents")
        exchange.reply(stage.fallback(dataclasses.replace(exchange.seen, head=head)))

    stage.script(INCIDENTS, forever=elsewhere)
    stage.script("/api/incidents/", forever=there)
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    followed = stage.requests("/api/incidents/")
    assert all(seen.header("authorization") == f"Bearer {SECRET}" for seen in followed)


@pytest.mark.parametrize("more", ["?lang=en", "?page=1&lang=en", ""])
def test_f33_what_a_redirect_leaves_out_is_asked_there_as_well(
    stage: Stage, tap: Runner, more: str
) -> None:
    """A server that adds a parameter of its own would else be asked for its first page only."""

    def elsewhere(exchange: Exchange) -> None:
        page = exchange.seen.query["page"]
        redirect(f"/status{INCIDENTS}{more.replace('1', page)}")(exchange)

    def there(exchange: Exchange) -> None:
        head = exchange.seen.head.replace(b"/status/api", b"/api").replace(b"lang=en&", b"")
        exchange.reply(stage.fallback(dataclasses.replace(exchange.seen, head=head)))

    stage.script(INCIDENTS, forever=elsewhere)
    stage.script(f"/status{INCIDENTS}", forever=there)
    settings = {"page_size": 5}
    run = tap(stage.config(**settings), select=["incidents"])
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    for seen in stage.requests(f"/status{INCIDENTS}"):
        assert {"per_page", "sort", "include", "page"} <= seen.query.keys()


@pytest.mark.parametrize("target", ["/api/components", "/api/incidents?page=1&sort=name", "/api"])
def test_f33_a_redirect_to_another_question_is_no_answer(
    stage: Stage, tap: Runner, target: str
) -> None:
    stage.script(INCIDENTS, forever=redirect(target))
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 1
    assert "where something else would answer" in run.last
    assert not run.ids("incidents")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_f34_a_redirect_to_another_host_gets_nothing(stage: Stage, tap: Runner, host: str) -> None:
    with FaultServer() as stranger:
        target = f"http://{host}:{stranger.port}/api/incidents?page=1"
        stage.script(
            "/api/components",
            raw(200, b'{"data": [], "links": {}}', set_cookie="session=abc; Path=/"),
        )
        stage.script(INCIDENTS, forever=redirect(target, 307))
        run = tap(stage.config(), select=["components", "incidents"], log="INFO")
        assert run.code == 1
        assert f"redirects to another place, http://{host}:{stranger.port}" in run.last
        assert "no credential was sent there" in run.last
        assert not stranger.seen
    assert all(seen.header("cookie") is None for seen in stage.seen)


def test_f34_user_and_password_in_a_redirect_are_not_shown(stage: Stage, tap: Runner) -> None:
    target = f"http://user:{MARKER}@status.example.org/?key={MARKER}"
    stage.script(INCIDENTS, forever=redirect(target))
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 1
    assert "http://status.example.org/" in run.last


@pytest.mark.parametrize("code", [301, 302, 303])
def test_f35_a_post_never_becomes_a_get(fault_tap: Runner, code: int) -> None:
    with FaultServer() as server:
        library(server, [])
        server.script("/search", forever=redirect("/search/", code))
        run = fault_tap(config(server), select=["found"], log="INFO")
    assert run.code == 1
    assert f"redirects a POST to {server.url}/search/ ({code})" in run.last
    assert f"set the URL in the configuration to {server.url}" in run.last
    assert [seen.method for seen in server.requests("/search*")] == ["POST"]


@pytest.mark.parametrize("code", [307, 308])
def test_f35_a_post_is_repeated_where_it_may_be(fault_tap: Runner, code: int) -> None:
    with FaultServer() as server:
        library(server, [])
        server.script("/search", forever=redirect("/search/", code))
        server.script("/search/", raw(200, b'{"rows": [{"id": "a"}]}'))
        run = fault_tap(config(server), select=["found"])
    assert run.code == 0, run.last
    assert run.ids("found") == ["a"]
    first, second = server.requests("/search*")
    assert (first.method, first.body) == (second.method, second.body)
    assert first.body == b'{"all": true}'


def test_the_server_reads_what_it_is_sent() -> None:
    """The kit itself: a chunked request body is put together."""
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
        seen = read_request(right.makefile("rb"))
    assert seen is not None
    assert seen.body == b"ab"
