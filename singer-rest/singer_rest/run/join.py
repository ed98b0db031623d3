"""From the receipts of all parts to one proof, one STATE, and the retiring of old rows."""

from __future__ import annotations

import copy
import dataclasses
import logging
from typing import TYPE_CHECKING, Any, cast

from singer_rest.errors import ConfigError, Outcome, Stopped, StreamError, TapError
from singer_rest.run import parts
from singer_rest.run.catching_up import CatchUpReader
from singer_rest.run.coverage import coverage
from singer_rest.run.outcomes import StreamResult
from singer_rest.run.reader import shrinkage
from singer_rest.run.runner import Runner
from singer_rest.sources.catching_up import Begun, Missed
from singer_rest.sources.evidence import Proof, ProofKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from singer_rest.run.contract import JoinableStream, JoiningWriter, Run, Writer
    from singer_rest.run.parts import PartReceipt, StreamReceipt
    from singer_rest.run.plans import PartPlan

logger = logging.getLogger(__name__)


@dataclasses.dataclass
class _Joined:
    """One stream on its way to an end."""

    writer: JoiningWriter
    result: StreamResult
    found: list[StreamReceipt]
    """Of the parts that have read it."""
    reader: CatchUpReader | None = None
    """What has read what they have missed, if anything can tell that."""

    @property
    def stream(self) -> JoinableStream:
        """Return which stream."""
        return cast("JoinableStream", self.writer.stream)


class JoinRunner(Runner["JoinableStream"]):
    """Ends a read that was made in parts as one that was made in a single run ends.

    Args:
        run: As it was when the plan was made.
        passes: All streams of the plan.
        new_writer: Makes the writer of a stream.
        plan: What was to be read.
        receipts: Of all its parts, checked.
    """

    def __init__(
        self,
        run: Run,
        passes: Sequence[Sequence[JoinableStream]],
        new_writer: Callable[[JoinableStream], JoiningWriter],
        plan: PartPlan,
        receipts: Sequence[PartReceipt],
    ) -> None:
        super().__init__(run, passes, new_writer)
        self.plan = plan
        self.receipts = receipts
        self._new_joining_writer = new_writer
        self._joined: list[_Joined] = []
        self._before: dict[str, Any] = {}
        """The bookmarks that the plan began with."""

    def _read(self) -> None:
        bookmarks = self.run.bookmarks.state.setdefault("bookmarks", {})
        self._before = copy.deepcopy(bookmarks)
        try:
            self.run.credential_proof.renew()
            for streams in self.passes:
                self._join_pass(streams)
            # Asks the server maybe, so before anything moves.
            covers = {
                one.stream.name: coverage(self.run, one.stream)
                for one in self._joined
                if one.result.counts_as_complete
            }
            self.run.credential_proof.renew()
        except (TapError, Stopped) as end:
            self._take_back(end)
            raise
        for one in self._joined:
            if one.result.counts_as_complete:
                self._conclude_stream(one, covers[one.stream.name])
        self.run.write_state()

    def _join_pass(self, streams: Sequence[JoinableStream]) -> None:
        """Add up what the parts have brought of one pass, and catch up with what they missed."""
        names = [stream.name for stream in streams]
        self.run.receipts.begin(names)
        self.run.progress.begin(names)
        joined = [
            _Joined(self._new_joining_writer(stream), *self._result(stream)) for stream in streams
        ]
        self._joined += joined
        self.report.add([one.result for one in joined])
        whole = [one for one in joined if one.result.counts_as_complete]
        if whole:
            self._catch_up(whole)
        self.run.progress.end([one.result for one in joined])

    def _catch_up(self, joined: Sequence[_Joined]) -> None:
        """Read what the parts of one pass have missed; nothing moves before that is all there."""
        try:
            source, missed = joined[0].stream.catch_up_source(self._begun(joined[0]))
        except StreamError as error:  # nobody knows when the present is, or the like
            for one in joined:
                one.result.outcome, one.result.accepted = error.outcome, False
                one.result.sentence, one.result.code = error.sentence, error.code
            return
        for one in joined:
            one.writer.open()
            ranges = parts.joined_ranges(one.found)
            if ranges is not None or missed is not Missed.CHANGES:
                one.writer.adopt([found.key_digest for found in one.found], ranges or ())
        if missed is Missed.NOTHING:
            return
        if missed is Missed.CHANGES:  # since where the parts have come to
            self._move_to_parts(joined)
        reader = CatchUpReader(self.run, [one.writer for one in joined], source, missed)
        for one, own in zip(joined, reader.run(), strict=True):
            reader.add_to(one.result, own)
            if one.result.counts_as_complete:
                one.reader = reader
            else:
                self._restore(one.stream.name)

    def _begun(self, one: _Joined) -> Begun:
        """Return what is known of the parts of a stream."""
        anchors = [p.anchor for p in self.plan.pieces if one.stream.name in p.streams and p.anchor]
        return Begun(
            anchor=anchors[0] if anchors else "",
            parents=parts.joined_parents(one.found),
            rows=one.result.rows,
        )

    def _move_to_parts(self, joined: Iterable[_Joined]) -> None:
        """Move bookmarks to where all parts have come."""
        bookmarks = self.run.bookmarks
        for one in joined:
            name = one.stream.name
            bookmarks.state["bookmarks"][name] = parts.joined_bookmark(
                copy.deepcopy(self._before.get(name, {})),
                [found.bookmark for found in one.found],
                least=one.stream.joins_to_least,
            )
            bookmarks.refresh(name)

    def _restore(self, name: str) -> None:
        """Put a bookmark back to where the plan began."""
        bookmarks = self.run.bookmarks.state["bookmarks"]
        bookmarks.pop(name, None)
        if name in self._before:
            bookmarks[name] = copy.deepcopy(self._before[name])
        self.run.bookmarks.refresh(name)

    def _take_back(self, end: TapError | Stopped) -> None:
        """Take it for incomplete whatever was joined: the run ended before anything moved."""
        for one in self._joined:
            self._restore(one.stream.name)
            if one.result.counts_as_complete:
                one.result.outcome, one.result.accepted = Outcome.PARTIAL, False
                one.result.sentence, one.result.code = end.sentence, end.code

    @property
    def _has_begun(self) -> bool:
        return bool(self._joined)

    def _writers(self) -> Iterable[Writer]:
        return [one.writer for one in self._joined]

    def _result(self, stream: JoinableStream) -> tuple[StreamResult, list[StreamReceipt]]:
        """Return how a stream ended over all parts, and its receipts."""
        found = [
            receipt.streams[stream.name]
            for receipt in self.receipts
            if stream.name in receipt.streams
        ]
        result = StreamResult(
            stream.name,
            Outcome.COMPLETE,
            rows=sum(one.rows for one in found),
            received=sum(one.received for one in found),
            duplicates=sum(one.duplicates for one in found),
            skipped=sum(one.skipped for one in found),
        )
        expected = [one.expected for one in found if one.expected is not None]
        if len(expected) == len(found):
            result.expected = sum(expected)
        covers = {str(one.bookmark.get("covers", "")) for one in found}
        bad = next((one for one in found if not one.counts_as_complete), None)
        if bad is not None:
            result.outcome, result.code = Outcome(bad.outcome), bad.code
            result.sentence = bad.sentence
        elif len(covers) > 1:
            result.outcome, result.code = Outcome.PARTIAL, "PART"
            result.sentence = "what stands behind this name changed while the parts were read"
        else:
            self._judge(result, found)
        return result, found

    @staticmethod
    def _judge(result: StreamResult, found: Sequence[StreamReceipt]) -> None:
        proofs = sorted({one.proof for one in found if one.proof})
        kinds = sorted({proof.split(":")[0] for proof in proofs})
        if len(found) == 1:
            result.proof = found[0].proof
        else:
            result.proof = str(Proof(ProofKind.EVERY_PART, f"{len(found)}, {', '.join(kinds)}"))
        accepted = [one for one in found if one.accepted]
        if accepted:
            result.outcome, result.accepted = Outcome.UNPROVED, True
            result.code, result.sentence = "UNPROVED", accepted[0].sentence

    def _conclude_stream(self, one: _Joined, covers: str) -> None:
        """Move the bookmark to where all parts have come, and retire what none of them brought."""
        stream, writer, result = one.stream, one.writer, one.result
        bookmarks, entries = self.run.bookmarks, self.run.bookmarks.state["bookmarks"]
        if one.reader is None or one.reader.missed is not Missed.CHANGES:
            self._move_to_parts([one])
        if one.reader is not None:
            one.reader.settle(writer, result)
        if bookmarks.resume(stream.name):  # of an earlier read, which this one has overtaken
            bookmarks.put_resume(stream.name, "")
            bookmarks.note_completed(stream.name, self.plan.created)
        bookmarks.cover(stream.name, covers)
        if not stream.is_full_table:
            return
        before = self._before.get(stream.name, {}).get("complete_rows")
        entries[stream.name].pop("complete_rows", None)
        if before is not None:
            bookmarks.note_rows(stream.name, before)
        note = shrinkage(self.run, stream, result.rows)
        if note:
            logger.warning("%s: %s", stream.name, note)
            result.notes.append(note)
            return
        writer.activate()
        bookmarks.note_rows(stream.name, result.rows)


class JoinLock:
    """Keeps a plan from being joined twice: at once, or one after the other.

    Args:
        plan: The file of the plan; what is noted stands beside it.

    Raises, when it is entered:
        ConfigError: The plan is being joined, or was.
    """

    def __init__(self, plan: Path) -> None:
        self._lock = plan.with_name(f"{plan.name}.joining")
        self._done = plan.with_name(f"{plan.name}.joined")
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        import fcntl  # noqa: PLC0415  # not on Windows
        import os  # noqa: PLC0415

        try:
            self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                "This plan is being joined by another process; wait for its end."
            ) from None
        except OSError as error:
            raise ConfigError(
                f"Beside the plan nothing can be written ({self._lock}: {error.strerror}), so "
                "nobody knows whether it is joined twice. Put it where it can."
            ) from None
        if self._done.exists():
            raise ConfigError(
                f"This plan was joined before. If that did not reach the target, and no later run "
                f"has, remove {self._done} and join again; otherwise make a new plan."
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import os  # noqa: PLC0415

        if error is None:
            self._done.touch()
        if self._descriptor is not None:
            os.close(self._descriptor)
