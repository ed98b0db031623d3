"""How much to ask for at once: as much as the user set, less while the server cannot take it.

Both ways: a few heavy rows or a passing time-out must not make all later pages small. After
trouble the extent grows again as soon as answers come easily; where growing brings the trouble
back, it is tried by smaller steps and ever more seldom.
"""

from __future__ import annotations

import math
import threading

MAX_STEP = 8.0
MIN_STEP = 1.25
MAX_PATIENCE = 256
"""Good answers before growing is tried again, at the most."""
QUICK = 10.0
"""Seconds; a longer answer does not invite to ask for more."""


class Extent:
    """An amount that shrinks with trouble and grows back; safe to use from several threads.

    Args:
        maximum: What is asked for while there is no trouble.
        ceiling: Bytes an answer may have; nothing where size is no matter.
        roomy: Below it, shrinking goes faster: trouble with so little has another reason.
        start: Where to begin, if not with the maximum.
    """

    def __init__(
        self,
        maximum: int,
        *,
        ceiling: float = math.inf,
        roomy: int = 100,
        start: int | None = None,
    ) -> None:
        self.maximum = max(1, maximum)
        self.value = self.maximum if start is None else min(start, self.maximum)
        self._room = ceiling / 2
        self._roomy = roomy
        self._lock = threading.Lock()
        self._good = 0
        """The largest amount that has been answered."""
        self._before: int | None = None
        """What the amount has just grown from, until there is an answer."""
        self._stumbled = False
        self._step = MAX_STEP
        self._patience = 1
        self._calm = 0

    def shrink_after_timeout(self, tried: int) -> bool:
        """Take less after a time-out.

        What has been answered before is asked for once more as it is: most time-outs pass.

        Args:
            tried: What was asked for.

        Returns:
            Whether there is anything left to be tried.
        """
        with self._lock:
            if tried > self.value:
                return True  # another thread has seen to it
            self.value = tried
            if tried <= self._good and not self._stumbled:
                self._stumbled = True
                return True
            if tried == 1:
                return False
            half = max(self._roomy, tried // 2) if tried > self._roomy else max(1, tried // 10)
            self._shrink(half)
            return True

    def shrink_after_weight(self, tried: int) -> bool:
        """Take much less after an answer that was too large.

        Args:
            tried: What was asked for.

        Returns:
            Whether there is anything left to be tried.
        """
        with self._lock:
            if tried > self.value:
                return True
            if tried == 1:
                return False
            self.value = tried
            self._shrink(max(1, int(tried / MAX_STEP)))
            return True

    def note(self, asked: int, rows: int, size: int, seconds: float) -> None:
        """Note a good answer; the next one may be larger.

        Args:
            asked: For how much.
            rows: How many came.
            size: Bytes of the answer.
            seconds: How long it took.
        """
        with self._lock:
            self._good = max(self._good, asked)
            self._stumbled = False
            if self._before is not None and asked >= self.value:
                self._before, self._patience = None, 1
            weight = size / rows if rows else 0.0
            fits = max(1, int(min(self._room / weight, self.maximum))) if weight else self.maximum
            if self.value > fits:
                self.value = fits
                return
            self._calm += 1
            easy = seconds <= QUICK and self._calm >= self._patience
            larger = min(self.maximum, math.ceil(self.value * self._step), fits)
            if easy and larger > self.value:
                self._calm = 0
                self._before, self.value = self.value, larger

    def _shrink(self, value: int) -> None:
        if self._before is not None:
            # Growing was too early, or too much at once.
            value, self._before = self._before, None
            self._step = max(MIN_STEP, math.sqrt(self._step))
            self._patience = min(MAX_PATIENCE, self._patience * 4)
        self.value = value
        self._good = min(self._good, value)
        self._stumbled = False
        self._calm = 0
