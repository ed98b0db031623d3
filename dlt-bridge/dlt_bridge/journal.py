"""Remembers on this machine which rows the tap has not been told about.

Rows without a key cannot be merged: when a run ends between loading them and passing on the
STATE behind them, the tap sends them again, and they would be there twice. The journal tells
the next run which rows those are, so that it can take them out before it begins.

Passing on STATE and writing that down cannot be one act. A run killed between the two leaves a
doubt, which the next one settles by the STATE its tap begins with, if it says so.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass
class Entry:
    """What the journal says.

    Attributes:
        covered: The sequence number up to which the tap knows that its rows are safe.
        state: The STATE it knows that from.
        is_open: Whether the run that wrote it has not come to its end.
        appended: The tables that got rows without a key, with the sequence number before the
            first of them and that of the last.
        acknowledging: The sequence number and STATE the tap was being told when this was written.
        staging: The staging dataset of the run that wrote it.
    """

    covered: int = 0
    state: str | None = None
    is_open: bool = False
    appended: dict[str, tuple[int, int]] = field(default_factory=dict)
    acknowledging: tuple[int, str] | None = None
    staging: str | None = None

    def repeated(self) -> dict[str, tuple[int, int]]:
        """Return tables with rows that will come again: the number before the first, the last."""
        certain = self.acknowledging[0] if self.acknowledging else self.covered
        return self._after(certain)

    def doubtful(self, begins_with: str | None) -> dict[str, tuple[int, int]]:
        """Return the same for rows of which only the next run's tap can tell.

        Args:
            begins_with: The STATE the tap says it continues from; None if it says none.
        """
        if not self.acknowledging or begins_with is None or self.state is None:
            return {}
        if json.loads(begins_with) != json.loads(self.state):
            return {}
        return self._after(self.covered)

    def _after(self, certain: int) -> dict[str, tuple[int, int]]:
        if not self.is_open:
            return {}
        return {
            table: (max(after, certain), last)
            for table, (after, last) in self.appended.items()
            if last > certain
        }


class Journal:
    """The journal of one pipeline and dataset; every change is on disk when its method returns.

    Args:
        path: The file; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entry = _read(path)

    @property
    def last(self) -> Entry:
        """What was written last; an empty entry if nothing was, on this machine."""
        return self._entry

    def keep(self, entry: Entry) -> None:
        """Write down an entry from before the folder was emptied."""
        self._entry = entry
        self._write()

    def begin(self, sequence: int, staging: str | None = None) -> None:
        """Note that a run begins whose rows all have higher sequence numbers.

        Args:
            sequence: The number before the first.
            staging: The staging dataset that it uses.
        """
        self._entry = Entry(sequence, self._entry.state, is_open=True, staging=staging)
        self._write()

    def loading(self, appended: Mapping[str, tuple[int, int]], replaced: Iterable[str]) -> None:
        """Note that rows are about to be loaded.

        Args:
            appended: The tables that get rows without a key: the number before the first, and
                that of the last.
            replaced: The tables that are replaced, so that nothing in them comes twice.
        """
        entries = self._entry.appended
        before = dict(entries)
        for table in replaced:
            entries.pop(table, None)
        for table, (after, last) in appended.items():
            entries[table] = (entries.get(table, (after, last))[0], last)
        if entries != before:
            self._write()

    def acknowledging(self, sequence: int, state: str) -> None:
        """Note that the tap is about to be told that its rows up to this one are safe."""
        self._entry.acknowledging = (sequence, state)
        if sequence != self._entry.covered:  # else there are no rows to be in doubt about
            self._write()

    def acknowledged(self) -> None:
        """Note that the tap was told."""
        if self._entry.acknowledging:
            before = self._entry.covered
            self._entry.covered, self._entry.state = self._entry.acknowledging
            self._entry.acknowledging = None
            if self._entry.covered != before:
                self._write()

    def close(self) -> None:
        """Note that the run came to its end, and what it loaded stays."""
        self._entry.is_open = False
        self._write()

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(self._entry), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _read(path: Path) -> Entry:
    try:
        entry = Entry(**json.loads(path.read_bytes()))
        if entry.acknowledging is not None:
            sequence, state = entry.acknowledging
            entry.acknowledging = (int(sequence), str(state))
        entry.appended = {
            table: (int(after), int(last)) for table, (after, last) in entry.appended.items()
        }
    except (OSError, ValueError, TypeError):
        return Entry()
    return entry
