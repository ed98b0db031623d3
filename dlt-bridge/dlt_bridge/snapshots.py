"""Decides when the records of a stream are a whole snapshot, which may replace the table.

A tap that reads a full table gives its records a version and says with ACTIVATE_VERSION
that the rows of other versions are obsolete. When it says so differs. Some taps write it
after the last record of a complete read: then it is the proof that the snapshot is whole.
Taps of the Singer SDK write it before the first record, and again before each partition:
then it proves nothing, since a tap that fails a moment later has sent it too, and the end
of the input looks the same whether the tap succeeded or died.
"""

from enum import StrEnum
from typing import Any


class ReplaceWhen(StrEnum):
    """What the user accepts as proof that a snapshot is whole."""

    PROVED = "proved"
    """ACTIVATE_VERSION after the records of its version."""

    TRUSTED = "trusted"
    """The same, and without any record as well: the tap sends it for whole streams only."""

    END_OF_INPUT = "end_of_input"
    """ACTIVATE_VERSION before or after, once the input ended."""

    NEVER = "never"
    """Nothing; rows are merged or appended."""


class Versions:
    """The versions of one stream in one run.

    Args:
        when: What is accepted as proof.
        active: The version that an earlier run activated; its rows are amendments.
    """

    def __init__(self, when: ReplaceWhen, active: Any = None) -> None:
        self.active = active
        self._when = when
        self._announced: list[Any] = []
        self._seen: list[Any] = []

    def is_snapshot(self, version: Any) -> bool:
        """Whether records of this version may become a snapshot that replaces the table."""
        if version not in self._seen:
            self._seen.append(version)
        if version is None or version == self.active or self._when is ReplaceWhen.NEVER:
            return False
        return version not in self._announced or self._when is ReplaceWhen.END_OF_INPUT

    def activate(self, version: Any) -> bool:
        """Takes an ACTIVATE_VERSION message.

        Returns:
            Whether it proves that the records of this version so far are whole.
        """
        if version in self._announced or version == self.active:
            return False
        if version in self._seen:
            return self._when is not ReplaceWhen.NEVER
        self._announced.append(version)
        return False

    def is_whole_at_end(self, version: Any) -> bool:
        """Whether the end of the input proves that records of this version are whole."""
        return self._when is ReplaceWhen.END_OF_INPUT and version in self._announced

    @property
    def announced_empty(self) -> Any:
        """The last version that was activated and had no records; None if there is none."""
        last = self._announced[-1] if self._announced else None
        return last if last not in self._seen else None

    @property
    def is_empty_proof(self) -> bool:
        """Whether an activated version without records empties the table."""
        return self._when in {ReplaceWhen.TRUSTED, ReplaceWhen.END_OF_INPUT}

    @property
    def announced(self) -> Any:
        """The last version that was activated before its records; None if there is none."""
        return self._announced[-1] if self._announced else None
