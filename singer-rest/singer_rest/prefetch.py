"""Bounded concurrency that keeps the order: results come as if asked for one by one."""

from __future__ import annotations

import collections
import concurrent.futures
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

AHEAD = 2
"""Tasks under way or finished and waiting, per worker: enough to keep workers busy while the
consumer writes, little enough to keep memory flat."""


class Prefetcher:
    """A pool of threads for the requests of one tap.

    Args:
        workers: Requests under way at once; 1 means no threads at all.

    Tasks must not use the prefetcher themselves.
    """

    def __init__(self, workers: int) -> None:
        self.workers = max(1, workers)
        self._pool: concurrent.futures.ThreadPoolExecutor | None = None

    def ordered(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Run tasks ahead of the consumer and yield their results in order.

        An exception of a task surfaces at its place in the order, after the results before it;
        tasks that have not started by then never do.
        """
        if self.workers == 1:
            for task in tasks:
                yield task()
            return
        if self._pool is None:
            self._pool = concurrent.futures.ThreadPoolExecutor(
                self.workers, thread_name_prefix="prefetch"
            )
        window: collections.deque[concurrent.futures.Future[T]] = collections.deque()
        remaining = iter(tasks)
        try:
            for task in remaining:
                window.append(self._pool.submit(task))
                if len(window) >= self.workers * AHEAD:
                    break
            while window:
                result = window.popleft().result()
                for task in remaining:
                    window.append(self._pool.submit(task))
                    break
                yield result
        finally:
            for future in window:
                future.cancel()

    def close(self) -> None:
        """Start nothing more and do not wait for what is under way."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
