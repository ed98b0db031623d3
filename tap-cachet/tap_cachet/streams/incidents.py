"""Incidents and schedules, each with what comes in the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_rest.sources.base import AbsentSource, UnconfiguredSource
from tap_cachet import normalise, schemas
from tap_cachet.normalise import flat
from tap_cachet.relations import index_included
from tap_cachet.sources import ApiListSource, by_ids
from tap_cachet.statuses import StatusListSource, StatusPage
from tap_cachet.streams.base import CachetStream, PlainList, Record

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page


class IncidentTemplates(PlainList):
    """Templates for incident messages."""

    name = "incident_templates"
    table = schemas.INCIDENT_TEMPLATES
    route = "GET /incident-templates (2.4: /incidents/templates)"
    path = "/incident-templates"
    path_v2 = "/incidents/templates"
    sortable_v2 = False
    since_2_4 = True

    @property
    def zone(self) -> dt.tzinfo:
        """Return the server's own zone: 2.x does not present these dates in the asked-for one."""
        return self.tap.zone


class StatusFamily(CachetStream):
    """Incidents or schedules, and what comes in the same answers."""

    parent: ClassVar[str]
    """The list itself: ``incidents`` or ``schedules``."""
    parent_include: ClassVar[tuple[str, ...]]

    def new_source(self) -> Source:
        """Return the one walk that serves every selected stream of the family."""
        server = self.api.server
        path = f"/{self.parent}"
        singular = self.parent.removesuffix("s")
        if not server.is_v3:
            if self.parent == "schedules" and not server.has_schedules:
                return AbsentSource(path, f"Cachet 2.3 has no {self.name}")
            request = self.api.request(path, params={"sort": "id"})
            return ApiListSource(self.api, path, request, ahead=self.tap.prefetch)
        wants_rows = self.is_selected(self.parent)
        wants_components = self.is_selected(f"{singular}_components")
        wants_updates = self.is_selected(f"{singular}_updates")
        include = dict.fromkeys(self.parent_include if wants_rows else ())
        include |= {"components": None} if wants_components else {}
        include |= {"updates": None} if wants_updates else {}
        return StatusListSource(
            self.api,
            path,
            include=tuple(include),
            prefetch=self.tap.prefetch,
            with_components=wants_components,
            with_updates=wants_updates,
        )

    def component_rows(self, page: Page, key: str) -> Iterator[Record]:
        """Yield incident or schedule, component, and the status one gave the other."""
        if isinstance(page, StatusPage):
            for owner, statuses in page.statuses.items():
                for component, status in statuses:
                    pair = status if isinstance(status, dict) else {"value": status}
                    yield {
                        key: owner,
                        "component_id": component,
                        "component_status": pair.get("value"),
                        "component_status_name": pair.get("human"),
                    }
            return
        for record in page.rows:
            yield from self.component_rows_v2(record)

    def component_rows_v2(self, record: Record) -> Iterator[Record]:
        """Yield the pairs of one 2.x record."""
        del record
        yield from ()

    def update_rows(self, page: Page, key: str) -> Iterable[Record]:
        """Return the updates of every incident or schedule of a page."""
        if isinstance(page, StatusPage):
            updates = [record for _owner, record in page.updates]
            return normalise.updates(updates, key, [owner for owner, _record in page.updates])
        updates = [update for record in page.rows for update in record.get("updates") or []]
        return normalise.updates(updates, key)


class IncidentFamily(StatusFamily):
    """Incidents and what comes with them."""

    source_name = "incidents"
    parent = "incidents"
    parent_include = ("components", "user", "meta", "tags")

    def component_rows_v2(self, record: Record) -> Iterator[Record]:
        """Yield the one component a 2.x incident can have."""
        component = normalise.or_none(record.get("component_id"))
        if component is not None:
            yield {"incident_id": record["id"], "component_id": component}


class Incidents(IncidentFamily):
    """Incidents."""

    name = "incidents"
    table = schemas.INCIDENTS
    route = "GET /incidents"

    def rows(self, page: Page) -> Iterable[Record]:
        """Return a row for every incident."""
        answered = page.reply.date
        rows = normalise.incidents(page.rows, answered)
        return self.report_unknown(self.add_tags(rows, page))


class IncidentComponents(IncidentFamily):
    """Which component an incident affects, and the status it gave it."""

    name = "incident_components"
    table = schemas.INCIDENT_COMPONENTS
    route = (
        "GET /incidents, and for components named twice on a page smaller pages of it or "
        "GET /incidents/{id}"
    )
    cost = (
        "shared with incidents, and on 3.x 1 per 2 or 3 incidents that repeat a component on a page"
    )

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the pairs of every incident."""
        return self.component_rows(page, "incident_id")


class IncidentUpdates(IncidentFamily):
    """Messages added to incidents."""

    name = "incident_updates"
    table = schemas.INCIDENT_UPDATES
    route = "GET /incidents"
    cost = "shared with incidents"

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the updates of every incident."""
        return self.update_rows(page, "incident_id")


class ScheduleFamily(StatusFamily):
    """Schedules and what comes with them."""

    source_name = "schedules"
    parent = "schedules"
    parent_include = ("components", "meta", "tags")

    def component_rows_v2(self, record: Record) -> Iterator[Record]:
        """Yield the components of a 2.4 schedule."""
        for item in record.get("components") or []:
            yield {**item, "schedule_id": record["id"]}


class Schedules(ScheduleFamily):
    """Scheduled maintenances."""

    name = "schedules"
    table = schemas.SCHEDULES
    route = "GET /schedules"

    def rows(self, page: Page) -> Iterable[Record]:
        """Return a row for every schedule."""
        answered = page.reply.date
        rows = normalise.schedules(page.rows, answered)
        return self.report_unknown(self.add_tags(rows, page))


class ScheduleComponents(ScheduleFamily):
    """Which component a maintenance affects, and its status meanwhile."""

    name = "schedule_components"
    table = schemas.SCHEDULE_COMPONENTS
    route = (
        "GET /schedules, and for components named twice on a page smaller pages of it or "
        "GET /schedules/{id}"
    )
    cost = (
        "shared with schedules, and on 3.x 1 per 2 or 3 schedules that repeat a component on a page"
    )

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the pairs of every schedule."""
        return self.component_rows(page, "schedule_id")


class ScheduleUpdates(ScheduleFamily):
    """Messages added to maintenances (3.x)."""

    name = "schedule_updates"
    table = schemas.SCHEDULE_UPDATES
    route = "GET /schedules"
    cost = "shared with schedules"

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the updates of every schedule; 2.x has none."""
        return self.update_rows(page, "schedule_id") if isinstance(page, StatusPage) else ()


class IncidentsById(CachetStream):
    """The incidents whose ids the setting ``incident_ids`` names."""

    name = "incidents_by_id"
    table = schemas.INCIDENTS_BY_ID
    route = "GET /incidents/{id}"
    cost = "1 per id in incident_ids"
    selected_by_default = False

    def new_source(self) -> Source:
        """Return one request per configured id."""
        if not self.config["incident_ids"]:
            return UnconfiguredSource("/incidents/{id}", "incident_ids is not set")
        return by_ids(
            self.api,
            "/incidents",
            self.config["incident_ids"],
            ("components", "updates", "user", "meta", "tags"),
            self.tap.prefetch,
        )

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the row of the incident, with its components and updates."""
        answered = page.reply.date
        body = page.reply.body
        rows = self.add_tags(normalise.incidents(page.rows, answered), page)
        for kind in ("components", "updates"):
            rows[kind] = [self._nested(record, body, kind) for record in page.rows]
        return rows

    def _nested(self, record: Record, body: Any, kind: str) -> list[Record]:
        """Return related rows, with dates as instants like everywhere else."""
        if "attributes" in record:
            items = list(index_included(body, kind).values())
            found = [row for item in items for row in flat([item])]
            statuses = [item["attributes"].get("pivot") or {} for item in items]
        else:
            found = [dict(item) for item in record.get(kind) or []]
            statuses = [{} for _item in found]
        table = schemas.INCIDENT_UPDATES if kind == "updates" else schemas.COMPONENTS
        names = {column.name for column in table.columns}
        dates = {c.name for c in table.columns if c.kind.name == "instant"}
        nested = []
        for item, pivot in zip(found, statuses, strict=True):
            row = {
                name: self.tap.instant(value) if name in dates else value
                for name, value in item.items()
                if name in names and name not in {"group_id", "incident_id"}
            }
            status = pivot.get("component_status")
            if kind == "components":
                row["component_status"] = status.get("value") if status else None
                row["component_status_name"] = status.get("human") if status else None
            nested.append(row)
        return nested
