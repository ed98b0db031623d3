"""One pass over a source, for the streams that share it, from first request to outcome."""

from __future__ import annotations

import functools
import logging
import time
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, OutputClosedError, StatusError, StreamError, TapError
from singer_rest.run import resume
from singer_rest.run.coverage import coverage
from singer_rest.run.outcomes import EXCUSABLE, StreamResult, judge_status
from singer_rest.sources.evidence import left_out

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from singer_rest.errors import RunError, Stopped
    from singer_rest.run.contract import ReadableStream, Run, Writer
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page

logger = logging.getLogger(__name__)


SHRUNK_BELOW = 0.5
MIN_TO_JUDGE = 10
"""Smaller tables may well lose half of their rows in a day."""


def shrinkage(run: Run, stream: ReadableStream, rows: int) -> str:
    """Say that far fewer rows came than last time; nothing if that is no reason to wait."""
    if not stream.is_full_table or run.options.accept_fewer_rows:
        return ""
    before = run.bookmarks.rows_last_time(stream.name)
    if before is None or before < MIN_TO_JUDGE or rows >= before * SHRUNK_BELOW:
        return ""
    return (
        f"{rows} rows where the last complete run had {before}: rows were deleted or a permission "
        "was lost. Nothing is retired in the target until you set accept_fewer_rows."
    )


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
        self.results: list[StreamResult] = []
        self._read_to_end = False
        self._state_pending = False
        """Whether bookmarks have moved since the last STATE."""
        self._waiting: list[Callable[[], None]] = []
        """What moves bookmarks once the credential is proved again."""

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
        names = [stream.name for stream in self.streams]
        self.shared.receipts.begin(names)
        try:
            return self._run()
        finally:
            self.shared.receipts.end(names)

    def _run(self) -> list[StreamResult]:
        """Read to the end, and make an outcome of whatever ends a stream."""
        try:
            self.source = self.new_source()
            self.source.evidence.keyless_allowed = self.keyless_allowed
            self._read(self.source)
        except StatusError as failure:
            return self._failed(*judge_status(failure, self.streams[0].permission))
        except StreamError as failure:
            return self._failed(
                failure.outcome, failure.sentence, failure.code, absent=failure.absent
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
        self._read_to_end = True
        self.results = self._judge(self.source)
        return self.results

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

    def new_source(self) -> Source:
        """Return what is read, for all streams of the pass."""
        return self.streams[0].part_source()

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
            partition = stream.find_partition(page)
            writer.write(stream.rows(page), partition)
            if page.position and self.source is not None:
                text = resume.mark_text(writer, self.source, page)
                self._wait(functools.partial(self.shared.bookmarks.put_resume, stream.name, text))
            if writer.rejected.without_key and not self.keyless_allowed:
                continue  # no bookmark may pass a row that was left out
            if page.ends_parent and partition:
                self._mark(writer, partition)
            elif page.complete_to is not None:
                self._mark(writer, None, page.complete_to)

    def _mark(
        self,
        writer: Writer,
        partition: Mapping[str, Any] | None,
        complete_to: dt.datetime | None = None,
    ) -> None:
        """Move a bookmark in the middle of a pass, as soon as the credential is proved."""
        self._wait(functools.partial(self._move_bookmark, writer, partition, complete_to))

    def _wait(self, move: Callable[[], None]) -> None:
        self._waiting.append(move)
        if self.shared.credential_proof.holds():
            self._move_waiting()
            self._offer_state()

    def _move_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for move in waiting:
            move()

    @property
    def _all_told(self) -> bool:
        """Whether the target knows of every row that the bookmarks have passed."""
        return not any(writer.waiting for writer in self.writers)

    def _offer_state(self) -> None:
        self._state_pending = not (self._all_told and self.shared.offer_state())

    def _judge(self, source: Source) -> list[StreamResult]:
        """Give every stream its verdict; nothing is retired and no bookmark moves yet."""
        verdict = source.evidence.verdict
        results = []
        for writer in self.writers:
            writer.open()
            writer.flush()
            result = self._result(writer)
            result.outcome, result.sentence = verdict.outcome, verdict.reason
            result.notes += source.evidence.notes
            self._judge_keyless(writer, result, source)
            name = writer.stream.name
            if result.outcome is Outcome.UNPROVED and self.shared.options.accepts_unproved(name):
                result.accepted = not self._has_shrunk(writer, result)
            if result.outcome is Outcome.UNPROVED:
                result.code = "UNPROVED"
                result.sentence = (
                    f"{result.sentence} (accepted)"
                    if result.accepted
                    else f"{result.sentence}. If you know that this is all, name the stream in "
                    "accept_unproved."
                )
            elif result.outcome is not Outcome.COMPLETE:
                result.code = "INCOMPLETE"
            results.append(result)
        return results

    def conclude(self) -> None:
        """Do what the verdicts allow: move bookmarks and retire rows; the credential is proved.

        A server that goes on answering when a credential dies answers with less, and says nothing.
        So this waits for a proof that the credential was good after the pass had ended.
        """
        covers = {  # asks the server maybe, so before anything moves
            result.stream: coverage(self.shared, writer.stream)
            for writer, result in zip(self.writers, self.results, strict=False)
            if result.counts_as_complete
        }
        self._move_waiting()
        for writer, result in zip(self.writers, self.results, strict=False):
            if result.counts_as_complete and self.source is not None:
                self._complete(writer, result, self.source)
                self.shared.bookmarks.cover(writer.stream.name, covers[result.stream])
            if self._read_to_end:  # otherwise the mark says where the next run goes on
                resume.end(self.shared, writer.stream, complete=result.counts_as_complete)
            self.shared.receipts.close(writer, result)
        self.shared.write_state()

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
        if self._has_shrunk(writer, result):
            return
        writer.activate()
        self.shared.bookmarks.note_rows(stream.name, resume.written(writer, source))

    def _has_shrunk(self, writer: Writer, result: StreamResult) -> bool:
        """Whether so many rows are gone that nothing is retired before somebody says so."""
        note = shrinkage(self.shared, writer.stream, resume.written(writer, self.source))
        if not note:
            return False
        logger.warning("%s: %s", writer.stream.name, note)
        result.notes.append(note)
        return True

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
        if context and (mark := writer.stream.partition_mark(context)):
            self.shared.bookmarks.put_mark(writer.stream.name, context, mark)

    def _result(self, writer: Writer) -> StreamResult:
        result = StreamResult(writer.stream.name, Outcome.FAILED, rows=writer.rows)
        result.seconds = round(time.monotonic() - self.started, 3)
        if self.source is not None:
            evidence = self.source.evidence
            made = writer.rows + writer.rejected.without_key
            if made == evidence.received:  # else it counts what the rows were made of
                result.expected = evidence.expected
            result.received = evidence.received
            result.duplicates = evidence.duplicates
            result.skipped = evidence.skipped
            result.proof = str(evidence.proof or "")
        for column, count in writer.rejected.unfit.items():
            note = f"{count} values of {column} did not fit and are in _sdc_unparsed"
            logger.warning("%s: %s.", writer.stream.name, note)
            result.notes.append(note)
        return result

    def _failed(
        self, outcome: Outcome, sentence: str, code: str, *, absent: bool = False
    ) -> list[StreamResult]:
        skips = self.shared.options.on_stream_error == "skip"
        excused = skips and outcome in EXCUSABLE
        results = self.results
        for writer in self.writers:
            writer.flush()  # what came is whole, and bookmarks may have passed it
            result = self._result(writer)
            result.outcome, result.sentence, result.code = outcome, sentence, code
            result.excused = excused
            if absent and self._may_be_skipped(writer):
                result.outcome = Outcome.SKIPPED
            level = logging.WARNING if result.good else logging.ERROR
            shown = result.outcome.value
            logger.log(level, "%s is %s: %s", result.stream, shown, sentence)
            results.append(result)
        if self._state_pending:
            self.shared.write_state()
        return results

    def _may_be_skipped(self, writer: Writer) -> bool:
        """Whether nobody asked for this stream, and it was never there: no loss tonight."""
        name = writer.stream.name
        return not writer.stream.is_named and not self.shared.bookmarks.was_complete(name)
