"""Two runs at once do not come into each other's way: F65."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .places import PLACES, Place
from .runner import Run, Runner

if TYPE_CHECKING:
    from pathlib import Path

    from .server import Exchange


def together(exchange: Exchange) -> None:
    """Answer when the other run has asked the same."""
    server, seen = exchange.server, exchange.seen
    while len(server.requests(f"{seen.method} {seen.path}")) < 2:
        exchange.pause(0.005)
    exchange.reply(exchange.whole())


def records(run: Run, place: Place) -> list[dict[str, object]]:
    return run.rows(place.stream)


@pytest.mark.parametrize("name", ["cachet", "cortex", "cinchy"])
def test_f65_two_runs_at_once(tmp_path: Path, name: str) -> None:
    """With one configuration, one summary file, one home: each is what it would be alone."""
    home = tmp_path / "home"
    home.mkdir()
    nowhere = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME"), str(home))
    shared = tmp_path / "shared"
    shared.mkdir()
    with PLACES[name](40) as place:
        config = place.config(summary_file=str(shared / "summary.json"))
        options = {"catalog": place.catalog(tmp_path), "env": nowhere}
        alone = Runner(tmp_path, place.command)(config, **options)
        place.script("*", forever=together)
        place.seen.clear()
        started = [Runner(tmp_path, place.command).start(config, **options) for _run in range(2)]
        runs = [each.finish() for each in started]
    for run in runs:
        assert run.code == 0, run.last
        assert records(run, place) == records(alone, place)
        assert timeless(run.state) == timeless(alone.state)
        assert run.activated == alone.activated
    assert [path.name for path in shared.iterdir()] == ["summary.json"]
    summary = json.loads((shared / "summary.json").read_text())["tap"]
    assert {line["outcome"] for line in summary["streams"]} == {"complete"}
    assert list(home.iterdir()) == []


def timeless(state: Any) -> Any:
    """Return a state without the times at which reads were complete."""
    if isinstance(state, dict):
        return {name: timeless(value) for name, value in state.items() if name != "completed"}
    return state
