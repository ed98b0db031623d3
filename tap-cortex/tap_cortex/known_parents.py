"""Which entities a bookmark covers, as one short text.

One bookmark stands for all entities, and a read begins a day before it. An entity that comes later
brings its past along: it was archived, or its rows were moved from elsewhere. So the bookmark says
whose rows it is of, and the others are read from the start. The ids themselves would make a state
too long; five bytes stand for each, and of 20 000 one in fifty million looks like another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SIZE = 5
"""Bytes that stand for an id."""


class KnownParents:
    """Entities that a bookmark covers.

    Args:
        text: What :func:`as_text` returned for them. Anything else is of no entity, and all are
            read from the start.
    """

    def __init__(self, text: str) -> None:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        self._marks = {data[at : at + SIZE] for at in range(0, len(data), SIZE)}

    def __contains__(self, name: str) -> bool:
        return _mark(name) in self._marks


def as_text(names: Iterable[str]) -> str:
    """Return the text that stands for entities, the same for the same ones in any order."""
    return base64.b64encode(b"".join(sorted(map(_mark, names)))).decode()


def _mark(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=SIZE).digest()
