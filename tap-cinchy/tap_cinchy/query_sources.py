"""Running a configured query that answers in one piece, and what may prove that it is all.

Queries in pages are in :mod:`tap_cinchy.query_pages`.
"""

from __future__ import annotations

import collections
import decimal
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import StreamError
from singer_rest.sources.ahead import Ahead
from singer_rest.sources.base import Source
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from tap_cinchy import answers
from tap_cinchy.client import Parameter
from tap_cinchy.queries import is_query, is_single_value
from tap_cinchy.query_requests import ask
from tap_cinchy.values import ContradictionError, decoded, wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from singer_rest.http.exchange import Reply
    from singer_rest.http.prefetch import Prefetcher
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
        ahead: Asks for the next page while one is written.
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
        ahead: Prefetcher | None = None,
    ) -> None:
        super().__init__()
        self._ahead: Ahead[tuple[Reply, Answer]] = Ahead(ahead)
        self.kind = kind
        self.api = api
        self.query = query
        self.shape = shape
        self.params = params
        self.size = size
        self.where = query.title
        self.newest: Any = None
        """Greatest value of the replication key, as received."""
        self.check_answers: Callable[[str], None] | None = None
        """Called before it is believed that nothing comes."""
        self._seen: dict[tuple[Any, ...], int] = {}
        self._strange: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """Yield the pages there are."""
        for reply, answer in self.answered():
            self.evidence.pages += 1
            yield Page(self._account(self._rows(answer)), reply)
        self._judge_doubled()
        if not self.evidence.received and self.check_answers is not None:
            self.check_answers(self.where)
        if self.evidence.problems == [] and self._shared:
            self.evidence.contradict(
                f"{self._shared} rows of {self.where} share a primary key with another row, and a "
                "target keeps one of them only: name more columns in primary_keys"
            )

    def answered(self) -> Iterator[tuple[Reply, Answer]]:
        """Ask, and yield the answers with the rows that are new."""
        reply, answer = self._asked()
        self._first = answer
        yield reply, answer
        if not answer.rows:
            self._judge_no_rows(reply, answer)
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

    def _judge_no_rows(self, reply: Reply, answer: Answer) -> None:
        """Doubt an answer without rows that does not even name columns where this server does."""
        null = isinstance(reply.body, dict) and reply.body.get("data") is None
        named = not answer.typed and not self.query.saved and self._names_columns()
        if null or named:
            self.evidence.contradict(
                f"{self.where} answers {'null in the place of rows' if null else 'nothing at all'}"
                f"{'' if null else ', and names its columns when it is asked for them'}: run again"
            )

    def _names_columns(self) -> bool:
        """Whether this server names columns where there are no rows."""
        try:
            parameters = [Parameter(*pair) for pair in self.params.items()]
            kind: Any = self.query.type
            text = self.query.query
            answer = answers.read(self.api.execute(text, kind, parameters, schema_only=True))
        except StreamError:
            return False
        return answer.typed and bool(answer.names)

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

    def _account(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Count rows, watch keys, and remember the greatest replication key.

        Returns:
            The rows, those that came before word for word left out.
        """
        keys, fresh = self.query.primary_keys, []
        for row in rows:
            if not keys:
                self.evidence.received += 1
                fresh.append(row)
                continue
            key = tuple(str(row.get(name)) for name in keys)
            print_ = hash(repr(row))
            if self._seen.get(key) == print_:
                self.evidence.duplicates += 1
                continue
            if key in self._seen:
                self._shared += 1
            else:
                self.evidence.received += 1
                self._seen[key] = print_
            fresh.append(row)
        name = self.query.replication_key
        values = [row[name] for row in rows if name and row.get(name) is not None]
        for value in values:
            if self.newest is None or rank(value) > rank(self.newest):
                self.newest = value
        return fresh

    _first: Answer | None = None
    """The whole answer of a query that gives one."""

    def _judge_doubled(self) -> None:
        """Judge rows that came twice: each may stand in the place of another.

        A query may well give rows twice; then it does so again.
        """
        if not self.evidence.duplicates:
            return
        many = f"{self.evidence.duplicates} rows of {self.where} came twice"
        if self._first is None or not self.query.saved or not is_query(self.kind):
            # There is no other way to ask.
            self.evidence.contradict(
                f"{many}, perhaps in the place of others: let the query give each row once, with "
                "SELECT DISTINCT"
            )
            return
        self.evidence.rereads += 1
        # In other words: what gives a wrong answer to a question does so again.
        whole = {"StartRow": 0, "RowCount": len(self._first.rows) + 1}
        before, again = (
            collections.Counter(map(repr, answer.rows))
            for answer in (self._first, self._asked(whole)[1])
        )
        if before != again:
            self.evidence.contradict(f"{many}, and others when it was asked again: run again")

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
