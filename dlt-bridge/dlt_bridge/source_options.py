"""What the caller of a dlt source may choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CHOICES: Final = {
    "replace_when": ("complete", "activated", "never"),
    "nested": ("json", "tables"),
    "on_type_mismatch": ("fail", "variant"),
    "number_type": ("double", "decimal"),
}


@dataclass(frozen=True)
class SourceOptions:
    """How a tap is made a source.

    Attributes:
        streams: The streams to read; those the catalog selects if None.
        replace_when: When a full table read replaces the table: the tap succeeded
            (`complete`), it sent ACTIVATE_VERSION too (`activated`), or `never`.
        nested: JSON columns (`json`) or child tables (`tables`).
        on_type_mismatch: What a value that breaks its SCHEMA does: `fail` or `variant`.
        number_type: The column type of `number`: `double` or `decimal`.
        state: Where to start if dlt has no state of an earlier run.
        references: For properties that hold the key of a row of another stream, that stream and
            its key property; they become references in dlt's schema.
    """

    streams: Sequence[str] | None = None
    replace_when: str = "complete"
    nested: str = "json"
    on_type_mismatch: str = "fail"
    number_type: str = "double"
    state: Mapping[str, Any] | None = None
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(f"The option {name} has to be one of {', '.join(choices)}.")
