"""Catching up: one more pass when all parts are there, over what they have missed.

Nothing moves by it: bookmarks wait until every stream has been caught up with, and a stream whose
pass is not complete keeps the one that the plan began with.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome
from singer_rest.run.reader import SourceReader
from singer_rest.sources.catching_up import Missed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from singer_rest.run.contract import Run, Writer
    from singer_rest.run.outcomes import StreamResult
    from singer_rest.sources.base import Source


class CatchUpReader(SourceReader):
    """Reads what parts have missed, and moves no bookmark before :meth:`settle`.

    Args:
        run: What this pass shares with the others.
        writers: One for every stream of the pass; they know what the parts have written.
        source: Brings what was missed.
        missed: What that is.
    """

    def __init__(self, run: Run, writers: Sequence[Writer], source: Source, missed: Missed) -> None:
        super().__init__(run, writers)
        self.missed = missed
        self._given = source
        self._moves: dict[str, list[Callable[[], None]]] = {}
        """What moves the bookmarks of a stream."""

    def new_source(self) -> Source:
        """Return the source of what was missed."""
        return self._given

    def _mark(
        self,
        writer: Writer,
        partition: Mapping[str, Any] | None,
        complete_to: dt.datetime | None = None,
    ) -> None:
        move = functools.partial(self._move_bookmark, writer, partition, complete_to)
        self._moves.setdefault(writer.stream.name, []).append(move)

    def _wait(self, move: Callable[[], None]) -> None:
        """Keep no place where a later run could go on: the join is made again instead."""

    def _has_shrunk(self, writer: Writer, result: StreamResult) -> bool:
        """Leave that to the join, which knows how many rows there are with those of the parts."""
        del writer, result
        return False

    def settle(self, writer: Writer, result: StreamResult) -> None:
        """Move the bookmark of a stream that is complete with what was caught up."""
        for move in self._moves.get(writer.stream.name, ()):
            move()
        if not writer.stream.is_full_table and self.source is not None:
            self._complete(writer, result, self.source)

    def add_to(self, joined: StreamResult, own: StreamResult) -> None:
        """Make one outcome of what the parts brought and of what was caught up.

        Args:
            joined: Of all parts.
            own: Of this pass.
        """
        joined.notes += own.notes
        joined.seconds += own.seconds
        joined.excused = own.excused
        if not own.counts_as_complete:
            absent = own.outcome is Outcome.SKIPPED
            joined.outcome = Outcome.PARTIAL if absent else own.outcome
            joined.accepted, joined.code = False, own.code
            joined.sentence = f"what its parts have missed cannot be read: {own.sentence}"
            return
        if own.accepted:
            joined.outcome, joined.accepted = own.outcome, True
            joined.code, joined.sentence = own.code, own.sentence
        joined.proof = f"{joined.proof}; caught up" if joined.proof else ""
        if self.missed is Missed.CHANGES:
            if own.rows:
                joined.notes.append(f"{own.rows} rows that may have changed were read again")
            return
        joined.rows += own.rows
        joined.received += own.received
        joined.duplicates += own.duplicates
        joined.skipped += own.skipped
        if joined.expected is not None and own.expected is not None:
            joined.expected += own.expected
