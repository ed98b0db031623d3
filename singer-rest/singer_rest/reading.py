"""One pass over a source, for the streams that share it, from first request to outcome."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from singer_rest.completeness import left_out
from singer_rest.emitter import Emitter
from singer_rest.errors import Fault, Outcome, RunFault, StatusFault, StreamFault
from singer_rest.outcomes import EXCUSABLE, StreamResult

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from singer_rest.errors import Stopped
    from singer_rest.pages import Page
    from singer_rest.sources import Source
    from singer_rest.streams import RestStream
    from singer_rest.tap import RestTap

logger = logging.getLogger(__name__)

NOT_ALLOWED = frozenset({401, 403})
NO_ROUTE = frozenset({404, 405, 410, 501})
SHRUNK_BELOW = 0.5
FEWEST_TO_JUDGE = 10
"""Smaller tables may well lose half of their rows in a day."""


class Pass:
    """Reads one source and writes what its streams make of it."""

    def __init__(self, tap: RestTap, streams: Sequence[RestStream]) -> None:
        self.tap = tap
        self.streams = streams
        self.emitters = [Emitter(stream, tap.version) for stream in streams]
        self.source: Source | None = None
        self.started = time.monotonic()

    @property
    def rows(self) -> dict[str, int]:
        """Return the records written so far, by stream."""
        return {emitter.stream.name: emitter.rows for emitter in self.emitters}

    @property
    def keyless_allowed(self) -> bool:
        """Whether rows without a key may be left out of a complete stream."""
        return bool(self.tap.config.get("allow_missing_keys"))

    def run(self) -> list[StreamResult]:
        """Read to the end and return the outcome of every stream.

        Raises:
            Fault: The run must end here.
            Stopped: A stop signal arrived.
        """
        try:
            self.source = self.streams[0].new_source()
            self.source.tally.keyless_allowed = self.keyless_allowed
            self._read(self.source)
        except StatusFault as fault:
            return self._failed(*judge_status(fault, self.streams[0].permission))
        except StreamFault as fault:
            return self._failed(fault.outcome, fault.sentence, fault.code, excused=fault.excused)
        except Fault:
            raise  # a credential or a setting that turns out wrong only now
        except Exception as error:
            # One stream's bug must not cost the others; the traceback is for us.
            logger.exception("Unexpected error in %s", self.streams[0].name)
            return self._failed(
                Outcome.FAILED,
                f"unexpected {type(error).__name__}, a bug in the tap; please report it with the "
                "log above.",
                "BUG",
            )
        return self._finish(self.source)

    def cut_short(self, end: RunFault | Stopped) -> list[StreamResult]:
        """Return how far the streams came when the run ended in the middle of them."""
        results = []
        for emitter in self.emitters:
            result = self._result(emitter)
            result.outcome, result.sentence, result.code = Outcome.PARTIAL, end.sentence, end.code
            results.append(result)
        return results

    def _read(self, source: Source) -> None:
        stop, progress = self.tap.stop, self.tap.progress
        pages = iter(source.pages())
        while True:
            with stop.interruptible():
                page = next(pages, None)
            if page is None:
                return
            self._write(page)
            progress.show(source, self.rows)
            stop.check()

    def _write(self, page: Page) -> None:
        for emitter in self.emitters:
            stream = emitter.stream
            partition = stream.partition_of(page)
            emitter.write(stream.rows(page), partition)
            if emitter.misfits.without_key and not self.keyless_allowed:
                continue  # no bookmark may pass a row that was left out
            if page.ends_parent and partition:
                self._move_bookmark(emitter, partition)
                self._write_state()
            elif page.complete_to is not None:
                self._move_bookmark(emitter, None, page.complete_to)
                self._write_state()

    def _write_state(self) -> None:
        """Write STATE, unless it would tell of rows that the target does not know yet."""
        if not any(emitter.waiting for emitter in self.emitters):
            self.tap.write_state()

    def _finish(self, source: Source) -> list[StreamResult]:
        results = []
        for emitter in self.emitters:
            emitter.open()
            emitter.flush()
            result = self._result(emitter)
            result.outcome, result.sentence = source.tally.outcome, source.tally.reason
            self._judge_keyless(emitter, result, source)
            if result.outcome is Outcome.COMPLETE:
                self._complete(emitter, result, source)
            elif not result.code:
                result.code = "INCOMPLETE"
            results.append(result)
        self.tap.write_state()
        return results

    def _judge_keyless(self, emitter: Emitter, result: StreamResult, source: Source) -> None:
        """Say how many rows were left out because they came without a key."""
        count = source.tally.without_key + emitter.misfits.without_key
        if not count:
            return
        sentence = left_out(count, emitter.stream.primary_keys)
        if self.keyless_allowed:
            logger.warning("%s: %s.", emitter.stream.name, sentence)
            result.notes.append(sentence)
            return
        result.outcome = Outcome.PARTIAL
        told = result.sentence in {"", left_out(source.tally.without_key)}
        more = "" if told else f"; {result.sentence}"
        result.sentence = f"{sentence}{more}. Mend it at the source, or set allow_missing_keys."

    def _complete(self, emitter: Emitter, result: StreamResult, source: Source) -> None:
        """Do what only a complete stream allows: move bookmarks, retire rows."""
        stream = emitter.stream
        if stream.replication_key and not stream.is_full_table:
            if not stream.move_bookmark(source) and not stream.state_partitioning_keys:
                self._move_bookmark(emitter, None)
            return
        if not stream.is_full_table:
            return
        before = self.tap.bookmarks.rows_last_time(stream.name)
        shrunk = (
            before is not None
            and before >= FEWEST_TO_JUDGE
            and emitter.rows < before * SHRUNK_BELOW
            and not self.tap.config.get("accept_fewer_rows")
        )
        if shrunk:
            note = (
                f"{emitter.rows} rows where the last complete run had {before}: rows were deleted "
                "or a permission was lost. Nothing is retired in the target until you set "
                "accept_fewer_rows."
            )
            logger.warning("%s: %s", stream.name, note)
            result.notes.append(note)
            return
        emitter.activate()
        self.tap.bookmarks.note_rows(stream.name, emitter.rows)

    def _move_bookmark(
        self, emitter: Emitter, partition: object, complete_to: dt.datetime | None = None
    ) -> None:
        """Move a bookmark to the greatest value seen, but never past the start of the run."""
        context = dict(partition) if isinstance(partition, dict) else None
        greatest = emitter.greatest.pop(frozenset((context or {}).items()), None)
        if greatest is not None:
            bound = min(self.tap.upper_bound, complete_to or self.tap.upper_bound)
            self.tap.bookmarks.advance(
                emitter.stream.name,
                emitter.stream.replication_key or "",
                min(greatest, bound),
                context,
            )

    def _result(self, emitter: Emitter) -> StreamResult:
        result = StreamResult(emitter.stream.name, Outcome.FAILED, rows=emitter.rows)
        result.seconds = round(time.monotonic() - self.started, 3)
        if self.source is not None:
            tally = self.source.tally
            result.expected = tally.expected
            result.received = tally.received
            result.duplicates = tally.duplicates
            result.skipped = tally.skipped
            result.proof = tally.proof
        for column, count in emitter.misfits.unfit.items():
            note = f"{count} values of {column} did not fit and are in _sdc_unparsed"
            logger.warning("%s: %s.", emitter.stream.name, note)
            result.notes.append(note)
        return result

    def _failed(
        self, outcome: Outcome, sentence: str, code: str, *, excused: bool = False
    ) -> list[StreamResult]:
        skips = self.tap.config.get("on_stream_error", "fail") == "skip"
        excused = excused or (skips and outcome in EXCUSABLE)
        results = []
        for emitter in self.emitters:
            emitter.flush()  # what came is whole, and bookmarks may have passed it
            result = self._result(emitter)
            result.outcome, result.sentence, result.code = outcome, sentence, code
            result.excused = excused
            logger.log(
                logging.WARNING if excused else logging.ERROR,
                "%s is %s: %s",
                result.stream,
                outcome.value,
                sentence,
            )
            results.append(result)
        return results


def judge_status(fault: StatusFault, permission: str) -> tuple[Outcome, str, str]:
    """Say what a status means for a stream: its outcome, the sentence with the remedy, the code."""
    if fault.code == "BLOCKED":  # no permission of the account would help
        return Outcome.FAILED, fault.sentence, fault.code
    if fault.status in NOT_ALLOWED:
        needs = f"; it needs {permission}" if permission else ""
        return (
            Outcome.FORBIDDEN,
            (
                f"{fault.sentence.rstrip('.')}{needs}. Grant it to the account, or deselect the "
                "stream."
            ),
            fault.code,
        )
    if fault.status in NO_ROUTE:
        return (
            Outcome.UNAVAILABLE,
            f"{fault.sentence.rstrip('.')}: this server does not have it. Deselect the stream.",
            fault.code,
        )
    return fault.outcome, fault.sentence, fault.code
