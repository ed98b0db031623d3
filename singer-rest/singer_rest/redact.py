"""Keep secrets out of everything that is logged."""

from __future__ import annotations

import functools
import json
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[redacted]"
_HEXADECIMAL = re.compile("%[0-9A-F]{2}")
MIN_LENGTH = 4
"""Shorter values are not masked: they would blank out ordinary words."""


class Redactor(logging.Filter):
    """Masks known secret values in text, and in log records when used as a filter.

    It is attached to handlers, so that records of every library pass it, and it reads exception
    texts too, because connection errors quote whole URLs.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: set[str] = set()
        self._ordered: list[str] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Mask a value from now on, plain, percent-encoded and as programs quote it."""
        if len(secret) < MIN_LENGTH:
            return
        encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
        lower = {_HEXADECIMAL.sub(lambda found: found[0].lower(), text) for text in encoded}
        quoted = {repr(secret)[1:-1], json.dumps(secret)[1:-1]}
        self._secrets |= {secret} | encoded | lower | quoted
        self._ordered = sorted(self._secrets, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return the text with every known secret masked."""
        for secret in self._ordered:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the message and the exception of a record; never drops one."""
        if not self._ordered:
            return True
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        masked = self.text(message)
        if masked != message:
            record.msg, record.args = masked, ()
        if record.exc_info and not record.exc_text:
            plain = logging.Formatter().formatException(record.exc_info)
            masked = self.text(plain)
            if masked != plain:
                record.exc_info, record.exc_text = None, masked
        elif record.exc_text:
            record.exc_text = self.text(record.exc_text)
        return True

    def install(self) -> None:
        """Attach to every handler of the root logger."""
        for handler in logging.getLogger().handlers:
            if self not in handler.filters:
                handler.addFilter(self)


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
