"""CQL as this tap writes it, what the server says about it.

Generated queries use only what works on every version and both databases below Cinchy: no
functions, no derived tables, positional aliases, text in single quotes, numbers as digits.
"""

from __future__ import annotations

import dataclasses
import re

from singer_rest.errors import StreamError

ID = "Cinchy Id"
_PATH = re.compile(r"\[[^\[\]]+\](?:\.\[[^\[\]]+\])*")
_NOT_FOUND = re.compile(
    r"The (column|table) (?:\[([^\]]*)\]|\"([^\"]*)\") could not be found", re.IGNORECASE
)
_TIMEOUT = re.compile(r"time[- ]?out|timed out", re.IGNORECASE)


class UnsafeNameError(StreamError):
    """A name that cannot be quoted."""

    code = "UNSAFE-NAME"


def is_safe(name: str) -> bool:
    """Whether a name can be put into brackets; the platform's own rule allows no others."""
    return bool(name) and not any(sign in "[]" or sign < " " for sign in name)


def bracketed(name: str) -> str:
    """Quote one name.

    Raises:
        UnsafeNameError: It holds a bracket, which no quoting of CQL can express.
    """
    if not is_safe(name):
        raise UnsafeNameError(f"The name {name[:80]!r} cannot be asked for in CQL; leave it out.")
    return f"[{name}]"


def table_path(full_name: str) -> str:
    """Return ``Domain.Table`` quoted; a domain's name holds no dot."""
    domain, _, table = full_name.partition(".")
    return f"{bracketed(domain)}.{bracketed(table)}"


def is_path(text: str) -> bool:
    """Whether a text is one or more quoted names with dots between them, and nothing else."""
    return bool(_PATH.fullmatch(text))


def split_names(path: str) -> list[str]:
    """Return the names of a quoted path."""
    return path.strip("[]").split("].[")


def literal(text: str) -> str:
    """Return a text as a CQL literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclasses.dataclass(frozen=True)
class Select:
    """One SELECT over one table.

    Args:
        table: Quoted, ``[Domain].[Table]``.
        paths: What is selected, quoted and relative to the table; answered as c0, c1, ...
        keys: How many of the first paths order the rows and tell pages apart.
        conditions: Joined by AND.
        order: Instead of the keys.
    """

    table: str
    paths: tuple[str, ...]
    keys: int = 0
    conditions: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    def text(
        self,
        after: tuple[int, ...] = (),
        top: int | None = None,
        *,
        upto: tuple[int, ...] = (),
        besides: tuple[int, ...] = (),
    ) -> str:
        """Return the query for the rows of a window.

        Args:
            after: They lie behind this key.
            top: At most so many.
            upto: They do not lie behind this key, of which the first part counts.
            besides: The key of a row that comes whatever the conditions say.
        """
        columns = ", ".join(f"t.{path} AS 'c{index}'" for index, path in enumerate(self.paths))
        where = [self._beyond(self.paths[: len(after)], after)] if after else []
        if upto:
            where.append(f"t.{self.paths[0]} <= {int(upto[0])}")
        if self.conditions and besides:
            either = " AND ".join(self.conditions)
            where.append(f"({either} OR t.{self.paths[0]} = {int(besides[0])})")
        else:
            where += self.conditions
        keys = tuple(f"t.{path}" for path in self.paths[: self.keys])
        order = ", ".join(self.order or keys)
        parts = ["SELECT", "" if top is None else f"TOP {top}", columns, "FROM", self.table, "t"]
        if where:
            parts += ["WHERE", " AND ".join(where)]
        if order:
            parts += ["ORDER BY", order]
        return " ".join(part for part in parts if part)

    @classmethod
    def _beyond(cls, paths: tuple[str, ...], after: tuple[int, ...]) -> str:
        """Return the condition for rows that sort behind a key of one or more parts."""
        path, value = f"t.{paths[0]}", int(after[0])
        if len(after) == 1:
            return f"{path} > {value}"
        return f"({path} > {value} OR ({path} = {value} AND {cls._beyond(paths[1:], after[1:])}))"


def missing_names(message: str) -> list[tuple[str, str]]:
    """Return kind (``column`` or ``table``) and name of what the server could not find."""
    return [(kind.lower(), one or other) for kind, one, other in _NOT_FOUND.findall(message)]


def is_timeout(message: str) -> bool:
    """Whether the server says that a query took too long."""
    return bool(_TIMEOUT.search(message))
