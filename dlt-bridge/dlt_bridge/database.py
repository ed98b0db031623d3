"""A database whose tables anything may have loaded: DuckDB or PostgreSQL, read only."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dlt_bridge.digest import DIALECTS
from dlt_bridge.errors import BridgeError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dlt_bridge.digest import Dialect


class UnreachableError(BridgeError):
    """The database does not answer, or not with what was asked."""

    code = "DATABASE"


@dataclass(frozen=True)
class Database:
    """An open database.

    Attributes:
        ask: Runs a query and returns its rows.
        dialect: Its SQL.
    """

    ask: Callable[[str], Sequence[Sequence[Any]]]
    dialect: Dialect

    def schemas_with(self, table: str) -> list[str]:
        """The schemas that have a table, whatever case its name is in."""
        found = self.ask(
            "SELECT DISTINCT table_schema FROM information_schema.tables "  # noqa: S608
            f"WHERE lower(table_name) = {_literal(table)} ORDER BY table_schema"
        )
        return [str(name) for (name,) in found]

    def tables(self, schema: str) -> list[str]:
        """The names of the tables and views of a schema."""
        found = self.ask(
            "SELECT table_name FROM information_schema.tables "  # noqa: S608
            f"WHERE table_schema = {_literal(schema)}"
        )
        return [str(name) for (name,) in found]

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """The columns of a table, with their types."""
        found = self.ask(
            "SELECT column_name, data_type FROM information_schema.columns "  # noqa: S608
            f"WHERE table_schema = {_literal(schema)} AND table_name = {_literal(table)}"
        )
        return {str(name): str(kind) for name, kind in found}

    def rows(self, schema: str, table: str) -> list[dict[str, Any]]:
        """All rows of a small table, with the names of their columns in lower case."""
        names = list(self.columns(schema, table))
        listed = ", ".join(map(quoted, names))
        found = self.ask(f"SELECT {listed} FROM {quoted(schema)}.{quoted(table)}")  # noqa: S608
        return [dict(zip(map(str.lower, names), row, strict=True)) for row in found]


@contextmanager
def open_database(address: str) -> Iterator[Database]:
    """Open a database to read it.

    Args:
        address: The path of a DuckDB file, or a URL that begins with `postgresql://`.

    Raises:
        ConfigError: If there is no such file, or the driver is not installed.
        UnreachableError: If it cannot be opened or read.
    """
    if address.startswith(("postgresql://", "postgres://")):
        yield from _postgres(address)
        return
    path = Path(address.removeprefix("duckdb:///"))
    if not path.is_file():
        raise ConfigError(
            f"There is no DuckDB file {path}; give its path, or a URL that begins with "
            "postgresql://."
        )
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            yield Database(lambda query: connection.execute(query).fetchall(), DIALECTS["duckdb"])
    except duckdb.Error as error:
        raise UnreachableError(f"{path.name} cannot be read: {_first_line(error)}.") from error


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _postgres(url: str) -> Iterator[Database]:
    try:
        import psycopg2  # noqa: PLC0415  # an extra
    except ImportError:
        raise ConfigError(
            "PostgreSQL needs a driver: pip install 'dlt-bridge[postgres]'."
        ) from None
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.set_session(readonly=True, autocommit=True)

            def ask(query: str) -> Sequence[Sequence[Any]]:
                cursor.execute(query)
                return list(cursor.fetchall())

            yield Database(ask, DIALECTS["postgres"])
    except psycopg2.Error as error:
        raise UnreachableError(f"PostgreSQL cannot be read: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
