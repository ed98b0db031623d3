"""Keeps credentials out of everything that is logged or printed."""

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_MASK: Final = "[redacted]"
_SHORTEST: Final = 4
_SECRET_WORDS: Final = ("password", "secret", "token", "key", "credential")
_USER_INFO = re.compile(r"(?<=://)([^/@\s:]*):([^@\s]+)@")
_PASSWORD_FIELD = re.compile(
    r"(?i)\b(password|pwd|secret|token|api_key)(=|': '|\": \")([^\s'\"&;]+)"
)


class Redaction(logging.Filter):
    """A log filter that masks secrets, and can be called on any text.

    Passwords in URLs and in `password=` fields are masked without being known.

    Args:
        secrets: Texts to mask wherever they appear; very short ones are left alone.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: list[str] = []
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Masks more texts from now on; of a URL with a password, the password as well."""
        for secret in secrets:
            found = [match[2] for match in _USER_INFO.finditer(secret)]
            wanted = found or [secret]
            self._secrets += [text for text in wanted if len(text) >= _SHORTEST]
        self._secrets.sort(key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        text = _USER_INFO.sub(rf"\1:{_MASK}@", text)
        return _PASSWORD_FIELD.sub(rf"\1\2{_MASK}", text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Masks a log record in place; always lets it through."""
        message = self(record.getMessage())
        record.msg, record.args = message, ()
        return True


def secret_texts(value: Any) -> list[str]:
    """The texts in an object that its field names call secret, at any depth."""
    if isinstance(value, list):
        return [text for part in value for text in secret_texts(part)]
    if not isinstance(value, Mapping):
        return []
    found = []
    for name, part in value.items():
        found += secret_texts(part)
        if isinstance(part, str) and any(word in str(name).lower() for word in _SECRET_WORDS):
            found.append(part)
    return found
