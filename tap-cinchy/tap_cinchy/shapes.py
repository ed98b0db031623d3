"""What is read of a table: fields, and the shape they make together.

A shape comes from the class of a stream, from discovery, or back from a catalog. Everything that
reading needs must survive the way through the catalog, whose users keep standard keywords only;
so the ``title`` of a property is the CQL path of its value, ``[Owner].[Cinchy Id]``, and the title
of the schema is the table, ``[HR].[Employees]``. Types say the rest.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from typing import TYPE_CHECKING, Any

from singer_rest.records.columns import (
    ANY,
    BOOLEAN,
    INTEGER,
    INTEGERS,
    NUMBER,
    TEXT,
    TEXTS,
    UNPARSED,
    Column,
    Kind,
    Table,
)
from tap_cinchy.cql import ID, bracketed, is_path, is_safe, split_names
from tap_cinchy.values import BINARY, LOCAL, LOCAL_MOMENT, MOMENT, WALL_CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

logger = logging.getLogger(__name__)

CREATED, MODIFIED, DELETED = "Created", "Modified", "Deleted"
DELETED_AT = "_sdc_deleted_at"
SYSTEM_TIMES = frozenset({CREATED, MODIFIED, DELETED, "Replaced"})
SYSTEM_KINDS = frozenset({MOMENT.name, LOCAL_MOMENT.name})
WHOLE_NUMBERS = frozenset({ID, "Version", "Draft Version"})
HISTORY_KEYS = (ID, "Version", "Draft Version")
HISTORY_TITLE = ", all versions"
_CLASSIFIED = re.compile(r"Classified as (?!(public|internal)\.)", re.IGNORECASE)
"""In the description of a column, which a catalog keeps; what is open to the whole house is not
personal, and a class of the customer's own may be."""
_TITLE = re.compile(r"(\[[^\[\]]+\]\.\[[^\[\]]+\])(, all versions)?")

SECRETS = {
    "cinchy.users": {"password", "email verification code"},
    "cinchy.integrated clients": {"guid"},
    "cinchy.secrets": {"secret value"},
    "cinchy.external secrets manager": {"parameters json"},
    "cinchy.webhooks": {"key"},
    "cinchy.listener config": {"topic", "connection attributes"},
    "cinchy.data sync configurations": {"config xml"},
}
"""Columns that hold credentials, by table; never read, whatever is configured."""


CREDENTIALS = frozenset().union(*SECRETS.values()) - {"key", "topic"}
"""Names that are not read through any link either: where a link leads, a path does not tell.
A key and a topic are too common for that."""


def is_secret(table: str, column: str) -> bool:
    """Whether a column of ``Domain.Table`` holds credentials."""
    return column.strip().lower() in SECRETS.get(table.strip().lower(), ())


def is_secret_path(table: str, path: str) -> bool:
    """Whether a path from ``Domain.Table`` ends at credentials, or may do so behind a link."""
    names = [name.strip().lower() for name in split_names(path)]
    return is_secret(table, names[0]) or (len(names) > 1 and names[-1] in CREDENTIALS)


@dataclasses.dataclass(frozen=True)
class Field:
    """One column and where its value is."""

    column: Column
    paths: tuple[str, ...]
    """CQL paths; later ones are for servers that lack the first."""
    optional: bool = False
    """Null where the server has none of the paths."""
    unselected: bool = False
    """Read only when asked for: large, or in a form nobody has documented."""

    @property
    def name(self) -> str:
        """Return the name of the column."""
        return self.column.name

    @property
    def is_system_time(self) -> bool:
        """Whether the system itself noted the time, which it shows in the zone of the account."""
        place = self.paths[0].strip("[]") if self.paths else self.name
        return place in SYSTEM_TIMES and self.column.kind.name in SYSTEM_KINDS

    def of_kind(self, kind: Kind) -> Field:
        """Return the same field as another kind of column."""
        return dataclasses.replace(self, column=dataclasses.replace(self.column, kind=kind))


def field(name: str, kind: Kind, description: str, *paths: str, optional: bool = False) -> Field:
    """Return a field whose path is its name unless said otherwise."""
    return Field(Column(name, kind, description), paths or (bracketed(name),), optional)


class Shape(Table):
    """The table of a stream that is read by CQL.

    Args:
        fields: Key fields may stand anywhere.
        primary_keys: Names; nothing for a table without Cinchy Id.
        title: Identifies the table in a catalog; nothing for the tables of classes.
        description: For the schema as a whole.
    """

    def __init__(
        self,
        fields: Iterable[Field],
        primary_keys: Sequence[str] = (ID,),
        *,
        title: str = "",
        description: str = "",
    ) -> None:
        self.fields = tuple(fields)
        self.title = title
        self.description = description
        super().__init__([one.column for one in self.fields], primary_keys)

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a row."""
        schema = super().schema
        if self.title:
            schema["title"] = self.title
            for one in self.fields:
                schema["properties"][one.name]["title"] = one.paths[0]
        if self.description:
            schema["description"] = self.description
        return schema

    @property
    def personal(self) -> frozenset[str]:
        """Return the columns that the platform's administrators classified as nobody's business."""
        return frozenset(
            one.name for one in self.fields if _CLASSIFIED.search(one.column.description)
        )

    @property
    def full_name(self) -> str:
        """Return the table as ``Domain.Table``."""
        return ".".join(split_names(self.title.removesuffix(HISTORY_TITLE)))

    @property
    def is_history(self) -> bool:
        """Whether all versions of a row are read, instead of the current one."""
        return self.title.endswith(HISTORY_TITLE)

    @property
    def has_system_times(self) -> bool:
        """Whether there is a time that the system itself noted."""
        return any(one.is_system_time for one in self.fields)

    def with_times(self, kind: Kind) -> Shape:
        """Return the shape with the times of the system as another kind of column."""
        fields = [one.of_kind(kind) if one.is_system_time else one for one in self.fields]
        return Shape(fields, self.primary_keys, title=self.title, description=self.description)

    def has(self, name: str) -> bool:
        """Whether the table has a column of its own by this name."""
        return any(one.paths[0] == f"[{name}]" for one in self.fields)


def make_title(table: str, *, history: bool = False) -> str:
    """Return the title for a quoted table."""
    return table + (HISTORY_TITLE if history else "")


def shape_of_schema(schema: Mapping[str, Any], primary_keys: Sequence[str]) -> Shape | None:
    """Return the shape of a table from its schema in a catalog; nothing if it is no table's."""
    title = _TITLE.fullmatch(str(schema.get("title") or ""))
    if not title:
        return None
    table = ".".join(split_names(title[1]))
    fields = []
    for name, definition in schema.get("properties", {}).items():
        if name == UNPARSED:
            continue
        path = _path(name, definition)
        if path is None or is_secret_path(table, path):
            if path is not None:
                logger.warning("%s: %s may hold credentials and is not read.", table, path)
            continue
        column = Column(name, kind_of_schema(definition, path), definition.get("description", ""))
        fields.append(Field(column, (path,)))
    names = {one.name for one in fields}
    keys = [key for key in primary_keys if key in names]
    return Shape(fields, keys, title=title[0], description=str(schema.get("description") or ""))


def _path(name: str, definition: Mapping[str, Any]) -> str | None:
    """Return where a property's value is: its title, or what its name and type suggest."""
    title = str(definition.get("title") or "")
    if is_path(title):
        return title
    if name == DELETED_AT:
        return f"[{DELETED}]"
    if not is_safe(name):
        return None
    link = is_number_of_row(name, kind_of_schema(definition))
    return f"[{name}].[{ID}]" if link else f"[{name}]"


def is_number_of_row(name: str, kind: Kind) -> bool:
    """Whether a whole number is the id of a linked row: there are but three others."""
    return kind.name in {INTEGER.name, INTEGERS.name} and name not in WHOLE_NUMBERS


def read_types(definition: Mapping[str, Any]) -> set[str]:
    """Return the JSON types of a property, without null."""
    kinds = definition.get("type") or []
    return set([kinds] if isinstance(kinds, str) else kinds) - {"null"}


def kind_of_schema(definition: Mapping[str, Any], path: str = "") -> Kind:
    """Return the kind of a property of a catalog or of a configured schema."""
    types = read_types(definition)
    if types == {"array"}:
        items = definition.get("items") or {}
        return INTEGERS if read_types(items) == {"integer"} else TEXTS
    if types == {"string"}:
        system = path.strip("[]") in SYSTEM_TIMES
        if definition.get("format") == "date-time":
            # Older catalogs have this format for dates of users, which are no instants.
            return WALL_CLOCK if path and not system else MOMENT
        if definition.get("format") == LOCAL:
            return LOCAL_MOMENT if system else WALL_CLOCK
        return BINARY if definition.get("contentEncoding") == "base64" else TEXT
    simple = {"integer": INTEGER, "number": NUMBER, "boolean": BOOLEAN}
    return simple.get(next(iter(types), ""), ANY) if len(types) == 1 else ANY
