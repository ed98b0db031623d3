"""What the server says when a query is wrong, in the words of either database below it."""

from __future__ import annotations

from typing import Literal

Backend = Literal["sqlserver", "postgres"]


class CqlError(Exception):
    """A query the server refuses; the text is what it puts into ``X-Cinchy-Error``."""


class UnknownNameError(Exception):
    """A column or table that does not exist, or that this account may not see."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(name)
        self.what = what
        self.name = name

    def worded(self, backend: Backend) -> CqlError:
        """Return the error in the quoting of the database."""
        quoted = f"[{self.name}]" if backend == "sqlserver" else f'"{self.name}"'
        return CqlError(f"The {self.what} {quoted} could not be found")


class BadSyntaxError(Exception):
    """A text that is no query, or a construct this platform does not offer."""

    def __init__(self, near: str) -> None:
        super().__init__(near)
        self.near = near

    def worded(self, backend: Backend) -> CqlError:
        """Return the error in the words of the database."""
        if backend == "sqlserver":
            return CqlError(f"Incorrect syntax near '{self.near}'.")
        if not self.near:
            return CqlError("syntax error at end of input")
        return CqlError(f'syntax error at or near "{self.near}"')
