"""Sources that ask the same of each of many parents."""

from __future__ import annotations

import dataclasses
import functools
import logging
from typing import TYPE_CHECKING, Any, Literal

from singer_rest.errors import Outcome, StatusError, StreamError
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import Evidence
from singer_rest.sources.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher

logger = logging.getLogger(__name__)

On404 = Literal["deleted", "empty", "error"]
GONE = frozenset({404, 410})
MAX_GONE = 0.2
"""Share of parents that may be gone before the path itself is under suspicion."""
MIN_GONE = 5
MAX_FAILED = 3
"""Parents in a row that may fail, each for itself, before the pass ends."""


class PerParentSource(Source):
    """One list or one object for each of many parents, in the order of the parents.

    A parent that cannot be read makes the pass partial and does not stop the others, unless
    several in a row fail.

    Args:
        where: Names the route in messages.
        parents: Returns the parents; asked for once, when the pass begins.
        first: Fetches the first page of a parent; called ahead of time, from several threads.
        rest: Yields all pages of a parent, given its first one.
        prefetch: The threads of the tap.
        missing: What a 404 says: the parent is ``gone`` meanwhile; it has ``none`` of this, which
            is normal; or it was named in a setting, and its absence is a ``problem``.
    """

    def __init__(
        self,
        where: str,
        parents: Callable[[], Sequence[Any]],
        *,
        first: Callable[[Any], Page],
        rest: Callable[[Any, Page, Evidence], Iterator[Page]],
        prefetch: Prefetcher,
        on_404: On404 = "deleted",
    ) -> None:
        super().__init__()
        self.where = where
        self.parents = parents
        self.first = first
        self.rest = rest
        self.prefetch = prefetch
        self.on_404 = on_404
        self.without = 0
        """Parents that have none of this."""

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every parent; the last one of a parent is marked."""
        parents = self.parents()
        evidence = self.evidence
        evidence.parents_expected = len(parents)
        evidence.proof = "every parent answered"
        tasks = (functools.partial(self._first_or_error, parent) for parent in parents)
        failed = 0
        for parent, first in zip(parents, self.prefetch.ordered(tasks), strict=True):
            error = first if isinstance(first, StreamError) else None
            if not isinstance(first, StreamError):
                error = yield from self._read_parent(parent, first)
            if error is None:
                evidence.parents += 1
                failed = 0
            elif isinstance(error, StatusError) and error.status in GONE:
                self._note_missing(parent, error)
            else:
                failed += 1
                if failed == MAX_FAILED or failed == len(parents):
                    raise error  # the route itself is out of order, or out of reach
                logger.warning("%s, %s: %s", self.where, parent, error.sentence)
                evidence.problems.append(f"{self.where}, {parent!s}: {error.sentence.rstrip('.')}")
        self._judge_gone(len(parents))

    def _read_parent(self, parent: Any, first: Page) -> Generator[Page, None, StreamError | None]:
        """Yield the pages of one parent; returns what ended them before their end."""
        account = Evidence(keyless_allowed=self.evidence.keyless_allowed)
        previous: Page | None = None
        failure: StreamError | None = None
        try:
            for page in self.rest(parent, first, account):
                if previous is not None:
                    yield dataclasses.replace(previous, parent=parent)
                previous = page
        except StreamError as error:
            failure = error
        self.evidence.absorb(account)
        if previous is not None:
            whole = failure is None and account.outcome is Outcome.COMPLETE
            yield dataclasses.replace(previous, parent=parent, ends_parent=whole)
        return failure

    def _first_or_error(self, parent: Any) -> Page | StreamError:
        try:
            return self.first(parent)
        except StreamError as error:
            return error

    def _note_missing(self, parent: Any, error: StatusError) -> None:
        logger.debug("%s, %s: %s", self.where, parent, error.sentence)
        if self.on_404 == "error":
            self.evidence.problems.append(
                f"{parent!s} does not exist or the account may not see it ({error.sentence})"
            )
        elif self.on_404 == "empty":
            self.without += 1
        else:
            self.evidence.skipped += 1

    def _judge_gone(self, parents: int) -> None:
        gone = self.evidence.skipped
        if gone >= MIN_GONE and gone > parents * MAX_GONE:
            raise StreamError(
                f"{self.where} answered 404 for {gone} of {parents} parents: more than can have "
                "been deleted meanwhile; check the api_url and the version of the server.",
                code="TOO-MANY-GONE",
                outcome=Outcome.FAILED,
            )

    def probe(self) -> Reply | None:
        """Ask for the first parent's first page."""
        for parent in self.parents()[:1]:
            outcome = self._first_or_error(parent)
            if isinstance(outcome, Page):
                return outcome.reply
            gone = isinstance(outcome, StatusError) and outcome.status in GONE
            if not gone or self.on_404 != "empty":
                raise outcome
        return None

    def plan(self) -> Plan:
        """One request a parent, at least."""
        return Plan(len(self.parents()), exact=False)
