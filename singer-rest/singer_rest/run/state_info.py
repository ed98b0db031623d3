"""A state in words: which system it is of, and how far each of its streams was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_rest.run.bookmarks import COVERS, KEY, ROWS, VALUE, Bookmarks
from singer_rest.run.screen import grouped

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 160
"""Characters of what a bookmark covers that are shown."""
UNKNOWN = "a system that the state does not name"


def describe(state: Mapping[str, Any], tap: str) -> list[str]:
    """Return what a state says, as lines of text.

    Args:
        state: As :func:`singer_rest.run.bookmarks.read_state` returns it.
        tap: Whose it is taken for.
    """
    entries: Mapping[str, Mapping[str, Any]] = state.get("bookmarks", {})
    if not entries:
        return [f"The state is empty: {tap} would read everything from the start."]
    bookmarks = Bookmarks(dict(state))
    covered = {name: bookmarks.covered(name) for name in entries}
    systems = sorted({found[0] for found in covered.values() if found}) or [UNKNOWN]
    noun = "stream" if len(entries) == 1 else "streams"
    width = max(map(len, entries))
    lines = [f"{len(entries)} {noun} of {' and '.join(systems)}"]
    for name, entry in sorted(entries.items()):
        words = _words(entry)
        found = covered[name]
        if found and found[1]:
            words += f"; covers {_short(found[1])}"
        if found and len(systems) > 1:
            words += f"; of {found[0]}"
        lines.append(f"{name.ljust(width)}  {words}")
    return lines


def _short(covered: str) -> str:
    return covered if len(covered) <= LONGEST else f"{covered[:LONGEST]} ..."


def _words(entry: Mapping[str, Any]) -> str:
    """Say how far one stream was read."""
    parts = []
    if entry.get(VALUE) is not None:
        parts.append(f"read up to {entry.get(KEY)} {entry[VALUE]}")
    partitions = entry.get("partitions") or []
    if partitions:
        values = sorted(str(part[VALUE]) for part in partitions if part.get(VALUE) is not None)
        span = f", up to {values[0]} the least and {values[-1]} the most" if values else ""
        parts.append(f"{grouped(len(partitions))} bookmarks, one for each parent{span}")
        if not entry.get(COVERS) and entry.get(ROWS) is None:
            parts.append("never read to its end since this is noted: a read may be unfinished")
    if isinstance(entry.get(ROWS), int):
        parts.append(f"{grouped(entry[ROWS])} rows at the last complete read")
    if not parts:
        parts.append("complete" if entry.get(COVERS) else "no bookmark: it is read from the start")
    return "; ".join(parts)
