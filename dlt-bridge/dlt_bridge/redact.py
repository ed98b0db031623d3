"""Keep secrets out of everything that is logged or printed.

The same file stands in singer_rest and in dlt_bridge, neither of which needs the other; a test
holds them equal.
"""

from __future__ import annotations

import functools
import json
import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[redacted]"
MIN_LENGTH = 4
"""Shorter values are not masked: they would blank out ordinary words."""
SECRET_WORDS = ("password", "secret", "token", "key", "credential")
"""Fields whose names hold one of these hold a secret."""
_HEXADECIMAL = re.compile("%[0-9A-F]{2}")
_PORT = r"\d{1,5}(?:[/?#]|$)"
_USER_INFO = re.compile(rf"(?<=://)([^/@\s:]*):(?!{_PORT})([^\s'\"]+)@")
"""User and password of a URL. The last ``@`` ends them: a raw one in a password is common."""
_NAME = r"[\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key|credentials?)"
_FIELD = re.compile(rf"(?i)\b({_NAME}(?:=|%3D))([^\s'\"\\&;,]+)")
_QUOTED_FIELD = re.compile(
    rf"(?i)\b({_NAME}\\*['\"]?\s*[=:]\s*)(\\*['\"])((?:(?!\2)(?:\\.|[^\\]))*)", re.DOTALL
)


class Redactor(logging.Filter):
    """Masks secrets in text, and in log records when used as a filter.

    Passwords in URLs and in fields such as ``password=`` are masked without being known. It is
    attached to handlers, so that records of every library pass it, and it reads exception texts
    too, because connection errors quote whole URLs.

    Args:
        secrets: Values to mask wherever they appear.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: set[str] = set()
        self._ordered: list[str] = []
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Mask values from now on: plain, percent-encoded, and as programs quote them.

        Of a URL with a password only the password is a secret.
        """
        for secret in secrets:
            passwords = [found[2] for found in _USER_INFO.finditer(secret)]
            for value in passwords or [secret]:
                self._secrets |= {
                    form
                    for plain in {value, unquote(value)}
                    for form in _forms(plain)
                    if len(form) >= MIN_LENGTH
                }
        self._ordered = sorted(self._secrets, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return the text with every secret masked."""
        for secret in self._ordered:
            if secret in text:
                text = text.replace(secret, MASK)
        text = _USER_INFO.sub(rf"\1:{MASK}@", text)
        text = _QUOTED_FIELD.sub(rf"\1\2{MASK}", text)
        return _FIELD.sub(rf"\1{MASK}", text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the message and the exception of a record; never drop one."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        masked = self.text(message)
        if masked != message:
            record.msg, record.args = masked, ()
        if record.exc_info:
            plain = logging.Formatter().formatException(record.exc_info)
            masked = self.text(plain)
            if masked != plain:  # formatters that look at the exception itself must not see it
                record.exc_info, record.exc_text = None, masked
        if record.exc_text:
            record.exc_text = self.text(record.exc_text)
        return True

    def install(self) -> None:
        """Attach to every handler of the root logger."""
        for handler in logging.getLogger().handlers:
            if self not in handler.filters:
                handler.addFilter(self)


def _forms(secret: str) -> set[str]:
    """Return a secret as URLs, JSON and Python write it."""
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    lower = {_HEXADECIMAL.sub(lambda found: found[0].lower(), text) for text in encoded}
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], *encoded, *lower}


def secret_texts(value: Any) -> list[str]:
    """Return the texts in an object that its field names call secret, at any depth."""
    if isinstance(value, list):
        return [text for part in value for text in secret_texts(part)]
    if not isinstance(value, Mapping):
        return []
    found = []
    for name, part in value.items():
        found += secret_texts(part)
        if isinstance(part, str) and any(word in str(name).lower() for word in SECRET_WORDS):
            found.append(part)
    return found


@functools.lru_cache(256)
def plain_url(url: str) -> str:
    """Return a URL without user name, password, query and fragment, for messages."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    try:
        port = parts.port
    except ValueError:
        port = None
    return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, parts.path, "", ""))
