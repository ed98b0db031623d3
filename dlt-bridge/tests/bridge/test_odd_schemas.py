"""No schema gets a stream stuck: what public taps declare, send and change is loaded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from .conftest import MOSTLY_DUCKDB, MOSTLY_POSTGRES, Warehouse
from .messages import INTEGER, TEXT, activate, record, schema, state

STAMP = {"type": ["null", "string"], "format": "date-time"}
NULLABLE_TEXT = {"type": ["null", "string"]}


def columns_of(warehouse: Warehouse, table: str) -> list[str]:
    return [
        name
        for name in warehouse.types(table)
        if not name.startswith(("_singer", "_dlt", "_sdc_table"))
    ]


def test_names_of_all_kinds(warehouse: Warehouse) -> None:
    names = [
        '"quoted"',
        "back\\slash",
        "line\nbreak",
        "",
        "  ",
        "\t",
        "ctid",
        "xmin",
        "tableoid",
        "'",
    ]
    run = warehouse.load(
        schema("odd", {"id": INTEGER, **dict.fromkeys(names, TEXT)}, ("id",)),
        record("odd", id=1, **{name: f"value {number}" for number, name in enumerate(names)}),
        record("odd", id=2),
        schema("  ", {"id": INTEGER}),
        record("  ", id=3),
    )
    assert run.code == 0, run.stderr
    again = warehouse.load(
        schema("odd", {"id": INTEGER, **dict.fromkeys(names, TEXT)}, ("id",)),
        record("odd", id=2, **dict.fromkeys(names, "later"), undeclared="u"),
    )
    assert again.code == 0, again.stderr
    columns = columns_of(warehouse, "odd")
    assert len(columns) == len(names) + 2
    listed = ", ".join(f'"{name}"' for name in columns)
    first, second = warehouse.query(f"SELECT {listed} FROM odd ORDER BY id")
    assert sorted(map(str, first)) == sorted(
        ["1", "None", *(f"value {number}" for number in range(len(names)))]
    )
    assert sorted(map(str, second)) == sorted(["2", "u", *["later"] * len(names)])


@MOSTLY_DUCKDB
def test_what_is_undeclared_may_be_anything(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("open", {"id": INTEGER}, ("id",)),
        record("open", id=1, extra=1, size=1, _sdc_deleted_at=None),
        record("open", id=2, extra="two", size=2.5),
        record("open", id=3, extra={"a": 1}, size=3),
        record("open", id=4, extra=True, _sdc_deleted_at="2020-01-02T03:04:05Z"),
    )
    assert run.code == 0, run.stderr
    assert "_sdc_deleted_at" not in run.stderr
    rows = warehouse.query(
        "SELECT extra, extra__v_text, extra__v_bool, size, _sdc_deleted_at FROM open ORDER BY id"
    )
    assert rows == [
        (1, None, None, 1.0, None),
        (None, "two", None, 2.5, None),
        (None, None, None, 3.0, None),
        (None, None, True, None, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ]
    [(nested,)] = warehouse.query("SELECT extra__v_json FROM open WHERE id = 3")
    assert (json.loads(nested) if isinstance(nested, str) else nested) == {"a": 1}
    again = warehouse.load(
        schema("open", {"id": INTEGER}, ("id",)), record("open", id=5, extra="five", size="big")
    )
    assert again.code == 0, again.stderr
    assert warehouse.query("SELECT extra__v_text, size__v_text FROM open WHERE id = 5") == [
        ("five", "big")
    ]


def test_texts_longer_than_declared(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema(
            "long",
            {
                "id": {"type": "string", "maxLength": 4294967295},
                "short": {"type": ["null", "string"], "maxLength": 4},
                "huge": {"type": ["null", "string"], "maxLength": 20_000_000},
                "form": {"type": ["null", "string"], "format": ["date-time"]},
                "none": {"type": ["null", "string"], "maxLength": "many"},
            },
            ("id",),
        ),
        record("long", id="a", short="four", huge="h"),
        record("long", id="b", short="longer than four", form="2020-01-01", none="n"),
        record("long", id="c", short="longer again"),
    )
    assert run.code == 0, run.stderr
    assert run.stderr.count("more than the maxLength 4") == 1
    assert warehouse.query("SELECT id, short, form FROM long ORDER BY id") == [
        ("a", "four", None),
        ("b", "longer than four", "2020-01-01"),
        ("c", "longer again", None),
    ]


def test_moments_no_database_has(warehouse: Warehouse) -> None:
    moments = [
        ("9999-12-31T23:59:59.999999Z", "9999-12-31", "23:59:59"),
        ("10000-01-01T00:00:00Z", "12345-01-01", "24:00:00"),
        ("0044-03-15 12:00:00 BC", "0044-03-15 BC", "-838:59:59"),
        ("0000-00-00 00:00:00", "0000-00-00", "10:00:00+02"),
        ("9999-12-31T23:00:00-05:00", "0001-01-01", "00:00:00"),
        ("0001-01-01T00:00:00+05:00", None, None),
    ]
    run = warehouse.load(
        schema(
            "moments",
            {
                "id": INTEGER,
                "at": STAMP,
                "day": {"type": ["null", "string"], "format": "date"},
                "clock": {"type": ["null", "string"], "format": "time"},
            },
            ("id",),
        ),
        *(
            record("moments", id=number, at=at, day=day, clock=clock)
            for number, (at, day, clock) in enumerate(moments)
        ),
    )
    assert run.code == 0, run.stderr
    rows = warehouse.query(
        'SELECT "at", at__v_text, clock, clock__v_text, CAST("day" AS TEXT), day__v_text '
        "FROM moments ORDER BY id"
    )
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert rows == [
        (last, None, time(23, 59, 59), None, "9999-12-31", None),
        (None, "10000-01-01T00:00:00Z", None, "24:00:00", None, "12345-01-01"),
        (None, "0044-03-15 12:00:00 BC", None, "-838:59:59", None, "0044-03-15 BC"),
        (None, "0000-00-00 00:00:00", None, "10:00:00+02", None, "0000-00-00"),
        (None, "9999-12-31T23:00:00-05:00", time(0), None, "0001-01-01", None),
        (None, "0001-01-01T00:00:00+05:00", None, None, None, None),
    ]


@MOSTLY_DUCKDB
def test_a_number_has_one_type_whatever_comes_first(warehouse: Warehouse) -> None:
    number = {"type": ["null", "number"]}
    values = ["0.1", "1e308", "123456789012345678", "3.14159265358979323846", "1.10"]
    declared = [schema(name, {"id": INTEGER, "v": number}) for name in ("forward", "backward")]
    lines = [
        f'{{"type":"RECORD","stream":"{name}","record":{{"id":{index},"v":{values[index]}}}}}'
        for name, order in (("forward", range(5)), ("backward", reversed(range(5))))
        for index in order
    ]
    run = warehouse.load(*declared, *lines)
    assert run.code == 0, run.stderr
    assert warehouse.types("forward")["v"] == warehouse.types("backward")["v"]
    assert warehouse.types("forward")["v"].lower().startswith("double")
    for table in ("forward", "backward"):
        rows = warehouse.query(f"SELECT v, v__v_text FROM {table} ORDER BY id")
        assert rows == [
            (0.1, None),
            (1e308, None),
            (None, None),
            (None, "3.14159265358979323846"),
            (1.1, None),
        ]
        exact = warehouse.query(f"SELECT v__v_decimal FROM {table} WHERE id = 2")
        assert exact == [(Decimal(123456789012345678),)]
    assert "v__v_text" in run.stderr


def test_a_number_as_key_keeps_apart_what_is_apart(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("keyed", {"id": {"type": "number"}, "v": TEXT}, ("id",)),
        '{"type":"RECORD","stream":"keyed","record":{"id":9007199254740993,"v":"a"}}',
        '{"type":"RECORD","stream":"keyed","record":{"id":9007199254740992,"v":"b"}}',
    )
    assert run.code == 0, run.stderr
    rows = warehouse.query("SELECT id, v FROM keyed ORDER BY id")
    assert rows == [(Decimal(9007199254740992), "b"), (Decimal(9007199254740993), "a")]


def test_null_is_allowed_when_schema_allows_it(warehouse: Warehouse) -> None:
    properties = {"id": INTEGER, "v": {"type": "string"}, "w": INTEGER}
    strict = schema("t", properties, ("id",), required=["id", "v"])
    first = warehouse.load(strict, record("t", id=1, v="a", w=1))
    lax = schema("t", {"id": INTEGER, "v": NULLABLE_TEXT}, ("id",))
    second = warehouse.load(
        lax,
        record("t", id=2, v=None),
        schema("t", {"id": INTEGER}, ("id",)),
        record("t", id=3),
        strict,
        record("t", id=4, v="d"),
        # All that a log-based tap knows of a deleted row is its key.
        record("t", id=1, _sdc_deleted_at="2020-01-01T00:00:00Z"),
    )
    assert (first.code, second.code) == (0, 0), second.stderr
    assert warehouse.query("SELECT id, v FROM t ORDER BY id") == [
        (1, None),
        (2, None),
        (3, None),
        (4, "d"),
    ]
    gone = warehouse.load(
        strict, record("t", id=2, _sdc_deleted_at="2020-01-01T00:00:00Z"), hard_delete=True
    )
    assert gone.code == 0, gone.stderr
    assert warehouse.query("SELECT id FROM t ORDER BY id") == [(1,), (3,), (4,)]
    refused = warehouse.load(strict, record("t", id=9))
    assert refused.code == 1
    assert "record number 1" in refused.last_line
    assert warehouse.load(strict, record("t", id=9), on_type_mismatch="variant").code == 0


@MOSTLY_POSTGRES
def test_a_key_that_changes(warehouse: Warehouse) -> None:
    one = schema("t", {"id": INTEGER, "v": TEXT}, ("id",))
    two = schema("t", {"id": INTEGER, "name": TEXT, "v": TEXT}, ("id", "name"))
    other = schema("t", {"name": TEXT, "v": TEXT}, ("name",))
    none = schema("t", {"v": TEXT})
    first = warehouse.load(
        one,
        record("t", id=1, v="a"),
        two,
        record("t", id=1, name="x", v="b"),
        record("t", id=2, name="x", v="c"),
        record("t", id=2, name="y", v="d"),
    )
    assert first.code == 0, first.stderr
    assert warehouse.query("SELECT id, name, v FROM t ORDER BY v") == [
        (1, None, "a"),
        (1, "x", "b"),
        (2, "x", "c"),
        (2, "y", "d"),
    ]
    second = warehouse.load(
        two, record("t", id=2, name="y", v="e"), other, record("t", name="z", v="f")
    )
    assert second.code == 0, second.stderr
    third = warehouse.load(other, record("t", name="z", v="g"), none, record("t", v="h"))
    assert third.code == 0, third.stderr
    assert warehouse.query("SELECT id, name, v FROM t ORDER BY v") == [
        (1, None, "a"),
        (1, "x", "b"),
        (2, "x", "c"),
        (2, "y", "e"),
        (None, "z", "g"),
        (None, None, "h"),
    ]


def test_a_key_that_is_not_null_is_relaxed_between_runs(warehouse: Warehouse) -> None:
    first = warehouse.load(
        schema("t", {"id": INTEGER, "v": TEXT}, ("id",)), record("t", id=1, v="a"), state(n=1)
    )
    second = warehouse.load(
        schema("t", {"code": TEXT, "v": TEXT}, ("code",)),
        record("t", code="x", v="b"),
        record("t", code="x", v="c"),
    )
    assert (first.code, second.code) == (0, 0), second.stderr
    assert warehouse.query("SELECT id, code, v FROM t ORDER BY v") == [
        (1, None, "a"),
        (None, "x", "c"),
    ]


def test_keys_with_nul_stay_apart(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("t", {"id": TEXT, "v": INTEGER}, ("id",)),
        record("t", id="ab", v=1),
        record("t", id="a\0b", v=2),
        record("t", id="a\0b", v=3),
    )
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT v FROM t ORDER BY v") == [(1,), (3,)]


@MOSTLY_DUCKDB
def test_activation_before_the_schema(warehouse: Warehouse) -> None:
    messages: tuple[Any, ...] = (
        activate("t", 1),
        activate("never", 1),
        schema("t", {"id": INTEGER}, ("id",)),
        record("t", 1, id=1),
        state(n=1),
    )
    run = warehouse.load(*messages)
    assert (run.code, run.states) == (0, [{"n": 1}]), run.stderr
    assert "never" in run.stderr
    assert warehouse.query("SELECT id FROM t") == [(1,)]


@MOSTLY_DUCKDB
def test_a_schema_of_no_use_costs_its_stream_only(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("good", {"id": INTEGER}, ("id",)),
        record("good", id=1),
        state(n=1),
        schema("bare", {}),
        record("bare", id=1),
        schema("unkeyed", {"v": TEXT}, ("id",)),
        record("unkeyed", v="a"),
        record("good", id=2),
        # What it stands for is not all loaded, so the tap must not go on from here.
        state(n=2),
        batch_size_rows=1,
    )
    assert (run.code, run.states) == (1, [{"n": 1}]), run.stderr
    assert "'bare'" in run.last_line
    assert "'unkeyed'" in run.stderr
    assert warehouse.query("SELECT id FROM good ORDER BY id") == [(1,), (2,)]


def test_errors_do_not_quote_values(duck: Warehouse) -> None:
    declared = schema("t", {"id": INTEGER, "v": INTEGER}, ("id",))
    for value in ("a-secret-text", {"a-secret": 1}, ["a-secret"]):
        run = duck.load(declared, record("t", id=1), record("t", id=2, v=value))
        assert run.code == 1
        assert "a-secret" not in run.stderr
        assert "t.v" in run.last_line
        assert "record number 2" in run.last_line
