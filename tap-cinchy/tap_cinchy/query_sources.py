"""Running configured queries: in one piece, or in pages that prove themselves.

Pages by StartRow shift when rows come or go in front of them, and nobody has written down whether
the first row is number 0 or 1. So every page overlaps the one before by a row, and that row has
to come again at its place.
"""

from __future__ import annotations

import decimal
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StreamError
from singer_rest.sources.base import Source
from singer_rest.sources.evidence import IncompleteError, LoopError, ProofKind
from singer_rest.sources.pages import Page
from tap_cinchy import answers
from tap_cinchy.incremental import wall_clock
from tap_cinchy.queries import AFTER, TOP, is_query, is_single_value
from tap_cinchy.query_requests import ask
from tap_cinchy.values import ContradictionError, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_rest.http.exchange import Reply
    from tap_cinchy.answers import Answer
    from tap_cinchy.client import CinchyApi
    from tap_cinchy.queries import Query
    from tap_cinchy.shapes import Shape

logger = logging.getLogger(__name__)


def rank(value: Any) -> tuple[int, Any]:
    """Return what orders values of a replication key: numbers, then times, then texts."""
    if isinstance(value, (int, float, decimal.Decimal)):
        return 0, value
    moment = wall_clock(value)
    return (1, moment) if moment is not None else (2, str(value))


class QuerySource(Source):
    """A query that answers in one piece.

    Args:
        api: The requests.
        query: The query.
        shape: Its columns.
        params: Its parameters.
        size: Rows a page, where it has pages.
        kind: What a saved query does, as the platform tells; nothing where nobody can tell.
    """

    def __init__(
        self,
        api: CinchyApi,
        query: Query,
        shape: Shape,
        params: Mapping[str, Any],
        size: int,
        *,
        kind: str = "",
    ) -> None:
        super().__init__()
        self.kind = kind
        self.api = api
        self.query = query
        self.shape = shape
        self.params = params
        self.size = size
        self.where = query.title
        self.newest: Any = None
        """Greatest value of the replication key, as received."""
        self._seen: dict[tuple[Any, ...], int] = {}
        self._strange: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """Yield the pages there are."""
        for reply, answer in self.answered():
            self.evidence.pages += 1
            rows = self._rows(answer)
            self._account(rows)
            yield Page(rows, reply)
        if self.evidence.problems == [] and self._shared:
            self.evidence.contradict(
                f"{self._shared} rows of {self.where} share a primary key with another row, and a "
                "target keeps one of them only: name more columns in primary_keys"
            )

    def answered(self) -> Iterator[tuple[Reply, Answer]]:
        """Ask, and yield the answers with the rows that are new."""
        reply, answer = self._asked()
        yield reply, answer
        if not self.query.saved:
            self.evidence.doubt(
                f"{self.where} came in one answer, and nobody can tell whether the server has cut "
                "it off. Set paging to keyset, with the places {{top}} and {{after}} in the query"
            )
        elif is_single_value(self.kind):
            self.evidence.prove(ProofKind.ONE_ANSWER, "a single value")
        elif not is_query(self.kind):
            self.evidence.doubt(
                f"the platform does not tell that {self.where} only reads, so it is not run a "
                "second time to see whether anything follows its last row"
            )
        else:
            self._look_behind(answer)

    def _look_behind(self, answer: Answer) -> None:
        """Ask a saved query for the row behind its last one.

        Nobody has written down whether its first row is number 0 or 1.
        """
        rows = [list(row) for row in answer.rows]
        for start in (len(rows), len(rows) + 1):
            found = [list(row) for row in self._asked({"StartRow": start, "RowCount": 1})[1].rows]
            if not found:
                self.evidence.prove(ProofKind.ONE_ANSWER, "nothing follows its last row")
                return
            if found[:1] == rows[-1:] != rows[:1] or (len(rows) == 1 and start == 1):
                continue  # perhaps the first row is number 1
            if found[:1] == rows[:1]:
                self.evidence.doubt(
                    f"{self.where} gives its first row again when it is asked for what follows the "
                    "last one, so nobody can tell whether the server has cut it off"
                )
                return
            break
        self.evidence.contradict(
            f"{self.where} gives {len(rows)} rows and has more: the server cuts it off, or it has "
            "changed meanwhile. Set paging to start_row, with an ORDER BY over primary_keys in "
            "the query"
        )

    def _asked(
        self, extra: Mapping[str, Any] | None = None, text: str | None = None
    ) -> tuple[Reply, Answer]:
        reply = ask(self.api, self.query, {**self.params, **(extra or {})}, text)
        return reply, answers.read(reply)

    @property
    def expected_proof(self) -> str:
        """Return in words which proof the pass will have."""
        if self.query.saved and (is_query(self.kind) or is_single_value(self.kind)):
            return ProofKind.ONE_ANSWER.value
        return f"none; if its rows are few, name {self.query.name} in accept_unproved"

    _shared = 0

    def _account(self, rows: list[dict[str, Any]]) -> None:
        """Count rows, watch keys, and remember the greatest replication key."""
        keys = self.query.primary_keys
        for row in rows:
            if not keys:
                self.evidence.received += 1
                continue
            key = tuple(str(row.get(name)) for name in keys)
            print_ = hash(repr(row))
            if key not in self._seen:
                self.evidence.received += 1
                self._seen[key] = print_
            elif self._seen[key] == print_:
                self.evidence.duplicates += 1
            else:
                self._shared += 1
        name = self.query.replication_key
        values = [row[name] for row in rows if name and row.get(name) is not None]
        for value in values:
            if self.newest is None or rank(value) > rank(self.newest):
                self.newest = value

    def _rows(self, answer: Answer) -> list[dict[str, Any]]:
        """Return rows by the names of the shape.

        Raises:
            StreamError: A column is missing, or has another type than the catalog says.
        """
        names = answers.unique(answer.names)
        if not answer.rows:
            return []
        columns = dict(zip(names, zip(*answer.rows, strict=True), strict=True))
        wanted = {field.name: field.column.kind for field in self.shape.fields}
        lost = [name for name in wanted if name not in columns]
        # In an object a null may be left out, but not everything.
        needed = answer.typed or set(lost) & set(self.query.primary_keys)
        if lost and (needed or len(lost) == len(wanted)):
            raise StreamError(
                f"The query {self.where} has no column {', '.join(lost)} any more; run discovery "
                "again.",
                code="COLUMN-GONE",
            )
        self._note_strangers([name for name in names if name not in wanted])
        types = dict(zip(names, answer.types, strict=True))
        read: dict[str, Any] = {}
        for name in wanted.keys() & columns.keys():
            try:
                read[name] = decoded(wanted[name], types[name], columns[name])
            except ContradictionError:
                raise StreamError(
                    f"The query {self.where} has {types[name] or 'another type'} in the column "
                    f"{name} now, the catalog says {wanted[name].name}; run discovery again.",
                    code="TYPE-CHANGED",
                ) from None
        found = list(read)
        return [dict(zip(found, row, strict=True)) for row in zip(*read.values(), strict=True)] or [
            {} for _row in answer.rows
        ]

    def _note_strangers(self, names: list[str]) -> None:
        for name in names:
            if name not in self._strange:
                self._strange.add(name)
                logger.warning(
                    "%s: the column %s is not in the catalog and is not read; run discovery again.",
                    self.where,
                    name,
                )

    def probe(self) -> Reply:
        """Run the query; there is no smaller question."""
        return next(self.answered())[0]


class WindowedSource(QuerySource):
    """A saved query in overlapping pages by StartRow and RowCount."""

    def answered(self) -> Iterator[tuple[Reply, Answer]]:
        """Yield pages until one holds nothing behind the row it shares with the page before.

        Raises:
            IncompleteError: The shared row is not where it was.
        """
        reply, answer = self._window(0)
        rows, base = list(answer.rows), 0
        yield reply, answer
        count, last = len(rows), rows[-1] if rows else None
        while last is not None:
            # The second page settles whether the first row is number 0 or 1.
            start = count - 1 + base
            reply, answer = self._window(start)
            rows = list(answer.rows)
            if rows[:1] == [last]:
                fresh = rows[1:]
            elif base == 0 and count > 1 and rows[1:2] == [last]:
                base, fresh = 1, rows[2:]
            else:
                raise IncompleteError(
                    f"The query {self.where} changed while it was read in pages, or has no ORDER "
                    "BY over its keys; read it with paging none."
                )
            if not fresh:
                break
            yield reply, answers.Answer(answer.names, answer.types, fresh, typed=answer.typed)
            count, last = count + len(fresh), fresh[-1]
        self._judge_single(count, last)
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

    def _account(self, rows: list[dict[str, Any]]) -> None:
        super()._account(rows)
        for row in rows:
            key = tuple(rank(row.get(name)) for name in self.query.primary_keys)
            if self._last_key is not None:
                self._rising = self._rising and key > self._last_key
                self._falling = self._falling and key < self._last_key
            self._last_key = key

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
        after, before = 0, 0
        while True:
            reply, answer = self._behind(after, self.size)
            if not answer.rows:
                self._judge_end(after, before)
                return
            names = answers.unique(answer.names)
            key = self.query.primary_keys[0]
            keys = [row[names.index(key)] for row in answer.rows] if key in names else []
            grows = all(
                isinstance(one, int) and one > before
                for before, one in zip([after, *keys], keys, strict=False)
            )
            if not keys or not grows:
                raise LoopError(
                    f"The query {self.where} does not answer rows after {AFTER} in the order of "
                    f"{key}, a whole number."
                )
            yield reply, answer
            after, before = keys[-1], keys[-2] if len(keys) > 1 else after

    @property
    def expected_proof(self) -> str:
        """Return in words which proof the pass will have."""
        return ProofKind.KEYS_IN_ORDER.value

    def _behind(self, after: int, top: int) -> tuple[Reply, Answer]:
        text = self.query.query.replace(TOP, str(top)).replace(AFTER, str(after))
        return self._asked(text=text)

    def _judge_end(self, after: int, before: int) -> None:
        """Believe an answer without rows if the last row comes when it is asked for."""
        if not after:
            again = self._behind(0, 1)[1].rows
            empty = "two different questions are answered without rows"
            if not again:
                self.evidence.prove(ProofKind.KEYS_IN_ORDER, empty)
                return
        elif self._behind(before, 1)[1].rows:
            self.evidence.prove(ProofKind.KEYS_IN_ORDER)
            return
        self.evidence.contradict(
            f"{self.where} answers without rows although there are some: run again"
        )

    def probe(self) -> Reply:
        """Ask for one row."""
        text = self.query.query.replace(TOP, "1").replace(AFTER, "0")
        return self._asked(text=text)[0]
