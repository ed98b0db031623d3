"""What no client can notice: named once a way, with the reason, and nowhere else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .matrix import Pair


@dataclasses.dataclass(frozen=True)
class Excuse:
    """Why a way of lying may go unnoticed.

    Attributes:
        reason: What a client would have to know.
        where: On which pairs; everywhere if nothing is said.
    """

    reason: str
    where: Callable[[Pair], bool] = lambda _pair: True


EXCUSES: dict[str, Excuse] = {
    "drop_row_and_count_it_out": Excuse(
        "a server that leaves out a row and counts without it says the same as one that has no "
        "such row"
    ),
}
