"""Lets a version take the place of older ones, in tables that several processes may load.

Rows tell which version they belong to, whatever process loaded them. So a version may be read
in parts, by several runs or machines, and activated once. Only where the rows of a version all
came in one load is the table replaced; else its older rows are deleted.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dlt.common.schema.utils import get_nested_tables
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from dlt_bridge.errors import RefusedError
from dlt_bridge.load_batch import Batch, Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import dlt

logger = logging.getLogger(__name__)

_ACTIVATED: Final = "singer_activated"
"""Where dlt's state keeps the highest version of each stream that replaced older rows."""

_PRESENT: Final = "singer_present"
"""Where it keeps which versions the files hold, at destinations that cannot be asked:
the lowest, the highest, and whether there are rows without one."""


class Activation:
    """The versions in the tables of one dataset.

    Args:
        pipeline: The pipeline that loads into it.
        rising: Whether a later version is always a higher one.
    """

    def __init__(self, pipeline: dlt.Pipeline, *, rising: bool) -> None:
        self._pipeline = pipeline
        self._rising = rising
        self._activated: dict[str, int] = {}
        self._present: dict[str, list[Any]] = {}
        with pipeline.destination_client() as client:
            self._can_delete = isinstance(client, SqlJobClientBase) and bool(
                client.capabilities.supported_merge_strategies
            )

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what the destination remembers from earlier runs of this pipeline."""
        self._activated = dict(state.get(_ACTIVATED, {}))
        self._present = {stream: list(known) for stream, known in state.get(_PRESENT, {}).items()}

    @property
    def activated(self) -> Mapping[str, int]:
        """The highest version of each stream that replaced older rows, by stream."""
        return self._activated

    @property
    def state(self) -> dict[str, Any]:
        """What the destination has to remember, together with the rows."""
        kept: dict[str, Any] = {_ACTIVATED: self._activated, _PRESENT: self._present}
        return {name: value for name, value in kept.items() if value}

    def resolve(self, package: list[Batch]) -> list[Batch]:
        """Decide what each batch does to its table; nobody else may load into it meanwhile.

        Raises:
            RefusedError: If older rows had to be deleted where that cannot be done.
        """
        if any(batch.activates is not None for batch in package):
            self._learn_from_others()
        settled = [self._settle(batch) for batch in package]
        for batch in settled:
            if batch.activates is not None:
                self._activated[batch.layout.stream] = batch.activates
            if not self._can_delete:
                self._note_presence(batch)
        return settled

    def retire(self, package: list[Batch]) -> None:
        """Delete the rows that a batch made obsolete; call it once the batch is loaded."""
        for batch in package:
            if batch.activates is not None and batch.disposition != Disposition.REPLACE:
                self._delete_others(batch)

    def _settle(self, batch: Batch) -> Batch:
        version = batch.activates
        if version is None:
            return batch
        stream, table = batch.layout.stream, batch.layout.table
        highest = self._activated.get(stream)
        if self._rising and highest is not None and version < highest:
            logger.warning(
                "Stream %r activated version %d, but %d was activated before, so nothing is "
                "deleted from the table %s; if the versions of this tap do not rise, set "
                "versions_rise to false.",
                stream,
                version,
                highest,
                table,
            )
            return self._obsolete(batch)
        if not self._can_delete:
            return self._settle_files(batch, version)
        if batch.disposition == Disposition.REPLACE and self._has_others_rows(batch, version):
            return replace(batch, disposition=_added(batch))
        return batch

    def _settle_files(self, batch: Batch, version: int) -> Batch:
        lowest, highest, unversioned = self._known(batch)
        in_parts = highest is not None and highest >= version
        if batch.disposition == Disposition.REPLACE and not in_parts:
            return batch
        if unversioned or (lowest is not None and lowest < version):
            raise RefusedError(
                f"Stream {batch.layout.stream!r} activated version {version}, of which not all "
                f"rows came in one load, and the table {batch.layout.table} holds older rows, "
                "which this destination cannot delete. Nothing was replaced; run the tap once "
                "without its STATE, so that it reads the stream whole, or load into an empty "
                "dataset. tap-cinchy goes on with an interrupted read unless resume is off."
            )
        return replace(batch, disposition=_added(batch), activates=None)

    def _obsolete(self, batch: Batch) -> Batch:
        if batch.disposition == Disposition.REPLACE and not batch.keys:
            logger.warning(
                "Its %d rows have no key to merge them by and are not loaded.", batch.rows
            )
            return replace(
                batch,
                disposition=Disposition.APPEND,
                files=batch.files[:0],
                version=None,
                activates=None,
            )
        return replace(batch, disposition=_added(batch), version=None, activates=None)

    def _learn_from_others(self) -> None:
        """Take over what other pipelines activated in this dataset."""
        for state in self._other_states():
            for source in state.get("sources", {}).values():
                for stream, version in source.get(_ACTIVATED, {}).items():
                    self._activated[stream] = max(version, self._activated.get(stream, version))

    def _other_states(self) -> Iterator[Mapping[str, Any]]:
        with self._pipeline.destination_client() as client:
            if not isinstance(client, SqlJobClientBase) or not self._rising:
                return
            table = client.sql_client.make_qualified_table_name(client.schema.state_table_name)
            column = client.sql_client.escape_column_name(
                client.schema.naming.normalize_identifier("pipeline_name")
            )
            found: Any = ()
            with suppress(DatabaseUndefinedRelation):
                found = client.sql_client.execute_sql(f"SELECT DISTINCT {column} FROM {table}")  # noqa: S608
            for (name,) in found or ():
                if name != self._pipeline.pipeline_name:
                    yield load_pipeline_state_from_destination(str(name), client) or {}

    def _has_others_rows(self, batch: Batch, version: int) -> bool:
        """Return whether other loads left rows of this version, or of a newer one, in the table."""
        with self._pipeline.destination_client() as client:
            assert isinstance(client, SqlJobClientBase)  # noqa: S101  # for the type checker
            column = batch.layout.table_version.name
            _, stored = next(iter(client.get_storage_tables([batch.layout.table])))
            if column not in stored:
                return False
            name = client.sql_client.make_qualified_table_name(batch.layout.table)
            column = client.sql_client.escape_column_name(column)
            comparison = ">=" if self._rising else "="
            found = client.sql_client.execute_sql(
                f"SELECT COUNT(*) FROM {name} WHERE {column} {comparison} {version}"  # noqa: S608
            )
            return bool(found and found[0][0])

    def _delete_others(self, batch: Batch) -> None:
        naming: Any = self._pipeline.naming
        with self._pipeline.sql_client() as client:
            column = client.escape_column_name(batch.layout.table_version.name)
            sequence = client.escape_column_name(batch.layout.sequence.name)
            older = "<" if self._rising else "<>"
            condition = (
                f"({column} {older} {batch.activates} OR "
                # Records from files have no version of their own, rows of other hands no sequence.
                f"({column} IS NULL AND COALESCE({sequence}, 0) <= {batch.began_after}))"
            )
            statements = delete_statements(
                self._pipeline.default_schema.tables, batch.layout.table, condition, client, naming
            )
            with client.begin_transaction():
                for statement in statements:
                    client.execute_sql(statement)

    def _known(self, batch: Batch) -> list[Any]:
        was_loaded_before = bool(batch.layout.stored)
        return self._present.get(batch.layout.stream, [None, None, was_loaded_before])

    def _note_presence(self, batch: Batch) -> None:
        if not batch.rows and batch.disposition != Disposition.REPLACE:
            return
        lowest, highest, unversioned = self._known(batch)
        if batch.disposition == Disposition.REPLACE:
            lowest, highest, unversioned = None, None, False
        versions = [version for version in batch.row_versions if version is not None]
        unversioned = unversioned or None in batch.row_versions
        ends = [end for end in (lowest, highest, *versions) if end is not None]
        bounds = [min(ends), max(ends)] if ends else [None, None]
        self._present[batch.layout.stream] = [*bounds, unversioned]


def delete_statements(
    tables: Any, table: str, condition: str, client: Any, naming: Any
) -> list[str]:
    """Return SQL that deletes rows of a table together with their rows in its child tables.

    Args:
        tables: The tables of the dataset, as dlt's schema lists them.
        table: The table.
        condition: Which rows, as SQL.
        client: dlt's SQL client of the dataset.
        naming: The dataset's naming convention.
    """
    row = client.escape_column_name(naming.normalize_identifier("_dlt_id"))
    parent = client.escape_column_name(naming.normalize_identifier("_dlt_parent_id"))
    conditions = {table: condition}
    for child in get_nested_tables(tables, table)[1:]:
        above = str(child["parent"])
        name = client.make_qualified_table_name(above)
        conditions[str(child["name"])] = (
            f"{parent} IN (SELECT {row} FROM {name} WHERE {conditions[above]})"  # noqa: S608
        )
    return [
        f"DELETE FROM {client.make_qualified_table_name(name)} WHERE {where}"  # noqa: S608
        for name, where in reversed(conditions.items())
    ]


def _added(batch: Batch) -> Disposition:
    return Disposition.MERGE if batch.keys else Disposition.APPEND
