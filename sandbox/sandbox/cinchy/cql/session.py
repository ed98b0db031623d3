"""Under which rules one query runs."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

from .cost import Meter

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from sandbox.cinchy.accounts import View
    from sandbox.cinchy.columns import Column
    from sandbox.cinchy.table import Table

    from .errors import Backend

Reads = Literal["QUERY", "DRAFT_QUERY", "VERSION_HISTORY_QUERY"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinkRules:
    """What a link gives that is walked; in each case the row may vanish, as by an inner join."""

    to_nothing: Literal["null", "vanish"] = "null"
    """An empty cell, or a row that was erased."""
    to_deleted: Literal["value", "null", "vanish"] = "value"
    """A row in the recycle bin."""
    to_filtered: Literal["id", "null", "vanish"] = "id"
    """A row that a row filter hides: its id without its values, or not even that."""
    to_hidden: Literal["error", "null", "vanish"] = "error"
    """A table or column the account may not see."""
    blame_link: bool = False
    """That error names the link instead of the column it leads to."""
    pairs: bool = False
    """The ids of several links are shown in pairs with the version of each row."""

    everywhere: bool = False
    """Links of Cinchy's own tables, and links that are system columns, follow the first two rules
    too. Deleted By is empty in every live row, and official clients read the metadata along links
    that are often empty, so a platform where this holds would hardly be usable."""

    def of(self, table: Table, column: Column) -> LinkRules:
        """Return the rules for one link of one table."""
        if self.everywhere or not (table.domain == "Cinchy" or column.system):
            return self
        return dataclasses.replace(self, to_nothing="null", to_deleted="value")

    @property
    def may_vanish(self) -> bool:
        """Whether any link may take a row out of the answer."""
        every = (self.to_nothing, self.to_deleted, self.to_filtered, self.to_hidden)
        return "vanish" in every


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """Who asks, which versions are meant, and how the server reads what is written."""

    view: View
    reads: Reads = "QUERY"
    backend: Backend = "sqlserver"
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Values by name, with the ``@``."""
    absent_is_null: bool = False
    """A saved query reads a parameter nobody sent as NULL; elsewhere that is an error."""
    filter_zone: dt.tzinfo = dt.UTC
    """The zone in which date literals are read."""
    fold: int = 0
    """Which pass of a repeated hour a literal means: 0 the first, 1 the second."""
    dates_in_zone: bool = False
    """Whether date columns of users are stored in UTC and converted, like system timestamps."""
    literal_digits: int = 7
    """Fraction digits a literal may have: 7 for datetime2, 3 for the older datetime."""
    literal_offset: Literal["ignored", "honoured", "refused"] = "ignored"
    history_joins: bool = True
    """A history query reads all versions of linked tables too, and so multiplies rows."""
    forbidden_tables: Literal["error", "empty"] = "error"
    blind: bool = False
    """No row of any table is visible (Cinchy before 5.7 and a user in UTC)."""
    shuffle: random.Random | None = None
    """Where the order of rows comes from that nobody ordered, ties among them."""
    shuffle_ties: random.Random | None = None
    """The same for rows that an ORDER BY cannot tell apart only."""
    links: LinkRules = LinkRules()
    meter: Meter = dataclasses.field(default_factory=Meter)
    """Counts what the query costs."""
