"""From a stream's rows to its messages, by the shortest way its configuration allows."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MapExpressionError
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage

from singer_rest.errors import ConfigError, TapError
from singer_rest.records import timestamps
from singer_rest.records.columns import RejectedValues
from singer_rest.sdk.batch_files import JSON_LINES, BatchFiles
from singer_rest.sdk.mapped import new_tallies, note_changes
from singer_rest.sdk.messages import SingerOutput, packed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.singerlib import RecordMessage

    from singer_rest.records.rows import Records
    from singer_rest.run.contract import Receipts
    from singer_rest.sdk.streams import SourceStream

logger = logging.getLogger(__name__)


class RecordWriter:
    """Writes the rows of one stream and keeps account of them.

    Pages are written whole, unless a stream map, flattening or the deselection of a nested
    property asks for the SDK's walk over every record. Both ways give the same records. With
    ``batch_config`` records go into files instead, and STATE waits until a file is full.

    Args:
        stream: Whose rows they are.
        version: What they are known by, if the stream is a full table.
        receipts: Gets told when the stream is opened.
    """

    def __init__(self, stream: SourceStream, version: int, receipts: Receipts) -> None:
        self.stream = stream
        self.version = version
        self.rows = 0
        self.rejected = RejectedValues()
        self.greatest: dict[frozenset[tuple[str, Any]], dt.datetime] = {}
        """Greatest replication key seen, by partition."""
        self.tallies = new_tallies(stream)
        self.activated = False
        self._opened = False
        self._receipts = receipts
        output = stream.tap.message_writer
        self._output = output if isinstance(output, SingerOutput) and _plain(stream) else None
        self._read = stream.table.reader(
            stream.zone, _selected_names(stream) if self._output else None
        )
        stream.set_version(self._version)
        batches = stream.get_batch_config(stream.config)
        self._batches = None if batches is None else BatchFiles(stream, batches, self._version)

    @property
    def _version(self) -> int | None:
        wanted = self.stream.config.get("emit_activate_version_messages", True)
        return self.version if wanted and self.stream.is_full_table else None

    def open(self) -> None:
        """Write SCHEMA, once."""
        if not self._opened:
            self._opened = True
            self.stream.write_schema()
            self._receipts.open(self)

    def write(self, rows: Iterable[Mapping[str, Any]], partition: Mapping[str, Any] | None) -> None:
        """Write rows as they come out of a page.

        Raises:
            OutputClosedError: The target has gone.
        """
        self.open()
        records = self._read(rows, self.rejected)
        if not records:
            return
        self.stream.conceal(records)
        if self.stream.replication_key and not self.stream.is_full_table:
            self._note_greatest(records[self.stream.replication_key], partition)
        if self._batches is not None:
            self._write_to_files(self._batches, records)
        elif self._output is not None:
            self._count(self.stream.name, records.cells, len(records))
            self._output.write_records(
                self.stream.name,
                records,
                version=self._version,
                time_extracted=_milliseconds(),
            )
        else:
            for message in self._walked(records):
                self.stream.tap.write_message(message)
        self.rows += len(records)

    @property
    def counts_keys(self) -> bool:
        """Whether keys are counted: where somebody gets receipts."""
        return self._receipts.wanted

    def _count(self, table: str, cells: Mapping[str, Sequence[Any]], count: int) -> None:
        if self.counts_keys:
            self.tallies[table].add(cells, count)

    def _write_to_files(self, files: BatchFiles, records: Records) -> None:
        if self._output is not None:
            self._count(self.stream.name, records.cells, len(records))
            as_they_are = files.config.encoding.format != JSON_LINES
            files.add(self.stream.name, records if as_they_are else packed(records))
            return
        for message in self._walked(records):
            files.add(message.stream, [message.record])

    def _walked(self, records: Records) -> Iterator[RecordMessage]:
        """Yield what the SDK makes of every record: maps, flattening, nested selection."""
        written: dict[str, list[Mapping[str, Any]]] = {}
        for record in records:
            try:
                for message in self.stream.record_messages(record):
                    written.setdefault(message.stream, []).append(message.record)
                    yield message
            except (TapError, OSError):
                raise
            except Exception as error:
                raise ConfigError(
                    f"stream_maps of {self.stream.name}: {str(error).rstrip('.')} "
                    f"({_cause(error)}). Correct the expression."
                ) from error
        for table, rows in written.items():
            names = self.tallies[table].columns
            self._count(table, {name: [row.get(name) for row in rows] for name in names}, len(rows))

    @property
    def table_version(self) -> int | None:
        """Return what its rows carry as their version, if they have any."""
        return self._version

    @property
    def knows_all_keys(self) -> bool:
        """Whether the tallies are of all rows of its version: they are of what it wrote."""
        return True

    @property
    def notes(self) -> list[str]:
        """Return what is to be said of the rows as they were written."""
        return note_changes(self.stream, self.tallies, self.rows)

    @property
    def waiting(self) -> bool:
        """Whether rows have come that the target has not been told of."""
        return self._batches is not None and self._batches.waiting

    def flush(self) -> None:
        """Tell the target of every row that has come.

        Raises:
            OutputClosedError: A file cannot be written, or the target has gone.
        """
        if self._batches is not None:
            self._batches.flush()
        elif self._output is not None:
            self._output.flush()

    def _note_greatest(self, values: list[Any], partition: Mapping[str, Any] | None) -> None:
        # Conformed instants all have one form, in which text order is time order within a second;
        # the few that carry fractions are told apart by parsing both candidates.
        candidates = [value for value in values if value]
        if not candidates:
            return
        moments = (timestamps.parse(value) for value in (max(candidates), candidates[-1]))
        slot = frozenset((partition or {}).items())
        for moment in moments:
            if moment is not None and (slot not in self.greatest or moment > self.greatest[slot]):
                self.greatest[slot] = moment

    def activate(self) -> None:
        """Tell the target to retire every row of this stream that this run did not write."""
        if self._version is not None:
            for stream_map in self.stream.stream_maps:
                if not isinstance(stream_map, RemoveRecordTransform):
                    self.activated = True
                    self.stream.tap.write_message(
                        ActivateVersionMessage(stream_map.stream_alias, self._version)
                    )


def _cause(error: Exception) -> str:
    """Name what an expression ran into: of the SDK's error its cause, of others their kind."""
    return str(error.__cause__) if isinstance(error, MapExpressionError) else type(error).__name__


def _plain(stream: SourceStream) -> bool:
    """Whether records leave the stream as they are, but for whole columns left out."""
    maps = stream.stream_maps
    if len(maps) != 1 or type(maps[0]) is not SameRecordTransform:
        return False
    if maps[0].flattening_enabled:
        return False
    return all(len(breadcrumb) <= 2 or chosen for breadcrumb, chosen in stream.mask.items())  # noqa: PLR2004


def _selected_names(stream: SourceStream) -> list[str]:
    return [name for name in stream.schema["properties"] if stream.mask["properties", name]]


def _milliseconds() -> str:
    return timestamps.text(timestamps.parse(int(time.time() * 1000)) or timestamps.now())
