"""A whole run: the passes one after the other, isolated from each other, and the account."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from singer_rest.errors import Outcome, OutputClosedError, RunError, Stopped, TapError
from singer_rest.run import preflight, screen
from singer_rest.run.credential_proof import UnprovedCredentialError
from singer_rest.run.outcomes import RunReport, StreamResult
from singer_rest.run.reader import SourceReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from singer_rest.run.contract import ReadableStream, Run, Writer
    from singer_rest.sources.base import Source

logger = logging.getLogger(__name__)

StreamT = TypeVar("StreamT", bound="ReadableStream")


def group_passes(
    streams: Iterable[StreamT], first_sources: Sequence[str] = ()
) -> list[list[StreamT]]:
    """Group streams by the source they share.

    Args:
        streams: What is to be read.
        first_sources: Sources to read first; the others follow in the order of their names.

    Returns:
        The streams of each pass, in reading order.
    """
    order = {name: index for index, name in enumerate(first_sources)}

    def index(stream: StreamT) -> tuple[int, str]:
        return order.get(stream.source_key, len(order)), stream.source_key

    ordered = sorted(streams, key=lambda stream: (*index(stream), stream.name))
    return [list(group) for _key, group in itertools.groupby(ordered, key=index)]


class Runner(Generic[StreamT]):
    """Reads every pass, whatever becomes of the others.

    Args:
        run: What the passes share.
        passes: The selected streams, as :func:`group_passes` orders them.
        new_writer: Makes the writer of a stream when its pass begins.
    """

    def __init__(
        self,
        run: Run,
        passes: Sequence[Sequence[StreamT]],
        new_writer: Callable[[StreamT], Writer],
    ) -> None:
        self.run = run
        self.passes = passes
        self.report = run.account.report = RunReport()
        self._new_writer = new_writer
        self._readers: list[SourceReader] = []
        self._concluding: list[SourceReader] = []
        """Passes that have ended, and wait for a proof of the credential."""

    def read_all(self) -> None:
        """Check the state, connect, read everything, and say how it ended.

        Raises:
            TapError: The run did not succeed; the summary has been logged.
            Stopped: A stop signal arrived; the last STATE has been written.
        """
        started = time.monotonic()
        selected = list(itertools.chain.from_iterable(self.passes))
        try:
            with self.run.progress.running():
                self._begin(selected)
                self._read()
            error = self.report.error()
            if error is not None:
                raise error
            self._close_receipts()
            self.report.exit_code = 0
        except (TapError, Stopped) as end:
            self.report.end(end, [stream.name for stream in selected])
            if self._has_begun and not isinstance(end, OutputClosedError):
                with contextlib.suppress(OutputClosedError):
                    self._close_receipts()
            raise
        finally:
            self.run.prefetch.close()
            self._log_report(started)
            self.run.account.end(
                self.report.exit_code, self.report.error_code, self.report.last_line
            )

    def _begin(self, selected: Sequence[StreamT]) -> None:
        bookmarks = self.run.bookmarks
        bookmarks.check_owner(
            self.run.name, self.run.streams.keys(), streams_vary=self.run.dynamic_catalog
        )
        preflight.validate_bookmarks(self.run, selected)
        if bookmarks.state:
            self.run.write_state()
        preflight.connect(self.run, selected)

    def _read(self) -> None:
        for streams in self._passes_to_read():
            names = [stream.name for stream in streams]
            logger.info("Reading %s", ", ".join(names))
            self.run.progress.begin(names)
            reader = SourceReader(self.run, [self._new_writer(stream) for stream in streams])
            self._readers.append(reader)
            try:
                self._take(reader, reader.run())
            except (RunError, Stopped) as end:
                if reader not in self._concluding:
                    self.report.add(reader.cut_short(end))
                self._break_off(end)
                raise
        try:
            self.run.credential_proof.renew()
        except RunError as end:
            self._break_off(end)
            if not isinstance(end, UnprovedCredentialError):
                raise  # a server that cannot be asked has its place in the account of the streams
        self._conclude()

    def _take(self, reader: SourceReader, results: Sequence[StreamResult]) -> None:
        self._concluding.append(reader)
        self.report.add(results)
        self.run.progress.end(results)
        if self.run.credential_proof.holds():
            self._conclude()

    def _conclude(self) -> None:
        """Let the passes that ended before the credential was proved take effect."""
        while self._concluding:
            self._concluding[0].conclude()
            del self._concluding[0]

    def _break_off(self, end: RunError | Stopped) -> None:
        """Judge the passes that had ended, and were waiting for a proof of the credential."""
        try:
            if isinstance(end, Stopped):
                self.run.credential_proof.renew()
                self._conclude()
        except (RunError, Stopped) as failure:
            end = failure
        # What was read since the last proof may be what a guest is shown.
        for waiting in self._concluding:
            for result in waiting.results:
                if result.counts_as_complete:
                    result.outcome, result.accepted = Outcome.PARTIAL, False
                    result.sentence, result.code = end.sentence, end.code
        self._concluding.clear()

    @property
    def _has_begun(self) -> bool:
        """Whether any stream has been begun."""
        return bool(self._readers)

    @property
    def sources(self) -> dict[str, Source]:
        """Return what every stream was read from, as far as it was begun."""
        return {
            stream.name: reader.source
            for reader in self._readers
            for stream in reader.streams
            if reader.source is not None
        }

    def _writers(self) -> Iterable[Writer]:
        """Yield what has written the streams that were begun."""
        for one in self._readers:
            yield from one.writers

    def _close_receipts(self) -> None:
        """Give every selected stream its last receipt, also those that were never begun."""
        writers = {writer.stream.name: writer for writer in self._writers()}
        for result in self.report.results:
            self.run.receipts.close(writers.get(result.stream), result)

    def _passes_to_read(self) -> Iterator[Sequence[StreamT]]:
        """Yield the passes; none after a stream that the setting lets stop the run."""
        for streams in self.passes:
            if self.run.options.on_stream_error == "stop" and self.report.bad:
                reason = "on_stream_error is stop"
                self.report.add(
                    [StreamResult(s.name, Outcome.SKIPPED, sentence=reason) for s in streams]
                )
                continue
            yield streams

    def _log_report(self, started: float) -> None:
        transport = self.run.transport
        traffic = transport.traffic
        self.report.requests, self.report.retries = traffic.requests, traffic.retries
        self.report.waited = transport.rate_limit.waited
        self.report.seconds = time.monotonic() - started
        if self.report.begun:
            lines = screen.summary(
                self.report,
                tap=self.run.name,
                unread=self.run.unread_opt_in,
                colours=screen.wants_colours(),
            )
            screen.show(lines, self.run.redactor, plain=self.run.account.is_of_a_command)
