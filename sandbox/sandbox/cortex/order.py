"""The order of lists whose order is documented nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .scoring import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .routing import Call

T = TypeVar("T")


def arranged(
    call: Call, name: str, rows: Sequence[T], key: Callable[[T], Any], date: Callable[[T], Any]
) -> Sequence[T]:
    """Return rows in the order that the server gives this list.

    Args:
        call: The request; its options decide.
        name: Name of the list, so that two of them are not shuffled alike.
        rows: The rows as the workspace holds them.
        key: What tells two rows apart.
        date: When a row changed last; nothing if rows have no date.
    """
    order = call.options.order
    if order == "by_key":
        return sorted(rows, key=lambda row: str(key(row)))
    if order == "recent_first":
        return sorted(rows, key=lambda row: (str(date(row) or ""), str(key(row))), reverse=True)
    if order == "restless":
        asked = call.world.asked[name] = call.world.asked.get(name, 0) + 1
        turn = (asked - 1) // max(1, call.options.restless_every)
        seed = call.world.spec.seed
        return sorted(rows, key=lambda row: (draw(seed, name, turn, key(row)), str(key(row))))
    return rows
