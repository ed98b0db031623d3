"""What an expression of a query is: how to read it from a row, and what kind of value it has."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cinchy.columns import Kind

    from .logic import Getter


@dataclasses.dataclass(frozen=True)
class Operand:
    """How to get a value out of a row, and what it is."""

    get: Getter
    kind: Kind
    multi: bool = False
    """The value is a tuple."""
    walked: bool = False
    """It was reached through a link."""


class _Gone:
    """The mark of a link that takes the whole row out of the answer, as an inner join does."""


GONE = _Gone()
