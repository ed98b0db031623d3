"""The catalog as a whole: lists, descriptors, types, batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cortex.answers import BAD_REQUEST, JSON, Answer, ApiError, encode, not_found, ok
from sandbox.cortex.model import TEAM_TYPE, Entity
from sandbox.cortex.order import arranged
from sandbox.cortex.paging import paged
from sandbox.cortex.render import Renderer, descriptor
from sandbox.cortex.routing import Call, Routes
from sandbox.cortex.yaml_text import to_yaml, written_by_hand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.cortex.model import Row

__all__ = ["living", "routes"]

routes = Routes()

CATALOG = "/api/v1/catalog"


def living(call: Call, name: str = "tagOrId", *, tag_only: bool = False) -> Entity:
    """Return the entity that the path names.

    Args:
        call: The request.
        name: The placeholder that names it.
        tag_only: Whether ids are unknown to this route.

    Raises:
        ApiError: There is no such entity, or it vanished.
    """
    text = call.names[name]
    entity = call.world.by_tag().get(text) if tag_only else call.world.find(text)
    gone = entity is not None and entity.is_archived and call.options.archived_children_gone
    if entity is None or entity.deleted or gone:
        raise not_found(f"Entity not found: {text}")
    return entity


def _types(call: Call) -> frozenset[str]:
    """Return the types that are asked for, by default those that every workspace has."""
    asked = frozenset(call.query.values("types"))
    if TEAM_TYPE in asked and not call.options.teams_in_catalog:
        raise ApiError(BAD_REQUEST, "Bad Request - Cannot request teams.")
    if asked:
        return asked
    built_in = (row["type"] for row in call.world.entity_types if row["source"] == "CORTEX")
    return frozenset(("service", "domain", *built_in))


def _selected(call: Call, *, archived: bool) -> Sequence[Entity]:
    """Return the entities that the filters leave, remembered until the world changes."""
    types = _types(call)
    names = ("groups", "owners", "gitRepositories")
    groups, owners, repositories = (frozenset(call.query.values(name)) for name in names)
    text = (call.query.text("query") or "").lower()

    def keep(entity: Entity) -> bool:
        return (
            entity.type in types
            and (archived or not entity.is_archived)
            and (not groups or not groups.isdisjoint(entity.groups))
            and (not owners or any(team["tag"] in owners for team in entity.owner_teams))
            and (not repositories or (entity.git or {}).get("repository") in repositories)
            and text in f"{entity.tag} {entity.name}".lower()
        )

    def build() -> list[Entity]:
        found = [entity for entity in call.world.everything() if keep(entity)]
        if text:  # sorted by relevance: the shorter the tag, the better the match
            found.sort(key=lambda entity: len(entity.tag))
        return found

    key = ("catalog", types, archived, groups, owners, repositories, text)
    found = call.world.view(key, build)
    if text:
        return found
    return arranged(call, call.route, found, lambda e: e.id, lambda e: e.last_updated)


@routes.get(CATALOG)
def list_entities(call: Call) -> Answer:
    """List entities; archived ones, teams and most of the fields only when asked for."""
    renderer = Renderer(call.world, call.query)
    rows = _selected(call, archived=call.query.flag("includeArchived"))
    return paged(call, "entities", rows, renderer.summary)


@routes.get(CATALOG + "/descriptors")
def list_descriptors(call: Call) -> Answer:
    """List descriptors as objects, or as YAML texts; never of archived entities."""
    yaml = call.query.flag("yaml")
    by_hand = call.options.descriptors_yaml

    def show(entity: Entity) -> Row | str:
        row = descriptor(call.world, entity)
        if by_hand:
            return written_by_hand(row)
        return to_yaml(row) if yaml else row

    return paged(call, "descriptors", _selected(call, archived=False), show)


@routes.get(CATALOG + "/definitions")
def list_definitions(call: Call) -> Answer:
    """List entity types; built-in ones only when asked for."""
    built_in = call.query.flag("includeBuiltIn")
    rows = [row for row in call.world.entity_types if built_in or row["source"] == "CUSTOM"]
    return paged(call, "definitions", rows)


@routes.get(CATALOG + "/definitions/{type}")
def get_definition(call: Call) -> Answer:
    """Return one entity type."""
    return ok(one(call.world.entity_types, "type", call.names["type"]))


def one(rows: Iterable[Row], field: str, value: str) -> Row:
    """Return the row whose field has this value.

    Raises:
        ApiError: There is none.
    """
    for row in rows:
        if row[field] == value:
            return row
    raise not_found()


@routes.get(CATALOG + "/batch/{type}")
def list_batch(call: Call) -> Answer:
    """List the ids of the entities of a type whose custom data has a batch key."""
    key = call.query.required("key")
    version = call.query.text("version")
    differs = call.query.choice("compare", ("eq", "ne"), "eq") == "ne"
    archived = call.query.flag("includeArchived")

    def keep(entity: Entity) -> bool:
        values = {row["key"]: row["value"] for row in entity.custom_data}
        identifier = values.get("__cortex_batch.identifier")
        return (
            entity.type == call.names["type"]
            and (archived or not entity.is_archived)
            and values.get("__cortex_batch.key") == key
            and (version is None or (identifier == version) != differs)
        )

    return paged(call, "ids", [e.id for e in call.world.everything() if keep(e)])


@routes.get(CATALOG + "/custom-data")
def find_custom_data(call: Call) -> Answer:
    """Return the custom data of one entity, named by a parameter, in one array."""
    entity = call.world.by_tag().get(call.query.required("tag"))
    if entity is None or entity.deleted:
        raise not_found("Entity not found")
    key = call.query.text("key")
    return ok([row for row in entity.custom_data if key is None or row["key"] == key])


@routes.get(CATALOG + "/{tagOrId}")
def get_entity(call: Call) -> Answer:
    """Return one entity with its owners unless they are declined."""
    renderer = Renderer(call.world, call.query)
    owners = call.query.flag("includeOwners", default=True)
    return ok(renderer.details(living(call), owners=owners))


@routes.get(CATALOG + "/{tagOrId}/openapi")
def get_descriptor(call: Call) -> Answer:
    """Return one descriptor, as an object or as YAML text."""
    row = descriptor(call.world, living(call))
    if call.options.descriptors_yaml:
        return Answer(body=encode(written_by_hand(row)), content_type=JSON)
    if call.query.flag("yaml"):
        return Answer(body=encode(to_yaml(row)), content_type=JSON)
    return ok(row)
