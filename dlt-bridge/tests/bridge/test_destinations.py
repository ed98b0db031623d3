"""Files as a destination, child tables, deleted records."""

from __future__ import annotations

from typing import Any

import pyarrow.dataset

from .conftest import Warehouse
from .messages import INTEGER, TEXT, activate, record, schema, state


def test_files(duck: Warehouse) -> None:
    bucket = duck.folder / "bucket"
    config: dict[str, Any] = {
        "destination": "filesystem",
        "credentials": None,
        "destination_config": {"bucket_url": str(bucket)},
    }
    declared = schema("t", {"id": INTEGER, "o": {"type": "object"}}, ("id",))
    whole = schema("w", {"id": INTEGER}, ("id",))
    for version in (1, 2):
        run = duck.load(
            declared,
            record("t", id=version, o={"a": version}),
            whole,
            record("w", version, id=version),
            activate("w", version),
            state(n=version),
            **config,
        )
        assert (run.code, run.states) == (0, [{"n": version}]), run.stderr
    rows = pyarrow.dataset.dataset(bucket / "loaded" / "t").to_table().to_pylist()
    assert sorted((row["id"], row["o"]) for row in rows) == [(1, '{"a": 1}'), (2, '{"a": 2}')]
    replaced = pyarrow.dataset.dataset(bucket / "loaded" / "w").to_table()
    assert replaced["id"].to_pylist() == [2]


def test_child_tables(warehouse: Warehouse) -> None:
    properties = {
        "id": INTEGER,
        "at": {"type": "string", "format": "date-time"},
        "home": {"type": "object", "properties": {"city": TEXT, "size": {"type": "number"}}},
        "tags": {"type": "array", "items": {"type": "object"}},
    }
    declared = schema("t", properties, ("id",))
    first = record(
        "t",
        id=1,
        at="2020-01-01T00:00:00Z",
        home={"city": "Bern", "size": 1.5},
        tags=[{"name": "a"}, {"name": "b"}],
    )
    run = warehouse.load(declared, first, nested="tables")
    assert run.code == 0, run.stderr
    changed = {**first["record"], "tags": [{"name": "c"}]}
    run = warehouse.load(declared, record("t", **changed), nested="tables")
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id, home__city, home__size FROM t") == [(1, "Bern", 1.5)]
    assert warehouse.query("SELECT name FROM t__tags") == [("c",)]


def test_deleted_records(warehouse: Warehouse) -> None:
    deleted = {"type": ["string", "null"], "format": "date-time"}
    declared = schema("t", {"id": INTEGER, "_sdc_deleted_at": deleted}, ("id",))
    gone = record("t", id=1, _sdc_deleted_at="2020-01-01T00:00:00Z")
    warehouse.load(declared, record("t", id=1), record("t", id=2), hard_delete=True)
    warehouse.load(declared, gone)
    assert warehouse.query("SELECT id FROM t WHERE _sdc_deleted_at IS NOT NULL") == [(1,)]
    run = warehouse.load(declared, gone, hard_delete=True)
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id FROM t") == [(2,)]


def test_the_key_can_change(warehouse: Warehouse) -> None:
    by_id = schema("t", {"id": INTEGER, "mail": TEXT}, ("id",))
    by_mail = schema("t", {"id": INTEGER, "mail": TEXT}, ("mail",))
    run = warehouse.load(
        by_id,
        record("t", id=1, mail="a"),
        by_mail,
        record("t", id=2, mail="a"),
        record("t", id=2, mail="b"),
    )
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id, mail FROM t ORDER BY mail") == [(2, "a"), (2, "b")]


def test_a_column_called_like_an_alias_of_dlt(warehouse: Warehouse) -> None:
    declared = schema("t", {"id": TEXT, "d": {"type": "object"}, "s": TEXT}, ("id",))
    for value in ("old", "new"):
        run = warehouse.load(
            declared, record("t", id="a", d={"id": 1}, s="x"), record("t", id="a", s=value)
        )
        assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id, s FROM t") == [("a", "new")]


def test_a_table_that_was_dropped_is_made_again(warehouse: Warehouse) -> None:
    declared = schema("t", {"id": INTEGER}, ("id",))
    warehouse.load(declared, record("t", id=1))
    warehouse.execute("DROP TABLE t")
    run = warehouse.load(declared, record("t", id=2))
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT id FROM t") == [(2,)]


def test_child_tables_need_a_table_of_their_own(duck: Warehouse) -> None:
    declared = schema("t", {"id": INTEGER, "o": {"type": "object"}}, ("id",))
    first = duck.load(declared, record("t", id=1, o={"a": 1}), nested="tables")
    again = duck.load(declared, record("t", id=2, o={"a": 2}))
    assert (first.code, again.code) == (0, 0), again.stderr
    assert duck.query("SELECT id, o__a FROM t ORDER BY id") == [(1, 1), (2, None)]
    plain = {**declared, "stream": "p"}
    duck.load(plain, record("p", id=1))
    refused = duck.load(plain, record("p", id=2), nested="tables")
    assert refused.code == 1
    assert "The table p was loaded without child tables" in refused.last_line


def test_many_streams_at_once(duck: Warehouse) -> None:
    text = "x" * 500_000
    messages = []
    for number in range(180):
        name = f"s{number % 30}"
        if number < 30:
            messages.append(schema(name, {"id": INTEGER, "t": TEXT}))
        messages.append(record(name, id=number, t=text))
    run = duck.load(*messages)
    assert run.code == 0, run.stderr
    counts = [duck.query(f"SELECT count(*), sum(length(t)) FROM s{n}")[0] for n in range(30)]
    assert counts == [(6, 3_000_000)] * 30
