"""Relationship types, their edges, and the edges of one entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.answers import ViolationError, not_found, ok
from sandbox.cortex.order import arranged
from sandbox.cortex.paging import paged
from sandbox.cortex.routing import Call, Routes

from .catalog import living, one

if TYPE_CHECKING:
    from sandbox.cortex.answers import Answer
    from sandbox.cortex.model import Row

routes = Routes()

FULL_DEPTH = 50


@routes.get("/api/v1/relationship-types")
def list_types(call: Call) -> Answer:
    """List relationship types."""
    return paged(call, "relationshipTypes", call.world.relationship_types)


@routes.get("/api/v1/relationship-types/{relationshipTypeTag}")
def get_type(call: Call) -> Answer:
    """Return one relationship type."""
    return ok(one(call.world.relationship_types, "tag", call.names["relationshipTypeTag"]))


def _edges(call: Call) -> list[Row]:
    rows = call.world.relationships.get(call.names["relationshipTypeTag"])
    if rows is None:
        raise not_found("Relationship type not found")
    return rows


@routes.get("/api/v1/relationships/{relationshipTypeTag}")
def list_edges(call: Call) -> Answer:
    """List the edges of one type."""
    rows = arranged(call, call.path, _edges(call), _ends, lambda _: None)
    return paged(call, "relationships", rows)


def _ends(row: Row) -> tuple[str, str]:
    return row["sourceEntity"]["id"], row["destinationEntity"]["id"]


@routes.get("/api/v1/catalog/{tagOrId}/relationships/{relationshipTypeTag}/destinations")
def list_destinations(call: Call) -> Answer:
    """Return the entities that an entity points to."""
    return ok({"destinations": _reach(call, "sourceEntity", "destinationEntity")})


@routes.get("/api/v1/catalog/{tagOrId}/relationships/{relationshipTypeTag}/sources")
def list_sources(call: Call) -> Answer:
    """Return the entities that point to an entity."""
    return ok({"sources": _reach(call, "destinationEntity", "sourceEntity")})


def _reach(call: Call, near: str, far: str) -> list[Row]:
    start = living(call)
    text = call.query.text("depth") or "1"
    if text != "full" and not text.isdigit():
        raise ViolationError("depth", f"'{text}' is neither full nor a number")
    depth = FULL_DEPTH if text == "full" else int(text)
    archived = call.query.flag("includeArchived")
    edges = _edges(call)
    found: dict[str, Row] = {}
    floor = {start.id}
    for _ in range(depth):
        ends = [row[far] for row in edges if row[near]["id"] in floor]
        floor = {row["id"] for row in ends} - found.keys()
        found |= {row["id"]: row for row in ends if row["id"] in floor}
        if not floor:
            break
    by_id = call.world.by_id()
    gone = {key for key in found if not archived and key in by_id and by_id[key].is_archived}
    return [row for key, row in found.items() if key not in gone]
