"""Decides when the records of a stream are a whole snapshot, which may replace the table.

A tap that reads a full table gives its records a version and says with ACTIVATE_VERSION
that the rows of other versions are obsolete. When it says so differs. Some taps write it
after the last record of a complete read: then it is the proof that the snapshot is whole.
Taps of the Singer SDK write it before the first record, each time after a SCHEMA: then it
proves nothing, since a tap that fails a moment later has sent it too, and the end of the
input looks the same whether the tap succeeded or died. Some, such as tap-mysql and
tap-postgres, write it before and after in their first run: the second one is the proof.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final

import msgspec

from dlt_bridge.errors import MessageError

_MAX_VERSION: Final = 2**63 - 1
_MAX_LENGTH: Final = 20
_DIGITS: Final = re.compile(r"-?\d+")


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

    def __init__(self, when: ReplaceWhen, active: int | None = None) -> None:
        self.active = active
        self._when = when
        self._announced: list[int] = []
        self._seen: list[int] = []

    def is_snapshot(self, version: int | None) -> bool:
        """Return whether records of this version may become a snapshot that replaces the table."""
        if version is None:
            return False
        if version not in self._seen:
            self._seen.append(version)
        if version == self.active or self._when is ReplaceWhen.NEVER:
            return False
        return version not in self._announced or self._when is ReplaceWhen.END_OF_INPUT

    def activate(self, version: int, *, follows_records: bool) -> bool:
        """Take an ACTIVATE_VERSION message.

        Args:
            version: The version.
            follows_records: Whether records of this version came since the last SCHEMA.

        Returns:
            Whether it proves that the version is whole, so that older rows are obsolete.
        """
        if version in self._announced or version == self.active:
            return follows_records and self._when is not ReplaceWhen.NEVER
        if version in self._seen or follows_records:
            return self._when is not ReplaceWhen.NEVER
        self._announced.append(version)
        return False

    def is_whole_at_end(self, version: int | None) -> bool:
        """Return whether the end of the input proves that records of this version are whole."""
        return self._when is ReplaceWhen.END_OF_INPUT and version in self._announced

    @property
    def announced_empty(self) -> int | None:
        """The last version that was activated and had no records; None if there is none."""
        last = self.announced
        return last if last not in self._seen else None

    @property
    def is_empty_proof(self) -> bool:
        """Whether an activated version without records empties the table."""
        return self._when in {ReplaceWhen.TRUSTED, ReplaceWhen.END_OF_INPUT}

    @property
    def announced(self) -> int | None:
        """The last version that was activated before its records; None if there is none."""
        return self._announced[-1] if self._announced else None


def read_version(value: Any, stream: str) -> int | None:
    """Read the version of a message.

    Args:
        value: What the message says: an integer, or one written as a float or as digits.
        stream: The stream, for the error.

    Returns:
        The version; None if the message has none.

    Raises:
        MessageError: If it is no whole number of at most 64 bits.
    """
    version = _as_integer(value)
    if value is None or (version is not None and abs(version) <= _MAX_VERSION):
        return version
    raise MessageError(
        f"The version of a message of stream {stream!r} is no whole number of 64 bits, so it "
        "cannot be told which rows are older; the tap has to send numbers such as milliseconds "
        "since 1970."
    )


def names_version(state: bytes | None, version: int | None) -> bool:
    """Return whether a STATE holds this version, so that the tap can go on with it in its next run.

    A tap remembers nothing but its STATE: one whose STATE does not name the version of an
    interrupted read begins a new version.
    """
    if state is None or version is None:
        return False
    pending = [msgspec.json.decode(state)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
        elif _as_integer(value) == version or _says(value, version):
            return True
    return False


def _says(value: Any, version: int) -> bool:
    """Whether a text has the version among other things, as the mark of an interrupted read."""
    return isinstance(value, str) and str(version) in _DIGITS.findall(value)


def _as_integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) <= _MAX_LENGTH and _DIGITS.fullmatch(value):
        return int(value)
    return None
