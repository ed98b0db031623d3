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
        field(CREATED, MOMENT, "When the row was created."),
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
            field("Is Mandatory", BOOLEAN, "Whether it has to be filled in.", optional=True),
            *_marks(),
        ],
    )


class SavedQueriesCatalog(SystemStream):
    """The saved queries the account may see, without their text."""

    name = "saved_queries_catalog"
    cinchy_tables = ("Cinchy.Saved Queries",)
    table = Shape(
        [
            field(ID, INTEGER, "Cinchy Id of the query."),
            field("Domain", TEXT, "Name of its domain (data product since 6.0).", *_DOMAIN),
            field("Name", TEXT, "Name of the query, unique in its domain."),
            field("Description", TEXT, "Description of the query.", optional=True),
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
            field(ID, INTEGER, "Cinchy Id of the domain."),
            field("Name", TEXT, "Name of the domain."),
            field("Description", TEXT, "Description of the domain.", optional=True),
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
            field("Command", TEXT, "What was run.", optional=True),
            field("Server Name", TEXT, "Where it ran.", optional=True),
            field("State", TEXT, "Running, Succeeded or Failed."),
            field("Execution Output", TEXT, "What the run said at its end.", optional=True),
            field("Execution Time", NUMBER, "How long it took.", optional=True),
            field(
                "Data Sync Config",
                INTEGER,
                "Cinchy Id of the data sync configuration.",
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
            field(ID, INTEGER, "Cinchy Id of the error."),
            field("Error Class", TEXT, "Where in the sync it arose.", optional=True),
            field("Error Type", TEXT, "Kind of error.", optional=True),
            field("Column", TEXT, "Column it is about.", optional=True),
            field("Row", NUMBER, "Row it is about.", optional=True),
            field("Row Count", NUMBER, "How many rows it is about.", optional=True),
            field(
                "Execution ID",
                INTEGER,
                "Cinchy Id of the run in the execution log.",
                f"[Execution ID].[{ID}]",
                optional=True,
            ),
            *_marks(),
        ],
    )
