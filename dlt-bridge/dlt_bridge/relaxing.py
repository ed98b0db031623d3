"""Lets columns be null that were NOT NULL in the tables of earlier loads.

Keys of a first load are NOT NULL. When a later SCHEMA has another key, or leaves a column out, its
rows have no value there. dlt changes no column that exists.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dlt.common.destination.client import WithStagingDataset
from dlt.destinations.job_client_impl import SqlJobClientBase

from dlt_bridge.errors import LoadError

if TYPE_CHECKING:
    import dlt
    from dlt.common.schema import Schema

    from dlt_bridge.columns import TableLayout

logger = logging.getLogger(__name__)


def relax_columns(pipeline: dlt.Pipeline, schema: Schema, layout: TableLayout) -> bool:
    """Drop NOT NULL from the columns of a table whose SCHEMA needs it no more.

    Doing so again does no harm, as after a run that was killed before dlt wrote it down.

    Args:
        pipeline: The pipeline whose destination has the table.
        schema: What dlt knows of the table; changed in place, for dlt takes over no hint that
            only says again what is the default.
        layout: The table.

    Returns:
        Whether the schema was changed.

    Raises:
        LoadError: If the destination does not let a column be changed.
    """
    known = schema.tables.get(layout.table, {}).get("columns", {})
    hints = layout.hints()
    relaxed = [
        name
        for name, column in known.items()
        if column.get("nullable") is False and hints.get(name, {}).get("nullable")
    ]
    if not relaxed:
        return False
    with pipeline.destination_client() as client:
        if isinstance(client, SqlJobClientBase):  # files know no NOT NULL
            _relax_table(client, layout, relaxed)
            if isinstance(client, WithStagingDataset):
                with client.with_staging_dataset():
                    if client.is_storage_initialized():
                        _relax_table(client, layout, relaxed)
    for name in relaxed:
        known[name]["nullable"] = True
    return True


def _relax_table(client: SqlJobClientBase, layout: TableLayout, names: list[str]) -> None:
    [(_, there)] = client.get_storage_tables([layout.table])
    for name in names:
        if there.get(name, {}).get("nullable") is False:
            _relax(client.sql_client, layout, name)


def _relax(client: Any, layout: TableLayout, name: str) -> None:
    table = client.make_qualified_table_name(layout.table)
    column = client.escape_column_name(name)
    logger.info(
        "%s.%s may be null from now on: SCHEMA has another key than before.", layout.table, name
    )
    try:
        client.execute_sql(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")
    except Exception as error:
        raise LoadError(
            f"The column {name} of {layout.table} is NOT NULL, but the SCHEMA of stream "
            f"{layout.stream!r} has another key now, and the destination does not let the column "
            "be changed; make it nullable by hand, or load into another dataset_name."
        ) from error
