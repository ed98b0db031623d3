"""What a pass that was read in spans has missed while the spans were read, and who can tell.

Spans are read at different times, by processes that know nothing of each other, and some of them
twice. Before what they brought is taken for the whole, the pass is asked once more for what came,
changed or went since before the first of them began.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from singer_rest.sources.cuts import Border


class Missed(enum.Enum):
    """What a source brings when it catches up."""

    NOTHING = "nothing"
    """It cannot tell: each row is as it was when its part read it, as in one run as long."""
    NEW_PARENTS = "parents that no part has asked about"
    """Their rows have no key in common with what the parts have brought."""
    CHANGES = "what changed"
    """Rows that parts may have brought before; those that were deleted among them, so marked."""


@dataclasses.dataclass(frozen=True)
class Begun:
    """What is known of a pass when all its spans have been read.

    Attributes:
        anchor: From when on changes are read again, as the source said before the first span was
            begun (:meth:`.Source.change_anchor`); empty where it says nothing.
        parents: The keys of the parents that were asked about; nothing where that is not known.
        rows: How many rows came.
    """

    anchor: str = ""
    parents: frozenset[Border] | None = None
    rows: int = 0
