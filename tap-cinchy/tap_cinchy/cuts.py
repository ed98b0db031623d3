"""Cutting a table into ranges of keys that hold about as many rows each.

Erased rows leave holes, so that equal ranges may hold very different numbers of rows. A few ids
are asked for at many places, and tell how dense the table is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    steps: list[tuple[int, float]] = []
    for index in range(count):
        after = low + (highest - low) * index // count
        upto = low + (highest - low) * (index + 1) // count
        found = [id_ for id_ in ids(after, SAMPLE) if id_ <= upto]
        steps.append((upto, _rows(found, upto)))
    return by_weight(steps, parts)


def _rows(found: Sequence[int], upto: int) -> float:
    """Return about how many rows a range has, by the first of them."""
    if len(found) < SAMPLE:
        return len(found)
    gap = (found[-1] - found[0]) / (len(found) - 1)
    return len(found) + (upto - found[-1]) / gap
