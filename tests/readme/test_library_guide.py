"""The tap of the library guide, put together from the page and run against a server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .blocks import blocks
from .checkout import ROOT

GUIDE = ROOT / "docs" / "guides" / "library.md"
ORDERS = [{"id": n, "placed_at": f"2026-01-{n:02}T08:00:00Z"} for n in range(1, 8)]
EVENTS = [{"id": n, "at": f"2026-02-{n:02}T08:00:00Z", "what": "paid"} for n in range(1, 6)]


class Shop(BaseHTTPRequestHandler):
    """Orders by page number, lines of an order, events by cursor."""

    gone: int | None = None
    """An order that is listed, and whose lines answer 404."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        status, body = 200, self.answer(url.path, {k: v[0] for k, v in parse_qs(url.query).items()})
        if self.headers["Authorization"] != "Bearer good":
            status, body = 401, {"message": "who are you?"}
        elif body is None:
            status, body = 404, {"message": "there is none"}
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        if path == "/me":
            return {"may_read": True}
        if path == "/orders":
            size, page = int(query["per_page"]), int(query["page"])
            return {"rows": ORDERS[size * (page - 1) : size * page], "total": len(ORDERS)}
        if path == "/events":
            rows = [row for row in EVENTS if str(row["at"]) >= query.get("since", "")[:19]]
            start = int(query.get("cursor", 0))
            more = start + 2 < len(rows)
            return {"rows": rows[start : start + 2], "next_cursor": start + 2 if more else None}
        order = int(path.split("/")[2])
        if order == type(self).gone:
            return None
        return {"rows": [{"number": 1, "article": "tea"}, {"number": 2, "article": "cup"}]}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.gone = None
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(folder: Path, url: str, *options: str, key: str = "good") -> tuple[int, list[Any], str]:
    """Run the tap of the page; return its exit code, its messages and what it says."""
    tap = folder / "tap_shop.py"
    tap.write_text("".join(b.text for b in blocks(GUIDE) if b.language == "python"), "utf-8")
    config = folder / "config.json"
    config.write_text(json.dumps({"api_url": url, "api_key": key, "page_size": 3}), "utf-8")
    done = subprocess.run(
        [sys.executable, str(tap), "--config", str(config), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return done.returncode, lines, done.stderr


def rows(messages: list[Any], stream: str) -> list[Any]:
    return [m["record"] for m in messages if m["type"] == "RECORD" and m["stream"] == stream]


def test_everything_is_read_and_then_what_is_new(tmp_path: Path, shop: str) -> None:
    code, messages, said = run(tmp_path, shop)
    assert code == 0, said
    assert [row["id"] for row in rows(messages, "orders")] == [order["id"] for order in ORDERS]
    assert len(rows(messages, "lines")) == 2 * len(ORDERS)
    assert len(rows(messages, "events")) == len(EVENTS)
    state = tmp_path / "state.json"
    state.write_text(json.dumps([m for m in messages if m["type"] == "STATE"][-1]["value"]))
    code, messages, said = run(tmp_path, shop, "--state", str(state))
    assert code == 0, said
    assert [row["id"] for row in rows(messages, "events")] == [5]


def test_what_is_wrong_is_said(tmp_path: Path, shop: str) -> None:
    code, _messages, said = run(tmp_path, shop, key="bad")
    assert (code, "[CREDENTIAL]" in said) == (2, True), said
    Shop.gone = 4
    code, messages, said = run(tmp_path, shop)
    assert code == 1
    assert "Stream lines is partial" in said
    assert len(rows(messages, "orders")) == len(ORDERS)
