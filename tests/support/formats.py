"""What the formats of strings in a SCHEMA promise, checked as strictly as their documents say."""

from __future__ import annotations

import datetime as dt
import re

import jsonschema

_LOCAL = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?"
_PATTERNS = {
    # RFC 3339: an instant, which always says how far its clock is from UTC.
    "date-time": re.compile(_LOCAL + r"(Z|[+-]\d{2}:\d{2})", re.ASCII),
    # OpenAPI's registry of formats: the same without the offset.
    "date-time-local": re.compile(_LOCAL, re.ASCII),
}

FORMATS = jsonschema.FormatChecker(formats=["date"])
"""Of these the library itself checks dates alone without another package."""


def _checks(name: str) -> None:
    @FORMATS.checks(name, raises=ValueError)
    def fits(value: object) -> bool:
        if not isinstance(value, str):
            return True
        dt.datetime.fromisoformat(value)
        return _PATTERNS[name].fullmatch(value) is not None


for _name in _PATTERNS:
    _checks(_name)
