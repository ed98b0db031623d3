"""Runs foreign code that takes the process for its own, and leaves the process as it was.

A tap of the Singer SDK sets up logging when it is made, and may change the garbage collector,
hooks, signals or variables. In a notebook or an orchestrator all of these belong to somebody else.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def unchanged_process() -> Iterator[None]:
    """Put back what the block changes of the process: everything that a tap could reach."""
    with contextlib.ExitStack() as restoring:
        restoring.enter_context(unchanged_logging())
        restoring.callback(_put_back_environment, dict(os.environ))
        restoring.callback(_put_back_signals, _signals())
        restoring.callback(
            _put_back_collector, gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()
        )
        restoring.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        for owner, name in (
            (sys, "excepthook"),
            (sys, "unraisablehook"),
            (threading, "excepthook"),
            (warnings, "showwarning"),
            (warnings, "filters"),
        ):
            value = getattr(owner, name)
            kept = list(value) if isinstance(value, list) else value
            restoring.callback(setattr, owner, name, kept)
        yield


@contextmanager
def unchanged_logging() -> Iterator[None]:
    """Put back levels and handlers of all loggers there are."""
    manager = logging.root.manager
    loggers = [
        logging.root,
        *(x for x in manager.loggerDict.values() if isinstance(x, logging.Logger)),
    ]
    before = [(logger, _log_settings(logger)) for logger in loggers]
    disabled = manager.disable
    try:
        yield
    finally:
        manager.disable = disabled
        for logger, settings in before:
            for name, value in settings.items():
                setattr(logger, name, value)
            logger.setLevel(logger.level)  # forgets what it knew of other levels


def _log_settings(logger: logging.Logger) -> dict[str, Any]:
    return {
        "level": logger.level,
        "handlers": list(logger.handlers),
        "filters": list(logger.filters),
        "propagate": logger.propagate,
        "disabled": logger.disabled,
    }


def _put_back_environment(before: dict[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    for name, value in before.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _signals() -> dict[signal.Signals, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}  # only the main thread can change them
    return {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}


def _put_back_signals(before: dict[signal.Signals, Any]) -> None:
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _put_back_collector(enabled: bool, threshold: tuple[int, int, int], frozen: int) -> None:  # noqa: FBT001
    (gc.enable if enabled else gc.disable)()
    gc.set_threshold(*threshold)
    if not frozen and gc.get_freeze_count():
        gc.unfreeze()
