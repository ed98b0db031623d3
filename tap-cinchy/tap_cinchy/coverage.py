"""What a bookmark of a table covers: which table, by the id that survives, and which columns."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from tap_cinchy.cql import table_path

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN = "-"
"""Stands for the Guid of a table that the platform does not tell."""
DIGITS = 6
"""Of the hash of a column: enough to tell the columns of one table apart."""


@dataclasses.dataclass(frozen=True)
class Coverage:
    """A table and some of its columns, as one text without line breaks.

    The text is ``GUID fields [Domain].[Table]``, where fields are hashes of column paths.
    """

    guid: str
    full_name: str
    fields: frozenset[str]

    @classmethod
    def of(cls, guid: str, full_name: str, paths: Iterable[str]) -> Coverage:
        """Return what a run reads of a table."""
        return cls(guid or UNKNOWN, full_name, frozenset(map(_hash, paths)))

    @classmethod
    def parse(cls, text: str) -> Coverage | None:
        """Return what a bookmark says; nothing if it does not say it so."""
        parts = text.split(" ", 2)
        if len(parts) != 3 or not parts[2].startswith("["):  # noqa: PLR2004  # as it is written
            return None
        name = parts[2].strip("[]").replace("].[", ".", 1)
        return cls(parts[0], name, frozenset(filter(None, parts[1].split(","))))

    def __str__(self) -> str:
        """Return the text that stands in the bookmark."""
        return f"{self.guid} {','.join(sorted(self.fields))} {table_path(self.full_name)}"

    def is_other_table(self, before: Coverage) -> bool:
        """Whether the bookmark is of another table, perhaps under the same name."""
        return UNKNOWN not in {self.guid, before.guid} and self.guid != before.guid

    def is_wider(self, before: Coverage) -> bool:
        """Whether there are columns whose old rows have never been read."""
        return not self.fields <= before.fields


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:DIGITS]
