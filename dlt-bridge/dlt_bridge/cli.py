"""The command `target-dlt`: arguments, logging, signals and exit codes."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import IO, Final

from dlt_bridge import about
from dlt_bridge.errors import BridgeError, ConfigError
from dlt_bridge.redact import Redaction
from dlt_bridge.settings import Settings, load_settings

logger = logging.getLogger(__name__)

_DEEPEST_JSON: Final = 10_000
_READ_AHEAD: Final = 2**20


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
        """Raises if a signal came."""
        if self._number is not None:
            raise _Interrupted(self._number)

    def _interrupt(self, number: int, _: FrameType | None) -> None:
        self._number = number
        raise _Interrupted(number)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Listens to signals for as long as the block lasts."""
        wanted = (signal.SIGTERM, signal.SIGINT)
        previous = {number: signal.signal(number, self._interrupt) for number in wanted}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

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
    redaction = Redaction()
    _log_to_stderr(redaction, os.environ)
    try:
        stop = _Stop()
        with stop.installed():
            settings = load_settings(options.config)
            redaction.add(settings.secrets)
            with _input(options.input) as lines, _only_state_on_stdout() as output:
                _run(settings, lines, output, stop)
    except BridgeError as error:
        logger.debug("Details", exc_info=error)
        return _end(redaction(str(error)), error.exit_code)
    except _Interrupted as error:
        name = signal.Signals(error.args[0]).name
        return _end(
            f"Stopped by {name}: rows that were not loaded yet are left to the next run, which "
            "continues from the last STATE.",
            128 + error.args[0],
        )
    except BrokenPipeError:
        return _end(
            "Whoever reads the STATE on stdout has gone away, so nothing more is loaded.", 1
        )
    except Exception as error:
        logger.exception("This is an error of target-dlt itself.")
        kind = type(error).__name__
        return _end(f"target-dlt failed with {kind}; please report the lines above.", 1)
    return 0


def cli() -> None:
    """The entry point of the installed command."""
    sys.exit(main())


def _run(settings: Settings, lines: IO[bytes], output: int, stop: _Stop) -> None:
    # dlt takes half a second to import, which --about and a wrong setting need not wait for.
    from dlt_bridge.dlt_setup import prepare_dlt  # noqa: PLC0415
    from dlt_bridge.target import Target  # noqa: PLC0415

    # Decoding nested JSON recurses, in C, which needs little room for each level.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEPEST_JSON))
    prepare_dlt()
    Target(settings, output, stop).run(lines)


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


def _log_to_stderr(redaction: Redaction, environment: Mapping[str, str]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)-8s %(message)s"))
    handler.addFilter(redaction)
    wanted = environment.get("TARGET_DLT_LOGLEVEL") or environment.get("LOGLEVEL") or "INFO"
    level = logging.getLevelNamesMapping().get(wanted.upper(), logging.INFO)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("dlt_bridge").setLevel(level)
    logging.getLogger("dlt").addFilter(redaction)


def _end(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()
    return code


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
    """Sends everything libraries print to stderr; yields where STATE goes."""
    sys.stdout.flush()
    output = os.dup(1)
    os.dup2(2, 1)
    try:
        yield output
    finally:
        sys.stdout.flush()
        os.dup2(output, 1)
        os.close(output)
