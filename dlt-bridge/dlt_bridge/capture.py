"""Takes the messages of a tap in this process from its own writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Sink = Callable[[bytes], None]
"""Takes one line of Singer messages."""


def capturing_writer(writer_class: Any, sink: Sink) -> Any:
    """Make a message writer that encodes as the tap's own does, but writes nowhere else."""
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
