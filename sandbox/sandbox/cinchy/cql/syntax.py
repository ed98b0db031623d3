"""The shape of a script: what the parser makes of a text and the engine runs."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Constant:
    """A literal: text, int, float or None."""

    value: str | int | float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """``@name``, kept as written."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Path:
    """Names with dots between them: an alias perhaps, then columns through links."""

    parts: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Star:
    """``*`` or ``t.*``."""

    alias: str | None


Expression = Constant | Parameter | Path


@dataclasses.dataclass(frozen=True, slots=True)
class Compare:
    """``left operator right``."""

    operator: str
    left: Expression
    right: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class IsNull:
    """``x IS [NOT] NULL``."""

    operand: Expression
    negated: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Like:
    """``x LIKE 'pattern'``."""

    operand: Expression
    pattern: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class Every:
    """Conditions joined by AND."""

    conditions: tuple[Condition, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Some:
    """Conditions joined by OR; an IN list is one too."""

    conditions: tuple[Condition, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Negated:
    """``NOT condition``."""

    condition: Condition


Condition = Compare | IsNull | Like | Every | Some | Negated


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One entry of the select list."""

    what: Expression | Star
    alias: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """One entry of ORDER BY."""

    what: Expression
    descending: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Select:
    """A SELECT statement; without a table it yields one row of constants."""

    items: tuple[Item, ...]
    top: Expression | None = None
    distinct: bool = False
    table: tuple[str, ...] = ()
    alias: str | None = None
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    as_json: bool = False
    """``FOR JSON PATH``: the answer is one text."""


@dataclasses.dataclass(frozen=True, slots=True)
class Declare:
    """``DECLARE @name type [= value]``."""

    name: str
    value: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class Raise:
    """``IF condition RAISERROR('text', ...) [RETURN]``; without RETURN, messages add up."""

    condition: Condition | None
    message: str
    returns: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Writing:
    """A statement that changes something; it is recorded and never carried out."""

    verb: str


Statement = Select | Declare | Raise | Writing
