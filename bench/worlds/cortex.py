"""Cortex with a catalog of entities, each with groups, dependencies and deploys of its own."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NEWEST = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
CATALOG = "/api/v1/catalog"
LARGEST_PAGE = 1000
DEFAULT_PAGE = 250
WORDS = ("handles", "payments", "of", "the", "shop", "tells", "warehouse", "what", "to", "send")
EMPTY = {
    "/api/v1/catalog/definitions": "definitions",
    "/api/v1/relationship-types": "relationshipTypes",
    "/api/v1/teams": "teams",
}
"""Lists that a reader may want to see beside the catalog."""


ROUTES = {"groups": "groups", "dependencies": "dependencies", "deployments": "deploys"}
"""Of the children, by the key of their rows."""


class CortexWorld:
    """A workspace.

    Args:
        size: Entities.
        children: Whether they have any.
    """

    def __init__(self, size: int, *, children: bool = True) -> None:
        chosen = random.Random(7)
        self._entities = [_dump(_entity(number, chosen)) for number in range(1, size + 1)]
        self._children: dict[str, bytes] = {}
        for number in range(1, size + 1) if children else ():
            for name, rows in _children(number, chosen).items():
                body = _dump({name: rows, "page": 0, "total": len(rows), "totalPages": 1})
                for place in (_tag(number), _id(number)):
                    self._children[f"{CATALOG}/{place}/{ROUTES[name]}"] = body

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> bytes | None:
        """Return a page of the catalog, or the rows of one entity."""
        del method, body
        child = self._children.get(path)
        if child is not None:
            return child
        if path in EMPTY:
            return _dump({EMPTY[path]: [], "page": 0, "total": 0, "totalPages": 0})
        if path != CATALOG:
            return None
        entities = [] if query.get("types") == "team" else self._entities
        page = int(query.get("page", 0))
        size = min(LARGEST_PAGE, int(query.get("pageSize", DEFAULT_PAGE)))
        rows = b",".join(entities[page * size : (page + 1) * size])
        pages = -(-len(entities) // size)
        tail = f'],"page":{page},"total":{len(entities)},"totalPages":{pages}}}'
        return b'{"entities":[' + rows + tail.encode()


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _tag(number: int) -> str:
    return f"service-{number}"


def _id(number: int) -> str:
    return f"en{number:016x}"


def _moment(number: int) -> str:
    return (NEWEST - dt.timedelta(minutes=11 * number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _entity(number: int, chosen: random.Random) -> dict[str, Any]:
    return {
        "id": _id(number),
        "tag": _tag(number),
        "type": "service",
        "name": f"Service {number}",
        "description": " ".join(chosen.choices(WORDS, k=12)),
        "git": {
            "alias": None,
            "basepath": None,
            "provider": "GITHUB",
            "repository": f"shop/service-{number}",
            "repositoryUrl": f"https://git.example.com/shop/service-{number}",
        },
        "groups": ["tier-1", f"region-{number % 7}"],
        "hierarchy": {"children": [], "parents": []},
        "isArchived": False,
        "lastUpdated": _moment(number),
        "links": [
            {"name": "Runbook", "type": "runbook", "url": f"https://docs.example.com/{number}"}
        ],
        "members": [],
        "metadata": [{"key": "cost", "value": number % 97 / 8}, {"key": "pci", "value": True}],
        "owners": {
            "individuals": [{"description": None, "email": f"owner{number % 40}@example.com"}],
            "teams": [],
        },
        "slackChannels": [{"name": f"#service-{number}", "notificationsEnabled": True}],
    }


def _children(number: int, chosen: random.Random) -> dict[str, list[dict[str, Any]]]:
    return {
        "groups": [{"tag": "tier-1"}, {"tag": f"region-{number % 7}"}],
        "dependencies": [
            {
                "callerTag": _tag(number),
                "callerType": "service",
                "calleeTag": _tag(max(1, number - other)),
                "calleeType": "service",
                "description": "Asks for prices.",
                "method": "GET",
                "path": f"/prices/{other}",
            }
            for other in range(1, 3)
        ],
        "deployments": [
            {
                "customData": {},
                "deployer": {"email": "robot@example.com", "name": "Robot"},
                "environment": "production",
                "sha": f"{chosen.getrandbits(160):040x}",
                "timestamp": _moment(number + one),
                "title": f"Release {number}.{one}",
                "type": "DEPLOY",
                "url": None,
                "uuid": str(uuid.UUID(int=chosen.getrandbits(128), version=4)),
            }
            for one in range(3)
        ],
    }
