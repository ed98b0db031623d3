"""The questions that are asked about one table, adapted to what the server has."""

from __future__ import annotations

import dataclasses
import logging
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.errors import Outcome, StatusError, StreamError
from tap_cinchy import answers
from tap_cinchy.cql import ID, Select, missing_names, split_names
from tap_cinchy.values import KNOWN, ContradictionError, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_rest.http.exchange import Reply
    from tap_cinchy.client import CinchyApi, ReadType
    from tap_cinchy.shapes import Field

logger = logging.getLogger(__name__)

DESELECT = ". Grant it, or deselect those columns."
TEXT_TYPES = frozenset({"String", "Guid", "Char", "Char[]", "TimeSpan"})
Columns = list["Sequence[Any]"]


@dataclasses.dataclass(frozen=True)
class Reading:
    """What is read of one table.

    Args:
        where: The table's name, for messages.
        tables: Quoted; later ones are for servers that lack the first.
        fields: What is read; the first ``keys`` of them order the rows.
        keys: 1 for most tables, 3 for the versions of rows, 0 for a table without Cinchy Id.
        size: Rows a page, at the most.
        blank: Quoted paths that are null in the rows that are read.
        conditions: What else they meet, in CQL.
        kind: The type of the query.
        optional: An account may well do without; a refusal does not fail the run.
        lenient: Links that lead to what the account may not view stay null. Only where no target
            has better values: nulls would take their place.
    """

    where: str
    tables: tuple[str, ...]
    fields: tuple[Field, ...]
    keys: int
    size: int
    blank: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    kind: ReadType = "QUERY"
    optional: bool = False
    lenient: bool = False

    @property
    def links(self) -> bool:
        """Whether a path leads through a link, on which a server may join rows away."""
        return any(len(split_names(field.paths[0])) > 1 for field in self.fields)


@dataclasses.dataclass(frozen=True)
class Form:
    """A reading as this server can answer it."""

    table: str
    fields: tuple[Field, ...]
    paths: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Brought:
    """An answer, column by column."""

    form: Form
    reply: Reply
    columns: Columns
    """Of the fields."""
    extra: Columns
    """Of what was asked for beside them, as it came."""

    def only(self, indexes: Sequence[int]) -> Brought:
        """Return the answer with some of its rows."""
        columns: Columns = [[column[index] for index in indexes] for column in self.columns]
        extra: Columns = [[column[index] for index in indexes] for column in self.extra]
        return dataclasses.replace(self, columns=columns, extra=extra)

    def rows(self, count: int | None = None) -> list[dict[str, Any]]:
        """Return the rows, or the first of them."""
        names = [field.name for field in self.form.fields]
        cells = [column[:count] for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


class TableQuestions:
    """Asks about one table; safe to use from several threads.

    Raises, from every question:
        StatusError: The server refuses it; :meth:`explained` says more.
        SlowQueryError: It took too long.
        StreamError: The answer is not what the catalog says.
    """

    def __init__(self, api: CinchyApi, reading: Reading) -> None:
        self.api = api
        self.reading = reading
        self._table = 0
        self._paths: list[str | None] = [field.paths[0] for field in reading.fields]
        self._answered = False
        """The table has answered a question."""
        self._drifted: set[str] = set()
        self._lock = threading.Lock()

    def form(self) -> Form:
        """Return the reading as it is asked now, without the columns the server lacks."""
        with self._lock:
            pairs = [
                (field, path)
                for field, path in zip(self.reading.fields, self._paths, strict=True)
                if path is not None
            ]
            table = self.reading.tables[self._table]
        return Form(table, tuple(one for one, _ in pairs), tuple(path for _, path in pairs))

    def rows(self, query: Callable[[Select], str], extra: Sequence[str] = ()) -> Brought:
        """Ask for rows with every field.

        Args:
            query: Makes CQL of the bare select.
            extra: Paths to ask for beside the fields.
        """
        while True:
            form = self.form()
            select = Select(form.table, (*form.paths, *extra), keys=self.reading.keys)
            try:
                reply = self.api.execute(query(select), self.reading.kind)
            except StatusError as error:
                if not self._adapted(error, form) and not self._left_out(error):
                    raise
            else:
                self._answered = True
                return self._read(form, reply, len(extra))

    def bare(self, query: Callable[[Select], str], paths: Sequence[str]) -> tuple[Reply, Columns]:
        """Ask for some columns of the table itself, whatever is read of it."""
        while True:
            form = self.form()
            select = Select(form.table, tuple(paths), keys=self.reading.keys)
            try:
                reply = self.api.execute(query(select), self.reading.kind)
            except StatusError as error:
                if not self._adapted(error, form):
                    raise
            else:
                self._answered = True
                return reply, answers.by_position(reply, len(paths))[1]

    def _read(self, form: Form, reply: Reply, extra: int) -> Brought:
        count = len(form.fields)
        types, columns = answers.by_position(reply, count + extra)
        read = [
            self._decoded(field, type_name, cells)
            for field, type_name, cells in zip(form.fields, types[:count], columns, strict=False)
        ]
        return Brought(form, reply, read, columns[count:])

    def _decoded(self, field: Field, type_name: str | None, cells: Sequence[Any]) -> Sequence[Any]:
        kind = field.column.kind
        try:
            found = decoded(kind, type_name, cells)
        except ContradictionError:
            raise StreamError(
                f"{self.reading.where}: the column {field.name} comes as "
                f"{type_name or 'another type'} now, the catalog says {kind.name}. Run discovery "
                "again; a target that cannot change the column needs the table reloaded.",
                code="TYPE-CHANGED",
            ) from None
        changed = kind.name == "text" and type_name in KNOWN - TEXT_TYPES
        if changed and len(split_names(field.paths[0])) == 1 and field.name not in self._drifted:
            self._drifted.add(field.name)
            logger.warning(
                "%s: the column %s comes as %s now; it is written as text until discovery is run "
                "again.",
                self.reading.where,
                field.name,
                type_name,
            )
        return found

    # What the server lacks

    def _adapted(self, error: StatusError, asked: Form) -> bool:
        """Switch to what this server has; only where the field or table allows it."""
        if error.status != HTTPStatus.BAD_REQUEST:
            return False
        if asked != self.form():
            return True  # another thread has switched meanwhile
        with self._lock:
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

    def _left_out(self, error: StatusError) -> bool:
        """Read on without the links that lead to what the account may not view, and say so."""
        missing = error.status == HTTPStatus.BAD_REQUEST and missing_names(error.message)
        refused = self.refused_links() if missing and self.reading.lenient else []
        for index, field in enumerate(self.reading.fields):
            if field in refused:
                self._paths[index] = None
        if refused:
            logger.warning(
                "%s: the account may not view what %s links to (%s); it stays null. Grant it, or "
                "run discovery again, which leaves it out.",
                self.where,
                ", ".join(field.name for field in refused),
                error.message.rstrip("."),
            )
        return bool(refused)

    def refused_links(self) -> list[Field]:
        """Ask for every link by itself and return those the server refuses."""
        form = self.form()
        links = [
            (field, path)
            for field, path in zip(form.fields, form.paths, strict=True)
            if len(split_names(path)) > 1
        ]
        return [field for field, path in links if is_refused(self.api, form.table, path)]

    # Why a question is refused

    @property
    def where(self) -> str:
        """Return the table's name."""
        return self.reading.where

    def explained(self, error: StatusError, *, begun: bool = False) -> StreamError:
        """Return the error with what can be done about it.

        Args:
            error: A refusal.
            begun: Rows have come, so that the account has the right to them.
        """
        explained = self._explained(error)
        known = begun or (self._answered and error.status == HTTPStatus.FORBIDDEN)
        return explained if known else self._excused(explained)

    def _explained(self, error: StatusError) -> StreamError:
        missing = missing_names(error.message)
        if error.status != HTTPStatus.BAD_REQUEST or not missing:
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
        refused = isinstance(error, StatusError) and error.status in {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.FORBIDDEN,
        }
        if not self.reading.optional or not refused:
            return error
        return StreamError(
            f"{error.sentence.rstrip('.')}. Grant the right to it, or deselect the stream.",
            code=error.code,
            outcome=Outcome.FORBIDDEN,
            absent=error.code != "BLOCKED",
        )

    def _about_column(self, error: StatusError, name: str) -> StreamError:
        """Tell a column that may not be viewed from one that is gone, by asking for the rights."""
        hidden = self.hidden_columns()
        if name.lower() in hidden:
            wanted = [
                field.name
                for field in self.reading.fields
                if split_names(field.paths[0])[0].lower() in hidden
            ]
            return StreamError(
                f"{self.where}: the account may not view {', '.join(wanted)} "
                f"({error.message.rstrip('.')}){DESELECT}",
                code="COLUMN-FORBIDDEN",
                outcome=Outcome.FORBIDDEN,
            )
        refused = self.refused_links()
        if refused:
            names = ", ".join(field.name for field in refused)
            return StreamError(
                f"{self.where}: the account may not view what {names} links to "
                f"({error.message.rstrip('.')}). Grant it, or deselect {names}.",
                code="COLUMN-FORBIDDEN",
                outcome=Outcome.FORBIDDEN,
            )
        error.sentence = (
            f"{error.sentence.rstrip('.')}. In {self.where} it was renamed or deleted, or the "
            "account may not view it or what it links to: run discovery again, or deselect it."
        )
        return error

    def hidden_columns(self) -> set[str]:
        """Return the columns the account may not view, in lower case."""
        rights = self.api.entitlements(self.where).get("columnEntitlements")
        return {
            str(column.get("columnName")).lower()
            for column in (rights if isinstance(rights, list) else [])
            if isinstance(column, dict) and column.get("canView") is False
        }

    def forbidden(self) -> StreamError | None:
        """Return why a table without rows is not to be believed; nothing if it may be seen."""
        rights = self.api.entitlements(self.where)
        columns = rights.get("columnEntitlements")
        if rights.get("accessIsDefinedForCurrentUser") is not False or any(
            isinstance(column, dict) and column.get("canView")
            for column in (columns if isinstance(columns, list) else [])
        ):
            return None
        return StreamError(
            f"{self.where} answers without rows because the account has no right to it. Grant "
            "it, or deselect the stream.",
            code="TABLE-FORBIDDEN",
            outcome=Outcome.FORBIDDEN,
            absent=self.reading.optional,
        )


def is_refused(api: CinchyApi, table: str, *paths: str) -> bool:
    """Whether the server refuses a question for these paths of a quoted table.

    Raises:
        StreamError: It cannot be asked.
    """
    try:
        api.execute(Select(table, paths).text(top=1))
    except StatusError as error:
        if error.status == HTTPStatus.BAD_REQUEST and missing_names(error.message):
            return True
        raise
    return False


def key_paths(count: int) -> tuple[str, ...]:
    """Return the columns that order the rows of a table, or the versions of its rows."""
    return tuple(f"[{name}]" for name in (ID, "Version", "Draft Version")[:count])
