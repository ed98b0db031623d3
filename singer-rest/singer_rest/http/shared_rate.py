"""One budget of requests per minute for several processes, on one machine or on many.

A place in the budget is taken for a minute and comes back by itself, so that a process that dies
keeps nothing. Where the server asks one process to wait, all of them wait.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from singer_rest.errors import ConfigError
from singer_rest.http.rate_limit import MINUTE, RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


class FileBudget:
    """A budget in a SQLite file, for processes on one machine; for one thread at a time."""

    def __init__(self, path: Path, rates: Sequence[tuple[int, int]]) -> None:
        from pyrate_limiter import Rate, RateItem, SQLiteBucket  # noqa: PLC0415  # an extra

        self._bucket: Any = SQLiteBucket.init_from_file(
            [Rate(*rate) for rate in rates], db_path=str(path), use_file_lock=True
        )
        self._new_item = RateItem
        self._taken = 0
        self._closed = path.with_name(f"{path.name}.closed")

    def take(self) -> float:
        """Take a place under the lock of the file, so that places are in the order of time."""
        with self._bucket.lock:
            item = self._new_item(KEY, self._bucket.now())
            if not self._bucket.put(item):
                return max(1, int(self._bucket.waiting(item))) / 1000
            self._taken += 1
            if self._taken % TIDY_EVERY == 0:
                self._bucket.leak(item.timestamp)
            return 0.0

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


TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[#ARGV])
for place = 2, #ARGV, 2 do
    local last = redis.call('ZRANGE', KEYS[1], -ARGV[place], -ARGV[place], 'WITHSCORES')
    local wait = last[2] and last[2] + ARGV[place + 1] - now or 0
    if wait > 0 then return wait end
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[#ARGV])
return 0
"""
"""Takes a place, or returns the milliseconds to wait.

pyrate-limiter asks for the time first and counts then, so that a place taken in between by another
process is not counted: one too many now and then, measured with four processes.
"""


class RedisBudget:
    """A budget in a Redis, for processes on many machines.

    Time is the server's: places that a machine took whose clock is ahead would not be counted by
    the others, and together they would go beyond the limit.
    """

    def __init__(self, url: str, rates: Sequence[tuple[int, int]]) -> None:
        import redis  # noqa: PLC0415  # an extra

        self._redis = redis.Redis.from_url(url, socket_timeout=10)
        self._redis.ping()
        self._take = self._redis.register_script(TAKE)
        self._rates = [number for rate in rates for number in rate]

    def take(self) -> float:
        """Take a place, or return the seconds after which to try again."""
        return int(self._take([KEY], [uuid.uuid4().hex, *self._rates])) / 1000

    def closed_until(self) -> float:
        """Return until when the process waits that was told to wait the longest."""
        left = self._redis.pttl(CLOSED)  # below 0 where there is none
        return time.time() + left / 1000 if left > 0 else 0.0

    def close_until(self, moment: float) -> None:
        """Write down for how long; it goes when the time is over."""
        left = math.ceil((moment - time.time()) * 1000) + 1  # Redis drops what is below one
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
        rates = split_rate(per_minute, burst)
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
