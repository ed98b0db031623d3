"""One stream's records on their way into batches of rows."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from dlt_bridge.errors import MessageError
from dlt_bridge.load_batch import Batch, Disposition
from dlt_bridge.pages import fitting_arrays
from dlt_bridge.record_buffer import RecordBuffer
from dlt_bridge.sequence import STEP
from dlt_bridge.snapshots import Versions, names_version, read_version

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from dlt_bridge.capture import Times
    from dlt_bridge.columns import TableLayout
    from dlt_bridge.messages import Message
    from dlt_bridge.spool import SpoolFile

logger = logging.getLogger(__name__)


class StreamIntake:
    """One stream's rows on their way.

    Args:
        layout: Its columns.
        folder: Where rows are kept; must exist.
        name: What the stream's files are called.
        versions: Its versions.
        was_replaced: Whether the table holds a whole snapshot now.
        began_after: The sequence number before the first of this run.
    """

    def __init__(
        self,
        layout: TableLayout,
        folder: Path,
        name: str,
        versions: Versions,
        *,
        was_replaced: bool,
        began_after: int = 0,
    ) -> None:
        self.layout = layout
        self.versions = versions
        self.batches: list[Batch] = []
        self.first_in_snapshot: int | None = None
        self.activated = False
        self.received = 0
        self.was_replaced = was_replaced
        self.version: int | None = None
        self._began_after = began_after
        self._schema: bytes | None = None
        self._raw_version: Any = None
        self._has_unversioned = False
        self._received_at_schema = 0
        self._earlier: set[int | None] = set()
        """Versions of records since the last SCHEMA, the present one apart."""
        self._plain = RecordBuffer(layout, folder, f"{name}.rows")
        self._snapshot = RecordBuffer(layout, folder, f"{name}.snapshot")
        self._current = self._plain
        self._delivered = False

    @property
    def rows(self) -> int:
        """Rows that can be loaded; those of an open snapshot cannot."""
        return self._plain.rows + sum(batch.rows for batch in self.batches)

    @property
    def has_table(self) -> bool:
        """Whether its table exists; that of a stream without rows is made at the end."""
        return self._delivered or bool(self.layout.stored)

    def apply_schema(self, message: Message) -> None:
        """Take a SCHEMA message; one that says nothing new costs nothing."""
        self._received_at_schema = self.received
        self._earlier.clear()
        text = bytes(message.schema) + repr(message.key_properties).encode()
        if text == self._schema:
            return
        keys = message.key_properties or []
        if self._schema is not None and tuple(keys) != self.layout.keys:
            # Rows with another key are merged by themselves.
            self.queue_rows()
            self._set_snapshot_aside()
        self.close_chunks()
        self.layout.apply(msgspec.json.decode(message.schema), keys)
        for table in (self._plain, self._snapshot):
            table.forget_columns()
        self._schema = text

    def make_empty_file(self) -> SpoolFile:
        """Make a file with the stream's columns and no rows."""
        return self._plain.make_empty_file()

    def close_chunks(self) -> None:
        """Put the records in memory on disk."""
        self._plain.close_chunk()
        self._snapshot.close_chunk()

    def append(self, message: Message, sequence: int, size: int) -> bool:
        """Take a RECORD; returns whether rows went to disk.

        Raises:
            MessageError: If its version is no number.
        """
        if message.version != self._raw_version:
            self._switch(message.version)
        self.received += 1
        if self._current is self._snapshot and self.first_in_snapshot is None:
            self.first_in_snapshot = sequence
        return self._current.append(message.record, sequence, message.time_extracted, size)

    def append_page(
        self, page: pa.RecordBatch, after: int, version: int | None, extracted: Times
    ) -> bool:
        """Take rows as columns; returns whether they fit and were taken.

        Args:
            page: The rows.
            after: The sequence number before that of the first.
            version: Their version.
            extracted: When they were read.
        """
        arrays = fitting_arrays(self.layout, page)
        if arrays is None:
            return False
        if version != self._raw_version:
            self._switch(version)
        self.received += page.num_rows
        if self._current is self._snapshot and self.first_in_snapshot is None:
            self.first_in_snapshot = after + STEP
        self._current.append_page(arrays, after, extracted)
        return True

    def append_batched(self, message: Message, sequence: int, size: int) -> None:
        """Take a record out of a file, where it has no version of its own."""
        if message.version is None and self.version is None:
            self._has_unversioned = True
        self.append(message, sequence, size)

    def activate(self, raw_version: Any) -> None:
        """Take an ACTIVATE_VERSION message.

        Raises:
            MessageError: If it has no version, or one that is no number.
        """
        version = read_version(raw_version, self.layout.stream)
        if version is None:
            raise MessageError(
                f"An ACTIVATE_VERSION message of stream {self.layout.stream!r} has no version."
            )
        self.activated = True
        belong = self.version == version or (self.version is None and self._has_unversioned)
        follows = (belong and self._has_records) or version in self._earlier
        if not self.versions.activate(version, follows_records=follows):
            return
        if self._current is self._snapshot and self.version == version:
            self._replace(version)
        else:
            self._retire_others(version)

    def queue_rows(self) -> None:
        """Make a batch of the rows that can be loaded."""
        announced = self.versions.announced
        version = announced if announced == self.version else None
        self._queue(self._plain, self._disposition, version=version)

    def finish(self, state: bytes | None = None) -> None:
        """Make batches of everything, at the end of a complete input.

        Args:
            state: The last STATE, which the tap will continue from.
        """
        self.queue_rows()
        if self._snapshot.rows and self.versions.is_whole_at_end(self.version):
            self._replace(self.version)
        self._end_snapshot(state)
        unversioned = self._has_unversioned or (self.version is None and self._delivered)
        empty = None if unversioned else self.versions.announced_empty
        if empty is not None and self.versions.is_empty_proof:
            self._add_batch(Disposition.REPLACE, version=empty, activates=empty)
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

    @property
    def _has_records(self) -> bool:
        """Whether records came since the last SCHEMA."""
        return self.received > self._received_at_schema

    def _switch(self, raw_version: Any) -> None:
        version = read_version(raw_version, self.layout.stream)
        self._raw_version = raw_version
        if version == self.version:
            return
        if self.version is None and (self._plain.rows or self._delivered):
            self._has_unversioned = True
        if self._has_records:
            self._earlier.add(self.version)
        self._set_snapshot_aside()
        self.version = version
        self._current = self._snapshot if self.versions.is_snapshot(version) else self._plain
        self._current.begin_version(version)

    def _replace(self, version: int | None) -> None:
        self.queue_rows()
        self._queue(self._snapshot, Disposition.REPLACE, version=version, activates=version)
        self.versions.active = version
        self.was_replaced = True
        self._close_snapshot()

    def _retire_others(self, version: int) -> None:
        """Let older rows go with the next batch: rows of this version were loaded before it."""
        self.queue_rows()
        if self._snapshot.rows and self.version is not None and self.version < version:
            self._set_snapshot_aside()  # a late row of an older version goes too
        if self.batches and self.batches[-1].disposition != Disposition.REPLACE:
            last = self.batches.pop()
            self.batches.append(replace(last, version=version, activates=version))
        else:
            self._add_batch(self._disposition, version=version, activates=version)
        self.versions.active = version
        self.was_replaced = True

    def _end_snapshot(self, state: bytes | None) -> None:
        """Deal with a snapshot that was never proved to be whole."""
        rows = self._snapshot.rows
        if rows and not self.layout.keys and self.was_replaced:
            if not names_version(state, self.version):
                self._snapshot.discard()
                logger.warning(
                    "Stream %r ended without ACTIVATE_VERSION, so its %d rows are not a whole "
                    "snapshot; it has no key to merge them by, and the table %s keeps the last "
                    "whole snapshot.",
                    self.layout.stream,
                    rows,
                    self.layout.table,
                )
            else:
                logger.warning(
                    "Stream %r ended without ACTIVATE_VERSION; its STATE says that it goes on "
                    "with version %d. Until then the table %s has its %d rows beside those of "
                    "the last whole snapshot; the column %s tells them apart.",
                    self.layout.stream,
                    self.version,
                    self.layout.table,
                    rows,
                    self.layout.table_version.name,
                )
        self._set_snapshot_aside()

    def _set_snapshot_aside(self) -> None:
        """Load the rows of a snapshot as what they are: part of their version."""
        self._queue(self._snapshot, self._disposition)
        self._close_snapshot()

    def _close_snapshot(self) -> None:
        self._current = self._plain
        self.first_in_snapshot = None

    def _queue(
        self,
        table: RecordBuffer,
        disposition: Disposition,
        *,
        version: int | None = None,
        activates: int | None = None,
    ) -> None:
        if not table.rows:
            return
        first, last = table.first_sequence, table.last_sequence
        files, row_versions = table.take()
        self._add_batch(
            disposition,
            files=tuple(files),
            row_versions=row_versions,
            first_sequence=first,
            last_sequence=last,
            version=version,
            activates=activates,
        )

    def _add_batch(
        self, disposition: Disposition, *, files: tuple[SpoolFile, ...] = (), **more: Any
    ) -> None:
        self._delivered = True
        files = files or (self.make_empty_file(),)
        keys = tuple(self.layout.key_columns)
        batch = Batch(self.layout, disposition, files, keys, began_after=self._began_after, **more)
        self.batches.append(batch)
