"""Cachet 3.x with one long list: incidents, as a build of late 2026 writes them."""

from __future__ import annotations

import datetime as dt
import functools
import json
import random
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_PAGE = 100
"""The vendor's clamp."""
NEWEST = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
LABELS = ("Reported", "Investigating", "Identified", "Watching", "Fixed")
WORDS = ("database", "answers", "slowly", "again", "moving", "traffic", "to", "another", "region")
VARIANTS = 500
"""Different texts; more of them would only cost memory."""
COMPONENTS = 3
"""An incident names the first of them, one to all."""


class CachetWorld:
    """A status page.

    Args:
        size: Incidents.
    """

    def __init__(self, size: int) -> None:
        chosen = random.Random(7)
        texts = [_text(chosen) for _variant in range(VARIANTS)]
        self._records = [
            json.dumps(_incident(number, texts[number % VARIANTS], chosen)).encode()
            for number in range(1, size + 1)
        ]
        self._fixed = {
            "/api/version": b'{"data":{"version":"3.x-dev"}}',
            "/api/status": b'{"data":{"status":"operational","message":"All good."}}',
        }

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> bytes | None:
        """Return a page of incidents, or one of the two answers every reader asks for first."""
        del method, body
        if path != "/api/incidents":
            return self._fixed.get(path)
        page = max(1, int(query.get("page", 1)))
        size = min(LARGEST_PAGE, max(1, int(query.get("per_page", 15))))
        start, end = (page - 1) * size, page * size
        first = '"first":"http://127.0.0.1/api/incidents?page=1"'
        more = f',"next":"http://127.0.0.1/api/incidents?page={page + 1}"'
        links = first + more if end < len(self._records) else first
        held = self._records[start:end]
        rows = f'"from":{start + 1},"to":{start + len(held)}' if held else '"from":null,"to":null'
        meta = f'"current_page":{page},{rows},"path":"/api/incidents","per_page":{size}'
        head = b'{"data":[' + b",".join(held)
        return (
            head
            + f'],"links":{{{links}}},"meta":{{{meta}}}'.encode()
            + _included(range(start + 1, start + len(held) + 1))
        )


def _text(chosen: random.Random) -> tuple[str, str]:
    name = " ".join(chosen.choices(WORDS, k=5)).capitalize()
    message = " ".join(chosen.choices(WORDS, k=chosen.randint(10, 40))).capitalize()
    return name, f"**{message}.** D\u00e9tails \u00e0 suivre \u2026"


@functools.cache
def _included(numbers: range) -> bytes:
    """Return the end of a page of incidents: the records that they name, and no others."""
    components = max((_components(number) for number in numbers), default=0)
    found: list[dict[str, Any]] = [
        {
            "id": str(number),
            "type": "components",
            "attributes": {
                "id": number,
                "name": f"Component {number}",
                "status": {"human": "Operational", "value": 1},
            },
        }
        for number in range(1, components + 1)
    ]
    if any(_has_user(number) for number in numbers):
        found.append({"id": "1", "type": "users", "attributes": {"id": 1}})
    return b',"included":' + json.dumps(found).encode() + b"}"


def _components(number: int) -> int:
    return 1 + number % COMPONENTS


def _has_user(number: int) -> bool:
    return number % 4 != 0


def _incident(number: int, text: tuple[str, str], chosen: random.Random) -> dict[str, Any]:
    begin = NEWEST - dt.timedelta(minutes=7 * number)
    status = number % 5
    return {
        "id": str(number),
        "type": "incidents",
        "attributes": {
            "id": number,
            "guid": str(uuid.UUID(int=chosen.getrandbits(128), version=4)),
            "name": text[0],
            "message": text[1],
            "visible": 1,
            "stickied": number % 50 == 0,
            "notifications": number % 2,
            "meta": {"ticket": f"OPS-{number}", "region": "eu-west", "weight": number % 97 / 8},
            "status": {"human": LABELS[status], "value": status},
            "occurred": _date(begin),
            "published": _date(begin + dt.timedelta(seconds=131)),
            "created": _date(begin + dt.timedelta(seconds=131)),
            "updated": _date(begin + dt.timedelta(seconds=4540)),
        },
        "relationships": {
            "components": {
                "data": [
                    {"type": "components", "id": str(item)}
                    for item in range(1, _components(number) + 1)
                ]
            },
            "user": {"data": {"type": "users", "id": "1"} if _has_user(number) else None},
        },
    }


def _date(moment: dt.datetime) -> dict[str, str]:
    return {"human": "10 months ago", "string": moment.strftime("%Y-%m-%d %H:%M:%S")}
