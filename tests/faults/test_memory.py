"""A million records take hardly more memory than ten thousand: F64.

Pages are made on request from one text, so that neither the server nor this process is what
counts; and the tap is started from a small process, because what the system tells of a child
begins with the size of its parent.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .runner import WIDE_TAP, Runner, discover, selecting
from .server import FaultServer, Reply

pytestmark = pytest.mark.integration

if TYPE_CHECKING:
    from .runner import Started
    from .server import Exchange, Seen

SIZE = 1000
LITTLE, MUCH = 10_000, 1_000_000
MOST = {"numbers": 20_000, "names": 60_000}
"""Kilobytes by which the peak may grow; a list without order is read twice, and both passes are
remembered."""
TEXT = b"a row like many others, about a hundred bytes long, as most rows of most lists are"
SPREAD = 0x9E3779B97F4A7C15
"""Odd, so that its multiples are all different, and in no order."""
BITE = 1 << 14
WORKERS = 4
LONGEST = 250
"""Seconds a million rows may take where the machine does other things as well."""


class LongList(FaultServer):
    """Serves ``numbers`` and ``names``, so many rows each."""

    def __init__(self, count: int, *, pause: float = 0) -> None:
        super().__init__()
        self.count = count
        row = b'{"id":%d,"text":"' + TEXT + b'"}'
        self._pages = {"/numbers": row}
        self._pages["/names"] = self._pages["/numbers"].replace(b"%d", b'"%016x"')
        for path in self._pages:
            self.script(path, forever=lambda exchange: exchange.reply(self.page(exchange.seen)))
        if pause:
            self.script("/names", lambda exchange: self._late(exchange, pause))
        self.script("/me", forever=lambda exchange: exchange.reply(Reply(200, (), b"{}")))

    def _late(self, exchange: Exchange, pause: float) -> None:
        exchange.pause(pause)
        exchange.reply(self.page(exchange.seen))

    def page(self, seen: Seen) -> Reply:
        size = int(seen.query["per_page"])
        first = (int(seen.query["page"]) - 1) * size
        ids = list(range(first + 1, min(first + size, self.count) + 1))
        if seen.path == "/names":
            ids = [number * SPREAD % (1 << 64) for number in ids]
        rows = b",".join([self._pages[seen.path]] * len(ids)) % tuple(ids)
        body = b'{"total":%d,"rows":[%s]}' % (self.count, rows)
        return Reply(200, (("Content-Type", "application/json"),), body)


def start(folder: Path, server: LongList, stream: str, stdout: Any, **settings: Any) -> Started:
    """Start the tap from a small process, which writes the peak to a file."""
    small = (sys.executable, str(Path(__file__).with_name("peak.py")), str(folder / "peak"))
    catalog = selecting(discover(WIDE_TAP), [stream])
    config = {"api_url": server.url, "page_size": SIZE, **settings}
    return Runner(folder, (*small, *WIDE_TAP)).start(
        config, catalog=catalog, log="INFO", stdout=stdout
    )


def peak(folder: Path, stream: str, count: int) -> int:
    """Read so many rows of a stream and return the peak in kilobytes."""
    with LongList(count) as server, Path(os.devnull).open("wb") as nobody:
        run = start(folder, server, stream, nobody).finish(seconds=LONGEST)
    assert run.code == 0, run.last
    assert run.result(stream)["received"] == run.result(stream)["expected"] == count
    return int((folder / "peak").read_text())


@pytest.mark.parametrize("stream", ["numbers", "names"])
def test_f64_a_million_rows(tmp_path: Path, stream: str) -> None:
    """In the order of their numbers, the common case; and known by texts in no order at all."""
    little, much = (peak(tmp_path, stream, count) for count in (LITTLE, MUCH))
    print(f"{stream}: {little} kB for {LITTLE} rows, {much} kB for {MUCH}")  # noqa: T201
    assert much - little < MOST[stream]


def read_in_bites(folder: Path, count: int) -> int:
    """Read as a slow target does, with requests ahead; returns the peak in kilobytes.

    However long the target takes, no more pages are asked for than the workers hold.
    """
    with LongList(count, pause=0.05) as server:
        started = start(folder, server, "names", subprocess.PIPE, concurrency=WORKERS)
        pipe = started.process.stdout
        assert pipe is not None
        records = 0
        while bite := os.read(pipe.fileno(), BITE):
            records += bite.count(b'"RECORD"')
            # The second pass over a list without order asks again and writes nothing.
            asked = min(len(server.requests("/names")), -(-count // SIZE))
            ahead = asked - records // SIZE
            assert ahead <= 2 * WORKERS + 2
        run = started.finish()
        connections = {seen.connection for seen in server.requests("/names")}
    assert run.code == 0, run.last
    assert run.result("names")["received"] == count
    assert len(connections) > 1, "nothing was asked for ahead"
    return int((folder / "peak").read_text())


def test_f64_a_slow_target_and_requests_ahead(tmp_path: Path) -> None:
    little, much = (read_in_bites(tmp_path, count) for count in (LITTLE, 10 * LITTLE))
    assert much - little < MOST["names"]
