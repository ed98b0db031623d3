"""Numbers and times as people read them, always with their unit."""

from __future__ import annotations

import datetime as dt

MINUTE, HOUR, DAY = 60, 3600, 86_400
HUNDRED_PERCENT = 1.0
NO_BREAK = "\u00a0"


def percent(share: float | None, digits: int = 2) -> str:
    """Write a share of one; what is not all is never rounded up to all."""
    if share is None:
        return "not known"
    text = f"{100 * share:.{digits}f}"
    if share < HUNDRED_PERCENT and float(text) >= 100:  # noqa: PLR2004
        text = f"{100 - 10**-digits:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text}{NO_BREAK}%"


def duration(seconds: float | None) -> str:
    """Write a length of time in the unit that fits it."""
    if seconds is None:
        return "not known"
    for size, unit in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= (2 * size if size == DAY else size):
            return f"{seconds / size:.1f}".removesuffix(".0") + NO_BREAK + unit
    return f"{seconds:.0f}{NO_BREAK}s"


def count(number: float | None) -> str:
    """Write a number with its thousands set apart."""
    return "0" if number is None else f"{number:,.0f}".replace(",", "\u202f")


def plural(number: float, one: str, many: str | None = None) -> str:
    """Write a number and the thing it counts."""
    return f"{count(number)}{NO_BREAK}{one if number == 1 else many or one + 's'}"


def points(change: float) -> str:
    """Write the difference of two shares in percentage points."""
    sign = "+" if change > 0 else "\u2212" if change < 0 else "\u00b1"
    return f"{sign}{abs(100 * change):.2f}".rstrip("0").rstrip(".") + f"{NO_BREAK}points"


def moment(text: str | None) -> str:
    """Write an instant, given as ISO text in UTC, to the minute."""
    if not text:
        return "never"
    at = dt.datetime.fromisoformat(text)
    return f"{at.day}{NO_BREAK}{at:%B %Y, %H:%M}{NO_BREAK}UTC"


def shortened(text: str | None, most: int = 40) -> str:
    """Cut a name that would fill a heading."""
    name = " ".join((text or "").split())
    return name if len(name) <= most else name[: most - 1] + "…"
