"""Reads the query shapes that official clients of Cinchy send, and refuses the rest.

There are no functions, joins, groups or derived tables, and neither OFFSET nor LIMIT: no source
shows that the platform takes them everywhere, so a client that relies on them must see an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .errors import BadSyntaxError, CqlError
from .syntax import (
    Compare,
    Condition,
    Constant,
    Declare,
    Every,
    Expression,
    IsNull,
    Item,
    Like,
    Negated,
    Order,
    Parameter,
    Path,
    Raise,
    Select,
    Some,
    Star,
    Statement,
    Writing,
)
from .tokens import END, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

WRITING = frozenset(
    {"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "EXEC",
     "EXECUTE", "GRANT"}
)  # fmt: skip
RESERVED = WRITING | {
    "SELECT", "FROM", "WHERE", "ORDER", "BY", "AND", "OR", "NOT", "IS", "NULL", "IN", "LIKE",
    "BETWEEN", "AS", "ASC", "DESC", "TOP", "DISTINCT", "INTO", "GROUP", "HAVING", "JOIN", "INNER",
    "LEFT", "RIGHT", "FULL", "CROSS", "ON", "UNION", "OFFSET", "FETCH", "LIMIT", "OVER", "CASE",
    "WHEN", "THEN", "ELSE", "END", "EXISTS", "WITH", "DECLARE", "IF", "RAISERROR", "RETURN",
    "FOR",
}  # fmt: skip
COMPARISONS = ("=", "<>", "!=", "<", "<=", ">", ">=")


def parse(text: str) -> tuple[Statement, ...]:
    """Read a script of one or more statements.

    Raises:
        BadSyntaxError: Not a query, or one with constructs that are not offered.
        CqlError: A function call, or a quotation that does not end.
    """
    return _Parser(text).script()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(tokens(text))
        self.place = 0

    # Looking and moving

    def peek(self, ahead: int = 0) -> Token:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else END

    def take(self) -> Token:
        token = self.peek()
        self.place += 1
        return token

    def take_word(self, *words: str) -> bool:
        if self.peek().is_word(*words):
            self.place += 1
            return True
        return False

    def take_sign(self, *signs: str) -> bool:
        if self.peek().is_sign(*signs):
            self.place += 1
            return True
        return False

    def need_word(self, word: str) -> None:
        if not self.take_word(word):
            raise BadSyntaxError(self.peek().text)

    def need_sign(self, sign: str) -> None:
        if not self.take_sign(sign):
            raise BadSyntaxError(self.peek().text)

    def need(self, kind: str) -> Token:
        token = self.take()
        if token.kind != kind:
            raise BadSyntaxError(token.text)
        return token

    # Statements

    def script(self) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        while self.peek() is not END:
            if not self.take_sign(";"):
                statements.append(self.statement())
        if not statements:
            raise BadSyntaxError("")
        return tuple(statements)

    def statement(self) -> Statement:
        token = self.peek()
        if token.is_word(*WRITING):
            return self.writing(token.value)
        if self.take_word("DECLARE"):
            return self.declare()
        if token.is_word("IF", "RAISERROR"):
            return self.raising()
        self.need_word("SELECT")
        return self.select()

    def writing(self, verb: str) -> Writing:
        while self.peek() is not END and not self.peek().is_sign(";"):
            self.take()
        return Writing(verb)

    def declare(self) -> Declare:
        name = self.need("param").value
        self.take_word("AS")
        self.need("word")
        if self.take_sign("("):
            self.take()
            self.need_sign(")")
        value = self.expression() if self.take_sign("=") else Constant(None)
        return Declare(name, value)

    def raising(self) -> Raise:
        condition = self.condition() if self.take_word("IF") else None
        self.need_word("RAISERROR")
        self.need_sign("(")
        message = self.need("string").value
        while self.take_sign(","):
            self.need("number")
        self.need_sign(")")
        return Raise(condition, message, self.take_word("RETURN"))

    def select(self) -> Select | Writing:
        distinct = self.take_word("DISTINCT")
        top = self.top() if self.take_word("TOP") else None
        items = self.several(self.item)
        if self.peek().is_word("INTO"):
            return self.writing("SELECT INTO")
        table, alias = self.source() if self.take_word("FROM") else ((), None)
        where = self.condition() if self.take_word("WHERE") else None
        order: tuple[Order, ...] = ()
        if self.take_word("ORDER"):
            self.need_word("BY")
            order = self.several(self.order)
        as_json = self.take_word("FOR")
        if as_json:
            self.need_word("JSON")
            self.need_word("PATH")
        if self.peek() is not END and not self.peek().is_sign(";"):
            raise BadSyntaxError(self.peek().text)
        return Select(items, top, distinct, table, alias, where, order, as_json)

    def several(self, one: Callable[[], T]) -> tuple[T, ...]:
        found = [one()]
        while self.take_sign(","):
            found.append(one())
        return tuple(found)

    def top(self) -> Expression:
        if self.take_sign("("):
            value = self.expression()
            self.need_sign(")")
            return value
        return self.expression()

    def item(self) -> Item:
        if self.take_sign("*"):
            return Item(Star(None), None)
        if self.peek().kind in {"name", "word"} and self.peek(1).is_sign("."):
            if self.peek(2).is_sign("*"):
                alias = self.take().value
                self.place += 2
                return Item(Star(alias), None)
        elif self.peek().kind == "name" and self.peek(1).is_sign("="):
            alias = self.take().value
            self.take()
            return Item(self.expression(), alias)
        what = self.expression()
        if self.take_word("AS"):
            token = self.take()
            if token.kind not in {"name", "string", "word"}:
                raise BadSyntaxError(token.text)
            return Item(what, token.value if token.kind != "word" else token.text)
        if self.peek().kind in {"name", "string"}:
            return Item(what, self.take().value)
        if self.peek().kind == "word" and not self.peek().is_word(*RESERVED):
            return Item(what, self.take().text)
        return Item(what, None)

    def source(self) -> tuple[tuple[str, ...], str | None]:
        path = self.expression()
        if not isinstance(path, Path):
            raise BadSyntaxError(self.peek(-1).text)
        self.take_word("AS")
        token = self.peek()
        if token.kind == "name" or (token.kind == "word" and not token.is_word(*RESERVED)):
            self.take()
            return path.parts, token.value if token.kind == "name" else token.text
        return path.parts, None

    def order(self) -> Order:
        what = self.expression()
        if self.take_word("DESC"):
            return Order(what, descending=True)
        self.take_word("ASC")
        return Order(what, descending=False)

    # Conditions

    def condition(self) -> Condition:
        found = [self.conjunction()]
        while self.take_word("OR"):
            found.append(self.conjunction())
        return found[0] if len(found) == 1 else Some(tuple(found))

    def conjunction(self) -> Condition:
        found = [self.negation()]
        while self.take_word("AND"):
            found.append(self.negation())
        return found[0] if len(found) == 1 else Every(tuple(found))

    def negation(self) -> Condition:
        if self.take_word("NOT"):
            return Negated(self.negation())
        if self.take_sign("("):
            inner = self.condition()
            self.need_sign(")")
            return inner
        return self.predicate()

    def predicate(self) -> Condition:
        left = self.expression()
        if self.take_word("IS"):
            negated = self.take_word("NOT")
            self.need_word("NULL")
            return IsNull(left, negated)
        if self.peek().is_sign(*COMPARISONS):
            operator = self.take().value
            return Compare("<>" if operator == "!=" else operator, left, self.expression())
        negated = self.take_word("NOT")
        found = self.listed(left)
        return Negated(found) if negated else found

    def listed(self, left: Expression) -> Condition:
        if self.take_word("IN"):
            self.need_sign("(")
            values = self.several(self.expression)
            self.need_sign(")")
            return Some(tuple(Compare("=", left, value) for value in values))
        if self.take_word("LIKE"):
            return Like(left, self.expression())
        if self.take_word("BETWEEN"):
            low = self.expression()
            self.need_word("AND")
            return Every((Compare(">=", left, low), Compare("<=", left, self.expression())))
        raise BadSyntaxError(self.peek().text)

    # Expressions

    def expression(self) -> Expression:
        token = self.take()
        if token.kind == "string":
            return Constant(token.value)
        if token.kind == "number":
            return Constant(_number(token.value))
        if token.is_sign("-"):
            return Constant(-_number(self.need("number").value))
        if token.kind == "param":
            return Parameter(token.value)
        if token.is_word("NULL"):
            return Constant(None)
        if token.kind == "name" or (token.kind == "word" and not token.is_word(*RESERVED)):
            return self.path(token)
        raise BadSyntaxError(token.text)

    def path(self, first: Token) -> Path:
        parts = [first.value if first.kind == "name" else first.text]
        if self.peek().is_sign("("):
            raise CqlError(f"The function {first.text} is not supported")
        while self.take_sign("."):
            token = self.take()
            if token.kind not in {"name", "word"}:
                raise BadSyntaxError(token.text)
            parts.append(token.value if token.kind == "name" else token.text)
        return Path(tuple(parts))


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
