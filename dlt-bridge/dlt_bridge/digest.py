"""The digest of a table's keys, in SQL: what taps say of the keys they sent, computed of a table.

A single integer key smaller than 10^14 in size counts by its sum and the sum of its squares. Of any
other key `md5(md5(part 1) || md5(part 2) ...)` is taken, whose first fifteen hexadecimal digits are
a number; those numbers are summed. A part that is null is 32 zeros. Keys are distinct by these
terms, never by the database's comparison of texts, which may take `a` for `A`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BOUND: Final = 10**14

INTEGER: Final = "integer"
KINDS: Final[Mapping[str, frozenset[str]]] = {
    INTEGER: frozenset(
        {"bigint", "integer", "smallint", "tinyint", "hugeint", "numeric", "decimal", "int"}
    ),
    "text": frozenset({"text", "varchar", "character varying", "character", "char", "uuid"}),
    "boolean": frozenset({"boolean", "bool"}),
    "instant": frozenset(
        {"timestamp with time zone", "timestamp without time zone", "timestamp", "timestamptz"}
    ),
    "date": frozenset({"date"}),
}
"""The types of columns that can hold the parts of keys, as databases and dlt call them."""


class Digest(NamedTuple):
    """The sums over the terms of some keys.

    Attributes:
        rows: How many rows there are.
        keys: How many distinct keys they have; None where they have none.
        total: The sum of the integers.
        squares: The sum of their squares.
        hashes: The sum of the terms of all other keys.
    """

    rows: int
    keys: int | None = None
    total: int = 0
    squares: int = 0
    hashes: int = 0

    @property
    def text(self) -> str | None:
        """The three sums as one text, as receipts have it."""
        return None if self.keys is None else f"{self.total}:{self.squares}:{self.hashes}"


class Dialect(Protocol):
    """How a database writes what a digest needs."""

    def part(self, column: str, kind: str) -> str:
        """SQL for a value as the text that is hashed."""

    def number(self, digits: str) -> str:
        """SQL for hexadecimal digits as a number."""


class DuckDB:
    """The SQL of DuckDB."""

    def part(self, column: str, kind: str) -> str:
        """See `Dialect.part`."""
        forms = {
            INTEGER: f"CAST(CAST({column} AS HUGEINT) AS VARCHAR)",
            "boolean": f"CAST(CAST({column} AS INTEGER) AS VARCHAR)",
            "instant": f"CAST(epoch_us({column}) AS VARCHAR)",
            "date": f"strftime({column}, '%Y-%m-%d')",
        }
        text = f"replace(CAST({column} AS VARCHAR), chr(0), chr(65533))"
        return forms.get(kind, text)

    def number(self, digits: str) -> str:
        """See `Dialect.number`."""
        return f"CAST('0x' || {digits} AS BIGINT)"


class PostgreSQL:
    """The SQL of PostgreSQL."""

    def part(self, column: str, kind: str) -> str:
        """See `Dialect.part`."""
        forms = {
            INTEGER: f"trunc(({column})::numeric)::text",
            "boolean": f"({column})::int::text",
            "instant": f"round(extract(epoch FROM {column}) * 1000000)::bigint::text",
            "date": f"to_char({column}, 'YYYY-MM-DD')",
        }
        return forms.get(kind, f"({column})::text")

    def number(self, digits: str) -> str:
        """See `Dialect.number`."""
        return f"('x0' || {digits})::bit(64)::bigint"


DIALECTS: Final[Mapping[str, Dialect]] = {
    "duckdb": DuckDB(),
    "ducklake": DuckDB(),
    "motherduck": DuckDB(),
    "postgres": PostgreSQL(),
}
"""By dlt's names of destinations; tables elsewhere are not compared."""


@dataclass(frozen=True)
class KeyColumn:
    """A part of a key in a table.

    Attributes:
        name: The column, quoted as the database wants it.
        kind: What it holds.
    """

    name: str
    kind: str


def fits(kind: str, column_type: str) -> bool:
    """Whether a column of this type holds such parts as they were sent."""
    plain = column_type.lower().split("(")[0].strip()
    return plain in KINDS.get(kind, frozenset())


def digest_query(
    dialect: Dialect, source: str, keys: Sequence[KeyColumn], condition: str = ""
) -> str:
    """The query for the digest of a table's rows.

    Args:
        dialect: The database's SQL.
        source: What stands after FROM.
        keys: The key; without any, rows are counted only.
        condition: Which rows, as SQL.

    Returns:
        A query with one row, the fields of a `Digest`.
    """
    where = f" WHERE {condition}" if condition else ""
    if not keys:
        return f"SELECT count(*), NULL, 0, 0, 0 FROM {source}{where}"  # noqa: S608
    own, hashed = _terms(dialect, keys)
    return (
        "SELECT coalesce(sum(n), 0), count(*), coalesce(sum(own), 0), "  # noqa: S608
        "coalesce(sum(own * own), 0), coalesce(sum(hashed), 0) FROM ("
        f"SELECT own, hashed, count(*) AS n FROM (SELECT {own} AS own, {hashed} AS hashed "
        f"FROM {source}{where}) AS terms GROUP BY own, hashed) AS keys"
    )


def read_digest(ask: Callable[[str], Sequence[Sequence[Any]] | None], query: str) -> Digest:
    """Run a `digest_query`.

    Args:
        ask: Runs a query and returns its rows.
        query: The query.
    """
    found = ask(query)
    assert found  # noqa: S101  # it has no condition on the outside
    rows, keys, *sums = found[0]
    return Digest(int(rows), None if keys is None else int(keys), *map(int, sums))


def _terms(dialect: Dialect, keys: Sequence[KeyColumn]) -> tuple[str, str]:
    parts = [f"coalesce(md5({dialect.part(key.name, key.kind)}), '{'0' * 32}')" for key in keys]
    number = dialect.number(f"substr(md5({' || '.join(parts)}), 1, 15)")
    hashed = f"CAST({number} AS DECIMAL(38,0))"
    if len(keys) > 1 or keys[0].kind != INTEGER:
        return "CAST(NULL AS DECIMAL(38,0))", hashed
    name = keys[0].name
    small = f"{name} > -{BOUND} AND {name} < {BOUND}"
    own = f"CASE WHEN {small} THEN CAST({name} AS DECIMAL(38,0)) END"
    return own, f"CASE WHEN {small} THEN NULL ELSE {hashed} END"
