"""How many rows have arrived. A program of its own, so that no database is part of the benchmark.

python count.py duckdb FILE SCHEMA TABLE
python count.py postgres URL SCHEMA TABLE
"""

from __future__ import annotations

import sys

import duckdb
import psycopg
from psycopg import sql


def in_duckdb(file: str, schema: str, table: str) -> int:
    """Return the rows of a table in a DuckDB file."""
    with duckdb.connect(file, read_only=True) as connection:
        found = connection.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchone()  # noqa: S608
    return int(found[0]) if found else 0


def in_postgres(url: str, schema: str, table: str) -> int:
    """Return the rows of a table in a PostgreSQL."""
    count = sql.SQL("SELECT count(*) FROM {}.{}")
    with psycopg.connect(url) as connection:
        query = count.format(sql.Identifier(schema), sql.Identifier(table))
        found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


if __name__ == "__main__":
    kind, *where = sys.argv[1:]
    print({"duckdb": in_duckdb, "postgres": in_postgres}[kind](*where))
