"""Defaults for dlt that suit a command; whatever the user configures wins."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Final

import dlt
import pyarrow as pa

_DEFAULTS: Final = {
    # Nobody asked for it.
    "runtime.dlthub_telemetry": "false",
    # Loaded files would stay in the pipelines folder for ever.
    "load.delete_completed_jobs": "true",
}

_NOISE: Final = (
    # A stream that replaces its table at one time and merges at another.
    'The "dedup_sort" column hint',
    # JSON arrives as text.
    "several column hints were different",
    # Texts that are empty go to PostgreSQL as INSERTs.
    "native writer could not be found",
)


def prepare_dlt() -> None:
    """Set the defaults; call it before the first pipeline is made."""
    for name, value in _DEFAULTS.items():
        if dlt.config.get(name) is None:
            os.environ[name.replace(".", "__").upper()] = value
    # Signals are the command's own business.
    os.environ["RUNTIME__INTERCEPT_SIGNALS"] = "false"
    logging.getLogger("dlt").addFilter(_is_no_noise)
    spare_pandas()


class _WithoutPandas:
    """Says of pandas that it is not there, to this thread."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas" and threading.get_ident() == self._thread:
            raise ImportError(name)


def spare_pandas() -> None:
    """Let the first array of Arrow not import pandas, to see whether it is given any of it.

    That is a fifth of what a load of one row costs. Who asks Arrow for a data frame later on
    still gets one.
    """
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(finder)


def _is_no_noise(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    is_debug = logging.getLogger(__package__).isEnabledFor(logging.DEBUG)
    if not is_debug and (record.exc_info or "Traceback" in message):
        return False  # the error is reported once, at the end, in a sentence
    return not any(noise in message for noise in _NOISE)
