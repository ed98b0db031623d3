"""Keeps rows on disk between the tap and the destination, so that memory stays bounded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class SpoolFile:
    """A finished parquet file of rows that all have the same columns."""

    path: Path
    rows: int
    columns: tuple[str, ...]


class Spool:
    """The files of one table, in the order of their rows.

    A file is written for as long as the columns stay the same; then the next one starts.

    Args:
        folder: Where the files go; must exist.
        name: How they are called; unique within the folder.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._files: list[SpoolFile] = []
        self._writer: pq.ParquetWriter | None = None
        self._rows_in_file = 0
        self._count = 0

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        if self._writer is not None and self._writer.schema != table.schema:
            self._close_file()
        if self._writer is None:
            path = self._folder / f"{self._name}.{self._count}.parquet"
            self._count += 1
            # Dictionaries take half of the writing, and each file is read once, from end to end.
            self._writer = pq.ParquetWriter(path, table.schema, use_dictionary=False)
        self._writer.write_table(table)
        self._rows_in_file += table.num_rows

    def take(self) -> list[SpoolFile]:
        """Close the open file and hand over all files written since the last call."""
        self._close_file()
        files, self._files = self._files, []
        return files

    def _close_file(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        names = tuple(self._writer.schema.names)
        self._files.append(SpoolFile(Path(self._writer.where), self._rows_in_file, names))
        self._writer = None
        self._rows_in_file = 0
