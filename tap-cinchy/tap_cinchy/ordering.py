"""Whether rows come in the order of their keys, and what to do with those that come twice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from singer_rest.sources.evidence import LoopError

if TYPE_CHECKING:
    from tap_cinchy.questions import Brought, Columns
    from tap_cinchy.windows import Key, Window


def read_keys(where: str, columns: Columns) -> list[Key]:
    """Return the keys of rows from the columns they are made of.

    Raises:
        LoopError: A row has none.
    """
    if not all({int}.issuperset(map(type, column)) for column in columns):
        raise LoopError(f"{where} has rows without a key, so their end cannot be found.")
    return list(zip(*columns, strict=True))


def in_order(keys: list[Key], window: Window) -> bool:
    """Whether keys grow and lie where they were asked for."""
    above = window.after is None or keys[0] > window.after
    below = window.upto is None or keys[-1][0] <= window.upto[0]
    return above and below and keys == sorted(set(keys))


def distinct(where: str, keys: list[Key], brought: Brought, window: Window) -> list[int]:
    """Return the indexes of rows without those that came twice in a row, word for word.

    Raises:
        LoopError: Keys do not grow, or lie outside of what was asked for.
    """
    rows = list(zip(*brought.columns, strict=True))
    previous = window.after if window.after is not None else (-math.inf,)
    high = math.inf if window.upto is None else window.upto[0]
    kept: list[int] = []
    for index, key in enumerate(keys):
        if key > previous and key[0] <= high:
            kept.append(index)
        elif key != previous or not kept or rows[index] != rows[kept[-1]]:
            raise LoopError(
                f"{where} does not come in the order of its key: {key} follows {previous}."
            )
        previous = key
    return kept
