"""Writes what columns mean to where people look: the comments of the destination."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from dlt.destinations.job_client_impl import SqlJobClientBase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import dlt

logger = logging.getLogger(__name__)

_HAVE_COMMENTS: Final = frozenset({"duckdb", "motherduck", "postgres", "redshift", "snowflake"})
"""Destinations with COMMENT ON COLUMN."""

Descriptions = dict[str, str]
"""What each column of a table means."""


def read_descriptions(columns: Mapping[str, Mapping[str, Any]]) -> Descriptions:
    """Return the descriptions in a table's columns, as dlt's schema or hints list them."""
    return {
        name: str(column["description"])
        for name, column in columns.items()
        if column.get("description")
    }


def comment_columns(pipeline: dlt.Pipeline, tables: Iterable[tuple[str, Descriptions]]) -> None:
    """Write comments for columns, where the destination has comments.

    A comment that cannot be written is a warning: the rows are there.

    Args:
        pipeline: The pipeline whose destination has the tables.
        tables: The tables, with the columns to comment.
    """
    wanted = [(table, columns) for table, columns in tables if columns]
    kind = pipeline.destination.destination_type.rsplit(".", 1)[-1]
    if not wanted or kind not in _HAVE_COMMENTS:
        return
    try:
        with pipeline.destination_client() as client:
            if isinstance(client, SqlJobClientBase):
                for table, columns in wanted:
                    _comment(client.sql_client, table, columns)
    except Exception as error:  # noqa: BLE001  # whatever a driver raises
        logger.warning("Comments on columns could not be written: %s.", type(error).__name__)


def _comment(client: Any, table: str, columns: Descriptions) -> None:
    name = client.make_qualified_table_name(table)
    with client.begin_transaction():
        for column, text in columns.items():
            quoted = text.replace("\x00", "").replace("'", "''")
            place = f"{name}.{client.escape_column_name(column)}"
            client.execute_sql(f"COMMENT ON COLUMN {place} IS '{quoted}'")
