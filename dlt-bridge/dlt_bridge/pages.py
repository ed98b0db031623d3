"""Rows that come as columns: whether they can go into a table as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from dlt_bridge.columns import TableLayout


def fitting_arrays(layout: TableLayout, page: pa.RecordBatch) -> dict[str, pa.Array] | None:
    """Return the columns of a page under their names at the destination.

    Args:
        layout: The table.
        page: The rows, by property.

    Returns:
        The columns; None if a column is stored as something else than its SCHEMA declares, or is
        not known, so that its values have to be looked at one by one.
    """
    names = set(page.schema.names)
    if not names <= layout.columns.keys():
        return None
    arrays = {}
    for source, column in layout.columns.items():
        kind = column.type
        if source not in names:
            arrays[column.name] = pa.nulls(page.num_rows, kind.arrow)
            continue
        array = page.column(source)
        if kind != column.declared or kind.precision is not None or array.type != kind.arrow:
            return None
        if layout.options.strip_nul and array.type == pa.string() and _has_nul(array):
            return None
        arrays[column.name] = array
    return arrays


def _has_nul(texts: pa.Array) -> bool:
    """Whether a text holds U+0000, or JSON text an escaped one."""
    found = (pc.any(pc.match_substring(texts, nul)).as_py() for nul in ("\x00", "\\u0000"))
    return any(found)
