"""Turns names into functions over rows: columns, walks along links, conditions."""

from __future__ import annotations

import dataclasses
import operator
import re
from typing import TYPE_CHECKING, Any

from sandbox.cinchy import columns as c
from sandbox.cinchy.columns import ColumnType, Kind, Reading

from .errors import CqlError, UnknownNameError
from .logic import every, some, test_any, test_both, test_fixed
from .operand import GONE, Operand
from .syntax import (
    Compare,
    Condition,
    Constant,
    Every,
    Expression,
    IsNull,
    Like,
    Negated,
    Path,
    Some,
)
from .values import converted, folded, is_numeric, kind_of, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.cinchy.columns import Column, Row
    from sandbox.cinchy.table import Table

    from .logic import Getter, Predicate
    from .session import LinkRules, Session

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Scope:
    """The names one SELECT may use, and the rows they are found in.

    A row is a plain tuple. Only in a history query that walks along links does it become a tuple
    of tuples (``wide``): the row itself, then one version of every linked row.
    """

    def __init__(self, session: Session, table: Table | None, alias: str | None) -> None:
        self.session = session
        self.table = table
        self.alias = alias
        self.variables = dict(session.parameters)
        self.wide = session.reads == "VERSION_HISTORY_QUERY" and session.history_joins
        self.joins: list[tuple[int, Table]] = []
        self.walks: list[Getter] = []
        """What is reached through links that may take their row out of the answer."""

    # Constants

    def value(self, what: Expression) -> Any:
        """Return the value of a constant or parameter.

        Raises:
            CqlError: A parameter nobody gave.
        """
        if isinstance(what, Constant):
            return what.value
        if isinstance(what, Path):
            raise TypeError(what)
        for name, value in self.variables.items():
            if name.lower() == what.name.lower():
                return value
        if self.session.absent_is_null:
            return None
        raise CqlError(f'Must declare the scalar variable "{what.name}".')

    # Names

    def operand(self, what: Expression, *, shown: bool = False) -> Operand:
        """Return how to read an expression, in a condition or as it is shown."""
        if not isinstance(what, Path):
            value = self.value(what)
            return Operand(lambda _row: value, kind_of(value))
        if self.table is None:
            raise UnknownNameError("column", what.parts[-1])
        found = self._walk(self.table, self.names(what), outermost=True, shown=shown)
        if found.walked and self.session.links.may_vanish:
            return self._vanishing(found)
        if not self.wide or found.walked:
            return found
        inner = found.get
        return dataclasses.replace(found, get=lambda wide: inner(wide[0]))

    def _vanishing(self, found: Operand) -> Operand:
        get = found.get
        if not self.wide:
            self.walks.append(get)
        return dataclasses.replace(
            found, get=lambda row: None if (value := get(row)) is GONE else value
        )

    def joined(self, where: Predicate | None) -> Predicate | None:
        """Return a condition that also refuses the rows that a link takes out of the answer."""
        walks = self.walks
        if not walks:
            return where

        def together(row: Any) -> bool | None:
            if any(get(row) is GONE for get in walks):
                return False
            return where is None or where(row)

        return together

    def names(self, path: Path) -> tuple[str, ...]:
        """Return the column names of a path, without the alias or table before them."""
        parts = path.parts
        assert self.table is not None  # noqa: S101 - callers checked
        if self.alias is not None:
            owned = len(parts) > 1 and parts[0].lower() == self.alias.lower()
            return parts[1:] if owned else parts
        lowered = tuple(part.lower() for part in parts)
        table = (self.table.domain.lower(), self.table.name.lower())
        if len(parts) > len(table) and lowered[:2] == table:
            return parts[2:]
        if len(parts) > 1 and lowered[0] == table[1] and self.table.find(parts[0]) is None:
            return parts[1:]
        return parts

    def _column(self, table: Table, name: str) -> Column:
        column = table.find(name)
        if column is None or not self.session.view.may_view_column(table, column):
            raise UnknownNameError("column", name)
        return column

    def _walk(
        self,
        table: Table,
        names: tuple[str, ...],
        *,
        outermost: bool = False,
        shown: bool = False,
    ) -> Operand:
        column = self._column(table, names[0])
        rest = names[1:]
        if column.type is ColumnType.LINK:
            rest = rest or (column.target_column,)
            rules = self.session.links.of(table, column)
            return self._follow(column, rest, rules, outermost=outermost, shown=shown)
        if rest:
            raise UnknownNameError("column", rest[0])
        if column.live:
            compute, around = column.compute, self.session.view.around
            assert compute is not None  # noqa: S101 - that is what live means
            return Operand(lambda row: compute(Reading(table, row, around)), column.kind)
        return Operand(operator.itemgetter(column.slot), column.kind, column.multi)

    def _follow(
        self,
        column: Column,
        rest: tuple[str, ...],
        rules: LinkRules,
        *,
        outermost: bool,
        shown: bool,
    ) -> Operand:
        target = self._linked(column)
        if target is None or not self._may_follow(target, rest[0]):
            return self._closed(column, target, rest)
        end = self._walk(target, rest)
        id_only = len(rest) == 1 and end.kind in {Kind.INT32, Kind.INT64} and not end.walked
        id_only = id_only and rest[0].lower() == "cinchy id"
        find = self._finder(target, rules, id_only=id_only)
        slot, inner = column.slot, end.get
        nothing = GONE if rules.to_nothing == "vanish" else None
        pairs = shown and id_only and rules.pairs

        known: dict[int | None, Any] = {}

        def one(row: Row) -> Any:
            id_ = row[slot]
            if id_ not in known:
                found = find(id_)
                known[id_] = inner(found) if isinstance(found, tuple) else found
            return known[id_]

        def several(row: Row) -> Any:
            rows = [found for id_ in row[slot] or () if isinstance(found := find(id_), tuple)]
            values: list[Any]
            if pairs:
                values = [part for one in rows for part in (one[c.ID], one[c.VERSION] or 1)]
            else:
                values = [value for found in rows if (value := inner(found)) is not GONE]
            if end.multi:
                values = [value for group in values for value in group or ()]
            return tuple(value for value in values if value is not None) or nothing

        get: Getter = several if column.multi else one
        if self.wide and outermost:
            get = self._joined(slot, target, inner) if not (column.multi or id_only) else get
            if column.multi or id_only:
                narrow = get
                get = lambda wide: narrow(wide[0])  # noqa: E731
        return Operand(get, end.kind, column.multi or end.multi, walked=True)

    def _linked(self, column: Column) -> Table | None:
        try:
            return self.session.view.around.table(column.target_table)
        except KeyError:
            return None

    def _may_follow(self, target: Table, name: str) -> bool:
        """Whether the account may see the linked table, and the column in it."""
        view, column = self.session.view, target.find(name)
        return view.may_view(target) and (column is None or view.may_view_column(target, column))

    def _closed(self, column: Column, target: Table | None, rest: tuple[str, ...]) -> Operand:
        """Return what a link gives whose other end this account may not see."""
        rules = self.session.links
        if target is None or rules.to_hidden == "error":
            raise UnknownNameError("column", column.name if rules.blame_link else rest[0])
        end = target.find(rest[-1])
        value = GONE if rules.to_hidden == "vanish" else None
        return Operand(lambda _row: value, end.kind if end else Kind.TEXT, walked=True)

    def _joined(self, slot: int, target: Table, inner: Getter) -> Getter:
        if (slot, target) not in self.joins:
            self.joins.append((slot, target))
        place = self.joins.index((slot, target)) + 1

        def get(wide: tuple[Row | None, ...]) -> Any:
            found = wide[place]
            return None if found is None else inner(found)

        return get

    def _finder(
        self, table: Table, rules: LinkRules, *, id_only: bool
    ) -> Callable[[int | None], Any]:
        """Return what finds the row a link points to: the row, nothing, or GONE."""
        keep = self.session.view.row_filter(table)
        if id_only and rules.to_filtered == "id":
            keep = None
        nothing = GONE if rules.to_nothing == "vanish" else None
        deleted = GONE if rules.to_deleted == "vanish" else None
        filtered = GONE if rules.to_filtered == "vanish" else None
        binned = rules.to_deleted == "value"
        drafts = table.drafts if self.session.reads == "DRAFT_QUERY" else {}
        rows = table.rows

        def find(id_: int | None) -> Any:
            row = None if id_ is None else drafts.get(id_) or rows.get(id_)
            if row is None:
                return nothing
            if not binned and row[c.DELETED] is not None:
                return deleted
            return row if keep is None or keep(row) else filtered

        return find

    def widened(self, row: Row) -> Iterator[Any]:
        """Yield the row, or in a history query one tuple per combination of linked versions."""
        if not self.wide:
            yield row
            return
        made: list[tuple[Row | None, ...]] = [(row,)]
        for slot, target in self.joins:
            versions: list[Row | None] = [None]
            if row[slot] is not None:
                versions = [*target.versions(row[slot])] or versions
            made = [(*start, version) for start in made for version in versions]
        yield from made

    # Conditions, in SQL's three values: True, False and None for unknown

    def predicate(self, condition: Condition) -> Predicate:
        """Return a function that tests a row."""
        if isinstance(condition, Every):
            return every([self.predicate(one) for one in condition.conditions])
        if isinstance(condition, Some):
            return some([self.predicate(one) for one in condition.conditions])
        if isinstance(condition, Negated):
            inner = self.predicate(condition.condition)
            return lambda row: None if (found := inner(row)) is None else not found
        if isinstance(condition, IsNull):
            get, wanted = self.operand(condition.operand).get, not condition.negated
            return lambda row: (get(row) is None) is wanted
        if isinstance(condition, Like):
            return self._like(condition)
        return self._compare(condition)

    def _like(self, condition: Like) -> Predicate:
        pattern = folded(str(self.value(condition.pattern)), self.session)
        pieces = [{"%": ".*", "_": "."}.get(sign) or re.escape(sign) for sign in pattern]
        matches = re.compile("".join(pieces), re.DOTALL).fullmatch
        get, session = self.operand(condition.operand).get, self.session

        def test(row: Any) -> bool | None:
            value = get(row)
            return None if value is None else bool(matches(folded(str(value), session)))

        return test

    def _compare(self, condition: Compare) -> Predicate:
        left, right, sign = condition.left, condition.right, condition.operator
        if not isinstance(left, Path) and isinstance(right, Path):
            left, right, sign = right, left, _MIRRORED[sign]
        first = self._comparable(self.operand(left), right)
        test = _OPERATORS[sign]
        if isinstance(right, Path):
            return test_both(first.get, self._comparable(self.operand(right), right).get, test)
        fixed = converted(self.value(right), first.kind, self.session)
        if fixed is None:
            return lambda _row: None
        if first.multi:
            return test_any(first.get, fixed, test)
        return test_fixed(first.get, fixed, test)

    def _comparable(self, found: Operand, other: Expression) -> Operand:
        """Fold texts, and read a text as a number where it meets one."""
        if found.kind is not Kind.TEXT:
            return found
        get, session = found.get, self.session
        meets_number = not isinstance(other, Path) and is_numeric(kind_of(self.value(other)))
        if meets_number and session.backend == "postgres":
            raise CqlError("operator does not exist: character varying = integer")
        change = number if meets_number else folded

        def both(row: Any) -> Any:
            value = get(row)
            if value is None:
                return None
            if found.multi:
                return tuple(change(one, session) for one in value)
            return change(value, session)

        return dataclasses.replace(
            found, kind=Kind.NUMBER if meets_number else found.kind, get=both
        )

    # The index on Cinchy Id

    def id_range(self, condition: Condition | None) -> tuple[int, int]:
        """Return the bounds a condition sets on Cinchy Id, both included."""
        widest = (-(1 << 63), 1 << 63)
        if isinstance(condition, Every):
            ranges = [self.id_range(one) for one in condition.conditions]
            return max(low for low, _ in ranges), min(high for _, high in ranges)
        if isinstance(condition, Some):
            ranges = [self.id_range(one) for one in condition.conditions]
            return min(low for low, _ in ranges), max(high for _, high in ranges)
        if not isinstance(condition, Compare) or isinstance(condition.right, Path):
            return widest
        if not self.is_id(condition.left):
            return widest
        value = converted(self.value(condition.right), Kind.INT64, self.session)
        if not isinstance(value, int):
            return widest
        low = {"=": value, ">=": value, ">": value + 1}.get(condition.operator, widest[0])
        high = {"=": value, "<=": value, "<": value - 1}.get(condition.operator, widest[1])
        return low, high

    def is_window(self, condition: Condition | None) -> bool:
        """Whether :meth:`id_range` says all that a condition says."""
        if isinstance(condition, Every):
            return all(map(self.is_window, condition.conditions))
        return (
            isinstance(condition, Compare)
            and condition.operator != "<>"
            and not isinstance(condition.right, Path)
            and self.is_id(condition.left)
            and isinstance(converted(self.value(condition.right), Kind.INT64, self.session), int)
        )

    def is_id(self, what: Expression) -> bool:
        """Whether an expression is this table's own Cinchy Id."""
        if not isinstance(what, Path) or self.table is None:
            return False
        names = self.names(what)
        column = self.table.find(names[0])
        return len(names) == 1 and column is not None and column.slot == c.ID and column.system
