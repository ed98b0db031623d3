"""One table: its columns, its rows, their older versions and their drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import columns as c
from .stored import Ids, Series

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, MutableMapping

    from .columns import Column, Row, Surroundings

NAME_LIMIT = 125


class Table:
    """A table of the platform.

    Rows are kept by Cinchy Id: ``rows`` holds the current approved version of every record
    (deleted ones included, the recycle bin is not a separate place), ``drafts`` the proposed
    version of records under change approval, ``older`` what was replaced.
    """

    def __init__(
        self,
        full_name: str,
        columns: Iterable[Column],
        *,
        around: Surroundings,
        kind: str = "Standard",
        description: str = "",
        keyed: bool = True,
        wide_ids: bool = True,
        series: Series | None = None,
    ) -> None:
        self.domain, self.name = full_name.split(".", 1)
        self.kind = kind
        self.description = description
        self.around = around
        self.keyed = keyed
        self.table_id = 0
        """Cinchy Id of this table in ``[Cinchy].[Tables]``."""
        self.dropped = False
        self.rows: MutableMapping[int, Row] = {} if series is None else series
        self.drafts: dict[int, Row] = {}
        self.older: dict[int, list[Row]] = {}
        self.ids = Ids() if series is None else Ids(series.ids)
        self.erased: int | None = None
        """The highest id that was removed for good; it is never given again."""
        self.columns = c.system_columns(
            versioned=self.versioned, keyed=keyed, wide_ids=wide_ids
        ) + list(columns)
        self.width = c.FIRST_SLOT
        self._former: dict[str, Column] = {}
        for column in self.columns:
            self._place(column)
        self._reindex()
        if series is not None and self._cached:
            series.rewrite(self._settled)

    @property
    def full_name(self) -> str:
        """``Domain.Table``."""
        return f"{self.domain}.{self.name}"

    @property
    def versioned(self) -> bool:
        """Whether changes leave older versions and deletes go to the recycle bin."""
        return self.keyed and self.kind != "Unversioned"

    # Columns

    def _place(self, column: Column) -> None:
        if not column.system and not column.live:
            column.slot = self.width
            self.width += 1

    def _reindex(self) -> None:
        self._by_name = {column.name.lower(): column for column in self.columns}
        if len(self._by_name) != len(self.columns):
            raise ValueError(f"{self.full_name} has two columns of one name")
        self._cached = [one for one in self.columns if one.compute is not None and one.cached]

    def find(self, name: str) -> Column | None:
        """Return a column by name, whatever its case, or nothing."""
        return self._by_name.get(name.lower())

    def column(self, name: str) -> Column:
        """Return a column by name, whatever its case.

        Raises:
            KeyError: There is no such column.
        """
        return self._by_name[name.lower()]

    def known(self, name: str) -> Column:
        """Return a column by its name or by one it had before, as calculations write it.

        Raises:
            KeyError: There never was such a column.
        """
        found = self._by_name.get(name.lower())
        return self._former[name.lower()] if found is None else found

    def add_column(self, column: Column, value: Any = None) -> None:
        """Add a column; every version of every row gets the value."""
        stored = not column.live
        self.columns.append(column)
        self._place(column)
        self._reindex()
        if stored:
            self._rewrite(lambda row: (*row, value))
            if column in self._cached:
                self._rewrite(self._settled)

    def drop_column(self, name: str) -> Column:
        """Remove a column from the table's face and return it."""
        column = self.column(name)
        self.columns.remove(column)
        self._reindex()
        return column

    def rename_column(self, name: str, new_name: str) -> Column:
        """Give a column another name and return it; calculations find it all the same."""
        column = self.column(name)
        if self.find(new_name) not in {None, column}:
            raise ValueError(f"{self.full_name} already has a column {new_name}")
        self._former[name.lower()] = column
        column.name = new_name
        self._reindex()
        return column

    def change_column(self, name: str, new: Column, convert: Callable[[Any], Any]) -> None:
        """Put a column of another type in place of one, converting every stored value."""
        old = self.column(name)
        new.column_id, new.slot = old.column_id, old.slot
        self.columns[self.columns.index(old)] = new
        self._reindex()
        slot = old.slot
        self._rewrite(lambda row: (*row[:slot], convert(row[slot]), *row[slot + 1 :]))

    def _rewrite(self, change: Callable[[Row], Row]) -> None:
        if isinstance(self.rows, Series):
            self.rows.rewrite(change)
        else:
            self.rows = {id_: change(row) for id_, row in self.rows.items()}
        self.drafts = {id_: change(row) for id_, row in self.drafts.items()}
        for id_, versions in self.older.items():
            self.older[id_] = [change(row) for row in versions]

    # Rows

    def load(self, rows: Iterable[Row]) -> None:
        """Take many finished rows, ids ascending and above every id in the table."""
        for row in rows:
            id_ = row[c.ID]
            self.rows[id_] = self._settled(row) if self._cached else row
            self.ids.append(id_)

    def insert(
        self,
        values: Mapping[str, Any],
        at: dt.datetime,
        by: int | None,
        cinchy_id: int | None = None,
    ) -> int:
        """Insert one row; an id may be named to show a transaction that commits late."""
        id_ = self._admit(cinchy_id)
        row = self._new(id_, at, by, version=1, draft=0)
        self.rows[id_] = self._changed(row, values)
        return id_

    def update(self, id_: int, values: Mapping[str, Any], at: dt.datetime, by: int | None) -> None:
        """Make a new version of one row."""
        self._replace(id_, self._stamped(self.rows[id_], at, by), values, at)

    def delete(self, id_: int, at: dt.datetime, by: int | None, *, stamp: bool) -> None:
        """Move one row to the recycle bin; a table without versions forgets it.

        Args:
            id_: The row.
            at: When.
            by: Who.
            stamp: Whether deleting also moves Modified (the vendor does not say).
        """
        if not self.versioned:
            self.erase(id_)
            return
        row = self.rows[id_]
        now = self._stamped(row, at, by) if stamp else self._next(row)
        self._replace(id_, self._with(now, {c.DELETED_BY: by, c.DELETED: at}), {}, at)

    def restore(self, id_: int, at: dt.datetime, by: int | None) -> None:
        """Bring one row back from the recycle bin."""
        now = self._stamped(self.rows[id_], at, by)
        self._replace(id_, self._with(now, {c.DELETED_BY: None, c.DELETED: None}), {}, at)

    def erase(self, id_: int) -> None:
        """Remove one row for good, with its history; its id is never given again."""
        self.rows.pop(id_, None)
        self.drafts.pop(id_, None)
        self.older.pop(id_, None)
        self.ids.remove(id_)
        self.erased = id_ if self.erased is None else max(self.erased, id_)

    def compress(self) -> int:
        """Forget all replaced versions and return how many there were."""
        count = sum(map(len, self.older.values()))
        self.older.clear()
        return count

    def propose(
        self, id_: int | None, values: Mapping[str, Any], at: dt.datetime, by: int | None
    ) -> int:
        """Propose a change (or a new row, without an id) that waits for approval."""
        if id_ is None:
            id_ = self._admit(None)
            row = self._new(id_, at, by, version=0, draft=1)
        else:
            before = self.drafts.get(id_) or self.rows[id_]
            row = self._with(before, {c.DRAFT: before[c.DRAFT] + 1})
            row = self._with(row, {c.MODIFIED: at, c.MODIFIED_BY: by})
            if id_ in self.drafts:
                self._retire(id_, before, at)
        row = self._with(row, {c.APPROVAL: "Pending"})
        self.drafts[id_] = self._changed(row, values)
        return id_

    def propose_delete(self, id_: int, at: dt.datetime, by: int | None) -> None:
        """Propose to delete a row; Deleted stays the time of this request when it is approved."""
        self.propose(id_, {}, at, by)
        self.drafts[id_] = self._with(self.drafts[id_], {c.DELETED_BY: by, c.DELETED: at})

    def reject(self, id_: int, at: dt.datetime) -> None:
        """Put the proposed version of a row aside."""
        self._retire(id_, self.drafts.pop(id_), at)

    def approve(self, id_: int, at: dt.datetime, by: int | None) -> None:
        """Make the proposed version of a row the current one."""
        draft = self.drafts.pop(id_)
        row = self._with(self._stamped(draft, at, by), {c.DRAFT: 0, c.APPROVAL: "Approved"})
        self._retire(id_, draft, at)
        if id_ in self.rows:
            self._retire(id_, self.rows[id_], at)
        self.rows[id_] = row

    def versions(self, id_: int) -> list[Row]:
        """Return every version of one record, drafts included, oldest first."""
        every = list(self.older.get(id_, ()))
        every += [place[id_] for place in (self.rows, self.drafts) if id_ in place]
        every.sort(key=lambda row: (row[c.VERSION], row[c.DRAFT]))
        return every

    def next_id(self) -> int:
        """Return the id the next row will get."""
        return max(self.ids[-1] if self.ids else 0, self.erased or 0) + 1

    # How versions follow each other

    def _admit(self, cinchy_id: int | None) -> int:
        id_ = self.next_id() if cinchy_id is None else cinchy_id
        if id_ in self.ids:
            raise ValueError(f"{self.full_name} already has a row {id_}")
        self.ids.add(id_)
        return id_

    def _new(self, id_: int, at: dt.datetime, by: int | None, *, version: int, draft: int) -> Row:
        start: list[Any] = [None] * self.width
        start[c.ID], start[c.VERSION], start[c.DRAFT] = id_, version, draft
        start[c.CREATED_BY], start[c.CREATED] = by, at
        start[c.MODIFIED_BY], start[c.MODIFIED] = by, at
        return tuple(start)

    def _replace(self, id_: int, row: Row, values: Mapping[str, Any], at: dt.datetime) -> None:
        if self.versioned:
            self._retire(id_, self.rows[id_], at)
        self.rows[id_] = self._changed(row, values)

    def _retire(self, id_: int, row: Row, at: dt.datetime) -> None:
        self.older.setdefault(id_, []).append(self._with(row, {c.REPLACED: at}))

    def _next(self, row: Row) -> Row:
        return self._with(row, {c.VERSION: row[c.VERSION] + 1}) if self.versioned else row

    def _stamped(self, row: Row, at: dt.datetime, by: int | None) -> Row:
        return self._with(self._next(row), {c.MODIFIED: at, c.MODIFIED_BY: by})

    def _changed(self, row: Row, values: Mapping[str, Any]) -> Row:
        changed = {self.column(name).slot: value for name, value in values.items()}
        return self._settled(self._with(row, changed))

    def _settled(self, row: Row) -> Row:
        for column in self._cached:
            assert column.compute is not None  # noqa: S101 - narrows the type; _cached says so
            value = column.compute(c.Reading(self, row, self.around))
            row = self._with(row, {column.slot: value})
        return row

    @staticmethod
    def _with(row: Row, changes: Mapping[int, Any]) -> Row:
        values = list(row)
        for slot, value in changes.items():
            values[slot] = value
        return tuple(values)
