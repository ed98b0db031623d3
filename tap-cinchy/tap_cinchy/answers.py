"""The two JSON shapes in which Cinchy answers a query, read as columns and rows.

``CompressJSON=true`` gives ``{"schema": [{"columnName", "type"}], "data": [[...]]}``; otherwise
a list of objects comes, or a single object. Which one comes is not only the caller's choice: a
saved query carries a setting of its own.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.errors import BodyError
from singer_rest.http.bodies import shape
from singer_rest.records.columns import UNPARSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_rest.http.exchange import Reply


@dataclasses.dataclass(frozen=True)
class Answer:
    """The rows of a query."""

    names: list[str]
    """Of the columns, as the server calls them: some may be empty or come twice."""
    types: list[str | None]
    """.NET names; nothing where the shape names none."""
    rows: Sequence[Sequence[Any]]
    """In the order of the names."""
    typed: bool = True
    """Whether the answer names its columns even when it has no rows."""


def _unexpected(reply: Reply, why: str) -> BodyError:
    return BodyError(
        f"{reply.url} answered {shape(reply.body)} where rows were expected{why}.",
        code="UNEXPECTED-BODY",
        url=reply.url,
    )


def read(reply: Reply) -> Answer:
    """Return names, types and rows of an answer of either shape.

    Raises:
        BodyError: It has neither.
    """
    body = reply.body
    if isinstance(body, dict) and "data" in body and "schema" in body:
        return _columnar(reply)
    if isinstance(body, dict) and body:
        body = [body]
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise _unexpected(reply, "")
    names: dict[str, None] = {}
    for row in body:
        names.update(dict.fromkeys(row))
    rows = [[row.get(name) for name in names] for row in body]
    return Answer(list(names), [None] * len(names), rows, typed=False)


def _columnar(reply: Reply) -> Answer:
    schema, data = (
        [] if reply.body[name] is None else reply.body[name] for name in ("schema", "data")
    )
    if not isinstance(schema, list) or not isinstance(data, list):
        raise _unexpected(reply, " under data and schema")
    names, types = [], []
    for column in schema:
        if not isinstance(column, dict):
            raise _unexpected(reply, " with a schema of objects")
        names.append(str(column.get("columnName") or ""))
        kind = column.get("type")
        types.append(str(kind).removeprefix("System.") if kind else None)
    width = len(names)
    if not {list}.issuperset(map(type, data)) or not {width}.issuperset(map(len, data)):
        raise _unexpected(reply, f" with {width} values each, as its schema says")
    return Answer(names, types, data, typed=bool(names))


def by_position(reply: Reply, count: int) -> tuple[list[str | None], list[Sequence[Any]]]:
    """Return types and columns of a generated query, whose columns are called c0, c1, ...

    Returns:
        ``count`` types and ``count`` columns of equal length; no values at all where an answer
        without rows names no columns.

    Raises:
        BodyError: Other columns came than were asked for.
    """
    answer = read(reply)
    wanted = [f"c{index}" for index in range(count)]
    names = [name.lower() for name in answer.names]
    if not answer.rows and (not names or not answer.typed):
        return [None] * count, [()] * count
    if answer.typed:
        if names != wanted:
            raise _unexpected(reply, f" in {count} columns from c0 on")
        columns: list[Sequence[Any]] = list(zip(*answer.rows, strict=True))
        return answer.types, columns or [()] * count
    # In an object a null may be left out; a name that was not asked for may not come.
    if not set(names) <= set(wanted) or "c0" not in names:
        raise _unexpected(reply, f" in {count} columns from c0 on")
    index = {name: index for index, name in enumerate(names)}
    return [None] * count, [
        [row[index[name]] for row in answer.rows] if name in index else [None] * len(answer.rows)
        for name in wanted
    ]


def unique(names: Sequence[str]) -> list[str]:
    """Return column names that differ: unnamed ones by their place, repeated ones by a number.

    A column called as the one that keeps what does not fit gets a number as well.
    """
    found: list[str] = []
    taken: set[str] = set()
    for index, given in enumerate(names, 1):
        base = given if given not in {"", "?column?"} else f"column_{index}"
        # What does not fit its column is kept under this name, so it is not free.
        name, number = (f"{base}_2", 3) if base == UNPARSED else (base, 2)
        while name.lower() in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name.lower())
        found.append(name)
    return found
