"""Reading a table that has no Cinchy Id.

It has no key by which one page could follow another, so it is read whole. A limit of the server
that cuts off its end shows when it is read from the other end: then other rows come, unless all
rows are alike in every column they are ordered by.
"""

from __future__ import annotations

import collections
import dataclasses
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from singer_rest.errors import StatusError
from singer_rest.sources.evidence import ProofKind
from singer_rest.sources.pages import Page
from tap_cinchy.sources import TableSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_cinchy.cql import Select
    from tap_cinchy.questions import Brought

logger = logging.getLogger(__name__)

PLAIN = frozenset({"integer", "number", "boolean", "moment", "wall_clock"})
TEXTUAL = frozenset({"text", "texts"})


class WholeTableSource(TableSource):
    """A table without Cinchy Id: no key, no pages, and still a proof."""

    def begin(self) -> None:
        """Ask nothing ahead of time: the whole table would have to be kept."""

    def walk(self) -> Iterator[Page]:
        """Yield the table as one page, read from both ends until the readings agree."""
        logger.warning(
            "%s has no Cinchy Id: it is read in one piece, and in full every time.", self.where
        )
        order, there = self._first_way()
        for again in range(2):
            back = self._directed(order, "DESC")
            self.evidence.pages += 1
            if self._agree(there, back):
                self._judge(there, order)
                break
            if not again:
                self.evidence.rereads += 1
                there = self._directed(order, "ASC")
        else:
            self.evidence.contradict(
                f"{self.where} has no Cinchy Id, and read from its other end it has other rows: "
                "the server cuts off long answers, or the table changes all the time"
            )
        rows = there.rows()
        self.evidence.received = len(rows)
        yield Page(rows, there.reply)
        if not rows:
            self._judge_no_rows()
            self.judge_empty()

    def _judge_no_rows(self) -> None:
        """Ask in other words whether there is no row: no answer without rows is believed alone."""
        paths = self.questions.form().paths[:1]
        if self.questions.bare(lambda select: select.text(top=1), paths)[1][0]:
            self.evidence.contradict(
                f"{self.where} has no rows in any order, and one when it is asked for without: run "
                "again"
            )

    def _judge(self, there: Brought, order: list[int]) -> None:
        """Say whether readings that agree prove anything: not if both ends are alike."""
        columns = [there.columns[index] for index in order]
        alike = all(column[0] == column[-1] for column in columns if column)
        if len(there.columns[0]) > 1 and alike:
            self.evidence.doubt(
                f"{self.where} has no Cinchy Id, and its rows are alike in all columns they can be "
                "ordered by: nobody can tell whether the server has cut off some of them"
            )
        else:
            self.evidence.prove(ProofKind.BOTH_ENDS)

    def _first_way(self) -> tuple[list[int], Brought]:
        """Return the columns to order by, by their index, and the table in that order.

        A text may be of a kind that cannot be ordered by, such as Geometry; then the server
        refuses, and the others have to do.
        """
        fields = self.questions.form().fields
        plain = [i for i, field in enumerate(fields) if field.column.kind.name in PLAIN]
        every = plain + [i for i, field in enumerate(fields) if field.column.kind.name in TEXTUAL]
        try:
            return every, self._directed(every, "ASC")
        except StatusError as error:
            if error.status != HTTPStatus.BAD_REQUEST or not plain or plain == every:
                raise
            return plain, self._directed(plain, "ASC")

    def _directed(self, order: list[int], way: str) -> Brought:
        def query(select: Select) -> str:
            wanted = tuple(f"t.{select.paths[index]} {way}" for index in order)
            return dataclasses.replace(select, order=wanted, conditions=self.conditions).text()

        return self.questions.rows(query)

    @staticmethod
    def _agree(there: Brought, back: Brought) -> bool:
        """Whether one reading is the other one turned round, rows alike in order apart."""
        rows, again = (
            collections.Counter(map(repr, zip(*one.columns, strict=True))) for one in (there, back)
        )
        return rows == again

    @property
    def expected_proof(self) -> str:
        """Return which proof the pass will have."""
        return ProofKind.BOTH_ENDS.value
