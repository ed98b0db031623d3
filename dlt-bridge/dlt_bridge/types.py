"""What a property's JSON Schema says about the column that shall hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1

MAX_DIGITS: Final = 38
"""Digits a decimal can have in DuckDB and in most warehouses."""

DEFAULT_SCALE: Final = 9
"""Digits after the point where nothing says how many are needed; dlt's own default."""


@dataclass(frozen=True)
class ColumnType:
    """A dlt data type with its size.

    Attributes:
        data_type: dlt's name of the type.
        precision: Digits of a decimal, characters of a text; None where it has no limit.
        scale: Digits after the point, of a decimal.
        zoned: Whether a timestamp is an instant; otherwise it is what a clock showed.
    """

    data_type: str
    precision: int | None = None
    scale: int | None = None
    zoned: bool = True

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type that holds the column's values without loss."""
        if self.data_type == "decimal":
            digits, scale = self.precision or MAX_DIGITS, self.scale or 0
            return (pa.decimal128 if digits <= MAX_DIGITS else pa.decimal256)(digits, scale)
        if not self.zoned:
            return pa.timestamp("us")
        return _ARROW.get(self.data_type, pa.string())

    @property
    def hints(self) -> dict[str, Any]:
        """The type as dlt column hints."""
        sizes = {"precision": self.precision, "scale": self.scale}
        zone = {} if self.zoned else {"timezone": False}
        found = {"data_type": self.data_type, **zone}
        return found | {k: v for k, v in sizes.items() if v is not None}


_ARROW: Final = {
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "time": pa.time64("us"),
}

TEXT: Final = ColumnType("text")
JSON: Final = ColumnType("json")
BIGINT: Final = ColumnType("bigint")
DOUBLE: Final = ColumnType("double")
BOOL: Final = ColumnType("bool")
TIMESTAMP: Final = ColumnType("timestamp")
LOCAL_TIMESTAMP: Final = ColumnType("timestamp", zoned=False)
WIDE_INTEGER: Final = ColumnType("decimal", MAX_DIGITS, 0)
DECIMAL: Final = ColumnType("decimal", MAX_DIGITS, DEFAULT_SCALE)

_FORMATS: Final = {
    "date-time": TIMESTAMP,
    "date-time-local": LOCAL_TIMESTAMP,  # OpenAPI's name for a time without a zone
    "date": ColumnType("date"),
    "time": ColumnType("time"),
    "singer.decimal": DECIMAL,
}
_NESTED: Final = frozenset({"object", "array"})
_NUMBERS: Final = frozenset({"integer", "number"})


def _types(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else list(declared)


def _branches(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        branch
        for keyword in ("anyOf", "oneOf")
        for branch in schema.get(keyword, ())
        if isinstance(branch, Mapping)
    ]


def resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """Follow a reference inside the same SCHEMA, such as `#/definitions/address`.

    Returns:
        What it points to, with the keywords beside the reference kept; the schema itself
        where there is no reference or it leads nowhere.
    """
    seen: set[str] = set()
    while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        reference = schema["$ref"]
        if reference in seen or not reference.startswith("#/"):
            return schema
        seen.add(reference)
        target: Any = root
        for step in reference[2:].split("/"):
            step_name = step.replace("~1", "/").replace("~0", "~")
            target = target.get(step_name) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            return schema
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        schema = {**target, **beside}
    return schema


def is_nullable(schema: Any) -> bool:
    """Return whether null is a valid value; a schema that names no type allows it."""
    if not isinstance(schema, Mapping):
        return True
    if branches := _branches(schema):
        return any(is_nullable(branch) for branch in branches)
    types = _types(schema)
    return not types or "null" in types


def column_type(schema: Any, *, exact_numbers: bool = False) -> ColumnType:
    """Choose the column type for a property.

    Args:
        schema: The property's JSON Schema; anything that is not an object allows any value.
        exact_numbers: Make `number` a decimal instead of a double.

    Returns:
        The narrowest type that holds every value the schema allows, where there is one;
        `json` for anything nested, open or unknown.
    """
    if not isinstance(schema, Mapping):
        return JSON
    if branches := _branches(schema):
        found = [
            column_type({**schema, **branch, "anyOf": (), "oneOf": ()}, exact_numbers=exact_numbers)
            for branch in branches
            if _types(branch) != ["null"]
        ]
        return _common(found)
    types = {name for name in _types(schema) if name != "null"} or _types_of_enum(schema)
    if not types or types & _NESTED:
        return JSON
    if types == {"boolean"}:
        return BOOL
    if types <= _NUMBERS:
        return _number(schema, whole="number" not in types, exact=exact_numbers)
    if types == {"string"}:
        return _string(schema)
    return TEXT


def _types_of_enum(schema: Mapping[str, Any]) -> set[str]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    present = [value for value in values if value is not None]
    return {"string"} if present and all(isinstance(value, str) for value in present) else set()


def _common(found: Iterable[ColumnType]) -> ColumnType:
    kinds = set(found)
    if len(kinds) == 1:
        return kinds.pop()
    if not kinds or any(kind.data_type == "json" for kind in kinds):
        return JSON
    if kinds <= {BIGINT, DOUBLE}:
        return DOUBLE
    if all(kind.data_type in {"bigint", "double", "decimal"} for kind in kinds):
        return DECIMAL
    return TEXT


def _number(schema: Mapping[str, Any], *, whole: bool, exact: bool) -> ColumnType:
    if whole:
        ends = [schema.get(name) for name in ("minimum", "maximum")]
        beyond = [
            end
            for end in ends
            if isinstance(end, int | float) and not INT64_MIN <= end <= INT64_MAX
        ]
        return WIDE_INTEGER if beyond else BIGINT
    step = schema.get("multipleOf")
    if isinstance(step, int | float) and step > 0:
        exponent = Decimal(repr(step)).normalize().as_tuple().exponent
        scale = max(0, -exponent) if isinstance(exponent, int) else 0
        return ColumnType("decimal", MAX_DIGITS, min(scale, MAX_DIGITS))
    return DECIMAL if exact else DOUBLE


def _string(schema: Mapping[str, Any]) -> ColumnType:
    declared_format = schema.get("format")
    known = _FORMATS.get(declared_format) if isinstance(declared_format, str) else None
    if known == DECIMAL:
        precision, scale = schema.get("precision"), schema.get("scale")
        if isinstance(precision, int) and isinstance(scale, int) and 0 <= scale <= precision:
            return ColumnType("decimal", min(precision, MAX_DIGITS), min(scale, MAX_DIGITS))
    if known:
        return known
    limit = schema.get("maxLength")
    return ColumnType("text", limit) if isinstance(limit, int) and limit > 0 else TEXT
