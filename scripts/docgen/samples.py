"""One row of every stream, from generated systems whose clock stands still."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.cachet.app import create_app as cachet_app
from sandbox.cachet.clock import Clock
from sandbox.cachet.generate import generate as cachet_world
from sandbox.cachet.options import ADMIN_TOKEN, Options
from sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_168_800
"""20 November 2026, 10:00 UTC, in seconds."""


@contextlib.contextmanager
def _cachet() -> Iterator[dict[str, Any]]:
    world = cachet_world(clock=Clock(NOW))
    with serve(cachet_app(world, Options())) as server:
        ids = [min(row.id for row in world.incidents)]
        yield {
            "api_url": server.url,
            "api_key": ADMIN_TOKEN,
            "incident_ids": ids,
            "component_ids": [min(row.id for row in world.components)],
        }


SYSTEMS = {"tap-cachet": _cachet}


def samples(tap: str) -> dict[str, dict[str, Any]]:
    """Return the fullest of the first rows of every stream of a tap."""
    if tap not in SYSTEMS:
        return {}
    command = str(Path(sys.executable).parent / tap)
    with SYSTEMS[tap]() as config, tempfile.TemporaryDirectory() as folder:
        settings, catalog = Path(folder, "config.json"), Path(folder, "catalog.json")
        settings.write_text(json.dumps({**config, "requests_per_minute": 0}), encoding="utf-8")
        found = _run(command, "--config", str(settings), "--discover")
        entries = json.loads(found)
        for stream in entries["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = True
        catalog.write_text(json.dumps(entries), encoding="utf-8")
        lines = _run(command, "--config", str(settings), "--catalog", str(catalog)).splitlines()
        address = config["api_url"]
    best: dict[str, dict[str, Any]] = {}
    for line in lines:
        message = json.loads(line.replace(address, "https://status.example.com"))
        if message["type"] != "RECORD":
            continue
        row, stream = message["record"], message["stream"]
        if stream not in best or _filled(row) > _filled(best[stream]):
            best[stream] = row
    return best


def _filled(row: dict[str, Any]) -> int:
    return sum(value not in (None, [], {}, "") for value in row.values())


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
