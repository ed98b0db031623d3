"""Lists whose pages name the next one: it is under way while the last one is written."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from support.ahead import Asked, assert_asks_ahead

from singer_rest import (
    LinkHeaderSource,
    NextUrlSource,
    OffsetSource,
    Request,
    TokenSource,
    envelope,
)

from .answers import held, status, whole
from .cursor_tap import TapCursors
from .runner import CURSOR_TAP, Runner
from .server import FaultServer, Reply
from .stage import QUICK

if TYPE_CHECKING:
    from pathlib import Path

    from singer_rest.sources.base import Source

    from .server import Seen

PAGES, SIZE = 6, 10


class Scrolls(FaultServer):
    """Serves a list by token, by address, by Link header, or by offset."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.listed = Asked()

    def _answer(self, seen: Seen) -> Reply:
        if seen.path != "/scrolls":
            return Reply(200, (), b"{}")
        self.listed.note(seen.target)
        page = int(seen.query.get("token") or int(seen.query.get("offset") or 0) // SIZE)
        rows = [{"id": page * SIZE + index} for index in range(SIZE)] if page < PAGES else []
        body: dict[str, Any] = {"rows": rows}
        headers: list[tuple[str, str]] = [("Content-Type", "application/json")]
        if page + 1 < PAGES and "offset" not in seen.query:
            address = f"/scrolls?token={page + 1}"
            body |= {"next": str(page + 1), "address": address}
            headers.append(("Link", f'<{address}>; rel="next"'))
        return Reply(200, tuple(headers), json.dumps(body).encode())

    def config(self, **settings: Any) -> dict[str, Any]:
        return {"api_url": self.url, "api_key": "k", **QUICK, **settings}


KINDS: dict[str, tuple[type, dict[str, Any]]] = {
    "token": (TokenSource, {"parameter": "token", "token": lambda reply: reply.body.get("next")}),
    "address": (NextUrlSource, {"url": lambda reply: reply.body.get("address")}),
    "link": (LinkHeaderSource, {}),
    "offset": (OffsetSource, {"offset": "offset", "limit": "limit", "size": SIZE}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_page_is_asked_for_while_one_is_written(
    servers: contextlib.ExitStack, kind: str
) -> None:
    def make(threads: int) -> tuple[Source, Asked]:
        server = servers.enter_context(Scrolls())
        tap = TapCursors(config=server.config(concurrency=threads))
        servers.callback(tap.prefetch.close)
        made, options = KINDS[kind]
        source = made(
            tap.transport,
            Request(f"{server.url}/scrolls"),
            envelope("rows"),
            key=lambda row: row.get("id"),
            stable=True,
            ahead=tap.prefetch,
            **options,
        )
        return source, server.listed

    assert_asks_ahead(make, written=PAGES - 1)


def test_a_page_that_fails_ahead_costs_none_before_it(tmp_path: Path) -> None:
    tap = Runner(tmp_path, CURSOR_TAP)
    with Scrolls() as server:
        refused = status(403, {"error": "no"})
        server.script("/scrolls", whole(), whole(), whole(), refused)
        run = tap(server.config())
    assert run.code == 1
    assert [row["id"] for row in run.rows("scrolls")] == list(range(3 * SIZE))
    assert run.outcome("scrolls") != "complete"
    assert run.activated == []


def test_a_stop_signal_leaves_the_page_that_is_under_way(tmp_path: Path) -> None:
    tap = Runner(tmp_path, CURSOR_TAP)
    gate = threading.Event()
    with Scrolls() as server:
        server.script("/scrolls", whole(), whole(), held(gate))
        started = tap.start(server.config(), log="INFO")
        server.wait_for("/scrolls", 3)
        started.kill(signal.SIGTERM)
        run = started.finish()
        gate.set()
    assert run.code == 143
    # The second page may not have been taken yet when the third was asked for.
    assert [row["id"] for row in run.rows("scrolls")] in [
        list(range(SIZE)),
        list(range(2 * SIZE)),
    ]
    assert run.outcome("scrolls") == "partial"
    assert run.activated == []
