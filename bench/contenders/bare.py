"""The least a reader can do: fetch, decode, encode, write. Or only fetch.

It checks nothing, converts nothing, tries nothing again and proves nothing; it is here because
nothing in this language that does the work can cost less.

    python bare.py copy|download cachet|cortex|cinchy URL PAGE_SIZE
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import requests

from bench.worlds.cinchy import TABLE, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator


def pages(session: requests.Session, system: str, url: str, size: int) -> Iterator[bytes]:
    """Yield the bodies of all pages; whether another follows is seen by a look at the bytes."""
    page = 0
    while True:
        if system == "cinchy":
            query = cql(page * size, size)
            form = {"Query": query, "ResultFormat": "JSON", "CompressJSON": "true"}
            body = session.post(f"{url}/API/ExecuteCQL", data=form).content
            more = not body.endswith(b'"data":[]}')
        elif system == "cortex":
            params = {"page": page, "pageSize": size}
            body = session.get(f"{url}/api/v1/catalog", params=params).content
            more = b'"entities":[]' not in body[:20]
        else:
            params = {"page": page + 1, "per_page": size}
            body = session.get(f"{url}/api/incidents", params=params).content
            more = b'"next":' in body
        yield body
        page += 1
        if not more:
            return


def cql(after: int, size: int) -> str:
    """Return the query for one page; here keys grow by one, so places are keys."""
    key, *_rest = TYPES
    columns = ", ".join(f"t.[{name}] AS 'c{place}'" for place, name in enumerate(TYPES))
    return (
        f"SELECT TOP {size} {columns} FROM {TABLE} t "  # noqa: S608  # our own names
        f"WHERE t.[{key}] > {after} ORDER BY t.[{key}]"
    )


def rows(system: str, body: Any) -> list[Any]:
    """Return the records of a decoded page."""
    if system == "cinchy":
        return [dict(zip(TYPES, row, strict=True)) for row in body["data"]]
    if system == "cortex":
        found: list[Any] = body["entities"]
        return found
    return [row["attributes"] for row in body["data"]]


def main() -> None:
    """Read everything."""
    task, system, url, size = sys.argv[1:]
    session = requests.Session()
    decode = msgspec.json.Decoder().decode
    encoder = msgspec.json.Encoder()
    for body in pages(session, system, url, int(size)):
        if task == "copy":
            lines = encoder.encode_lines(
                [
                    {"type": "RECORD", "stream": system, "record": row}
                    for row in rows(system, decode(body))
                ]
            )
            sys.stdout.buffer.write(lines)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
