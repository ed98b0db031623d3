"""Compare a catalog with the one in git: a changed column is a decision, not an accident.

Set ``UPDATE_SNAPSHOTS=1`` to write the files anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def check_catalog(catalog: dict[str, Any], folder: Path) -> None:
    """Assert that every stream of a catalog equals its snapshot, and that none is left over."""
    found = {stream["tap_stream_id"]: _text(stream) for stream in catalog["streams"]}
    if os.environ.get("UPDATE_SNAPSHOTS"):
        folder.mkdir(exist_ok=True)
        for path in folder.glob("*.json"):
            path.unlink()
        for name, text in found.items():
            (folder / f"{name}.json").write_text(text, encoding="utf-8")
    kept = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    assert set(found) == set(kept), "streams were added or removed (UPDATE_SNAPSHOTS=1 accepts it)"
    for name, text in found.items():
        assert text == kept[name], f"the catalog entry of {name} has changed"


def _text(stream: dict[str, Any]) -> str:
    """Return what users depend on: columns, keys and default selection."""
    root = next(entry for entry in stream["metadata"] if entry["breadcrumb"] == [])
    kept = {
        "key_properties": stream["key_properties"],
        "replication_key": stream.get("replication_key"),
        "replication_method": stream.get("replication_method"),
        "selected_by_default": root["metadata"].get("selected-by-default", True),
        "schema": stream["schema"],
    }
    return json.dumps(kept, indent=1, sort_keys=True) + "\n"
