"""Reading a table so that nothing is lost, doubled or cut off.

Pages follow each other by the key of the last row, never by an offset: rows that come, go or
change while the table is read cannot push others across the border of a page. The end is the
highest Cinchy Id there was after the first page, or a page without rows; never a short page,
because the server may have a limit below the size that was asked for, and never the last row
there is, because a table that grows as fast as it is read has none.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StatusError, StreamError, TooLargeError
from singer_rest.sources.base import Plan, Source
from singer_rest.sources.evidence import LoopError
from singer_rest.sources.pages import Page
from tap_cinchy import answers
from tap_cinchy.client import BAD_REQUEST, FORBIDDEN, SlowQueryError
from tap_cinchy.cql import Select, missing_names, split_names
from tap_cinchy.values import KNOWN, ContradictionError, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.http.exchange import Reply
    from tap_cinchy.client import CinchyApi, ReadType
    from tap_cinchy.shapes import Field

logger = logging.getLogger(__name__)

SMALLEST_PAGE = 100
"""Rows; a query that takes too long for so few is slow for another reason."""
TEXT_TYPES = frozenset({"String", "Guid", "Char", "Char[]", "TimeSpan"})


@dataclasses.dataclass(frozen=True)
class Reading:
    """What is read of one table.

    Args:
        where: The table's name, for messages.
        tables: Quoted; later ones are for servers that lack the first.
        fields: What is read; the first ``keys`` of them order the rows.
        keys: 1 for most tables, 3 for the versions of rows, 0 for a table without Cinchy Id.
        conditions: Which rows are read.
        kind: The type of the query.
        size: Rows a page.
        optional: An account may well do without; a refusal does not fail the run.
    """

    where: str
    tables: tuple[str, ...]
    fields: tuple[Field, ...]
    keys: int
    size: int
    conditions: tuple[str, ...] = ()
    kind: ReadType = "QUERY"
    optional: bool = False


class TableSource(Source):
    """A table in pages, each beginning behind the key of the last row."""

    def __init__(self, api: CinchyApi, reading: Reading) -> None:
        super().__init__()
        self.api = api
        self.reading = reading
        self.where = reading.where
        self.size = reading.size
        self.conditions = reading.conditions
        self._table = 0
        self._paths: list[str | None] = [field.paths[0] for field in reading.fields]
        self._drifted: set[str] = set()

    # The walk

    def pages(self) -> Iterator[Page]:
        """Yield pages until the highest key is read, or a page is empty.

        Raises:
            LoopError: Rows do not come in the order that was asked for.
            StreamError: A page cannot be had; see :meth:`explained`.
        """
        try:
            yield from self.walk()
        except StatusError as error:
            raise self._excused(self.explained(error)) from None

    def walk(self) -> Iterator[Page]:
        """Yield the pages; every refusal of the server is explained by the caller."""
        self.prepare()
        after: tuple[int, ...] = (0,)
        highest: int | None = None
        self.evidence.proof = "empty page after the last row"
        while True:
            page, keys = self._page(after)
            self.evidence.pages += 1
            if not keys:
                break
            kept = self._in_order(page.rows, keys, after)
            self.evidence.received += len(kept)
            yield dataclasses.replace(page, rows=kept)
            after = keys[-1]
            if highest is None:
                highest = self._highest()
            # Of a row with several versions, more may follow; a higher row says they have come.
            if after[0] > highest or (len(after) == 1 and after[0] == highest):
                self.evidence.proof = "read up to the highest Cinchy Id"
                break
        self.finish()

    def _highest(self) -> int:
        """Return the highest Cinchy Id there is now."""
        key = self.select().paths[0]
        top = Select(self.select().table, (key,), order=(f"t.{key} DESC",)).text(top=1)
        _types, columns = answers.by_position(self.api.execute(top, self.reading.kind), 1)
        return int(columns[0][0]) if columns[0] else 0

    def prepare(self) -> None:
        """Find out what has to be known before the first page; a hook."""

    def finish(self) -> None:
        """Tell an empty table from one the account may not see, which may look the same.

        Raises:
            StreamError: The account has no right to it.
        """
        if self.evidence.received or not self.seems_empty():
            return
        rights = self.api.entitlements(self.where)
        columns = rights.get("columnEntitlements") or []
        if rights.get("accessIsDefinedForCurrentUser") is False and not any(
            column.get("canView") for column in columns
        ):
            raise StreamError(
                f"{self.where} answers without rows because the account has no right to it. Grant "
                "it, or deselect the stream.",
                code="TABLE-FORBIDDEN",
                outcome=Outcome.FORBIDDEN,
                excused=self.reading.optional,
            )

    def seems_empty(self) -> bool:
        """Whether a pass without rows says that there are none; a hook."""
        return True

    def _in_order(
        self, rows: list[dict[str, Any]], keys: list[tuple[int, ...]], after: tuple[int, ...]
    ) -> list[dict[str, Any]]:
        """Check that keys grow; a row that came twice in a row, word for word, is kept once."""
        kept: list[dict[str, Any]] = []
        previous = after
        for key, row in zip(keys, rows, strict=True):
            if key > previous:
                kept.append(row)
            elif key == previous and kept and row == kept[-1]:
                self.evidence.duplicates += 1
            else:
                raise LoopError(
                    f"{self.where} does not come in the order of its key: {key} follows {previous}."
                )
            previous = key
        return kept

    def _page(
        self, after: tuple[int, ...], size: int | None = None
    ) -> tuple[Page, list[tuple[int, ...]]]:
        reply, columns = self._asked(after, size)
        keys = self._keys(columns)
        return Page(self.read_rows(columns), reply), keys

    def _keys(self, columns: Sequence[Sequence[Any]]) -> list[tuple[int, ...]]:
        keys = list(zip(*columns[: self.reading.keys], strict=True))
        if not all({int}.issuperset(map(type, column)) for column in columns[: self.reading.keys]):
            raise LoopError(f"{self.where} has rows without a key, so their end cannot be found.")
        return keys

    def read_rows(self, columns: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """Return columns as rows."""
        names = [field.name for field in self.active()]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    # One question

    def select(self) -> Select:
        """Return the query as it is asked now, without the columns the server lacks."""
        return Select(
            table=self.reading.tables[self._table],
            paths=tuple(path for path in self._paths if path is not None),
            keys=self.reading.keys,
            conditions=self.conditions,
        )

    def active(self) -> list[Field]:
        """Return the fields this server has."""
        return [
            field
            for field, path in zip(self.reading.fields, self._paths, strict=True)
            if path is not None
        ]

    def _asked(
        self, after: tuple[int, ...], size: int | None = None
    ) -> tuple[Reply, list[Sequence[Any]]]:
        """Ask for the rows after a place, in smaller pieces if need be."""
        while True:
            try:
                text = self.select().text(after, size or self.size)
                return self.read(self.api.execute(text, self.reading.kind))
            except SlowQueryError as error:
                self._halve(error, SMALLEST_PAGE)
            except TooLargeError as error:
                self._halve(error, 1)
            except StatusError as error:
                if not self._adapted(error):
                    raise

    def _halve(self, error: StreamError, smallest: int) -> None:
        if self.size <= smallest:
            raise error
        self.size = max(smallest, self.size // 2)
        logger.info("%s Asking for %d rows at a time.", error.sentence, self.size)

    def read(self, reply: Reply) -> tuple[Reply, list[Sequence[Any]]]:
        """Return the columns of an answer, each read as its field says.

        Raises:
            StreamError: A column has another type than in the catalog.
        """
        fields = self.active()
        types, columns = answers.by_position(reply, len(fields))
        return reply, [
            self._decoded(field, type_name, cells)
            for field, type_name, cells in zip(fields, types, columns, strict=True)
        ]

    def _decoded(self, field: Field, type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
        kind = field.column.kind
        try:
            found = decoded(kind, type_name, cells)
        except ContradictionError:
            raise StreamError(
                f"{self.where}: the column {field.name} comes as {type_name or 'another type'} "
                f"now, the catalog says {kind.name}. Run discovery again; a target that cannot "
                "change the column needs the table reloaded.",
                code="TYPE-CHANGED",
            ) from None
        changed = kind.name == "text" and type_name in KNOWN - TEXT_TYPES
        if changed and len(split_names(field.paths[0])) == 1 and field.name not in self._drifted:
            self._drifted.add(field.name)
            logger.warning(
                "%s: the column %s comes as %s now; it is written as text until discovery is run "
                "again.",
                self.where,
                field.name,
                type_name,
            )
        return found

    # What the server lacks

    def _adapted(self, error: StatusError) -> bool:
        """Switch to what this server has; only where the field or table allows it."""
        if error.status != BAD_REQUEST:
            return False
        changes = [self._without(*missing) for missing in missing_names(error.message)]
        return any(changes)

    def _without(self, kind: str, name: str) -> bool:
        if kind == "table":
            if self._table + 1 < len(self.reading.tables):
                self._table += 1
                return True
            return False
        changed = False
        for index, (field, path) in enumerate(zip(self.reading.fields, self._paths, strict=True)):
            if path is None or name.lower() not in (part.lower() for part in split_names(path)):
                continue
            later = field.paths[field.paths.index(path) + 1 :]
            if later:
                self._paths[index] = later[0]
            elif field.optional:
                self._paths[index] = None
                logger.info("%s: this server has no %s; it stays null.", self.where, field.name)
            else:
                continue
            changed = True
        return changed

    def explained(self, error: StatusError) -> StreamError:
        """Return the error with what can be done about it."""
        missing = missing_names(error.message)
        if error.status != BAD_REQUEST or not missing:
            return error
        kind, name = missing[0]
        if kind == "table":
            error.sentence = (
                f"{error.sentence.rstrip('.')}. {self.where} was deleted, or the account has lost "
                "its right to it: run discovery again, or grant it."
            )
            return error
        return self._about_column(error, name)

    def _excused(self, error: StreamError) -> StreamError:
        """Return what a refusal of an optional table becomes."""
        refused = isinstance(error, StatusError) and error.status in {BAD_REQUEST, FORBIDDEN}
        if not self.reading.optional or not refused:
            return error
        return StreamError(
            f"{error.sentence.rstrip('.')}. Grant the right to it, or deselect the stream.",
            code=error.code,
            outcome=Outcome.FORBIDDEN,
            excused=True,
        )

    def _about_column(self, error: StatusError, name: str) -> StreamError:
        """Tell a column that may not be viewed from one that is gone, by asking for the rights."""
        rights = self.api.entitlements(self.where).get("columnEntitlements")
        known = rights if isinstance(rights, list) else []
        hidden = {
            str(column.get("columnName")).lower()
            for column in known
            if isinstance(column, dict) and column.get("canView") is False
        }
        if name.lower() in hidden:
            wanted = [
                field.name
                for field in self.reading.fields
                if split_names(field.paths[0])[0].lower() in hidden
            ]
            return StreamError(
                f"{self.where}: the account may not view {', '.join(wanted)} "
                f"({error.message.rstrip('.')}). Grant it, or deselect those columns.",
                code="COLUMN-FORBIDDEN",
                outcome=Outcome.FORBIDDEN,
            )
        error.sentence = (
            f"{error.sentence.rstrip('.')}. In {self.where} it was renamed or deleted, or the "
            "account may not view it or what it links to: run discovery again, or deselect it."
        )
        return error

    # Before a run

    def probe(self) -> Reply:
        """Ask for one row, with every column."""
        after: tuple[int, ...] = (0,) if self.reading.keys else ()
        try:
            return self._page(after, size=1)[0].reply
        except StatusError as error:
            raise self._excused(self.explained(error)) from None

    def plan(self) -> Plan:
        """Ask for the highest key: rows are numbered from 1 on and seldom removed for good."""
        if not self.reading.keys:
            return Plan(2, exact=False)
        highest = self._highest()
        return Plan(1 - (-highest // self.size), highest, exact=False)
