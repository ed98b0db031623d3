"""Hands spooled rows to dlt in the form that the destination loads fastest without loss."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import dlt
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from dlt_bridge.intake import Batch
from dlt_bridge.spool import SpoolFile

_PARQUET_WITH_JSON: Final = frozenset({"duckdb", "ducklake", "filesystem", "motherduck"})
"""Destinations that load parquet, and JSON columns from the strings in it."""

_PARQUET_WITHOUT_JSON: Final = frozenset({"bigquery", "clickhouse", "databricks", "snowflake"})
"""Destinations that load parquet, but not JSON or time columns from it."""

_OBJECTS_AT_ONCE: Final = 1_000


def deliver(batch: Batch, destination: str, *, unnest: bool) -> Iterator[Any]:
    """Yields a batch as dlt data items; for use inside a dlt resource.

    Args:
        batch: The rows.
        destination: dlt's name of the type of destination.
        unnest: Give nested values to dlt as objects, to be made into child tables.

    Yields:
        Parquet files for destinations that load them; CSV files for PostgreSQL, which copies
        them fast; Python objects, which dlt turns into whatever it loads, for the others.
        Without any rows, the marker that lets dlt make the table.
    """
    if not batch.rows:
        yield dlt.mark.materialize_table_schema()
    nested = nested_columns(batch)
    for file in batch.files:
        if unnest:
            yield from _objects(file, nested)
        elif _loads_parquet(batch, destination):
            yield dlt.mark.with_file_import(str(file.path), "parquet", file.rows)
        elif destination == "postgres":
            yield from _for_postgres(file, nested)
        else:
            yield from _objects(file, nested)


def nested_columns(batch: Batch) -> set[str]:
    """The names of the columns with JSON text."""
    hints = batch.shape.hints()
    return {name for name, column in hints.items() if column["data_type"] == "json"}


def _loads_parquet(batch: Batch, destination: str) -> bool:
    if destination in _PARQUET_WITH_JSON:
        return True
    kinds = {column["data_type"] for column in batch.shape.hints().values()}
    return destination in _PARQUET_WITHOUT_JSON and not kinds & {"json", "time"}


def _for_postgres(file: SpoolFile, nested: set[str]) -> Iterator[Any]:
    """CSV if dlt's COPY keeps it as it is; Arrow tables, for INSERT, if not.

    The COPY takes every empty text for null, quoted or not.
    """
    target = file.path.with_suffix(".csv")
    texts = [
        name
        for name, kind in zip(file.columns, pq.read_schema(file.path).types, strict=True)
        if kind == pa.string() and name not in nested
    ]
    plain_header = all(name.isascii() and name.replace("_", "a").isalnum() for name in file.columns)
    with pq.ParquetFile(file.path) as rows:
        exact = plain_header
        if exact:
            with csv.CSVWriter(target, rows.schema_arrow) as writer:
                for group in rows.iter_batches():
                    if any(_has_empty(group[name]) for name in texts):
                        exact = False
                        break
                    writer.write(group)
        if exact:
            yield dlt.mark.with_file_import(str(target), "csv", file.rows)
            return
        for group in rows.iter_batches():
            yield pa.Table.from_batches([group])


def _has_empty(texts: pa.Array) -> bool:
    return bool(pc.any(pc.equal(texts, "")).as_py())


def _objects(file: SpoolFile, nested: set[str]) -> Iterator[list[dict[str, Any]]]:
    present = [name for name in file.columns if name in nested]
    with pq.ParquetFile(file.path) as rows:
        for group in rows.iter_batches(batch_size=_OBJECTS_AT_ONCE):
            objects = group.to_pylist()
            for row in objects:
                for name in present:
                    if row[name] is not None:
                        row[name] = _decode(row[name])
            yield objects


def _exact_number(text: str) -> float | Decimal:
    number = float(text)
    return number if Decimal(repr(number)) == Decimal(text) else Decimal(text)


_decode = msgspec.json.Decoder(float_hook=_exact_number).decode
