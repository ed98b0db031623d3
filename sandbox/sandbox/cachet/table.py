"""One table of a world, with the order of its rows on disk.

A database without ORDER BY gives rows as they lie on disk. On PostgreSQL an UPDATE writes the
row anew at another place, so the order changes under the reader: the table keeps its rows in
that order, starts scrambled, and moves a row to the end when it is updated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

if TYPE_CHECKING:
    import random
    import threading
    from collections.abc import Callable, Hashable, Iterable, Iterator


class Row(Protocol):
    """What a table needs of its rows."""

    @property
    def id(self) -> int:
        """The primary key."""


R = TypeVar("R", bound=Row)

SIDE_COLUMNS = frozenset({"components", "meta", "tags"})
"""Columns that are tables of their own: changing them leaves the row and its date alone."""


class Table(Generic[R]):
    """The rows of one kind.

    Args:
        make: The row type.
        now: Where dates of changes come from.
        lock: Held while the table changes, so that no answer sees half a change.
        parent: The parent's key of a row, for tables read per parent.
    """

    def __init__(
        self,
        make: Callable[..., R],
        now: Callable[[], int],
        lock: threading.RLock,
        parent: Callable[[R], Hashable] | None = None,
    ) -> None:
        self._make = make
        self._now = now
        self._lock = lock
        self._parent = parent
        self._columns = frozenset(getattr(make, "_fields", ()))
        self._rows: dict[int, R] = {}
        self._children: dict[Hashable, dict[int, R]] = {}
        self._next_id = 1
        self.revision = 0
        """Grows with every change; answers worked out from an older one are stale."""

    def load(self, rows: Iterable[R], scramble: random.Random | None = None) -> None:
        """Add finished rows at once, laid out in the order of a shuffle if one is given."""
        fresh = list(rows)
        if scramble:
            scramble.shuffle(fresh)
        with self._lock:
            for row in fresh:
                self._put(row)
            if fresh:
                self._next_id = max(self._next_id, max(row.id for row in fresh) + 1)
            self.revision += 1

    def insert(self, **columns: Any) -> R:
        """Add a row as an INSERT does: next id and the dates of now unless they are given.

        Raises:
            ValueError: The id is taken.
        """
        for column in ("created_at", "updated_at"):
            columns.setdefault(column, self._now())
        with self._lock:
            columns.setdefault("id", self._next_id)
            row = self._make(**columns)
            if row.id in self._rows:
                raise ValueError(f"there is already a row {row.id}")
            self._put(row)
            self._next_id = max(self._next_id, row.id + 1)
            self.revision += 1
        return row

    def update(self, row_id: int, *, touch: bool = True, **changes: Any) -> R:
        """Change columns of a row; ``updated_at`` becomes now unless told otherwise.

        Args:
            row_id: The row.
            touch: Whether ``updated_at`` moves. Changes of side columns (components, meta,
                tags) alone never move it, as in Cachet.
            changes: New values by column.

        Raises:
            KeyError: No such row.
        """
        with self._lock:
            row = self._rows[row_id]
            if not changes or not changes.keys() <= SIDE_COLUMNS:
                if touch:
                    changes.setdefault("updated_at", self._now())
                self._drop(row)
            fresh = cast("R", cast("Any", row)._replace(**changes))
            self._put(fresh)
            self.revision += 1
        return fresh

    def delete(self, row_id: int, *, hard: bool = False) -> None:
        """Delete a row: softly where Cachet does so, for good otherwise or if ``hard``.

        Raises:
            KeyError: No such row.
        """
        if "deleted_at" in self._columns and not hard:
            self.update(row_id, deleted_at=self._now())
            return
        with self._lock:
            self._drop(self._rows[row_id])
            self.revision += 1

    def find(self, row_id: int) -> R | None:
        """Return a row that is not deleted."""
        row = self._rows.get(row_id)
        return None if row is None or getattr(row, "deleted_at", None) is not None else row

    def of_parent(self, parent: Hashable, *, by_id: bool) -> list[R]:
        """Return the rows of one parent, as they lie on disk or by id."""
        rows = list(self._children.get(parent, {}).values())
        if by_id:
            rows.sort(key=lambda row: row.id)
        return rows

    def on_disk(self) -> Iterator[R]:
        """Return the rows that are not deleted, as they lie on disk."""
        if "deleted_at" not in self._columns:
            return iter(self._rows.values())
        return (row for row in self._rows.values() if cast("Any", row).deleted_at is None)

    def with_deleted(self) -> Iterator[R]:
        """Return every row, softly deleted ones too."""
        return iter(self._rows.values())

    def __iter__(self) -> Iterator[R]:
        return iter(sorted(self.on_disk(), key=lambda row: row.id))

    def __len__(self) -> int:
        return sum(1 for _ in self.on_disk())

    def _put(self, row: R) -> None:
        self._rows[row.id] = row
        if self._parent:
            self._children.setdefault(self._parent(row), {})[row.id] = row

    def _drop(self, row: R) -> None:
        self._rows.pop(row.id, None)
        if self._parent:
            self._children.get(self._parent(row), {}).pop(row.id, None)
