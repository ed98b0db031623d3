"""Leaves the last row of each key, in rows that no merge will go over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dlt_bridge.spool import SpoolFile

if TYPE_CHECKING:
    from collections.abc import Sequence


def without_duplicates(
    files: Sequence[SpoolFile], keys: Sequence[str], sequence: str
) -> list[SpoolFile]:
    """Remove rows whose key comes again later; the files are rewritten only if there are any.

    Memory does not grow with the number of rows: DuckDB groups the keys, on disk if need be.

    Args:
        files: The rows.
        keys: The key columns; every file has them.
        sequence: The column whose highest value marks the last row of a key.
    """
    if not files or not keys:
        return list(files)
    import duckdb  # noqa: PLC0415  # most loads into other databases never need it

    paths = ", ".join(_literal(str(file.path)) for file in files)
    rows = f"read_parquet([{paths}], union_by_name=true)"
    columns = ", ".join(_identifier(key) for key in keys)
    order = _identifier(sequence)
    query = (
        f"SELECT {order} FROM {rows} JOIN ("  # noqa: S608  # names and paths of our own
        f"SELECT {columns}, max({order}) AS newest FROM {rows} "
        f"GROUP BY {columns} HAVING count(*) > 1"
        f") USING ({columns}) WHERE {order} < newest"
    )
    with duckdb.connect(config={"temp_directory": str(files[0].path.parent)}) as connection:
        found: pa.Table = connection.sql(query).to_arrow_table()
    superseded = found[sequence].combine_chunks()
    if not len(superseded):
        return list(files)
    return [_rewritten(file, sequence, superseded) for file in files]


def _rewritten(file: SpoolFile, sequence: str, superseded: pa.Array) -> SpoolFile:
    target = file.path.with_suffix(".kept.parquet")
    rows = 0
    with pq.ParquetFile(file.path) as source, pq.ParquetWriter(target, source.schema_arrow) as out:
        for group in source.iter_batches():
            kept = group.filter(pc.invert(pc.is_in(group[sequence], value_set=superseded)))
            rows += kept.num_rows
            out.write_batch(kept)
    return SpoolFile(target, rows, file.columns)


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
