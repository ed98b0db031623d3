"""From a stream's rows to its messages, by the shortest way its configuration allows."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import ActivateVersionMessage

from singer_rest import timestamps
from singer_rest.columns import Misfits
from singer_rest.messages import SingerOutput

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from singer_rest.streams import RestStream

logger = logging.getLogger(__name__)


class Emitter:
    """Writes the rows of one stream and keeps account of them.

    Pages are written whole, unless a stream map, flattening or the deselection of a nested
    property asks for the SDK's walk over every record. Both ways give the same records.
    """

    def __init__(self, stream: RestStream, version: int) -> None:
        self.stream = stream
        self.version = version
        self.rows = 0
        self.misfits = Misfits()
        self.greatest: dict[frozenset[tuple[str, Any]], dt.datetime] = {}
        """Greatest replication key seen, by partition."""
        self._opened = False
        output = stream.tap.message_writer
        self._output = output if isinstance(output, SingerOutput) and _plain(stream) else None
        self._read = stream.table.reader(
            stream.zone, _selected_names(stream) if self._output else None
        )
        stream._stream_version = self._version  # noqa: SLF001  # the SDK puts it on its records

    @property
    def _version(self) -> int | None:
        wanted = self.stream.config.get("emit_activate_version_messages", True)
        return self.version if wanted and self.stream.is_full_table else None

    def open(self) -> None:
        """Write SCHEMA, once."""
        if not self._opened:
            self._opened = True
            self.stream._write_schema_message()  # noqa: SLF001  # the SDK's hook

    def write(self, rows: Iterable[Mapping[str, Any]], partition: Mapping[str, Any] | None) -> None:
        """Write rows as they come out of a page.

        Raises:
            OutputClosedFault: The target has gone.
        """
        self.open()
        records = self._read(rows, self.misfits)
        if not records:
            return
        if self.stream.replication_key and not self.stream.is_full_table:
            self._note_greatest(records[self.stream.replication_key], partition)
        if self._output is not None:
            self._output.write_records(
                self.stream.name,
                records,
                version=self._version,
                time_extracted=_milliseconds(),
            )
        else:
            for record in records:
                self.stream._write_record_message(record)  # noqa: SLF001  # the SDK's hook
        self.rows += len(records)

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
                if stream_map.get_filter_result({}) is not None:
                    self.stream.tap.write_message(
                        ActivateVersionMessage(stream_map.stream_alias, self._version)
                    )


def _plain(stream: RestStream) -> bool:
    """Whether records leave the stream as they are, but for whole columns left out."""
    maps = stream.stream_maps
    if len(maps) != 1 or type(maps[0]) is not SameRecordTransform:
        return False
    if maps[0].flattening_enabled:
        return False
    return all(len(breadcrumb) <= 2 or chosen for breadcrumb, chosen in stream.mask.items())  # noqa: PLR2004


def _selected_names(stream: RestStream) -> list[str]:
    return [name for name in stream.schema["properties"] if stream.mask["properties", name]]


def _milliseconds() -> str:
    return timestamps.text(timestamps.parse(int(time.time() * 1000)) or timestamps.now())
