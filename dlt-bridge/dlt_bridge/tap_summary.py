"""Asks a tap that can say so which streams it read to their end."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class TapSummary:
    """The summary file of one run of a tap.

    Args:
        tap_class: The tap's class.
        config: Its configuration, which may name a summary file already.
    """

    def __init__(self, tap_class: Any, config: Mapping[str, Any]) -> None:
        known = getattr(tap_class, "config_jsonschema", {}).get("properties", {})
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._path = config.get("summary_file")
        self.setting: dict[str, str] = {}
        if "summary_file" in known and not self._path:
            self._folder = tempfile.TemporaryDirectory(prefix="singer-summary-")
            self._path = str(Path(self._folder.name) / "summary.json")
            self.setting = {"summary_file": self._path}

    def complete_streams(self) -> frozenset[str] | None:
        """Return the streams it read to their end; None if it does not say."""
        try:
            found = json.loads(Path(self._path or "").read_text(encoding="utf-8"))
            streams = found.get("tap", found)["streams"]
            return frozenset(s["stream"] for s in streams if s["outcome"] == "complete")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def close(self) -> None:
        """Remove the file, if it is our own."""
        if self._folder is not None:
            self._folder.cleanup()
