"""What a join brings: rows in the place of those that parts wrote under the same keys."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Key = tuple[Any, ...]


def keys_of(messages: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the key columns of every stream that has any."""
    return {
        message["stream"]: list(message["key_properties"])
        for message in messages
        if message["type"] == "SCHEMA" and message["key_properties"]
    }


def last_of_each(
    messages: Iterable[Mapping[str, Any]], keys: Mapping[str, Sequence[str]]
) -> list[Mapping[str, Any]]:
    """Return messages with each row once, as it came last."""
    rest: list[Mapping[str, Any]] = []
    rows: dict[tuple[str, Key], Mapping[str, Any]] = {}
    for message in messages:
        stream = message.get("stream", "")
        if message["type"] == "RECORD" and stream in keys:
            key = tuple(message["record"].get(name) for name in keys[stream])
            rows.pop((stream, key), None)
            rows[stream, key] = message
        else:
            rest.append(message)
    return [*rest, *rows.values()]


def take_the_place(newer: Path, names: Sequence[str]) -> None:
    """Remove the rows of a folder whose keys stand in one of its files, from all others.

    Args:
        newer: The file.
        names: The key columns.
    """
    if not newer.exists():
        return
    keys = set(_keys(pq.read_table(newer, columns=list(names)), names))
    if not keys:
        return
    for path in sorted(newer.parent.glob("*.parquet")):
        if path == newer:
            continue
        file = pq.ParquetFile(path)
        if any(
            not keys.isdisjoint(_keys(pa.table(batch), names))
            for batch in file.iter_batches(columns=list(names))
        ):
            _write_others(file, path, names, keys)


def _write_others(file: pq.ParquetFile, path: Path, names: Sequence[str], keys: set[Key]) -> None:
    unfinished = path.with_name(f".{path.name}.less")
    with pq.ParquetWriter(unfinished, file.schema_arrow) as writer:
        for batch in file.iter_batches():
            kept = pa.array([key not in keys for key in _keys(pa.table(batch), names)], pa.bool_())
            writer.write_batch(batch.filter(kept))
    unfinished.replace(path)
    with contextlib.suppress(FileNotFoundError):
        path.with_name(f".{path.name}.crc").unlink()  # Hadoop's sum over what was there before


def _keys(table: pa.Table, names: Sequence[str]) -> list[Key]:
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))
