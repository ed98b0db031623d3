"""The README's table of streams says what the code says (``UPDATE_SNAPSHOTS=1`` writes it)."""

from __future__ import annotations

import os
from pathlib import Path

from singer_rest.sdk.streams import SourceStream
from tap_cortex.tap import TapCortex

README = Path(__file__).parents[2] / "tap-cortex" / "README.md"
BEGIN = "<!-- streams: compared with the code by tests/cortex/test_readme.py -->\n"
END = "<!-- end of streams -->\n"


def replication(stream: SourceStream) -> str:
    if stream.daily_snapshot:
        return "a row per day"
    return f"`{stream.replication_key}`" if stream.replication_key else "full"


def table() -> str:
    tap = TapCortex(config={}, validate_config=False, setup_mapper=False)
    lines = [
        "| stream | route | key | replication | permission | requests |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for stream in tap.streams.values():
        if not isinstance(stream, SourceStream):  # what every tap sends besides
            continue
        opt_in = "" if stream.selected_by_default else " (opt-in)"
        keys = ", ".join(f"`{key}`" for key in stream.primary_keys)
        lines.append(
            f"| `{stream.name}`{opt_in} | {stream.route} | {keys} | {replication(stream)} | "
            f"{stream.permission or '-'} | {stream.cost} |"
        )
    return "\n".join(lines)


def test_the_table_of_streams_is_the_code() -> None:
    text = README.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        README.write_text(f"{head}{BEGIN}\n{table()}\n\n{END}{tail}", encoding="utf-8")
    else:
        assert old.strip() == table()
