"""From the receipts of all parts to one proof, one STATE, and the retiring of old rows."""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING

from singer_rest.errors import ConfigError, Outcome
from singer_rest.run import parts
from singer_rest.run.coverage import coverage
from singer_rest.run.outcomes import StreamResult
from singer_rest.run.reader import shrinkage
from singer_rest.run.runner import Runner
from singer_rest.sources.evidence import Proof, ProofKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from singer_rest.run.contract import JoinableStream, JoiningWriter, Run, Writer
    from singer_rest.run.parts import PartReceipt, StreamReceipt
    from singer_rest.run.plans import PartPlan

logger = logging.getLogger(__name__)


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
        self._joined: list[JoiningWriter] = []
        self._least = {one.name: one.joins_to_least for group in passes for one in group}

    def _read(self) -> None:
        self.run.credential_proof.renew()
        ended = []
        for streams in self.passes:
            self.run.receipts.begin([stream.name for stream in streams])
            for stream in streams:
                writer = self._new_joining_writer(stream)
                self._joined.append(writer)
                result, found = self._result(stream)
                self.report.add([result])
                if result.counts_as_complete:
                    ended.append((writer, result, found))
        for writer, result, found in ended:
            self._conclude_stream(writer, result, found)
        self.run.write_state()

    @property
    def _has_begun(self) -> bool:
        return bool(self._joined)

    def _writers(self) -> Iterable[Writer]:
        return self._joined

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

    def _conclude_stream(
        self, writer: JoiningWriter, result: StreamResult, found: Sequence[StreamReceipt]
    ) -> None:
        """Move the bookmark to where all parts have come, and retire what none of them brought."""
        stream, bookmarks = writer.stream, self.run.bookmarks
        least = self._least[stream.name]
        entries = bookmarks.state.setdefault("bookmarks", {})
        entries[stream.name] = parts.joined_bookmark(
            copy.deepcopy(entries.get(stream.name, {})),
            [one.bookmark for one in found],
            least=least,
        )
        bookmarks.refresh(stream.name)
        if bookmarks.resume(stream.name):  # of an earlier read, which this one has overtaken
            bookmarks.put_resume(stream.name, "")
            bookmarks.note_completed(stream.name, self.plan.created)
        writer.open()
        writer.adopt([one.key_digest for one in found])
        bookmarks.cover(stream.name, coverage(self.run, stream))
        if not stream.is_full_table:
            return
        before = self.plan.state.get("bookmarks", {}).get(stream.name, {}).get("complete_rows")
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
