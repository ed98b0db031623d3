"""Which tables the platform lists for this account now: their names, and the ids that survive.

A table is what its Guid says: one that was dropped and made again under its name has another, and
one that was renamed keeps it.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StatusError, StreamError
from singer_rest.records.columns import ANY, INTEGER, TEXT
from singer_rest.sources.evidence import IncompleteError
from tap_cinchy import answers
from tap_cinchy.client import SMALLEST
from tap_cinchy.cql import ID
from tap_cinchy.questions import Reading, TableQuestions
from tap_cinchy.shapes import CREATED, field
from tap_cinchy.sources import TableSource
from tap_cinchy.values import has_offset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_cinchy.client import CinchyApi
    from tap_cinchy.cql import Select

logger = logging.getLogger(__name__)

TABLES_A_PAGE = 5000
CREATED_AS_SHOWN = field(CREATED, ANY, "When the table was made, as shown.", optional=True)
FIELDS = (
    field(ID, INTEGER, "Cinchy Id of the table."),
    field("Full Name", TEXT, "Domain and name with a dot between."),
    field("Guid", TEXT, "Id of the table that survives a move to another platform.", optional=True),
    CREATED_AS_SHOWN,
)

READING = Reading(
    where="Cinchy.Tables",
    tables=("[Cinchy].[Tables]",),
    fields=FIELDS,
    keys=1,
    size=TABLES_A_PAGE,
    blank=("[Deleted]",),
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

    def check_answers(self, full_name: str) -> None:
        """Ask for a row that is there, before a table without rows is believed.

        A platform that answers every question without rows seems to have none anywhere.

        Args:
            full_name: The table that seems to be empty.

        Raises:
            IncompleteError: No row comes.
        """
        try:
            if self._known():
                rows = TableQuestions(self._api, READING).bare(_one, (f"[{ID}]",))[1][0]
            else:
                rows = answers.read(self._api.execute(SMALLEST)).rows
        except StatusError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            return  # who refuses the question does not answer it without rows
        if not rows:
            raise IncompleteError(
                f"{full_name} seems to be empty, but so does everything else: the platform answers "
                "without rows where there are some. Run again."
            )

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
        return TableSource(self._api, READING)


def _one(select: Select) -> str:
    return select.text(top=1)
