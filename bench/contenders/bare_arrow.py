"""The least that brings Cachet's incidents into DuckDB as columns. It proves and merges nothing.

python bare_arrow.py URL PAGE_SIZE FILE
"""

from __future__ import annotations

import sys
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa
import requests

DATES: Final = ("occurred", "published", "created", "updated")
PLAIN: Final = ("guid", "name", "message", "visible", "stickied", "notifications")
ROWS_AT_ONCE: Final = 10_000
"""As our source hands them on."""


def columns(records: list[Any]) -> pa.Table:
    """Return a page as columns: dates as instants, nested values as text."""
    fields = [record["attributes"] for record in records]
    encode = msgspec.json.encode
    cells = {name: pa.array([field[name] for field in fields]) for name in PLAIN}
    for name in DATES:
        texts = pa.array([field[name]["string"] for field in fields])
        cells[name] = texts.cast(pa.timestamp("us"))
    cells["id"] = pa.array([field["id"] for field in fields])
    cells["status"] = pa.array([field["status"]["value"] for field in fields])
    cells["meta"] = pa.array([encode(field["meta"]) for field in fields], pa.string())
    links = [encode(record["relationships"]) for record in records]
    cells["relationships"] = pa.array(links, pa.string())
    return pa.table(cells)


def main() -> None:
    """Read every page, and insert what has come as columns."""
    url, size, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    session = requests.Session()
    decode = msgspec.json.decode
    pages: list[pa.Table] = []
    made, number, more = False, 0, True
    with duckdb.connect(file) as database:
        database.execute("CREATE SCHEMA bench")
        while more:
            number += 1
            asked: dict[str, Any] = {"page": number, "per_page": size, "sort": "id"}
            body = decode(session.get(f"{url}/api/incidents", params=asked, timeout=60).content)
            more = "next" in body["links"]
            pages.append(columns(body["data"]))
            if more and sum(map(len, pages)) < ROWS_AT_ONCE:
                continue
            database.register("page", pa.concat_tables(pages))
            pages.clear()
            into = "INSERT INTO bench.incidents" if made else "CREATE TABLE bench.incidents AS"
            database.execute(f"{into} SELECT * FROM page")  # noqa: S608  # one of the two above
            made = True


if __name__ == "__main__":
    main()
