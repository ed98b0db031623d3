"""One shape for the records of every Cachet version.

On 3.x a record is ``{id, type, attributes, relationships}``, dates are ``{human, string}`` pairs
and statuses ``{human, value}`` pairs; on 2.x it is flat. Here both become flat rows with the
column names of :mod:`tap_cachet.schemas`:

* ``{human, string}`` named x becomes ``x_at``; the human text, which changes on every call, goes.
* ``{human, value}`` named x becomes ``x`` and ``x_name``.
* 0 as the group or component of a 2.x record means none.
* 2.x shows the present moment where a date is null; such values become null again.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import TYPE_CHECKING, Any

from singer_rest import timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_rest.columns import Table

logger = logging.getLogger(__name__)

FIXED = 4
COMPLETE = 2
SCHEDULED_ON_2_3 = 0
CLOCK_TOLERANCE = dt.timedelta(seconds=5)
"""A 2.x date this close to the answer's own clock is a null in disguise."""

SECRETS = frozenset({"verify_code", "slack_webhook_url"})
"""Let anybody manage a subscription or post to a channel; never taken from the server's row."""
NOISE = frozenset(
    {
        "duration",
        "latest_icon",
        "deleted_at",
        "enabled_components",
        "enabled_components_lowest",
        "human_status",
        "latest_human_status",
        "latest_update_id",
        "status_name",
        "updates",
        "components",
        "subscriptions",
        "updateable_id",
        "updateable_type",
        "components_count",
        "pivot",
        "incident_ids",
    }
)
"""Known, and served under another name, by another stream, or not at all."""


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten a 3.x record; one of 2.x is returned as a copy."""
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        return dict(record)
    row: dict[str, Any] = {}
    for name, value in attributes.items():
        if value.__class__ is dict:
            if "string" in value:
                row[name if name.endswith("_at") else f"{name}_at"] = value["string"]
                continue
            if "value" in value and "human" in value:
                row[name] = value["value"]
                row[f"{name}_name"] = value["human"]
                continue
        row[name] = value
    return row


def related(record: Mapping[str, Any], name: str) -> list[int] | None:
    """Return the ids of a 3.x relationship; nothing if it was not included."""
    relationship = (record.get("relationships") or {}).get(name)
    if relationship is None:
        return None
    data = relationship.get("data")
    if data is None:
        return []
    return [int(item["id"]) for item in (data if isinstance(data, list) else [data])]


def related_one(record: Mapping[str, Any], name: str) -> int | None:
    """Return the id of a 3.x to-one relationship."""
    ids = related(record, name)
    return ids[0] if ids else None


def or_none(value: Any) -> Any:
    """Return nothing for the zero that 2.x writes instead of null."""
    return None if value in {0, "0", ""} else value


def real_date(value: Any, answered: dt.datetime) -> Any:
    """Return nothing for a 2.x date that is only the clock of the answer."""
    moment = timestamps.parse(value)
    if moment is not None and abs(moment - answered) <= CLOCK_TOLERANCE:
        return None
    return value


def component(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a component."""
    row = flat(record)
    if "attributes" in record:
        row["group_id"] = related_one(record, "group")
        row["incident_ids"] = related(record, "incidents")
    else:
        row["group_id"] = or_none(row.get("group_id"))
        row["tags"] = _tags(row.get("tags"))
    return row


def _tags(tags: Any) -> Any:
    return {} if tags in ([], {"": ""}) else tags


def component_group(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a component group."""
    row = flat(record)
    if "attributes" in record:
        row["component_ids"] = related(record, "components")
    else:
        row["component_ids"] = [item["id"] for item in row.get("enabled_components") or []]
    return row


def incident(record: Mapping[str, Any], answered: dt.datetime) -> dict[str, Any]:
    """Return the row of an incident."""
    row = flat(record)
    if "attributes" in record:
        row["component_ids"] = related(record, "components")
        row["user_id"] = related_one(record, "user")
        row["latest_status"] = row.get("status")
        row["latest_status_name"] = row.get("status_name")
        row["component_id"] = or_none(row.get("component_id"))
    else:
        row["status_name"] = row.get("human_status")
        row["latest_status_name"] = row.get("latest_human_status")
        if "latest_status" not in row:  # 2.3
            row["latest_status"] = row.get("status")
            row["latest_status_name"] = row.get("human_status")
        row["component_id"] = or_none(row.get("component_id"))
        row["component_ids"] = [] if row["component_id"] is None else [row["component_id"]]
        row["occurred_at"] = real_date(row.get("occurred_at"), answered)
        scheduled = real_date(row.get("scheduled_at"), answered)
        row["scheduled_at"] = scheduled if _int(row.get("status")) == SCHEDULED_ON_2_3 else None
    if row.get("is_resolved") is None:
        latest = _int(row.get("latest_status"))
        row["is_resolved"] = None if latest is None else latest == FIXED
    return row


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def update(record: Mapping[str, Any], parent: str, parent_id: Any = None) -> dict[str, Any]:
    """Return the row of an incident's or a schedule's update."""
    row = flat(record)
    if "attributes" in record:
        row[parent] = row.get("updateable_id", parent_id)
    else:
        row["status_name"] = row.get("human_status")
    return row


def schedule(record: Mapping[str, Any], answered: dt.datetime) -> dict[str, Any]:
    """Return the row of a scheduled maintenance."""
    row = flat(record)
    if "attributes" in record:
        row["component_ids"] = related(record, "components")
    else:
        row["status_name"] = row.get("human_status")
        completed = real_date(row.get("completed_at"), answered)
        row["completed_at"] = completed if _int(row.get("status")) == COMPLETE else None
        row["component_ids"] = [item["component_id"] for item in row.get("components") or []]
    return row


def subscriber(record: Mapping[str, Any], answered: dt.datetime) -> dict[str, Any]:
    """Return the row of a subscriber, without the secrets of 2.x."""
    row = {name: value for name, value in flat(record).items() if name not in SECRETS}
    if "attributes" in record:
        row["component_ids"] = related(record, "components")
        return row
    row["component_ids"] = [item["component_id"] for item in row.get("subscriptions") or []]
    text = row.get("verified_at")
    moment = site_date(text)
    row["verified_at"] = row["verified_at_raw"] = row["verified"] = None
    if moment is None:
        row["verified_at_raw"] = text
    elif abs(moment - answered) > CLOCK_TOLERANCE:
        row["verified_at"] = timestamps.text(moment)
        row["verified"] = True
    return row


_MONTHS = {
    name: number
    for number, name in enumerate(
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        start=1,
    )
}
_SITE_DATE = re.compile(
    r"^\w+ (?P<day>\d{1,2})(?:st|nd|rd|th) (?P<month>\w+) (?P<year>\d{4}) (?P<time>[\d:]{8})$"
)


def site_date(text: Any) -> dt.datetime | None:
    """Read ``Monday 2nd February 2026 10:00:00``, the default site format of 2.x, in UTC.

    Parsed by hand because month names of the C library follow the locale of this machine.
    """
    found = _SITE_DATE.match(text) if isinstance(text, str) else None
    month = _MONTHS.get(found["month"]) if found else None
    if not found or not month:
        return timestamps.parse(text)
    return timestamps.parse(f"{found['year']}-{month:02}-{int(found['day']):02} {found['time']}")


class Strangers:
    """Reports attributes this tap has no column for, once each: the vendor adds some monthly."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}

    def look(self, stream: str, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Compare the first row of a page with the table."""
        first = next(iter(rows), None)
        if first is None:
            return
        known = self._known.setdefault(
            stream, {column.name for column in table.columns} | NOISE | SECRETS
        )
        for name in first.keys() - known:
            known.add(name)
            if not name.endswith("_name"):
                logger.info("%s: the server has a new field, %s; it is not read.", stream, name)
