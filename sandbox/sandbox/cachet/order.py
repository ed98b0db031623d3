"""The order in which a database gives rows."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.cachet.options import Options
    from sandbox.cachet.table import Table

R = TypeVar("R")


def in_order(rows: Iterable[R], sort: Iterable[str], database: str) -> list[R]:
    """Sort rows by columns (``-name`` descends); equals keep the order they came in.

    PostgreSQL takes NULL for the largest value, the others for the smallest.
    """
    found = list(rows)
    for word in reversed(list(sort)):
        column = word.lstrip("-")
        if column == "id":
            found.sort(key=attrgetter("id"), reverse=word.startswith("-"))
        else:
            null_last = database == "postgresql"

            def key(row: R, column: str = column, *, null_last: bool = null_last) -> Any:
                value = getattr(row, column)
                return (value is None) == null_last, 0 if value is None else value

            found.sort(key=key, reverse=word.startswith("-"))
    return found


def unsorted(table: Table[Any], options: Options, parent: object = None) -> list[Any]:
    """Return the rows of a table (of one parent) as the database gives them without a sort."""
    if parent is not None:
        return table.of_parent(parent, by_id=not options.scrambled)
    return list(table.on_disk()) if options.scrambled else list(table)
