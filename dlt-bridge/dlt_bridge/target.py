"""The Singer target: loads the messages on its input and answers with the STATE that is safe."""

from __future__ import annotations

import logging
import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from dlt_bridge.error_translation import full_disk_named
from dlt_bridge.errors import ProofError
from dlt_bridge.findings import PROOFS
from dlt_bridge.loader import Loader
from dlt_bridge.messages import Message, MessageReader
from dlt_bridge.receipts import RECEIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dlt_bridge.run_report import RunReport
    from dlt_bridge.settings import Settings

logger = logging.getLogger(__name__)

_LATEST: Final = 2
"""How many times the wanted number of rows may be kept while no STATE comes."""


_MAX_LONG_BYTES: Final = 48 * 2**20
"""How many bytes of long records are loaded at once: a destination such as DuckDB keeps several
copies of them in memory."""


class Target:
    """One run of the target.

    Args:
        settings: Checked settings.
        state_output: The file descriptor STATE goes to.
        check_stop: Called before anything is loaded or passed on; raises to end the run.
        report: Gets told what was done.
    """

    def __init__(
        self,
        settings: Settings,
        state_output: int,
        check_stop: Callable[[], None],
        report: RunReport,
    ) -> None:
        self._check_stop = check_stop
        self._report = report
        report.destination, report.dataset = settings.destination, settings.dataset_name
        report.pipeline = settings.pipeline_name
        self._settings = settings
        self._output = state_output
        self._state: bytes | None = None
        self._held_state: bytes | None = None
        self._told: bytes | None = None
        self._covered = 0
        self._held_covered = 0
        self._last_load = time.monotonic()

    def run(self, lines: Iterable[bytes]) -> None:
        """Load everything.

        Rows are loaded in packages. STATE is passed on when the package with the rows before
        it is at the destination; on an error, what was not loaded yet is dropped, so that the
        next run continues from the last STATE that was passed on.

        Args:
            lines: The input.

        Raises:
            BridgeError: On any error a user can do something about.
        """
        with (
            Loader(self._settings) as loader,
            full_disk_named(),
            ExitStack() as at_the_end,
        ):
            self._loader = loader
            self._intake = loader.make_intake()
            at_the_end.callback(self._report.note_streams, self._intake.streams)
            at_the_end.callback(self._report.note_proofs, loader.verifier.findings)
            limit = self._settings.batch_size_rows * _LATEST
            read = MessageReader().read
            begun = False
            for line in lines:
                message = read(line)
                if message is None:
                    continue
                if not begun:
                    begun = True
                    self._begin(message)
                if message.type == "RECORD" and message.stream == RECEIPTS:
                    loader.verifier.take(bytes(message.record))
                if message.type == "STATE":
                    self._take_state(message)
                elif self._intake.take(message, len(line)) and (
                    self._intake.rows >= limit or self._intake.long_bytes >= _MAX_LONG_BYTES
                ):
                    self._load()
            if not begun:
                loader.begin(None)
            self._intake.finish(self._held_state or self._state or self._told)
            self._release_state()
            self._load()
            loader.verifier.keep()
            for failure in self._intake.failures.values():
                raise failure
            self._raise_unproved()
            loader.finish()

    def _begin(self, first: Message) -> None:
        # Taps of the Singer SDK first of all repeat the STATE they were given.
        repeats = first.type == "STATE"
        self._loader.begin(bytes(first.value).decode() if repeats else None)

    def _take_state(self, message: Message) -> None:
        self._held_state = bytes(message.value)
        self._held_covered = self._intake.sequence
        if self._intake.has_open_snapshot:
            return
        self._release_state()
        rows = self._intake.rows
        waited = time.monotonic() - self._last_load
        if (
            not rows
            or rows >= self._settings.batch_size_rows
            or waited >= self._settings.batch_wait_limit_seconds
        ):
            self._load()

    def _release_state(self) -> None:
        """Let the last STATE go with the next load: nothing before it is held back."""
        if self._held_state is not None and not self._intake.failures:
            self._state, self._covered = self._held_state, self._held_covered
            self._held_state = None

    def _load(self) -> None:
        packages = self._intake.take_packages()
        # What Arrow keeps for later is of no use to the destination's own memory.
        pa.default_memory_pool().release_unused()
        for package in packages:
            self._check_stop()
            self._loader.load(package)
            self._report.note_load(package)
        self._loader.check_receipts(self._intake)
        self._last_load = time.monotonic()
        self._check_stop()
        if self._state is not None and not self._loader.verifier.failures:
            self._loader.acknowledging(self._covered, self._state.decode())
            self._write(self._state + b"\n")
            self._loader.acknowledged()
            self._report.states += 1
            self._told, self._state = self._state, None

    def _raise_unproved(self) -> None:
        """End the run if a table does not hold what was sent: its STATE was not passed on."""
        wrong = self._loader.verifier.failures
        if not wrong:
            return
        more = f" (and {len(wrong) - 1} more, see above)" if len(wrong) > 1 else ""
        raise ProofError(
            f"A table does not hold what was sent. {wrong[0].sentence}{more}. The STATE behind it "
            "is held back, so that the next run sends these rows again; see the table "
            f"{PROOFS}, and look for what else writes to that table."
        )

    def _write(self, text: bytes) -> None:
        while text:
            text = text[os.write(self._output, text) :]
