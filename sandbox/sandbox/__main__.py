"""Start one sandbox system as a local server: ``python -m sandbox cachet --incidents 500``.

Prints exactly one line, ``READY http://127.0.0.1:PORT``, once the server answers. It always
stops by itself: on SIGTERM or SIGINT, after ``--max-seconds``, and with ``--stop-with-parent``
when the process that started it is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import signal
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol, cast

from sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.serve import App

SYSTEMS = ("cachet", "cortex", "cinchy")
PARENT_CHECK_SECONDS = 0.25


class Command(Protocol):
    """What ``sandbox.<system>.command`` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options of this system."""

    def build(self, args: argparse.Namespace) -> App:
        """Make the application the options ask for; ValueError says what is wrong with them."""


def installed_systems() -> list[str]:
    """Return the systems whose command is installed, without importing any."""
    found = []
    for system in SYSTEMS:
        with contextlib.suppress(ModuleNotFoundError):
            if importlib.util.find_spec(f"sandbox.{system}.command"):
                found.append(system)
    return found


def load(system: str) -> Command:
    """Import the command of one system."""
    return cast("Command", importlib.import_module(f"sandbox.{system}.command"))


def make_parser(systems: Iterable[str]) -> argparse.ArgumentParser:
    """Build the parser; each system adds its own options."""
    parser = argparse.ArgumentParser(
        prog="singer-sandbox", description="Cachet, Cortex or Cinchy as a local server."
    )
    subparsers = parser.add_subparsers(dest="system", required=True, metavar="SYSTEM")
    for system in systems:
        one = subparsers.add_parser(
            system,
            help=f"serve {system.capitalize()}",
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        common = one.add_argument_group("server")
        common.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0: a free one")
        common.add_argument(
            "--latency-ms", type=float, default=0.0, help="milliseconds each answer is held back"
        )
        common.add_argument(
            "--max-seconds", type=float, default=3600.0, help="stop after this many seconds"
        )
        common.add_argument(
            "--stop-with-parent",
            action="store_true",
            help="stop when the parent process ends, or when a piped stdin closes",
        )
        load(system).add_arguments(one)
    return parser


def watch_stdin(stop: threading.Event) -> None:
    """Set the event when a piped stdin closes.

    Only a pipe says anything about the parent: a shell gives /dev/null to what it starts in the
    background, and a terminal stays open.
    """
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def wait_for_end() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        stop.set()

    threading.Thread(target=wait_for_end, daemon=True).start()


def wait(stop: threading.Event, seconds: float, parent: int | None) -> None:
    """Return when asked to stop, when the time is over, or when the parent is gone.

    Args:
        stop: Set to ask for the end.
        seconds: The time.
        parent: Process id of the parent to watch, if it matters.
    """
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if parent is not None and os.getppid() != parent:
            return
        if stop.wait(left if parent is None else min(left, PARENT_CHECK_SECONDS)):
            return


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parent = os.getppid()  # first of all: it may be gone before the server is up
    arguments = sys.argv[1:] if argv is None else list(argv)
    systems = installed_systems()
    # Only the system that was asked for is imported; help lists them all.
    named = [word for word in arguments[:1] if word in systems]
    parser = make_parser(named or systems)
    args = parser.parse_args(arguments)
    try:
        app = load(args.system).build(args)
    except ValueError as error:
        parser.error(str(error))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if args.stop_with_parent:
        watch_stdin(stop)
    try:
        with serve(app, args.port, latency=args.latency_ms / 1000) as running:
            print(f"READY {running.url}", flush=True)
            wait(stop, args.max_seconds, parent if args.stop_with_parent else None)
    except OSError as error:
        print(f"The sandbox cannot listen on port {args.port}: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
