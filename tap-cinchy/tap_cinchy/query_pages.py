"""Running configured queries in pages that prove themselves.

Pages by StartRow shift when rows come or go in front of them, and nobody has written down whether
the first row is number 0 or 1. So every page overlaps the one before by a row, and that row has
to come again at its place.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from singer_rest.sources.evidence import IncompleteError, LoopError, ProofKind
from tap_cinchy import answers
from tap_cinchy.queries import AFTER, TOP
from tap_cinchy.query_sources import QuerySource, rank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_rest.http.exchange import Reply
    from tap_cinchy.answers import Answer

LOWEST = -(1 << 62)
"""Nothing lies before it; ids need not begin at 1."""


class WindowedSource(QuerySource):
    """A saved query in overlapping pages by StartRow and RowCount."""

    def answered(self) -> Iterator[tuple[Reply, Answer]]:
        """Yield pages until one holds nothing behind the row it shares with the page before.

        Raises:
            IncompleteError: The shared row is not where it was.
        """
        reply, answer = self._window(0)
        rows = list(answer.rows)
        base: int | None = None
        if not rows and self._asked({"StartRow": 0, "RowCount": 1})[1].rows:
            self.evidence.contradict(
                f"{self.where} answers without rows although there are some: run again"
            )
        count, ends = len(rows), rows[-2:]
        self._begin_behind(reply, count, base)
        yield reply, answer
        while ends:
            # The second page settles whether the first row is number 0 or 1.
            start = count - 1 + (base or 0)
            reply, answer = self._ahead.ask(start, functools.partial(self._window, start))
            rows = list(answer.rows)
            if rows[:1] == ends[-1:]:
                base, fresh = base or 0, rows[1:]
            elif base is None and count > 1 and rows[:2] == ends:
                base, fresh = 1, rows[2:]
            else:
                raise IncompleteError(
                    f"The query {self.where} changed while it was read in pages, or has no ORDER "
                    "BY over its keys; read it with paging none."
                )
            if not fresh:
                break
            count, ends = count + len(fresh), [*ends, *fresh][-2:]
            self._begin_behind(reply, count, base)
            yield reply, answers.Answer(answer.names, answer.types, fresh, typed=answer.typed)
        self._judge_single(count, ends[-1] if ends else None)
        if self._in_order:
            self.evidence.prove(ProofKind.OVERLAPPING_PAGES)
        else:
            self.evidence.doubt(
                f"{self.where} does not come in the order of {', '.join(self.query.primary_keys)}, "
                "and pages of a list without order may miss rows. Order it by its primary_keys"
            )

    @property
    def expected_proof(self) -> str:
        """Return in words which proof the pass will have."""
        return ProofKind.OVERLAPPING_PAGES.value

    _rising = _falling = True
    _last_key: tuple[Any, ...] | None = None

    @property
    def _in_order(self) -> bool:
        """Whether keys rose, or fell, from the first row to the last."""
        return self._rising or self._falling

    def _account(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for row in rows:
            key = tuple(rank(row.get(name)) for name in self.query.primary_keys)
            if self._last_key is not None:
                self._rising = self._rising and key > self._last_key
                self._falling = self._falling and key < self._last_key
            self._last_key = key
        return super()._account(rows)

    def _begin_behind(self, reply: Reply, count: int, base: int | None) -> None:
        """Ask for the page that follows so many rows, while the last one is written."""
        start = count - 1 + (base or 0)
        if count and self._ahead.pays(reply.seconds):
            self._ahead.begin(start, functools.partial(self._window, start))

    def _window(self, start: int) -> tuple[Reply, Answer]:
        return self._asked({"StartRow": start, "RowCount": self.size})

    def _judge_single(self, count: int, last: Any) -> None:
        """A first page of one row cannot overlap; look behind it."""
        if count != 1:
            return
        rows = self._window(1)[1].rows
        if rows and list(rows) != [last]:
            raise IncompleteError(
                f"The server gives the query {self.where} one row at a time; read it with paging "
                "none."
            )


class KeysetSource(QuerySource):
    """A CQL query that asks for the rows after a key itself."""

    def answered(self) -> Iterator[tuple[Reply, Answer]]:
        """Yield pages until one is empty.

        Raises:
            LoopError: Keys do not grow.
        """
        after, before = LOWEST, LOWEST
        while True:
            ask = functools.partial(self._behind, after, self.size)
            reply, answer = self._ahead.ask(after, ask)
            if not answer.rows:
                again = self._asked_again(after, before)
                if again is None:
                    return
                reply, answer = again
            keys = self._keys(answer)
            grows = all(
                type(one) is int and one > previous
                for previous, one in zip([after, *keys], keys, strict=False)
            )
            if not keys or not grows:
                raise LoopError(
                    f"The query {self.where} does not answer rows after {AFTER} in the order of "
                    f"{self.query.primary_keys[0]}, a whole number."
                )
            after, before = keys[-1], keys[-2] if len(keys) > 1 else after
            if self._ahead.pays(reply.seconds):
                self._ahead.begin(after, functools.partial(self._behind, after, self.size))
            yield reply, answer

    def _keys(self, answer: Answer) -> list[Any]:
        names, key = answers.unique(answer.names), self.query.primary_keys[0]
        return [row[names.index(key)] for row in answer.rows] if key in names else []

    @property
    def expected_proof(self) -> str:
        """Return in words which proof the pass will have."""
        return ProofKind.KEYS_IN_ORDER.value

    def _behind(self, after: int, top: int) -> tuple[Reply, Answer]:
        text = self.query.query.replace(TOP, str(top)).replace(AFTER, str(after))
        return self._asked(text=text)

    def _asked_again(self, after: int, before: int) -> tuple[Reply, Answer] | None:
        """Ask another question after an answer without rows: the last row has to come again.

        Returns:
            Rows that follow after all; nothing at the end.
        """
        reply, answer = self._behind(before, 1 if after == LOWEST else max(2, self.size))
        if after == LOWEST and not answer.rows:
            empty = "two different questions are answered without rows"
            self.evidence.prove(ProofKind.KEYS_IN_ORDER, empty)
            return None
        keys = self._keys(answer)
        if after != LOWEST and keys == [after]:
            self.evidence.prove(ProofKind.KEYS_IN_ORDER)
            return None
        more = [row for row, key in zip(answer.rows, keys, strict=False) if key != after]
        if not more or len(keys) != len(answer.rows):
            self.evidence.contradict(
                f"{self.where} answers without rows although there are some: run again"
            )
            return None
        return reply, answers.Answer(answer.names, answer.types, more, typed=answer.typed)

    def probe(self) -> Reply:
        """Ask for one row."""
        text = self.query.query.replace(TOP, "1").replace(AFTER, str(LOWEST))
        return self._asked(text=text)[0]
