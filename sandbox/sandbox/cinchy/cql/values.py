"""Reads the constants of a query as values of the columns they are compared with."""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from sandbox.cinchy.columns import Kind

from .errors import CqlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .session import Session

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_EPOCH = dt.datetime(1900, 1, 1)  # noqa: DTZ001 - SQL Server's reading of an empty date
_TRUE, _FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})
_NUMERIC = frozenset({Kind.NUMBER, Kind.INT32, Kind.INT64, Kind.DECIMAL})


def is_numeric(kind: Kind) -> bool:
    """Whether values of this type are numbers."""
    return kind in _NUMERIC


def kind_of(value: Any) -> Kind:
    """Return the .NET type of a constant."""
    if isinstance(value, bool):
        return Kind.YES_NO
    if isinstance(value, int):
        return Kind.INT32 if abs(value) < 1 << 31 else Kind.INT64
    if isinstance(value, float):
        return Kind.DECIMAL
    return Kind.TEXT


def folded(text: str, session: Session) -> str:
    """Return a text as the database compares it: SQL Server looks neither at case nor at tails."""
    return text.rstrip(" ").casefold() if session.backend == "sqlserver" else text


def converted(value: Any, kind: Kind, session: Session) -> Any:
    """Read a constant as a value of a column.

    Raises:
        CqlError: It cannot be read so, in the words of the database.
    """
    if value is None:
        return None
    if kind in {Kind.INSTANT, Kind.DATE}:
        return _moment(value, kind, session)
    if kind in _NUMERIC:
        return number(value, session)
    if kind is Kind.YES_NO:
        return _yes_no(value)
    return folded(str(value), session)


def number(value: Any, session: Session) -> int | float:
    """Read a text as a number, an integer as long as it is one."""
    if not isinstance(value, str):
        return int(value) if isinstance(value, bool) else value
    text = value.strip()
    try:
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text or "0")
    except ValueError:
        if session.backend == "postgres":
            raise CqlError(f'invalid input syntax for type double precision: "{value}"') from None
        raise CqlError("Error converting data type nvarchar to float.") from None


def _yes_no(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE | _FALSE:
        return text in _TRUE
    raise CqlError(f"Conversion failed when converting the nvarchar value '{value}' to bit.")


def _moment(value: Any, kind: Kind, session: Session) -> dt.datetime:
    """Read a date literal: as an instant through the filter's zone, or as a wall-clock time."""
    local, offset = _parsed(value, session)
    in_zone = kind is Kind.INSTANT or session.dates_in_zone
    if offset is not None and session.literal_offset == "honoured" and in_zone:
        instant = (local - offset).replace(tzinfo=dt.UTC)
    elif in_zone:
        zoned = local.replace(tzinfo=session.filter_zone, fold=session.fold)
        try:
            instant = zoned.astimezone(dt.UTC)
        except OverflowError:
            instant = local.replace(tzinfo=dt.UTC)
    else:
        return local
    return instant if kind is Kind.INSTANT else instant.replace(tzinfo=None)


def _parsed(value: Any, session: Session) -> tuple[dt.datetime, dt.timedelta | None]:
    text = str(value).strip()
    if not text and session.backend == "sqlserver":
        return _EPOCH, None
    found = _MOMENT.fullmatch(text)
    refused = found is None or len(found[7] or "") > session.literal_digits
    if refused or (found and found[8] and session.literal_offset == "refused"):
        raise _bad_moment(text, session)
    assert found is not None  # noqa: S101 - narrows the type
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    micros = int((found[7] or "0").ljust(6, "0")[:6])
    try:
        moment = dt.datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001
    except ValueError:
        raise _bad_moment(text, session) from None
    return moment, _offset(found[8])


def _offset(text: str | None) -> dt.timedelta | None:
    if not text:
        return None
    if text in "Zz":
        return dt.timedelta()
    size = dt.timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return -size if text[0] == "-" else size


def _bad_moment(text: str, session: Session) -> CqlError:
    if session.backend == "postgres":
        return CqlError(f'invalid input syntax for type timestamp: "{text}"')
    return CqlError("Conversion failed when converting date and/or time from character string.")


def nested(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """Return a row as ``FOR JSON PATH`` writes it: dots nest, and what is NULL is left out.

    Raises:
        CqlError: Two columns want the same place.
    """
    made: dict[str, Any] = {}
    for name, value in zip(names, row, strict=True):
        if value is None:
            continue
        *outer, last = name.split(".")
        place: Any = made
        for part in outer:
            place = place.setdefault(part, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last in place:
            raise CqlError(
                f"Property '{name}' cannot be generated in JSON output due to a conflict."
            )
        place[last] = _plain(value)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return ",".join(map(str, value)) if isinstance(value, tuple) else value
