"""What a column of a Cinchy table is: its type, where its value stands in a row, and its label."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .table import Table

Row = tuple[Any, ...]
"""One version of one record; every table keeps its system values in the first slots."""

ID, VERSION, DRAFT, APPROVAL = 0, 1, 2, 3
CREATED_BY, CREATED, MODIFIED_BY, MODIFIED, DELETED_BY, DELETED, REPLACED = 4, 5, 6, 7, 8, 9, 10
FIRST_SLOT = 11
"""Where the columns of the table's owner begin."""


class ColumnType(enum.StrEnum):
    """The choices of ``[Table Columns].[Type]``."""

    APPROVAL = "Approval"
    BINARY = "Binary"
    CALCULATED = "Calculated"
    CHOICE = "Choice"
    DATE = "Date and Time"
    GEOGRAPHY = "Geography"
    GEOMETRY = "Geometry"
    LINK = "Link"
    NUMBER = "Number"
    TEXT = "Text"
    YES_NO = "Yes/No"


class Kind(enum.StrEnum):
    """What a value is on the wire: the .NET type the server names."""

    BINARY = "Byte[]"
    DATE = "Date"  # a wall-clock text, never converted unless the options say so
    DECIMAL = "Decimal"
    GEOGRAPHY = "SqlGeography"
    GEOMETRY = "SqlGeometry"
    INSTANT = "DateTime"
    INT32 = "Int32"
    INT64 = "Int64"
    NUMBER = "Double"
    TEXT = "String"
    YES_NO = "Boolean"


_KINDS = {
    ColumnType.BINARY: Kind.BINARY,
    ColumnType.DATE: Kind.DATE,
    ColumnType.GEOGRAPHY: Kind.GEOGRAPHY,
    ColumnType.GEOMETRY: Kind.GEOMETRY,
    ColumnType.NUMBER: Kind.NUMBER,
    ColumnType.YES_NO: Kind.YES_NO,
}


class Surroundings(Protocol):
    """What a calculation may look at beyond its own row."""

    def now(self) -> Any:
        """Return the instant the server believes it is."""

    def table(self, full_name: str) -> Table:
        """Return another table by ``Domain.Table``."""


class Reading:
    """A row as a calculation sees it: values by column name, and labels of linked rows."""

    __slots__ = ("around", "row", "table")

    def __init__(self, table: Table, row: Row, around: Surroundings) -> None:
        self.table = table
        self.row = row
        self.around = around

    def __getitem__(self, name: str) -> Any:
        return self.row[self.table.known(name).slot]

    def linked(self, link: str, name: str) -> Any:
        """Return one stored value of the row a single link points to, or nothing."""
        column = self.table.known(link)
        target = self.around.table(column.target_table)
        row = target.rows.get(self.row[column.slot])
        return None if row is None else row[target.known(name).slot]


@dataclasses.dataclass(eq=False, kw_only=True)
class Column:
    """One column. Use the helpers below to write one down."""

    name: str
    type: ColumnType
    description: str = ""
    mandatory: bool = False
    multi: bool = False
    """Several choices or links in one cell; kept only in ``[Tables].[Json]``, as in Cinchy."""
    target: str = ""
    """For a link, ``Domain.Table.Column`` of the column whose value is shown."""
    options: tuple[str, ...] = ()
    output: ColumnType | None = None
    """Output format of a calculated column."""
    cached: bool = True
    """A cached calculation is stored when the row is written; a live one is made when read."""
    compute: Callable[[Reading], Any] | None = None
    expression: str = ""
    classification: str = ""
    max_length: int | None = None
    text_format: str = "Default"
    system: bool = False
    kind: Kind = Kind.TEXT
    slot: int = -1
    column_id: int = 0
    """Cinchy Id of this column in ``[Cinchy].[Table Columns]``."""

    def __post_init__(self) -> None:
        """Derive the wire type unless a system column has said its own."""
        if self.kind is Kind.TEXT:
            self.kind = _KINDS.get(self.output or self.type, Kind.TEXT)

    @property
    def live(self) -> bool:
        """Whether the value is made at reading time and stands in no slot."""
        return self.compute is not None and not self.cached

    @property
    def target_table(self) -> str:
        """``Domain.Table`` a link points to."""
        return self.target.rsplit(".", 1)[0]

    @property
    def target_column(self) -> str:
        """Name of the column a link shows."""
        return self.target.rsplit(".", 1)[1]


def text(name: str, *, html: bool = False, **more: Any) -> Column:
    """Write down a text column."""
    more.setdefault("max_length", 500)
    return Column(
        name=name, type=ColumnType.TEXT, text_format="HTML" if html else "Default", **more
    )


def number(name: str, **more: Any) -> Column:
    """Write down a number column, a float as in Cinchy."""
    return Column(name=name, type=ColumnType.NUMBER, **more)


def yes_no(name: str, **more: Any) -> Column:
    """Write down a yes/no column."""
    return Column(name=name, type=ColumnType.YES_NO, **more)


def date(name: str, **more: Any) -> Column:
    """Write down a date and time column (a wall-clock text without a zone)."""
    return Column(name=name, type=ColumnType.DATE, **more)


def choice(name: str, options: str, *, multi: bool = False, **more: Any) -> Column:
    """Write down a choice column; options are separated by commas."""
    return Column(
        name=name, type=ColumnType.CHOICE, options=tuple(options.split(",")), multi=multi, **more
    )


def link(name: str, target: str, *, multi: bool = False, **more: Any) -> Column:
    """Write down a link to ``Domain.Table.Column``."""
    return Column(name=name, type=ColumnType.LINK, target=target, multi=multi, **more)


def calculated(
    name: str,
    output: ColumnType,
    compute: Callable[[Reading], Any],
    expression: str,
    **more: Any,
) -> Column:
    """Write down a calculated column: its output format, the calculation and its CQL text."""
    return Column(
        name=name,
        type=ColumnType.CALCULATED,
        output=output,
        compute=compute,
        expression=expression,
        **more,
    )


def plain(name: str, type_: ColumnType, **more: Any) -> Column:
    """Write down a column of a type that needs nothing more (binary, spatial, approval)."""
    return Column(name=name, type=type_, **more)


def system_columns(*, versioned: bool, keyed: bool, wide_ids: bool) -> list[Column]:
    """Return the system columns a table carries.

    Args:
        versioned: False for a table of type Unversioned, which here has no versions, no recycle
            bin and no approval (the vendor does not say which columns remain).
        keyed: False for the rare table without Cinchy Id.
        wide_ids: Ids are Int64 from Cinchy 5.2, Int32 before.
    """
    user = "Cinchy.Users.Username"
    id_kind = Kind.INT64 if wide_ids else Kind.INT32
    every = [
        Column(name="Cinchy Id", type=ColumnType.NUMBER, kind=id_kind, slot=ID),
        Column(name="Version", type=ColumnType.NUMBER, kind=Kind.INT32, slot=VERSION),
        Column(name="Draft Version", type=ColumnType.NUMBER, kind=Kind.INT32, slot=DRAFT),
        Column(name="Approval State", type=ColumnType.APPROVAL, slot=APPROVAL),
        Column(name="Created By", type=ColumnType.LINK, target=user, slot=CREATED_BY),
        Column(name="Created", type=ColumnType.DATE, kind=Kind.INSTANT, slot=CREATED),
        Column(name="Modified By", type=ColumnType.LINK, target=user, slot=MODIFIED_BY),
        Column(name="Modified", type=ColumnType.DATE, kind=Kind.INSTANT, slot=MODIFIED),
        Column(name="Deleted By", type=ColumnType.LINK, target=user, slot=DELETED_BY),
        Column(name="Deleted", type=ColumnType.DATE, kind=Kind.INSTANT, slot=DELETED),
        Column(name="Replaced", type=ColumnType.DATE, kind=Kind.INSTANT, slot=REPLACED),
    ]
    for column in every:
        column.system = True
    left_out = set[int]()
    if not versioned:
        left_out = {VERSION, DRAFT, APPROVAL, DELETED_BY, DELETED, REPLACED}
    if not keyed:
        left_out = set(range(FIRST_SLOT)) - {CREATED, MODIFIED}
    return [column for column in every if column.slot not in left_out]
