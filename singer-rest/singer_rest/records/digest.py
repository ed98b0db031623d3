"""The digest of a set of keys: three sums that any SQL database can compute of its table as well.

Each key is one *term*. A single integer key smaller than 10^14 in size is its own term, of which
the sum and the sum of squares are kept; two rows lost and two others doubled would have to agree in
both. Every other key is hashed: ``md5(md5(part 1) || md5(part 2) ...)``, in hexadecimal digits, of
which the first fifteen are a number; a part that is null is 32 zeros. All sums fit decimal(38,0)
up to 10^10 rows. Two sets without a common key have the sum of their digests.

A part is what it would be as text: integers in decimal, instants as microseconds since 1970 (times
without a zone as if they were in UTC), dates as YYYY-MM-DD, booleans as 0 or 1, texts as they are,
with U+FFFD for U+0000, which some databases cannot hold. Numbers with fractions, objects and arrays
are no keys.
"""

from __future__ import annotations

import datetime as dt
import operator
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

try:
    # The interpreter's own costs half of OpenSSL's for texts as short as keys, and is there where
    # OpenSSL forbids MD5; nothing here is about secrets.
    from _md5 import md5  # type: ignore[import-not-found]
except ImportError:  # pragma: no cover  # other interpreters
    import functools
    import hashlib

    md5 = functools.partial(hashlib.md5, usedforsecurity=False)

BOUND = 10**14
"""Integers of this size and more are hashed: the squares of many would not fit decimal(38,0)."""
NULL_PART = b"0" * 32
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_BITS = 4
"""Fifteen hexadecimal digits are the first eight bytes less these bits."""

INTEGER, BOOLEAN, INSTANT, DATE, TEXT = "integer", "boolean", "instant", "date", "text"


class Digest(NamedTuple):
    """The sums over the terms of some keys."""

    keys: int = 0
    """How many keys."""
    total: int = 0
    """The sum of those that are terms themselves."""
    squares: int = 0
    hashes: int = 0
    """The sum of the terms of all others."""

    def plus(self, other: Digest) -> Digest:
        """Return the digest of the keys of both, which have none in common."""
        return Digest(*map(operator.add, self, other))

    def minus(self, other: Digest) -> Digest:
        """Return the digest without keys that are among these."""
        return Digest(*map(operator.sub, self, other))

    @property
    def text(self) -> str:
        """Return the three sums as one text."""
        return f"{self.total}:{self.squares}:{self.hashes}"

    @classmethod
    def read(cls, keys: int, text: str) -> Digest:
        """Return the digest that was written as a number and a text.

        Raises:
            ValueError: The text is none.
        """
        total, squares, hashes = map(int, text.split(":"))
        return cls(keys, total, squares, hashes)


def key_kinds(schema: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str] | None:
    """Return what the parts of a key are, by name; nothing where there is no key with a digest.

    Args:
        schema: The JSON schema of a row.
        keys: The key properties, in their order.
    """
    found: dict[str, str] = {}
    for key in keys:
        kind = _key_kind(schema.get("properties", {}).get(key) or {})
        if kind is None:
            return None
        found[key] = kind
    return found or None


def _key_kind(declared: Mapping[str, Any]) -> str | None:
    types = declared.get("type", [])
    names = {name for name in ([types] if isinstance(types, str) else types) if name != "null"}
    if names == {"integer"}:
        return INTEGER
    if names == {"boolean"}:
        return BOOLEAN
    if names != {"string"}:
        return None
    kinds = {"date-time": INSTANT, "date-time-local": INSTANT, "date": DATE, "time": None}
    return kinds.get(declared.get("format", ""), TEXT)


def terms(columns: Sequence[Sequence[Any]], kinds: Sequence[str]) -> list[int]:
    """Return the terms of keys, hashed ones as negative numbers below every integer's own.

    Args:
        columns: For each part the cells, one a row.
        kinds: What the parts are.
    """
    if not columns[0]:
        return []
    if len(columns) == 1 and kinds[0] == INTEGER:
        keys = columns[0]
        if set(map(type, keys)) <= {int} and -BOUND < min(keys) <= max(keys) < BOUND:
            return keys if isinstance(keys, list) else list(keys)
        return [
            key if type(key) is int and -BOUND < key < BOUND else hashed
            for key, hashed in zip(keys, _hashed(columns, kinds), strict=True)
        ]
    return _hashed(columns, kinds)


def digest_terms(found: Sequence[int]) -> Digest:
    """Return the digest of distinct terms."""
    if not found:
        return Digest()
    if min(found) > -BOUND:
        return Digest(len(found), sum(found), sum(map(operator.mul, found, found)))
    if max(found) <= -BOUND:
        return Digest(len(found), hashes=-sum(found) - BOUND * len(found))
    own = [term for term in found if term > -BOUND]
    squares = sum(map(operator.mul, own, own))
    hashes = sum(found) - sum(own)
    return Digest(len(found), sum(own), squares, -hashes - BOUND * (len(found) - len(own)))


def _hashed(columns: Sequence[Sequence[Any]], kinds: Sequence[str]) -> list[int]:
    parts = [_parts(cells, kind) for cells, kind in zip(columns, kinds, strict=True)]
    joined = parts[0] if len(parts) == 1 else map(b"".join, zip(*parts, strict=True))
    first = b"".join([md5(part).digest()[:8] for part in joined])
    count = len(first) // 8
    return [-BOUND - (number >> _BITS) for number in struct.unpack(f">{count}Q", first)]


def _parts(cells: Sequence[Any], kind: str) -> list[bytes]:
    """Return the MD5 of every cell as text, in hexadecimal digits."""
    write = _WRITERS[kind]
    different = set(cells)
    if len(different) * 2 <= len(cells):  # such as the parent of many children
        known = {cell: _part(cell, write) for cell in different}
        return [known[cell] for cell in cells]
    plain = kind is TEXT and set(map(type, different)) == {str}
    if plain and "\0" not in "".join(cells):
        return [md5(cell.encode()).hexdigest().encode() for cell in cells]
    return [_part(cell, write) for cell in cells]


def _part(cell: Any, write: Callable[[Any], str]) -> bytes:
    if cell is None:
        return NULL_PART
    found: bytes = md5(write(cell).encode("utf-8", "replace")).hexdigest().encode()
    return found


def _instant(value: Any) -> str:
    """Return microseconds since 1970; what is finer is cut off."""
    try:
        moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return str((moment - _EPOCH) // _MICROSECOND)


_WRITERS: dict[str, Callable[[Any], str]] = {
    INTEGER: str,
    BOOLEAN: lambda value: str(int(value)) if isinstance(value, bool) else str(value),
    INSTANT: _instant,
    DATE: lambda value: str(value)[:10],
    TEXT: lambda value: str(value).replace("\0", "\ufffd"),
}
