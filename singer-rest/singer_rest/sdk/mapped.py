"""What stream maps make of a stream's tables and keys, for its receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.mapper import RemoveRecordTransform

from singer_rest.records.digest import key_kinds
from singer_rest.records.tally import KeyTally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_rest.sdk.streams import SourceStream


def new_tallies(stream: SourceStream) -> dict[str, KeyTally]:
    """Return an empty account for every name that a stream is sent by, its own if it is not."""
    found = {}
    for one in stream.stream_maps:
        if not isinstance(one, RemoveRecordTransform):
            keys = one.transformed_key_properties or ()
            found[one.stream_alias] = KeyTally(key_kinds(one.transformed_schema, keys))
    return found or {stream.name: KeyTally(None)}


def note_changes(stream: SourceStream, tallies: Mapping[str, KeyTally], rows: int) -> list[str]:
    """Say where what was sent is not what was read.

    Args:
        stream: The stream.
        tallies: What was written, by the name it was sent by.
        rows: Rows that were read.
    """
    notes = []
    for one in stream.stream_maps:
        if isinstance(one, RemoveRecordTransform):
            notes.append(f"stream_maps sends none of the {rows} rows.")
            continue
        keys = list(one.transformed_key_properties or ())
        mapped = stream.config.get("stream_maps", {}).get(stream.name) or {}
        changed = [key for key in keys if isinstance(mapped, dict) and key in mapped]
        if keys != list(stream.primary_keys or ()):
            notes.append(f"stream_maps makes ({', '.join(keys)}) the key of {one.stream_alias}.")
        elif changed:
            notes.append(f"stream_maps changes the key ({', '.join(changed)}).")
        if tallies[one.stream_alias].rows != rows:
            notes.append(f"stream_maps sends {tallies[one.stream_alias].rows} of {rows} rows.")
    return notes
