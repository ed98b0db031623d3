"""Tables side by side: the first pages of the next ones are asked for while one is written."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.base import Source
    from tap_cinchy.streams.tables import TableStream


class Lookahead:
    """Begins with tables before their turn, in the order in which they will be read.

    Nothing begins before a first table is read: to try or to plan a stream asks for no page.

    Args:
        prefetch: The threads.
        order: The tables of the run in the order of reading.
    """

    def __init__(self, prefetch: Prefetcher, order: Sequence[TableStream]) -> None:
        self._prefetch = prefetch
        self._order = order
        self._reading = False
        self._begun: Iterator[tuple[TableStream, Source]] | None = None

    def note_reading(self) -> None:
        """Note that a table is being read, so the next ones are worth beginning with."""
        self._reading = self._prefetch.workers > 1

    def source(self, stream: TableStream) -> Source:
        """Return the source of a stream, which may have begun."""
        if not self._reading or stream not in self._order:
            return stream.fresh_source()
        if self._begun is None:
            following = self._order[self._order.index(stream) :]
            tasks = (functools.partial(_begin, one) for one in following)
            self._begun = self._prefetch.ordered(tasks)
        for begun, source in self._begun:
            if begun is stream:
                return source
        return stream.fresh_source()


def _begin(stream: TableStream) -> tuple[TableStream, Source]:
    source = stream.fresh_source()
    source.begin()
    return stream, source
