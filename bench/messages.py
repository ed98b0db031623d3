"""A file of Singer messages, as a tap would write it, for those who only load.

Run as a program it writes the file: ``python -m bench.messages ROWS FILE``.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from pathlib import Path
from typing import IO, Any

import msgspec

STREAM = "orders"
KEY = "id"
NEWEST = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
WORDS = ("spring", "delivery", "of", "parts", "for", "the", "northern", "plant", "two", "pallets")
MOMENT = {"type": ["string", "null"], "format": "date-time"}
PROPERTIES: dict[str, dict[str, Any]] = {
    KEY: {"type": "integer"},
    "number": {"type": ["string", "null"]},
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "shipped_at": MOMENT,
    "due_on": {"type": ["string", "null"], "format": "date"},
    "customer_id": {"type": ["integer", "null"]},
    "customer": {"type": ["string", "null"]},
    "note": {"type": ["string", "null"]},
    "amount": {"type": ["number", "null"]},
    "tax": {"type": ["number", "null"]},
    "weight": {"type": ["number", "null"]},
    "pieces": {"type": ["integer", "null"]},
    "is_paid": {"type": ["boolean", "null"]},
    "is_gift": {"type": ["boolean", "null"]},
    "status": {"type": ["string", "null"]},
    "country": {"type": ["string", "null"]},
    "address": {"type": ["object", "null"], "additionalProperties": True},
    "lines": {"type": ["array", "null"], "items": {"type": "object"}},
    "tags": {"type": ["array", "null"], "items": {"type": "string"}},
}
"""Twenty columns: numbers, texts, dates and JSON."""


def row(number: int, chosen: random.Random) -> dict[str, Any]:
    """Return one record."""
    begin = NEWEST - dt.timedelta(seconds=37 * number)
    name = " ".join(chosen.choices(WORDS, k=3))
    return {
        KEY: number,
        "number": f"A-{number:09d}",
        "created_at": _text(begin),
        "updated_at": _text(begin + dt.timedelta(hours=5)),
        "shipped_at": None if number % 3 else _text(begin + dt.timedelta(days=2)),
        "due_on": (begin + dt.timedelta(days=14)).date().isoformat(),
        "customer_id": number % 4001,
        "customer": name,
        "note": None if number % 2 else " ".join(chosen.choices(WORDS, k=12)),
        "amount": number % 100_003 / 8,
        "tax": number % 1009 / 16,
        "weight": number % 97 / 4,
        "pieces": number % 12,
        "is_paid": number % 5 != 0,
        "is_gift": number % 50 == 0,
        "status": ("open", "packed", "sent")[number % 3],
        "country": ("DE", "FR", "US", "JP")[number % 4],
        "address": {
            "street": f"{name} {number % 300}",
            "city": "Berlin",
            "zip": str(number % 9999),
        },
        "lines": [{"sku": f"S{number % 800}", "count": 1 + number % 4}, {"sku": "S1", "count": 1}],
        "tags": ["new", f"t{number % 17}"],
    }


def _text(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(rows: int, file: IO[bytes]) -> None:
    """Write SCHEMA, that many RECORDs, and STATE."""
    encode = msgspec.json.Encoder().encode
    schema = {"type": "object", "properties": PROPERTIES}
    head = {"type": "SCHEMA", "stream": STREAM, "schema": schema, "key_properties": [KEY]}
    file.write(encode(head) + b"\n")
    chosen = random.Random(7)
    for number in range(1, rows + 1):
        message = {"type": "RECORD", "stream": STREAM, "record": row(number, chosen)}
        file.write(encode(message) + b"\n")
    file.write(encode({"type": "STATE", "value": {"bookmarks": {}}}) + b"\n")


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as out:
        write(int(sys.argv[1]), out)
