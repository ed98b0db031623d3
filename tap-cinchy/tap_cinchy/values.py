"""Cinchy's values: the kinds of column they become and how they are read.

The answer of a query names a .NET type for every column, and that decides how its values are
read. Where it contradicts what discovery found, the stream fails: a column whose type was changed
must not become a column of nulls.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import re
from typing import TYPE_CHECKING, Any

from singer_rest.records import timestamps
from singer_rest.records.columns import (
    ANY,
    BOOLEAN,
    INTEGER,
    INTEGERS,
    NONE,
    NUMBER,
    TEXT,
    TEXTS,
    CoercionError,
    Kind,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Decoder = Callable[[str | None, Sequence[Any]], Sequence[Any]]

UNKNOWN_ZONE = dt.timezone(dt.timedelta(0), "unknown")
"""Stands for the time zone that nobody has told."""

WHOLE = frozenset(
    {"Byte", "SByte", "Int16", "Int32", "Int64", "UInt16", "UInt32", "UInt64", "Integer"}
)
REAL = frozenset({"Single", "Double", "Decimal"})
DATES = frozenset({"DateTime", "DateTimeOffset", "Date", "DateOnly"})
WORDS = frozenset({"String", "Guid", "Char", "TimeSpan", "Char[]"})
BYTES = frozenset({"Byte[]"})
KNOWN = WHOLE | REAL | DATES | WORDS | BYTES | {"Boolean"}
MANY_VERSIONS = 50
PLAIN_WHOLE = frozenset({int, type(None)})
_TRUTHS = frozenset({"true", "false", "1", "0"})
_LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?")
_QUOTED = re.compile(r"\s*(['\"])((?:\\.|(?!\1).)*)\1\s*(?:,|$)", re.DOTALL)


class ContradictionError(ValueError):  # a verdict on a column, turned into an error by the source
    """What came is not what the catalog says."""


def _parsed(value: Any) -> dt.datetime:
    if not isinstance(value, str):
        raise CoercionError
    try:
        return dt.datetime.fromisoformat(value.strip())
    except ValueError:
        raise CoercionError from None


def wall_clock(text: Any) -> dt.datetime | None:
    """Read a timestamp as the clock showed it, without its offset; nothing if it is none."""
    try:
        return dt.datetime.fromisoformat(str(text).strip()).replace(tzinfo=None)
    except ValueError:
        return None


def has_offset(value: Any) -> bool:
    """Whether a value is a time that says how far its clock is from UTC."""
    try:
        return _parsed(value).tzinfo is not None
    except CoercionError:
        return False


def _moment(value: Any, zone: dt.tzinfo) -> str:
    """Return an instant, which a text without an offset is only where its zone is known."""
    if _parsed(value).tzinfo is None and zone is UNKNOWN_ZONE:
        raise CoercionError
    text = timestamps.instant(value, zone)
    if text is None:
        raise CoercionError
    return text


def _local_time(value: Any, _zone: dt.tzinfo) -> str:
    """Return a time of a day without a zone, as it was shown.

    UTC is what drivers of databases write behind times that have no zone; any other offset means
    something, and is not dropped.
    """
    moment = _parsed(value)
    if moment.utcoffset():
        raise CoercionError
    text = str(value).strip().replace(" ", "T", 1)
    return text if _LOCAL_TIME.fullmatch(text) else moment.replace(tzinfo=None).isoformat()


def _shown_time(value: Any, _zone: dt.tzinfo) -> str:
    """Return a time of the system without a zone, as it was shown.

    A platform may begin to show offsets after the catalog was made. The clock of its zone is what
    the catalog promises; a null in its place would make a deleted row a living one.
    """
    moment = _parsed(value)
    text = value.strip().replace(" ", "T", 1)
    return text if _LOCAL_TIME.fullmatch(text) else moment.replace(tzinfo=None).isoformat()


def _local_times(cells: Sequence[Any], _zone: dt.tzinfo) -> list[Any]:
    """Check texts that have no offset, which stay as they are."""
    texts = [cell for cell in cells if cell is not None]
    if not all(map(_LOCAL_TIME.fullmatch, texts)):
        raise CoercionError
    collections.deque(map(dt.datetime.fromisoformat, texts), maxlen=0)
    return list(cells)


def _base64(value: Any, _zone: dt.tzinfo) -> str:
    del value
    raise CoercionError


INSTANT, LOCAL = "date-time", "date-time-local"
"""Formats: of an instant, and of a date and a time without a zone, by its name in OpenAPI's
registry. Readers of the first take a text without an offset for UTC."""
INSTANT_SCHEMA = {"type": "string", "format": INSTANT}
LOCAL_SCHEMA = {"type": "string", "format": LOCAL}
MOMENT = Kind("moment", INSTANT_SCHEMA, NONE, _moment)
"""A timestamp of the system whose zone is known."""
LOCAL_MOMENT = Kind("local_time", LOCAL_SCHEMA, NONE, _shown_time, _local_times)
"""A timestamp of the system as it is shown, in the zone of the account, which nobody has told."""
WALL_CLOCK = Kind("wall_clock", LOCAL_SCHEMA, NONE, _local_time, _local_times)
"""A date a user typed; it has no zone and is never moved to another."""
TIMES = frozenset({MOMENT.name, LOCAL_MOMENT.name, WALL_CLOCK.name})
BINARY = Kind("binary", {"type": "string", "contentEncoding": "base64"}, frozenset({str}), _base64)


def kind_of_type(type_name: str) -> Kind:
    """Return the kind for a .NET type; anything for one that nobody has seen."""
    for names, kind in (
        (WHOLE, INTEGER),
        (REAL, NUMBER),
        ({"DateTimeOffset"}, MOMENT),
        (DATES, WALL_CLOCK),
        (WORDS, TEXT),
        (BYTES, BINARY),
        ({"Boolean"}, BOOLEAN),
    ):
        if type_name in names:
            return kind
    return ANY


# Texts with several values


def split_texts(text: str) -> list[str] | None:
    """Split the chosen options of a cell; an option may be quoted, with backslash escapes."""
    found, index = [], 0
    while index < len(text):
        quoted = _QUOTED.match(text, index)
        if quoted:
            found.append(re.sub(r"\\(.)", r"\1", quoted[2]))
            index = quoted.end()
            continue
        end = text.find(",", index)
        end = len(text) if end < 0 else end
        found.append(text[index:end].strip())
        index = end + 1
    return [one for one in found if one] or None


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, (float, decimal.Decimal)) and value == int(value):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    raise ContradictionError


def _ids(value: Any) -> list[int] | None:
    if isinstance(value, str):
        return [_whole(part.strip()) for part in value.split(",") if part.strip()] or None
    return None if value is None else [_whole(value)]


def look_like_pairs(cells: Sequence[Any]) -> bool:
    """Whether lists of ids look like ids that are each followed by a version, as they are written.

    Versions are small; where all ids are, nobody can tell.
    """
    lists = [cell for cell in cells if cell]
    versions = [one for cell in lists for one in cell[1::2]]
    return (
        len(lists) > 1
        and all(len(cell) % 2 == 0 for cell in lists)
        and all(one < MANY_VERSIONS for one in versions)
        and any(one >= MANY_VERSIONS for cell in lists for one in cell[::2])
    )


# Columns, as an answer brings them


def _integers(type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    if type_name in WHOLE and PLAIN_WHOLE.issuperset(map(type, cells)):
        return cells
    return [None if cell is None or cell == "" else _whole(cell) for cell in cells]


def _id_lists(_type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    return [_ids(cell) for cell in cells]


def _text_lists(type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    if type_name in KNOWN - WORDS:
        raise ContradictionError
    return [None if cell is None else split_texts(str(cell)) for cell in cells]


def _numbers(type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    if type_name in WHOLE | REAL and bool not in map(type, cells):
        return cells
    if type_name in KNOWN - WHOLE - REAL or any(
        isinstance(cell, (str, bool, list, dict)) for cell in cells
    ):
        raise ContradictionError
    return cells


def _booleans(type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    if type_name == "Boolean" or type_name in WHOLE:
        return cells
    if type_name in KNOWN - WORDS:
        raise ContradictionError
    if any(cell is not None and str(cell).lower() not in _TRUTHS for cell in cells):
        raise ContradictionError
    return cells


def _dates(type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    if type_name in DATES:
        return cells
    if type_name in KNOWN - WORDS:
        raise ContradictionError
    for cell in cells:
        if cell is not None:
            try:
                _parsed(cell)
            except CoercionError:
                raise ContradictionError from None
    return cells


def _binaries(type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    if type_name in KNOWN - BYTES - WORDS:
        raise ContradictionError
    return cells


_DECODERS: dict[str, Decoder] = {
    INTEGER.name: _integers,
    INTEGERS.name: _id_lists,
    TEXTS.name: _text_lists,
    NUMBER.name: _numbers,
    BOOLEAN.name: _booleans,
    MOMENT.name: _dates,
    LOCAL_MOMENT.name: _dates,
    WALL_CLOCK.name: _dates,
    BINARY.name: _binaries,
}


def decoded(kind: Kind, type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
    """Read one column of an answer.

    Args:
        kind: What the catalog says.
        type_name: What the answer says; nothing if it names no types.
        cells: The values as they came.

    Raises:
        ContradictionError: The two do not go together, or a value cannot be what the kind says.
            A text column takes everything: written as text, nothing is lost.
    """
    decoder = _DECODERS.get(kind.name)
    return cells if decoder is None else decoder(type_name, cells)
