"""Runs a query against the tables and returns its columns and values."""

from __future__ import annotations

import dataclasses
import heapq
import json
from typing import TYPE_CHECKING, Any

from sandbox.cinchy.columns import Kind

from .errors import BadSyntaxError, CqlError, UnknownNameError
from .parser import parse
from .plan import Scope
from .syntax import Declare, Item, Order, Path, Raise, Select, Star, Statement, Writing
from .values import folded, nested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sandbox.cinchy.table import Table

    from .operand import Operand
    from .session import Session

MODEL = "cinchy"
NAME_PARTS = 2
HEAP_LIMIT = 1000
POSTGRES_NAME_BYTES = 63
SQL_SERVER_NAME = 128
FOR_JSON = "JSON_F52E2B61-18A1-11d1-B105-00805F49916B"
"""What SQL Server calls the column of ``FOR JSON``."""


@dataclasses.dataclass(frozen=True)
class ResultColumn:
    """One column of an answer."""

    name: str
    kind: Kind
    multi: bool = False
    walked: bool = False


@dataclasses.dataclass(frozen=True)
class Result:
    """An answer, column by column: ``values[i]`` are all values of ``columns[i]``."""

    columns: list[ResultColumn]
    values: list[list[Any]]
    table: str = ""
    """``Domain.Table`` the rows came from."""

    def __len__(self) -> int:
        return len(self.values[0])

    def part(self, start: int, stop: int) -> Result:
        """Return some of the rows."""
        return dataclasses.replace(self, values=[one[start:stop] for one in self.values])

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries of stored values, for tests."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*self.values, strict=True)]


@dataclasses.dataclass(frozen=True)
class Write:
    """The script wanted to change something; nothing was done."""

    verb: str


def execute(text: str, session: Session) -> Result | Write:
    """Run a script and return the answer of its first SELECT.

    Raises:
        CqlError: What a server would say about it.
    """
    try:
        statements = parse(text)
        for statement in statements:
            if isinstance(statement, Writing):
                return Write(statement.verb)
        return _run(statements, session)
    except (BadSyntaxError, UnknownNameError) as error:
        raise error.worded(session.backend) from None


def _run(statements: Sequence[Statement], session: Session) -> Result:
    variables = dict(session.parameters)
    messages: list[str] = []
    for statement in statements:
        session = dataclasses.replace(session, parameters=variables)
        if isinstance(statement, Declare):
            hidden = [name for name in variables if name.lower() == statement.name.lower()]
            value = Scope(session, None, None).value(statement.value)
            for name in hidden:
                del variables[name]
            variables[statement.name] = value
        elif isinstance(statement, Raise):
            if statement.condition is None or Scope(session, None, None).predicate(
                statement.condition
            )(()):
                messages.append(statement.message)
                if statement.returns:
                    break
        elif isinstance(statement, Select) and not messages:
            if statement.as_json and session.backend == "postgres":
                raise BadSyntaxError("FOR")
            found = _Select(statement, session).run()
            return _as_json(found) if statement.as_json else found
    raise CqlError(" ".join(messages) or "The query did not return a result set")


def _as_json(found: Result) -> Result:
    """Return the one cell that ``FOR JSON PATH`` makes of all rows, or no row for none."""
    names = [column.name for column in found.columns]
    rows = [nested(names, row) for row in zip(*found.values, strict=True)]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    column = ResultColumn(FOR_JSON, Kind.TEXT)
    return Result([column], [[text] if rows else []], found.table)


class _Select:
    def __init__(self, select: Select, session: Session) -> None:
        self.select = select
        self.session = session
        self.table: Table | None = None
        self.hidden_table = False
        if select.table:
            self.table = self._find(select.table)
        self.scope = Scope(session, self.table, select.alias)
        self.unnamed = 0

    def _find(self, parts: tuple[str, ...]) -> Table:
        names = parts[1:] if len(parts) > NAME_PARTS and parts[0].lower() == MODEL else parts
        full_name = ".".join(names)
        view = self.session.view
        if len(names) != NAME_PARTS:
            raise UnknownNameError("table", full_name)
        try:
            table = view.around.table(full_name)
        except KeyError:
            raise UnknownNameError("table", full_name) from None
        if not view.may_view(table):
            if self.session.forbidden_tables == "error":
                raise UnknownNameError("table", full_name)
            self.hidden_table = True
        return table

    def run(self) -> Result:
        """Return the answer."""
        named = [pair for item in self.select.items for pair in self._named(item)]
        columns = [
            ResultColumn(name, found.kind, found.multi, found.walked) for name, found in named
        ]
        top = self._top()
        rows = list(self._rows(None if self.select.distinct else top))
        values = [list(map(found.get, rows)) for _, found in named]
        if self.select.distinct:
            unique = list(dict.fromkeys(zip(*values, strict=True)))[:top]
            values = [list(one) for one in zip(*unique, strict=True)] or [[] for _ in columns]
        self.session.meter.cost.given = len(values[0])
        return Result(columns, values, self.table.full_name if self.table else "")

    def _top(self) -> int | None:
        if self.select.top is None:
            return None
        if isinstance(self.select.top, Path):
            raise BadSyntaxError(self.select.top.parts[0])
        value = self.scope.value(self.select.top)
        if not isinstance(value, int) or value < 0:
            raise CqlError("A TOP or FETCH clause contains an invalid value.")
        return value

    # The select list

    def _named(self, item: Item) -> Iterator[tuple[str, Operand]]:
        if not isinstance(item.what, Star):
            found = self.scope.operand(item.what, shown=True)
            yield self._fitted(self._name(item) if item.alias is None else item.alias), found
            return
        if self.table is None:
            raise BadSyntaxError("*")
        alias = item.what.alias
        if alias is not None and alias.lower() != (self.select.alias or "").lower():
            raise UnknownNameError("table", alias)
        for column in self.table.columns:
            if self.session.view.may_view_column(self.table, column):
                yield self._fitted(column.name), self.scope.operand(Path((column.name,)))

    def _fitted(self, name: str) -> str:
        """Shorten a name silently, as PostgreSQL does, or refuse it, as SQL Server does."""
        if self.session.backend == "postgres":
            return name.encode()[:POSTGRES_NAME_BYTES].decode(errors="ignore")
        if len(name) > SQL_SERVER_NAME:
            raise CqlError(
                f"The identifier that starts with '{name[:SQL_SERVER_NAME]}' is too long. "
                f"Maximum length is {SQL_SERVER_NAME}."
            )
        return name

    def _name(self, item: Item) -> str:
        if isinstance(item.what, Path):
            return item.what.parts[-1]
        self.unnamed += 1
        return "?column?" if self.session.backend == "postgres" else f"Column{self.unnamed}"

    # The rows

    def _rows(self, top: int | None) -> Iterable[Any]:
        select, scope = self.select, self.scope
        where = scope.predicate(select.where) if select.where else None
        if where is not None and self.table is not None and scope.is_window(select.where):
            where = None
        by_id = bool(select.order) and scope.is_id(self._aliased(select.order[0]))
        keys = [(self._key(one), one.descending) for one in select.order[by_id:]]
        where = scope.joined(where)
        if self.table is None:
            return [()] if where is None or where(()) else []
        descending = by_id and select.order[0].descending
        rows = self._stored(self.table, where, descending=descending, inner=keys if by_id else [])
        if by_id or (not keys and self.session.shuffle is None):
            return _first(rows, top)
        found = list(rows)
        if keys:
            self.session.meter.sort(len(found))
        shuffle = self.session.shuffle or (self.session.shuffle_ties if keys else None)
        if shuffle is not None:
            shuffle.shuffle(found)
        return _sorted(found, keys, top)

    def _stored(
        self,
        table: Table,
        where: Callable[[Any], bool | None] | None,
        *,
        descending: bool,
        inner: list[tuple[Callable[[Any], Any], bool]],
    ) -> Iterator[Any]:
        session, scope = self.session, self.scope
        if self.hidden_table or session.blind:
            return
        keep = session.view.row_filter(table)
        low, high = scope.id_range(self.select.where)
        history = session.reads == "VERSION_HISTORY_QUERY"
        drafts = table.drafts if session.reads == "DRAFT_QUERY" else {}
        rows, plain = table.rows, not scope.joins and not scope.wide
        ids = table.ids.between(low, high, descending=descending)
        for id_ in session.meter.looked_at(ids):
            if plain and not history:
                row = drafts.get(id_) or rows.get(id_)
                seen = row is not None and (keep is None or keep(row))
                if seen and (where is None or where(row) is True):
                    yield row
                continue
            versions = table.versions(id_) if history else [rows[id_]]
            group = [
                wide
                for row in versions
                if keep is None or keep(row)
                for wide in scope.widened(row)
                if where is None or where(wide) is True
            ]
            yield from _sorted(group, inner, None)

    def _aliased(self, order: Order) -> Any:
        """Return what an ORDER BY entry means when it names an entry of the select list."""
        what = order.what
        if isinstance(what, Path) and len(what.parts) == 1:
            for item in self.select.items:
                if item.alias is not None and item.alias.lower() == what.parts[0].lower():
                    return item.what
        return what

    def _key(self, order: Order) -> Callable[[Any], Any]:
        found = self.scope.operand(self._aliased(order))
        get, session = found.get, self.session
        nulls_last = session.backend == "postgres"

        def key(row: Any) -> tuple[bool, Any]:
            value = get(row)
            if found.multi and value is not None:
                value = ",".join(map(str, value))
            if isinstance(value, str):
                value = folded(value, session)
            return (value is None) is nulls_last, value

        return key


def _first(rows: Iterator[Any], top: int | None) -> Iterator[Any]:
    if top is None:
        yield from rows
        return
    if top:
        for count, row in enumerate(rows, 1):
            yield row
            if count == top:
                return


def _sorted(
    rows: list[Any], keys: list[tuple[Callable[[Any], Any], bool]], top: int | None
) -> list[Any]:
    if len(keys) == 1 and top is not None and top <= HEAP_LIMIT:
        key, descending = keys[0]
        pick = heapq.nlargest if descending else heapq.nsmallest
        return pick(top, rows, key)
    for key, descending in reversed(keys):
        rows.sort(key=key, reverse=descending)
    return rows if top is None else rows[:top]
