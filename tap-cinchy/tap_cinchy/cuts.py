"""Cutting a table into ranges of keys that hold about as many rows each.

Erased rows leave holes, so that equal ranges may hold very different numbers of rows. A few ids
are asked for at many places, and tell how dense the table is there.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from singer_rest.http.prefetch import Prefetcher
from singer_rest.sources.cuts import Cut, Span, by_weight
from tap_cinchy.questions import key_paths
from tap_cinchy.windows import Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_cinchy.questions import TableQuestions
    from tap_cinchy.windows import Key

EMPTY = "it has no rows"
NO_NUMBER = "its rows have no key of one number"
PLACES = 4
"""How many places are looked at for each part."""
AT_ONCE = 8
"""Places that are looked at side by side at most: no more than there will be parts to read."""
SAMPLE = 50
"""Ids that are asked for at each of them."""


def to_stretch(span: Span) -> Stretch:
    """Return the stretch of a table that a span is."""
    after, upto = span.after, span.upto
    low = (after,) if isinstance(after, int) else None
    return Stretch(low, upto if isinstance(upto, int) else None)


def weigh(questions: TableQuestions, end: Key | None, parts: int) -> Cut:
    """Cut a table by how dense it is.

    Args:
        questions: Asks about the table.
        end: The highest key, if there is any row.
        parts: How many ranges are wanted.
    """
    if end is None:
        return Cut(why_whole=EMPTY)
    highest = end[0]

    def ids(after: int, count: int) -> Sequence[int]:
        paths = key_paths(1)
        found: Sequence[int]
        _reply, (found,) = questions.bare(lambda one: one.text((after,), top=count), paths)
        return found

    lowest = ids(0, 1)
    low = lowest[0] - 1 if lowest else 0
    count = min(PLACES * parts, highest - low)
    borders = [low + (highest - low) * index // count for index in range(count + 1)]
    with contextlib.closing(Prefetcher(min(parts, AT_ONCE))) as pool:
        looks = list(pool.ordered(functools.partial(ids, after, SAMPLE) for after in borders[:-1]))
    steps = [
        (upto, _rows([id_ for id_ in found if id_ <= upto], upto))
        for upto, found in zip(borders[1:], looks, strict=True)
    ]
    return by_weight(steps, parts)


def _rows(found: Sequence[int], upto: int) -> float:
    """Return about how many rows a range has, by the first of them."""
    if len(found) < SAMPLE:
        return len(found)
    gap = (found[-1] - found[0]) / (len(found) - 1)
    return len(found) + (upto - found[-1]) / gap
