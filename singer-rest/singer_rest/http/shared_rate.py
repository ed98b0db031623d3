"""One budget of requests per minute for several processes, on one machine or on many.

A place in the budget is taken for a minute and comes back by itself, so that a process that dies
keeps nothing. Where the server asks one process to wait, all of them wait.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from singer_rest.errors import ConfigError
from singer_rest.http.rate_limit import MINUTE, RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyrate_limiter import Rate

    from singer_rest.stop import StopSignal

SLICES = 20
"""A minute's budget is not used up at once, but in so many slices."""
TIDY_EVERY = 200
"""Places taken between two removals of those whose minute is over."""
MAX_LOOK = 1.0
"""Seconds after which a waiting process looks again: others may have been told to wait."""
KEY = "singer-rest"
CLOSED = f"{KEY}:closed"
INSTALL = "rate_budget needs what singer-rest[budget] brings: install tap and singer-rest[budget]."


class Budget(Protocol):
    """Where the processes count together."""

    def take(self) -> float:
        """Take a place, or return the seconds after which to try again."""

    def closed_until(self) -> float:
        """Return until when nobody may ask, in seconds since 1970."""

    def close_until(self, moment: float) -> None:
        """Let nobody ask until then."""


class _Bucket:
    """A bucket of pyrate-limiter; not safe for several threads at once."""

    def __init__(self, bucket: Any) -> None:
        from pyrate_limiter import RateItem  # noqa: PLC0415  # an extra

        self._bucket = bucket
        self._new_item = RateItem
        self._taken = 0

    def take(self) -> float:
        """Take a place, or return the seconds after which to try again."""
        item = self._new_item(KEY, self._now())
        if not self._bucket.put(item):
            return max(1, int(self._bucket.waiting(item))) / 1000
        self._taken += 1
        if self._taken % TIDY_EVERY == 0:
            self._bucket.leak(item.timestamp)
        return 0.0

    def _now(self) -> int:
        """Return the milliseconds by which places are counted."""
        now: int = self._bucket.now()
        return now


class FileBudget(_Bucket):
    """A budget in a SQLite file, for processes on one machine."""

    def __init__(self, path: Path, rates: Sequence[Rate]) -> None:
        from pyrate_limiter import SQLiteBucket  # noqa: PLC0415

        super().__init__(
            SQLiteBucket.init_from_file(list(rates), db_path=str(path), use_file_lock=True)
        )
        self._closed = path.with_name(f"{path.name}.closed")

    def take(self) -> float:
        """Take a place under the lock of the file, so that places are in the order of time."""
        with self._bucket.lock:
            return super().take()

    def closed_until(self) -> float:
        """Return what the process wrote that was told to wait the longest."""
        try:
            return float(self._closed.read_text(encoding="ascii") or 0)
        except (OSError, ValueError):
            return 0.0

    def close_until(self, moment: float) -> None:
        """Write it down, unless somebody has to wait longer."""
        with self._bucket.lock:
            if moment > self.closed_until():
                self._closed.write_text(str(moment), encoding="ascii")


class RedisBudget(_Bucket):
    """A budget in a Redis, for processes on many machines.

    Time is the server's: places that a machine took whose clock is ahead would not be counted by
    the others, and together they would go beyond the limit.
    """

    def __init__(self, url: str, rates: Sequence[Rate]) -> None:
        import redis  # noqa: PLC0415
        from pyrate_limiter import RedisBucket  # noqa: PLC0415

        self._redis = redis.Redis.from_url(url, socket_timeout=10)
        super().__init__(RedisBucket.init(list(rates), self._redis, KEY))

    def _now(self) -> int:
        seconds, microseconds = self._redis.time()
        return seconds * 1000 + microseconds // 1000

    def closed_until(self) -> float:
        """Return until when the process waits that was told to wait the longest."""
        left = self._redis.pttl(CLOSED)  # below 0 where there is none
        return time.time() + left / 1000 if left > 0 else 0.0

    def close_until(self, moment: float) -> None:
        """Write down for how long; it goes when the time is over."""
        left = int((moment - time.time()) * 1000)
        if left > max(0, self._redis.pttl(CLOSED)):
            self._redis.set(CLOSED, 1, px=left)


def split_rate(per_minute: int, burst: int | None) -> list[tuple[int, int]]:
    """Return how many requests may go in how many milliseconds, the shortest time first."""
    minute = int(MINUTE * 1000)
    few = max(1, per_minute // SLICES)
    if burst is not None:
        few = max(1, min(few, burst // 2))
    rates = [(few, max(1, minute * few // per_minute)), (per_minute, minute)]
    return rates if few < per_minute else rates[1:]


def open_budget(where: str, per_minute: int, burst: int | None = None) -> Budget:
    """Open the budget that the setting ``rate_budget`` names.

    Raises:
        ConfigError: It cannot be used; the address may hold a password and is not shown.
    """
    url = urlsplit(where)
    try:
        from pyrate_limiter import Rate  # noqa: PLC0415

        rates = [Rate(count, milliseconds) for count, milliseconds in split_rate(per_minute, burst)]
        if url.scheme == "file" and url.path and not url.netloc:
            return FileBudget(Path(url2pathname(url.path)), rates)
        if url.scheme in {"redis", "rediss"} and url.hostname:
            return RedisBudget(where, rates)
    except ImportError:
        raise ConfigError(INSTALL) from None
    except Exception as error:  # noqa: BLE001  # of SQLite, of the file system, of Redis
        raise ConfigError(
            f"rate_budget cannot be opened ({type(error).__name__}): check that its folder exists "
            "and can be written to, or that the Redis answers."
        ) from None
    raise ConfigError(
        "rate_budget must be like file:///var/lib/singer/cortex.sqlite or redis://host:6379/0."
    )


class SharedRateLimit(RateLimit):
    """Keeps below a limit together with other processes.

    Args:
        budget: Where they count.
        stop: Lets a stop signal end the waiting.
    """

    def __init__(self, budget: Budget, stop: StopSignal) -> None:
        super().__init__(0, stop)
        self._budget = budget
        self._taking = threading.Lock()

    def share(self, processes: int) -> None:
        """Divide nothing: the budget is one already."""

    def acquire(self) -> None:
        """Wait for the next free place.

        Raises:
            ConfigError: The budget has gone.
            Stopped: A stop signal arrived while waiting.
        """
        while True:
            super().acquire()
            pause = self._take()
            if pause <= 0:
                return
            with self._lock:
                self.waited += pause
            self._stop.wait(min(pause, MAX_LOOK))

    def _take(self) -> float:
        with self._used():
            closed = self._budget.closed_until() - time.time()
            return closed if closed > 0 else self._budget.take()

    @contextlib.contextmanager
    def _used(self) -> Iterator[None]:
        try:
            with self._taking:
                yield
        except Exception as error:  # noqa: BLE001  # of SQLite, of the file system, of Redis
            raise ConfigError(
                f"rate_budget cannot be used any more ({type(error).__name__}): check its folder, "
                "or its Redis, and run again."
            ) from None

    def close_for(self, seconds: float) -> None:
        """Let no thread of any process ask anything for a while."""
        super().close_for(seconds)
        with self._used():
            self._budget.close_until(time.time() + seconds)

    def slow_down(self) -> None:
        """Let all pause for a second: the server refused without naming a waiting time."""
        self.close_for(MAX_LOOK)
