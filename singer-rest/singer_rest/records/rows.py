"""The rows of a page, held column by column.

Every row of every stream passes here. What is done to a whole column runs in loops of the
interpreter's own, several times faster than the same done to one row after the other; and rows
that are never made into dictionaries need neither the time nor the memory for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Rows:
    """Rows with the same columns; a row that lacks one has null there.

    Iterating yields dictionaries, so that rows can be used without knowing how they are held.

    Args:
        cells: The columns by name, each with a cell per row.
        count: Rows.
    """

    def __init__(self, cells: dict[str, list[Any]], count: int) -> None:
        self.cells = cells
        self.count = count

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Rows:
        """Return rows that came one by one."""
        page = list(rows)
        forms = dict.fromkeys(map(tuple, page))
        if len(forms) == 1:
            columns = map(list, zip(*[row.values() for row in page], strict=True))
            return cls(dict(zip(*forms, columns, strict=True)), len(page))
        names = dict.fromkeys(name for form in forms for name in form)
        return cls({name: [row.get(name) for row in page] for name in names}, len(page))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, name: str) -> list[Any]:
        column = self.cells.get(name)
        return [None] * self.count if column is None else column

    def __setitem__(self, name: str, column: list[Any]) -> None:
        self.cells[name] = column

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if not self.cells:
            yield from ({} for _row in range(self.count))
            return
        names = tuple(self.cells)
        for row in zip(*self.cells.values(), strict=True):
            yield dict(zip(names, row, strict=True))


class Records(Rows):
    """Rows that conform to a table.

    Args:
        cells: As above.
        count: As above.
        more: What single rows have beside the columns, by their place.
    """

    def __init__(
        self, cells: dict[str, list[Any]], count: int, more: dict[int, dict[str, Any]]
    ) -> None:
        super().__init__(cells, count)
        self.more = more

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for index, row in enumerate(super().__iter__()):
            yield row | self.more.get(index, {})

    def having(self, name: str) -> Records:
        """Return the rows that are not null in a column."""
        column = self[name]
        if None not in column:
            return self
        indexes = [index for index, cell in enumerate(column) if cell is not None]
        more = {new: self.more[old] for new, old in enumerate(indexes) if old in self.more}
        cells = {name: [cells[index] for index in indexes] for name, cells in self.cells.items()}
        return Records(cells, len(indexes), more)
