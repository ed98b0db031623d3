"""Hands spooled rows to dlt in the form that the destination loads fastest without loss."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import dlt
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from dlt_bridge.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt_bridge.load_batch import Batch
    from dlt_bridge.spool import SpoolFile

_PARQUET_WITH_JSON: Final = frozenset({"duckdb", "ducklake", "filesystem", "motherduck"})
"""Destinations that load parquet, and JSON columns from the strings in it."""

_PARQUET_WITHOUT_JSON: Final = frozenset({"bigquery", "clickhouse", "databricks", "snowflake"})
"""Destinations that load parquet, but not JSON or time columns from it."""

_OBJECTS_AT_ONCE: Final = 1_000

ID_COLUMNS: Final = ("_dlt_id", "_dlt_load_id")
"""What dlt gives each row of which it sees the object."""

NULLABLE_IDS: Final = {
    name: {"name": name, "data_type": "text", "nullable": True} for name in ID_COLUMNS
}
"""The same as hints, for tables that have rows without them from loads of whole files."""


class Form(StrEnum):
    """The form rows are handed over in."""

    PARQUET = "parquet"
    """Parquet files, as they are."""

    COPY = "copy"
    """CSV files, which PostgreSQL copies fast; Arrow tables where CSV is not exact."""

    ARROW = "arrow"
    """Arrow tables, out of which dlt can take columns and rows that a contract forbids."""

    OBJECTS = "objects"
    """Python objects, of which dlt makes whatever the destination loads."""


def choose_format(
    batch: Batch,
    destination: str,
    *,
    unnest: bool = False,
    as_objects: bool = False,
    as_arrow: bool = False,
) -> Form:
    """Choose the form for a batch.

    Args:
        batch: The rows.
        destination: dlt's name of the type of destination.
        unnest: Whether dlt makes child tables.
        as_objects: Whether dlt has to see single rows, to change them.
        as_arrow: Whether dlt has to see columns, to leave some out.

    Raises:
        LoadError: If child tables are to be made of a table that was loaded without them.
    """
    stored = batch.layout.stored
    if any(stored.get(name, {}).get("nullable") is False for name in ID_COLUMNS):
        return Form.OBJECTS  # which give each row those columns
    kinds = {column["data_type"] for column in batch.layout.hints().values()}
    if destination in _PARQUET_WITH_JSON or (
        destination in _PARQUET_WITHOUT_JSON and not kinds & {"json", "time"}
    ):
        form = Form.PARQUET
    else:
        form = Form.COPY if destination == "postgres" else Form.OBJECTS
    if as_objects:
        return Form.OBJECTS
    if not unnest:
        return Form.ARROW if as_arrow else form
    if stored and form != Form.OBJECTS and destination != "filesystem":
        raise LoadError(
            f"The table {batch.layout.table} was loaded without child tables, and its rows lack "
            "the ids that those need; use another dataset_name, or drop the table."
        )
    return Form.OBJECTS


def deliver(batch: Batch, form: Form) -> Iterator[Any]:
    """Yield a batch as dlt data items; for use inside a dlt resource.

    Without any rows, that is the marker that lets dlt make the table.
    """
    if not batch.rows and form is Form.OBJECTS:
        yield dlt.mark.materialize_table_schema()
    nested = nested_columns(batch)
    for file in batch.files:
        if form is Form.PARQUET:
            yield dlt.mark.with_file_import(str(file.path), "parquet", file.rows)
        elif form is Form.COPY:
            yield from _for_postgres(file, nested)
        elif form is Form.ARROW:
            yield from _as_tables(file)
        else:
            yield from as_objects(file, nested)


def _as_tables(file: SpoolFile) -> Iterator[pa.Table]:
    with pq.ParquetFile(file.path) as rows:
        for group in rows.iter_batches():
            yield pa.Table.from_batches([group])


def nested_columns(batch: Batch) -> set[str]:
    """Return the names of the columns with JSON text."""
    hints = batch.layout.hints()
    return {name for name, column in hints.items() if column["data_type"] == "json"}


def _for_postgres(file: SpoolFile, nested: set[str]) -> Iterator[Any]:
    """Yield CSV if dlt's COPY keeps it as it is; Arrow tables, for INSERT, if not.

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


def as_objects(file: SpoolFile, nested: set[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows as Python objects, a list of them at a time, nested values decoded."""
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
