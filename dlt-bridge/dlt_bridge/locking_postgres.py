"""dlt's PostgreSQL destination with locks, for loads that run side by side."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dlt.destinations.impl.postgres.factory import postgres
from dlt.destinations.impl.postgres.postgres import PostgresClient
from dlt.destinations.sql_jobs import SqlMergeFollowupJob, SqlStagingReplaceFollowupJob

from dlt_bridge.destination_lock import lock_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dlt.common.destination import Destination, PreparedTableSchema
    from dlt.common.destination.client import FollowupJobRequest
    from dlt.destinations.sql_client import SqlClientBase


class _LockedMerge(SqlMergeFollowupJob):
    """A merge before which no other merge into the table is open.

    Two that insert one key at the same time would both find that it is not there yet.
    """

    @classmethod
    def generate_sql(
        cls, table_chain: Sequence[PreparedTableSchema], sql_client: SqlClientBase[Any]
    ) -> list[str]:
        lock = _lock_sql(sql_client, "merge", str(table_chain[0]["name"]))
        return [lock, *super().generate_sql(table_chain, sql_client)]


class _LockedReplace(SqlStagingReplaceFollowupJob):
    """The same for a table that is replaced."""

    @classmethod
    def generate_sql(
        cls, table_chain: Sequence[PreparedTableSchema], sql_client: SqlClientBase[Any]
    ) -> list[str]:
        lock = _lock_sql(sql_client, "merge", str(table_chain[0]["name"]))
        return [lock, *super().generate_sql(table_chain, sql_client)]


class LockingPostgresClient(PostgresClient):
    """A client that makes schemas and tables while no other does."""

    def initialize_storage(self, truncate_tables: Iterable[str] | None = None) -> None:
        """Make the schema, or empty tables of it."""
        if truncate_tables:
            super().initialize_storage(truncate_tables)
        if truncate_tables or self.is_storage_initialized():
            return
        with self.sql_client.begin_transaction():
            self.sql_client.execute_sql(_lock_sql(self.sql_client, "tables"))
            super().initialize_storage()

    @contextmanager
    def maybe_ddl_transaction(self) -> Iterator[None]:
        """Open the transaction in which tables are made and changed."""
        with super().maybe_ddl_transaction():
            self.sql_client.execute_sql(_lock_sql(self.sql_client, "tables"))
            yield

    def _create_merge_followup_jobs(
        self, table_chain: Sequence[PreparedTableSchema]
    ) -> list[FollowupJobRequest]:
        return [_LockedMerge.from_table_chain(table_chain, self.sql_client)]

    def _create_replace_followup_jobs(
        self, table_chain: Sequence[PreparedTableSchema]
    ) -> list[FollowupJobRequest]:
        if table_chain[0].get("x-replace-strategy") == "insert-from-staging":
            return [_LockedReplace.from_table_chain(table_chain, self.sql_client)]
        return super()._create_replace_followup_jobs(table_chain)


class LockingPostgres(postgres):
    """dlt's destination, with that client."""

    @property
    def client_class(self) -> type[LockingPostgresClient]:
        """The client."""
        return LockingPostgresClient

    @property
    def destination_type(self) -> str:
        """What dlt knows it as: the destination it is."""
        return "dlt.destinations.postgres"


def with_locks(destination: Destination[Any, Any]) -> Destination[Any, Any]:
    """Return a destination with locks in the place of a configured one without."""
    locking = object.__new__(LockingPostgres)
    locking.__dict__.update(destination.__dict__)
    return locking


def _lock_sql(client: SqlClientBase[Any], *what: str) -> str:
    return f"SELECT pg_advisory_xact_lock({lock_number(str(client.dataset_name), *what)})"
