"""Which tables the platform lists for this account now: their names, and the ids that survive.

A table is what its Guid says: one that was dropped and made again under its name has another, and
one that was renamed keeps it.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StreamError
from singer_rest.records.columns import ANY, INTEGER, TEXT
from tap_cinchy.cql import ID
from tap_cinchy.questions import Reading
from tap_cinchy.shapes import CREATED, field
from tap_cinchy.sources import TableSource
from tap_cinchy.values import has_offset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_cinchy.client import CinchyApi

logger = logging.getLogger(__name__)

TABLES_A_PAGE = 5000
CREATED_AS_SHOWN = field(CREATED, ANY, "When the table was made, as shown.", optional=True)
FIELDS = (
    field(ID, INTEGER, "Cinchy Id of the table."),
    field("Full Name", TEXT, "Domain and name with a dot between."),
    field("Guid", TEXT, "Id of the table that survives a move to another platform.", optional=True),
    CREATED_AS_SHOWN,
)


@dataclasses.dataclass(frozen=True)
class Listed:
    """A table, as the platform lists it."""

    id: int
    full_name: str
    guid: str
    """Empty where the platform does not tell it."""


class Registry:
    """What ``[Cinchy].[Tables]`` lists for the account, asked for at most once in a run."""

    def __init__(self, api: CinchyApi) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._tables: dict[str, Listed] | None = None
        self._shows_offsets = False

    @property
    def shows_offsets(self) -> bool:
        """Whether the platform shows its times with their distance from UTC."""
        self._known()
        return self._shows_offsets

    def take(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take what discovery has read."""
        self._shows_offsets = any(has_offset(row.get(CREATED)) for row in rows)
        tables = (
            Listed(row[ID], str(row["Full Name"]), str(row.get("Guid") or ""))
            for row in rows
            if row.get("Full Name")
        )
        self._tables = {table.full_name.lower(): table for table in tables}

    def find(self, full_name: str) -> Listed | None:
        """Return a table by its name, whatever its case; nothing where nobody can tell."""
        return self._known().get(full_name.lower())

    def with_guid(self, guid: str) -> Listed | None:
        """Return a table by its Guid."""
        return next((one for one in self._known().values() if guid and one.guid == guid), None)

    def names(self) -> dict[int, str]:
        """Return the names of all tables by their Cinchy Id."""
        return {table.id: table.full_name for table in self._known().values()}

    def lists(self, full_name: str) -> bool:
        """Whether a table is listed, so that the account may see it."""
        return self.find(full_name) is not None

    def _known(self) -> dict[str, Listed]:
        with self._lock:
            if self._tables is None:
                self._tables = {}
                try:
                    rows = [row for page in self._source().pages() for row in page.rows]
                    self.take(rows)
                except StreamError as error:
                    logger.info("The platform does not list its tables: %s", error.sentence)
            return self._tables

    def _source(self) -> TableSource:
        reading = Reading(
            where="Cinchy.Tables",
            tables=("[Cinchy].[Tables]",),
            fields=FIELDS,
            keys=1,
            size=TABLES_A_PAGE,
            blank=("[Deleted]",),
        )
        return TableSource(self._api, reading)
