"""Bounded concurrency that keeps the order: results come as if asked for one by one."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import functools
import itertools
import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")

AHEAD = 2
"""Tasks under way or finished and waiting, per worker: enough to keep workers busy while the
consumer writes, little enough to keep memory flat."""


class Prefetcher:
    """A pool of threads for the requests of one tap.

    The threads are daemons: a tap that ends, on a stop signal for one, does not wait for answers
    that are still under way, as the pools of the standard library do.

    Args:
        workers: Requests under way at once; 1 means no threads at all.

    Tasks must not use the prefetcher themselves.
    """

    def __init__(self, workers: int) -> None:
        self.workers = max(1, workers)
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = 0
        self._idents: set[int] = set()

    def ordered(self, tasks: Iterable[Callable[[], T]]) -> Generator[T, None, None]:
        """Run tasks ahead of the consumer and yield their results in order.

        An exception of a task surfaces at its place in the order, after the results before it;
        tasks that have not started by then never do.
        """
        if self.workers == 1:
            for task in tasks:
                yield task()
            return
        window: collections.deque[concurrent.futures.Future[T]] = collections.deque()
        remaining = iter(tasks)
        try:
            for task in itertools.islice(remaining, self.workers * AHEAD):
                window.append(self._submit(task))
            while window:
                result = window.popleft().result()
                for task in itertools.islice(remaining, 1):
                    window.append(self._submit(task))
                yield result
        finally:
            for future in window:
                future.cancel()

    def start(self, task: Callable[[], T]) -> Callable[[], T] | None:
        """Begin one task; returns what waits for its result, or nothing if the threads are busy.

        A task that asks gets nothing: with every thread waiting for another one, all would stand
        still. An exception of the task surfaces where its result is asked for.
        """
        is_task = threading.get_ident() in self._idents
        if self.workers == 1 or is_task or not self._tasks.empty():
            return None
        return self._submit(task).result

    def _submit(self, task: Callable[[], T]) -> concurrent.futures.Future[T]:
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._tasks.put(functools.partial(_run, future, task))
        if self._threads < self.workers:
            self._threads += 1
            name = f"prefetch-{self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        return future

    def _work(self) -> None:
        self._idents.add(threading.get_ident())
        while (job := self._tasks.get()) is not None:
            job()

    def close(self) -> None:
        """Start nothing more, whatever waits, and do not wait for what is under way."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._tasks.get_nowait()
        for _thread in range(self._threads):
            self._tasks.put(None)
        self._threads = 0


def _run(future: concurrent.futures.Future[T], task: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = task()
    except BaseException as error:  # noqa: BLE001  # raised again where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
