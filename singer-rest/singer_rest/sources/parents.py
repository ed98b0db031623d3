"""Sources that ask the same of each of many parents."""

from __future__ import annotations

import dataclasses
import functools
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, Protocol

from singer_rest.errors import Outcome, StatusError, StreamError
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.catching_up import Missed
from singer_rest.sources.cuts import Cut, even
from singer_rest.sources.evidence import Evidence, ProofKind

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.catching_up import Begun
    from singer_rest.sources.cuts import Border, Span
    from singer_rest.sources.pages import Page

logger = logging.getLogger(__name__)

On404 = Literal["deleted", "empty", "archived", "error"]
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
MAX_FAILED = 3
"""Parents in a row that may fail, each for itself, before the pass ends."""
MAX_OTHERS = 20
"""Parents of other parts that are asked whether the route is there at all."""
NO_KEY = "what is asked about has no key by which it could be cut"
MAX_NAMED = 3
"""Parents that a sentence names."""


class ParentList(Protocol):
    """Where the parents of a fan-out come from."""

    def read(self) -> tuple[Sequence[Any], Evidence]:
        """Return the parents, and what proves that these are all.

        Raises:
            StreamError: They cannot be read.
        """

    def read_again(self) -> tuple[Sequence[Any], Evidence]:
        """Ask the server anew for the parents that there are now.

        Raises:
            StreamError: They cannot be read.
        """


class NamedParents:
    """Parents that a setting names: complete by construction."""

    def __init__(self, parents: Sequence[Any]) -> None:
        self._parents = parents

    def read(self) -> tuple[Sequence[Any], Evidence]:
        """Return the parents as named."""
        evidence = Evidence()
        evidence.prove(ProofKind.RECORD_ASKED_FOR, "named in a setting")
        return self._parents, evidence

    def read_again(self) -> tuple[Sequence[Any], Evidence]:
        """Return the parents as named: nothing but their own answers tells of them."""
        return self.read()


class ListedParents:
    """Parents that another source lists.

    Args:
        source: Makes a source that lists them.
        pick: Returns the parent that a row stands for; nothing skips the row.
    """

    def __init__(
        self, source: Callable[[], Source], pick: Callable[[dict[str, Any]], Any | None]
    ) -> None:
        self._source = source
        self._pick = pick

    def read(self) -> tuple[Sequence[Any], Evidence]:
        """Read the list."""
        source = self._source()
        found = {
            parent: None
            for page in source.pages()
            for row in page.rows
            if (parent := self._pick(row)) is not None
        }
        return list(found), source.evidence

    def read_again(self) -> tuple[Sequence[Any], Evidence]:
        """Read the list anew."""
        return self.read()


class PerParentSource(Source):
    """One list or one object for each of many parents, in the order of the parents.

    The pass is complete when the list of parents is, and what each of them has. A parent that
    cannot be read makes the pass partial and does not stop the others, unless several in a row
    fail.

    Args:
        where: Names the route in messages.
        parents: Where the parents come from; read once, when the pass begins.
        child: Makes the source of one parent.
        prefetch: The threads of the tap.
        on_404: What a 404 says, or a function that says it for a parent. ``deleted``: the parent
            is gone meanwhile, which the list of parents must confirm. ``empty``: it has none of
            this, which is believed while another parent answers, or where the body carries the
            vendor's own error. ``archived``: the parent is archived and has none that can be read.
            ``error``: it was named in a setting, and its absence is a problem.
        vendor_404: Tells whether a 404 carries the vendor's own words.
    """

    def __init__(
        self,
        where: str,
        parents: ParentList,
        child: Callable[[Any], Source],
        *,
        prefetch: Prefetcher,
        on_404: On404 | Callable[[Any], On404] = "deleted",
        vendor_404: Callable[[StatusError], bool] | None = None,
    ) -> None:
        super().__init__()
        self.where = where
        self.parents = parents
        self.child = child
        self.prefetch = prefetch
        self.on_404 = on_404
        self.vendor_404 = vendor_404 or (lambda _error: False)
        self.without = 0
        """Parents that have none of this."""
        self._others: list[Any] = []
        """Parents that belong to other parts."""
        self._known: frozenset[Border] | None = None
        """The keys of parents that parts have asked about, if this is to catch up with them."""
        self._missing: list[Any] = []
        self._not_found: list[Any] = []
        """Parents that answered 404, whatever it said of them."""
        self._unexplained = 0
        """Parents that have none by a 404 without the vendor's words."""

    def read_parents(self) -> Sequence[Any]:
        """Read the parents and take over what proves that these are all."""
        parents, evidence = self.parents.read()
        self.evidence.inherit(evidence, "the list of parents")
        return parents

    # In parts

    def cut_key(self, parent: Any) -> Border | None:
        """Return what never changes of a parent, to cut by; nothing where there is no such thing.

        By default that is the parent itself, if it is a number or a text; a hook.
        """
        return parent if type(parent) in {int, str} else None

    def cut(self, parts: int) -> Cut:
        """Cut between parents, for about as many in each span."""
        keys = [self.cut_key(parent) for parent in self.parents.read()[0]]
        known = [key for key in keys if key is not None]
        return Cut(why_whole=NO_KEY) if len(known) < len(keys) else even(known, parts)

    def restrict(self, span: Span) -> None:
        """Ask for the parents of a span only; those that come meanwhile are in one of them, too."""
        self.span = span

    def own_parents(self) -> Sequence[Any]:
        """Read the parents, and return those of the span.

        Raises:
            StreamError: They cannot be read, or one has no key that tells whose part it is.
        """
        parents = self.read_parents()
        if self._known is not None:
            self._note_gone(parents, self._known)
        elif self.span.is_whole:
            return parents
        own: list[Any] = []
        for parent in parents:
            cut_key, key = self.cut_key(parent), self.parent_key(parent)
            if cut_key is None or key is None:
                raise StreamError(f"{self.where} cannot be read in parts: {NO_KEY}.", code="PART")
            is_own = self.span.holds(cut_key) if self._known is None else key not in self._known
            (own if is_own else self._others).append(parent)
        return own

    # Catching up with parts

    def parent_key(self, parent: Any) -> Border | None:
        """Return what tells a parent from all others, in other processes too.

        By default what the list is cut by, which must be overridden where parents share it; a hook.
        """
        return self.cut_key(parent)

    def catch_up_with(self, begun: Begun) -> Missed:
        """Ask about the parents that no part has asked about, by a list of them read anew."""
        if begun.parents is None or isinstance(self.parents, NamedParents):
            return Missed.NOTHING
        self._known = begun.parents
        return Missed.NEW_PARENTS

    @property
    def is_catching_up(self) -> bool:
        """Whether other processes have asked about all parents but those that came meanwhile."""
        return self._known is not None

    def _note_gone(self, parents: Sequence[Any], known: frozenset[Border]) -> None:
        gone = sorted(map(str, known.difference(map(self.parent_key, parents))))
        if gone:
            named = ", ".join(gone[:MAX_NAMED]) + (", ..." if gone[MAX_NAMED:] else "")
            note = (
                f"{len(gone)} of the parents that parts have asked about are gone ({named}); what "
                "was read of them goes with the next complete read"
            )
            logger.warning("%s: %s.", self.where, note)
            self.evidence.notes.append(note)

    def _another_answers(self) -> bool:
        """Whether a parent of another part has what this part's parents say they have not."""
        for parent in self._others[:MAX_OTHERS]:
            try:
                self.child(parent).begin()
            except StatusError as error:
                if error.status not in GONE:
                    return False
            except StreamError:
                return False
            else:
                return True
        return False

    def pages(self) -> Iterator[Page]:
        """Yield the pages of every parent; the last one of a parent is marked."""
        parents = self.own_parents()
        evidence = self.evidence
        evidence.parents_expected = len(parents)
        tasks = (functools.partial(self._begin, parent) for parent in parents)
        failed = 0
        answered: list[Any] = []
        for parent, begun in zip(parents, self.prefetch.ordered(tasks), strict=True):
            if isinstance(begun, StreamError):
                error: StreamError | None = begun
            else:
                error = yield from self._read_parent(parent, begun)
            if error is None:
                evidence.parents += 1
                failed = 0
                answered.append(parent)
            elif (
                isinstance(error, StatusError)
                and error.status in GONE
                and not error.is_web_page  # which tells nothing of a parent
            ):
                missing = len(self._missing)
                self._not_found.append(parent)
                self.note_404(parent, error)
                answered += [parent] if len(self._missing) == missing else []
            else:
                failed += 1
                if failed == MAX_FAILED or failed == len(parents):
                    raise error  # the route itself is out of order, or out of reach
                self.note_failed(parent, error)
        self._judge_missing()
        self._note_answered(answered)
        evidence.prove(ProofKind.EVERY_PARENT, f"{evidence.parents} of {len(parents)} answered")

    def _note_answered(self, parents: Sequence[Any]) -> None:
        keys = [self.parent_key(parent) for parent in parents]
        known = [key for key in keys if key is not None]
        self.asked_parents = known if len(known) == len(keys) else None

    def answering_parents(self) -> frozenset[Border] | None:
        """Return the keys of the parents whose rows were read; nothing where a part was read."""
        if self.asked_parents is None or self.is_catching_up or not self.span.is_whole:
            return None
        return frozenset(self.asked_parents).difference(map(self.parent_key, self._not_found))

    def _begin(self, parent: Any) -> Source | StreamError:
        try:
            source = self.child(parent)
            source.evidence.keyless_allowed = self.evidence.keyless_allowed
            source.begin()
        except StreamError as error:
            return error
        return source

    def _read_parent(
        self, parent: Any, source: Source
    ) -> Generator[Page, None, StreamError | None]:
        """Yield the pages of one parent; returns what ended them before their end."""
        previous: Page | None = None
        failure: StreamError | None = None
        try:
            for page in source.pages():
                if previous is not None:
                    yield dataclasses.replace(previous, parent=parent)
                previous = page
        except StreamError as error:
            failure = error
        account = source.evidence
        if failure is None:
            self.evidence.absorb(account, str(parent))
        if previous is not None:
            whole = failure is None and account.outcome is Outcome.COMPLETE
            yield dataclasses.replace(previous, parent=parent, ends_parent=whole)
        return failure

    def note_failed(self, parent: Any, error: StreamError) -> None:
        """Note a parent that could not be read; the others go on."""
        logger.warning("%s, %s: %s", self.where, parent, error.sentence)
        self.evidence.contradict(f"{self.where}, {parent!s}: {error.sentence}")

    def note_404(self, parent: Any, error: StatusError) -> None:
        """Note what a 404 says of a parent."""
        logger.debug("%s, %s: %s", self.where, parent, error.sentence)
        meaning = self.on_404(parent) if callable(self.on_404) else self.on_404
        if meaning == "error":
            self.evidence.contradict(
                f"{parent!s} does not exist or the account may not see it ({error.sentence})"
            )
        elif meaning == "deleted":
            self.evidence.skipped += 1
            self._missing.append(parent)
        else:
            self.without += 1
            self._unexplained += meaning == "empty" and not self.vendor_404(error)

    def _judge_missing(self) -> None:
        """Find out whether the parents that answered 404 are really gone, or really have none."""
        evidence = self.evidence
        if self._missing:
            now, again = self.parents.read_again()
            still = [parent for parent in self._missing if self.is_listed(parent, now)]
            if still:
                named = ", ".join(map(str, still[:MAX_NAMED]))
                evidence.contradict(
                    f"{self.where} answered 404 for {len(still)} of {evidence.parents_expected} "
                    f"parents that still exist ({named}{', ...' if still[MAX_NAMED:] else ''})"
                )
            elif again.outcome is not Outcome.COMPLETE:
                evidence.inherit(again, "the list of parents, read again")
        if self._unexplained and not evidence.parents and not self._another_answers():
            evidence.doubt(
                f"{self.where} answered 404 for every parent, and nothing tells a missing route "
                "from parents that have none"
            )
        if self.without:
            evidence.notes.append(f"{self.without} parents have none of this (404)")

    def is_listed(self, parent: Any, parents: Sequence[Any]) -> bool:
        """Tell whether a parent is among those that there are now."""
        return parent in parents

    def probe_parents(self) -> Sequence[Any]:
        """Return a few parents to ask for a sample."""
        return self.parents.read()[0][:1]

    def probe(self) -> Reply | None:
        """Ask for the first parent's first page."""
        for parent in self.probe_parents():
            meaning = self.on_404(parent) if callable(self.on_404) else self.on_404
            try:
                return self.child(parent).probe()
            except StatusError as error:
                if error.status not in GONE or meaning == "error":
                    raise
                if meaning == "deleted":
                    raise
        return None

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        return ProofKind.EVERY_PARENT.value

    def plan(self) -> Plan:
        """One request a parent, at least."""
        return Plan(len(self.parents.read()[0]), exact=False)
