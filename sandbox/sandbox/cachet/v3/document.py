"""One reply: resource objects, their relationships, and ``included``.

``included`` holds every resource once, by (type, id), in the order of first mention over the
whole reply; so a component that belongs to several incidents of a page carries the status
(``pivot``) it has in the first of them only.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.cachet.php import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.cachet.access import Sight
    from sandbox.cachet.rows import Component, Link
    from sandbox.cachet.v3.writer import Writer

    Tree = dict[str, Any]


class User(NamedTuple):
    """A user is but an id to readers."""

    id: int


class Related(NamedTuple):
    """Something a relation leads to."""

    kind: str
    row: Any
    pivot: int | None = None


RELATIONS: dict[str, tuple[str, ...]] = {
    "components": ("group", "incidents", "tags"),
    "componentGroups": ("components",),
    "incidents": ("components", "updates", "user", "tags"),
    "metrics": ("points", "tags"),
    "metricPoints": ("metric",),
    "schedules": ("components", "updates", "tags"),
    "subscribers": ("components",),
    "updates": ("incident", "schedule"),
}
"""The relations of each type, in the order they are written."""


def tree_of(includes: Iterable[str]) -> Tree:
    """Turn ``a,a.b`` into ``{a: {b: {}}}``."""
    tree: Tree = {}
    for name in includes:
        place = tree
        for part in name.split("."):
            place = place.setdefault(part, {})
    return tree


class Relations:
    """Follows the relations of rows, with nothing hidden that Cachet does not hide."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self.world = sight.world

    def follow(self, kind: str, row: Any, name: str) -> Related | list[Related] | None:
        """Return what a relation leads to: one or nothing, or a list.

        Raises:
            ApiError: Cachet has not what it advertises (the user of a schedule), or the build
                cannot do it yet.
        """
        if name == "tags":
            return [Related("tags", self.world.tag(slug, word)) for slug, word in row.tags if slug]
        return self._follow(kind, row, name)

    def _follow(self, kind: str, row: Any, name: str) -> Related | list[Related] | None:
        match kind, name:
            case "components", "group":
                return self._group(row)
            case "components", "incidents":
                return [
                    Related("incidents", incident)
                    for incident in self.incidents_of.get(row.id, ())
                    if self.sight.incident(incident)
                ]
            case "componentGroups", "components":
                return [
                    Related("components", component)
                    for component in self.world.components.on_disk()
                    if component.group_id == row.id
                ]
            case (("incidents" | "schedules" | "subscribers"), "components"):
                return self._linked(row.components, pivot=kind != "subscribers")
            case (("incidents" | "schedules"), "updates"):
                parent = (kind.removesuffix("s"), row.id)
                updates = self.world.updates.of_parent(
                    parent, by_id=not self.sight.options.scrambled
                )
                return [Related("updates", update) for update in updates]
            case "incidents", "user":
                return Related("users", User(row.user_id)) if row.user_id else None
            case "metrics", "points" if self.sight.options.build.reworked_api:
                points = self.world.metric_points.of_parent(
                    row.id, by_id=not self.sight.options.scrambled
                )
                return [Related("metricPoints", point) for point in points]
            case "metricPoints", "metric":
                metric = self.world.metrics.find(row.metric_id)
                return metric and Related("metrics", metric)
            case "updates", ("incident" | "schedule") if row.parent_type == name:
                table: Any = self.world.incidents if name == "incident" else self.world.schedules
                parent_row = table.find(row.parent_id)
                return parent_row and Related(f"{name}s", parent_row)
        raise ApiError(500, "Server Error")

    @cached_property
    def incidents_of(self) -> dict[int, list[Any]]:
        """Return the incidents of every component."""
        found: dict[int, list[Any]] = {}
        for incident in self.world.incidents:
            for link in incident.components:
                found.setdefault(link.component_id, []).append(incident)
        return found

    def _group(self, row: Component) -> Related | None:
        group = self.world.component_groups.find(row.group_id) if row.group_id else None
        return Related("componentGroups", group) if group and self.sight.group(group) else None

    def _linked(self, links: Iterable[Link], *, pivot: bool) -> list[Related]:
        found = []
        for link in links:
            component = self.world.components.find(link.component_id)
            if component:
                found.append(Related("components", component, link.status if pivot else None))
        return found


class Document:
    """Collects one reply.

    Args:
        kind: What the reply is about.
        writer: Writes attributes.
        relations: Follows relations.
        includes: The names in ``include``.
        fields: Attributes asked for, by type.
    """

    def __init__(
        self,
        kind: str,
        writer: Writer,
        relations: Relations,
        includes: Iterable[str],
        fields: dict[str, list[str]],
    ) -> None:
        self.kind = kind
        self.writer = writer
        self.relations = relations
        self.tree = tree_of(includes)
        self.fields = fields
        self.included: dict[tuple[str, int], dict[str, Any]] = {}

    def resource(self, row: Any) -> dict[str, Any]:
        """Write one of the rows the reply is about."""
        built, below = self._object(self.kind, row, None, self.tree, top=True)
        self._include(below)
        return built

    def _object(
        self, kind: str, row: Any, pivot: int | None, tree: Tree, *, top: bool = False
    ) -> tuple[dict[str, Any], list[tuple[Related, Tree]]]:
        writer = self.writer
        attributes = writer.of[kind](row, asked=top)
        if pivot is not None and writer.build.pivot:
            attributes["pivot"] = {"component_status": writer.component_status(pivot)}
        if kind in self.fields:
            wanted = self.fields[kind]
            attributes = {key: value for key, value in attributes.items() if key in wanted}
        built = {"id": str(row.id), "type": kind, "attributes": attributes}
        below: list[tuple[Related, Tree]] = []
        relationships: dict[str, Any] = {}
        for name in self._named(kind, tree):
            found = self.relations.follow(kind, row, name)
            many = found if isinstance(found, list) else [found] if found else []
            pointers = [_pointer(one) for one in many]
            to_one = pointers[0] if pointers else None
            relationships[name] = {"data": pointers if isinstance(found, list) else to_one}
            below += [(one, tree[name]) for one in many]
        if relationships:
            built["relationships"] = relationships
        return built, below

    def _named(self, kind: str, tree: Tree) -> list[str]:
        if kind == "schedules" and "user" in tree:
            raise ApiError(500, "Server Error")
        return [name for name in RELATIONS.get(kind, ()) if name in tree]

    def _include(self, found: list[tuple[Related, Tree]]) -> None:
        deeper: list[tuple[Related, Tree]] = []
        for related, tree in found:
            key = (related.kind, related.row.id)
            if key not in self.included:
                built, below = self._object(related.kind, related.row, related.pivot, tree)
                self.included[key] = built
                deeper += below
        if deeper:
            self._include(deeper)


def _pointer(related: Related) -> dict[str, str]:
    return {"type": related.kind, "id": str(related.row.id)}
