"""Read query parameters as the API does, and refuse what it refuses."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .answers import ViolationError

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOLEANS = {"true": True, "false": False}


def parse_instant(text: str) -> dt.datetime:
    """Read a timestamp of a row or of a parameter; without a zone it is UTC.

    Raises:
        ValueError: The text is no ISO 8601 date-time.
    """
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


class Params:
    """The query of one request.

    Args:
        query: The query string as it was sent.
    """

    def __init__(self, query: str) -> None:
        self.pairs = parse_qsl(query, keep_blank_values=True)

    def text(self, name: str) -> str | None:
        """Return the last value of a parameter; nothing when it is absent or empty."""
        values = [value for key, value in self.pairs if key == name]
        return values[-1] or None if values else None

    def required(self, name: str) -> str:
        """Return the value of a parameter.

        Raises:
            ViolationError: The parameter is absent or empty.
        """
        value = self.text(name)
        if value is None:
            raise ViolationError(name, f"Required parameter '{name}' is not present.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean, written in any case.

        Raises:
            ViolationError: The value is neither true nor false.
        """
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in BOOLEANS:
            raise ViolationError(name, f"'{value}' is not a boolean")
        return BOOLEANS[value.lower()]

    def integer(self, name: str, default: int) -> int:
        """Return an integer.

        Raises:
            ViolationError: The value is no integer.
        """
        value = self.text(name)
        try:
            return default if value is None else int(value)
        except ValueError:
            raise ViolationError(name, f"'{value}' is not an integer") from None

    def values(self, name: str) -> list[str]:
        """Return a list, sent with commas or as a repeated parameter."""
        parts = [part for key, value in self.pairs if key == name for part in value.split(",")]
        return [part for part in parts if part]

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """Return one of the allowed values.

        Raises:
            ViolationError: The value is another one.
        """
        value = self.text(name) or default
        if value not in allowed:
            raise ViolationError(name, f"'{value}' is not one of {', '.join(allowed)}")
        return value

    def moment(self, name: str, *, zone_allowed: bool = True) -> dt.datetime | None:
        """Return an instant.

        Args:
            name: The parameter.
            zone_allowed: Whether a value with a zone is accepted; without one it is UTC.

        Raises:
            ViolationError: The value is no date-time, or has a zone where none is allowed.
        """
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            raise ViolationError(name, f"'{value}' is not an ISO-8601 date-time") from None
        if moment.tzinfo is None:
            return moment.replace(tzinfo=dt.UTC)
        if not zone_allowed:
            raise ViolationError(name, f"'{value}' must be a date-time without a time-zone")
        return moment
