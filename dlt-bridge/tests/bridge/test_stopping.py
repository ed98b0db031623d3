"""A tap in this process ends when the load does, and the load says why."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from dlt_bridge import cachet_source
from dlt_bridge.errors import RejectedValueError
from dlt_bridge.taps import InProcessTap
from sandbox import cachet
from sandbox.serve import serve
from tap_cachet.tap import TapCachet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LATE = 6
"""Requests that may be on their way while the tap is told to stop."""


class Requests:
    """Counts what the server is asked, and interrupts this process at a chosen moment."""

    def __init__(self, app: Any) -> None:
        self.count = 0
        self.interrupt_at = 0
        self._app = app

    def __call__(self, *arguments: Any) -> Any:
        self.count += 1
        if self.count == self.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
        return self._app(*arguments)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Requests, str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    world = cachet.generate(cachet.Size(incidents=200, metric_points=50), seed=7)
    app = Requests(cachet.create_app(world, cachet.Options(api="3")))
    with serve(app) as server:
        yield app, server.url


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt, as at a terminal; a job in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def tap_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tap-cachet"]


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_ends_the_tap(served: tuple[Requests, str]) -> None:
    app, url = served
    source = cachet_source(url, api_key=cachet.ADMIN_TOKEN)
    app.interrupt_at = app.count + 8
    with pytest.raises(PipelineStepFailed, match="KeyboardInterrupt"):
        dlt.pipeline("stopped", destination="duckdb", dataset_name="seen").extract(source)
    for thread in tap_threads():
        thread.join(30)
        assert not thread.is_alive()
    assert app.count <= app.interrupt_at + _LATE


def test_an_error_of_the_load_ends_the_tap_and_is_shown(served: tuple[Requests, str]) -> None:
    app, url = served
    tap = InProcessTap(TapCachet, {"api_url": url, "api_key": cachet.ADMIN_TOKEN})
    catalog = tap.discover()
    before: list[int] = []

    def sink(line: bytes) -> None:
        if b'"RECORD"' in line:
            before.append(app.count)
            raise RejectedValueError("this value does not fit")

    with pytest.raises(RejectedValueError, match="does not fit"):
        tap.run(catalog, None, sink)
    assert len(before) == 1
    assert app.count <= before[0] + _LATE
    assert not tap_threads()
