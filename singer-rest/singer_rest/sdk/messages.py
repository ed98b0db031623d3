"""Singer messages out: whole pages at a time, strict JSON, each schema once."""

from __future__ import annotations

import functools
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, SchemaMessage, StateMessage

from singer_rest.errors import OutputClosedError, StreamError
from singer_rest.sdk.selection import RECEIPTS
from singer_rest.sdk.state_pace import StatePace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_rest.records.rows import Records

_ESCAPED = re.compile(r'[\x00-\x1f"\\]')
JSON_ENCODER = msgspec.json.Encoder(decimal_format="number")


class _Record(msgspec.Struct, omit_defaults=True, gc=False):
    """A RECORD message, in the order targets print it."""

    type: str
    stream: str
    record: Any
    version: int | None = None
    time_extracted: str | None = None


@functools.lru_cache
def _row_type(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return a type that is written as an object with these members.

    Instances cost a sixth of what dictionaries do, to make and to write.
    """
    fields = {f"c{index}": name for index, name in enumerate(names)}
    return msgspec.defstruct("Row", list(fields), rename=fields, gc=False)


@functools.lru_cache
def _can_be_fields(names: tuple[str, ...]) -> bool:
    """Tell whether names can be the members of a type; msgspec refuses what JSON has to escape."""
    return not any(_ESCAPED.search(name) for name in names)


def packed(records: Records) -> Iterable[Any]:
    """Return records in the form that is written fastest."""
    if records.cells and not records.more and _can_be_fields(tuple(records.cells)):
        return map(_row_type(tuple(records.cells)), *records.cells.values())
    return records


def encoded_lines(stream: str, values: list[Any]) -> bytes:
    """Return values as lines of strict JSON.

    Raises:
        StreamError: One of them cannot be written.
    """
    try:
        return JSON_ENCODER.encode_lines(values)
    except (UnicodeEncodeError, RecursionError, msgspec.MsgspecError) as error:
        raise StreamError(
            f"A record of {stream} cannot be written as JSON: {error}.", code="UNWRITABLE"
        ) from error


class SingerOutput(GenericSingerWriter[bytes, Message]):
    """Writes messages to standard output.

    Args:
        pace: Says when STATE is worth writing again.

    Raises, from every method that writes:
        OutputClosedError: The reader has gone.
    """

    def __init__(self, pace: StatePace | None = None) -> None:
        super().__init__()
        self.pace = pace or StatePace()
        self.records = 0
        """RECORD messages written so far, receipts apart."""
        self._schemas: dict[str, bytes] = {}
        self._last_state = b""

    def serialize_message(self, message: Message) -> bytes:
        """Encode one message as a line of strict JSON."""
        return JSON_ENCODER.encode(message.to_dict()) + b"\n"

    def write_message(self, message: Message) -> None:
        """Write one message; a repeated SCHEMA or STATE with the same content is left out."""
        line = self.serialize_message(message)
        if isinstance(message, SchemaMessage):
            if self._schemas.get(message.stream) == line:
                return
            self._schemas[message.stream] = line
        elif isinstance(message, StateMessage):
            if line == self._last_state:
                return
            self._last_state = line
            self.pace.state_written(len(line))
        self._write(line)
        if message.type == "RECORD":
            self.records += getattr(message, "stream", "") != RECEIPTS
            self.pace.count_records(len(line))

    def write_records(
        self,
        stream: str,
        records: Records,
        *,
        version: int | None,
        time_extracted: str,
    ) -> None:
        """Write the records of a page at once."""
        if not records:
            return
        rows = packed(records)
        messages = [_Record("RECORD", stream, row, version, time_extracted) for row in rows]
        lines = encoded_lines(stream, messages)
        self._write(lines)
        self.records += len(records)
        self.pace.count_records(len(lines))

    def flush(self) -> None:
        """Hand over whatever waits; here nothing does."""

    def _write(self, data: bytes) -> None:
        if sys.stdout is None:  # as Python starts when nobody gave it one
            raise OutputClosedError("Nobody reads: standard output was closed from the start.")
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError as error:
            _discard_output()
            raise OutputClosedError(
                f"The target closed its input after {self.records} records; see the target's log "
                "for the reason."
            ) from error
        except OSError as error:
            _discard_output()
            raise OutputClosedError(
                f"Standard output takes no more after {self.records} records: "
                f"{error.strerror or error}. Make room where it goes, and run again.",
                code="OUTPUT-FAILED",
            ) from error


def _discard_output() -> None:
    """Point standard output nowhere, so that the interpreter's last flush does not fail again."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
