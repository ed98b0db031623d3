"""A Cinchy platform in memory: tables, users and a clock, all of which may change while served.

A test changes the world through the methods below (from any thread; a request sees the world
before or after a change, never in between) and asks :meth:`World.truth` what a complete read must
have found.
"""

from __future__ import annotations

import random
import threading
import uuid
from typing import TYPE_CHECKING, Any

from . import columns as c
from .accounts import View
from .catalog import Catalog
from .clock import Clock
from .cql import CqlError, Result, Session, execute
from .system import system_tables
from .table import Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping

    from .accounts import Account
    from .columns import Column, Row
    from .request import SandboxRequest

    Hook = Callable[[SandboxRequest], Any]

SYSTEM_USER = 1


class World:
    """The platform's whole content.

    Args:
        seed: Everything random follows from it.
        version: The release it claims to be; it decides on names (Domain became Data Product in
            6.0), on the columns of system tables and on the width of ids.
        clock: The server's clock; one that stands still by default.
        delete_moves_modified: Whether deleting a row also sets its Modified (not documented).
        domains_renamed: Whether 6.0 also calls the table of domains Data Products (not known).
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        version: str = "5.11.0",
        clock: Clock | None = None,
        delete_moves_modified: bool = True,
        domains_renamed: bool = False,
    ) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self.version = version
        self.release = tuple(int(part) for part in version.split(".")[:3])
        self.clock = clock or Clock()
        self.delete_moves_modified = delete_moves_modified
        renamed = self.release >= (6,)
        self.domain_column = "Data Product" if renamed else "Domain"
        domains = "Data Products" if renamed and domains_renamed else "Domains"
        self.domains_table = f"Cinchy.{domains}"
        self.accounts: dict[str, Account] = {}
        self.clients: dict[str, str] = {}
        self.hooks: list[Hook] = []
        self._tables: dict[str, Table] = {}
        self.catalog = Catalog(self)
        own = system_tables(self.release, domain=self.domain_column, domains=self.domains_table)
        self.define(own)

    # What there is

    def now(self) -> dt.datetime:
        """Return the instant the server believes it is."""
        return self.clock.now()

    def guid(self) -> str:
        """Return the next generated GUID."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def table(self, full_name: str) -> Table:
        """Return a table by ``Domain.Table``, whatever its case.

        Raises:
            KeyError: There is none, or it was dropped.
        """
        return self._tables[full_name.lower()]

    def tables(self, *, system: bool = False) -> list[Table]:
        """Return the tables there are, those of domain Cinchy only when asked for."""
        return [one for one in self._tables.values() if system or one.domain != "Cinchy"]

    def truth(
        self, full_name: str, *, deleted: bool = True, history: bool = False, drafts: bool = False
    ) -> list[dict[str, Any]]:
        """Return what is stored: one dictionary per row, by column name, in order of Cinchy Id.

        Links are ids (tuples of ids where several are allowed), instants are aware datetimes in
        UTC, other dates are naive, empty is None. Live calculations are made now.

        Args:
            full_name: ``Domain.Table``.
            deleted: With the rows in the recycle bin.
            history: Every version of every row instead of the current one.
            drafts: Put proposed versions in the place of approved ones.
        """
        with self.lock:
            table = self.table(full_name)
            return [
                self._record(table, row)
                for id_ in table.ids
                for row in self._chosen(table, id_, history=history, drafts=drafts)
                if deleted or row[c.DELETED] is None
            ]

    def query(self, text: str, username: str = "admin", **rules: Any) -> list[dict[str, Any]]:
        """Run a query here, without the server, and return its rows with stored values.

        Args:
            text: The CQL.
            username: Through whose eyes.
            rules: Fields of :class:`~sandbox.cinchy.cql.Session`, such as ``reads``.

        Raises:
            CqlError: What the server would say, or the script wants to change something.
        """
        with self.lock:
            view = View(self.accounts[username.lower()], self)
            found = execute(text, Session(view=view, **rules))
        if not isinstance(found, Result):
            raise CqlError(f"the sandbox carries out no {found.verb}")
        return found.records()

    @staticmethod
    def _chosen(table: Table, id_: int, *, history: bool, drafts: bool) -> list[Row]:
        if history:
            return table.versions(id_)
        row = (table.drafts.get(id_) if drafts else None) or table.rows.get(id_)
        return [] if row is None else [row]

    def _record(self, table: Table, row: Row) -> dict[str, Any]:
        reading = c.Reading(table, row, self)
        return {
            one.name: one.compute(reading) if one.live and one.compute else row[one.slot]
            for one in table.columns
        }

    # Changing rows

    def insert(
        self,
        full_name: str,
        values: Mapping[str, Any],
        *,
        at: dt.datetime | None = None,
        by: int | None = SYSTEM_USER,
        cinchy_id: int | None = None,
    ) -> int:
        """Insert a row and return its Cinchy Id.

        Name an earlier instant or a lower id to show a transaction that was slow to commit.
        """
        with self.lock:
            return self.table(full_name).insert(values, at or self.now(), by, cinchy_id)

    def update(
        self,
        full_name: str,
        cinchy_id: int,
        values: Mapping[str, Any],
        *,
        at: dt.datetime | None = None,
        by: int | None = SYSTEM_USER,
    ) -> None:
        """Change a row, which makes a new version of it."""
        with self.lock:
            self.table(full_name).update(cinchy_id, values, at or self.now(), by)

    def delete(
        self,
        full_name: str,
        cinchy_id: int,
        *,
        at: dt.datetime | None = None,
        by: int | None = SYSTEM_USER,
    ) -> None:
        """Delete a row as a user does: it goes to the recycle bin."""
        with self.lock:
            stamp = self.delete_moves_modified
            self.table(full_name).delete(cinchy_id, at or self.now(), by, stamp=stamp)

    def restore(self, full_name: str, cinchy_id: int, *, at: dt.datetime | None = None) -> None:
        """Bring a row back from the recycle bin."""
        with self.lock:
            self.table(full_name).restore(cinchy_id, at or self.now(), SYSTEM_USER)

    def erase(self, full_name: str, cinchy_id: int) -> None:
        """Remove a row for good, as data erasure does; the table then says it has erased rows."""
        with self.lock:
            table = self.table(full_name)
            table.erase(cinchy_id)
            self.catalog.refresh(table)

    def compress(self, full_name: str) -> int:
        """Forget replaced versions, as data compression does, and return how many."""
        with self.lock:
            return self.table(full_name).compress()

    def propose(
        self,
        full_name: str,
        cinchy_id: int | None,
        values: Mapping[str, Any],
        *,
        at: dt.datetime | None = None,
    ) -> int:
        """Propose a change, or a new row when no id is given, that waits for approval."""
        with self.lock:
            table = self.table(full_name)
            return table.propose(cinchy_id, values, at or self.now(), SYSTEM_USER)

    def approve(self, full_name: str, cinchy_id: int, *, at: dt.datetime | None = None) -> None:
        """Approve the proposed version of a row."""
        with self.lock:
            self.table(full_name).approve(cinchy_id, at or self.now(), SYSTEM_USER)

    def propose_delete(
        self, full_name: str, cinchy_id: int, *, at: dt.datetime | None = None
    ) -> None:
        """Propose to delete a row, which waits for approval.

        Approving moves Modified; Deleted and Deleted By stay those of the request.
        """
        with self.lock:
            self.table(full_name).propose_delete(cinchy_id, at or self.now(), SYSTEM_USER)

    def reject(self, full_name: str, cinchy_id: int, *, at: dt.datetime | None = None) -> None:
        """Refuse the proposed version of a row."""
        with self.lock:
            self.table(full_name).reject(cinchy_id, at or self.now())

    # Changing tables

    def define(
        self,
        tables: Mapping[str, Iterable[Column]],
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[Table]:
        """Create tables that may link to each other.

        Args:
            tables: Columns by ``Domain.Table``.
            options: Arguments of :class:`Table` (``kind``, ``description``, ``keyed``), by
                ``Domain.Table``.
        """
        with self.lock:
            wide = self.release >= (5, 2)
            made = [
                Table(name, columns, around=self, wide_ids=wide, **(options or {}).get(name, {}))
                for name, columns in tables.items()
            ]
            self._tables.update({table.full_name.lower(): table for table in made})
            self.catalog.publish(made)
            return made

    def create_table(self, full_name: str, columns: Iterable[Column], **options: Any) -> Table:
        """Create one table; see :meth:`define` for the options."""
        return self.define({full_name: columns}, {full_name: options})[0]

    def drop_table(self, full_name: str) -> None:
        """Delete a table; its metadata rows stay, marked as deleted."""
        with self.lock:
            table = self._tables.pop(full_name.lower())
            self.catalog.drop_table(table)

    def rename_table(self, full_name: str, new_name: str) -> None:
        """Give a table another name, or domain; its Guid and the rights on it stay.

        Raises:
            ValueError: There is a table of that name.
        """
        with self.lock:
            if new_name.lower() in self._tables and new_name.lower() != full_name.lower():
                raise ValueError(f"there is a table {new_name} already")
            table = self._tables.pop(full_name.lower())
            old = table.full_name
            table.domain, table.name = new_name.split(".", 1)
            self._tables[new_name.lower()] = table
            self.catalog.rename_table(table, old)
            for account in self.accounts.values():
                account.follow_table(old, new_name)

    def rename_column(self, full_name: str, name: str, new_name: str) -> None:
        """Give a column another name; its Guid and the rights on it stay."""
        with self.lock:
            table = self.table(full_name)
            old = table.column(name).name
            column = table.rename_column(name, new_name)
            self.catalog.rename_column(table, column, old)
            for account in self.accounts.values():
                account.follow_column(table.full_name, old, new_name)

    def add_column(self, full_name: str, column: Column, value: Any = None) -> None:
        """Add a column whose cells all hold one value; no row's Modified moves."""
        with self.lock:
            table = self.table(full_name)
            table.add_column(column, value)
            self.catalog.add_column(table, column)

    def drop_column(self, full_name: str, name: str) -> None:
        """Delete a column; its metadata row stays, marked as deleted."""
        with self.lock:
            table = self.table(full_name)
            self.catalog.drop_column(table, table.drop_column(name))

    def change_column(
        self, full_name: str, name: str, new: Column, convert: Callable[[Any], Any]
    ) -> None:
        """Give a column another type, converting what it holds."""
        with self.lock:
            table = self.table(full_name)
            table.change_column(name, new, convert)
            self.catalog.change_column(table, new)

    # Who and when

    def add_account(self, account: Account, first_name: str, last_name: str = "") -> Account:
        """Add a user who may sign in."""
        values = {
            "Username": account.username,
            "Authentication Method": "Non Interactive",
            "Password": account.password,
            "Email Address": f"{account.username}@example.com",
            "First Name": first_name,
            "Last Name": last_name or None,
            "Is Disabled": False,
        }
        account.user_id = self.insert("Cinchy.Users", values)
        self.accounts[account.username.lower()] = account
        return account

    def on_request(self, hook: Hook) -> Callable[[], None]:
        """Call a function with every request before it is answered; return what undoes it.

        The hook may change the world. When it returns a Starlette response, that is the answer.
        """
        self.hooks.append(hook)
        return lambda: self.hooks.remove(hook)
