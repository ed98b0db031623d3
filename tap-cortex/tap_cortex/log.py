"""How one log is asked for, and cut into pieces."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from singer_rest.sources.keys import ROUND_CAPS

if TYPE_CHECKING:
    from singer_rest.http.exchange import Request
    from tap_cortex.client import Key, Rows

MIN_PIECE = dt.timedelta(minutes=1)
MAX_PIECES = 64
Span = tuple[dt.datetime, dt.datetime]


@dataclasses.dataclass(frozen=True)
class Log:
    """How one log is asked for.

    Attributes:
        request: Without dates.
        rows: Reads the rows of an answer.
        since: Name of the parameter for the lower end.
        until: Name of the parameter for the upper end.
        key: Tells rows apart.
        date: Field with the instant of a row.
        key_column: Where a key made up by the tap goes. Rows that are alike in every field are
            then told apart by counting them; elsewhere a repeated key is the same row.
    """

    request: Request
    rows: Rows
    since: str
    until: str
    key: Key
    date: str
    key_column: str = ""


def cut_evenly(span: Span, wanted: int) -> list[Span]:
    """Cut a span into about as many pieces as wanted; nothing if it is too short to be cut."""
    start, end = span
    count = min(max(2, wanted), MAX_PIECES, (end - start) // MIN_PIECE)
    if count < 2:  # noqa: PLR2004  # too short to be cut
        return []
    step = (end - start) / count
    cuts = [(start + step * index).replace(microsecond=0) for index in range(1, count)]
    return list(zip([start, *cuts], [*cuts, end], strict=True))


def without_a_second(span: Span) -> Span | None:
    """Return a span that ends a second earlier; nothing if that leaves none."""
    end = span[1] - dt.timedelta(seconds=1)
    return (span[0], end) if span[0] < end else None


def may_be_cut(count: int, size: int) -> bool:
    """Tell whether an answer has as many rows as a cap, known or guessed, would let through."""
    return count > 0 and (count == size or count in ROUND_CAPS)


def requests_for(total: int, size: int) -> int:
    """Return what a window of so many rows costs; of more than a page it is read twice."""
    pages = max(1, -(-total // size))
    return 2 * pages if pages > 1 else pages + may_be_cut(total, size)
