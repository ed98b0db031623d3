"""The database the marts are in: a DuckDB file, or PostgreSQL by its URL."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]
POSTGRES = ("postgres", "postgresql")
PORT = 5432


class DatabaseError(Exception):
    """The database cannot be used; the text says what to do."""


@dataclasses.dataclass
class Database:
    """Asks the marts; answers are rows of plain values, dates as ISO text."""

    run: Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
    schema: str
    close: Callable[[], None]
    """A DuckDB file that is open here cannot be written to by dbt."""

    def rows(self, query: str) -> list[Row]:
        """Return the answer to a query, in which ``{marts}`` stands for the marts' schema."""
        names, found = self.run(query.replace("{marts}", self.schema))
        return [dict(zip(names, map(_plain, row), strict=True)) for row in found]

    def row(self, query: str) -> Row:
        """Return the one row of an answer; it is empty if there is none."""
        return next(iter(self.rows(query)), {})

    def tables(self) -> set[str]:
        """Return the names of the marts there are."""
        found = self.rows(
            "select table_name from information_schema.tables where table_schema = '{marts}'"
        )
        return {row["table_name"] for row in found}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, decimal.Decimal) else value


def is_postgres(where: str) -> bool:
    """Tell whether this is the URL of a PostgreSQL server and not a file."""
    return urlsplit(where).scheme in POSTGRES


def connect(where: str, schema: str) -> Database:
    """Open a database.

    Args:
        where: Path of a DuckDB file, or ``postgresql://user:password@host:port/database``.
        schema: Schema of the marts.

    Raises:
        DatabaseError: It is not there, or does not let us in.
    """
    return _postgres(where, schema) if is_postgres(where) else _duckdb(where, schema)


def _duckdb(where: str, schema: str) -> Database:
    import duckdb  # noqa: PLC0415  # only what is used has to be there

    if not Path(where).exists():
        raise DatabaseError(
            f"There is no database {where}: load something first, for instance by `make demo`, or "
            "name yours by DATABASE=."
        )
    try:
        connection = duckdb.connect(where, read_only=True)
    except duckdb.Error as error:
        raise DatabaseError(f"{where} cannot be opened: {error}") from error

    def run(query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        answer = connection.execute(query)
        return [column[0] for column in answer.description or ()], answer.fetchall()

    return Database(run, schema, connection.close)


def _postgres(where: str, schema: str) -> Database:
    import psycopg  # noqa: PLC0415  # only what is used has to be there

    try:
        connection = psycopg.connect(where, autocommit=True)
    except psycopg.Error as error:
        raise DatabaseError(f"The PostgreSQL of DATABASE= cannot be reached: {error}") from error

    def run(query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        answer = connection.execute(query.encode())
        return [column.name for column in answer.description or ()], answer.fetchall()

    return Database(run, schema, connection.close)


def dbt_environment(where: str, schema: str) -> dict[str, str]:
    """Return the environment in which dbt writes to this database."""
    env = {**os.environ, "ANALYTICS_SCHEMA": schema, "DO_NOT_TRACK": "1"}
    if not is_postgres(where):
        return {**env, "ANALYTICS_TARGET": "duckdb", "ANALYTICS_DUCKDB": str(Path(where).resolve())}
    url = urlsplit(where)
    return {
        **env,
        "ANALYTICS_TARGET": "postgres",
        "ANALYTICS_PG_HOST": url.hostname or "127.0.0.1",
        "ANALYTICS_PG_PORT": str(url.port or PORT),
        "ANALYTICS_PG_USER": unquote(url.username or ""),
        "ANALYTICS_PG_PASSWORD": unquote(url.password or ""),
        "ANALYTICS_PG_DATABASE": url.path.lstrip("/"),
    }
