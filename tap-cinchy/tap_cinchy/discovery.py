"""From the platform's own tables to one shape per table.

A handful of requests, whatever the number of tables: ``[Cinchy].[Tables]`` with the description
of each table as JSON, the only place that tells a link to one row from a link to many, and
``[Cinchy].[Table Columns]``. No query names the domain of a table, because 6.0 renames that
column; ``[Full Name]`` splits at its first dot.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
from typing import TYPE_CHECKING, Any

from singer_rest.records.columns import (
    BOOLEAN,
    INTEGER,
    INTEGERS,
    NUMBER,
    TEXT,
    TEXTS,
    UNPARSED,
    Column,
)
from tap_cinchy.cql import ID, bracketed, is_safe, table_path
from tap_cinchy.shapes import (
    DELETED,
    DELETED_AT,
    HISTORY_KEYS,
    SYSTEM_TIMES,
    WHOLE_NUMBERS,
    Field,
    Shape,
    field,
    is_number_of_row,
    is_secret,
    make_title,
)
from tap_cinchy.values import BINARY, MOMENT, WALL_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from singer_rest.records.columns import Kind

logger = logging.getLogger(__name__)

TABLE_FIELDS = (
    field(ID, INTEGER, "Identifies it on this platform; never given again."),
    field("Full Name", TEXT, "Domain and name with a dot between."),
    field("Description", TEXT, "Free text of whoever designed it.", optional=True),
    field("Type", TEXT, "Standard, Spatial or Unversioned.", optional=True),
    field("Has Erased Records", BOOLEAN, "Whether rows were removed for good.", optional=True),
    field("Json", TEXT, "The table as its editor keeps it.", optional=True),
    field("Guid", TEXT, "Id of the table that survives a move to another platform.", optional=True),
)
COLUMN_FIELDS = (
    field(ID, INTEGER, "Identifies it on this platform; never given again."),
    field("Table", INTEGER, "Where it belongs: Cinchy Id in tables.", "[Table].[Cinchy Id]"),
    field("Name", TEXT, "What queries call it; unique within its table."),
    field("Type", TEXT, "Text, Number, Date and Time, Yes/No, Choice, Link, Calculated, ..."),
    field("Ordinal", NUMBER, "Place from left to right in the table."),
    field("Is System Column", BOOLEAN, "Whether the platform added it, as to every table."),
    field("Description", TEXT, "Free text of whoever designed it.", optional=True),
    field(
        "Calculated Column Output Format",
        TEXT,
        "What a calculation gives: Text, Number, ...",
        optional=True,
    ),
    field("Cache", BOOLEAN, "Whether a calculation is stored.", optional=True),
    field(
        "Data Security Classification",
        TEXT,
        "Who may see it by policy, such as Personal or Confidential.",
        optional=True,
    ),
    field(
        "Link Column",
        TEXT,
        "What a link shows: a column of the table it leads to.",
        "[Link Column Target].[Name]",
        optional=True,
    ),
    field(
        "Link Table",
        TEXT,
        "Where a link leads, as Domain.Table.",
        "[Link Column Target].[Table].[Full Name]",
        optional=True,
    ),
)
"""Both are also what the streams ``tables`` and ``table_columns`` are made of."""

_SYSTEM = {
    ID: "Id of the row, never given again.",
    "Version": "Number of the approved version.",
    "Draft Version": "Number of the proposed change; 0 for an approved version.",
    "Approval State": "State of approval; blank on current versions of Cinchy.",
    "Created By": "Cinchy Id of the user who created the row.",
    "Created": "When somebody saved the row for the first time.",
    "Modified By": "Cinchy Id of the user of the last change.",
    "Modified": "When the row was changed last. Live calculations and the labels of links change "
    "without it.",
    "Deleted By": "Cinchy Id of the user who deleted the row.",
    DELETED: "When the row was deleted; null while it is there.",
    "Replaced": "When a newer version replaced this one; null on the current version.",
}
_FORMATS: dict[str, Kind] = {
    "Text": TEXT,
    "Number": NUMBER,
    "Yes/No": BOOLEAN,
    "Date and Time": WALL_CLOCK,
    "Approval": TEXT,
    "Binary": BINARY,
    "Geometry": TEXT,
    "Geography": TEXT,
}
_HEAVY = frozenset({"Binary", "Geometry", "Geography"})


@dataclasses.dataclass(frozen=True)
class DiscoveryOptions:
    """What the configuration wants of every table."""

    labels: bool = False
    """Links get a second column with what they show."""
    deleted: bool = True
    """Deleted rows are read too, with their time of deletion."""
    incremental: Callable[[str], bool] = lambda _table: False
    """Tells by ``Domain.Table`` what is read by what changed, which needs that time as well."""


@dataclasses.dataclass
class Found:
    """One table as discovery found it."""

    id: int
    full_name: str
    shape: Shape
    history: Shape | None
    """Of all versions; nothing for tables that keep none."""


def stream_names(tables: Mapping[int, str], taken: Iterable[str] = ()) -> dict[int, str]:
    """Return a stream name for every table id: domain, underscore, table, in snake case.

    Not a hyphen: SQL targets of the Singer SDK take what stands before it for a schema, and with
    one schema for all, ``hr-tasks`` and ``delivery-tasks`` would share a table.

    Of tables whose names become the same, the oldest keeps it for ever and the later ones get
    their Cinchy Id appended: ids are never given again, so a new table renames no other. So does
    a table called like a stream that is no table.

    Args:
        tables: Names as ``Domain.Table``, by Cinchy Id.
        taken: Names of other streams.
    """
    names: dict[int, str] = {}
    used = set(taken)
    for id_, full_name in sorted(tables.items()):
        domain, _, table = full_name.partition(".")
        name = f"{_snake(domain) or 'domain'}_{_snake(table) or 'table'}"
        names[id_] = f"{name}_{id_}" if name in used else name
        used.add(names[id_])
    return {id_: names[id_] for id_ in tables}


def _snake(name: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def multiple(text: Any) -> dict[Any, bool]:
    """Return by column id and by lower-case name whether a cell may hold several values.

    Columns that the description of a table does not tell of are not in it.
    """
    try:
        columns = json.loads(text or "{}")["Columns"]
        found: dict[Any, bool] = {}
        for column in columns:
            if "allowMultiple" in column:
                found[column.get("columnId")] = bool(column["allowMultiple"])
                found[str(column.get("name")).lower()] = bool(column["allowMultiple"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return found


def select_tables(
    tables: Iterable[Mapping[str, Any]],
    columns: Iterable[Mapping[str, Any]],
    wishes: DiscoveryOptions,
) -> list[Found]:
    """Return every table that can be read, by its rows in the two metadata tables."""
    by_table: dict[int, list[Mapping[str, Any]]] = {}
    for column in columns:
        by_table.setdefault(column["Table"], []).append(column)
    found = []
    for table in tables:
        full_name = table["Full Name"] or ""
        domain, dot, name = full_name.partition(".")
        if not (dot and is_safe(domain) and is_safe(name)):
            logger.warning("The table %r has a name that CQL cannot express; it is left out.", name)
            continue
        own = sorted(by_table.get(table[ID], ()), key=lambda one: (one["Ordinal"] or 0, one[ID]))
        if own:
            found.append(_Reader(table, wishes).found(own))
        else:
            logger.warning("%s: the account sees none of its columns; left out.", full_name)
    return found


class _Reader:
    """Makes the shapes of one table."""

    def __init__(self, table: Mapping[str, Any], wishes: DiscoveryOptions) -> None:
        self.table = table
        self.full_name: str = table["Full Name"]
        self.wishes = wishes
        self.multiple = multiple(table.get("Json"))
        if not table.get("Json"):
            logger.warning(
                "%s: the account cannot view [Cinchy].[Tables].[Json], which tells links to one "
                "row from links to several; all of its links become lists. Grant the right to view "
                "that column before a target has made columns of another type.",
                self.full_name,
            )

    def found(self, columns: list[Mapping[str, Any]]) -> Found:
        """Return the table with its shapes."""
        taken = {str(column["Name"]).lower() for column in columns}
        fields: list[Field] = []
        labels: list[Field] = []
        for column in columns:
            made = self._field(column)
            if made is None:
                continue
            fields.append(made)
            label = self._label(column, taken) if self.wishes.labels else None
            if label is not None:
                labels.append(label)
                fields.append(label)
        names = {one.name for one in fields}
        history = None
        if names.issuperset(HISTORY_KEYS):
            history = self._shape([one for one in fields if one not in labels], HISTORY_KEYS)
        marked = self.wishes.deleted or self.wishes.incremental(self.full_name)
        if DELETED in names and marked and DELETED_AT not in names:
            text = "When the row was deleted, as targets expect it; equal to Deleted."
            fields.append(field(DELETED_AT, MOMENT, text, f"[{DELETED}]"))
        keys = (ID,) if ID in names else ()
        return Found(self.table[ID], self.full_name, self._shape(fields, keys), history)

    def _shape(self, fields: list[Field], keys: tuple[str, ...]) -> Shape:
        history = keys == HISTORY_KEYS
        notes = [str(self.table.get("Description") or "").strip() or f"Table {self.full_name}."]
        if history:
            notes.append("Every version of every row, drafts included.")
        if not keys:
            notes.append("It has no Cinchy Id: read in one piece, and in full every time.")
        if self.table.get("Type") == "Unversioned" and not history:
            notes.append("It keeps no versions: deleted rows are gone, and only full reads see it.")
        elif self.table.get("Has Erased Records") and not history:
            notes.append("Rows were removed for good: incremental runs do not see that.")
        title = make_title(table_path(self.full_name), history=history)
        return Shape(fields, keys, title=title, description=" ".join(notes))

    def _field(self, column: Mapping[str, Any]) -> Field | None:
        name = str(column["Name"] or "")
        if is_secret(self.full_name, name):
            return None
        if not is_safe(name):
            logger.warning("%s: the column %r cannot be asked for.", self.full_name, name)
            return None
        system = bool(column["Is System Column"]) and name in _SYSTEM
        kind = self._kind(column, name, system=system)
        path = bracketed(name)
        if is_number_of_row(name, kind):
            path += f".[{ID}]"
        text = _SYSTEM[name] if system else self._described(column)
        shown = name
        if name == UNPARSED:
            shown = f"{name}_2"
            logger.warning(
                "%s: the column %s is read as %s, because values that do not fit are kept under "
                "its name.",
                self.full_name,
                name,
                shown,
            )
        return Field(Column(shown, kind, text), (path,), unselected=column["Type"] in _HEAVY)

    def _kind(self, column: Mapping[str, Any], name: str, *, system: bool) -> Kind:
        if system and name in SYSTEM_TIMES:
            return MOMENT
        if system and name in WHOLE_NUMBERS:
            return INTEGER
        type_ = str(column["Type"] or "")
        several = self.multiple.get(column[ID], self.multiple.get(name.lower()))
        if type_ in {"Link", "Hierarchy"}:
            # A link that may hold several rows loses none of them in a list.
            return INTEGER if system or several is False else INTEGERS
        if type_ == "Choice":
            return TEXTS if several else TEXT
        if type_ == "Calculated":
            type_ = str(column.get("Calculated Column Output Format") or "Text")
        if type_ not in _FORMATS:
            logger.warning(
                "%s: %s is of a type nobody has seen, %r; read as text.",
                self.full_name,
                name,
                type_,
            )
        return _FORMATS.get(type_, TEXT)

    def _described(self, column: Mapping[str, Any]) -> str:
        type_ = str(column["Type"] or "Column")
        notes = [f"{type_}." if column.get("Description") else f"{type_}; not described in Cinchy."]
        if type_ == "Link":
            table, target = column.get("Link Table"), column.get("Link Column")
            several = self.multiple.get(column[ID]) is not False
            rows = "Cinchy Ids of the linked rows" if several else "Cinchy Id of the linked row"
            notes = [f"{rows}; a link to {table}.{target}." if target else f"{rows}."]
        elif type_ == "Calculated":
            notes = [f"Calculated {column.get('Calculated Column Output Format') or 'value'}."]
            if column.get("Cache") is False:
                notes.append("Made when it is read: changes do not move Modified.")
        if column.get("Description"):
            notes.append(f"{str(column['Description']).strip().rstrip('.')}.")
        if column.get("Data Security Classification"):
            notes.append(f"Classified as {column['Data Security Classification']}.")
        return " ".join(notes)

    def _label(self, column: Mapping[str, Any], taken: set[str]) -> Field | None:
        """Return the field with what a link shows, under a name that is free."""
        target, table = column.get("Link Column"), column.get("Link Table") or ""
        if column["Type"] != "Link" or not target or not is_safe(target):
            return None
        if is_secret(table, target):
            return None
        name, number = f"{column['Name']} Label", 2
        while name.lower() in taken:
            name, number = f"{column['Name']} Label {number}", number + 1
        taken.add(name.lower())
        path = f"{bracketed(column['Name'])}.{bracketed(target)}"
        text = f"What {column['Name']} shows; it changes without Modified."
        return field(name, TEXT, text, path)
