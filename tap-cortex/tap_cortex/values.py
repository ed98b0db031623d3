"""Small conversions between what Cortex says and what a row holds."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

REDACTED = "[redacted]"
_CANONICAL = msgspec.json.Encoder(order="sorted", decimal_format="number")
_SECRET = re.compile(
    r"secret|token|password|passphrase|credential|private.?key|api.?key|auth", re.IGNORECASE
)
_HARMLESS = re.compile(r"last.?four|last.?4|readonly|author|method|expir", re.IGNORECASE)


def json_text(value: Any) -> str:
    """Write a value as JSON, its keys sorted and its numbers with every digit."""
    return _CANONICAL.encode(value).decode()


def digest(*parts: Any) -> str:
    """Return 32 hexadecimal digits that stand for the parts: the key of rows that have no id."""
    return hashlib.sha256(_CANONICAL.encode(parts)).hexdigest()[:32]


def without_zone(moment: dt.datetime) -> str:
    """Write an instant the way every date parameter of Cortex wants it: UTC, and no zone."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def parsed(text: Any) -> dict[str, Any] | None:
    """Return the object that a text is, if it is one."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def from_yaml(text: str) -> Any:
    """Return what a YAML text holds; nothing if it is none. Every scalar stays a text."""
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # makes texts and lists only
    except (yaml.YAMLError, RecursionError):
        return None


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; a lone object counts as a list of one, null as an empty one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def parts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list inside a row, with an empty one for each that is none.

    A row made of an empty one has no key, and so is counted and said instead of vanishing.
    """
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, dict) else {} for item in items]


def member(value: Any, name: str) -> Any:
    """Return a member of what may be an object."""
    return value.get(name) if isinstance(value, dict) else None


def redacted(value: Any) -> Any:
    """Mask texts that a field's name gives away as secret.

    Templates such as ``{{context.secrets.x}}`` name a secret without telling it, and the last four
    digits of one are what Cortex shows to everybody; both stay.
    """
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: REDACTED if _is_secret(name, item) else redacted(item) for name, item in value.items()
    }


def _is_secret(name: str, value: Any) -> bool:
    return (
        isinstance(value, str)
        and bool(value)
        and "{{" not in value
        and _SECRET.search(name) is not None
        and _HARMLESS.search(name) is None
    )


def key_or_none(value: Any) -> str | int | None:
    """Return a value that Cortex may give to tell rows apart; nothing for any other."""
    if isinstance(value, str):
        return value or None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and value >= 0 else None


def rule_key(rule: dict[str, Any]) -> str:
    """Return what tells the rules of a scorecard apart: identifier, else expression."""
    return str(rule.get("identifier") or rule.get("expression") or digest(rule))


def numbered(keys: Iterable[str]) -> list[str]:
    """Make keys that come again different: ``x``, ``x #2``, ``x #3``."""
    seen: dict[str, int] = {}
    found = []
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        found.append(key if seen[key] == 1 else f"{key} #{seen[key]}")
    return found
