"""Response bytes to values: strict where it matters, and every repair is counted."""

from __future__ import annotations

import dataclasses
import decimal
import json
import re
from typing import Any

import msgspec

BOM = b"\xef\xbb\xbf"
EXACT_LENGTH = 16
"""Of a fraction: the point and the fifteen digits that a float keeps, whichever they are."""
MAX_DIGITS = 300
"""Of a whole number; one with more is beyond the range of a double, and of every column."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_NUL = rb"\u0000"
_SLICE = 256
"""Rows that are written again at once, so that no second body is in memory."""


class UnreadableBodyError(ValueError):  # a reason, turned into an error by the transport
    """The bytes are not JSON."""


@dataclasses.dataclass
class Repairs:
    """How often a body had to be mended so that its rows can be stored anywhere."""

    bad_utf8: int = 0
    not_a_number: int = 0
    removed_characters: int = 0

    def __bool__(self) -> bool:
        return bool(self.bad_utf8 or self.not_a_number or self.removed_characters)

    def add(self, other: Repairs) -> None:
        """Sum up."""
        self.bad_utf8 += other.bad_utf8
        self.not_a_number += other.not_a_number
        self.removed_characters += other.removed_characters

    def sentence(self) -> str:
        """Name what was mended."""
        parts = []
        if self.bad_utf8:
            parts.append(f"{self.bad_utf8} invalid UTF-8 sequences replaced")
        if self.not_a_number:
            parts.append(f"{self.not_a_number} numbers outside JSON's range set to null")
        if self.removed_characters:
            parts.append(f"{self.removed_characters} NUL or surrogate characters removed")
        return ", ".join(parts)


def exact_number(text: str) -> float | decimal.Decimal | None:
    """Keep the digits: a float only where it writes back as the very same text."""
    value = float(text)
    if repr(value) == text:
        return value
    if value in {float("inf"), float("-inf")}:
        return None
    return decimal.Decimal(text)


def _finite_number(text: str) -> float | decimal.Decimal:
    """Do the same, and leave what is out of range to the decoder that counts."""
    if len(text) <= EXACT_LENGTH and text[-1] != "0" and "e" not in text and "E" not in text:
        return float(text)
    value = float(text)
    if repr(value) == text:
        return value
    number = exact_number(text)
    if number is None:
        raise UnreadableBodyError(text)
    return number


_STRICT = msgspec.json.Decoder(float_hook=_finite_number)


def decode(body: bytes) -> tuple[Any, Repairs]:
    """Decode a JSON body; numbers keep their digits.

    Mended and counted: a byte order mark (silently), invalid UTF-8, ``NaN`` and numbers beyond
    the range of a double (null), NUL and lone surrogate characters (removed; PostgreSQL refuses
    them).

    Raises:
        UnreadableBodyError: Not JSON, nested deeper than the interpreter can follow, the name of a
            field is among what is broken (its value would be missing), or an object has a name
            twice: nobody knows which of both values is meant, and one of them may be a list.
    """
    repairs = Repairs()
    body = body.removeprefix(BOM)
    try:
        try:
            # Refuses lone surrogates and NUL itself, but not its escape.
            value = _STRICT.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            value = _clean(_lenient(body, repairs), repairs)
        else:
            if body.rfind(_ESCAPED_NUL) >= 0:  # backwards: nearly twice as fast
                value = _clean(value, repairs)
        if body.count(b":") > _count_colons(value):
            raise UnreadableBodyError("an object has a name twice")
    except RecursionError as error:
        raise UnreadableBodyError("nested too deeply") from error
    return value, repairs


def _count_colons(value: Any) -> int:
    """Count the colons of a value as it would be written, a few rows at a time.

    One stands behind every name, the others in texts, where they come again when they are written.
    A name that the decoder met twice in an object is in the body twice and in the value once; there
    is no other way for a body to have more colons than its value. Single bytes are counted several
    times as fast as any two.
    """
    if isinstance(value, dict):
        parts = [_written(dict.fromkeys(value)), *map(_count_colons, value.values())]
        return sum(parts)
    if isinstance(value, list) and len(value) > _SLICE:
        return sum(_written(value[at : at + _SLICE]) for at in range(0, len(value), _SLICE))
    return _written(value)


def _written(value: Any) -> int:
    return msgspec.json.encode(value).count(b":")


def _lenient(body: bytes, repairs: Repairs) -> Any:
    text = body.decode("utf-8", "replace")
    repairs.bad_utf8 += text.count(REPLACEMENT) - body.count(REPLACEMENT.encode())

    def number(literal: str) -> float | decimal.Decimal | None:
        value = exact_number(literal)
        if value is None:
            repairs.not_a_number += 1
        return value

    def integer(literal: str) -> int | None:
        if len(literal) > MAX_DIGITS:
            repairs.not_a_number += 1
            return None
        return int(literal)

    def constant(_literal: str) -> None:
        repairs.not_a_number += 1

    try:
        return json.loads(text, parse_float=number, parse_int=integer, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise UnreadableBodyError(f"{error.msg} at character {error.pos}") from error


def _clean(value: Any, repairs: Repairs) -> Any:
    if isinstance(value, str):
        if "\x00" in value or _SURROGATE.search(value):
            cleaned = _SURROGATE.sub("", value.replace("\x00", ""))
            repairs.removed_characters += len(value) - len(cleaned)
            return cleaned
        return value
    if isinstance(value, list):
        return [_clean(item, repairs) for item in value]
    if isinstance(value, dict):
        if repairs.bad_utf8 and any(REPLACEMENT in name for name in value):
            raise UnreadableBodyError("the name of a field is no UTF-8")
        return {_clean(key, repairs): _clean(item, repairs) for key, item in value.items()}
    return value
