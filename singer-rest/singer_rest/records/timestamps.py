"""Vendor text to instants: RFC 3339, in UTC, or nothing."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import zoneinfo

from singer_rest.errors import ConfigError

UTC = dt.UTC
EPOCH_MILLISECONDS = 100_000_000_000
"""Larger numbers are milliseconds: as seconds they would lie after the year 5138."""
_DIGITS = re.compile(r"\d{9,}(\.\d+)?")
"""A number in quotes. The longest date without a hyphen has eight digits before its T."""
_UTC_NAMES = re.compile(r"(?<=\d)(z| utc| gmt)$", re.IGNORECASE)
_ISO_PLACES = (4, 7, 13, 16)


def zone(name: str, *, setting: str = "timezone") -> dt.tzinfo:
    """Return the time zone of an IANA name.

    Raises:
        ConfigError: There is no such zone.
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name.strip())
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"{setting} {name!r} is not an IANA time zone; write it like Europe/Berlin."
        ) from error


def parse(value: object, default_zone: dt.tzinfo = UTC) -> dt.datetime | None:
    """Read a point in time; nothing if it cannot be one.

    Accepts ISO 8601 with or without offset and fraction, a date alone (midnight), and seconds or
    milliseconds since 1970, as a number or in quotes. Text without an offset is in
    ``default_zone``; in the hour that a clock change repeats, the first pass is taken, and a time
    in the hour that one leaves out is as much later.
    """
    if isinstance(value, bool):
        return None
    in_quotes = isinstance(value, str) and _DIGITS.fullmatch(value.strip())
    if in_quotes or isinstance(value, decimal.Decimal):
        value = float(str(value))
    if isinstance(value, (int, float)):
        try:
            seconds = value / 1000 if abs(value) >= EPOCH_MILLISECONDS else value
            return dt.datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            return None
    if not isinstance(value, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(_UTC_NAMES.sub("+00:00", value.strip()))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=default_zone)
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def text(moment: dt.datetime) -> str:
    """Write an instant as RFC 3339 in UTC: ``2026-11-20T10:00:00Z``."""
    moment = moment.astimezone(UTC)
    return moment.isoformat().removesuffix("+00:00") + "Z"


def instant(value: object, default_zone: dt.tzinfo = UTC) -> str | None:
    """Normalise vendor text to RFC 3339 in UTC; nothing if it is no point in time."""
    if (
        default_zone is UTC
        and isinstance(value, str)
        and len(value) == 19  # noqa: PLR2004
        and "".join(value[index] for index in _ISO_PLACES) == "--::"
    ):
        # "2026-11-20 10:00:00", the commonest form by far; checked by the parser, kept as text.
        try:
            dt.datetime.fromisoformat(value)
        except ValueError:
            return None
        return f"{value[:10]}T{value[11:]}Z"
    moment = parse(value, default_zone)
    return None if moment is None else text(moment)


def now() -> dt.datetime:
    """Return the present instant, to the second, in UTC."""
    return dt.datetime.now(UTC).replace(microsecond=0)


def minutes(count: int) -> dt.timedelta:
    """Return a span of minutes."""
    return dt.timedelta(minutes=count)
