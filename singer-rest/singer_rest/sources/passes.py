"""Reading a list as often as it takes to prove that all of it was read, and no more often.

One walk proves it where the list came in one answer that says so, or where overlapping pages were
in order throughout. Where the order is not known, rows may move from a page that is still to come
to one that was read, with one row added and one deleted the total stays the same, and nothing
tells. Such a list is read until two passes in a row bring the same keys.

What a server says against itself is asked again: met in two passes, it makes the list PARTIAL.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from singer_rest.sources.evidence import Proof, ProofKind
from singer_rest.sources.keys import Comparison, KeyLedger, LearnedCap, Order, can_be_key
from singer_rest.sources.pages import End, Page, RowTaker
from singer_rest.sources.walk import PageWalk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_rest.http.prefetch import Prefetcher
    from singer_rest.sources.evidence import Evidence
    from singer_rest.sources.keys import Key
    from singer_rest.sources.pages import Paging, WalkState

    Record = dict[str, Any]

MAX_PASSES = 5
"""Whole walks over one list, before it counts as changing faster than it can be read."""


def whole_row(row: Record) -> str:
    """Return a key for rows that have none: a digest of everything in the row."""
    text = msgspec.json.encode(row, order="deterministic", enc_hook=str)
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _counted(state: WalkState) -> str:
    return "" if state.total is None else f"total {state.total}"


class _Taker(RowTaker):
    """Counts the rows of one pass and keeps those worth writing.

    Args:
        reading: The list, whose earlier passes have written rows.
        before: The keys of the pass before; nothing on the first.
    """

    def __init__(self, reading: ListReading, before: KeyLedger | None) -> None:
        self._reading = reading
        self._key = reading.key
        self._comparison = None if before is None else Comparison(before)
        self.times: collections.Counter[Any] = collections.Counter()
        """How often each key came, where rows may be alike."""
        self.keys: set[Any] = set()
        """The keys themselves, where they can be asked for one by one."""
        self.count = 0
        """Distinct keys of this pass; the ledger of the first one goes on to learn."""
        self.doubled = 0
        """Rows whose key another row of the same page has, where each has its own."""

    @property
    def seen(self) -> KeyLedger:
        """Return the keys of this pass."""
        return self._reading.known if self._comparison is None else self._comparison.seen

    @property
    def comparison(self) -> Comparison | None:
        """Return how the pass differs from the one before."""
        return self._comparison

    def knows(self, row: Record) -> bool:
        """Tell whether this pass has shown a row before."""
        key = self._key(row)
        return can_be_key(key) and self.seen.knows_key(key)

    def take(self, page: Page, *, only_new: bool = False) -> tuple[Page, list[Any], list[Any]]:
        """Count a page; rows without a key are counted apart, each once."""
        reading = self._reading
        rows, keys = page.rows, [self._key(row) for row in page.rows]
        if not {int, str}.issuperset(map(type, keys)):
            keys = [key if can_be_key(key) else None for key in keys]
        if None in keys:
            rows, keys = reading.leave_out(rows, keys)
        if reading.paging.repeats:
            self.times.update(keys)
        elif self._key is not whole_row:
            self.doubled += len(keys) - len(set(keys))
        if reading.paging.lookup is not None:
            self.keys.update(keys)
        indexes = self.seen.unknown(keys)
        new = list(dict.fromkeys(keys[index] for index in indexes))
        self.count += len(new)
        if self._comparison is not None:
            self._comparison.note(rows, keys)
            indexes = reading.known.unknown(keys)
        rows, taken = self._worth_taking(rows, keys, indexes, only_new=only_new)
        fresh, again = reading.known.take(rows, taken)
        reading.evidence.duplicates += again
        return dataclasses.replace(page, rows=fresh), new, keys

    def _worth_taking(
        self, rows: list[Record], keys: list[Any], indexes: list[int], *, only_new: bool
    ) -> tuple[list[Record], list[Any]]:
        """Leave out what comes again by design, moments after it was written.

        That is where a page overlaps the one before, and all that a later pass repeats. A row that
        comes again elsewhere may have changed.

        Args:
            rows: Of one page.
            keys: Theirs.
            indexes: Where keys stand that no pass has shown.
            only_new: Nothing is worth taking again.
        """
        if len(indexes) == len(keys):
            return rows, keys
        if only_new or self._comparison is not None or self._key is whole_row:
            return [rows[index] for index in indexes], [keys[index] for index in indexes]
        front = indexes[0] if indexes else len(keys)
        return rows[front:], keys[front:]


class ListReading:
    """One list, read until it is proved or nothing can prove it.

    Args:
        where: Names the list in messages.
        fetch: Asks for page ``number`` of ``size`` rows; called from several threads.
        paging: How the list is paged.
        evidence: Gets the counts and the proof.
        ahead: Asks for later pages ahead of time once the total is known.
        stop_when: Ends the walk early, after this page: the rest is known to be old.
        cap: What is known of the route's caps; shared by the lists of one route.
        unpaged: The vendor documents that the route has no pages.
    """

    def __init__(
        self,
        where: str,
        fetch: Callable[[int, int], Page],
        paging: Paging,
        evidence: Evidence,
        *,
        ahead: Prefetcher | None = None,
        stop_when: Callable[[Page], bool] | None = None,
        cap: LearnedCap | None = None,
    ) -> None:
        self.where = where
        self.fetch = fetch
        self.key: Key = paging.key or whole_row
        self.paging = dataclasses.replace(paging, key=self.key)
        self.evidence = evidence
        self.ahead = ahead
        self.stop_when = stop_when
        self.cap = cap or LearnedCap()
        self.is_alone = cap is None and paging.repeatable
        self.known = KeyLedger(self.key)
        """The keys of all passes."""
        self._keyless: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """Yield pages with the rows that are new.

        Raises:
            LoopError: The server goes round in circles.
            IncompleteError: A page cannot be had in any size, or the list does not stand still.
        """
        before: _Taker | None = None
        previous: WalkState | None = None
        limit, ordered = None, True
        for attempt in range(MAX_PASSES):
            taker = _Taker(self, None if before is None else before.seen)
            walk = PageWalk(
                self.where,
                self.fetch,
                self.paging,
                taker,
                cap=self.cap,
                ahead=self.ahead,
                stop_when=self.stop_when,
                limit=limit,
                ordered=ordered,
                is_alone=self.is_alone,
                # One look is enough where it showed nothing.
                looks_behind=previous is None or bool(previous.contradictions),
            )
            self.evidence.rereads += attempt > 0
            for page in walk.pages():
                self._count(walk.state, taker)
                yield page
            self._count(walk.state, taker)
            if self._judge(walk.state, taker, previous, before):
                return
            # Without a known order, overlapping proves nothing and costs requests.
            ordered = ordered and not walk.state.order.broken and walk.state.overlapping
            before, previous, limit = taker, walk.state, walk.asker.limit
        self._give_up(walk.state, taker)

    def leave_out(self, rows: list[Record], keys: list[Any]) -> tuple[list[Record], list[Any]]:
        """Return the rows that have a key; the others are counted, once if they come again."""
        pairs = list(zip(rows, keys, strict=True))
        keyless = [repr(row) for row, key in pairs if key is None]
        self.evidence.without_key += sum(row not in self._keyless for row in keyless)
        self._keyless.update(keyless)
        kept = [(row, key) for row, key in pairs if key is not None]
        return [row for row, _key in kept], [key for _row, key in kept]

    def _count(self, state: WalkState, taker: _Taker) -> None:
        evidence = self.evidence
        if state.total is not None:
            evidence.expect(state.total)
        evidence.received = self._distinct(taker) if self.paging.repeats else self.known.count
        evidence.pages = max(evidence.pages, state.pages)

    def _distinct(self, taker: _Taker) -> int:
        """Return how many rows the pass has brought."""
        return taker.times.total() if self.paging.repeats else taker.count

    # The verdict

    def _judge(
        self, state: WalkState, taker: _Taker, previous: WalkState | None, before: _Taker | None
    ) -> bool:
        """Say whether the list needs no further pass; notes what it is, then."""
        evidence = self.evidence
        repeatable = self.paging.repeatable
        wrong = self._wrong(state, taker)
        if wrong:
            again = previous is not None and (before is None or self._wrong(previous, before))
            if again or not repeatable:
                evidence.contradict(f"{self.where} contradicts itself: {wrong[0]}")
                return True
            return False
        same = self._agrees(taker, before)
        short = self._short(state, taker)
        if short:
            # A row that came to a page already read shows in the total alone: no answer yet.
            settled = same and not state.changed
            if settled or not repeatable:
                evidence.doubt(f"{short} in two passes alike" if settled else short)
            return settled or not repeatable
        if state.doubt:
            evidence.doubt(state.doubt)
            return True
        if state.end is End.BOOKMARK:
            evidence.proof = Proof(ProofKind.BACK_TO_BOOKMARK)
            return True
        proof = self._proof(state)
        if proof is not None and (not self.paging.confirm or not repeatable):
            evidence.proof = proof
            return True
        if same and not state.changed:
            self._judge_same(state, previous)
            return True
        if not repeatable:
            evidence.doubt(f"{self.where} came in {state.pages} pages whose order is not known")
        return not repeatable

    def _judge_same(self, state: WalkState, previous: WalkState | None) -> None:
        """Judge two passes that brought the same keys."""
        if state.repeated and previous is not None and previous.repeated:
            self.evidence.contradict(
                f"{self.where} contradicts itself: {state.repeated} rows stood at two places, in "
                "two passes alike"
            )
        else:
            self.evidence.proof = Proof(ProofKind.TWO_PASSES, _counted(state))

    def _wrong(self, state: WalkState, taker: _Taker) -> list[str]:
        """Return what a pass has shown that cannot be."""
        doubled = [f"{taker.doubled} rows came twice on one page"] if taker.doubled else []
        return [*state.contradictions, *doubled, *self._too_many(state, taker)]

    def _too_many(self, state: WalkState, taker: _Taker) -> list[str]:
        if state.total is None or state.changed or self._came(taker) <= state.total:
            return []
        return [f"it counts {state.total} rows, and {self._came(taker)} different ones came"]

    def _came(self, taker: _Taker) -> int:
        return self._distinct(taker) + self.evidence.without_key

    def _short(self, state: WalkState, taker: _Taker) -> str:
        if state.total is None or state.end is End.BOOKMARK:
            return ""
        came = self._came(taker)
        if came >= state.total:
            return ""
        return f"the server counts {state.total} rows, {came} came"

    def _agrees(self, taker: _Taker, before: _Taker | None) -> bool:
        """Whether the pass brought the same keys as the one before."""
        comparison = taker.comparison
        if comparison is None or before is None:
            return False
        if self.paging.repeats:
            return taker.times == before.times
        if comparison.same:
            return True
        lookup = self.paging.lookup
        if lookup is None:
            return False
        return all(map(lookup, taker.keys - before.keys)) and not any(
            map(lookup, before.keys - taker.keys)
        )

    @staticmethod
    def _proof(state: WalkState) -> Proof | None:
        """Return what proves one pass by itself."""
        if state.end is End.UNPAGED:
            return Proof(ProofKind.ONE_ANSWER, End.UNPAGED.value)
        if state.repeated or ((state.bare_end or state.changed) and not state.overlapping):
            return None
        if state.data_pages <= 1:
            if state.end is End.CAP:
                return Proof(ProofKind.LEARNED_CAP)
            assert state.end is not None  # noqa: S101  # a walk ends by something
            said = _counted(state) or state.end.value
            return Proof(ProofKind.ONE_ANSWER, said)
        order = state.order
        in_order = not order.broken and order.direction is not Order.UNKNOWN
        if state.overlapping and in_order:
            return Proof(ProofKind.OVERLAPPING_PAGES, _counted(state))
        return None

    def _give_up(self, state: WalkState, taker: _Taker) -> None:
        short = self._short(state, taker)
        if not short and state.changed:
            short = f"the server counts {min(state.totals)} rows, and {max(state.totals)}"
        comparison = taker.comparison
        assert comparison is not None  # noqa: S101  # there were several passes
        self.evidence.contradict(
            f"{self.where} changes faster than it can be read: {short} in the last of "
            f"{MAX_PASSES} passes"
            if short
            else f"{self.where} changes faster than it can be read: the last of {MAX_PASSES} "
            f"passes showed {comparison.added} rows that the one before had not, and lacked "
            f"{comparison.gone}"
        )
