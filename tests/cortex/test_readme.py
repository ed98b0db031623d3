"""What the README says of groups of streams is what the code says of them."""

from __future__ import annotations

import re
from pathlib import Path

from singer_rest.sdk.streams import SourceStream
from tap_cortex.tap import TapCortex

README = Path(__file__).parents[2] / "tap-cortex" / "README.md"
THIRD_PARTIES = {"docs_list", "health"}
"""The README has a sentence for them by themselves."""
BY_HABIT = {"departments"}
"""Its route is documented for one department, and not as a list."""


def section(heading: str) -> str:
    text = README.read_text(encoding="utf-8")
    return text[text.index(f"\n## {heading}\n") :].split("\n## ")[1]


def streams() -> list[SourceStream]:
    tap = TapCortex(config={}, validate_config=False, setup_mapper=False)
    return [stream for stream in tap.streams.values() if isinstance(stream, SourceStream)]


def test_incremental_streams_are_all_named() -> None:
    table = section("Which streams are incremental").split("\n\n")[2]
    told = {
        (name, key)
        for first, key in re.findall(r"^\| (`.+?) \|.*\| `(\w+)` \|$", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", first)
    }
    assert told == {
        (stream.name, stream.replication_key)
        for stream in streams()
        if stream.replication_key and not stream.daily_snapshot
    }


def test_undocumented_streams_are_all_named() -> None:
    listed = section("Routes that no document describes").split("\n\n")[1]
    undocumented = {
        stream.name
        for stream in streams()
        if getattr(stream, "undocumented", False) or getattr(stream, "probe_count", 0)
    }
    assert undocumented
    told = set(re.findall(r"`(\w+)`", listed)) - {"raw"}
    assert told == (undocumented - THIRD_PARTIES) | BY_HABIT
