"""From Singer messages to Arrow batches.

Whole numbers are 64 bits, other numbers doubles; objects and arrays are JSON. Dates and times stay
the text they are: not every system tells the zone of its times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

BATCH_ROWS = 10_000
TYPES = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}


def build_schema(declared: Mapping[str, Any]) -> pa.Schema:
    """Return the Arrow schema of the JSON schema of a stream."""
    return pa.schema(
        [(name, _arrow_type(column)) for name, column in declared["properties"].items()]
    )


def _arrow_type(column: Mapping[str, Any]) -> pa.DataType:
    kinds = column.get("type", ())
    names = {name for name in ([kinds] if isinstance(kinds, str) else kinds) if name != "null"}
    return TYPES.get(next(iter(names)), pa.string()) if len(names) == 1 else pa.string()


def batches(
    messages: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[str, pa.Schema, pa.RecordBatch | None]]:
    """Yield the rows of each stream, a batch at a time; each stream first without any.

    Args:
        messages: Of one tap.
    """
    schemas: dict[str, pa.Schema] = {}
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    for message in messages:
        kind = message["type"]
        if kind == "SCHEMA":
            name = message["stream"]
            schemas[name] = build_schema(message["schema"])
            waiting[name] = []
            yield name, schemas[name], None
        elif kind == "RECORD":
            name = message["stream"]
            rows = waiting[name]
            rows.append(message["record"])
            if len(rows) == BATCH_ROWS:
                yield name, schemas[name], _batch(rows, schemas[name])
                rows.clear()
    for name, rows in waiting.items():
        if rows:
            yield name, schemas[name], _batch(rows, schemas[name])


def _batch(rows: list[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if pa.types.is_string(field.type):
            values = [v if v is None or type(v) is str else _json(v) for v in values]
        arrays.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
