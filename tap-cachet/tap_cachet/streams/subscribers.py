"""Subscribers and what they subscribe to: personal data, so not selected by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_cachet import normalise, schemas
from tap_cachet.client import row_id
from tap_cachet.streams.base import PlainList, Record

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from singer_rest.records.rows import Rows
    from singer_rest.sources.pages import Page


class SubscriberFamily(PlainList):
    """The list of subscribers, which both streams are made from."""

    source_name = "subscribers"
    route = "GET /subscribers"
    path = "/subscribers"
    include = ("components", "meta")
    permission = "an API key with the ability subscribers.manage (2.x: any key)"
    selected_by_default = False
    sortable_v2 = False


class Subscribers(SubscriberFamily):
    """Subscribers, without the codes that would let a reader act for them."""

    name = "subscribers"
    table = schemas.SUBSCRIBERS

    def normalised(self, records: Sequence[Record], answered: dt.datetime) -> Rows:
        """Return the rows of subscribers."""
        return normalise.subscribers(records, answered)


class Subscriptions(SubscriberFamily):
    """Which subscriber hears of which component."""

    name = "subscriptions"
    table = schemas.SUBSCRIPTIONS
    cost = "shared with subscribers"

    def rows(self, page: Page) -> Iterable[Record]:
        """Return a row for every subscriber and component."""
        rows: list[Record] = []
        for record in page.rows:
            owner = row_id(record)
            if "attributes" in record:
                components = normalise.related(record, "components") or []
                rows += [{"subscriber_id": owner, "component_id": item} for item in components]
                continue
            for item in record.get("subscriptions") or []:
                # These two dates come in the server's zone, not in the one asked for.
                dates = {
                    name: self.tap.instant(item.get(name)) for name in ("created_at", "updated_at")
                }
                rows.append({**item, **dates, "subscriber_id": owner})
        return rows
