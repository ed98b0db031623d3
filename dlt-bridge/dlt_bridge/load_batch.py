"""What goes to the destination in one piece, and what it does to the table there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlt_bridge.columns import TableLayout
    from dlt_bridge.spool import SpoolFile


class Disposition(StrEnum):
    """What rows do to the table they are loaded into; dlt's words."""

    APPEND = "append"
    MERGE = "merge"
    REPLACE = "replace"


@dataclass(frozen=True)
class Batch:
    """Rows of one stream that go to the destination in one piece.

    Attributes:
        layout: The table.
        disposition: What the rows do to it.
        files: The rows; none for a table that is only to exist, or to be emptied.
        keys: The key columns at the time.
        first_sequence: The sequence number of the first row.
        last_sequence: That of the last row.
        version: The version that later runs of the tap may amend without announcing it.
        row_versions: The versions of its rows.
        activates: The version that is whole with this batch, so that older rows are obsolete.
        began_after: The sequence number before the first of this run.
        distinct: Whether every key is known to come once.
    """

    layout: TableLayout
    disposition: Disposition
    files: tuple[SpoolFile, ...]
    keys: tuple[str, ...]
    first_sequence: int = 0
    last_sequence: int = 0
    version: int | None = None
    row_versions: frozenset[int | None] = frozenset()
    activates: int | None = None
    began_after: int = 0
    distinct: bool = False

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(file.rows for file in self.files)
