"""What a schema says about a column, and what a value becomes in it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from dlt.common.schema import Schema
from hypothesis import given, settings
from hypothesis import strategies as st

from dlt_bridge.convert import CoercionError, coerce, convert
from dlt_bridge.messages import repaired
from dlt_bridge.names import assign_names
from dlt_bridge.types import (
    BIGINT,
    BOOL,
    DECIMAL,
    DOUBLE,
    JSON,
    TEXT,
    TIMESTAMP,
    WIDE_INTEGER,
    ColumnType,
    column_type,
    is_nullable,
    resolved,
)

STAMP = {"type": "string", "format": "date-time"}
NULL = {"type": "null"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, BIGINT),
        ({"type": ["null", "integer"], "maximum": 18446744073709551615}, WIDE_INTEGER),
        ({"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}, BIGINT),
        ({"type": "number"}, DOUBLE),
        ({"type": ["integer", "number"]}, DOUBLE),
        ({"type": "number", "multipleOf": 0.01}, ColumnType("decimal", 38, 2)),
        ({"type": "number", "multipleOf": 1e-15}, ColumnType("decimal", 38, 15)),
        ({"type": "number", "multipleOf": 10}, ColumnType("decimal", 38, 0)),
        ({"type": "string", "format": "singer.decimal"}, DECIMAL),
        (
            {"type": "string", "format": "singer.decimal", "precision": 10, "scale": 4},
            ColumnType("decimal", 10, 4),
        ),
        (STAMP, TIMESTAMP),
        ({"type": "string", "format": "uuid"}, TEXT),
        ({"type": "string", "maxLength": 20}, ColumnType("text", 20)),
        ({"type": ["boolean", "null"]}, BOOL),
        ({"type": ["object", "null"]}, JSON),
        ({"type": ["string", "array"]}, JSON),
        ({"type": ["string", "boolean"]}, TEXT),
        ({}, JSON),
        (True, JSON),
        ({"enum": ["a", "b", None]}, TEXT),
        ({"const": 5}, JSON),
        ({"anyOf": [STAMP, NULL]}, TIMESTAMP),
        ({"anyOf": [STAMP, {"type": ["string", "null"]}]}, TEXT),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, DOUBLE),
        ({"anyOf": [{"type": "object"}, {"type": "string"}]}, JSON),
        ({"anyOf": [NULL]}, JSON),
    ],
)
def test_column_types(schema: Any, expected: ColumnType) -> None:
    assert column_type(schema) == expected


def test_numbers_as_decimals() -> None:
    assert column_type({"type": "number"}, exact_numbers=True) == DECIMAL


def test_null() -> None:
    assert not is_nullable({"type": "integer"})
    assert is_nullable({"type": ["integer", "null"]})
    assert is_nullable({"anyOf": [{"type": "integer"}, NULL]})
    assert is_nullable({})


def test_references() -> None:
    root = {"definitions": {"a/b": {"type": "integer"}, "loop": {"$ref": "#/definitions/loop"}}}
    assert column_type(resolved({"$ref": "#/definitions/a~1b"}, root)) == BIGINT
    for nowhere in ("#/definitions/none", "#/definitions/loop", "https://example.com/x"):
        assert column_type(resolved({"$ref": nowhere}, root)) == JSON


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_double_is_exact_or_refused(number: Decimal) -> None:
    text = str(number)
    array, rejected = convert([text], DOUBLE)
    if not rejected:
        found = array[0].as_py()
        assert number in {Decimal(repr(found)), Decimal(found)}


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_fits_a_double(number: float) -> None:
    array, rejected = convert([json.dumps(number), None], DOUBLE)
    assert (array.to_pylist(), rejected) == ([number, None], [])


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=9))
def test_a_decimal_is_exact_or_refused(number: Decimal) -> None:
    array, rejected = convert([str(number), "x"], DECIMAL)
    assert rejected in ([1], [0, 1])
    assert rejected == [0, 1] or array[0].as_py() == number


@settings(deadline=None)
@given(st.integers())
def test_an_integer_is_exact_or_refused(number: int) -> None:
    array, rejected = convert([number, f"{number}"], BIGINT)
    if -(2**63) <= number < 2**63:
        assert (array.to_pylist(), rejected) == ([number, number], [])
    else:
        assert rejected == [0, 1]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BIGINT, True),
        (BIGINT, "1.5"),
        (BIGINT, "1e400"),
        (BIGINT, "twelve"),
        (BIGINT, {"a": 1}),
        (DOUBLE, "NaN"),
        (DOUBLE, "1e400"),
        (DOUBLE, True),
        (BOOL, 2),
        (BOOL, "yes"),
        (TIMESTAMP, 1600000000),
        (TIMESTAMP, "20200101"),
        (TIMESTAMP, "0000-00-00 00:00:00"),
        (ColumnType("date"), "2020-01-01T10:00:00Z"),
        (ColumnType("time"), "10:00:00+02:00"),
        (ColumnType("time"), 10),
        (ColumnType("text", 3), "four"),
        (TEXT, [1]),
        (DECIMAL, "1.0000000001"),
    ],
)
def test_what_would_lose_something_is_a_misfit(kind: ColumnType, value: Any) -> None:
    with pytest.raises(CoercionError):
        coerce(value, kind)
    _, rejected = convert([None, value], kind)
    assert rejected == [1]


def test_names() -> None:
    naming = Schema("any").naming
    names = assign_names(naming, ["userId", "user_id", "_dlt_id", "!!!", " "], {})
    assert names["user_id"] == "user_id"
    assert names["userId"].startswith("user_id_")
    assert names["_dlt_id"].startswith("dlt_id_")
    assert len(set(names.values())) == 5
    later = assign_names(naming, ["user_id", "userId"], {"user_id": "userId"})
    assert later["userId"] == "user_id"
    assert later["user_id"] != "user_id"


@pytest.mark.parametrize(
    ("given", "mended"),
    [
        (rb'{"a": NaN, "b": -Infinity, "c": "NaN"}', {"a": None, "b": None, "c": "NaN"}),
        (rb'{"a": "\ud83d\ude00 \ud83d"}', {"a": "😀 \ufffd"}),
        (rb'{"a": "\\ud83d", "b": "\\\ud83d"}', {"a": "\\ud83d", "b": "\\\ufffd"}),
        (b'{"a": "\xff\xfe", "b": 1.10}', {"a": "\ufffd\ufffd", "b": 1.1}),
    ],
)
def test_repair(given: bytes, mended: dict[str, Any]) -> None:
    assert json.loads(repaired(given)) == mended
