"""One pass over a source, for the streams that share it, from first request to outcome."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from singer_rest.errors import Outcome, OutputClosedError, StatusError, StreamError, TapError
from singer_rest.run.outcomes import EXCUSABLE, StreamResult, judge_status
from singer_rest.sources.evidence import left_out

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from singer_rest.errors import RunError, Stopped
    from singer_rest.run.contract import Run, Writer
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page

logger = logging.getLogger(__name__)

SHRUNK_BELOW = 0.5
MIN_TO_JUDGE = 10
"""Smaller tables may well lose half of their rows in a day."""


class SourceReader:
    """Reads one source and writes what its streams make of it.

    Args:
        run: What this pass shares with the others.
        writers: One for every stream of the pass.
    """

    def __init__(self, run: Run, writers: Sequence[Writer]) -> None:
        self.shared = run
        self.streams = [writer.stream for writer in writers]
        self.writers = writers
        self.source: Source | None = None
        self.started = time.monotonic()
        self._state_pending = False
        """Whether a bookmark has moved since STATE was written."""

    @property
    def rows(self) -> dict[str, int]:
        """Return the records written so far, by stream."""
        return {writer.stream.name: writer.rows for writer in self.writers}

    @property
    def keyless_allowed(self) -> bool:
        """Whether rows without a key may be left out of a complete stream."""
        return self.shared.options.allow_missing_keys

    def run(self) -> list[StreamResult]:
        """Read to the end and return the outcome of every stream.

        Raises:
            TapError: The run must end here.
            Stopped: A stop signal arrived.
        """
        try:
            self.source = self.streams[0].new_source()
            self.source.evidence.keyless_allowed = self.keyless_allowed
            self._read(self.source)
        except StatusError as failure:
            return self._failed(*judge_status(failure, self.streams[0].permission))
        except StreamError as failure:
            return self._failed(
                failure.outcome, failure.sentence, failure.code, excused=failure.excused
            )
        except TapError:
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

    def cut_short(self, end: RunError | Stopped) -> list[StreamResult]:
        """Return how far the streams came when the run ended in the middle of them.

        Raises:
            OutputClosedError: The last STATE could not be written.
        """
        results = []
        for writer in self.writers:
            result = self._result(writer)
            result.outcome, result.sentence, result.code = Outcome.PARTIAL, end.sentence, end.code
            results.append(result)
        if self._state_pending and self._all_told and not isinstance(end, OutputClosedError):
            self.shared.write_state()
        return results

    def _read(self, source: Source) -> None:
        stop, progress = self.shared.stop, self.shared.progress
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
        for writer in self.writers:
            stream = writer.stream
            partition = stream.partition_of(page)
            writer.write(stream.rows(page), partition)
            if writer.rejected.without_key and not self.keyless_allowed:
                continue  # no bookmark may pass a row that was left out
            if page.ends_parent and partition:
                self._move_bookmark(writer, partition)
                self._offer_state()
            elif page.complete_to is not None:
                self._move_bookmark(writer, None, page.complete_to)
                self._offer_state()

    @property
    def _all_told(self) -> bool:
        """Whether the target knows of every row that the bookmarks have passed."""
        return not any(writer.waiting for writer in self.writers)

    def _offer_state(self) -> None:
        self._state_pending = not (self._all_told and self.shared.offer_state())

    def _finish(self, source: Source) -> list[StreamResult]:
        results = []
        for writer in self.writers:
            writer.open()
            writer.flush()
            result = self._result(writer)
            result.outcome, result.sentence = source.evidence.outcome, source.evidence.reason
            self._judge_keyless(writer, result, source)
            if result.outcome is Outcome.COMPLETE:
                self._complete(writer, result, source)
            elif not result.code:
                result.code = "INCOMPLETE"
            results.append(result)
        self.shared.write_state()
        return results

    def _judge_keyless(self, writer: Writer, result: StreamResult, source: Source) -> None:
        """Say how many rows were left out because they came without a key."""
        count = source.evidence.without_key + writer.rejected.without_key
        if not count:
            return
        sentence = left_out(count, writer.stream.primary_keys)
        if self.keyless_allowed:
            logger.warning("%s: %s.", writer.stream.name, sentence)
            result.notes.append(sentence)
            return
        result.outcome = Outcome.PARTIAL
        told = result.sentence in {"", left_out(source.evidence.without_key)}
        more = "" if told else f"; {result.sentence}"
        result.sentence = f"{sentence}{more}. Mend it at the source, or set allow_missing_keys."

    def _complete(self, writer: Writer, result: StreamResult, source: Source) -> None:
        """Do what only a complete stream allows: move bookmarks, retire rows."""
        stream = writer.stream
        if stream.replication_key and not stream.is_full_table:
            if not stream.move_bookmark(source) and not stream.state_partitioning_keys:
                self._move_bookmark(writer, None)
            return
        if not stream.is_full_table:
            return
        before = self.shared.bookmarks.rows_last_time(stream.name)
        shrunk = (
            before is not None
            and before >= MIN_TO_JUDGE
            and writer.rows < before * SHRUNK_BELOW
            and not self.shared.options.accept_fewer_rows
        )
        if shrunk:
            note = (
                f"{writer.rows} rows where the last complete run had {before}: rows were deleted "
                "or a permission was lost. Nothing is retired in the target until you set "
                "accept_fewer_rows."
            )
            logger.warning("%s: %s", stream.name, note)
            result.notes.append(note)
            return
        writer.activate()
        self.shared.bookmarks.note_rows(stream.name, writer.rows)

    def _move_bookmark(
        self, writer: Writer, partition: object, complete_to: dt.datetime | None = None
    ) -> None:
        """Move a bookmark to the greatest value seen, but never past the start of the run."""
        context = dict(partition) if isinstance(partition, dict) else None
        greatest = writer.greatest.pop(frozenset((context or {}).items()), None)
        if greatest is not None:
            bound = min(self.shared.upper_bound, complete_to or self.shared.upper_bound)
            self.shared.bookmarks.advance(
                writer.stream.name,
                writer.stream.replication_key or "",
                min(greatest, bound),
                context,
            )

    def _result(self, writer: Writer) -> StreamResult:
        result = StreamResult(writer.stream.name, Outcome.FAILED, rows=writer.rows)
        result.seconds = round(time.monotonic() - self.started, 3)
        if self.source is not None:
            evidence = self.source.evidence
            result.expected = evidence.expected
            result.received = evidence.received
            result.duplicates = evidence.duplicates
            result.skipped = evidence.skipped
            result.proof = evidence.proof
        for column, count in writer.rejected.unfit.items():
            note = f"{count} values of {column} did not fit and are in _sdc_unparsed"
            logger.warning("%s: %s.", writer.stream.name, note)
            result.notes.append(note)
        return result

    def _failed(
        self, outcome: Outcome, sentence: str, code: str, *, excused: bool = False
    ) -> list[StreamResult]:
        skips = self.shared.options.on_stream_error == "skip"
        excused = excused or (skips and outcome in EXCUSABLE)
        results = []
        for writer in self.writers:
            writer.flush()  # what came is whole, and bookmarks may have passed it
            result = self._result(writer)
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
        if self._state_pending:
            self.shared.write_state()
        return results
