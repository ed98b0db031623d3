"""The catalog: entities and what is made of them, types, relationships, catalogs."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.sources.single import envelope
from tap_cortex.catalog_sources import CatalogSource, TypedListSource
from tap_cortex.client import texts_or_objects
from tap_cortex.fanout import ChildRoute, CountedFanOut
from tap_cortex.schemas import catalog as tables
from tap_cortex.streams.base import CortexStream, ListStream
from tap_cortex.values import digest, from_yaml, json_text, member, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Record


class EntityFamily(CortexStream):
    """The one walk over the catalog that its streams share."""

    source_name = "entities"
    route = "GET /catalog"
    cost = "shared with entities"
    filtered_by = ("include_archived", "include_team_entities")

    def new_source(self) -> Source:
        """Return the walk with everything that the catalog can show."""
        params = {
            "includeArchived": self.config["include_archived"],
            "includeMetadata": True,
            "includeLinks": True,
            "includeOwners": True,
            "includeSlackChannels": True,
            "includeNestedFields": ["team:members"],
            "hierarchyDepth": self.config["hierarchy_depth"],
        }
        others = (stream.source_key for stream in self.tap.selected_streams())
        return CatalogSource(
            self.tap.entities,
            params,
            remember=any(other != self.source_key for other in others),
            keep_links=self.tap.needs_links,
        )


class Entities(EntityFamily):
    """Every entity of every type, with links, custom data, owners and hierarchy."""

    name = "entities"
    table = tables.ENTITIES
    cost = "N / page_size, per 1500 characters of type names; and 1 for the types"


class EntityHierarchy(EntityFamily):
    """Which entity stands right below which: one row per edge."""

    name = "entity_hierarchy"
    table = tables.ENTITY_HIERARCHY

    def new_source(self) -> Source:
        """Return the walk, and forget the edges of an earlier one."""
        self._seen.clear()
        return super().new_source()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._seen: set[tuple[str, str]] = set()

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return the edges of every entity; each is told by both its ends and written once."""
        found = []
        for entity in page.rows:
            trees = entity.get("hierarchy")
            edges = [(entity, child) for child in parts(member(trees, "children"))]
            edges += [(parent, entity) for parent in parts(member(trees, "parents"))]
            for parent, child in edges:
                key = str(parent.get("id")), str(child.get("id"))
                if key not in self._seen:
                    self._seen.add(key)
                    found.append(_edge(parent, child))
        return found


def _edge(parent: Record, child: Record) -> Record:
    row = {}
    for end, entity in (("parent", parent), ("child", child)):
        for field in ("id", "tag", "type", "name"):
            row[f"{end}_{field}"] = entity.get(field)
    return row


class PartOfEntity(EntityFamily):
    """Rows that an entity carries in lists of its own."""

    keys: ClassVar[tuple[str, ...]]

    @abc.abstractmethod
    def parts(self, entity: Record) -> list[Record]:
        """Return the rows of one entity, without the entity's id and tag."""

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return the rows of every entity; what an entity names twice is written once."""
        found: list[Record] = []
        for entity in page.rows:
            own = {"entity_id": entity.get("id"), "entity_tag": entity.get("tag")}
            named = {
                tuple(str(part.get(name)) for name in self.keys): part
                for part in self.parts(entity)
            }
            found += [{**part, **own} for part in named.values()]
        return self.move_unknown(found)


class EntityOwners(PartOfEntity):
    """Who owns which entity: one row per team and per person."""

    name = "entity_owners"
    table = tables.ENTITY_OWNERS
    keys = ("owner_type", "owner_key")

    def parts(self, entity: Record) -> list[Record]:
        """Return the teams and the people that own an entity."""
        owners = entity.get("owners")
        found = []
        for team in parts(member(owners, "teams")):
            row = {name: value for name, value in team.items() if name != "id"}
            key = team.get("id") or team.get("tag")
            found.append({**row, "owner_type": "team", "owner_key": key})
        found += [
            {**person, "owner_type": "individual", "owner_key": person.get("email")}
            for person in parts(member(owners, "individuals"))
        ]
        return found


class EntityOwnersDaily(EntityOwners):
    """Who owns which entity today: history that Cortex does not keep."""

    name = "entity_owners_daily"
    table = tables.ENTITY_OWNERS_DAILY
    selected_by_default = False
    daily_snapshot = True

    def parts(self, entity: Record) -> list[Record]:
        """Return the teams and the people that own an entity today."""
        return [{**row, "snapshot_date": self.today} for row in super().parts(entity)]


class EntityLinks(PartOfEntity):
    """The links of every entity."""

    name = "entity_links"
    table = tables.ENTITY_LINKS
    keys = ("name", "type", "url")

    def parts(self, entity: Record) -> list[Record]:
        """Return the links of an entity."""
        return [
            {**link, **{name: str(link.get(name) or "") for name in self.keys if link}}
            for link in parts(entity.get("links"))
        ]


class EntityMetadata(PartOfEntity):
    """The custom data of every entity, as key and value."""

    name = "entity_metadata"
    table = tables.ENTITY_METADATA
    keys = ("key",)

    def parts(self, entity: Record) -> list[Record]:
        """Return the custom data of an entity."""
        return [
            {**item, "value_json": json_text(item.get("value"))}
            for item in parts(entity.get("metadata"))
        ]


class EntityDescriptors(CortexStream):
    """What was written down about every entity; nothing that was set by API."""

    name = "entity_descriptors"
    table = tables.ENTITY_DESCRIPTORS
    route = "GET /catalog/descriptors"
    cost = "N / page_size, per 1500 characters of type names"
    filtered_by = ("include_team_entities",)

    def new_source(self) -> Source:
        """Return the walk over the descriptors."""
        rows = texts_or_objects("descriptors")
        return TypedListSource(self.tap.entities, "/catalog/descriptors", {"yaml": False}, rows)

    def row(self, record: Record) -> Record:
        """Return the descriptor with tag, type and title lifted out of it."""
        text = record["text"] if set(record) == {"text"} else None
        descriptor = record if text is None else from_yaml(text)
        info = member(descriptor, "info")
        row = {
            "tag": member(info, "x-cortex-tag") or digest(record if text is None else text),
            "type": member(info, "x-cortex-type"),
            "title": member(info, "title"),
        }
        return {**row, "descriptor": record} if text is None else {**row, "descriptor_text": text}


class EntityTypes(ListStream):
    """The types that entities can have, besides service, domain and team."""

    name = "entity_types"
    table = tables.ENTITY_TYPES
    route = "GET /catalog/definitions"
    filtered_by = ("include_built_in_types",)

    def new_source(self) -> Source:
        """Return the walk that the catalog's types come from, too."""
        return self.tap.types.source()

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every type; built-in ones only if they are wanted."""
        wanted = self.config["include_built_in_types"]
        return self.move_unknown(
            [self.row(row) for row in page.rows if wanted or row.get("source") != "CORTEX"]
        )


class Catalogs(ListStream):
    """The catalogs that the workspace shows in its menu."""

    name = "catalogs"
    table = tables.CATALOGS
    route = "GET /catalog-pages"
    permission = "View catalogs"
    path = "/catalog-pages"
    envelope = ("catalogPages", "catalogs")
    identity = ("slug",)
    undocumented = True


class RelationshipTypes(ListStream):
    """The kinds of edges that entities can have."""

    name = "relationship_types"
    table = tables.RELATIONSHIP_TYPES
    route = "GET /relationship-types"

    def new_source(self) -> Source:
        """Return the walk that the edges' types come from, too."""
        return self.tap.relationship_types.source()


class Relationships(CortexStream):
    """The edges of every relationship type."""

    name = "relationships"
    table = tables.RELATIONSHIPS
    route = "GET /relationships/{relationshipTypeTag}"
    cost = "1 per relationship type and page of edges; and 1 for the types"

    def new_source(self) -> Source:
        """Return the walks over the edges of all types."""
        path = "/relationships/{tag}"
        types = self.tap.relationship_types
        child = ChildRoute(lambda tag: self.api.request(path, tag=tag), envelope("relationships"))
        return CountedFanOut(self.api, path, types, child, types.setup_requests)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return the edges with the ids of both ends lifted out."""
        found = []
        for edge in page.rows:
            row = {**edge, "relationship_type_tag": page.parent}
            for end in ("source", "destination"):
                entity = edge.get(f"{end}Entity")
                row[f"{end}_entity_id"] = member(entity, "id")
                for field in ("tag", "type", "name"):
                    row[f"{end}_{field}"] = member(entity, field)
            found.append(row)
        return self.move_unknown(found)
