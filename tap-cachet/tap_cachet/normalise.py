"""One shape for the records of every Cachet version.

On 3.x a record is ``{id, type, attributes, relationships}``, dates are ``{human, string}`` pairs
and statuses ``{human, value}`` pairs; on 2.x it is flat. Here both become flat rows with the
column names of :mod:`tap_cachet.schemas`:

* ``{human, string}`` named x becomes ``x_at``; the human text, which changes on every call, goes.
* ``{human, value}`` named x becomes ``x`` and ``x_name``.
* 0 as the group or component of a 2.x record means none.
* 2.x shows the present moment where a date is null; such values become null again.

Functions named in the plural take the records of a page, all of one version, and go through those
of 3.x column by column: its lists are the long ones.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import logging
import operator
import re
import types
from typing import TYPE_CHECKING, Any

from singer_rest.records import timestamps
from singer_rest.records.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Record = Mapping[str, Any]
    Page = Sequence[Record]

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


NO_ID = (KeyError, TypeError, ValueError)
ZERO_DATES = ("-0001-", "0000-00-00")
YEAR_ONE = "0001"
"""What every date that is one comes behind, among texts."""
FREE_FORM = frozenset({"meta"})
"""Attributes in which users may keep anything, pairs that look like ours included."""


def is_v3(records: Page) -> bool:
    """Whether records have the form of 3.x."""
    return all("attributes" in record for record in records)


def flat(records: Page) -> Rows:
    """Flatten records; those of 2.x are flat."""
    try:
        found = Rows.of([record["attributes"] for record in records])
    except KeyError:
        return Rows.of(records)
    rows = Rows({}, len(found))
    for name, column in found.cells.items():
        if name in FREE_FORM:
            rows[name] = _numbered(column) if list in set(map(type, column)) else column
        elif dict not in set(map(type, column)):
            rows[name] = column
        else:
            rows.cells.update(_unpaired(name, column))
    for name in rows.cells:
        if name.endswith("_at"):
            rows[name] = _without_zero_dates(rows[name])
    return rows


def _numbered(column: list[Any]) -> list[Any]:
    """Return metadata as objects: PHP writes one whose keys are 0, 1, 2 ... as a list."""
    return [
        {str(index): value for index, value in enumerate(cell)} if isinstance(cell, list) else cell
        for cell in column
    ]


def _without_zero_dates(column: list[Any]) -> list[Any]:
    """Return dates, nothing for the zero dates of MySQL: they say that there is none."""
    with contextlib.suppress(TypeError):  # of texts and nulls, as nearly always
        if min(filter(None, column), default=YEAR_ONE) >= YEAR_ONE:
            return column
    return [
        None if isinstance(cell, str) and cell.startswith(ZERO_DATES) else cell for cell in column
    ]


def _unpaired(name: str, column: list[Any]) -> dict[str, list[Any]]:
    """Return the columns that one with pairs becomes."""
    name_at = name if name.endswith("_at") else f"{name}_at"
    name_name = f"{name}_name"
    try:  # what nearly every column is: pairs from top to bottom
        return {name_at: [pair["string"] for pair in column]}
    except (TypeError, KeyError):
        pass
    try:
        human = [pair["human"] for pair in column]
        return {name: [pair["value"] for pair in column], name_name: human}
    except (TypeError, KeyError):
        pass
    columns: dict[str, list[Any]] = {}
    for index, cell in enumerate(column):
        parts = {name: cell}
        if isinstance(cell, dict) and "string" in cell:
            parts = {name_at: cell["string"]}
        elif isinstance(cell, dict) and cell.keys() >= {"human", "value"}:
            parts = {name: cell["value"], name_name: cell["human"]}
        for part, value in parts.items():
            columns.setdefault(part, [None] * len(column))[index] = value
    return columns


def related(record: Record, name: str) -> list[int] | None:
    """Return the ids of a 3.x relationship; nothing if it was not included."""
    return all_related([record], name)[0]


def all_related(records: Page, name: str, *, only_lists: bool = False) -> list[list[int] | None]:
    """Return the ids of a 3.x relationship of every record; nothing where it was not included.

    Args:
        records: Of an answer.
        name: The relationship.
        only_lists: Whether one that is not a list, as one to one is not, counts as not included.
    """
    found = _linkage(records, name)
    if only_lists:
        found = [data if isinstance(data, list) else ... for data in found]
    if {list}.issuperset(map(type, found)):
        # Every id in one go, dealt out again: many records, few ids each.
        ids = map(int, map(operator.itemgetter("id"), itertools.chain.from_iterable(found)))
        try:
            return list(map(list, map(itertools.islice, itertools.repeat(ids), map(len, found))))
        except NO_ID:
            pass
    return [_read_ids(data) for data in found]


def all_related_one(records: Page, name: str) -> list[int | None]:
    """Return the id of a 3.x to-one relationship of every record."""
    found = _linkage(records, name)
    if {dict, types.NoneType}.issuperset(map(type, found)):
        try:
            return [int(data["id"]) if data else None for data in found]
        except NO_ID:
            pass
    return [next(iter(_read_ids(data) or ()), None) for data in found]


def _linkage(records: Page, name: str) -> list[Any]:
    """Return the ``data`` of a relationship of every record; ``...`` where there is none."""
    try:
        return [record["relationships"][name]["data"] for record in records]
    except (KeyError, TypeError):
        pass
    found = []
    for record in records:
        relationships = record.get("relationships")
        relationship = relationships.get(name) if isinstance(relationships, dict) else None
        found.append(relationship.get("data") if isinstance(relationship, dict) else ...)
    return found


def _read_ids(data: Any) -> list[int] | None:
    if data is ...:
        return None
    try:
        if isinstance(data, list):
            return [int(item["id"]) for item in data]
        return [int(data["id"])] if data else []
    except NO_ID:
        return None


def or_none(value: Any) -> Any:
    """Return nothing for the zero that 2.x writes instead of null."""
    return None if value in {0, "0", ""} else value


def real_date(value: Any, answered: dt.datetime) -> Any:
    """Return nothing for a 2.x date that is only the clock of the answer."""
    moment = timestamps.parse(value)
    if moment is not None and abs(moment - answered) <= CLOCK_TOLERANCE:
        return None
    return value


def components(records: Page) -> Rows:
    """Return the rows of components."""
    rows = flat(records)
    if is_v3(records):
        rows["group_id"] = all_related_one(records, "group")
        rows["incident_ids"] = all_related(records, "incidents")
    else:
        rows["group_id"] = list(map(or_none, rows["group_id"]))
        rows["tags"] = list(map(_tags, rows["tags"]))
    return rows


def _tags(tags: Any) -> Any:
    return {} if tags in ([], {"": ""}) else tags


def component_groups(records: Page) -> Rows:
    """Return the rows of component groups."""
    rows = flat(records)
    if is_v3(records):
        rows["component_ids"] = all_related(records, "components")
    else:
        rows["component_ids"] = [
            [item["id"] for item in enabled or []] for enabled in rows["enabled_components"]
        ]
    return rows


def incidents(records: Page, answered: dt.datetime) -> Rows:
    """Return the rows of incidents."""
    if is_v3(records):
        rows = flat(records)
        rows["component_ids"] = all_related(records, "components")
        rows["user_id"] = all_related_one(records, "user")
        rows["latest_status"] = rows["status"]
        rows["latest_status_name"] = rows["status_name"]
        if "component_id" in rows.cells:
            rows["component_id"] = list(map(or_none, rows["component_id"]))
    else:
        rows = Rows.of([_incident_of_v2(record, answered) for record in records])
    latest = rows["latest_status"]
    if "is_resolved" in rows.cells:
        rows["is_resolved"] = [
            _is_fixed(status) if told is None else told
            for told, status in zip(rows["is_resolved"], latest, strict=True)
        ]
    else:
        rows["is_resolved"] = list(map(_is_fixed, latest))
    return rows


def _incident_of_v2(record: Record, answered: dt.datetime) -> dict[str, Any]:
    row = dict(record)
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
    return row


def _is_fixed(status: Any) -> bool | None:
    number = status if status.__class__ is int else _int(status)
    return None if number is None else number == FIXED


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def updates(records: Page, parent: str, parents: Sequence[Any] = ()) -> Rows:
    """Return the rows of updates.

    Args:
        records: The updates.
        parent: The column for the id of the incident or the schedule.
        parents: On 3.x, that id for each update, for those that do not tell it themselves.
    """
    rows = flat(records)
    if is_v3(records):
        rows[parent] = [
            owner if told is None else told
            for owner, told in zip(parents, rows["updateable_id"], strict=True)
        ]
    else:
        rows["status_name"] = rows["human_status"]
    return rows


def schedules(records: Page, answered: dt.datetime) -> Rows:
    """Return the rows of scheduled maintenances."""
    rows = flat(records)
    if is_v3(records):
        rows["component_ids"] = all_related(records, "components")
        return rows
    rows["status_name"] = rows["human_status"]
    rows["completed_at"] = [
        real_date(date, answered) if _int(status) == COMPLETE else None
        for date, status in zip(rows["completed_at"], rows["status"], strict=True)
    ]
    rows["component_ids"] = [
        [item["component_id"] for item in components or []] for components in rows["components"]
    ]
    return rows


def subscribers(records: Page, answered: dt.datetime) -> Rows:
    """Return the rows of subscribers, without the secrets of 2.x."""
    rows = flat(records)
    for name in SECRETS & rows.cells.keys():
        del rows.cells[name]
    if is_v3(records):
        rows["component_ids"] = all_related(records, "components")
        return rows
    rows["component_ids"] = [
        [item["component_id"] for item in subscriptions or []]
        for subscriptions in rows["subscriptions"]
    ]
    texts, dates = rows["verified_at"], list(map(site_date, rows["verified_at"]))
    real = [date is not None and abs(date - answered) > CLOCK_TOLERANCE for date in dates]
    rows["verified"] = [is_real or None for is_real in real]
    rows["verified_at"] = [
        timestamps.text(date) if date is not None and is_real else None
        for date, is_real in zip(dates, real, strict=True)
    ]
    rows["verified_at_raw"] = [
        text if date is None else None for text, date in zip(texts, dates, strict=True)
    ]
    return rows


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
