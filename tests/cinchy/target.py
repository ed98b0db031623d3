"""What a target holds of a platform, and what it ought to hold."""

from __future__ import annotations

import base64
import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any

import support.target

from sandbox.cinchy.columns import Kind

if TYPE_CHECKING:
    from sandbox.cinchy import World
    from sandbox.cinchy.columns import Column


class Target(support.target.Target):
    """One that tells what changed."""

    def versions(self, stream: str) -> dict[int, tuple[int, bool]]:
        """Return version and whether it is deleted, by Cinchy Id: every change moves one."""
        return {
            record["Cinchy Id"]: (record["Version"], record["Deleted"] is not None)
            for record in self.tables[stream].values()
        }


def versions_of(world: World, table: str) -> dict[int, tuple[int, bool]]:
    """Return the same of the source."""
    return {
        row["Cinchy Id"]: (row["Version"], row["Deleted"] is not None) for row in world.truth(table)
    }


def shown(column: Column, value: Any, zone: str = "America/New_York") -> Any:
    """Return a value of the source as the tap has to write it."""
    if value is None:
        return None
    if column.multi:
        return list(value)
    if column.kind is Kind.INSTANT:
        local = value.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)
        return _text(local)
    if isinstance(value, dt.datetime):
        return _text(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _text(moment: dt.datetime) -> str:
    text = moment.isoformat()
    return text.rstrip("0") if "." in text else text


def expected(world: World, table: str, zone: str = "America/New_York") -> list[dict[str, Any]]:
    """Return every row of a table as the tap has to write it, in the order of its ids.

    A link to a row that was erased for good leads nowhere, and the server shows nothing for it.
    """
    columns = world.table(table).columns
    alive = {one.target: set(world.table(one.target_table).rows) for one in columns if one.target}
    records = []
    for row in world.truth(table):
        record = {}
        for column in columns:
            value = row[column.name]
            if column.target and value is not None:
                ids = [
                    id_
                    for id_ in (value if column.multi else (value,))
                    if id_ in alive[column.target]
                ]
                value = (ids if column.multi else ids[0]) if ids else None
            record[column.name] = shown(column, value, zone)
        records.append(record)
    return records
