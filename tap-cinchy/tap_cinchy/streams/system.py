"""What the platform tells of itself: tables, columns, saved queries, domains, and its syncs.

Columns that may hold credentials (the parameters of a sync) are not among them.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from singer_rest.records.columns import BOOLEAN, INTEGER, NUMBER, TEXT
from tap_cinchy.cql import ID
from tap_cinchy.discovery import COLUMN_FIELDS, TABLE_FIELDS
from tap_cinchy.shapes import CREATED, DELETED, DELETED_AT, MODIFIED, Field, Shape, field
from tap_cinchy.streams.tables import TableStream
from tap_cinchy.values import MOMENT

if TYPE_CHECKING:
    from tap_cinchy.questions import Reading

_MODIFIED = field(MODIFIED, MOMENT, "When the row was changed last.")
_DOMAIN = ("[Domain].[Name]", "[Data Product].[Name]")


def _marks() -> tuple[Field, ...]:
    return (
        field(CREATED, MOMENT, "When somebody saved the row for the first time."),
        _MODIFIED,
        field(DELETED, MOMENT, "When the row was deleted; null while it is there."),
        field(DELETED_AT, MOMENT, "Equal to Deleted, as targets expect it.", f"[{DELETED}]"),
    )


class SystemStream(TableStream):
    """A table of the platform itself, with columns chosen here.

    Ordinary accounts may not see all of them; that is said, and does not fail the run.
    """

    cinchy_tables: ClassVar[tuple[str, ...]]
    """``Domain.Table``; later ones are its names in other versions."""
    permission = "the right to view this table of the domain Cinchy"

    @property
    def full_name(self) -> str:
        """Return the table as ``Domain.Table``."""
        return self.cinchy_tables[0]

    @property
    def quoted(self) -> tuple[str, ...]:
        """Return the table in CQL, by every name it has had."""
        return tuple(
            ".".join(f"[{part}]" for part in name.split(".", 1)) for name in self.cinchy_tables
        )

    def reading(self) -> Reading:
        """Return what is read."""
        return dataclasses.replace(super().reading(), optional=True)


class Tables(SystemStream):
    """The tables the account may see."""

    name = "tables"
    cinchy_tables = ("Cinchy.Tables",)
    table = Shape(
        [
            *(one for one in TABLE_FIELDS if one.name != "Json"),
            *_marks(),
        ],
    )


class TableColumns(SystemStream):
    """The columns of the tables the account may see."""

    name = "table_columns"
    cinchy_tables = ("Cinchy.Table Columns",)
    table = Shape(
        [
            *COLUMN_FIELDS,
            field("Table Full Name", TEXT, "Domain and name of the table.", "[Table].[Full Name]"),
            field("Guid", TEXT, "Id of the column that survives a move to another platform."),
            field(
                "Is Mandatory",
                BOOLEAN,
                "Whether a row without a value there is refused.",
                optional=True,
            ),
            *_marks(),
        ],
    )


class SavedQueriesCatalog(SystemStream):
    """The saved queries the account may see, without their text."""

    name = "saved_queries_catalog"
    cinchy_tables = ("Cinchy.Saved Queries",)
    table = Shape(
        [
            field(ID, INTEGER, "Identifies it on this platform; never given again."),
            field("Domain", TEXT, "Name of its domain (data product since 6.0).", *_DOMAIN),
            field("Name", TEXT, "Name of the query, unique in its domain."),
            field("Description", TEXT, "Free text of its author.", optional=True),
            field("Type", TEXT, "What it does, such as Query (Approved Data Only).", optional=True),
            field("API Result Format", TEXT, "Format it answers by itself.", optional=True),
            field("Timeout", NUMBER, "Seconds it may take.", optional=True),
            field("API Version", TEXT, "Version in its path since 5.10.", optional=True),
            field(
                "Use Legacy URL Structure",
                BOOLEAN,
                "Whether it is reached without a version since 5.10.",
                optional=True,
            ),
            *_marks(),
        ],
    )


class Domains(SystemStream):
    """The domains, called data products since 6.0."""

    name = "domains"
    cinchy_tables = ("Cinchy.Domains", "Cinchy.Data Products")
    table = Shape(
        [
            field(ID, INTEGER, "Identifies it on this platform; never given again."),
            field("Name", TEXT, "First part of tables.Full Name."),
            field("Description", TEXT, "Free text of its owner.", optional=True),
            *_marks(),
        ],
    )


class ExecutionLog(SystemStream):
    """The runs of data syncs, without their parameters."""

    name = "execution_log"
    cinchy_tables = ("Cinchy.Execution Log",)
    table = Shape(
        [
            field(ID, INTEGER, "Cinchy Id of the run, the executionId of the jobs API."),
            field("Execution ID", TEXT, "Id the run gave itself.", optional=True),
            field("Command", TEXT, "What was started, in the words of Connections.", optional=True),
            field("Server Name", TEXT, "The machine that did it.", optional=True),
            field("State", TEXT, "Running, Succeeded or Failed."),
            field("Execution Output", TEXT, "What the run said at its end.", optional=True),
            field(
                "Execution Time",
                NUMBER,
                "How long it took, in a unit that the platform does not tell.",
                optional=True,
            ),
            field(
                "Data Sync Config",
                INTEGER,
                "Which sync it was: Cinchy Id in [Cinchy].[Data Sync Configurations].",
                f"[Data Sync Config].[{ID}]",
                optional=True,
            ),
            *_marks(),
        ],
    )


class ExecutionErrors(SystemStream):
    """The errors of data syncs."""

    name = "execution_errors"
    cinchy_tables = ("Cinchy.Execution Errors",)
    table = Shape(
        [
            field(ID, INTEGER, "Identifies it on this platform; never given again."),
            field("Error Class", TEXT, "Where in the sync it arose.", optional=True),
            field(
                "Error Type",
                TEXT,
                "What went wrong, by Connections' own name for it.",
                optional=True,
            ),
            field("Column", TEXT, "Name of the target's field it is about.", optional=True),
            field(
                "Row",
                NUMBER,
                "Place in the source it is about, counted by the sync.",
                optional=True,
            ),
            field("Row Count", NUMBER, "How many rows it is about.", optional=True),
            field(
                "Execution ID",
                INTEGER,
                "The run it belongs to: Cinchy Id in execution_log.",
                f"[Execution ID].[{ID}]",
                optional=True,
            ),
            *_marks(),
        ],
    )
