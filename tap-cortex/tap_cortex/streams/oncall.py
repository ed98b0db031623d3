"""Who is on call for each entity, as the provider behind Cortex says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_cortex.schemas import entity as tables
from tap_cortex.sources import OncallFanOut
from tap_cortex.streams.base import EntityStream
from tap_cortex.values import member, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Record
    from tap_cortex.entity_index import Parent


class OncallCurrent(EntityStream):
    """Who is on call for every entity, at this moment."""

    name = "oncall_current"
    table = tables.ONCALL_CURRENT
    route = "GET /catalog/{tagOrId}/integrations/oncall/current"
    path = "/catalog/{id}/integrations/oncall/current"
    paged = False
    cost = "N"

    def new_source(self) -> Source:
        """Return the requests, which the on-call provider answers in the end."""
        return OncallFanOut(self.entities(), self.path, self.child())

    def entity_row(self, entity: Parent, record: Record, index: int) -> Record:
        """Return the row, which has nothing but its place to be known by."""
        return {**super().entity_row(entity, record, index), "row_index": index}


class OncallDaily(OncallCurrent):
    """Who is on call for every entity today, person by person: history that Cortex forgets."""

    name = "oncall_daily"
    table = tables.ONCALL_DAILY
    source_name = "oncall_current"
    cost = "shared with oncall_current"
    daily_snapshot = True

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every provider, level and person; each once."""
        entity = page.parent
        found: dict[tuple[Any, ...], Record] = {}
        for record in page.rows:
            for at in parts(record.get("current")):
                for step in parts(at.get("escalations")):
                    for turn in parts(step.get("schedules")):
                        row = self._turn(entity, at, step, turn.get("user"))
                        found[tuple(row.values())] = row
        return list(found.values())

    def _turn(self, entity: Parent, at: Record, step: Record, person: Any) -> Record:
        return {
            "snapshot_date": self.today,
            "entity_id": entity.id,
            "entity_tag": entity.tag,
            "provider": at.get("provider"),
            "escalation_level": step.get("escalationLevel"),
            "person_key": member(person, "email") or member(person, "name"),
            "name": member(person, "name"),
            "email": member(person, "email"),
        }


class OncallRegistrations(EntityStream):
    """How every entity is registered with its on-call provider."""

    name = "oncall_registrations"
    table = tables.ONCALL_REGISTRATIONS
    route = "GET /catalog/{tagOrId}/integrations/oncall/registration"
    path = "/catalog/{id}/integrations/oncall/registration"
    paged = False
    cost = "N"
