"""Stop signals: end after the current page, say so, and never report success."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
from typing import TYPE_CHECKING

from singer_rest.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

GRACE = 4.0
"""Seconds a stopped process has to end by itself; with its last words that makes at most five."""
STOPPING = frozenset(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""SIGHUP is what a closed terminal sends; Windows has none."""

ALWAYS = frozenset({signal.SIGINT, signal.SIGTERM})


class StopSignal:
    """Turns SIGINT, SIGTERM and SIGHUP into :class:`Stopped`, when nothing is half written.

    The first signal is remembered. It interrupts the main thread only inside
    :meth:`interruptible` blocks (waiting for the network); elsewhere :meth:`check` raises at the
    next safe place. Waiting worker threads wake up at once. A second signal ends the process
    without further ado, and so does :meth:`guard` when the first one has not ended it in time.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._event = threading.Event()
        self._interruptible = False

    def install(self) -> None:
        """Take over the signals; does nothing outside the main thread.

        SIGHUP stays ignored where it is: that is what nohup is for.
        """
        if threading.current_thread() is threading.main_thread():
            for signum in STOPPING:
                if signum in ALWAYS or signal.getsignal(signum) is not signal.SIG_IGN:
                    signal.signal(signum, self._handle)

    def guard(self) -> None:
        """Promise that the process ends soon after a signal, wherever its main thread stands.

        A main thread inside a system call, writing to a target that reads no more or looking up a
        name, comes to no safe place. So a thread of its own hears of the signals too. It belongs
        to a process that does nothing but run a tap; call it in the main thread.
        """
        reading, writing = socket.socketpair()  # pipes will not do on Windows
        writing.settimeout(0)  # as set_wakeup_fd asks for
        # It lasts as long as the process: detached, Python does not warn that it was left open.
        signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
        threading.Thread(target=_watch, args=(reading,), name="stop", daemon=True).start()

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        if self.signum is not None:
            os._exit(128 + signum)
        self.signum = signum
        self._event.set()
        if self._interruptible:
            self._interruptible = False
            raise Stopped(signum)

    def request(self, signum: int = signal.SIGINT) -> None:
        """Ask for a stop from within the process, as a signal would; from any thread."""
        if self.signum is None:
            self.signum = signum
        self._event.set()

    def check(self) -> None:
        """Raise if a stop was asked for.

        Raises:
            Stopped: A signal arrived earlier.
        """
        if self.signum is not None:
            raise Stopped(self.signum)

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal interrupt this block at once. Main thread only."""
        self.check()
        self._interruptible = True
        try:
            yield
        finally:
            self._interruptible = False

    def wait(self, seconds: float) -> None:
        """Sleep, but wake up for a stop.

        Raises:
            Stopped: A signal arrived before or during the wait.
        """
        if seconds > 0:
            self._event.wait(seconds)
        self.check()


def _watch(signals: socket.socket) -> None:
    """End the process when a signal has arrived and nobody else does; at once on the second."""
    first = _next(signals)
    if not first:
        return  # the other end is closed: no signal can be heard any more
    second = _next(signals, GRACE)
    if not second:
        _say(
            f"Stopped by signal {first} in the middle of a page, which the target or the network "
            f"has held up for {GRACE:.0f} s; the last state says how far the run came, run again "
            "to go on. [STOPPED]"
        )
    os._exit(128 + (second or first))


def _next(signals: socket.socket, seconds: float | None = None) -> int:
    """Return the next signal that stops; 0 if none arrives in time."""
    signals.settimeout(seconds)
    with contextlib.suppress(TimeoutError):
        while received := signals.recv(1):
            if received[0] in STOPPING:
                return received[0]
    return 0


def _say(sentence: str) -> None:
    """Write a last line past the logging, whose locks the main thread may hold."""
    with contextlib.suppress(OSError):  # select knows only sockets on Windows
        if select.select([], [2], [], 0)[1]:
            os.write(2, f"{sentence}\n".encode())
