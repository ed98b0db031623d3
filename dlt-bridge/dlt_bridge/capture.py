"""Takes the messages of a tap in this process from its own writer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from dlt_bridge.dlt_setup import spare_pandas

Sink = Callable[[bytes], None]
"""Takes one line of Singer messages."""

Times = Sequence[tuple[str, int]]
"""When rows were read: a moment and how many rows it is that of, in the order of the rows."""

PageSink = Callable[[str, pa.RecordBatch, int | None, Times], bool]
"""Takes rows as columns: the stream, the rows, their version and when they were read.

Returns whether it did; if not, the same rows come as lines."""


def capturing_writer(tap_class: Any, sink: Sink, pages: PageSink | None = None) -> Any:
    """Make a message writer that encodes as the tap's own does, but writes nowhere else.

    Args:
        tap_class: The tap; one made with singer-rest hands over columns, if somebody takes them.
        sink: Gets every line.
        pages: Gets the rows of whole pages instead.
    """
    writer_class: Any = tap_class.message_writer_class
    if pages is not None and hasattr(tap_class, "column_output"):
        spare_pandas()
        return tap_class.column_output(sink, pages)
    if hasattr(writer_class, "_write"):  # singer-rest's writer hands over whole pages here

        class PageCapture(writer_class):  # type: ignore[misc]
            def _write(self, data: bytes) -> None:
                for line in data.splitlines(keepends=True):
                    sink(line)

        return PageCapture()

    class Capture(writer_class):  # type: ignore[misc]
        def write_message(self, message: Any) -> None:
            line = self.format_message(message)
            sink(line if isinstance(line, bytes) else line.encode())

    return Capture()
