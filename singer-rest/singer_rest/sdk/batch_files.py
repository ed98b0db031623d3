"""Records into files that BATCH messages name, where the setting ``batch_config`` asks for it."""

from __future__ import annotations

import gzip
import sys
import uuid
from typing import TYPE_CHECKING, Any

from singer_sdk.batch import Batcher

from singer_rest.errors import ConfigError, OutputClosedError
from singer_rest.sdk.compat import BatchMessage
from singer_rest.sdk.messages import SingerOutput, encoded_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_rest.sdk.compat import BatchConfig
    from singer_rest.sdk.streams import SourceStream

JSON_LINES = "jsonl"
COMPRESSION = 6
"""Of gzip; its default of 9 takes twice the time for a fiftieth of the size."""


class BatchFiles:
    """The files of one stream.

    Args:
        stream: Whose they are.
        config: Where files go, in which form, and how many records go into one at most.
        version: What the records of a full table are known by.

    Raises:
        ConfigError: Files of this form cannot be written.
    """

    def __init__(self, stream: SourceStream, config: BatchConfig, version: int | None) -> None:
        self.stream = stream
        self.config = config
        self.version = version
        self._waiting: dict[str, list[Any]] = {}
        self._run = uuid.uuid4().hex
        self._files = 0
        try:
            self._other = Batcher.get_batcher(config.encoding.format)
        except (ValueError, ImportError) as error:
            raise ConfigError(
                f"batch_config: files of the format {config.encoding.format!r} cannot be written "
                f"({error}); use {JSON_LINES} with gzip."
            ) from error

    @property
    def waiting(self) -> bool:
        """Whether records have come that no message has told of."""
        return any(self._waiting.values())

    def add(self, alias: str, records: Iterable[Any]) -> None:
        """Take records of a stream, under the name it is sent by; full files are written.

        Raises:
            OutputClosedError: A file cannot be written, or the target has gone.
        """
        rows = self._waiting.setdefault(alias, [])
        rows.extend(records)
        size = max(1, self.config.batch_size)
        while len(rows) >= size:
            self._write(alias, rows[:size])
            del rows[:size]

    def flush(self) -> None:
        """Write what is left.

        Raises:
            OutputClosedError: As above.
        """
        for alias, rows in self._waiting.items():
            if rows:
                self._write(alias, rows)
        self._waiting.clear()

    def _write(self, alias: str, rows: list[Any]) -> None:
        encoding = self.config.encoding
        try:
            if encoding.format == JSON_LINES:
                manifests = [[self._json_lines(alias, rows)]]
            else:
                batcher = self._other(self.stream.tap_name, alias, self.config)
                manifests = list(batcher.get_batches(iter(rows)))
        except OSError as error:
            raise OutputClosedError(
                f"A batch file of {alias} cannot be written below {self.config.storage.root}: "
                f"{error.strerror or error}. Make room there, or correct batch_config.",
                code="OUTPUT-FAILED",
            ) from error
        output = self.stream.tap.message_writer
        if isinstance(output, SingerOutput):  # a file is more than any STATE
            output.pace.count_records(sys.maxsize)
        for manifest in manifests:
            self.stream.tap.write_message(
                BatchMessage(alias, encoding, manifest, version=self.version)
            )

    def _json_lines(self, alias: str, rows: list[Any]) -> str:
        self._files += 1
        storage = self.config.storage
        zipped = self.config.encoding.compression == "gzip"
        ending = "json.gz" if zipped else "json"
        prefix = storage.prefix or ""
        name = f"{prefix}{self.stream.tap_name}--{alias}-{self._run}-{self._files}.{ending}"
        lines = encoded_lines(alias, rows)
        with storage.open(name, "wb") as file:
            file.write(gzip.compress(lines, COMPRESSION) if zipped else lines)
        return str(storage.get_url(name))
