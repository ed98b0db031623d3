"""The columns of a stream, declared once: name, kind and description.

A :class:`Table` turns the declaration into the JSON schema of the catalog and into the function
that makes every row conform to it, so that the two can never disagree.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import json
from typing import TYPE_CHECKING, Any

from singer_rest import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

UNPARSED = "_sdc_unparsed"
UNPARSED_DESCRIPTION = (
    "Values that did not fit their column and were set to null there, by column name; "
    "absent in rows where everything fits."
)


class Unfit(ValueError):  # a verdict on a value, never seen by users
    """A value cannot be stored in its column without loss."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A type of column: its JSON schema and how a value becomes one."""

    name: str
    schema: Mapping[str, Any]
    exact: frozenset[type]
    """Python types that need no conversion."""
    convert: Callable[[Any, dt.tzinfo], Any]

    def nullable_schema(self, *, required: bool) -> dict[str, Any]:
        """Return the JSON schema, with or without null."""
        schema = dict(self.schema)
        if not required and isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        return schema


def _integer(value: Any, _zone: dt.tzinfo) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (float, decimal.Decimal)) and value == int(value):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value.strip())
        except ValueError:
            pass
    raise Unfit


def _number(value: Any, _zone: dt.tzinfo) -> Any:
    if isinstance(value, str):
        try:
            number = decimal.Decimal(value.strip())
        except decimal.InvalidOperation:
            raise Unfit from None
        if number.is_finite():
            as_float = float(number)
            return as_float if str(as_float) == value.strip() else number
    raise Unfit


_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _boolean(value: Any, _zone: dt.tzinfo) -> bool:
    truth = _TRUTHS.get(str(value).strip().lower())
    if truth is None:
        raise Unfit
    return truth


def _text(value: Any, _zone: dt.tzinfo) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _instant(value: Any, zone: dt.tzinfo) -> str:
    text = timestamps.instant(value, zone)
    if text is None:
        raise Unfit
    return text


def _date(value: Any, _zone: dt.tzinfo) -> str:
    try:
        return dt.date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise Unfit from None


def _object(value: Any, _zone: dt.tzinfo) -> dict[str, Any]:
    # PHP and other back ends write an empty object as an empty list.
    if value == []:
        return {}
    raise Unfit


def _array(value: Any, _zone: dt.tzinfo) -> list[Any]:
    if value == {}:
        return []
    raise Unfit


def _anything(value: Any, _zone: dt.tzinfo) -> Any:
    return value


NONE: frozenset[type] = frozenset()
INTEGER = Kind("integer", {"type": "integer"}, frozenset({int}), _integer)
NUMBER = Kind("number", {"type": "number"}, frozenset({int, float, decimal.Decimal}), _number)
BOOLEAN = Kind("boolean", {"type": "boolean"}, frozenset({bool}), _boolean)
TEXT = Kind("text", {"type": "string"}, frozenset({str}), _text)
INSTANT = Kind("instant", {"type": "string", "format": "date-time"}, NONE, _instant)
DATE = Kind("date", {"type": "string", "format": "date"}, NONE, _date)
OBJECT = Kind(
    "object", {"type": "object", "additionalProperties": True}, frozenset({dict}), _object
)
ARRAY = Kind("array", {"type": "array", "items": {}}, frozenset({list}), _array)
INTEGERS = Kind(
    "integers", {"type": "array", "items": {"type": "integer"}}, frozenset({list}), _array
)
TEXTS = Kind("texts", {"type": "array", "items": {"type": "string"}}, frozenset({list}), _array)
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
class Misfits:
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
            "required": list(self.primary_keys),
            "additionalProperties": False,
        }

    def conformer(
        self, zone: dt.tzinfo = timestamps.UTC, names: Iterable[str] | None = None
    ) -> Callable[[Iterable[Mapping[str, Any]], Misfits], list[dict[str, Any]]]:
        """Return the function that makes rows conform.

        Every declared column is present in the result, null where the row has none; nothing else
        is. A value that does not fit is converted where that loses nothing, else set to null and
        kept under ``_sdc_unparsed``. Rows whose key is null are left out and counted.

        Args:
            zone: Of timestamps that name none.
            names: The columns to keep; all by default.
        """
        kept = None if names is None else set(names)
        plan = [
            (column.name, column.kind.exact, column.kind.convert)
            for column in self.columns
            if kept is None or column.name in kept
        ]
        keys = self.primary_keys
        keep_unparsed = kept is None or UNPARSED in kept

        def conform(rows: Iterable[Mapping[str, Any]], misfits: Misfits) -> list[dict[str, Any]]:
            result = []
            for row in rows:
                get = row.get
                record: dict[str, Any] = {}
                unparsed: dict[str, Any] | None = None
                for name, exact, convert in plan:
                    value = get(name)
                    if value is None or value.__class__ in exact:
                        record[name] = value
                        continue
                    try:
                        record[name] = convert(value, zone)
                    except (Unfit, ValueError, OverflowError):
                        record[name] = None
                        unparsed = {**(unparsed or {}), name: value}
                        misfits.unfit[name] = misfits.unfit.get(name, 0) + 1
                if unparsed and keep_unparsed:
                    record[UNPARSED] = unparsed
                for key in keys:
                    if record.get(key) is None:
                        misfits.without_key += 1
                        break
                else:
                    result.append(record)
            return result

        return conform
