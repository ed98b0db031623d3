"""Whether an answer is of a machine that is behind the others that answer for the server.

The end of a table shows when its rows were changed last. A page that shows an earlier change of
one of them, or lacks one that is due, comes from a machine that does not know of it yet, and what
else it does not know nobody can tell.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StreamError
from tap_cinchy.cql import ID
from tap_cinchy.ordering import read_keys
from tap_cinchy.shapes import MODIFIED
from tap_cinchy.values import wall_clock
from tap_cinchy.windows import TRIES, Key, Piece, Window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from singer_rest.sources.evidence import Evidence
    from tap_cinchy.questions import Brought, Reading, TableQuestions

MOST = 3
"""How many rows are asked for by themselves."""


class AskedOfOthers(abc.ABC):
    """The part of a source that holds pages against what the end of the table has shown."""

    evidence: Evidence
    reading: Reading
    questions: TableQuestions
    where: str

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[Key, dt.datetime] = {}
        """When the rows at the end were changed last, as they showed it at the beginning."""

    @abc.abstractmethod
    def fetch(self, window: Window, most: int | None) -> Piece:
        """Return the first rows of a window, as they come."""

    def page(self, window: Window, most: int | None) -> Piece:
        """Return the first rows of a window; from another machine where one is behind.

        Raises:
            StreamError: They cannot be had; see :class:`tap_cinchy.windows.Asker`.
        """
        changed_later: set[Key] = set()
        behind: set[Key] = set()
        transport = self.questions.api.transport
        for tried in range(TRIES):
            if tried:  # it may soon know
                transport.stop.wait(transport.options.retry.first_pause * tried)
            piece = self.fetch(window, most)
            fallen = self._fallen(piece)
            if not fallen:
                return piece
            behind = changed_later & fallen.keys()
            changed_later |= self._changed_later(fallen)
        if behind:
            self.evidence.contradict(
                f"{self.where}: the row {min(behind)[0]} was changed later than {TRIES} answers "
                "say: a machine that answers for the server is behind the others. Run again"
            )
        return piece

    def note_shown(self, keys: Sequence[Key], stamps: Iterable[Any]) -> None:
        """Note when rows were changed last."""
        moments = zip(keys, map(wall_clock, stamps), strict=True)
        self._shown |= {key: moment for key, moment in moments if moment is not None}

    def stamps_of(self, brought: Brought) -> Sequence[Any] | None:
        """Return when the rows of an answer were changed last; nothing where it is not read."""
        for field, cells in zip(brought.form.fields, brought.columns, strict=True):
            if field.paths[0] == f"[{MODIFIED}]":
                return cells
        return None

    def due(self) -> set[Key]:
        """Return the rows at the end that have to come under the condition; a hook."""
        return set()

    @property
    def reads_stamps(self) -> bool:
        """Whether pages tell when rows were changed last, whatever this account may view."""
        return self.reading.keys == 1 and any(
            field.paths[0] == f"[{MODIFIED}]" and not field.optional
            for field in self.reading.fields
        )

    def _fallen(self, piece: Piece) -> dict[Key, dt.datetime]:
        """Return the rows that show an earlier change than they did."""
        shown = self._shown
        if not shown or not piece.keys or piece.keys[-1] < min(shown):
            return {}
        stamps = self.stamps_of(piece.payload)
        if stamps is None:
            return {}
        return {
            key: shown[key]
            for key, stamp in zip(piece.keys, stamps, strict=True)
            if key in shown and (moment := wall_clock(stamp)) is not None and moment < shown[key]
        }

    def _changed_later(self, fallen: Mapping[Key, dt.datetime]) -> set[Key]:
        """Return which rows are there with their later change, when asked for by themselves.

        A change that was committed late may well have moved the others back.
        """
        some = sorted(fallen)[:MOST]
        any_of = " OR ".join(f"t.[{ID}] = {key[0]}" for key in some)
        try:
            _reply, columns = self.questions.bare(
                lambda select: dataclasses.replace(select, conditions=(f"({any_of})",)).text(
                    top=MOST
                ),
                (f"[{ID}]", f"[{MODIFIED}]"),
            )
        except StreamError:
            return set()  # the reading itself says what is wrong
        now = zip(read_keys(self.where, columns[:1]), map(wall_clock, columns[1]), strict=True)
        return {
            key
            for key, moment in now
            if moment is not None and key in fallen and moment >= fallen[key]
        }
