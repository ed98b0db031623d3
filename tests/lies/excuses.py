"""What no client can notice: named once a way, with the reason, and nowhere else."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .matrix import Pair

    Where = Callable[[Pair, frozenset[str]], bool]


def everywhere(_pair: Pair, _claims: frozenset[str]) -> bool:
    """Take every pair."""
    return True


def uncounted(_pair: Pair, claims: frozenset[str]) -> bool:
    """Take lists whose answers do not say how many rows there are."""
    return "total" not in claims


@dataclasses.dataclass(frozen=True)
class Excuse:
    """Why a way of lying may go unnoticed.

    Attributes:
        reason: What a client would have to know.
        where: On which pairs, by what the answers of the route claim.
    """

    reason: str
    where: Where = everywhere


NOT_COUNTED = "no answer says how many rows there are; a row left out is like one that never was"
EXCUSES: dict[str, Excuse] = {
    "drop_row_and_count_it_out": Excuse(
        "a server that leaves out a row and counts without it says the same as one without it"
    ),
    "drop_first_row": Excuse(NOT_COUNTED, uncounted),
    "drop_middle_row": Excuse(NOT_COUNTED, uncounted),
    "drop_last_row": Excuse(NOT_COUNTED, uncounted),
    "never_show_the_first_row": Excuse(NOT_COUNTED, uncounted),
    "never_show_a_row": Excuse(NOT_COUNTED, uncounted),
    "never_show_the_last_row": Excuse(NOT_COUNTED, uncounted),
    "row_of_another_page": Excuse(NOT_COUNTED, uncounted),
    "rows_moved_to_the_next_page": Excuse(NOT_COUNTED, uncounted),
    "columns_are_swapped": Excuse("a value of the right type does not say whose column it is of"),
    "key_is_negative": Excuse("a row with another key is another row"),
    "credential_is_not_seen": Excuse(
        "the credential is good wherever it is proved, and guests get rows of the same form"
    ),
    "nested_lists_are_empty": Excuse("nothing counts the lists inside a row"),
    "switches_ignored": Excuse("no answer says which rows a parameter has added"),
}
