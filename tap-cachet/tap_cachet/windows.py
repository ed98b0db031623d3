"""Which small pages of a list tell what a large one leaves open, for the fewest requests.

3.x writes a component once a page, with the status the first of its incidents gave it. What a page
says of its first incident therefore holds, and of every other whose components none before it on
that page has. A page of three or four incidents tells most of them where one of a hundred does not,
and which page tells which is known beforehand: the components of each are.
"""

from __future__ import annotations

import collections
import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    Window = tuple[int, int]

MAX_SIZE = 50
"""Of larger pages hardly one tells more."""
WORTH_IT = 2
"""A page that tells one record only is asked for by the record's own route instead."""


def first_mentions(components: Sequence[Collection[int] | None]) -> Iterator[int]:
    """Yield the places whose components no place before has; nothing is said where it is None."""
    mentioned: set[int] = set()
    for place, found in enumerate(components):
        if found is not None and mentioned.isdisjoint(found):
            yield place
        mentioned.update(found or ())


def only_mentions(components: Sequence[Collection[int] | None]) -> Iterator[int]:
    """Yield the places whose components no other place has."""
    times = collections.Counter(item for found in components for item in set(found or ()))
    for place, found in enumerate(components):
        if found is not None and all(times[item] == 1 for item in found):
            yield place


def choose(
    components: Sequence[Collection[int] | None],
    start: int,
    unknown: Collection[int],
    largest: int = MAX_SIZE,
) -> list[Window]:
    """Return number and size of pages that tell what is unknown, the most telling ones first.

    Args:
        components: Of each record in a row; None where they are not known.
        start: Records of the list before the first of them.
        unknown: Places among them that are asked for.
        largest: Records that a page may have.

    Returns:
        Pages, numbered from 1. Together they need not tell everything.
    """
    open_places = set(unknown)
    heap = []
    for size in range(2, min(largest, MAX_SIZE, len(components)) + 1):
        for number in range(-(-start // size), (start + len(components) - 1) // size + 1):
            begin = number * size - start
            told = {begin + place for place in first_mentions(components[begin : begin + size])}
            told &= open_places
            if len(told) >= WORTH_IT:
                heap.append((-len(told), size, number + 1, told))
    heapq.heapify(heap)
    chosen: list[Window] = []
    while heap:
        gain, size, number, told = heapq.heappop(heap)
        left = told & open_places
        if len(left) == -gain:
            open_places -= left
            chosen.append((number, size))
        elif len(left) >= WORTH_IT:
            heapq.heappush(heap, (-len(left), size, number, left))
    return chosen
