"""Makes dlt resources of batches: what dlt is told about a table and its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dlt_bridge.dedup import without_duplicates
from dlt_bridge.load_batch import Batch, Disposition
from dlt_bridge.load_format import nested_columns
from dlt_bridge.stored_tables import STREAM_HINT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dlt.common.destination import DestinationCapabilitiesContext

    from dlt_bridge.columns import TableLayout


@dataclass(frozen=True)
class LoadOptions:
    """How batches are loaded.

    Attributes:
        unnest: Make child tables of nested values.
        hard_delete: Remove rows that were deleted at the source.
    """

    unnest: bool = False
    hard_delete: bool = False


def make_hints(
    batch: Batch,
    destination: str,
    capabilities: DestinationCapabilitiesContext,
    options: LoadOptions,
) -> dict[str, Any]:
    """Return the hints for a batch's table, as `dlt.resource` takes them.

    Args:
        batch: The rows.
        destination: dlt's name of the type of destination.
        capabilities: What it can do.
        options: How batches are loaded.
    """
    columns = batch.layout.hints()
    if options.unnest:
        columns = {k: v for k, v in columns.items() if k not in nested_columns(batch)}
    for name, column in columns.items():
        column["primary_key"] = name in batch.keys
    disposition, strategy = _disposition(batch, destination, capabilities)
    if disposition == Disposition.MERGE:
        columns[batch.layout.sequence.name]["dedup_sort"] = "desc"
        deleted = batch.layout.deleted_column
        if deleted in columns:
            columns[deleted]["hard_delete"] = options.hard_delete
    return {
        # Of Arrow tables dlt would make CSV, in which PostgreSQL finds no empty texts.
        "file_format": "insert_values" if destination == "postgres" else None,
        "columns": columns,
        "primary_key": list(batch.keys),
        "write_disposition": {"disposition": str(disposition), "strategy": strategy}
        if strategy
        else str(disposition),
        "additional_table_hints": {STREAM_HINT: batch.layout.stream},
    }


def find_references(
    layout: TableLayout, references: Mapping[str, tuple[str, str]], streams: Collection[str]
) -> list[dict[str, Any]]:
    """Return the rows of other streams that rows of a stream point to, as dlt's hint `references`.

    Args:
        layout: The stream's table.
        references: For properties that hold a key, the stream and the key property.
        streams: The streams that there are.

    Returns:
        One reference for each table, which is what dlt keeps.
    """
    found: dict[str, dict[str, Any]] = {}
    for source, (stream, key) in references.items():
        column = layout.columns.get(source)
        if column is None or stream == layout.stream or stream not in streams:
            continue
        table = layout.naming.normalize_tables_path(stream)
        reference = {
            "referenced_table": table,
            "columns": [column.name],
            "referenced_columns": [layout.naming.normalize_path(key)],
        }
        found.setdefault(table, reference)
    return list(found.values())


def prepared(batch: Batch, destination: str) -> Batch:
    """Return the batch with one row for each key, where dlt does not see to that."""
    if batch.distinct:
        return batch
    if batch.disposition != Disposition.REPLACE and not _hides_alias(batch, destination):
        return batch
    files = without_duplicates(batch.files, batch.keys, batch.layout.sequence.name)
    return replace(batch, files=tuple(files))


def _disposition(
    batch: Batch, destination: str, capabilities: DestinationCapabilitiesContext
) -> tuple[Disposition, str | None]:
    if batch.disposition == Disposition.MERGE:
        if _hides_alias(batch, destination):
            return Disposition.MERGE, "upsert"
        if "delete-insert" in (capabilities.supported_merge_strategies or ()):
            return Disposition.MERGE, "delete-insert"
        # Files cannot be merged: every state of a row is kept, in the order of _singer_seq.
        return Disposition.APPEND, None
    if batch.disposition == Disposition.REPLACE:
        # Rows are swapped in one transaction, so that readers and a crash find all or nothing.
        safe = "insert-from-staging" in (capabilities.supported_replace_strategies or ())
        return Disposition.REPLACE, "insert-from-staging" if safe else None
    return Disposition.APPEND, None


def _hides_alias(batch: Batch, destination: str) -> bool:
    """Return whether a column has the name that dlt's delete-insert gives the table in its SQL.

    DuckDB then takes `d.id` for the field `id` of the column `d`.
    """
    return destination in {"duckdb", "ducklake", "motherduck"} and "d" in batch.layout.hints()
