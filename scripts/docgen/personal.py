"""The table of columns that can hold personal data, for the taps whose columns are known."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from singer_rest.sdk.streams import SourceStream

if TYPE_CHECKING:
    from docgen.project import TapInfo

SETTINGS = {
    "tap-cachet": {"api_url": "https://status.example.com"},
    "tap-cortex": {"api_key": "of-a-reader"},
}


def table(taps: tuple[TapInfo, ...]) -> list[str]:
    """Return the lines of the table, stream by stream."""
    lines = ["| tap | stream | read by default | columns |", "| --- | --- | --- | --- |"]
    logging.disable(logging.CRITICAL)
    for tap in taps:
        if tap.name not in SETTINGS:
            continue
        instance = tap.load()(config=SETTINGS[tap.name], setup_mapper=False)
        for stream in instance.streams.values():
            if isinstance(stream, SourceStream) and stream.personal:
                names = [column.name for column in stream.table.columns]
                personal = sorted(stream.personal, key=names.index)
                default = "yes" if stream.selected_by_default else "no"
                columns = ", ".join(f"`{name}`" for name in personal)
                lines.append(f"| {tap.name} | `{stream.name}` | {default} | {columns} |")
    logging.disable(logging.NOTSET)
    return lines
