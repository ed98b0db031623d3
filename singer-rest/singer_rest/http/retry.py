"""What is tried again, how often, and how long to wait in between.

==========================================  ======================================================
429, or 503 with ``Retry-After``            waits what the server says (both forms of RFC 9110
                                            section 10.2.3), all threads together; does not use up
                                            the tries; ends when nothing moved for 15 minutes
429 without ``Retry-After``                 full jitter from 1 s to 60 s, and half the rate
408, 425, 500, 502-504, 520-527             5 tries, full jitter
connection refused or reset, timeouts       5 tries
short or garbled body, HTML with 200        3 tries
name does not resolve                       3 tries, a second apart
TLS refused, other 4xx, 501, 505            never
==========================================  ======================================================

Where a server does not answer at all, or answers 5xx, and the tries are used up, it is asked on for
as long as ``outage_patience`` says: a restart must not cost a night. That ends early where the same
server answers others meanwhile (it is this request that is wrong), and where the same kind of
failure has outlasted all patience before in this run.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import functools
import random
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import backoff

from singer_rest.errors import PASSING_STATUSES

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from singer_rest.errors import RequestError

MAX_PAUSE = 60.0
MAX_OUTAGE_PAUSE = 10.0
"""No longer, so that the end of an outage is noticed soon."""
MIN_OUTAGE_PAUSE = 0.05
MIN_TOLD = 10.0
"""Shorter waits are not worth a word."""
BETWEEN_WORDS = 2.0
RETRIED_STATUSES = PASSING_STATUSES - {HTTPStatus.TOO_MANY_REQUESTS}
LIMIT_PAUSE = 1.0
"""Longest first pause after a refusal that names no waiting time."""
TWO_MINUTES = 120
MAX_NAMED_WAIT = 10**9
"""Thirty years; servers that name more mean never, and no clock can count it."""
JITTER = 0.25
"""Share of a second added to a wait the server named, so that clients do not return together."""
_SECONDS = re.compile("[+-]?[0-9]+")


@dataclasses.dataclass(frozen=True)
class RetryPolicy:
    """The limits of patience, in tries and seconds."""

    tries: int = 5
    longest_wait: float = 300.0
    """A server that names a longer wait ends the stream, which can be resumed later."""
    stall: float = 900.0
    """Seconds without any answer worth having before a run gives up waiting for the limit."""
    first_pause: float = 1.0
    """Longest pause before the first repetition; it doubles with every further one."""
    outage_patience: float = 0.0
    """Seconds that a server is asked on that does not answer, counted from the first failure."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """One try that brought nothing."""

    error: RequestError
    """What to raise if this was the last try."""
    tries: int
    """Tries this kind of failure is worth, the first one included; 1 means never again."""
    limited: bool = False
    """The server asked for patience; this is not an error."""
    retry_after: float | None = None
    """Seconds the server named."""
    steady: bool = False
    """Always the same short pause between tries, instead of growing ones."""
    unpacked: bool = False
    """Try again at once, and ask for a body without any encoding."""


class GiveUpError(Exception):  # control flow between two modules of this package
    """The policy is exhausted; carries why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Attempts:
    """The tries of one request."""

    def __init__(self, policy: RetryPolicy, progress: RetryProgress) -> None:
        self._policy = policy
        self._progress = progress
        self._failures = 0
        self._first_failure = 0.0
        self._asked_again = 0.0
        """When the last repetition was due."""
        self._waits = _exponential(policy.first_pause)
        self._limit_waits = _exponential(LIMIT_PAUSE)
        self._least_wait = 0.0

    def pause_after(self, failure: Failure) -> float:
        """Return the seconds to wait before the next try.

        Raises:
            GiveUp: There is no next try.
        """
        if failure.limited:
            return self._limit_pause(failure)
        pause = self._pause(failure)
        self._asked_again = time.monotonic() + pause
        return pause

    @property
    def outlook(self) -> str:
        """Return in words how long this may go on; nothing where the tries are soon used up."""
        left = self._policy.outage_patience - (time.monotonic() - self._first_failure)
        return f", for up to {left:.0f} s" if self._failures and left >= 1 else ""

    def _pause(self, failure: Failure) -> float:
        self._failures += 1
        if self._failures == 1:
            self._first_failure = time.monotonic()
        if self._failures >= min(failure.tries, self._policy.tries):
            return self._outage_pause(failure)
        if failure.unpacked:
            return 0.0
        if failure.steady:
            return self._policy.first_pause
        return backoff.full_jitter(next(self._waits))

    def _outage_pause(self, failure: Failure) -> float:
        """Return the pause before a try beyond the usual ones, which only an outage is worth.

        Raises:
            GiveUp: It is none, or it outlasts all patience.
        """
        patience = self._policy.outage_patience
        waited = time.monotonic() - self._first_failure
        if failure.error.is_outage and patience:
            answers_others = self._first_failure < self._progress.last <= self._asked_again
            if waited >= patience:
                self._progress.outlasted.add(failure.error.code)
            elif not answers_others and failure.error.code not in self._progress.outlasted:
                pause = backoff.full_jitter(min(next(self._waits), MAX_OUTAGE_PAUSE))
                return min(max(pause, MIN_OUTAGE_PAUSE), patience - waited)
        times = f"tried {self._failures} times" if self._failures > 1 else ""
        raise GiveUpError(f"{times} in {_in_words(waited)}" if waited >= MIN_TOLD else times)

    def _limit_pause(self, failure: Failure) -> float:
        stalled = time.monotonic() - self._progress.last
        if stalled > self._policy.stall:
            raise GiveUpError(f"the limit did not lift within {_in_words(self._policy.stall)}")
        if failure.retry_after is None:
            return backoff.full_jitter(next(self._limit_waits))
        if failure.retry_after > self._policy.longest_wait:
            raise GiveUpError(
                f"the server asks to wait {failure.retry_after:.0f} s, longer than "
                f"{self._policy.longest_wait:.0f} s{_resets_at(failure.retry_after)}"
            )
        named = failure.retry_after
        if named < LIMIT_PAUSE:
            # Perhaps a moment was left of a window; a server that goes on saying so means more.
            named = max(named, self._least_wait)
            self._least_wait = min(2 * self._least_wait or LIMIT_PAUSE, MAX_PAUSE)
        return named + random.uniform(0, JITTER)  # noqa: S311


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < TWO_MINUTES else f"{seconds / 60:.0f} minutes"


class RetryProgress:
    """When the server last gave an answer worth having, and what was waited for in vain."""

    def __init__(self) -> None:
        self.last = time.monotonic()
        self.outlasted: set[str] = set()
        """Codes of failures that went on for longer than anybody waits, this run."""
        self._said = 0.0

    def may_say(self) -> bool:
        """Tell whether it is time to say again that somebody waits; many threads may."""
        now = time.monotonic()
        if now - self._said < BETWEEN_WORDS:
            return False
        self._said = now
        return True

    def mark(self) -> None:
        """An answer came."""
        self.last = time.monotonic()


def _exponential(first: float) -> Generator[float, None, None]:
    waits = backoff.expo(base=2, factor=first, max_value=MAX_PAUSE)
    next(waits)  # the library's generators are primed by one empty step
    return waits


def _resets_at(seconds: float) -> str:
    """Say when a wait will be over, for whoever decides when to run again."""
    try:
        moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    except OverflowError:
        return ""
    return f"; the limit resets at {moment:%Y-%m-%d %H:%M} UTC"


def retry_after(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Read ``Retry-After``: seconds, or an HTTP date counted from the server's own clock.

    The answer's ``Date`` header is the clock where there is one, so that a wrong local clock does
    not matter. Nonsense and negative values count as not given and as zero.
    """
    text = headers.get("Retry-After")
    if not text:
        return None
    if _SECONDS.fullmatch(text.strip()):
        digits = text.strip().lstrip("+-0")
        if text.strip().startswith("-"):
            return 0.0
        return float(MAX_NAMED_WAIT if len(digits) > len(str(MAX_NAMED_WAIT)) else digits or 0)
    until = parse_http_date(text)
    if until is None:
        return None
    base = parse_http_date(headers.get("Date", "")) or now
    return max(0.0, (until - base).total_seconds())


@functools.lru_cache(16)
def parse_http_date(text: str) -> dt.datetime | None:
    """Parse an HTTP date (RFC 9110 section 5.6.7); nothing if it is none."""
    try:
        parsed = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else None
