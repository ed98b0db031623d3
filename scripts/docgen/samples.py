"""Generated systems whose clock stands still, and one row of every stream read from them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import cinchy, cortex
from sandbox.cachet.app import create_app as cachet_app
from sandbox.cachet.clock import Clock
from sandbox.cachet.generate import generate as cachet_world
from sandbox.cachet.options import ADMIN_TOKEN, Options
from sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_168_800
"""20 November 2026, 10:00 UTC, in seconds."""

STEADY = {
    "checked_at": "2026-11-20T10:00:00Z",
    "read_at": "2026-11-20T10:00:00Z",
    "snapshot_date": "2026-11-20",
    "latency_ms": 12,
}
"""Values that differ from run to run, by column."""


@contextlib.contextmanager
def _cachet() -> Iterator[dict[str, Any]]:
    world = cachet_world(clock=Clock(NOW))
    with serve(cachet_app(world, Options())) as server:
        yield {
            "api_url": server.url,
            "api_key": ADMIN_TOKEN,
            "incident_ids": [min(row.id for row in world.incidents)],
            "component_ids": [min(row.id for row in world.components)],
        }


@contextlib.contextmanager
def _cortex() -> Iterator[dict[str, Any]]:
    world = cortex.World(cortex.WorldSpec(entities=40, logs=50, hostile=False, crowd=3))
    with serve(cortex.create_app(world, cortex.Options())) as server:
        yield {"api_url": server.url, "api_key": cortex.DEFAULT_TOKEN}


@contextlib.contextmanager
def _cinchy() -> Iterator[dict[str, Any]]:
    app = cinchy.create_app(cinchy.build_world(rows=40), cinchy.Options())
    with serve(app) as server:
        yield {
            "api_url": server.url + app.options.base_path,
            "access_token": app.world.accounts["reader"].token,
            "allow_insecure_http": True,
            "tables_include": ["HR.*"],
        }


SYSTEMS = {"tap-cachet": _cachet, "tap-cortex": _cortex, "tap-cinchy": _cinchy}


def samples(tap: str, config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fullest of the rows of every stream of a tap."""
    command = str(Path(sys.executable).parent / tap)
    with tempfile.TemporaryDirectory() as folder:
        settings, catalog = Path(folder, "config.json"), Path(folder, "catalog.json")
        settings.write_text(json.dumps({**config, "requests_per_minute": 0}), encoding="utf-8")
        entries = json.loads(_run(command, "--config", str(settings), "--discover"))
        for stream in entries["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = True
        catalog.write_text(json.dumps(entries), encoding="utf-8")
        lines = _run(command, "--config", str(settings), "--catalog", str(catalog)).split("\n")
    best: dict[str, dict[str, Any]] = {}
    for line in filter(None, lines):
        # Addresses change with every start.
        message = json.loads(line.replace(config["api_url"], "https://example.com"))
        if message["type"] != "RECORD":
            continue
        row, stream = message["record"], message["stream"]
        row |= {name: value for name, value in STEADY.items() if name in row}
        if stream not in best or _filled(row) > _filled(best[stream]):
            best[stream] = row
    return best


def _filled(row: dict[str, Any]) -> tuple[bool, int]:
    """Return how much a row shows; a living one always more than a deleted one."""
    shown = sum(value not in (None, [], {}, "", "-0.0") for value in map(_plain, row.values()))
    return not row.get("_sdc_deleted_at"), shown


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


def _run(*command: str) -> str:
    """Run a command whose last stream may be refused: some need what no sandbox key has."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode > 1:
        raise SystemExit(done.stderr)
    return done.stdout
