"""Write JSON values as YAML text, the way people write descriptors."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./-]*[A-Za-z0-9]")
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
WORDS_WITH_MEANING = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def quoted(text: str) -> str:
    """Write a text in double quotes; what YAML takes for the end of a line is escaped."""
    found = json.dumps(text, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", found)


def to_yaml(value: Any) -> str:
    """Return a YAML document; strings are quoted whenever YAML could read something else."""
    return "\n".join(_lines(value)) + "\n"


def written_by_hand(descriptor: dict[str, Any]) -> str:
    """Return a descriptor as a person might have written it, with the same meaning.

    A comment stands behind the tag, which is quoted; the description comes first, is a block of
    text, and has a line in it that looks like a tag.
    """
    info = dict(descriptor["info"])
    tag = info.pop("x-cortex-tag")
    said = str(info.pop("description", None) or "A service.")
    text = [*said.replace("\r", "\n").split("\n"), "x-cortex-tag: not-this-one"]
    head = [
        "# the descriptor of a service",
        f"openapi: {descriptor['openapi']}",
        "info:",
        "  description: |2-",
        *(f"    {line}".rstrip() for line in text),
        f"  x-cortex-tag: {quoted(tag)}   # never change this: it is the key",
    ]
    return "\n".join([*head, *(f"  {line}" for line in _lines(info))]) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(f"{_scalar(str(key))}:", item)
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _entry(head: str, item: Any) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from (f"  {line}" for line in _lines(item))
    else:
        yield f"{head} {_scalar(item)}"


def _scalar(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if (
        isinstance(value, str)
        and PLAIN.fullmatch(value)
        and value.lower() not in WORDS_WITH_MEANING
    ):
        return value
    return quoted(value) if isinstance(value, str) else json.dumps(value)
