"""Stop signals: end after the current page, say so, and never report success."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

from singer_rest.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class StopSignal:
    """Turns SIGINT and SIGTERM into :class:`Stopped`, at a moment when nothing is half written.

    The first signal is remembered. It interrupts the main thread only inside
    :meth:`interruptible` blocks (waiting for the network); elsewhere :meth:`check` raises at the
    next safe place. Waiting worker threads wake up at once. A second signal ends the process
    without further ado.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._event = threading.Event()
        self._interruptible = False

    def install(self) -> None:
        """Take over both signals; does nothing outside the main thread."""
        if threading.current_thread() is threading.main_thread():
            for signum in (signal.SIGINT, signal.SIGTERM):
                signal.signal(signum, self._handle)

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        if self.signum is not None:
            os._exit(128 + signum)
        self.signum = signum
        self._event.set()
        if self._interruptible:
            self._interruptible = False
            raise Stopped(signum)

    @property
    def requested(self) -> bool:
        """Whether a stop was asked for."""
        return self.signum is not None

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
