"""Keeps ``[Cinchy].[Tables]`` and ``[Cinchy].[Table Columns]`` true to the tables there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import columns as c
from .accounts import TABLE_COLUMNS, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .columns import Column
    from .table import Table
    from .world import World


class Catalog:
    """Writes the metadata rows of tables and columns."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._domains: dict[str, int] = {}

    def domain_id(self, name: str) -> int:
        """Return the Cinchy Id of a domain, creating its row when it is new."""
        if name not in self._domains:
            self._domains[name] = self.world.insert(
                self.world.domains_table, {"Name": name, "Guid": self.world.guid()}
            )
        return self._domains[name]

    def publish(self, tables: Sequence[Table]) -> None:
        """Add tables that link to each other in any order."""
        book, columns = self.world.table(TABLES), self.world.table(TABLE_COLUMNS)
        next_table, next_column = book.next_id(), columns.next_id()
        for table in tables:
            table.table_id, next_table = next_table, next_table + 1
            for column in table.columns:
                column.column_id, next_column = next_column, next_column + 1
        for table in tables:
            self.world.insert(TABLES, self._table_row(table), cinchy_id=table.table_id)
        for table in tables:
            for ordinal, column in enumerate(table.columns):
                self._insert_column(table, column, ordinal)

    def add_column(self, table: Table, column: Column) -> None:
        """Announce one more column."""
        column.column_id = self.world.table(TABLE_COLUMNS).next_id()
        self._insert_column(table, column, len(table.columns) - 1)
        self.refresh(table)

    def drop_column(self, table: Table, column: Column) -> None:
        """Move a column's row to the recycle bin."""
        self.world.delete(TABLE_COLUMNS, column.column_id)
        self.refresh(table)

    def rename_column(self, table: Table, column: Column, old: str) -> None:
        """Tell a column's new name, and have the links that show it lead to it."""
        for link in self._links_to(table.full_name):
            if link.target_column.lower() == old.lower():
                link.target = f"{table.full_name}.{column.name}"
        self.world.update(TABLE_COLUMNS, column.column_id, {"Name": column.name})
        self.refresh(table)

    def rename_table(self, table: Table, old: str) -> None:
        """Tell a table's new name and domain, and have the links to it lead to it."""
        for link in self._links_to(old):
            link.target = f"{table.full_name}.{link.target_column}"
        domain = self.domain_id(table.domain)
        self.world.update(
            TABLES, table.table_id, {self.world.domain_column: domain, "Name": table.name}
        )
        for column in table.columns:
            self.world.update(TABLE_COLUMNS, column.column_id, {})
        self.refresh(table)

    def _links_to(self, full_name: str) -> list[Column]:
        return [
            column
            for table in self.world.tables(system=True)
            for column in table.columns
            if column.target and column.target_table.lower() == full_name.lower()
        ]

    def change_column(self, table: Table, column: Column) -> None:
        """Describe a column anew."""
        row = self._column_row(table, column, table.columns.index(column))
        del row["Guid"]
        self.world.update(TABLE_COLUMNS, column.column_id, row)
        self.refresh(table)

    def drop_table(self, table: Table) -> None:
        """Move the rows of a table and of its columns to the recycle bin.

        Links to it lead nowhere from then on, also when another table gets its name.
        """
        for link in self._links_to(table.full_name):
            link.target = f"{table.full_name} (dropped).{link.target_column}"
        for column in table.columns:
            self.world.delete(TABLE_COLUMNS, column.column_id)
        self.world.delete(TABLES, table.table_id)

    def refresh(self, table: Table) -> None:
        """Write the facts of a table that may change: its Json and whether rows were erased."""
        changes = {"Json": self._json(table), "Has Erased Records": table.erased is not None}
        book = self.world.table(TABLES)
        known = {name: value for name, value in changes.items() if book.find(name)}
        self.world.update(TABLES, table.table_id, known)

    def _table_row(self, table: Table) -> dict[str, Any]:
        return {
            self.world.domain_column: self.domain_id(table.domain),
            "Name": table.name,
            "Description": table.description or None,
            "Guid": self.world.guid(),
            "Json": self._json(table),
            "Cinchy Schema Version": 1.0,
            "Has Erased Records": False,
            "Publish Data Change Notifications": False,
            "Type": table.kind,
        }

    def _insert_column(self, table: Table, column: Column, ordinal: int) -> None:
        row = self._column_row(table, column, ordinal)
        self.world.insert(TABLE_COLUMNS, row, cinchy_id=column.column_id)

    def _column_row(self, table: Table, column: Column, ordinal: int) -> dict[str, Any]:
        target = self._target(column) if column.target else None
        row = {
            "Table": table.table_id,
            "Name": column.name,
            "Type": column.type.value,
            "Ordinal": float(ordinal),
            "Description": column.description or None,
            "Guid": self.world.guid(),
            "Is System Column": column.system,
            "Is Mandatory": column.mandatory,
            "Allow Linking": True,
            "Allow Display In Linked Views": True,
            "Calculated Column Expression": column.expression or None,
            "Calculated Column Output Format": column.output.value if column.output else None,
            "Choice Column Options CSV": ",".join(column.options) or None,
            "Link Column Target": target.column_id if target else None,
            "Data Security Classification": column.classification or None,
        }
        if column.type is c.ColumnType.TEXT:
            row["Text Column Max Length"] = float(column.max_length or 0)
            row["Text Column Format"] = column.text_format
        if column.type is c.ColumnType.CALCULATED:
            row["Cache"] = column.cached
        book = self.world.table(TABLE_COLUMNS)
        return {name: value for name, value in row.items() if book.find(name)}

    def _target(self, column: Column) -> Column | None:
        try:
            return self.world.table(column.target_table).find(column.target_column)
        except KeyError:
            return None

    def _json(self, table: Table) -> str:
        """Describe the table as the platform's editor does; only here is multi-select told."""
        described: list[dict[str, Any]] = []
        for column in table.columns:
            if column.system:
                continue
            entry: dict[str, Any] = {
                "columnId": column.column_id,
                "name": column.name,
                "columnType": column.type.value,
                "isMandatory": column.mandatory,
            }
            if column.type in {c.ColumnType.LINK, c.ColumnType.CHOICE}:
                entry["allowMultiple"] = column.multi
            target = self._target(column) if column.target else None
            if target:
                entry["linkedTableId"] = self.world.table(column.target_table).table_id
                entry["linkedColumnId"] = target.column_id
                entry["SearchDisplayColumns"] = [{"name": target.name}]
            if column.type is c.ColumnType.TEXT:
                entry["textFormat"] = column.text_format
            described.append(entry)
        return json.dumps({"Name": table.name, "Columns": described})
