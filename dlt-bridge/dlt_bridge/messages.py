"""Reads Singer messages from a stream of lines, one struct per line."""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Final

import msgspec
from msgspec import Raw

from dlt_bridge.errors import MessageError

logger = logging.getLogger(__name__)

ABSENT: Final = Raw()
"""What a field holds that the message does not have."""

MESSAGE_TYPES: Final = ("RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH")


class Message(msgspec.Struct, gc=False):
    """One Singer message; payloads stay undecoded JSON text.

    `record`, `schema`, `value` and `encoding` are slices of the line they came in:
    decoding them is left to whoever knows their types.
    """

    type: str
    stream: str = ""
    record: Raw = ABSENT
    version: Any = None
    time_extracted: Any = None
    schema: Raw = ABSENT
    key_properties: list[str] | None = None
    value: Raw = ABSENT
    encoding: Raw = ABSENT
    manifest: list[str] | None = None


_decode = msgspec.json.Decoder(Message).decode

# In valid JSON every quote belongs to a string, so strings are found without a parser.
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')
_LONE_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)"
    r"(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def repaired(line: bytes) -> bytes:
    """Make strict JSON of what lenient writers send.

    Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD; the tokens
    `NaN` and `Infinity`, which JSON does not have, become null. Numbers keep every digit.
    """

    def strict(match: re.Match[str]) -> str:
        token = match.group()
        if not token.startswith('"'):
            return "null"
        return _LONE_SURROGATE.sub(lambda part: part[1] + (part[2] or "\\ufffd"), token)

    return _STRING_OR_CONSTANT.sub(strict, line.decode("utf-8", "replace")).encode()


class MessageReader:
    """Reads one line after the other, and knows which one it is at."""

    def __init__(self) -> None:
        self._number = 0
        self._repair_reported = False

    def read(self, line: bytes) -> Message | None:
        """Decode the next line of the input.

        Args:
            line: The line; only the last may lack its line feed.

        Returns:
            The message; None for a blank line.

        Raises:
            MessageError: If it is no Singer message, or was cut off.
        """
        self._number += 1
        try:
            message = _decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            if not line.strip():
                return None
            message = _decode_repaired(self._number, line)
            self._report_repair()
        if message.type not in MESSAGE_TYPES:
            raise MessageError(
                f"Line {self._number} of the input has the unknown message type "
                f"{message.type[:40]!r}; known are {', '.join(MESSAGE_TYPES)}."
            )
        if message.type == "STATE" and message.value == ABSENT:
            raise MessageError(f"Line {self._number} of the input is a STATE without a value.")
        if not message.stream and message.type != "STATE":
            raise MessageError(
                f"Line {self._number} of the input is a {message.type} message without a stream."
            )
        return message

    def _report_repair(self) -> None:
        if not self._repair_reported:
            self._repair_reported = True
            logger.warning(
                "Line %d of the input was not strict JSON and was repaired: invalid characters "
                "became U+FFFD, NaN and Infinity became null.",
                self._number,
            )


def _decode_repaired(number: int, line: bytes) -> Message:
    try:
        return _decode(repaired(line))
    except RecursionError:
        raise MessageError(
            f"Line {number} of the input nests JSON deeper than this program can read."
        ) from None
    except msgspec.DecodeError as error:
        if not line.endswith(b"\n"):
            raise MessageError(
                f"The input ends in the middle of line {number}, so the tap stopped while "
                "writing; look at its own error, then run again: it will continue from the "
                "last STATE."
            ) from None
        raise MessageError(
            f"Line {number} of the input is not a Singer message ({_reason(line, error)}); "
            "is the tap printing to stdout?"
        ) from None


def _reason(line: bytes, error: msgspec.DecodeError) -> str:
    """Say what is wrong without quoting the line, which may hold data or secrets."""
    try:
        json.loads(line)
    except ValueError:
        return "it is not JSON"
    return str(error)
