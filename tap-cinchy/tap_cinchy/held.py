"""Holding rows against their ids alone: what links join away vanishes without a word otherwise."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Any

from singer_rest.sources.pages import Page
from tap_cinchy.ordering import read_keys
from tap_cinchy.questions import Brought, Reading, TableQuestions, key_paths
from tap_cinchy.windows import Key, Piece, Window

if TYPE_CHECKING:
    from singer_rest.sources.evidence import Evidence
    from tap_cinchy.cql import Select
    from tap_cinchy.questions import Columns


class HeldAgainstIds(abc.ABC):
    """The part of a source that asks for ids alone; see windows.Asker."""

    evidence: Evidence
    reading: Reading
    questions: TableQuestions
    where: str
    conditions: tuple[str, ...]
    _unseen: set[Key]
    """Keys of the end of the table that have not come yet."""
    _compared = False
    """Whether the first rows under a condition have been held against their ids."""

    @abc.abstractmethod
    def page(self, window: Window, most: int | None) -> Piece:
        """Return the first rows of a window; see windows.Asker."""

    def first(self, after: Key | None) -> Key | None:
        """Return the lowest key behind a place."""
        return self._one(lambda select: select.text(after or (), top=1))

    def has(self, key: Key) -> bool:
        """Whether a row exists."""
        same = tuple(
            f"t.{path} = {int(part)}"
            for path, part in zip(key_paths(self.reading.keys), key, strict=True)
        )
        return (
            self._one(lambda select: dataclasses.replace(select, conditions=same).text(top=1))
            is not None
        )

    def _one(self, query: Any) -> Key | None:
        _reply, columns = self.questions.bare(query, key_paths(self.reading.keys))
        keys = self._keys(columns)
        return keys[0] if keys else None

    def _judge_unseen(self, upto: Key | None = None) -> None:
        """Hold the ids at the end of the table against the rows that came.

        A server whose links join inner leaves out rows that link to nothing.

        Args:
            upto: The rows up to here have come; nothing if all have.
        """
        unseen = {key for key in self._unseen if upto is None or key <= upto}
        if unseen:
            self._unseen -= unseen
            low, high = min(unseen)[0], max(unseen)[0]
            there = self._ids((low - 1,), high, conditional=bool(self.conditions))
            self._report_lost(unseen & there)

    def _compared_with_ids(self, piece: Piece, *, conditional: bool) -> Page | None:
        """Hold rows against their ids: the first under a condition, and where some came twice.

        Links may join rows away, and a row that comes twice may stand in the place of another.

        Returns:
            Rows that had been left out, and come when they are asked for again.
        """
        kept = set(piece.keys[: piece.last])
        if piece.skip is not None:
            kept.discard(piece.keys[piece.skip])
        first = conditional and not self._compared and self.reading.links
        if not kept or not (first or piece.doubled):
            return None
        self._compared = self._compared or conditional
        high = max(kept)
        found = self._ids(piece.after, high[0], conditional=conditional)
        lost = {key for key in found if key <= high} - kept
        if not lost:
            return None
        # Perhaps they changed just now, so they are asked for as before.
        again = self.page(Window(piece.after, high), None)
        self._report_lost(lost - set(again.keys))
        indexes = [index for index, key in enumerate(again.keys) if key in lost]
        self.evidence.received += len(indexes)
        self._unseen.difference_update(lost)
        brought: Brought = again.payload
        return Page(brought.only(indexes).rows(), brought.reply) if indexes else None

    def _ids(self, after: Key | None, high: int, *, conditional: bool) -> set[Key]:
        conditions = self.conditions if conditional else ()

        def query(select: Select) -> str:
            wanted = dataclasses.replace(select, conditions=conditions)
            return wanted.text(after or (), top=self.reading.size, upto=(high,))

        return set(self._keys(self.questions.bare(query, key_paths(self.reading.keys))[1]))

    def _keys(self, columns: Columns) -> list[Key]:
        return read_keys(self.where, columns[: self.reading.keys])

    def _report_lost(self, lost: set[Key]) -> None:
        if lost:
            example = min(lost)[0]
            self.evidence.contradict(
                f"{len(lost)} rows of {self.where} exist and do not come, such as the row "
                f"{example}: this server leaves rows out whose links lead to nothing, or a "
                "machine that answers for it is behind the others. Run again; if it stays so, "
                "deselect the columns with links"
            )
