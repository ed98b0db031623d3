"""Turns the decoded values of one column into an Arrow array, exactly or not at all.

A column whose values are what its type expects is converted by Arrow as a whole. Otherwise
each value is looked at: it is coerced where nothing is lost by it (`"12"` into an integer,
`5` into a text), and reported as a misfit where something would be.

Floats arrive as the text they had in the message, so that no digit is lost before the
column's type is known.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dlt_bridge.types import INT64_MAX, INT64_MIN, ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")
_DOUBLED_ZONE = re.compile(r"([+-]\d{2}:\d{2})\1$")
"""What PipelineWise's taps for MySQL write behind the time at which a row was deleted."""
_DATE_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_INSTANT: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST_INSTANT: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
"""The years that databases and their drivers have in common, in microseconds."""


class CoercionError(Exception):  # a finding, handled where it is made
    """The value cannot be stored in the type without loss."""


def convert(values: Sequence[Any], column_type: ColumnType) -> tuple[pa.Array, list[int]]:
    """Convert one column.

    Args:
        values: Decoded scalars; floats as text. Columns of type `json` do not come here.
        column_type: The type to convert to.

    Returns:
        The array, and the positions of the values that do not fit, which are null in it.
    """
    whole = _WHOLE.get(column_type.data_type, _whole_text)
    try:
        array = whole(values, set(map(type, values)) - {type(None)}, column_type)
    except (pa.ArrowException, OverflowError, ValueError):
        array = None
    return (array, []) if array is not None else _one_by_one(values, column_type)


def coerce(value: Any, column_type: ColumnType) -> Any:
    """Convert one value to what Arrow takes for the type.

    Raises:
        CoercionError: If it cannot be done without loss.
    """
    single = _SINGLE.get(column_type.data_type, _text)
    try:
        return single(value, column_type)  # type: ignore[no-untyped-call]
    except (ValueError, OverflowError, InvalidOperation, TypeError) as error:
        raise CoercionError from error


def as_number(value: Any) -> Decimal | None:
    """Return the value as an exact number, or None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    return _shortest(Decimal(value))


def count_digits(number: Decimal) -> tuple[int, int]:
    """Count the digits a number needs before and after its point."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101  # _NUMBER knows no NaN
    return max(0, len(digits) + exponent), max(0, -exponent)


def _shortest(number: Decimal) -> Decimal:
    """Drop trailing zeros, without the rounding that `normalize` does."""
    sign, digits, exponent = number.as_tuple()
    kept = len(digits)
    while kept > 1 and digits[kept - 1] == 0:
        kept -= 1
    if kept == 1 and digits[0] == 0:
        return Decimal((sign, (0,), 0))
    return Decimal((sign, digits[:kept], int(exponent) + len(digits) - kept))


def _one_by_one(values: Sequence[Any], column_type: ColumnType) -> tuple[pa.Array, list[int]]:
    converted: list[Any] = []
    rejected: list[int] = []
    for position, value in enumerate(values):
        result = None
        if value is not None:
            try:
                result = coerce(value, column_type)
            except CoercionError:
                rejected.append(position)
        converted.append(result)
    return pa.array(converted, column_type.arrow), rejected


# Whole columns: None means that the values have to be looked at one by one.

_Kinds: TypeAlias = set[type]


def _whole_bigint(values: Sequence[Any], kinds: _Kinds, _: ColumnType) -> pa.Array | None:
    return pa.array(values, pa.int64()) if kinds <= {int} else None


def _whole_bool(values: Sequence[Any], kinds: _Kinds, _: ColumnType) -> pa.Array | None:
    return pa.array(values, pa.bool_()) if kinds <= {bool} else None


def _whole_double(values: Sequence[Any], kinds: _Kinds, _: ColumnType) -> pa.Array | None:
    if kinds <= {int}:
        return pa.array(values, pa.int64()).cast(pa.float64())
    texts = _number_texts(values, kinds)
    if texts is None:
        return None
    numbers = texts.cast(pa.float64())
    same = pc.fill_null(pc.equal(numbers.cast(pa.string()), texts), True)  # noqa: FBT003
    for position in pc.indices_nonzero(pc.invert(same)).to_pylist():
        if not _is_exact(texts[position].as_py(), numbers[position].as_py()):
            return None
    return numbers


def _whole_decimal(values: Sequence[Any], kinds: _Kinds, kind: ColumnType) -> pa.Array | None:
    texts = _number_texts(values, kinds)
    return None if texts is None else texts.cast(kind.arrow)


def _number_texts(values: Sequence[Any], kinds: _Kinds) -> pa.Array | None:
    if kinds <= {str}:
        return pa.array(values, pa.string())
    if kinds <= {str, int}:
        return pa.array([str(v) if v.__class__ is int else v for v in values], pa.string())
    return None


def _whole_text(values: Sequence[Any], kinds: _Kinds, kind: ColumnType) -> pa.Array | None:
    if not kinds <= {str}:
        return None
    texts = pa.array(values, pa.string())
    if kind.precision is not None:
        longest = pc.max(pc.utf8_length(texts)).as_py()
        if longest is not None and longest > kind.precision:
            return None
    return texts


def _whole_timestamp(values: Sequence[Any], kinds: _Kinds, kind: ColumnType) -> pa.Array | None:
    if not kinds <= {str}:
        return None
    texts = pa.array(values, pa.string())
    for attempt in (texts, pc.replace_substring_regex(texts, r"(\.\d{6})\d+", r"\1")):
        try:
            return _if_in_calendar(attempt.cast(kind.arrow))
        except pa.ArrowInvalid:
            pass
        if not kind.zoned:
            continue
        try:
            return _if_in_calendar(pc.assume_timezone(attempt.cast(pa.timestamp("us")), "UTC"))
        except pa.ArrowInvalid:
            pass
    return None


def _if_in_calendar(instants: pa.Array) -> pa.Array | None:
    """Return the instants, unless the zone moves one of them out of the years 1 to 9999."""
    ends = pc.min_max(instants.cast(pa.int64()))
    first, last = ends["min"].as_py(), ends["max"].as_py()
    fits = first is None or (first >= _FIRST_INSTANT and last <= _LAST_INSTANT)
    return instants if fits else None


def _whole_date(values: Sequence[Any], kinds: _Kinds, _: ColumnType) -> pa.Array | None:
    return pa.array(values, pa.string()).cast(pa.date32()) if kinds <= {str} else None


def _whole_time(values: Sequence[Any], kinds: _Kinds, _: ColumnType) -> pa.Array | None:
    return None if kinds else pa.array(values, pa.time64("us"))


_WHOLE: Final[dict[str, Callable[[Sequence[Any], _Kinds, ColumnType], pa.Array | None]]] = {
    "bigint": _whole_bigint,
    "bool": _whole_bool,
    "double": _whole_double,
    "decimal": _whole_decimal,
    "text": _whole_text,
    "timestamp": _whole_timestamp,
    "date": _whole_date,
    "time": _whole_time,
}


# Single values.


def _bigint(value: Any, _: ColumnType) -> int:
    number = as_number(value)
    if number is None or count_digits(number) > (len(str(INT64_MAX)), 0):
        raise CoercionError
    whole = int(number)
    if whole != number or not INT64_MIN <= whole <= INT64_MAX:
        raise CoercionError
    return whole


def _bool(value: Any, _: ColumnType) -> bool:
    if isinstance(value, bool):
        return value
    known = {0: False, 1: True, "false": False, "true": True}
    if isinstance(value, int | str) and value in known:
        return known[value]
    raise CoercionError


def _double(value: Any, _: ColumnType) -> float:
    if as_number(value) is None or not _is_exact(str(value), float(value)):
        raise CoercionError
    return float(value)


def _is_exact(text: str, number: float) -> bool:
    """Return whether the double stands for the number written: as its shortest form or in full."""
    if not math.isfinite(number):
        return False
    written = Decimal(text)
    return written in {Decimal(repr(number)), Decimal(number)}


def _decimal(value: Any, kind: ColumnType) -> Decimal:
    number = as_number(value)
    if number is None:
        raise CoercionError
    whole, fraction = count_digits(number)
    scale = kind.scale or 0
    if fraction > scale or whole > (kind.precision or 0) - scale:
        raise CoercionError
    return number


def _text(value: Any, kind: ColumnType) -> str:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str | int):
        text = str(value)
    else:
        raise CoercionError
    if kind.precision is not None and len(text) > kind.precision:
        raise CoercionError
    return text


def _timestamp(value: Any, kind: ColumnType) -> datetime:
    if not isinstance(value, str) or not _DATE_FIRST.match(value):
        raise CoercionError
    text = _DOUBLED_ZONE.sub(r"\1", _NANOSECONDS.sub(r"\1", value.removesuffix(" UTC")))
    moment = datetime.fromisoformat(text)
    if not kind.zoned:
        if moment.tzinfo or value.endswith(" UTC"):
            raise CoercionError  # without its zone it would be another time
        return moment
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _date(value: Any, _: ColumnType) -> date:
    if not isinstance(value, str) or not _DATE_FIRST.match(value):
        raise CoercionError
    moment = datetime.fromisoformat(_NANOSECONDS.sub(r"\1", value.removesuffix(" UTC")))
    if moment.time() != time():
        raise CoercionError
    return moment.date()


def _time(value: Any, _: ColumnType) -> time:
    if not isinstance(value, str):
        raise CoercionError
    clock = time.fromisoformat(_NANOSECONDS.sub(r"\1", value))
    if clock.utcoffset():  # no database keeps the offset, and without it the time is another
        raise CoercionError
    return clock.replace(tzinfo=None)


_SINGLE: Final[dict[str, Callable[[Any, ColumnType], Any]]] = {
    "bigint": _bigint,
    "bool": _bool,
    "double": _double,
    "decimal": _decimal,
    "text": _text,
    "timestamp": _timestamp,
    "date": _date,
    "time": _time,
}
