"""What proves that all of a pass was read, and the one place that gives its verdict.

A pass is COMPLETE when something *proves* it, never because nothing contradicts. The proofs are a
closed set, :class:`ProofKind`; a verdict of COMPLETE cannot be made without one. Where the end that
the server showed was reached, nothing contradicts and nothing proves it, the verdict is UNPROVED.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from singer_rest.errors import Outcome, StreamError

if TYPE_CHECKING:
    from collections.abc import Sequence


class LoopError(StreamError):
    """The server gives the same page again."""

    code = "PAGE-LOOP"


class IncompleteError(StreamError):
    """Not all of a list could be read."""

    code = "INCOMPLETE"
    outcome = Outcome.PARTIAL


class ProofKind(enum.Enum):
    """The positive reasons to believe that all rows came; the values are what users read."""

    ONE_ANSWER = "one answer"
    """The whole list in one page, and the server or its documentation says that this is all."""
    LEARNED_CAP = "page below a known cap"
    """The page is shorter than one that this route has given: a cap would have cut there."""
    OVERLAPPING_PAGES = "overlapping pages in order"
    """Every page began with a known row, keys rose or fell throughout, and the end was shown."""
    TWO_PASSES = "two passes with the same keys"
    KEYS_IN_ORDER = "keys in order up to the highest"
    """Windows between existing keys, each ending with a key that had to come."""
    CLOSED_WINDOW = "closed windows"
    """Spans of time that nothing is added to any more, each in one page with its total."""
    BACK_TO_BOOKMARK = "newest first back to the bookmark"
    CURSOR_END = "cursor to its end"
    EVERY_PARENT = "every parent"
    """A proved list of parents, and a proof for what each of them has."""
    RECORD_ASKED_FOR = "the record asked for"
    BOTH_ENDS = "read from both ends"
    EVERY_PART = "every part"
    """Spans that tile the whole, each read by a process of its own, with a proof for each."""


@dataclasses.dataclass(frozen=True)
class Proof:
    """One reason to believe that all rows came."""

    kind: ProofKind
    detail: str = ""
    """What was seen, for the summary: ``total 350``."""

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail}" if self.detail else self.kind.value


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How a pass over a source ended.

    Raises:
        ValueError: COMPLETE without a proof.
    """

    outcome: Outcome
    proof: Proof | None = None
    reason: str = ""
    """Why it is not complete; empty if it is."""

    def __post_init__(self) -> None:
        if self.outcome is Outcome.COMPLETE and self.proof is None:
            raise ValueError("a pass is complete by a proof only")


NO_PROOF = "the end that the server shows was reached, but nothing proves that all rows came"


@dataclasses.dataclass
class Evidence:
    """What one pass over a source has shown so far: counts, contradictions, doubts, a proof."""

    expected: int | None = None
    """Rows the server counts, as it said last."""
    received: int = 0
    """Distinct rows."""
    duplicates: int = 0
    """Rows that came again; identical ones are written once."""
    rereads: int = 0
    """Passes after the first."""
    pages: int = 0
    pages_expected: int | None = None
    parents: int = 0
    parents_expected: int | None = None
    repeated: int = 0
    """Rows that came again because they may have changed since; they are written again."""
    skipped: int = 0
    """Parents that vanished between the list and their own request."""
    without_key: int = 0
    """Rows left out because nothing tells which they are."""
    rejected: int = 0
    """Rows that are no rows: of a wrong type."""
    keyless_allowed: bool = False
    """Whether rows without a key may be missing from a complete pass."""
    proof: Proof | None = None
    """What proves that all rows came, if anything does."""
    problems: list[str] = dataclasses.field(default_factory=list)
    """Contradictions and losses, as sentences: reasons why the pass is PARTIAL."""
    doubts: list[str] = dataclasses.field(default_factory=list)
    """Reasons why nothing proves the pass, as sentences: it is UNPROVED at best."""
    notes: list[str] = dataclasses.field(default_factory=list)
    """What the summary says beside, of a complete pass too."""

    def prove(self, kind: ProofKind, detail: str = "") -> None:
        """Note what proves that all rows came."""
        self.proof = Proof(kind, detail)

    def contradict(self, sentence: str) -> None:
        """Note that rows are missing, or that the server contradicts itself."""
        self.problems.append(sentence.rstrip("."))

    def doubt(self, sentence: str) -> None:
        """Note why nothing proves that all rows came."""
        self.doubts.append(sentence.rstrip("."))

    def expect(self, total: int) -> None:
        """Note how many rows the server says there are."""
        self.expected = total

    def absorb(self, part: Evidence, what: str = "") -> None:
        """Add the account of a part: of one parent, one window, one batch of types.

        The part's verdict counts: a part that is not complete makes the whole not complete.

        Args:
            part: The account; it is at its end.
            what: Names the part in sentences.
        """
        self.received += part.received
        self.duplicates += part.duplicates
        self.rereads += part.rereads
        self.repeated += part.repeated
        self.pages += part.pages
        self.without_key += part.without_key
        self.rejected += part.rejected
        self._take_reasons(part, what)

    def inherit(self, part: Evidence, what: str = "") -> None:
        """Take over the verdict of something this pass stands on, without its counts."""
        self._take_reasons(part, what)
        if part.outcome is Outcome.PARTIAL and not part.problems:
            self.contradict(f"{what}: {part.reason}" if what else part.reason)

    def _take_reasons(self, part: Evidence, what: str) -> None:
        head = f"{what}: " if what else ""
        self.problems += [f"{head}{sentence}" for sentence in part.problems]
        self.doubts += [f"{head}{sentence}" for sentence in part.doubts]
        if part.proof is None and not part.problems and not part.doubts:
            self.doubts.append(f"{head}{NO_PROOF}")

    @property
    def verdict(self) -> Verdict:
        """Return the verdict: COMPLETE by proof, or the reason why not."""
        if self.problems:
            return Verdict(Outcome.PARTIAL, self.proof, _shorten(self.problems))
        if self.rejected:
            return Verdict(Outcome.PARTIAL, self.proof, not_rows(self.rejected))
        if self.without_key and not self.keyless_allowed:
            return Verdict(Outcome.PARTIAL, self.proof, left_out(self.without_key))
        if self.doubts:
            return Verdict(Outcome.UNPROVED, None, _shorten(self.doubts))
        if self.proof is None:
            return Verdict(Outcome.UNPROVED, None, NO_PROOF)
        return Verdict(Outcome.COMPLETE, self.proof)

    @property
    def outcome(self) -> Outcome:
        """Return the outcome of the verdict."""
        return self.verdict.outcome

    @property
    def reason(self) -> str:
        """Return why the pass is not complete; empty if it is."""
        return self.verdict.reason


def _shorten(sentences: Sequence[str]) -> str:
    more = f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""
    return sentences[0] + more


def left_out(count: int, keys: Sequence[str] = ()) -> str:
    """Say that rows could not be written because nothing tells which they are."""
    rows, were = ("1 row", "was") if count == 1 else (f"{count} rows", "were")
    named = f" ({', '.join(keys)})" if keys else ""
    return f"{rows} came without a key{named} and {were} left out"


def not_rows(count: int) -> str:
    """Say that what stood among the rows was none."""
    items, were = ("1 item", "was") if count == 1 else (f"{count} items", "were")
    return f"{items} among the rows {were} no rows and could not be read"
