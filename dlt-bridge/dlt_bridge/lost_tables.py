"""Makes again what somebody dropped at the destination, and says what that costs.

dlt believes what it wrote down about the destination, and does not look again.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

from dlt.destinations.job_client_impl import SqlJobClientBase

from dlt_bridge.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dlt

logger = logging.getLogger(__name__)

_REMEDY: Final = (
    "The STATE of the tap goes on after the rows that were there; to have them again, run the tap "
    "once without it (meltano run --full-refresh)."
)


def restore_tables(pipeline: dlt.Pipeline) -> None:
    """Make dropped tables and columns again, without the values that were in them.

    Raises:
        RefusedError: If a column that is part of a key was dropped.
    """
    schema = pipeline.default_schema
    with pipeline.destination_client() as client:
        if not isinstance(client, SqlJobClientBase):
            return
        names = [str(table["name"]) for table in schema.data_tables(seen_data_only=True)]
        found = {name: set(columns) for name, columns in client.get_storage_tables(names)}
        tables = [name for name, columns in found.items() if not columns]
        columns = {
            name: missing
            for name, there in found.items()
            if there and (missing := _missing(schema.tables[name], there))
        }
        if not tables and not columns:
            return
        if tables:
            logger.warning(
                "The destination has lost the table(s) %s, which are made again, empty. %s",
                ", ".join(tables),
                _REMEDY,
            )
        for table, missing in columns.items():
            _restore_columns(schema.tables[table], table, missing)
        schema._bump_version()  # noqa: SLF001  # as dlt does where it changes a table itself
        client.initialize_storage()
        client.update_stored_schema(force=True)


def warn_of_lost_dataset(pipeline: dlt.Pipeline, state: str | None, *, was_loaded: bool) -> None:
    """Say so where a tap goes on with a dataset that holds nothing.

    Args:
        pipeline: The pipeline, before anything is loaded.
        state: The STATE that the tap says it continues from; None if it says none.
        was_loaded: Whether this machine remembers loads into the dataset.
    """
    goes_on = state is not None and bool(json.loads(state))
    if not (goes_on or was_loaded):
        return
    with pipeline.destination_client() as client:
        is_there = client.is_storage_initialized()
    if not is_there:
        logger.warning(
            "The destination has nothing of the dataset %r, but the tap was run before. %s",
            pipeline.dataset_name,
            _REMEDY,
        )


def _missing(table: Any, there: Iterable[str]) -> list[str]:
    known = [name for name, column in table["columns"].items() if "data_type" in column]
    return sorted(set(known) - set(there))


def _restore_columns(table: Any, name: str, missing: list[str]) -> None:
    for column in missing:
        hints = table["columns"][column]
        if hints.get("primary_key"):
            raise RefusedError(
                f"The column {column} of the table {name} is part of its key and was dropped at "
                "the destination, so its rows cannot be told apart any more: drop the table as "
                "well, and run the tap once without its STATE."
            )
        hints["nullable"] = True  # in the rows that are there it has to be
    logger.warning(
        "The table %s has lost the column(s) %s, which are made again, null in the rows that are "
        "there. %s",
        name,
        ", ".join(missing),
        _REMEDY,
    )
