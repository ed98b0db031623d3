"""Cuts the text of a query into tokens."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from .errors import BadSyntaxError, CqlError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATTERN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<name>\[[^\[\]]*\]|"[^"]*")
  | (?P<string>N?'(?:[^']|'')*')
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<param>@\w+)
  | (?P<word>[^\W\d]\w*)
  | (?P<sign><>|!=|<=|>=|[=<>(),.*;+\-/%])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """One token; ``value`` is what it means, ``text`` how it was written."""

    kind: str
    """name, string, number, param, word, sign or end."""
    value: str
    text: str

    def is_word(self, *words: str) -> bool:
        """Whether this is one of some keywords, in any case."""
        return self.kind == "word" and self.value in words

    def is_sign(self, *signs: str) -> bool:
        """Whether this is one of some signs."""
        return self.kind == "sign" and self.value in signs


END = Token("end", "", "")


def _meaning(kind: str, text: str) -> str:
    if kind == "name":
        return text[1:-1]
    if kind == "string":
        return text[text.index("'") + 1 : -1].replace("''", "'")
    return text.upper() if kind == "word" else text


def tokens(text: str) -> Iterator[Token]:
    """Cut a query into tokens, without spaces and comments.

    Raises:
        CqlError: A quotation that does not end.
        BadSyntaxError: A character that begins nothing.
    """
    place = 0
    while place < len(text):
        found = _PATTERN.match(text, place)
        if found is None:
            if text[place] in "'[\"":
                rest = text[place + 1 : place + 31]
                raise CqlError(f"Unclosed quotation mark after the character string '{rest}'.")
            raise BadSyntaxError(text[place])
        place = found.end()
        kind = found.lastgroup or ""
        if kind != "space":
            yield Token(kind, _meaning(kind, found.group()), found.group())
