"""Cutting one pass into spans that several processes read, and proving that they are the whole.

A span is what lies behind one border and up to another, in an order that never changes: keys of a
table, ids of parents, points in time. The first span has no lower border and the last one no upper
border, so that nothing lies outside of all of them, whatever comes while they are read.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from singer_rest.errors import StreamError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Border = int | str
"""A number, a text by its code points, or an instant as text."""
NOT_CUT = "what it is read from has no order by which it could be cut"


@dataclasses.dataclass(frozen=True)
class Span:
    """What lies behind ``after`` and not behind ``upto``; nothing means without a border."""

    after: Border | None = None
    upto: Border | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything lies in it."""
        return self.after is None and self.upto is None

    def holds(self, key: Border) -> bool:
        """Tell whether a key lies in the span.

        Raises:
            StreamError: It cannot be compared with the borders.
        """
        borders = [border for border in (self.after, self.upto) if border is not None]
        if any(type(border) is not type(key) for border in borders):
            raise StreamError(
                f"The key {str(key)[:40]!r} cannot be held against the borders of a part "
                f"({borders[0]!r}). Make a new plan with --parts.",
                code="PART",
            )
        above = self.after is None or key > self.after  # type: ignore[operator]
        return above and (self.upto is None or key <= self.upto)  # type: ignore[operator]

    def __str__(self) -> str:
        low = "the beginning" if self.after is None else repr(self.after)
        high = "the end" if self.upto is None else repr(self.upto)
        return f"{low} to {high}"


WHOLE = Span()


@dataclasses.dataclass(frozen=True)
class Cut:
    """How a pass can be read in parts."""

    spans: tuple[Span, ...] = (WHOLE,)
    """In order; they tile everything there is."""
    why_whole: str = ""
    """Why there is one span only, for the plan."""


def between(borders: Iterable[Border]) -> Cut:
    """Return the spans that borders make; equal ones are one, in whatever order they come."""
    inner = sorted(set(borders))
    ends: list[Border | None] = [None, *inner, None]
    return Cut(tuple(Span(low, high) for low, high in itertools.pairwise(ends)))


def even(keys: Sequence[Border], parts: int) -> Cut:
    """Cut between known keys so that each span has about as many of them."""
    if len(set(map(type, keys))) > 1:
        return Cut(why_whole="its keys are numbers and texts, which have no common order")
    ordered: list[Border] = sorted(set(keys))
    count = min(parts, len(ordered))
    if count <= 1:
        return Cut(why_whole="there are too few keys to cut between")
    return between(ordered[len(ordered) * index // count - 1] for index in range(1, count))


def by_weight(steps: Sequence[tuple[Border, float]], parts: int) -> Cut:
    """Cut at some of the borders of many small steps, so that spans weigh about as much.

    Args:
        steps: In order: up to where each of them goes, and its weight. The last one goes to the
            end, whatever its border.
        parts: How many spans are wanted; fewer come where few steps weigh much.
    """
    total = sum(weight for _border, weight in steps)
    chosen: list[Border] = []
    passed = 0.0
    for border, weight in steps[:-1]:
        passed += weight
        if passed and passed >= total * (len(chosen) + 1) / parts and len(chosen) + 1 < parts:
            chosen.append(border)
    if not chosen:
        return Cut(why_whole="all of it lies at one place")
    return between(chosen)


def flaw(spans: Sequence[Span]) -> str:
    """Say what keeps spans from being the whole: a gap, an overlap, a missing end.

    Args:
        spans: In any order.

    Returns:
        A clause without full stop; nothing if they tile everything.
    """
    if not spans:
        return "nothing of it is covered"
    kinds = {type(b) for span in spans for b in (span.after, span.upto) if b is not None}
    if len(kinds) > 1:
        return "its borders are of different types"
    for span in spans:
        empty = span.after is not None and span.upto is not None and span.after >= span.upto  # type: ignore[operator]
        if empty:
            return f"the span {span} is empty"
    first = [span for span in spans if span.after is None]
    later = sorted((s for s in spans if s.after is not None), key=lambda s: s.after)  # type: ignore[arg-type,return-value]
    if len(first) != 1:
        return "its beginning is covered " + ("twice" if first else "by no part")
    reached = first[0].upto
    for span in later:
        if reached is None or span.after < reached:  # type: ignore[operator]
            return f"two parts overlap behind {span.after!r}"
        if span.after != reached:
            return f"nothing covers what lies from {reached!r} to {span.after!r}"
        reached = span.upto
    return "" if reached is None else f"nothing covers what lies behind {reached!r}"
