"""Says in one sentence what dlt or a destination complains about in many."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationException
from dlt.common.destination.exceptions import (
    InvalidDestinationReference,
    UnknownDestinationModule,
)
from dlt.common.exceptions import MissingDependencyException
from dlt.pipeline.exceptions import InvalidPipelineName

from dlt_bridge.errors import BridgeError, ConfigError, LoadError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_REASON: Final = 300
_TOO_WIDE: Final = re.compile(r"row is too big|tables can have at most \d+ columns")

_ROWS = re.compile(r"\s*\b(DETAIL:|CONTEXT:|LINE \d+:|HINT: Values were).*")
_VALUE = re.compile(
    r"(invalid input syntax for type [\w ]+:|out of range(?: for type \w+)?:|"
    r"[Cc]ould not convert \w+|[Ii]nvalid \w+ value|malformed \w+ literal:) "
    r"(\"[^\"]*\"|'[^']*'|\S+)"
)
"""Where PostgreSQL and DuckDB quote what they were given."""


@contextmanager
def translated(doing: str, destination: str) -> Iterator[None]:
    """Turn what goes wrong at the destination into a known error.

    Args:
        doing: What was being done, for the sentence, such as "load into".
        destination: The destination, for the sentence.

    Raises:
        ConfigError: If the settings of the destination are incomplete or wrong.
        LoadError: If the destination does not do what it was asked.
    """
    try:
        yield
    except BridgeError:
        raise
    except Exception as error:
        raise _translate(error, doing, destination) from error


def _translate(error: BaseException, doing: str, destination: str) -> BridgeError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, BridgeError):
            return cause
        if isinstance(cause, UnknownDestinationModule | InvalidDestinationReference):
            return ConfigError(
                f"There is no dlt destination {destination!r}; set destination to one of "
                "https://dlthub.com/docs/dlt-ecosystem/destinations."
            )
        if isinstance(cause, ConfigFieldMissingException):
            return ConfigError(
                f"The destination {destination!r} lacks {_missing(cause)}: set credentials (or "
                "destination_config), or give them the dlt way, in .dlt/secrets.toml or as "
                f"DESTINATION__{destination.upper()}__CREDENTIALS."
            )
        if isinstance(cause, MissingDependencyException):
            return ConfigError(
                f"The destination {destination!r} needs packages that are not installed: "
                f"pip install 'dlt[{destination}]'."
            )
        if isinstance(cause, ConfigurationException | InvalidPipelineName):
            return ConfigError(f"The destination {destination!r} is not set up: {_reason(cause)}.")
        if is_full_disk(cause):
            return full_disk_error()
    if any(_TOO_WIDE.search(str(cause)) for cause in causes):
        return RefusedError(
            f"A table has more columns than {destination!r} takes (PostgreSQL: 1600 columns, and "
            "about 8 kB of a row beside its long texts): deselect properties in the tap's "
            "catalog, or leave nested values in JSON columns (nested: json). Nothing that was "
            "there before is lost."
        )
    return LoadError(
        f"Could not {doing} {destination!r}: {_reason(causes[-1])}. Nothing that was there "
        "before is lost; run again once that is mended."
    )


@contextmanager
def full_disk_named() -> Iterator[None]:
    """Turn what a full disk does to rows on their way into a known error.

    Raises:
        LoadError: If there is no room for them.
    """
    try:
        yield
    except OSError as error:
        if is_full_disk(error):
            raise full_disk_error() from error
        raise


def is_full_disk(error: BaseException) -> bool:
    """Return whether it says that there is no room for a file of this machine."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def full_disk_error() -> LoadError:
    """Return what to say then."""
    return LoadError(
        "The disk is full on which target-dlt keeps rows and working files on their way: make "
        "room, or set pipelines_dir to a folder on another disk, and run again. Nothing that was "
        "there before is lost, and the next run continues from the last STATE."
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner: Any = getattr(error, "exception", None) or getattr(error, "dbapi_exception", None)
        if not isinstance(inner, BaseException):
            inner = None
        error = error.__cause__ or inner or error.__context__


def _missing(error: ConfigFieldMissingException) -> str:
    names: list[str] = []

    def collect(traces: Any) -> None:
        for name, found in traces.items():
            inner = [trace for trace in found if hasattr(trace, "traces")]
            for trace in inner:
                collect(trace.traces)
            if not inner and name not in names:
                names.append(name)

    collect(error.traces)
    return ", ".join(names) or "part of its configuration"


def _reason(error: BaseException) -> str:
    """Return what the destination says, without the rows and values that it quotes."""
    text = re.sub(r"\s+", " ", str(error)).strip()
    text = _VALUE.sub(r"\1 ...", _ROWS.sub("", text)).strip().rstrip(".") or type(error).__name__
    return text if len(text) <= _MAX_REASON else text[:_MAX_REASON] + "..."
