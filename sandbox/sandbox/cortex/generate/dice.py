"""Chance that always falls the same way for the same seed."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.cortex.model import Row

T = TypeVar("T")

_WORDS = """
payments ledger invoice checkout basket search ranking catalog identity session gateway notify
mailer scheduler billing pricing fraud risk onboarding profile media thumbnails warehouse shipping
routing tracking loyalty coupons reviews feed timeline chat presence metrics traces logs alerts
config flags secrets vault audit export import sync reports
"""
WORDS = tuple(_WORDS.split())

MILLIS = 1000
VALUE_SHARE, NULL_SHARE = 0.7, 0.85


def instant(moment: dt.datetime, digits: int = 0) -> str:
    """Write an instant as Java does: UTC, with 0, 3 or 6 digits of a second."""
    text = moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if digits:
        text += "." + f"{moment.microsecond:06d}"[:digits]
    return text + "Z"


class Dice(random.Random):
    """A random generator with the throws that a workspace needs.

    Args:
        seed: Any text; the same text gives the same throws.
        now: The latest moment anything may have happened.
        sparse: Whether optional fields are sometimes null and sometimes absent.
        extras: Whether rows carry fields that no document mentions.
    """

    def __init__(self, seed: str, now: dt.datetime, *, sparse: bool, extras: bool) -> None:
        super().__init__(seed)
        self.now = now
        self.sparse = sparse
        self.extras = extras

    def hex(self, digits: int) -> str:
        """So many hexadecimal digits."""
        return f"{self.getrandbits(digits * 4):0{digits}x}"

    def cid(self, prefix: str) -> str:
        """A Cortex id: two letters and sixteen hexadecimal digits."""
        return prefix + self.hex(16)

    def uuid(self) -> str:
        """A version 4 UUID."""
        return str(uuid.UUID(int=self.getrandbits(128), version=4))

    def happens(self, share: float) -> bool:
        """Whether something of this likelihood happens."""
        return self.random() < share

    def some(self, values: Sequence[T], most: int) -> list[T]:
        """Between none and ``most`` different values."""
        return self.sample(values, self.randint(0, min(most, len(values))))

    def word(self) -> str:
        """A word of the trade."""
        return self.choice(WORDS)

    def title(self) -> str:
        """Two words with capitals."""
        return f"{self.word()} {self.word()}".title()

    def moment(self, days: float) -> dt.datetime:
        """A moment within so many days before now."""
        return self.now - dt.timedelta(milliseconds=self.randrange(int(days * 86_400_000)) + 1)

    def stamp(self, days: float = 300) -> str:
        """The same as text, its precision varying as the vendor's does."""
        moment = self.moment(days) + dt.timedelta(microseconds=self.randrange(MILLIS))
        return instant(min(moment, self.now), self.choice((0, 3, 6)))

    def maybe(self, row: Row, key: str, value: Any) -> None:
        """Set an optional field: usually a value, sometimes null, sometimes not there."""
        throw = self.random() if self.sparse else 0.0
        if throw < VALUE_SHARE:
            row[key] = value
        elif throw < NULL_SHARE:
            row[key] = None

    def unknown(self, row: Row, share: float = 0.3) -> Row:
        """Add a field that no document mentions to a share of the rows, and return the row."""
        if self.extras and self.happens(share):
            row["xUndocumented"] = self.choice(
                [{"nested": {"depth": 2}}, ["a", 1, None], "text", 17, 0.5, True, None]
            )
        return row
