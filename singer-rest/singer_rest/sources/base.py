"""What a tap asks for in one pass, from which one or more streams make their rows.

A stream is what the target sees; a source is what the server is asked. Several streams may share
a source (incidents and their updates come in one answer), and then selecting all of them costs
the requests of one.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING

from singer_rest.errors import Outcome, StreamError
from singer_rest.sources.catching_up import Missed
from singer_rest.sources.cuts import NOT_CUT, WHOLE, Cut, Span
from singer_rest.sources.evidence import Evidence, ProofKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.catching_up import Begun
    from singer_rest.sources.cuts import Border
    from singer_rest.sources.pages import Page


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a pass will cost."""

    requests: int
    rows: int | None = None
    exact: bool = True
    """Whether the server gave the counts, or they are a lower bound."""
    most: int | None = None
    """Requests at most, where the proof may take more; nothing where it takes no more."""

    @property
    def ceiling(self) -> int | None:
        """Return how many requests there are at most; nothing where that cannot be foretold."""
        return self.most or (self.requests if self.exact else None)


class Source(abc.ABC):
    """One pass over something on the server."""

    where: str
    """Names it in messages, usually by its path."""
    span: Span = WHOLE
    """What of it is read; see :meth:`restrict`."""
    asked_parents: list[Border] | None = None
    """The keys of the parents that were asked about, once all were; else nothing."""

    def __init__(self) -> None:
        self.evidence = Evidence()

    @abc.abstractmethod
    def pages(self) -> Iterator[Page]:
        """Ask for everything, page by page, keeping the account in ``evidence``.

        Raises:
            StreamError: The pass cannot be finished.
            RunError: No pass can.
        """

    @abc.abstractmethod
    def probe(self) -> Reply | None:
        """Make one cheap request that shows whether the pass would be allowed.

        Returns:
            The answer; nothing if there is nothing to ask.

        Raises:
            StreamError: It would not.
        """

    def plan(self) -> Plan:
        """Estimate what the pass costs, with at most one cheap request."""
        return Plan(1)

    def begin(self) -> None:  # noqa: B027  # most sources begin with their first page
        """Ask for the first answer ahead of time, from any thread; :meth:`pages` then has it.

        Raises:
            StreamError: The pass cannot begin.
        """

    def cut(self, parts: int) -> Cut:
        """Find borders between which several processes can read, each a span of its own.

        A source that can be cut overrides this and :meth:`restrict`.

        Args:
            parts: How many spans of about equal weight are wanted.

        Raises:
            StreamError: The server cannot be asked.
        """
        del parts
        return Cut(why_whole=NOT_CUT)

    def restrict(self, span: Span) -> None:
        """Read one span only, and prove that span; called before anything is asked.

        Raises:
            StreamError: This cannot be read in spans.
        """
        raise StreamError(f"{self.where} cannot be read from {span}: {NOT_CUT}.", code="PART")

    def change_anchor(self) -> str:
        """Return from when on changes have to be read again, asked before any span is begun.

        It goes by the server's clock, or by what the server shows, in words that
        :meth:`catch_up_with` understands in another process; empty where changes cannot be told.

        Raises:
            StreamError: The server cannot be asked.
        """
        return ""

    def catch_up_with(self, begun: Begun) -> Missed:
        """Read what came, changed or went while spans were read; called before anything is asked.

        Args:
            begun: What is known of the spans.

        Returns:
            What :meth:`pages` will bring. By default nothing, and nothing may be asked then.
        """
        del begun
        return Missed.NOTHING

    @property
    def expected_proof(self) -> str:
        """Return in words which proof the pass will have; the row of a table."""
        return ProofKind.ONE_ANSWER.value


class AbsentSource(Source):
    """Something that this server, by its version or its settings, does not have.

    Args:
        where: Names the route in messages.
        reason: Why not, as a sentence: ``Cachet 2.3 has no schedules``.
        outcome: SKIPPED where a setting would have to ask for it first.
    """

    def __init__(self, where: str, reason: str, *, outcome: Outcome = Outcome.UNAVAILABLE) -> None:
        super().__init__()
        self.where = where
        self.reason = reason
        self.outcome = outcome

    def pages(self) -> Iterator[Page]:
        """Ask nothing.

        Raises:
            StreamError: Always: nothing was read, so nothing is complete.
        """
        raise StreamError(
            f"{self.reason}. Deselect the stream to have no word of it.",
            code="ABSENT",
            outcome=self.outcome,
            absent=True,
        )

    def probe(self) -> Reply | None:
        """Ask nothing.

        Raises:
            StreamError: Always.
        """
        self.pages()
        return None

    @property
    def expected_proof(self) -> str:
        """Return that there is nothing to prove."""
        return "skipped"

    def plan(self) -> Plan:
        """Return no cost."""
        return Plan(0, 0)


class UnconfiguredSource(AbsentSource):
    """What a setting would have to ask for; it is skipped, whoever selected the stream."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason, outcome=Outcome.SKIPPED)

    def pages(self) -> Iterator[Page]:
        """Ask nothing.

        Raises:
            StreamError: Always: nothing was read, so nothing is complete.
        """
        raise StreamError(f"{self.reason}.", code="NOT-CONFIGURED", outcome=Outcome.SKIPPED)

    def probe(self) -> Reply | None:
        """Ask nothing."""
        return None
