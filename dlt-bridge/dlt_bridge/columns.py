"""The columns of one stream's table: what SCHEMA declares, what the destination has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dlt_bridge.errors import MessageError
from dlt_bridge.names import Naming, assign_names
from dlt_bridge.types import (
    BIGINT,
    BOOL,
    DECIMAL,
    DOUBLE,
    JSON,
    TEXT,
    TIMESTAMP,
    ColumnType,
    column_type,
    is_nullable,
    resolved,
)

SEQUENCE: Final = "_singer_seq"
"""Grows with every record, over all runs: of two rows with one key the later has the higher."""

EXTRACTED_AT: Final = "_singer_extracted_at"
"""When the tap read the record, if it said so."""

TABLE_VERSION: Final = "_sdc_table_version"
"""Which version of a full table read the record belongs to; null if its tap did not say."""

DELETED_AT: Final = "_sdc_deleted_at"
"""Set by log-based taps on a record that was deleted at the source."""

METADATA: Final = dict.fromkeys(
    (DELETED_AT, "_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at"), TIMESTAMP
)
"""Properties that taps add without declaring them, and what they are."""

PROPERTY_HINT: Final = "x-singer-property"
"""Where dlt's schema remembers which property a column is for."""

_KEPT_HINTS: Final = ("data_type", "precision", "scale", "timezone", PROPERTY_HINT)


@dataclass
class Column:
    """One column.

    Attributes:
        name: Its name at the destination.
        source: The property it holds; None for the columns the bridge adds.
        type: What it is stored as.
        declared: What SCHEMA says the property is.
        nullable: Whether the destination lets it be null.
        key: Whether it is part of the key.
        required: Whether the current SCHEMA insists on a value.
        max_length: How many characters SCHEMA allows; nothing is cut, more are said once.
        description: What it means, in the words of SCHEMA.
        validated: Whether rows were written with this type, after which it cannot change.
        variant: Whether it holds what did not fit another column.
    """

    name: str
    source: str | None
    type: ColumnType
    declared: ColumnType
    nullable: bool = True
    key: bool = False
    required: bool = False
    max_length: int | None = None
    description: str | None = None
    validated: bool = False
    variant: bool = False

    @property
    def is_raw(self) -> bool:
        """Whether its values are kept as JSON text while decoding."""
        return "json" in {self.type.data_type, self.declared.data_type}

    @property
    def hints(self) -> dict[str, Any]:
        """The column as dlt hints."""
        hints = {"name": self.name, "nullable": self.nullable, **self.type.hints}
        if self.variant:
            hints["variant"] = True
        if self.source is not None:
            hints[PROPERTY_HINT] = self.source
        if self.description:
            hints["description"] = self.description
        return hints


@dataclass(frozen=True)
class TypeOptions:
    """What the user chose about types.

    Attributes:
        exact_numbers: Make `number` a decimal instead of a double.
        variants: Put values that break their SCHEMA into variant columns instead of failing.
        strip_nul: Remove U+0000 from texts, for destinations that cannot store it.
        reserved_names: Names that no column can have at the destination.
    """

    exact_numbers: bool = False
    variants: bool = False
    strip_nul: bool = False
    reserved_names: frozenset[str] = frozenset()


@dataclass
class TableLayout:
    """The table of one stream.

    Attributes:
        stream: The stream's name.
        table: The table's name at the destination.
        naming: The destination's naming convention.
        stored: The columns the destination already has, as dlt's schema lists them.
        options: What the user chose about types.
        keys: The key properties, in the order SCHEMA gives them.
        columns: The columns of the current SCHEMA, by property, then variants.
    """

    stream: str
    table: str
    naming: Naming
    stored: Mapping[str, Mapping[str, Any]]
    options: TypeOptions
    keys: tuple[str, ...] = ()
    columns: dict[str, Column] = field(default_factory=dict)
    variants: dict[str, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known: dict[str, Column] = {}
        self._is_new = not self.stored
        self.sequence = self._own(SEQUENCE, BIGINT)
        self.extracted_at = self._own(EXTRACTED_AT, TIMESTAMP)
        self.table_version = self._own(TABLE_VERSION, BIGINT)

    def apply(self, schema: Mapping[str, Any], keys: Iterable[str]) -> None:
        """Take over a SCHEMA message.

        Columns that already hold rows keep their type, whatever the new SCHEMA says.

        Raises:
            MessageError: If the schema has no properties or lacks a key property.
        """
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            raise MessageError(
                f"The SCHEMA of stream {self.stream!r} has no properties, so there is nothing "
                "to make columns of."
            )
        self.keys = tuple(keys)
        for key in self.keys:
            if key not in properties:
                raise MessageError(
                    f"The SCHEMA of stream {self.stream!r} names the key property {key!r} but "
                    "does not describe it."
                )
        required = set(_listed(schema.get("required")))
        names = self._assign_names(properties)
        self.columns = {}
        for source, declaration in properties.items():
            described = resolved(declaration, schema)
            is_key = source in self.keys
            kind = column_type(described, exact_numbers=self.options.exact_numbers)
            column = self._add(names[source], source, kind, key=is_key)
            column.required = source in required and not is_nullable(described)
            column.description = _read_description(described)
        for column in self._known.values():
            if column.source not in self.columns:
                column.key, column.nullable = False, True
        self._is_new = False

    def add_undeclared(self, source: str, kind: ColumnType) -> Column:
        """Make a column for a property that records have and SCHEMA does not.

        Nothing says that its other values are of the kind of the first: they may be anything.
        """
        column = self._add(self._assign_names([source])[source], source, kind, key=False)
        column.declared = JSON
        return column

    def add_variant(self, column: Column, kind: ColumnType) -> Column:
        """Return the column beside `column` for its values of another type."""
        name = self.naming.shorten_fragments(column.name, f"v_{kind.data_type}")
        if name not in self.variants:
            stored = self._stored_type(name)
            self.variants[name] = Column(
                name, None, stored or kind, kind, validated=stored is not None, variant=True
            )
        return self.variants[name]

    def validate(self) -> None:
        """Note that rows were written: types are fixed from now on."""
        for column in (*self._known.values(), *self.variants.values()):
            column.validated = True

    def hints(self) -> dict[str, dict[str, Any]]:
        """Return all columns as dlt hints, those of earlier SCHEMAs of this run included."""
        columns = [*self._known.values(), *self.variants.values(), *self._own_columns]
        hints = {column.name: column.hints for column in columns}
        for name, stored in self._abandoned():
            kept = {name: stored[name] for name in _KEPT_HINTS if name in stored}
            hints[name] = {"name": name, "nullable": True, **kept}
        return hints

    @property
    def key_columns(self) -> list[str]:
        """The names of the key columns."""
        return [self.columns[key].name for key in self.keys]

    @property
    def deleted_column(self) -> str | None:
        """The column that marks deleted records, if the stream has one."""
        column = self.columns.get(DELETED_AT)
        return column.name if column else None

    def _add(self, name: str, source: str, declared: ColumnType, *, key: bool) -> Column:
        max_length = declared.precision if declared.data_type == "text" else None
        declared = TEXT if max_length else declared
        column = self._known.get(name)
        if column is None:
            stored = self._stored_type(name)
            # A column added to a table with rows has to be null in them.
            is_nullable_there = self.stored.get(name, {}).get("nullable", not self._is_new)
            column = Column(
                name,
                source,
                stored or declared,
                declared,
                nullable=is_nullable_there,
                validated=stored is not None,
            )
            self._known[name] = column
        if not column.validated:
            column.type = declared
        column.declared, column.key, column.required = declared, key, False
        column.max_length = max_length
        column.nullable = column.nullable or not key
        self.columns[source] = column
        return column

    @property
    def _own_columns(self) -> tuple[Column, ...]:
        return (self.sequence, self.extracted_at, self.table_version)

    def _own(self, name: str, kind: ColumnType) -> Column:
        return Column(self.naming.normalize_path(name), None, kind, kind, validated=True)

    def _stored_type(self, name: str) -> ColumnType | None:
        stored = self.stored.get(name, {})
        data_type = stored.get("data_type")
        if data_type is None:
            return None
        precision, scale = stored.get("precision"), stored.get("scale")
        if data_type in {"decimal", "wei"}:
            return ColumnType(
                "decimal", precision or DECIMAL.precision, DECIMAL.scale if scale is None else scale
            )
        return ColumnType(
            data_type,
            precision if data_type == "text" else None,
            zoned=data_type != "timestamp" or stored.get("timezone") is not False,
        )

    def _abandoned(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return columns of earlier SCHEMAs that were keys, or had to have a value, and went."""
        return [
            (name, stored)
            for name, stored in self.stored.items()
            if PROPERTY_HINT in stored
            and name not in self._known
            and (stored.get("nullable") is False or stored.get("primary_key"))
        ]

    def _assign_names(self, sources: Iterable[str]) -> dict[str, str]:
        reserved = self.options.reserved_names
        return assign_names(self.naming, sources, self._taken(), reserved=reserved)

    def _taken(self) -> dict[str, str]:
        """Return the names in use, with the property each stands for."""
        taken = {
            name: str(column[PROPERTY_HINT])
            for name, column in self.stored.items()
            if PROPERTY_HINT in column
        }
        taken |= {name: str(column.source) for name, column in self._known.items()}
        # No property can be called this, so none gets the name of one of our own columns.
        own = {column.name: f"\0{column.name}" for column in self._own_columns}
        return taken | own


def _read_description(declaration: Any) -> str | None:
    found = declaration.get("description") if isinstance(declaration, Mapping) else None
    return found if isinstance(found, str) and found.strip() else None


def _listed(value: Any) -> list[str]:
    """Return what a keyword lists; nothing if it is no list, as `required: true` of old drafts."""
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def natural_type(value: Any) -> ColumnType:
    """Return the type of a value that nothing is declared about."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return BIGINT
    if isinstance(value, float):
        return DOUBLE
    return TEXT if isinstance(value, str) else JSON
