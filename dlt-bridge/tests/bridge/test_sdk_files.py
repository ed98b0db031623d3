"""The Singer SDK's own files for tests of targets load with the rows that they say."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

import pytest

from .conftest import Run, Warehouse

FILES = importlib.resources.files("singer_sdk.testing") / "target_test_streams"

ROWS = {
    "array_data": {"test_array_data": 4},
    "camelcase": {"test_camelcase": 2},
    "camelcase_complex_schema": {"forecasting_type_to_category": 0},
    "duplicate_records": {"test_duplicate_records": 2},
    "encoded_string_data": {
        "test_strings": 11,
        "test_strings_in_objects": 11,
        "test_strings_in_arrays": 6,
    },
    "multiple_state_messages": {
        "test_multiple_state_messages_a": 6,
        "test_multiple_state_messages_b": 6,
    },
    "no_primary_keys": {"test_no_pk": 3},
    "optional_attributes": {"test_optional_attributes": 4},
    "pk_updates": {"example_stream": 2},
    "record_missing_fields": {"record_missing_fields": 2},
    "schema_no_properties": {
        "test_object_schema_with_properties": 2,
        "test_object_schema_no_properties": 2,
    },
    "schema_updates": {"test_schema_updates": 6},
    "special_chars_in_attributes": {"test_special_chars_in_attributes": 1},
    "user_location_data": {"test_users": 5, "test_locations": 3, "test_user_in_location": 3},
}

LATER = {
    "no_primary_keys_append": {"test_no_pk": 8},  # of a stream without a key every row is new
    "user_location_upsert_data": {
        "test_users": 8,
        "test_locations": 5,
        "test_user_in_location": 5,
    },
}


def load(warehouse: Warehouse, *names: str, **settings: Any) -> Run:
    source = warehouse.folder / "input.singer"
    source.write_bytes(b"\n".join((FILES / f"{name}.singer").read_bytes() for name in names))
    run = warehouse.load_file(source, **settings)
    assert "Traceback" not in run.stderr
    return run


def assert_rows(warehouse: Warehouse, expected: dict[str, dict[str, int]]) -> None:
    tables = {table: rows for found in expected.values() for table, rows in found.items()}
    counts = {table: warehouse.query(f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    assert counts == tables


def test_every_file_loads_with_its_rows(warehouse: Warehouse) -> None:
    run = load(warehouse, *ROWS)
    assert run.code == 0, run.stderr
    assert_rows(warehouse, ROWS)
    rows = "SELECT id, metric FROM test_duplicate_records ORDER BY id"
    assert warehouse.query(rows) == [(1, 100), (2, 20)]
    assert warehouse.query("SELECT id, optional FROM record_missing_fields ORDER BY id") == [
        (1, "now you see me"),
        (2, None),
    ]
    run = load(warehouse, *LATER)
    assert run.code == 0, run.stderr
    assert_rows(warehouse, ROWS | LATER | {"no_primary_keys": {}, "user_location_data": {}})
    names = dict(warehouse.query("SELECT id, name FROM test_users"))
    assert names == {
        1: "Johny",
        2: "George",
        3: "Jacob",
        4: "Josh",
        5: "Jim",
        8: "Thomas",
        12: "Paul",
        13: "Mary",
    }


def test_state_follows_rows_that_are_loaded_not_batches_of_the_sdk(duck: Warehouse) -> None:
    """The SDK's test wants three STATEs, one for each batch that its own targets would make."""
    run = load(duck, "multiple_state_messages")
    assert run.states == [
        {"test_multiple_state_messages_a": 5, "test_multiple_state_messages_b": 6}
    ]
    lines = (FILES / "multiple_state_messages.singer").read_text().splitlines()
    sent = [message["value"] for message in map(json.loads, lines) if message["type"] == "STATE"]
    run = load(duck, "multiple_state_messages", batch_size_rows=1)
    assert run.states
    assert all(state in sent for state in run.states)
    assert run.states[-1] == sent[-1]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("invalid_schema", "test_invalid_schema"),
        ("record_before_schema", "before the stream's SCHEMA"),
        ("record_missing_key_property", "id"),
        ("record_missing_required_property", "test_record_missing_required_property"),
    ],
)
def test_what_breaks_its_own_schema_is_refused(duck: Warehouse, name: str, word: str) -> None:
    run = load(duck, name)
    assert run.code == 1, run.stderr
    assert word in run.last_line
