"""The message files of public targets load with the rows that those targets' suites assert.

Where a row differs, the test says why. What their suites say of flattening, stages and their own
metadata columns has no counterpart here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import Any

import pytest

from .conftest import Run, Warehouse
from .message_files import (
    MELTANO_POSTGRES,
    PIPELINEWISE_POSTGRES,
    PIPELINEWISE_SNOWFLAKE,
    message_file,
)

BOTH = [PIPELINEWISE_POSTGRES, PIPELINEWISE_SNOWFLAKE]
STREAMS = {
    PIPELINEWISE_POSTGRES: "messages-with-multiple-streams",
    PIPELINEWISE_SNOWFLAKE: "messages-with-three-streams",
}


def load(warehouse: Warehouse, repository: str, *names: str, **settings: Any) -> Run:
    files = [message_file(repository, name) for name in names]
    source = warehouse.folder / "input.singer"
    source.write_bytes(b"\n".join(files))
    run = warehouse.load_file(source, **settings)
    assert "Traceback" not in run.stderr
    return run


def instant(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize("repository", BOTH)
@pytest.mark.parametrize("hard_delete", [False, True])
def test_several_streams(warehouse: Warehouse, repository: str, *, hard_delete: bool) -> None:
    names = [f"{STREAMS[repository]}.json"]
    if repository == PIPELINEWISE_SNOWFLAKE and not hard_delete:
        names = ["messages-with-multi-schemas.json"]  # their suite asserts the same rows for it
    run = load(warehouse, repository, *names, hard_delete=hard_delete)
    assert run.code == 0, run.stderr
    one, two, three = (f"tap_mysql_test_test_table_{number}" for number in ("one", "two", "three"))
    assert warehouse.query(f"SELECT c_pk, c_int, c_varchar FROM {one}") == [(1, 1, "1")]
    rows: list[Any] = [
        (1, 1, "1", instant(2019, 2, 1, 15, 12, 45)),
        (2, 2, "2", instant(2019, 2, 10, 2)),
    ]
    query = f"SELECT c_pk, c_int, c_varchar, c_date FROM {two} ORDER BY c_pk"
    assert warehouse.query(query) == (rows[1:] if hard_delete else rows)
    rows = [(1, time(4)), (2, time(7, 15)), (3, time(23, 0, 3))]
    query = f"SELECT c_pk, c_time FROM {three} ORDER BY c_pk"
    assert warehouse.query(query) == (rows[:2] if hard_delete else rows)
    if repository == PIPELINEWISE_POSTGRES:
        query = "SELECT c_pk, c_smallint, c_bigint FROM tap_mysql_test_test_table_four ORDER BY 1"
        rows = [(number, number, number) for number in (1, 2, 3)]
        assert warehouse.query(query) == (rows[:2] if hard_delete else rows)


@pytest.mark.parametrize("repository", BOTH)
def test_columns_that_change(warehouse: Warehouse, repository: str) -> None:
    first = load(warehouse, repository, f"{STREAMS[repository]}.json")
    second = load(warehouse, repository, f"{STREAMS[repository]}-modified-column.json")
    assert (first.code, second.code) == (0, 0), second.stderr
    # Their suite has two columns: an instant for what came as one, a text for what came later. A
    # text that says an instant goes into the column of instants here.
    assert warehouse.query(
        "SELECT c_pk, c_int, c_varchar, c_date FROM tap_mysql_test_test_table_two ORDER BY c_pk"
    ) == [
        (1, 1, "1", instant(2019, 2, 1, 15, 12, 45)),
        (2, 2, "2", instant(2019, 2, 12, 2)),
        (3, 3, "2", instant(2019, 2, 15, 2)),
    ]
    # Of a row that came again without a property, their suite keeps the old value; here a row is
    # what the tap sent last.
    assert warehouse.query(
        "SELECT c_pk, c_int, c_time, c_time_renamed FROM tap_mysql_test_test_table_three "
        "ORDER BY c_pk"
    ) == [
        (1, 1, time(4), None),
        (2, 2, time(7, 15), None),
        (3, 3, None, time(8, 15)),
        (4, 4, None, time(23, 0, 3)),
    ]


@pytest.mark.parametrize("repository", BOTH)
def test_names_texts_and_nested_values(warehouse: Warehouse, repository: str) -> None:
    names = ["unicode-characters", "non-db-friendly-columns", "nested-schema"]
    hard = ["reserved-name-as-table-name", "space-in-table-name"]
    if repository == PIPELINEWISE_POSTGRES:
        names.append("long-texts")
    else:
        hard.append("binary-columns")
    for files, hard_delete in ((names, False), (hard, True)):
        paths = [f"messages-with-{name}.json" for name in files]
        run = load(warehouse, repository, *paths, hard_delete=hard_delete)
        assert run.code == 0, run.stderr
    table = "tap_mysql_test_test_table_"
    texts = dict(warehouse.query(f"SELECT c_pk, c_varchar FROM {table}unicode"))
    assert sorted(texts) == [1, 2, 3, 4, 5, 6]
    # An accent as the files write it: its composed form would be another text.
    assert texts[1].startswith("Hello world, Καλημ\u1f73")
    assert texts[6] == "Special Characters: [\",'!@£$%^&*()]"
    columns = "c_pk, camelcase_column, minus_column"
    rows = warehouse.query(f"SELECT {columns} FROM {table}non_db_friendly_columns ORDER BY c_pk")
    assert rows == [(n, f"Dummy row {n}", f"Dummy row {n}") for n in range(1, 6)]
    [row] = warehouse.query(
        f"SELECT c_array, c_object, c_object_with_props, c_nested_object FROM {table}nested_schema"
    )
    array, plain, with_properties, nested = (
        json.loads(value) if isinstance(value, str) else value for value in row
    )
    assert (array, plain, with_properties) == ([1, 2, 3], {"key_1": "value_1"}, plain)
    assert nested["nested_prop_3"]["multi_nested_prop_2"] == "multi_value_2"
    key = "new" if repository == PIPELINEWISE_POSTGRES else "id"
    tables = ["my_db_order", "my_db_table_with_space_and_upper_case"]
    if repository == PIPELINEWISE_SNOWFLAKE:
        tables.append("tap_mysql_test_test_binary")
    for name in tables:
        rows = warehouse.query(f'SELECT "{key}", data, created_at FROM {name} ORDER BY 1')
        # Their suite decodes hexadecimal texts where its destination has bytes.
        assert rows == [
            ("706b32", "6461746132", instant(2019, 12, 17, 16, 2, 55)),
            ("706b34", "6461746134", instant(2019, 12, 17, 16, 32, 22)),
        ], name
    if repository == PIPELINEWISE_POSTGRES:
        query = f"SELECT length(c_varchar) FROM {table}long_texts ORDER BY c_pk"
        assert [row[0] for row in warehouse.query(query)][3:] == [4017, 32003]


@pytest.mark.parametrize("repository", BOTH)
@pytest.mark.parametrize("batch_size_rows", [5, 1000])
def test_logical_replication(warehouse: Warehouse, repository: str, batch_size_rows: int) -> None:
    settings = {"hard_delete": True, "batch_size_rows": batch_size_rows}
    if batch_size_rows == 5:
        empty = load(
            warehouse, repository, "messages-pg-logical-streams-no-records.json", **settings
        )
        assert empty.code == 0, empty.stderr
        assert warehouse.query("SELECT count(*) FROM logical1_logical1_table1") == [(0,)]
    run = load(warehouse, repository, "messages-pg-logical-streams.json", **settings)
    assert run.code == 0, run.stderr
    assert run.states[-1]["bookmarks"]["logical1-logical1_table1"]["lsn"] == 108240872
    query = "SELECT cid, cvarchar, cvarchar2 FROM logical1_logical1_table1 ORDER BY cid"
    assert warehouse.query(query) == [
        (1, "inserted row", None),
        *((number, "inserted row", "inserted row") for number in (2, 3, 4)),
    ]
    query = "SELECT cid, cvarchar FROM logical1_logical1_table2 ORDER BY cid"
    rows = [(number, "updated row") for number in (1, 2, 3, 5, 7, 8, 9, 10)]
    assert warehouse.query(query) == rows
    query = "SELECT cid, cvarchar FROM logical2_logical2_table1 ORDER BY cid"
    assert warehouse.query(query) == rows[:3]
    query = "SELECT cid, ctimentz, ctimetz FROM logical1_logical1_edgydata ORDER BY cid"
    assert [row for row in warehouse.query(query) if row[0] <= 9 and row[0] != 7] == [
        (1, None, None),
        (2, time(23, 0, 15), time(23, 0, 15)),
        (3, time(12, 0, 15), time(12, 0, 15)),
        (4, time(12, 0, 15), time(9, 0, 15)),
        (5, time(12, 0, 15), time(15, 0, 15)),
        (6, time(0), time(0)),
        (8, time(0), time(1)),
        (9, time(0), time(0)),
    ]


@pytest.mark.parametrize(
    ("name", "expected"), [("changing-pk", 6), ("new-pk", 6), ("falsy-pk-values", 8)]
)
def test_keys_that_change(warehouse: Warehouse, name: str, expected: int) -> None:
    run = load(warehouse, PIPELINEWISE_SNOWFLAKE, f"messages-with-{name}.json")
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT count(*) FROM tap_mysql_test_test_simple_table") == [(expected,)]


@pytest.mark.parametrize("repository", BOTH)
def test_what_the_suites_refuse_is_refused(duck: Warehouse, repository: str) -> None:
    for name, word in (
        ("invalid-json", "Line"),
        ("invalid-message-order", "before the stream's SCHEMA"),
        ("messages-with-invalid-records", "c_pk"),
        *((("messages-with-null-pk", "key"),) if repository == PIPELINEWISE_SNOWFLAKE else ()),
        *(
            (("messages-with-unexpected-types", "c_time"),)
            if repository == PIPELINEWISE_SNOWFLAKE
            else ()
        ),
    ):
        run = load(duck, repository, f"{name}.json")
        assert run.code == 1, name
        assert word in run.last_line, name


def test_records_their_validation_refuses(warehouse: Warehouse) -> None:
    names = ["messages-pg-with-valid-records.json", "messages-simple-table.json"]
    run = load(warehouse, PIPELINEWISE_SNOWFLAKE, *names)
    assert run.code == 0, run.stderr
    assert warehouse.query("SELECT count(*) FROM pg_valid_records") == [(1,)]
    assert warehouse.query("SELECT count(*) FROM tap_mysql_test_test_simple_table") == [(5,)]


MELTANO_ROWS = {
    "array_data": {"test_carts": 4},
    "base16_content_encoding_not_interpreted": {"test_base_16_encoding_not_interpreted": 7},
    "base16_content_encoding_interpreted": {"test_base_16_encoding_interpreted": 7},
    "camelcase": {"test_camelcase": 2},
    "camelcase_complex_schema": {},
    "commits": {"commits": 30},
    "duplicate_records": {"test_duplicate_records": 2},
    "encoded_strings": {
        "test_strings": 11,
        "test_strings_in_objects": 11,
        "test_strings_in_arrays": 6,
    },
    "jsonb_data": {"test_jsonb_data": 2},
    "large_int": {"test_large_int": 2},
    "large_numeric_primary_key": {"test_large_numeric_primary_key": 1},
    "missing_value": {"test_missing_value": 5},
    "multiple_schema_messages": {},
    "multiple_state_messages": {
        "test_multiple_state_messages_a": 6,
        "test_multiple_state_messages_b": 6,
    },
    "new_array_column": {},
    "optional_attributes": {"test_optional_attributes": 4},
    "reserved_keywords": {},
    "schema_no_properties": {
        "test_object_schema_with_properties": 2,
        "test_object_schema_no_properties": 2,
    },
    "schema_updates": {"test_schema_updates": 6},
    "special_chars_in_attributes": {},
    "tap_aapl": {"aapl": 1},
    "tap_countries": {"continents": 7, "countries": 250},
    "test_activate_version_soft": {"test_activate_version_soft": 7},
    "test_no_pk": {},
    "test_no_pk_append": {"test_no_pk": 8},
    "test_no_type": {"test_no_type": 15},
    "uppercase_stream_name_with_column_alter": {},
    "user_location_data": {},
    "user_location_upsert_data": {
        "test_users": 8,
        "test_locations": 5,
        "test_user_in_location": 5,
    },
}


def test_files_of_meltano(warehouse: Warehouse) -> None:
    files = [f"{name}.singer" for name in MELTANO_ROWS]
    run = load(warehouse, MELTANO_POSTGRES, *files)
    assert run.code == 0, run.stderr
    for tables in MELTANO_ROWS.values():
        for table, rows in tables.items():
            assert warehouse.query(f"SELECT count(*) FROM {table}") == [(rows,)], table
    names = {1: "Johny", 2: "George", 3: "Jacob", 4: "Josh", 5: "Jim"}
    names |= {8: "Thomas", 12: "Paul", 13: "Mary"}
    assert dict(warehouse.query("SELECT id, name FROM test_users")) == names
    assert warehouse.query("SELECT id, metric FROM test_duplicate_records ORDER BY id")[0] == (
        1,
        100,
    )
    query = "SELECT id, contract_address, raw_event_data FROM test_base_16_encoding_not_interpreted"
    assert ("test_nullable_field", "", None) in warehouse.query(query)
    kinds = warehouse.types("commits")
    assert kinds["authored_date"].lower() == "timestamp with time zone"
    assert kinds["legacy_id"].lower() in {"varchar", "character varying", "text"}
    # The SDK's own test of this file wants a STATE for each batch of its default size; here STATE
    # is passed on when rows are loaded, and rows are loaded when enough of them wait.
    last = load(warehouse, MELTANO_POSTGRES, "multiple_state_messages.singer").states[-1]
    assert last == {"test_multiple_state_messages_a": 5, "test_multiple_state_messages_b": 6}


BY_HAND = "INSERT INTO {0} (code, name) VALUES ('Manual1', 'Meltano'), ('Manual2', 'Meltano')"


def activate(warehouse: Warehouse, name: str, stream: str, *, hard_delete: bool) -> int:
    run = load(warehouse, MELTANO_POSTGRES, f"{name}.singer", hard_delete=hard_delete)
    assert run.code == 0, run.stderr
    [(rows,)] = warehouse.query(f"SELECT count(*) FROM {stream}")
    return int(rows)


@pytest.mark.parametrize("hard_delete", [True, False])
def test_a_version_retires_rows_without_one(warehouse: Warehouse, *, hard_delete: bool) -> None:
    stream = "test_activate_version_hard"
    assert activate(warehouse, stream, stream, hard_delete=hard_delete) == 7
    warehouse.execute(BY_HAND.format(stream))
    assert activate(warehouse, stream, stream, hard_delete=hard_delete) == 7
    codes = warehouse.query(f"SELECT code FROM {stream} ORDER BY code")
    assert codes == [(code,) for code in ("AF", "AN", "AS", "EU", "NA", "OC", "SA")]


def test_rows_that_a_version_retires_are_deleted_softly_nowhere(warehouse: Warehouse) -> None:
    """Their suite marks them with `_sdc_deleted_at`; here a table is what its source is."""
    stream = "test_activate_version_soft"
    assert activate(warehouse, stream, stream, hard_delete=False) == 7
    assert activate(warehouse, f"{stream}_with_delete", stream, hard_delete=False) == 6
    assert warehouse.query(f"SELECT count(*) FROM {stream} WHERE code = 'SA'") == [(0,)]
    warehouse.execute(BY_HAND.format(stream))
    assert activate(warehouse, f"{stream}_with_delete", stream, hard_delete=False) == 6


def test_a_version_without_rows_empties_its_table_if_it_is_trusted(warehouse: Warehouse) -> None:
    stream = "test_activate_version_deletes_data_properly"
    assert activate(warehouse, stream, stream, hard_delete=True) == 7
    warehouse.execute(BY_HAND.format(stream))
    # A tap that died before its first row has sent the same.
    assert activate(warehouse, f"{stream}_2", stream, hard_delete=True) == 9
    path = f"{stream}_2.singer"
    run = load(warehouse, MELTANO_POSTGRES, path, hard_delete=True, replace_when="trusted")
    assert run.code == 0, run.stderr
    assert warehouse.query(f"SELECT count(*) FROM {stream}") == [(0,)]
    assert (
        activate(
            warehouse, "test_activate_version_uppercase_stream_name", "account", hard_delete=True
        )
        == 7
    )


@pytest.mark.parametrize(
    "name",
    [
        "invalid_schema",
        "record_before_schema",
        "record_missing_key_property",
        "record_missing_required_property",
    ],
)
def test_what_meltano_refuses_is_refused(duck: Warehouse, name: str) -> None:
    run = load(duck, MELTANO_POSTGRES, f"{name}.singer")
    assert run.code == 1
    assert "test_" in run.last_line
