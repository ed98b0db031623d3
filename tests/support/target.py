"""A target in memory: one row per key, and what ACTIVATE_VERSION retires is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Record = dict[str, Any]


class Target:
    """Loads Singer messages as a target with upsert does."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[Any, ...], Record]] = {}
        self.state: dict[str, Any] = {}
        self._keys: dict[str, list[str]] = {}
        self._versions: dict[str, dict[tuple[Any, ...], int | None]] = {}

    def load(self, messages: Iterable[dict[str, Any]]) -> None:
        for message in messages:
            kind, stream = message["type"], message.get("stream", "")
            if kind == "SCHEMA":
                self._keys[stream] = message["key_properties"]
                self.tables.setdefault(stream, {})
                self._versions.setdefault(stream, {})
            elif kind == "RECORD":
                record = message["record"]
                key = tuple(record[name] for name in self._keys[stream])
                self.tables[stream][key] = record
                self._versions[stream][key] = message.get("version")
            elif kind == "ACTIVATE_VERSION":
                for key, version in list(self._versions[stream].items()):
                    if version is None or version < message["version"]:
                        del self.tables[stream][key], self._versions[stream][key]
            elif kind == "STATE":
                self.state = message["value"]
