"""Conditions over rows in SQL's three values: True, False, and None for unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Getter = Callable[[Any], Any]
Predicate = Callable[[Any], bool | None]


def test_fixed(get: Getter, fixed: Any, test: Callable[[Any, Any], bool]) -> Predicate:
    """Return a test of a value against a constant."""

    def compare(row: Any) -> bool | None:
        value = get(row)
        return None if value is None else test(value, fixed)

    return compare


def test_any(get: Getter, fixed: Any, test: Callable[[Any, Any], bool]) -> Predicate:
    """Return a test that one of several values passes."""

    def compare(row: Any) -> bool | None:
        values = get(row)
        return None if values is None else any(test(value, fixed) for value in values)

    return compare


def test_both(get: Getter, other: Getter, test: Callable[[Any, Any], bool]) -> Predicate:
    """Return a test of two values of a row."""

    def compare(row: Any) -> bool | None:
        left, right = get(row), other(row)
        return None if left is None or right is None else test(left, right)

    return compare


def every(tests: list[Predicate]) -> Predicate:
    """Return AND."""

    def together(row: Any) -> bool | None:
        answer: bool | None = True
        for test in tests:
            found = test(row)
            if found is False:
                return False
            if found is None:
                answer = None
        return answer

    return together


def some(tests: list[Predicate]) -> Predicate:
    """Return OR."""

    def together(row: Any) -> bool | None:
        answer: bool | None = False
        for test in tests:
            found = test(row)
            if found is True:
                return True
            if found is None:
                answer = None
        return answer

    return together
