"""Cinchy with one wide table, asked by CQL and answered in the compressed shape."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = "[Sales].[Orders]"
LISTED = {
    "Cinchy Id": ("Int64", 1),
    "Full Name": ("String", "Sales.Orders"),
    "Guid": ("String", "5f0c6f0e-4f0a-4e0b-9c57-5f0b8d7f5a10"),
    "Created": ("DateTime", "2024-05-13T08:00:00Z"),
    "Deleted": ("DateTime", None),
}
"""What the platform's own list of tables says of it."""
KEY = "Cinchy Id"
WORDS = ("spring", "delivery", "of", "parts", "for", "the", "northern", "plant", "two", "pallets")
TYPES = {KEY: "Int64"} | {
    f"{name} {number}": kind
    for number in range(1, 6)
    for name, kind in (
        ("Text", "String"),
        ("Note", "String"),
        ("Amount", "Double"),
        ("Day", "DateTime"),
        ("Done", "Boolean"),
    )
}
TYPES |= {f"Code {number}": "String" for number in range(1, 5)}
"""Thirty columns and their .NET types."""
_TOP = re.compile(r"\bTOP (\d+)")
_PATHS = re.compile(r"t\.\[([^\]]+)\] AS '")
_AFTER = re.compile(r"\[Cinchy Id\] > (\d+)")
QUERY_PATH = "/API/ExecuteCQL"


class CinchyWorld:
    """A platform.

    Args:
        size: Rows of the table.
    """

    def __init__(self, size: int) -> None:
        chosen = random.Random(7)
        names = list(TYPES)
        self._order = names
        self._rows = [_row(number, chosen) for number in range(1, size + 1)]
        self._rendered = {tuple(names): [_dump(row) for row in self._rows]}

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> bytes | None:
        """Return the rows of a query that goes on behind a key."""
        del query
        if path.lower() != QUERY_PATH.lower() or method != "POST":
            return None
        text = parse_qs(body.decode())["Query"][0]
        if text == "SELECT 1":
            return b'{"schema":[{"columnName":"","type":"Int32"}],"data":[[1]]}'
        names = tuple(_PATHS.findall(text))
        top, after = _TOP.search(text), _AFTER.search(text)
        if "[Cinchy].[Tables]" in text:
            return _listed(names, gone_by=after is not None)
        if TABLE not in text:
            return None
        start = int(after[1]) if after else 0
        if text.endswith(" DESC"):
            start = len(self._rows) - 1
        end = start + int(top[1]) if top else None
        schema = [{"columnName": f"c{n}", "type": TYPES[name]} for n, name in enumerate(names)]
        data = b",".join(self._in_order(names)[start:end])
        return b'{"schema":' + _dump(schema) + b',"data":[' + data + b"]}"

    def _in_order(self, names: tuple[str, ...]) -> list[bytes]:
        """Return the rows with their cells as asked for; rendered when first asked for."""
        if names not in self._rendered:
            places = [self._order.index(name) for name in names]
            self._rendered[names] = [_dump([row[p] for p in places]) for row in self._rows]
        return self._rendered[names]


def _listed(names: tuple[str, ...], *, gone_by: bool) -> bytes:
    cells = [LISTED[name] for name in names]
    schema = [{"columnName": f"c{n}", "type": kind} for n, (kind, _value) in enumerate(cells)]
    return _dump({"schema": schema, "data": [] if gone_by else [[value for _kind, value in cells]]})


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _row(number: int, chosen: random.Random) -> list[Any]:
    cells: dict[str, Any] = {KEY: number}
    for name, kind in TYPES.items():
        if name == KEY:
            continue
        if name.startswith("Note"):
            cells[name] = None if number % 3 else " ".join(chosen.choices(WORDS, k=8))
        elif name.startswith("Code"):
            cells[name] = f"{name[-1]}-{number:08d}"
        elif kind == "String":
            cells[name] = " ".join(chosen.choices(WORDS, k=3))
        elif kind == "Double":
            cells[name] = number * int(name[-1]) / 8
        elif kind == "DateTime":
            cells[name] = f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}T00:00:00"
        else:
            cells[name] = number % 2 == 0
    return list(cells.values())
