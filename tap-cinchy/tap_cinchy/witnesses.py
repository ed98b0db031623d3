"""The latest changes that a run has seen, as the one text that a bookmark keeps of them.

They are witnesses: as long as a row is there, the time of its last change never falls.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WITNESSES = "latest_changes"
"""Where a bookmark keeps them: ``ID TIMESTAMP;ID TIMESTAMP``."""
MOST = 3


def latest(known: str, ids: Sequence[Any], stamps: Sequence[Any]) -> str:
    """Return the latest changes among those known and those that an answer shows.

    Args:
        known: As they were kept so far.
        ids: Of rows.
        stamps: When each of them was changed, as the server shows it.
    """
    found = dict(read_witnesses(known))
    shown = ((str(stamp), id_) for id_, stamp in zip(ids, stamps, strict=True) if stamp)
    for stamp, id_ in heapq.nlargest(MOST, shown):
        found[id_] = max(stamp, found.get(id_, stamp))
    pairs = heapq.nlargest(MOST, ((stamp, id_) for id_, stamp in found.items()))
    return ";".join(f"{id_} {stamp}" for stamp, id_ in pairs)


def read_witnesses(text: Any) -> list[tuple[int, str]]:
    """Return ids and timestamps; nothing of what is no witness."""
    parts = str(text or "").split(";")
    pairs = [(id_, stamp) for id_, _, stamp in (part.partition(" ") for part in parts)]
    return [(int(id_), stamp) for id_, stamp in pairs if id_.isdecimal() and stamp]
