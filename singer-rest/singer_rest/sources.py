"""What a tap asks for in one pass, from which one or more streams make their rows.

A stream is what the target sees; a source is what the server is asked. Several streams may share
a source (incidents and their updates come in one answer), and then selecting all of them costs
the requests of one.
"""

from __future__ import annotations

import abc
import dataclasses
import functools
import logging
from typing import TYPE_CHECKING, Any, Literal

from singer_rest.bodies import unexpected
from singer_rest.completeness import Tally
from singer_rest.errors import Outcome, StatusFault, StreamFault
from singer_rest.pages import Meta, Page, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from singer_rest.prefetch import Prefetcher
    from singer_rest.transport import Reply, Request, Transport

logger = logging.getLogger(__name__)

Missing = Literal["gone", "none", "problem"]
GONE = frozenset({404, 410})
MOST_GONE = 0.2
"""Share of parents that may be gone before the path itself is under suspicion."""
FEWEST_GONE = 5
MOST_FAILED = 3
"""Parents in a row that may fail, each for itself, before the pass ends."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a pass will cost."""

    requests: int
    rows: int | None = None
    exact: bool = True
    """Whether the server gave the counts, or they are a lower bound."""


def envelope(key: str | None) -> Callable[[Reply], list[dict[str, Any]]]:
    """Return the reader of the rows under a key of the body; ``None`` means the body is the list.

    The reader raises a fault unless there is a list of objects: a renamed key must never look like
    an empty list.
    """

    def rows(reply: Reply) -> list[dict[str, Any]]:
        body = reply.body
        found = body.get(key) if key is not None and isinstance(body, dict) else body
        if key is not None and not isinstance(body, dict):
            found = None
        if isinstance(found, list) and {dict}.issuperset(map(type, found)):
            return found
        raise unexpected(reply, f"a list of objects{f' under {key!r}' if key else ''}")

    return rows


def single(key: str | None) -> Callable[[Reply], list[dict[str, Any]]]:
    """Return the reader of the one object under a key of the body, as a list of one."""

    def rows(reply: Reply) -> list[dict[str, Any]]:
        body = reply.body
        found = body.get(key) if key is not None and isinstance(body, dict) else body
        if isinstance(found, dict) and (key is None or isinstance(body, dict)):
            return [found]
        raise unexpected(reply, f"one object{f' under {key!r}' if key else ''}")

    return rows


class Source(abc.ABC):
    """One pass over something on the server."""

    where: str
    """Names it in messages, usually by its path."""

    def __init__(self) -> None:
        self.tally = Tally()

    @abc.abstractmethod
    def pages(self) -> Iterator[Page]:
        """Ask for everything, page by page, keeping the account in ``tally``.

        Raises:
            StreamFault: The pass cannot be finished.
            RunFault: No pass can.
        """

    @abc.abstractmethod
    def probe(self) -> Reply | None:
        """Make one cheap request that shows whether the pass would be allowed.

        Returns:
            The answer; nothing if there is nothing to ask.

        Raises:
            StreamFault: It would not.
        """

    def plan(self) -> Plan:
        """Estimate what the pass costs, with at most one cheap request."""
        return Plan(1)


class NothingSource(Source):
    """Something that this server, by its version or its settings, cannot have."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__()
        self.where = where
        self.tally.proof = reason

    def pages(self) -> Iterator[Page]:
        """Yield nothing, without asking."""
        return iter(())

    def probe(self) -> Reply | None:
        """Ask nothing."""
        return None

    def plan(self) -> Plan:
        """Return no cost."""
        return Plan(0, 0)


class SingleSource(Source):
    """One request, one answer."""

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Callable[[Reply], list[dict[str, Any]]],
    ) -> None:
        super().__init__()
        self.transport = transport
        self.request = request
        self.rows = rows
        self.where = request.url

    def pages(self) -> Iterator[Page]:
        """Yield the one page there is."""
        reply = self.transport.send(self.request)
        page = Page(self.rows(reply), reply)
        self.tally.pages = 1
        self.tally.received = len(page.rows)
        self.tally.proof = "one answer"
        yield page

    def probe(self) -> Reply | None:
        """Make the request."""
        reply = self.transport.send(self.request)
        self.rows(reply)
        return reply


@dataclasses.dataclass(frozen=True)
class Paging:
    """How the lists of one vendor are paged."""

    page_parameter: str
    size_parameter: str
    size: int
    first: int
    meta: Callable[[Page], Meta]
    key: Callable[[dict[str, Any]], Any] | None = None
    overlap: bool = False
    repeats: bool = False
    confirm: bool = False
    """Read lists without a total again: the setting ``confirm_complete``."""

    def asking(self, request: Request, number: int, size: int) -> Request:
        """Return the request for one page; our own parameters are sent again each time."""
        return dataclasses.replace(
            request,
            params={**request.params, self.page_parameter: number, self.size_parameter: size},
        )


class ListSource(Source):
    """A list of pages."""

    def __init__(
        self,
        transport: Transport,
        request: Request,
        rows: Callable[[Reply], list[dict[str, Any]]],
        paging: Paging,
        *,
        ahead: Prefetcher | None = None,
        stop_when: Callable[[Page], bool] | None = None,
    ) -> None:
        super().__init__()
        self.transport = transport
        self.request = request
        self.rows = rows
        self.paging = paging
        self.ahead = ahead
        self.stop_when = stop_when
        self.where = request.url

    def _fetch(self, number: int, size: int) -> Page:
        reply = self.transport.send(self.paging.asking(self.request, number, size))
        return Page(self.rows(reply), reply)

    def pages(self) -> Iterator[Page]:
        """Walk the list."""
        yield from Walk(
            where=self.where,
            fetch=self._fetch,
            meta=self.paging.meta,
            size=self.paging.size,
            tally=self.tally,
            key=self.paging.key,
            first=self.paging.first,
            overlap=self.paging.overlap,
            ahead=self.ahead,
            stop_when=self.stop_when,
            repeats=self.paging.repeats,
            confirm=self.paging.confirm,
        ).pages()

    def probe(self) -> Reply | None:
        """Ask for the first row."""
        return self._fetch(self.paging.first, 1).reply

    def plan(self) -> Plan:
        """Ask for the total with one row, where the server counts."""
        page = self._fetch(self.paging.first, 1)
        found = self.paging.meta(page)
        if found.total is None:
            return Plan(1, exact=found.more is False)
        return Plan(max(1, -(-found.total // self.paging.size)), found.total)


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
        rest: Callable[[Any, Page, Tally], Iterator[Page]],
        prefetch: Prefetcher,
        missing: Missing = "gone",
    ) -> None:
        super().__init__()
        self.where = where
        self.parents = parents
        self.first = first
        self.rest = rest
        self.prefetch = prefetch
        self.missing = missing
        self.without = 0
        """Parents that have none of this."""

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every parent; the last one of a parent is marked."""
        parents = self.parents()
        tally = self.tally
        tally.parents_expected = len(parents)
        tally.proof = "every parent answered"
        tasks = (functools.partial(self._first_or_fault, parent) for parent in parents)
        failed = 0
        for parent, first in zip(parents, self.prefetch.ordered(tasks), strict=True):
            fault = first if isinstance(first, StreamFault) else None
            if not isinstance(first, StreamFault):
                fault = yield from self._pages_of(parent, first)
            if fault is None:
                tally.parents += 1
                failed = 0
            elif isinstance(fault, StatusFault) and fault.status in GONE:
                self._note_missing(parent, fault)
            else:
                failed += 1
                if failed == MOST_FAILED or failed == len(parents):
                    raise fault  # the route itself is out of order, or out of reach
                logger.warning("%s, %s: %s", self.where, parent, fault.sentence)
                tally.problems.append(f"{self.where}, {parent!s}: {fault.sentence.rstrip('.')}")
        self._judge_gone(len(parents))

    def _pages_of(self, parent: Any, first: Page) -> Generator[Page, None, StreamFault | None]:
        """Yield the pages of one parent; returns what ended them before their end."""
        account = Tally(keyless_allowed=self.tally.keyless_allowed)
        previous: Page | None = None
        fault: StreamFault | None = None
        try:
            for page in self.rest(parent, first, account):
                if previous is not None:
                    yield dataclasses.replace(previous, parent=parent)
                previous = page
        except StreamFault as error:
            fault = error
        self.tally.absorb(account)
        if previous is not None:
            whole = fault is None and account.outcome is Outcome.COMPLETE
            yield dataclasses.replace(previous, parent=parent, ends_parent=whole)
        return fault

    def _first_or_fault(self, parent: Any) -> Page | StreamFault:
        try:
            return self.first(parent)
        except StreamFault as fault:
            return fault

    def _note_missing(self, parent: Any, fault: StatusFault) -> None:
        logger.debug("%s, %s: %s", self.where, parent, fault.sentence)
        if self.missing == "problem":
            self.tally.problems.append(
                f"{parent!s} does not exist or the account may not see it ({fault.sentence})"
            )
        elif self.missing == "none":
            self.without += 1
        else:
            self.tally.skipped += 1

    def _judge_gone(self, parents: int) -> None:
        gone = self.tally.skipped
        if gone >= FEWEST_GONE and gone > parents * MOST_GONE:
            raise StreamFault(
                f"{self.where} answered 404 for {gone} of {parents} parents: more than can have "
                "been deleted meanwhile; check the api_url and the version of the server.",
                code="TOO-MANY-GONE",
                outcome=Outcome.FAILED,
            )

    def probe(self) -> Reply | None:
        """Ask for the first parent's first page."""
        for parent in self.parents()[:1]:
            outcome = self._first_or_fault(parent)
            if isinstance(outcome, Page):
                return outcome.reply
            gone = isinstance(outcome, StatusFault) and outcome.status in GONE
            if not gone or self.missing != "none":
                raise outcome
        return None

    def plan(self) -> Plan:
        """One request a parent, at least."""
        return Plan(len(self.parents()), exact=False)
