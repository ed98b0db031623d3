"""The clock of a sandbox server, and the ways Cachet writes dates.

Every date in a world is a count of whole seconds since 1970 (UTC); a zone matters only when one
is written. ``human`` texts follow Carbon's ``diffForHumans``, the site format of 2.x follows the
letters of PHP's ``date``.
"""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime, tzinfo

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
SHORTEST_MONTH_DAYS = 28
ZERO_DATE = -62_169_984_000
"""MySQL's ``0000-00-00 00:00:00``, as a date that PHP counts back to: 30 November of year -1."""

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
}
NOT_TH = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


class Clock:
    """What time it is for the server: the real time, or one fixed until a test moves it.

    Args:
        fixed: Seconds since 1970, or an aware datetime, at which the clock stands still;
            nothing for the real time.
    """

    def __init__(self, fixed: datetime | int | None = None) -> None:
        self._fixed = int(fixed.timestamp()) if isinstance(fixed, datetime) else fixed

    def now(self) -> int:
        """Return the time as whole seconds since 1970."""
        return int(time.time()) if self._fixed is None else self._fixed

    def advance(self, seconds: int) -> None:
        """Move a fixed clock.

        Raises:
            ValueError: The clock shows the real time.
        """
        if self._fixed is None:
            raise ValueError("only a fixed clock can be moved")
        self._fixed += seconds


@functools.lru_cache(maxsize=200_000)
def written(at: int, zone: tzinfo) -> str:
    """Return ``YYYY-MM-DD HH:MM:SS`` in a zone, as both versions write it."""
    if at <= ZERO_DATE:
        return "-0001-11-30 00:00:00"
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def ago(at: int, now: int) -> str:
    """Return the text Carbon gives for a date: "2 days ago", "1 month from now"."""
    if at <= ZERO_DATE:
        return f"{datetime.fromtimestamp(now, UTC).year} years ago"
    count, unit = _largest_unit(min(at, now), max(at, now))
    plural = "" if count == 1 else "s"
    return f"{count} {unit}{plural} {'from now' if at > now else 'ago'}"


def _largest_unit(start: int, end: int) -> tuple[int, str]:
    seconds = end - start
    for size, unit in ((WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            if seconds >= SHORTEST_MONTH_DAYS * DAY and (months := _months_between(start, end)):
                return (months // 12, "year") if months >= 12 else (months, "month")  # noqa: PLR2004
            return seconds // size, unit
    return seconds, "second"


def _months_between(start: int, end: int) -> int:
    first, last = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    months = (last.year - first.year) * 12 + last.month - first.month
    before = (last.day, last.time()) < (first.day, first.time())
    return months - before


def php_date(at: int, zone: tzinfo, letters: str, language: str) -> str:
    """Write a date by the letters of PHP's ``date``, month and day names in a language."""
    if at <= ZERO_DATE:
        return _php_zero_date(letters, language)
    moment = datetime.fromtimestamp(at, zone)
    month = MONTHS[language].split()[moment.month - 1]
    day = DAYS[language].split()[moment.weekday()]
    values = {
        "d": f"{moment.day:02}",
        "j": str(moment.day),
        "D": day[:3],
        "l": day,
        "S": NOT_TH.get(moment.day, "th"),
        "m": f"{moment.month:02}",
        "n": str(moment.month),
        "M": month[:3],
        "F": month,
        "Y": f"{moment.year:04}",
        "y": f"{moment.year % 100:02}",
        "H": f"{moment.hour:02}",
        "G": str(moment.hour),
        "h": f"{moment.hour % 12 or 12:02}",
        "i": f"{moment.minute:02}",
        "s": f"{moment.second:02}",
        "A": "AM" if moment.hour < 12 else "PM",  # noqa: PLR2004
    }
    return "".join(values.get(letter, letter) for letter in letters)


def _php_zero_date(letters: str, language: str) -> str:
    """Write the zero date: what stands for its year has a sign."""
    shifted = int(datetime(1999, 11, 30, tzinfo=UTC).timestamp())
    marked = php_date(shifted, UTC, letters.replace("Y", "\0").replace("y", "\1"), language)
    return marked.replace("\0", "-0001").replace("\1", "-1")
