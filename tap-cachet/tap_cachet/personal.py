"""Which columns can hold personal data; texts that people write may name somebody too."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PERSONAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {"subscribers": frozenset({"email", "phone_number"})}
)
"""By stream. Authors are told by the number of their account only."""
