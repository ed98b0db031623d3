"""The columns of a stream, declared once: name, kind and description.

A :class:`Table` turns the declaration into the JSON schema of the catalog and into the function
that makes every row conform to it, so that the two can never disagree.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import functools
import itertools
import json
import math
import re
import types
from typing import TYPE_CHECKING, Any

from singer_rest.records import timestamps
from singer_rest.records.rows import Records, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

UNPARSED = "_sdc_unparsed"
UNPARSED_DESCRIPTION = (
    "Values that did not fit their column and were set to null there, by column name; "
    "absent in rows where everything fits."
)


class CoercionError(ValueError):  # a verdict on a value, never seen by users
    """A value cannot be stored in its column without loss."""


MISFIT = (CoercionError, ValueError, OverflowError)
"""What the conversion of one value raises if it cannot be done."""
NO_KEYS: Mapping[str, frozenset[type]] = {
    "text": frozenset({bool, float, decimal.Decimal, dict, list}),
    "integer": frozenset({bool}),
}
"""What may stand in a column of a kind, and tells no row from others."""
UNFAMILIAR = (CoercionError, ValueError, TypeError, LookupError)
"""What the conversion of many cells raises if each has to be looked at by itself."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A type of column: its JSON schema and how a value becomes one."""

    name: str
    schema: Mapping[str, Any]
    exact: frozenset[type]
    """Python types that need no conversion."""
    convert: Callable[[Any, dt.tzinfo], Any]
    convert_all: Callable[[Sequence[Any], dt.tzinfo], list[Any]] | None = None
    """A quicker way for many cells of one form, nulls among them: returns what ``convert`` would
    for each, or raises any of :data:`UNFAMILIAR`."""

    @functools.cached_property
    def fitting(self) -> frozenset[type]:
        """Return the types that need no conversion, that of null included."""
        return self.exact | {types.NoneType}

    def conform(self, cells: list[Any], zone: dt.tzinfo, unfit: Callable[[int], None]) -> list[Any]:
        """Return the cells of a column as they are to be stored.

        Args:
            cells: One per row.
            zone: Of timestamps that name none.
            unfit: Called with the place of every cell that cannot be; it becomes null.
        """
        if self.fitting.issuperset(map(type, cells)):
            return cells
        if self.convert_all is not None:
            try:
                return self.convert_all(cells, zone)
            except UNFAMILIAR:
                pass
        result = []
        for index, cell in enumerate(cells):
            value = cell
            if cell.__class__ not in self.fitting:
                try:
                    value = self.convert(cell, zone)
                except MISFIT:
                    value = None
                    unfit(index)
            result.append(value)
        return result

    def nullable_schema(self, *, required: bool) -> dict[str, Any]:
        """Return the JSON schema, with or without null."""
        schema = dict(self.schema)
        if not required and isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        return schema


_WHOLE = re.compile(r"[+-]?[0-9]+(\.0*)?")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
"""What Python's own readers take beyond these (``1_000``, digits of other scripts) is no number to
anybody else."""


def _integer(value: Any, _zone: dt.tzinfo) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (float, decimal.Decimal)) and value == int(value):
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.partition(".")[0])
    raise CoercionError


def _number(value: Any, _zone: dt.tzinfo) -> Any:
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        number = decimal.Decimal(value.strip())
        as_float = float(number)
        if math.isfinite(as_float):
            return as_float if str(as_float) == value.strip() else number
    raise CoercionError


_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _boolean(value: Any, _zone: dt.tzinfo) -> bool:
    truth = _TRUTHS.get(str(value).strip().lower())
    if truth is None:
        raise CoercionError
    return truth


_BITS = {None: None, 0: False, 1: True}


def _booleans(cells: Sequence[Any], _zone: dt.tzinfo) -> list[bool | None]:
    """Read 0 and 1."""
    if not {int, bool, types.NoneType}.issuperset(map(type, cells)):
        raise CoercionError
    return [_BITS[cell] for cell in cells]


def _text(value: Any, _zone: dt.tzinfo) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _instant(value: Any, zone: dt.tzinfo) -> str:
    text = timestamps.instant(value, zone)
    if text is None:
        raise CoercionError
    return text


_ENDS = {19: "Z", 23: "000Z", 26: "Z"}
"""By the length of a timestamp to the second, the thousandth and the millionth: what its form in
a record has at the end, which gives fractions six digits or none."""


def _instants(cells: Sequence[Any], zone: dt.tzinfo) -> list[str | None]:
    """Normalise ``2026-11-20 10:00:00`` in UTC: with blank or T, fraction or none, Z or none.

    Laid end to end, texts of one length show in a few slices that all have one form. The parser
    then tells which are dates, and what has to be replaced is replaced in all at once.
    """
    texts = [cell for cell in cells if cell is not None]
    joined, count = "".join(texts), len(texts)
    width = len(texts[0])
    ends_in_z = joined[width - 1 :: width] == "Z" * count
    end = _ENDS[width - ends_in_z]
    of_one_form = (
        set(map(len, texts)) == {width}
        and joined[4::width] + joined[7::width] == "--" * count
        and joined[13::width] + joined[16::width] == "::" * count
        and {" ", "T"}.issuperset(joined[10::width])
        and (end == _ENDS[19] or joined[19::width] == "." * count)
    )
    if not of_one_form or not (ends_in_z or zone is timestamps.UTC):
        raise CoercionError
    collections.deque(map(dt.datetime.fromisoformat, texts), maxlen=0)
    lines = "\n".join([*texts, ""]).replace(" ", "T")
    lines = lines.replace("Z\n" if ends_in_z else "\n", f"{end}\n").replace(".000000Z", "Z")
    written: list[str | None] = [*lines.split("\n")[:-1]]
    if count < len(cells):
        following = iter(written)
        written = [None if cell is None else next(following) for cell in cells]
    return written


def _date(value: Any, _zone: dt.tzinfo) -> str:
    try:
        return dt.date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise CoercionError from None


def _object(value: Any, _zone: dt.tzinfo) -> dict[str, Any]:
    # PHP and other back ends write an empty object as an empty list.
    if value == []:
        return {}
    raise CoercionError


def _array(value: Any, _zone: dt.tzinfo) -> list[Any]:
    if value == {}:
        return []
    raise CoercionError


def _make_array_converter(
    convert: Callable[[Any, dt.tzinfo], Any],
) -> Callable[[Any, dt.tzinfo], list[Any]]:
    """Return the conversion of an array whose items are all of one kind, null not among them."""

    def convert_items(value: Any, zone: dt.tzinfo) -> list[Any]:
        items = _array(value, zone) if value.__class__ is not list else value
        if None in items:
            raise CoercionError
        return [convert(item, zone) for item in items]

    return convert_items


def _make_arrays_converter(kind: type) -> Callable[[Sequence[Any], dt.tzinfo], list[Any]]:
    """Return the quick way for arrays whose items are right as they are."""

    def as_they_are(cells: Sequence[Any], _zone: dt.tzinfo) -> list[Any]:
        items = itertools.chain.from_iterable(cell for cell in cells if cell is not None)
        if {list, types.NoneType}.issuperset(map(type, cells)) and {kind}.issuperset(
            map(type, items)
        ):
            return list(cells)
        raise CoercionError

    return as_they_are


def _anything(value: Any, _zone: dt.tzinfo) -> Any:
    return value


NONE: frozenset[type] = frozenset()
INTEGER = Kind("integer", {"type": "integer"}, frozenset({int}), _integer)
NUMBER = Kind("number", {"type": "number"}, frozenset({int, float, decimal.Decimal}), _number)
BOOLEAN = Kind("boolean", {"type": "boolean"}, frozenset({bool}), _boolean, _booleans)
TEXT = Kind("text", {"type": "string"}, frozenset({str}), _text)
INSTANT = Kind("instant", {"type": "string", "format": "date-time"}, NONE, _instant, _instants)
DATE = Kind("date", {"type": "string", "format": "date"}, NONE, _date)
OBJECT = Kind(
    "object", {"type": "object", "additionalProperties": True}, frozenset({dict}), _object
)
ARRAY = Kind("array", {"type": "array", "items": {}}, frozenset({list}), _array)
INTEGERS = Kind(
    "integers",
    {"type": "array", "items": {"type": "integer"}},
    NONE,
    _make_array_converter(lambda item, zone: item if type(item) is int else _integer(item, zone)),
    _make_arrays_converter(int),
)
TEXTS = Kind(
    "texts",
    {"type": "array", "items": {"type": "string"}},
    NONE,
    _make_array_converter(lambda item, zone: item if type(item) is str else _text(item, zone)),
    _make_arrays_converter(str),
)
ANY = Kind(
    "any",
    {"type": ["object", "array", "string", "number", "boolean", "null"]},
    frozenset({dict, list, str, int, float, decimal.Decimal, bool}),
    _anything,
)


@dataclasses.dataclass(frozen=True)
class Column:
    """One column: what it is called, what it holds, what it means."""

    name: str
    kind: Kind
    description: str


@dataclasses.dataclass
class RejectedValues:
    """What the rows of one stream had to lose."""

    unfit: dict[str, int] = dataclasses.field(default_factory=dict)
    """Values set to null, by column."""
    without_key: int = 0
    """Rows refused because a key column was null."""


class Table:
    """The columns and the key of one stream."""

    def __init__(self, columns: Sequence[Column], primary_keys: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.primary_keys = tuple(primary_keys)
        names = [column.name for column in columns]
        if len(set(names)) != len(names) or not set(primary_keys) <= set(names):
            raise ValueError(f"columns repeat or lack a key: {names}, {primary_keys}")

    @property
    def names(self) -> frozenset[str]:
        """Return what the columns are called."""
        return frozenset(column.name for column in self.columns)

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a row."""
        properties = {}
        for column in self.columns:
            required = column.name in self.primary_keys
            properties[column.name] = {
                **column.kind.nullable_schema(required=required),
                "description": column.description,
            }
        properties[UNPARSED] = {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": UNPARSED_DESCRIPTION,
        }
        return {
            "type": "object",
            "properties": properties,
            # An empty list is against the older drafts of JSON Schema.
            **({"required": list(self.primary_keys)} if self.primary_keys else {}),
            "additionalProperties": False,
        }

    def conformer(
        self, zone: dt.tzinfo = timestamps.UTC, names: Iterable[str] | None = None
    ) -> Callable[[Iterable[Mapping[str, Any]], RejectedValues], list[dict[str, Any]]]:
        """Return the function of :meth:`reader`, with dictionaries as its result."""
        read = self.reader(zone, names)
        return lambda rows, rejected: list(read(rows, rejected))

    def reader(
        self, zone: dt.tzinfo = timestamps.UTC, names: Iterable[str] | None = None
    ) -> Callable[[Iterable[Mapping[str, Any]], RejectedValues], Records]:
        """Return the function that makes the rows of a page conform.

        Every declared column is present in the result, null where the row has none; nothing else
        is. A value that does not fit is converted where that loses nothing, else set to null and
        kept under ``_sdc_unparsed``. Rows whose key is null are left out and counted.

        Args:
            zone: Of timestamps that name none.
            names: The columns to keep; all by default.
        """
        kept = None if names is None else set(names)
        plan = [(c.name, c.kind) for c in self.columns if kept is None or c.name in kept]
        keep_unparsed = kept is None or UNPARSED in kept
        kinds = {name: kind.name for name, kind in plan if kind.name in NO_KEYS}
        keys = [name for name in self.primary_keys if name in kinds]

        def read(rows: Iterable[Mapping[str, Any]], rejected: RejectedValues) -> Records:
            page = rows if isinstance(rows, Rows) else Rows.of(rows)
            unparsed: dict[int, dict[str, dict[str, Any]]] = {}

            def unfit(name: str, index: int) -> None:
                unparsed.setdefault(index, {UNPARSED: {}})[UNPARSED][name] = page[name][index]
                rejected.unfit[name] = rejected.unfit.get(name, 0) + 1

            cells = {
                name: kind.conform(page[name], zone, functools.partial(unfit, name))
                for name, kind in plan
            }
            for name in keys:
                cells[name] = _only_keys(cells[name], page[name], kinds[name])
            records = Records(cells, len(page), unparsed if keep_unparsed else {})
            for key in self.primary_keys:
                records = records.having(key)
            rejected.without_key += len(page) - len(records)
            return records

        return read


def _only_keys(cells: list[Any], came: list[Any], kind: str) -> list[Any]:
    """Return the cells of a key column, null where what came can be no key."""
    if NO_KEYS[kind].isdisjoint(map(type, came)):
        return cells
    return [
        None if type(raw) in NO_KEYS[kind] else cell for cell, raw in zip(cells, came, strict=True)
    ]
