"""Components, their groups, and the history of their status."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from singer_rest.records import timestamps
from singer_rest.sources.base import UnconfiguredSource
from tap_cachet import normalise, schemas
from tap_cachet.client import row_id
from tap_cachet.sources import by_ids
from tap_cachet.streams.base import CachetStream, PlainList, Record

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from singer_rest.records.rows import Rows
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page


class Components(PlainList):
    """Components, disabled ones included as far as the key may see them."""

    name = "components"
    source_name = "components"
    table = schemas.COMPONENTS
    route = "GET /components"
    path = "/components"
    include = ("group", "meta", "tags")
    params: ClassVar[dict[str, str]] = {"filter[enabled]": "0,1"}

    def normalised(self, records: Sequence[Record], answered: dt.datetime) -> Rows:
        """Return the rows of components."""
        del answered
        return normalise.components(records)


class ComponentStatusDaily(Components):
    """The status of every component, one row a day: history that the server does not keep."""

    name = "component_status_daily"
    table = schemas.COMPONENT_STATUS_DAILY
    selected_by_default = False
    daily_snapshot = True
    cost = "shared with components"

    def rows(self, page: Page) -> Iterable[Record]:
        """Return today's row of every component."""
        today = self.tap.upper_bound.astimezone(self.tap.zone).date().isoformat()
        rows = normalise.components(page.rows)
        rows["snapshot_date"] = [today] * len(rows)
        rows["component_id"] = [row_id(record) for record in page.rows]
        rows["read_at"] = [timestamps.text(self.tap.upper_bound)] * len(rows)
        return rows


class ComponentsGroups(PlainList):
    """Component groups, under the name dltHub's page gives them."""

    name = "components_groups"
    table = schemas.COMPONENTS_GROUPS
    route = "GET /component-groups (2.x: /components/groups)"
    path = "/component-groups"
    path_v2 = "/components/groups"
    include = ("components", "meta")

    def normalised(self, records: Sequence[Record], answered: dt.datetime) -> Rows:
        """Return the rows of groups."""
        del answered
        return normalise.component_groups(records)


class ComponentsById(CachetStream):
    """The components whose ids the setting ``component_ids`` names."""

    name = "components_by_id"
    table = schemas.COMPONENTS_BY_ID
    route = "GET /components/{id}"
    cost = "1 per id in component_ids"
    selected_by_default = False

    def new_source(self) -> Source:
        """Return one request per configured id."""
        if not self.config["component_ids"]:
            return UnconfiguredSource("/components/{id}", "component_ids is not set")
        return by_ids(
            self.api,
            "/components",
            self.config["component_ids"],
            ("group", "incidents", "meta", "tags"),
            self.tap.prefetch,
        )

    def rows(self, page: Page) -> Iterable[Record]:
        """Return the row of the component."""
        return self.add_tags(normalise.components(page.rows), page)
