"""Reads rows back and compares every column of a batch with what the destination holds."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq

from dlt_bridge.load_format import nested_columns
from dlt_bridge.sequence import STEP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt_bridge.load_batch import Batch

_AT_ONCE: Final = 5_000


def differing_values(batch: Batch, client: Any, *, unnested: bool) -> str:
    """Say which column of which row is not what was sent; nothing if all are.

    Rows that a later one of the same batch took the place of are not there, and not missed.

    Args:
        batch: The rows, which were loaded.
        client: dlt's SQL client of the dataset, open.
        unnested: Whether nested values are in tables of their own, which are not looked at.
    """
    hints, nested = batch.layout.hints(), nested_columns(batch)
    left_out = nested if unnested else set()
    columns = sorted({n for file in batch.files for n in file.columns if n in hints} - left_out)
    sequence = batch.layout.sequence.name
    stored = _stored(batch, client, columns, nested)
    place = columns.index(sequence)
    row = next(stored, None)
    for sent in _sent(batch, columns):
        while row is not None and row[place] < sent[place]:
            row = next(stored, None)
        if row is None or row[place] != sent[place]:
            continue
        for name, ours, theirs in zip(columns, sent, row, strict=True):
            if not _same(ours, theirs, is_json=name in nested):
                number = (int(sent[place]) - batch.began_after) // STEP
                return (
                    f"the column {name} of record number {number} of this run is not what was sent"
                )
    return ""


def _sent(batch: Batch, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    for file in batch.files:
        with pq.ParquetFile(file.path) as rows:
            for group in rows.iter_batches(batch_size=_AT_ONCE):
                present = set(group.schema.names)
                cells = [
                    group.column(name).to_pylist() if name in present else [None] * len(group)
                    for name in columns
                ]
                yield from zip(*cells, strict=True)


def _stored(
    batch: Batch, client: Any, columns: list[str], nested: set[str]
) -> Iterator[tuple[Any, ...]]:
    quote = client.escape_column_name
    order = quote(batch.layout.sequence.name)
    listed = ", ".join(
        f"CAST({quote(name)} AS VARCHAR)" if name in nested else quote(name) for name in columns
    )
    table = client.make_qualified_table_name(batch.layout.table)
    last, place = batch.first_sequence - 1, columns.index(batch.layout.sequence.name)
    while True:
        found = client.execute_sql(
            f"SELECT {listed} FROM {table} WHERE {order} > {last} AND "  # noqa: S608
            f"{order} <= {batch.last_sequence} AND {order} % {STEP} = {batch.last_sequence % STEP} "
            f"ORDER BY {order} LIMIT {_AT_ONCE}"
        )
        rows = list(found or ())
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1][place]


def _same(sent: Any, stored: Any, *, is_json: bool) -> bool:
    if sent is None or stored is None:
        return sent is None and (stored is None or (is_json and stored == "null"))
    if is_json:
        return bool(_parsed(sent) == _parsed(stored))
    if isinstance(sent, datetime) and isinstance(stored, datetime):
        return _utc(sent) == _utc(stored)
    if isinstance(sent, float) or isinstance(stored, float):
        return math.isclose(float(sent), float(stored), rel_tol=0.0, abs_tol=0.0)
    if isinstance(sent, Decimal) or isinstance(stored, Decimal):
        return Decimal(sent) == Decimal(stored)
    return bool(sent == stored)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parsed(value: Any) -> Any:
    """What a JSON value is, whatever its text; numbers by their size, not by their digits."""
    if not isinstance(value, str):
        value = json.dumps(value, default=str)
    try:
        return json.loads(value, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return value
