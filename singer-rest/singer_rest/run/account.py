"""What one start of a tap came to, as the tap's section of the summary file."""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
import time
from typing import TYPE_CHECKING, Any

from singer_rest.run.summary_file import SummaryFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from singer_rest.redact import Redactor
    from singer_rest.run.outcomes import RunReport

_OF_THE_COMMAND: contextvars.ContextVar[Account | None] = contextvars.ContextVar(
    "account", default=None
)


class Account:
    """The account of one start, from its first setting to its last line.

    Args:
        program: Name of the tap.
        version: Its version.
    """

    def __init__(self, program: str, version: str) -> None:
        self.program = program
        self.version = version
        self.command = "sync"
        """``sync``, ``discover``, ``test``, ``plan``, ``parts``, ``part``, ``join``."""
        self.report: RunReport | None = None
        """How the streams ended, once a run has begun."""
        self.streams: list[dict[str, Any]] = []
        """What is told of the streams where nothing was read."""
        self.hint: str | None = None
        """Where the summary should go, if no tap is made that knows it."""
        self.is_open = False
        self._file = SummaryFile(None, "tap")
        self._redactor: Redactor | None = None
        self._began = time.monotonic()
        self._began_at = dt.datetime.now(dt.UTC)

    @classmethod
    def current(cls, program: str, version: str) -> Account:
        """Return the account of the command that runs; one of its own for a tap without command."""
        return _OF_THE_COMMAND.get() or cls(program, version)

    @contextlib.contextmanager
    def of_the_command(self) -> Iterator[None]:
        """Be what the taps of this thread account to."""
        token = _OF_THE_COMMAND.set(self)
        try:
            yield
        finally:
            _OF_THE_COMMAND.reset(token)

    @property
    def is_of_a_command(self) -> bool:
        """Whether a command runs the tap, and standard error is its own."""
        return _OF_THE_COMMAND.get() is self

    def open(self, path: str | None, redactor: Redactor | None = None) -> Path | None:
        """Take the file, and say in it that the program runs, if it is a command.

        Returns:
            The folder that is missing, if it is: then nothing is written.
        """
        self._file, self._redactor = SummaryFile(path, "tap"), redactor
        self.is_open = True
        if self.is_of_a_command:
            self._write(None, None, "")
        return self._file.missing_folder

    def end(self, exit_code: int, error_code: str | None = None, last_line: str = "") -> None:
        """Write how it ended.

        Args:
            exit_code: What the command ends with.
            error_code: The code in brackets at the end of the last line.
            last_line: The last line on standard error, if it is not well.
        """
        self._write(exit_code, error_code, last_line)

    def _write(self, exit_code: int | None, error_code: str | None, last_line: str) -> None:
        is_over = exit_code is not None
        section = {
            "program": self.program,
            "version": self.version,
            "command": self.command,
            "started_at": _text(self._began_at),
            "ended_at": _text(dt.datetime.now(dt.UTC)) if is_over else None,
            "seconds": round(time.monotonic() - self._began, 3),
            "exit_code": exit_code,
            "error_code": error_code,
            "last_line": last_line,
            "streams": self.streams,
            **(self.report.as_json() if self.report else {}),
        }
        self._file.write(self._without_secrets(section))

    def _without_secrets(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redactor.text(value) if self._redactor else value
        if isinstance(value, list):
            return [self._without_secrets(item) for item in value]
        if isinstance(value, dict):
            return {name: self._without_secrets(item) for name, item in value.items()}
        return value


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
