"""Sets up the log of the command: lines for people, or JSON where Meltano reads them."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dlt_bridge.about import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlt_bridge.redact import Redactor

_LEVEL_VARIABLES: Final = ("TARGET_DLT_LOGLEVEL", "LOGLEVEL")

_MELTANO_VARIABLE: Final = "SINGER_SDK_LOG_CONFIG"
"""Names a file in which Meltano says how plugins of the Singer SDK are to log."""

_MELTANO_FORMATTER: Final = "StructuredFormatter"
"""What that file names for plugins whose definition has the capability `structured-logging`."""


class TextFormatter(logging.Formatter):
    """Writes lines for people.

    Args:
        redaction: Masks secrets in tracebacks; messages come masked.
    """

    def __init__(self, redaction: Redactor) -> None:
        super().__init__("%(levelname)-8s %(message)s")
        self._redaction = redaction

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the library's name
        """See `logging.Formatter.formatException`."""
        return self._redaction.text(super().formatException(ei))


class JsonFormatter(logging.Formatter):
    """Writes one JSON object a line, with the fields Meltano reads of a plugin's log.

    Args:
        redaction: Masks secrets in exceptions; messages come masked.
    """

    def __init__(self, redaction: Redactor) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        fields: dict[str, Any] = {
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger_name": record.name,
            "ts": record.created,
            "thread_name": record.threadName,
            "app_name": NAME,
            "stream_name": None,
            "message": record.getMessage(),
            "extra": {},
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = self._exception(record.exc_info[1])
        elif record.exc_text:  # a secret was in it
            fields["message"] += f"\n{record.exc_text}"
        return json.dumps(fields, default=str, separators=(",", ":"))

    def _exception(self, error: BaseException) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": type(error).__name__,
            "module": type(error).__module__,
            "message": self._redaction.text(str(error)),
            "traceback": [
                {
                    "filename": frame.filename,
                    "function": frame.name,
                    "lineno": frame.lineno,
                    "line": frame.line or "",
                }
                for frame in traceback.extract_tb(error.__traceback__)
            ],
        }
        if error.__cause__ is not None:
            found["cause"] = self._exception(error.__cause__)
        return found


def set_up_logging(redaction: Redactor, environment: Mapping[str, str]) -> None:
    """Send the log to stderr, as the environment asks.

    Args:
        redaction: Masks secrets in every record.
        environment: The environment variables.
    """
    asked = _read_meltano_file(environment.get(_MELTANO_VARIABLE))
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(redaction)
    as_json = _MELTANO_FORMATTER in asked
    handler.setFormatter(JsonFormatter(redaction) if as_json else TextFormatter(redaction))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("dlt_bridge").setLevel(_level(environment, asked))
    logging.getLogger("dlt").addFilter(redaction)


def _read_meltano_file(path: str | None) -> str:
    try:
        return Path(path).read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _level(environment: Mapping[str, str], asked: str) -> int:
    wanted: Any = next(filter(None, map(environment.get, _LEVEL_VARIABLES)), None)
    if wanted is None:
        try:
            wanted = json.loads(asked)["root"]["level"]
        except (ValueError, KeyError, TypeError):
            wanted = "INFO"
    return logging.getLevelNamesMapping().get(str(wanted).upper(), logging.INFO)
