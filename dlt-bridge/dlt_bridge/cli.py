"""The command `target-dlt`: arguments, signals, exit codes, the last line and the summary."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import stat
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from dlt_bridge import about
from dlt_bridge.errors import BridgeError, ConfigError
from dlt_bridge.logs import set_up_logging
from dlt_bridge.redact import Redactor
from dlt_bridge.run_report import RunReport
from dlt_bridge.settings import Settings, find_summary_file, load_settings
from dlt_bridge.summary_file import SummaryFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

logger = logging.getLogger(__name__)

_DEEPEST_JSON: Final = 10_000
_READ_AHEAD: Final = 2**20
_SOON: Final = 5.0
"""Seconds after which an error is told before the rest of the input was read."""


class _Interrupted(BaseException):
    """A signal asked the run to end."""


class _Stop:
    """Raises when a signal asks the run to end, and again when asked about it.

    What is raised out of nowhere can be lost on its way, in a callback or in a library that
    catches everything.
    """

    def __init__(self) -> None:
        self._number: int | None = None

    def __call__(self) -> None:
        """Raise if a signal came."""
        if self._number is not None:
            raise _Interrupted(self._number)

    def _interrupt(self, number: int, _: FrameType | None) -> None:
        self._number = number
        raise _Interrupted(number)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Listen to signals for as long as the block lasts."""
        wanted = (signal.SIGTERM, signal.SIGINT)
        previous = {number: signal.signal(number, self._interrupt) for number in wanted}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code: 0, 1 for an error of the input or the destination, 2 for one of the
        settings, 128 and the number of the signal for an interrupted run.
    """
    options = _parser().parse_args(arguments)
    if options.version:
        sys.stdout.write(f"{about.NAME} {version(about.PACKAGE)}\n")
        return 0
    if options.about:
        show = {"json": about.as_json, "markdown": about.as_markdown, None: about.as_text}
        sys.stdout.write(show[options.format]() + "\n")
        return 0
    redaction = Redactor()
    set_up_logging(redaction, os.environ)
    summary = SummaryFile(find_summary_file(options.config), "target")
    report = RunReport()
    summary.write(report.section())
    ending, drain_seconds = _Ending(0), Settings.drain_seconds
    stop = _Stop()
    with stop.installed():
        try:
            settings = load_settings(options.config)
            redaction.add(*settings.secrets)
            drain_seconds = settings.drain_seconds
            if summary.missing_folder:
                raise ConfigError(
                    f"summary_file lies in {summary.missing_folder}, which is no folder: make it."
                )
            with _input(options.input) as lines, _only_state_on_stdout() as output:
                _run(settings, lines, output, stop, report)
        except BaseException as error:  # noqa: BLE001  # every kind has its ending
            ending = _judge(error, redaction)
        if ending.drains and options.input is None:
            try:
                _drain(drain_seconds, ending)
            except _Interrupted:
                logger.debug("A signal ended the reading on.")
    if ending.exit_code:
        logger.critical("%s", ending.last_line)
    summary.write(
        report.section(
            exit_code=ending.exit_code, error_code=ending.code, last_line=ending.last_line
        )
    )
    return ending.exit_code


def cli() -> None:
    """Run as the entry point of the installed command."""
    sys.exit(main())


@dataclass(frozen=True)
class _Ending:
    """How a run ends.

    Attributes:
        exit_code: What the command returns.
        code: The error code; None for a run that succeeded.
        sentence: What happened and what to do.
        drains: Whether the tap may still be writing.
    """

    exit_code: int
    code: str | None = None
    sentence: str = ""
    drains: bool = False

    @property
    def last_line(self) -> str:
        """The last line of the log."""
        return f"{self.sentence} [{self.code}]" if self.code else ""


def _judge(error: BaseException, redaction: Redactor) -> _Ending:
    """Say what a run that raised ends with; known errors are shown without a traceback."""
    if isinstance(error, BridgeError):
        logger.debug("Details", exc_info=error)
        return _Ending(error.exit_code, error.code, redaction.text(str(error)), drains=True)
    if isinstance(error, _Interrupted):
        name = signal.Signals(error.args[0]).name
        sentence = (
            f"Stopped by {name}: rows that were not loaded yet are left to the next run, which "
            "continues from the last STATE."
        )
        return _Ending(128 + error.args[0], code="STOPPED", sentence=sentence)
    if isinstance(error, BrokenPipeError):
        sentence = "Whoever reads the STATE on stdout has gone away, so nothing more is loaded."
        return _Ending(1, code="OUTPUT-CLOSED", sentence=sentence, drains=True)
    logger.error("This is an error of target-dlt itself.", exc_info=error)
    kind = type(error).__name__
    sentence = f"target-dlt failed with {kind}; please report the lines above."
    return _Ending(1, code="BUG", sentence=sentence, drains=True)


def _drain(seconds: float, ending: _Ending) -> None:
    """Read the rest of the input and drop it, so that whoever writes it can end in peace.

    The reading is left to a thread: a read cannot be given up, a thread can.
    """
    kind = os.fstat(0).st_mode
    if not seconds or not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
        return

    def read_on() -> None:
        with suppress(OSError):
            while os.read(0, _READ_AHEAD):
                pass

    thread = threading.Thread(target=read_on, name="drain", daemon=True)
    thread.start()
    thread.join(min(seconds, _SOON))
    if thread.is_alive():
        logger.error("%s", ending.last_line)
        logger.info(
            "Nothing more is loaded; reading on for at most %d s, until the tap ends.", seconds
        )
        thread.join(max(0.0, seconds - _SOON))


def _run(settings: Settings, lines: IO[bytes], output: int, stop: _Stop, report: RunReport) -> None:
    # dlt takes half a second to import, which --about and a wrong setting need not wait for.
    from dlt_bridge.dlt_setup import prepare_dlt  # noqa: PLC0415
    from dlt_bridge.target import Target  # noqa: PLC0415

    # Decoding nested JSON recurses, in C, which needs little room for each level.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST_JSON))
    prepare_dlt()
    Target(settings, output, stop, report).run(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=about.NAME,
        description="Loads Singer messages from stdin into any dlt destination.",
    )
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="FILE|ENV",
        help="a JSON file with settings, or ENV for TARGET_DLT_... variables; can be repeated",
    )
    parser.add_argument("--input", metavar="FILE", help="read messages from a file, not stdin")
    parser.add_argument("--about", action="store_true", help="show capabilities and settings")
    parser.add_argument("--format", choices=["json", "markdown"], help="how --about shows them")
    parser.add_argument("--version", action="store_true", help="show the version")
    return parser


@contextmanager
def _input(path: str | None) -> Iterator[IO[bytes]]:
    try:
        file = (
            Path(path).open("rb", buffering=_READ_AHEAD)  # noqa: SIM115  # closed below
            if path
            else os.fdopen(0, "rb", buffering=_READ_AHEAD, closefd=False)
        )
    except OSError as error:
        raise ConfigError(f"The input {path} cannot be read: {error.strerror}.") from None
    with file:
        yield file


@contextmanager
def _only_state_on_stdout() -> Iterator[int]:
    """Send everything libraries print to stderr; yield where STATE goes."""
    sys.stdout.flush()
    output = os.dup(1)
    os.dup2(2, 1)
    try:
        yield output
    finally:
        sys.stdout.flush()
        os.dup2(output, 1)
        os.close(output)
