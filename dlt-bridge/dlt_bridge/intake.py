"""Sorts messages into the batches of rows that go to the destination together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.batch import read_batch
from dlt_bridge.errors import MessageError
from dlt_bridge.messages import ABSENT, Message
from dlt_bridge.sequence import STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from dlt_bridge.capture import Times
    from dlt_bridge.load_batch import Batch
    from dlt_bridge.stream_intake import StreamIntake

logger = logging.getLogger(__name__)


_LONG_RECORD_BYTES: Final = 8_192

_MEMORY_BYTES: Final = 64 * 2**20
"""Messages kept in memory, over all streams, before they go to disk."""


class Intake:
    """All streams of one run.

    Attributes:
        sequence: The sequence number of the last record.
        long_bytes: The bytes of long records since rows were handed over.

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
        self.long_bytes = 0
        self._in_memory = 0

    def take(self, message: Message, size: int) -> bool:
        """Take any message but STATE.

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
            self.sequence += STEP
            on_disk = stream.append(message, self.sequence, size)
            return self._spill(size) or on_disk
        if message.type == "ACTIVATE_VERSION":
            stream.activate(message.version)
            return False
        return self._batch_files(stream, message)

    def take_page(
        self, name: str, page: pa.RecordBatch, version: int | None, extracted: Times
    ) -> bool:
        """Take rows of a stream as columns.

        Args:
            name: The stream.
            page: The rows, with the columns of SCHEMA.
            version: Their version, as that of a RECORD.
            extracted: When the tap read them.

        Returns:
            Whether they were taken; if not, they have to come as RECORD messages.

        Raises:
            MessageError: If a row lacks its key.
            RejectedValueError: If a row lacks what its SCHEMA requires.
        """
        if name in self._failures:
            return True
        stream = self._streams.get(name)
        if stream is None or not stream.append_page(page, self.sequence, version, extracted):
            return False
        self.sequence += STEP * page.num_rows
        self._spill(page.nbytes)
        return True

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
        """Hand over what can be loaded: packages to load one after the other.

        A package has at most one batch of each stream.
        """
        self.long_bytes = 0
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

    def finish(self, state: bytes | None = None) -> None:
        """Resolve what is open, at the end of a complete input.

        Args:
            state: The last STATE, which the tap will continue from.
        """
        for stream in self._streams.values():
            stream.finish(state)
        if never := sorted(self._activated_early):
            logger.warning(
                "ACTIVATE_VERSION came for %s, but no SCHEMA: nothing is done.", ", ".join(never)
            )

    def _spill(self, size: int) -> bool:
        """Put everything on disk when many streams at once have records in memory."""
        self._in_memory += size
        if size > _LONG_RECORD_BYTES:
            self.long_bytes += size
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
        version = message.version
        if version is None:
            version = stream.versions.announced
        for record, size in read_batch(message):
            self.sequence += STEP
            row = Message("RECORD", record=record, version=version)
            stream.append_batched(row, self.sequence, size)
            self._spill(size)
        return True
