"""Who may sign in, and what the platform silently lets each of them see."""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import TYPE_CHECKING, Any

from . import columns as c

if TYPE_CHECKING:
    from collections.abc import Callable

    from .columns import Column, Reading, Row, Surroundings
    from .table import Table

TABLES = "Cinchy.Tables"
TABLE_COLUMNS = "Cinchy.Table Columns"


@dataclasses.dataclass(eq=False, kw_only=True)
class Account:
    """One user: how to sign in and what may be seen.

    Admins see everything. The rest see the tables their globs name, without the hidden columns
    and without the rows a filter refuses; nothing tells them that something was left out.
    """

    username: str
    password: str = ""
    token: str = ""
    """The personal access token; made from the user name when left empty."""
    saml: str = ""
    """The base64 assertion that ``grant_type=saml2`` takes for this user."""
    groups: tuple[str, ...] = ("All Users",)
    admin: bool = False
    tables: tuple[str, ...] = ("*",)
    """Globs over ``Domain.Table``."""
    hidden_tables: tuple[str, ...] = ()
    """Globs over ``Domain.Table`` that may not be seen whatever ``tables`` says, those of domain
    Cinchy among them: ``("Cinchy.Users",)``."""
    metadata: bool = True
    """Whether any row of a table in domain Cinchy is visible."""
    hidden: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    """Columns that may not be viewed, by ``Domain.Table``: ``{"Cinchy.Tables": {"Json"}}``."""
    filters: dict[str, Callable[[Reading], bool]] = dataclasses.field(default_factory=dict)
    """Viewable row filters, by ``Domain.Table``."""
    time_zone: str = ""
    """IANA zone of this user's timestamps; the one of the options when left empty."""
    user_id: int = 0

    def __post_init__(self) -> None:
        """Fill in the credentials nobody named."""
        self.password = self.password or f"pass-{self.username}"
        self.token = self.token or f"pat-{self.username}"
        self.saml = self.saml or f"c2FtbC0{self.username}"

    def follow_table(self, old: str, new: str) -> None:
        """Keep the rights on a table that was renamed: the platform knows it by its id."""
        books: tuple[dict[str, Any], ...] = (self.hidden, self.filters)
        for book in books:
            if old in book:
                book[new] = book.pop(old)
        if _matches(old, self.tables) and not _matches(new, self.tables):
            self.tables = (*self.tables, new)
        if _matches(old, self.hidden_tables) and not _matches(new, self.hidden_tables):
            self.hidden_tables = (*self.hidden_tables, new)

    def follow_column(self, table: str, old: str, new: str) -> None:
        """Keep a column hidden that was renamed."""
        hidden = self.hidden.get(table, set())
        if old in hidden:
            self.hidden[table] = hidden - {old} | {new}


class View:
    """The platform through one account's eyes."""

    def __init__(self, account: Account, around: Surroundings) -> None:
        self.account = account
        self.around = around
        self._known: dict[str, bool] = {}

    def may_view(self, table: Table) -> bool:
        """Whether the account may read the table at all."""
        return self._may_view_name(table.full_name)

    def _may_view_name(self, full_name: str) -> bool:
        if full_name not in self._known:
            self._known[full_name] = self._judge(full_name)
        return self._known[full_name]

    def _judge(self, full_name: str) -> bool:
        account = self.account
        if account.admin:
            return True
        if _matches(full_name, account.hidden_tables):
            return False
        return full_name.startswith("Cinchy.") or _matches(full_name, account.tables)

    def may_view_column(self, table: Table, column: Column) -> bool:
        """Whether the account may read one column of a table it may read."""
        if self.account.admin:
            return True
        return column.name not in self.account.hidden.get(table.full_name, ())

    def row_filter(self, table: Table) -> Callable[[Row], bool] | None:
        """Return the filter that silently drops rows, or nothing when all are visible."""
        account = self.account
        if account.admin:
            return None
        if table.domain == "Cinchy":
            if not account.metadata:
                return lambda _row: False
            return self._metadata_filter(table)
        keep = account.filters.get(table.full_name)
        if keep is None:
            return None
        return lambda row: keep(c.Reading(table, row, self.around))

    def _metadata_filter(self, table: Table) -> Callable[[Row], bool] | None:
        if table.full_name == TABLES:
            return lambda row: self._may_view_id(row[c.ID])
        if table.full_name == TABLE_COLUMNS:
            slot = table.column("Table").slot
            return lambda row: self._may_view_id(row[slot])
        return None

    def _may_view_id(self, table_id: int) -> bool:
        tables = self.around.table(TABLES)
        row = tables.rows.get(table_id)
        return row is not None and self._may_view_name(row[tables.column("Full Name").slot])


def _matches(full_name: str, globs: tuple[str, ...]) -> bool:
    name = full_name.lower()
    return any(fnmatch.fnmatchcase(name, glob.lower()) for glob in globs)
