"""What users paste into settings that are sent as headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from singer_rest.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_IN_TOKENS = re.compile(r"[^\x21-\x7e]")
_NOT_IN_HEADERS = re.compile(r"[^\x20-\x7e]")


def token(value: str, setting: str) -> str:
    """Clean a pasted token: no blanks, quotes or ``Bearer`` in front.

    Raises:
        ConfigError: It holds a character that no header can.
    """
    text = cleaned(value)
    strange = _NOT_IN_TOKENS.search(text)
    if strange:
        raise ConfigError(
            f"{setting} holds {_character(strange[0])} at place {strange.start() + 1}, which no "
            "key has; copy it again."
        )
    return text


def check_header(config: Mapping[str, Any], setting: str) -> None:
    """Check that a setting can be sent as a header.

    Raises:
        ConfigError: It holds a character that no header can.
    """
    strange = _NOT_IN_HEADERS.search(str(config.get(setting) or ""))
    if strange:
        raise ConfigError(
            f"{setting} holds {_character(strange[0])} at place {strange.start() + 1}, which no "
            "header can hold; write it with plain letters, digits and signs."
        )


def cleaned(value: str) -> str:
    """Return what was meant by a pasted token: no blanks, quotes or ``Bearer`` in front."""
    text = value.strip().strip("\"'").strip()
    return re.sub(r"(?i)^bearer\s+", "", text)


def _character(character: str) -> str:
    named = {"\n": "a line break", "\r": "a line break", " ": "a blank", "\t": "a tab"}
    return named.get(character, f"the character U+{ord(character):04X}")
