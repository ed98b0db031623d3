"""Reading a table that has no Cinchy Id.

It has no key by which one page could follow another, so it is read whole. A limit of the server
that cuts off its end shows when it is read from the other end: then other rows come.
"""

from __future__ import annotations

import collections
import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.sources.pages import Page
from tap_cinchy.sources import TableSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.http.exchange import Reply

logger = logging.getLogger(__name__)


class WholeTableSource(TableSource):
    """A table without Cinchy Id: no key, no pages, and still a proof."""

    def walk(self) -> Iterator[Page]:
        """Yield the table as one page, read from both ends until the readings agree."""
        logger.warning(
            "%s has no Cinchy Id: it is read in one piece, and in full every time.", self.where
        )
        order = self._order()
        reply, columns = self._directed(order, "ASC")
        for _again in range(2 if order else 0):
            self.evidence.pages += 1
            backwards = self._directed(order, "DESC")[1]
            if self._same(columns, backwards):
                self.evidence.proof = "read in both directions"
                break
            self.evidence.rereads += 1
            reply, columns = self._directed(order, "ASC")
        else:
            self._unproved(order)
        rows = self.read_rows(columns)
        self.evidence.received = len(rows)
        yield Page(rows, reply)
        self.finish()

    def _unproved(self, order: list[str]) -> None:
        if order:
            self.evidence.problems.append(
                f"{self.where} has no Cinchy Id, and read from its other end it has other rows: "
                "the server cuts off long answers, or the table changes all the time"
            )
        else:
            self.evidence.proof = "one answer, which the server may have cut off"

    def _order(self) -> list[str]:
        """Return columns that any database can order by."""
        plain = {"integer", "number", "boolean", "moment", "wall_clock"}
        fields = [field for field in self.active() if field.column.kind.name in plain]
        texts = [field for field in self.active() if field.column.kind.name == "text"]
        return [f"t.{field.paths[0]}" for field in fields or texts]

    def _directed(self, order: list[str], way: str) -> tuple[Reply, list[Sequence[Any]]]:
        select = dataclasses.replace(
            self.select(), order=tuple(f"{column} {way}" for column in order)
        )
        return self.read(self.api.execute(select.text(), self.reading.kind))

    @staticmethod
    def _same(one: Sequence[Sequence[Any]], other: Sequence[Sequence[Any]]) -> bool:
        rows, again = (
            collections.Counter(map(repr, zip(*columns, strict=True))) for columns in (one, other)
        )
        return rows == again
