"""Sorts messages into the batches of rows that go to the destination together."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from dlt_bridge.batch import read_batch
from dlt_bridge.columns import TableLayout
from dlt_bridge.errors import MessageError
from dlt_bridge.messages import ABSENT, Message
from dlt_bridge.record_buffer import RecordBuffer
from dlt_bridge.snapshots import Versions
from dlt_bridge.spool import SpoolFile

logger = logging.getLogger(__name__)


_MEMORY_BYTES: Final = 64 * 2**20
"""Messages kept in memory, over all streams, before they go to disk."""


class Disposition(StrEnum):
    """What rows do to the table they are loaded into; dlt's words."""

    APPEND = "append"
    MERGE = "merge"
    REPLACE = "replace"


@dataclass(frozen=True)
class Batch:
    """Rows of one stream that go to the destination in one piece.

    Attributes:
        layout: The table.
        disposition: What the rows do to it.
        files: The rows; none for a table that is only to exist, or to be emptied.
        keys: The key columns at the time.
        first_sequence: The sequence number of the first row.
        version: The version that becomes the stream's active one with this batch.
    """

    layout: TableLayout
    disposition: Disposition
    files: tuple[SpoolFile, ...]
    keys: tuple[str, ...]
    first_sequence: int = 0
    version: Any = None

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(file.rows for file in self.files)


class StreamIntake:
    """One stream's rows on their way.

    Args:
        layout: Its columns.
        folder: Where rows are kept; must exist.
        name: What the stream's files are called.
        versions: Its versions.
        was_replaced: Whether the table holds a whole snapshot now.
    """

    def __init__(
        self,
        layout: TableLayout,
        folder: Path,
        name: str,
        versions: Versions,
        *,
        was_replaced: bool,
    ) -> None:
        self.layout = layout
        self.versions = versions
        self.batches: list[Batch] = []
        self.first_in_snapshot: int | None = None
        self.activated = False
        self.received = 0
        self.was_replaced = was_replaced
        self._schema: bytes | None = None
        self._version: Any = None
        self._plain = RecordBuffer(layout, folder, f"{name}.rows")
        self._snapshot = RecordBuffer(layout, folder, f"{name}.snapshot")
        self._current = self._plain
        self._delivered = False

    @property
    def rows(self) -> int:
        """Rows that can be loaded; those of an open snapshot cannot."""
        return self._plain.rows + sum(batch.rows for batch in self.batches)

    def apply_schema(self, message: Message) -> None:
        """Takes a SCHEMA message; one that says nothing new costs nothing."""
        text = bytes(message.schema) + repr(message.key_properties).encode()
        if text == self._schema:
            return
        keys = message.key_properties or []
        if self._schema is not None and tuple(keys) != self.layout.keys:
            # Rows with another key are merged by themselves.
            self.queue_rows()
            self._abandon_snapshot()
        self.close_chunks()
        self.layout.apply(msgspec.json.decode(message.schema), keys)
        for table in (self._plain, self._snapshot):
            table.forget_columns()
        self._schema = text

    def close_chunks(self) -> None:
        """Puts the records in memory on disk."""
        self._plain.close_chunk()
        self._snapshot.close_chunk()

    def append(self, message: Message, sequence: int, size: int) -> bool:
        """Takes a RECORD; returns whether rows went to disk."""
        if message.version != self._version:
            self._switch(message.version)
        self.received += 1
        if self._current is self._snapshot and self.first_in_snapshot is None:
            self.first_in_snapshot = sequence
        return self._current.append(message.record, sequence, message.time_extracted, size)

    def activate(self, version: Any) -> None:
        """Takes an ACTIVATE_VERSION message."""
        self.activated = True
        if self.versions.activate(version) and self._current is self._snapshot:
            self._replace(version)

    def queue_rows(self) -> None:
        """Makes a batch of the rows that can be loaded."""
        announced = self.versions.announced
        version = announced if announced == self._version else None
        self._queue(self._plain, self._disposition, version=version)

    def finish(self) -> None:
        """Makes batches of everything, at the end of a complete input."""
        self.queue_rows()
        if self._snapshot.rows and self.versions.is_whole_at_end(self._version):
            self._replace(self._version)
        self._abandon_snapshot()
        empty = self.versions.announced_empty
        if empty is not None and self.versions.is_empty_proof:
            self._add_batch(Disposition.REPLACE, version=empty)
        elif empty is not None and self.was_replaced:
            logger.warning(
                "Stream %r was activated without a record. That is an empty stream or a tap that "
                "failed at once, so the table %s keeps its rows; see the setting replace_when.",
                self.layout.stream,
                self.layout.table,
            )
        if not self._delivered and not self.batches:
            self._add_batch(self._disposition)

    @property
    def _disposition(self) -> Disposition:
        return Disposition.MERGE if self.layout.keys else Disposition.APPEND

    def _switch(self, version: Any) -> None:
        self._abandon_snapshot()
        self._current.close_chunk()
        self._version = version
        self._current = self._snapshot if self.versions.is_snapshot(version) else self._plain

    def _replace(self, version: Any) -> None:
        self.queue_rows()
        self._queue(self._snapshot, Disposition.REPLACE, version=version)
        self.versions.active = version
        self.was_replaced = True
        self._close_snapshot()

    def _abandon_snapshot(self) -> None:
        """Deals with a snapshot that was never proved to be whole."""
        rows = self._snapshot.rows
        if rows and not self.layout.keys and self.was_replaced:
            self._snapshot.discard()
            logger.warning(
                "Stream %r ended without ACTIVATE_VERSION, so its %d rows are not a whole "
                "snapshot; it has no key to merge them by, and the table %s keeps the last whole "
                "snapshot.",
                self.layout.stream,
                rows,
                self.layout.table,
            )
        elif rows:
            self._queue(self._snapshot, self._disposition)
        self._close_snapshot()

    def _close_snapshot(self) -> None:
        self._current = self._plain
        self.first_in_snapshot = None

    def _queue(self, table: RecordBuffer, disposition: Disposition, *, version: Any = None) -> None:
        if table.rows:
            first = table.first_sequence
            self._add_batch(disposition, table.take(), first, version=version)

    def _add_batch(
        self,
        disposition: Disposition,
        files: Iterable[SpoolFile] = (),
        first_sequence: int = 0,
        *,
        version: Any = None,
    ) -> None:
        self._delivered = True
        keys = tuple(self.layout.key_columns)
        self.batches.append(
            Batch(self.layout, disposition, tuple(files), keys, first_sequence, version)
        )


class Intake:
    """All streams of one run.

    Args:
        make_stream: Makes the intake of a stream that is seen for the first time.
        first_sequence: The sequence number before that of the first record.
    """

    def __init__(self, make_stream: Callable[[str], StreamIntake], first_sequence: int) -> None:
        self.sequence = first_sequence
        self._make_stream = make_stream
        self._streams: dict[str, StreamIntake] = {}
        self._activated_early: dict[str, Any] = {}
        self._failures: dict[str, MessageError] = {}
        self._in_memory = 0

    def take(self, message: Message, size: int) -> bool:
        """Takes any message but STATE.

        Args:
            message: The message.
            size: Bytes of memory its record keeps.

        Returns:
            Whether rows went to disk, so that it is time to look at how many there are.

        Raises:
            MessageError: If it comes before its stream's SCHEMA or lacks a part.
            RejectedValueError: If a value in the chunk it completes does not fit its type.
        """
        if message.stream in self._failures:
            return False
        if message.type == "SCHEMA":
            self._schema(message)
            return False
        stream = self._streams.get(message.stream)
        if stream is None and message.type == "ACTIVATE_VERSION":
            self._activated_early[message.stream] = message.version
            return False
        if stream is None:
            raise MessageError(
                f"A {message.type} message of stream {message.stream!r} comes before the "
                "stream's SCHEMA, so the types of its columns are unknown."
            )
        if message.type == "RECORD":
            self.sequence += 1
            on_disk = stream.append(message, self.sequence, size)
            return self._spill(size) or on_disk
        if message.type == "ACTIVATE_VERSION":
            stream.activate(message.version)
            return False
        return self._batch_files(stream, message)

    @property
    def failures(self) -> Mapping[str, MessageError]:
        """The streams whose SCHEMA is of no use, which cost the others nothing.

        Their messages are dropped, so STATE must not go beyond what was passed on already.
        """
        return self._failures

    @property
    def rows(self) -> int:
        """Rows that can be loaded now."""
        return sum(stream.rows for stream in self._streams.values())

    @property
    def has_open_snapshot(self) -> bool:
        """Whether records came that cannot be loaded before their snapshot is known whole."""
        return any(stream.first_in_snapshot is not None for stream in self._streams.values())

    @property
    def streams(self) -> Mapping[str, StreamIntake]:
        """The streams that had a SCHEMA, by name."""
        return self._streams

    def take_packages(self) -> list[list[Batch]]:
        """Hands over what can be loaded: packages to load one after the other.

        A package has at most one batch of each stream.
        """
        for stream in self._streams.values():
            stream.queue_rows()
        packages: list[list[Batch]] = []
        for stream in self._streams.values():
            for number, batch in enumerate(stream.batches):
                if number == len(packages):
                    packages.append([])
                packages[number].append(batch)
            stream.batches = []
        return packages

    def finish(self) -> None:
        """Resolves what is open, at the end of a complete input."""
        for stream in self._streams.values():
            stream.finish()
        if never := sorted(self._activated_early):
            logger.warning(
                "ACTIVATE_VERSION came for %s, but no SCHEMA: nothing is done.", ", ".join(never)
            )

    def _spill(self, size: int) -> bool:
        """Puts everything on disk when many streams at once have records in memory."""
        self._in_memory += size
        if self._in_memory < _MEMORY_BYTES:
            return False
        self._in_memory = 0
        for stream in self._streams.values():
            stream.close_chunks()
        return True

    def _schema(self, message: Message) -> None:
        if message.schema == ABSENT:
            raise MessageError(f"A SCHEMA message of stream {message.stream!r} has no schema.")
        stream = self._streams.get(message.stream) or self._make_stream(message.stream)
        try:
            stream.apply_schema(message)
        except MessageError as error:
            self._failures[message.stream] = error
            logger.error("%s The other streams are loaded.", error)  # noqa: TRY400  # a sentence
            return
        self._streams[message.stream] = stream
        if message.stream in self._activated_early:
            stream.activate(self._activated_early.pop(message.stream))

    def _batch_files(self, stream: StreamIntake, message: Message) -> bool:
        for record, size in read_batch(message):
            self.sequence += 1
            stream.append(Message("RECORD", record=record), self.sequence, size)
            self._spill(size)
        return True
