"""Values land in both databases as a user expects them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

from .conftest import MOSTLY_DUCKDB, Warehouse
from .messages import INTEGER, TEXT, record, schema, state


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_every_type_of_schema(warehouse: Warehouse) -> None:
    properties = {
        "id": INTEGER,
        "count": {"type": ["integer", "null"]},
        "ratio": {"type": "number"},
        "price": {"type": "number", "multipleOf": 0.01},
        "exact": {"type": "string", "format": "singer.decimal"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "clock": {"type": "string", "format": "time"},
        "yes": {"type": "boolean"},
        "thing": {"type": "object", "properties": {"a": INTEGER}},
        "list": {"type": "array", "items": INTEGER},
        "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "mixed": {"type": ["string", "integer"]},
        "open": {},
    }
    run = warehouse.load(
        schema("things", properties, ("id",)),
        record(
            "things",
            id=1,
            count=2,
            ratio=0.1,
            price=19.99,
            exact="12345678901234567890.123456789",
            at="1899-12-31T23:59:59.123456+01:00",
            day="1066-10-14",
            clock="12:34:56.5",
            yes=True,
            thing={"a": 1, "b": {"c": [0.10]}},
            list=[1, 2],
            either=5,
            mixed=7,
            open={"any": "thing"},
        ),
        record("things", id=2),
    )
    assert run.code == 0, run.stderr
    row, empty = warehouse.query("SELECT * FROM things ORDER BY id")
    names = list(warehouse.types("things"))
    found = dict(zip(names, row, strict=True))
    nested = {
        name: json.loads(value) if isinstance(value, str) else value
        for name, value in found.items()
        if name in {"thing", "list", "open"}
    }
    assert nested == {
        "thing": {"a": 1, "b": {"c": [0.1]}},
        "list": [1, 2],
        "open": {"any": "thing"},
    }
    assert found | nested | {"_singer_seq": 0} == nested | {
        "id": 1,
        "count": 2,
        "ratio": 0.1,
        "price": Decimal("19.99"),
        "exact": Decimal("12345678901234567890.123456789"),
        "at": instant("1899-12-31T22:59:59.123456"),
        "day": date(1066, 10, 14),
        "clock": time(12, 34, 56, 500000),
        "yes": True,
        "either": 5,
        "mixed": "7",
        "_singer_seq": 0,
        "_singer_extracted_at": None,
        "_sdc_table_version": None,
    }
    assert {value for name, value in zip(names, empty, strict=True) if name[0] != "_"} == {2, None}


def test_numbers_keep_their_digits(warehouse: Warehouse) -> None:
    digits = "12345678901234567890123456789012345678"
    run = warehouse.load(
        schema("numbers", {"id": INTEGER, "big": INTEGER, "fine": {"type": "number"}}, ("id",)),
        '{"type":"RECORD","stream":"numbers","record":'
        f'{{"id":1,"big":{digits},"fine":0.{digits}}}}}',
        '{"type":"RECORD","stream":"numbers","record":{"id":2,"big":-18446744073709551616,'
        '"fine":-0.5}}',
    )
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT big, fine, fine__v_text FROM numbers ORDER BY id") == [
        (int(digits), None, f"0.{digits}"),
        (-18446744073709551616, -0.5, None),
    ]
    assert "fine__v_text" in run.stderr


def test_a_number_too_wide_for_its_column_goes_beside_it(warehouse: Warehouse) -> None:
    declared = schema("numbers", {"id": INTEGER, "big": INTEGER, "fine": {"type": "number"}})
    first = warehouse.load(declared, record("numbers", id=1, big=1, fine=0.5))
    second = warehouse.load(
        declared,
        record("numbers", id=2, big=2**64, fine=2),
        '{"type":"RECORD","stream":"numbers","record":{"id":3,"fine":0.12345678901234567890123}}',
    )
    assert (first.code, second.code) == (0, 0), second.stderr
    assert "big__v_decimal" in second.stderr
    rows = warehouse.query(
        "SELECT big, big__v_decimal, fine, fine__v_text FROM numbers ORDER BY id"
    )
    assert rows == [
        (1, None, 0.5, None),
        (None, 2**64, 2.0, None),
        (None, None, None, "0.12345678901234567890123"),
    ]


@MOSTLY_DUCKDB
def test_what_loses_nothing_is_coerced(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema(
            "loose",
            {
                "n": INTEGER,
                "f": {"type": "number"},
                "t": TEXT,
                "b": {"type": "boolean"},
                "at": {"type": "string", "format": "date-time"},
                "d": {"type": "string", "format": "date"},
            },
            ("n",),
        ),
        record("loose", n="12", f="1.5", t=5, b=1, at="2020-01-01", d="2020-01-01T00:00:00Z"),
        record("loose", n=13, f=2, t={"a": [1]}, b="false", at="2020-01-01 10:00:00", d=None),
    )
    assert run.code == 0, run.stderr
    assert warehouse.query('SELECT n, f, t, b, "at", d FROM loose ORDER BY n') == [
        (12, 1.5, "5", True, instant("2020-01-01"), date(2020, 1, 1)),
        (13, 2.0, '{"a": [1]}', False, instant("2020-01-01T10:00"), None),
    ]


def test_reserved_words_and_odd_names(warehouse: Warehouse) -> None:
    properties = {"select": INTEGER, "User": TEXT, "order by": TEXT, "ключ": TEXT, "名前": TEXT}
    run = warehouse.load(
        schema("group", properties, ("select",)),
        record("group", **{"select": 1, "User": "a", "order by": "b", "ключ": "c", "名前": "d"}),
    )
    assert run.code == 0, run.stderr
    names = [name for name in warehouse.types("group") if not name.startswith("_")]
    assert names[:3] == ["select", "user", "order_by"]
    columns = ", ".join(f'"{name}"' for name in names)
    assert sorted(map(str, warehouse.query(f'SELECT {columns} FROM "group"')[0])) == list("1abcd")


@MOSTLY_DUCKDB
def test_names_that_become_one_stay_apart_from_run_to_run(warehouse: Warehouse) -> None:
    first = warehouse.load(
        schema("users", {"userId": INTEGER}, ("userId",)), record("users", userId=1)
    )
    second = warehouse.load(
        schema("users", {"user_id": TEXT, "userId": INTEGER}, ("userId",)),
        record("users", userId=2, user_id="b"),
        schema("Users", {"id": INTEGER}),
        record("Users", id=9),
    )
    assert (first.code, second.code) == (0, 0), second.stderr
    other = next(name for name in warehouse.types("users") if name.startswith("user_id_"))
    assert warehouse.query(f"SELECT user_id, {other} FROM users ORDER BY user_id") == [
        (1, None),
        (2, "b"),
    ]
    table = warehouse.query(
        "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'users_%' "
        f"AND table_schema = '{warehouse.config['dataset_name']}'"
    )
    assert warehouse.query(f'SELECT id FROM "{table[0][0]}"') == [(9,)]


def test_texts_survive(warehouse: Warehouse) -> None:
    texts = ["", "a\nb", '"quoted", \\.', "\n\\.\n", "tab\t", "😀 é", "'; DROP TABLE t; --", "null"]
    run = warehouse.load(
        schema("texts", {"id": INTEGER, "t": TEXT}, ("id",)),
        *(record("texts", id=number, t=text) for number, text in enumerate(texts)),
    )
    without_empty = warehouse.load(
        schema("texts", {"id": INTEGER, "t": TEXT}, ("id",)),
        *(record("texts", id=100 + n, t=text) for n, text in enumerate(texts) if text),
    )
    assert (run.code, without_empty.code) == (0, 0), run.stderr
    expected = texts + [text for text in texts if text]
    assert [row[0] for row in warehouse.query("SELECT t FROM texts ORDER BY id")] == expected


def test_nul_and_broken_characters(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("odd", {"id": INTEGER, "t": TEXT, "j": {"type": "object"}}, ("id",)),
        r'{"type":"RECORD","stream":"odd","record":{"id":1,"t":"a\u0000b","j":{"k":"c\u0000d"}}}',
        r'{"type":"RECORD","stream":"odd","record":{"id":2,"t":"\ud800x","j":{"k":"\udc00y"}}}',
        rb'{"type":"RECORD","stream":"odd","record":{"id":3,"t":"' + b'\xff"}}\n',
        r'{"type":"RECORD","stream":"odd","record":{"id":4,"t":"\\u0000 \ud83d\ude00","j":NaN}}',
    )
    assert run.code == 0, run.stderr
    nul = "" if warehouse.kind == "postgres" else "\0"
    rows = warehouse.query("SELECT t, j FROM odd ORDER BY id")
    assert [row[0] for row in rows] == [f"a{nul}b", "\ufffdx", "\ufffd", "\\u0000 😀"]
    nested = [json.loads(row[1]) if isinstance(row[1], str) else row[1] for row in rows]
    assert nested == [{"k": f"c{nul}d"}, {"k": "\ufffdy"}, None, None]


@MOSTLY_DUCKDB
def test_deep_json(warehouse: Warehouse) -> None:
    depth = 900
    deep = "[" * depth + "]" * depth
    run = warehouse.load(
        schema("deep", {"id": INTEGER, "j": {"type": "array"}}, ("id",)),
        f'{{"type":"RECORD","stream":"deep","record":{{"id":1,"j":{deep}}}}}',
    )
    assert run.code == 0, run.stderr
    text = warehouse.query("SELECT CAST(j AS VARCHAR) FROM deep")[0][0]
    assert text == deep


def test_an_empty_stream_has_its_table(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("empty", {"id": INTEGER, "at": {"type": "string", "format": "date-time"}}, ("id",)),
        state(done=True),
    )
    assert (run.code, run.states) == (0, [{"done": True}]), run.stderr
    assert warehouse.query('SELECT id, "at" FROM empty') == []
    # With columns of dlt's own, its rows could only be loaded one by one.
    assert not {"_dlt_id", "_dlt_load_id"} & warehouse.types("empty").keys()
    assert warehouse.types("empty")["at"] == (
        "timestamp with time zone" if warehouse.kind == "postgres" else "TIMESTAMP WITH TIME ZONE"
    )


@MOSTLY_DUCKDB
def test_a_changed_schema_in_mid_stream(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("shifting", {"id": INTEGER, "a": INTEGER, "gone": TEXT}, ("id",)),
        record("shifting", id=1, a=1, gone="x"),
        schema("shifting", {"id": INTEGER, "a": TEXT, "new": {"type": "boolean"}}, ("id",)),
        record("shifting", id=2, a="7", new=True),
        record("shifting", id=3, a="seven", new=False),
    )
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id, a, a__v_text, gone, new FROM shifting ORDER BY id") == [
        (1, 1, None, "x", None),
        (2, 7, None, None, True),
        (3, None, "seven", None, False),
    ]


@MOSTLY_DUCKDB
def test_a_property_that_schema_does_not_declare(warehouse: Warehouse) -> None:
    run = warehouse.load(
        schema("wider", {"id": INTEGER}, ("id",)),
        record("wider", id=1),
        record("wider", id=2, extra=None, more={"a": 1}),
        record("wider", id=3, extra=1.5),
    )
    assert run.code == 0, run.stderr
    assert run.stderr.count("does not declare") == 2
    assert warehouse.query("SELECT id, extra FROM wider ORDER BY id") == [
        (1, None),
        (2, None),
        (3, 1.5),
    ]
