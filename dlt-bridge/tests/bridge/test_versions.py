"""Rows tell which version they belong to, whatever run loaded them; older ones go with proof."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from dlt_bridge.errors import MessageError
from dlt_bridge.snapshots import names_version, read_version

from .conftest import MOSTLY_DUCKDB, MOSTLY_POSTGRES
from .messages import INTEGER, TEXT, activate, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Warehouse

KEYED = schema("k", {"id": INTEGER, "v": TEXT}, ("id",))
KEYLESS = schema("n", {"id": INTEGER, "v": TEXT})
DECLARED = (KEYED, KEYLESS)


def rows(version: int | None, *numbers: int) -> list[Any]:
    """The same rows in both streams."""
    return [record(name, version, id=i, v=f"{version}") for name in "kn" for i in numbers]


def activated(version: int) -> list[Any]:
    return [activate("k", version), activate("n", version)]


def ids(warehouse: Warehouse, table: str) -> list[int]:
    return [row[0] for row in warehouse.query(f"SELECT id FROM {table} ORDER BY id")]


def both(warehouse: Warehouse) -> list[list[int]]:
    return [ids(warehouse, "k"), ids(warehouse, "n")]


def half_way(version: int) -> Any:
    return state(bookmarks={"k": {"version": version, "xmin": 6}})


def test_a_resumed_read_keeps_its_first_half(warehouse: Warehouse) -> None:
    assert warehouse.load(*DECLARED, *rows(1, 100, 101), *activated(1), state(n=1)).code == 0
    run = warehouse.load(*DECLARED, *rows(2, *range(6)), half_way(2))
    assert (run.code, len(run.states)) == (0, 1), run.stderr
    assert ids(warehouse, "n") == [*range(6), 100, 101]
    assert "goes on with version 2" in run.stderr
    run = warehouse.load(*DECLARED, half_way(2), *rows(2, *range(6, 10)), *activated(2))
    assert run.code == 0, run.stderr
    assert both(warehouse) == [list(range(10))] * 2
    versions = warehouse.query("SELECT DISTINCT _sdc_table_version FROM n")
    assert versions == [(2,)]
    # The next whole read replaces all of it.
    assert warehouse.load(*DECLARED, *rows(3, 1, 2), *activated(3)).code == 0
    assert both(warehouse) == [[1, 2]] * 2


@MOSTLY_DUCKDB
def test_rows_that_come_with_the_version_that_retires_them_are_not_missed(
    warehouse: Warehouse,
) -> None:
    """The version is activated before its rows and after them, as first syncs of tap-mysql do."""
    run = warehouse.load(*DECLARED, *activated(2), *rows(2, 1, 2), *rows(1, 9), *activated(2))
    assert run.code == 0, run.stderr
    assert both(warehouse) == [[1, 2]] * 2


@MOSTLY_POSTGRES
def test_two_processes_load_one_version(warehouse: Warehouse) -> None:
    warehouse.load(*DECLARED, *rows(1, 100, 101), *activated(1), pipeline_name="first")
    for name, numbers in (("first", (0, 1)), ("second", (2, 3)), ("third", (4,))):
        run = warehouse.load(*DECLARED, *rows(2, *numbers), half_way(2), pipeline_name=name)
        assert run.code == 0, run.stderr
    joined = warehouse.load(
        *DECLARED, *activated(2), pipeline_name="second", replace_when="trusted"
    )
    assert joined.code == 0, joined.stderr
    assert both(warehouse) == [[0, 1, 2, 3, 4]] * 2


@MOSTLY_DUCKDB
def test_activated_before_and_after_its_records(warehouse: Warehouse) -> None:
    """As tap-mysql and tap-postgres do in their first run."""
    warehouse.load(*DECLARED, *rows(1, 1, 2, 100), *activated(1))
    messages = [*DECLARED, *activated(2), *rows(2, 1, 2, 3), *activated(2), state(n=2)]
    run = warehouse.load(*messages)
    assert (run.code, run.states) == (0, [{"n": 2}]), run.stderr
    assert both(warehouse) == [[1, 2, 3]] * 2
    # Here the first half went to the destination before the second activation came.
    half = [*DECLARED, *activated(3), *rows(3, 2), state(n=3), *rows(3, 3, 4), *activated(3)]
    run = warehouse.load(*half, batch_size_rows=1)
    assert run.code == 0, run.stderr
    assert both(warehouse) == [[2, 3, 4]] * 2


def test_announced_in_one_run_and_activated_in_the_next(duck: Warehouse) -> None:
    duck.load(*DECLARED, *rows(1, 100), *activated(1))
    duck.load(*DECLARED, *activated(2), *rows(2, 1, 2), half_way(2))
    assert duck.load(*DECLARED, *rows(2, 3), *activated(2), state(n=2)).code == 0
    assert both(duck) == [[1, 2, 3]] * 2


def test_an_sdk_tap_announces_again_before_each_partition(duck: Warehouse) -> None:
    duck.load(*DECLARED, *rows(1, 1, 2), *activated(1))
    run = duck.load(*DECLARED, *activated(2), *rows(2, 3), *DECLARED, *activated(2))
    assert run.code == 0, run.stderr
    assert both(duck) == [[1, 2, 3]] * 2


@MOSTLY_DUCKDB
def test_a_version_below_an_activated_one_deletes_nothing(warehouse: Warehouse) -> None:
    warehouse.load(*DECLARED, *rows(5, 1, 2), *activated(5), pipeline_name="first")
    run = warehouse.load(*DECLARED, *rows(4, 2, 3), *activated(4), pipeline_name="second")
    assert run.code == 0, run.stderr
    assert run.stderr.count("5 was activated before") == 2
    assert "versions_rise" in run.stderr
    assert both(warehouse) == [[1, 2, 3], [1, 2]]
    told = warehouse.load(*DECLARED, *rows(3, 7), *activated(3), versions_rise=False)
    assert told.code == 0, told.stderr
    assert both(warehouse) == [[7], [7]]
    closed = [*DECLARED, *activated(2), *rows(2, 8), *activated(2)]
    assert warehouse.load(*closed, versions_rise=False).code == 0
    assert both(warehouse) == [[8], [8]]


@MOSTLY_POSTGRES
def test_rows_of_a_newer_version_outlive_an_older_one(warehouse: Warehouse) -> None:
    warehouse.load(*DECLARED, *rows(1, 1, 9), *activated(1), pipeline_name="first")
    warehouse.load(*DECLARED, *rows(3, 30, 31), half_way(3), pipeline_name="second")
    warehouse.load(*DECLARED, *rows(2, 1, 2), *activated(2), pipeline_name="first")
    assert both(warehouse) == [[1, 2, 30, 31]] * 2
    warehouse.load(*DECLARED, *rows(3, 32), *activated(3), pipeline_name="second")
    assert both(warehouse) == [[30, 31, 32]] * 2


@MOSTLY_DUCKDB
def test_a_table_loaded_before_gets_the_column(warehouse: Warehouse) -> None:
    destination = (
        dlt.destinations.duckdb(warehouse.config["credentials"])
        if warehouse.kind == "duckdb"
        else dlt.destinations.postgres(warehouse.config["credentials"])
    )
    before = dlt.pipeline(
        "target_dlt",
        pipelines_dir=str(warehouse.folder / "before"),
        destination=destination,
        dataset_name=warehouse.config["dataset_name"],
    )
    old = [{"id": number, "v": "old", "_singer_seq": number} for number in (1, 100)]
    before.run([dlt.resource(old, name="k", primary_key="id"), dlt.resource(old, name="n")])
    assert "_sdc_table_version" not in warehouse.types("k")
    run = warehouse.load(*DECLARED, *rows(2, 0), half_way(2))
    assert run.code == 0, run.stderr
    assert both(warehouse) == [[0, 1, 100]] * 2
    run = warehouse.load(*DECLARED, *rows(2, 1, 2), *activated(2))
    assert run.code == 0, run.stderr
    assert both(warehouse) == [[0, 1, 2]] * 2


def test_a_key_that_changes_in_the_middle_of_a_snapshot(duck: Warehouse) -> None:
    declared = {"id": INTEGER, "v": {"type": "string"}}
    one, two = schema("k", declared, ("id",)), schema("k", declared, ("id", "v"))
    duck.load(one, record("k", 1, id=9, v="old"), activate("k", 1))
    first, second = record("k", 2, id=1, v="a"), record("k", 2, id=2, v="b")
    run = duck.load(one, first, two, second, activate("k", 2))
    assert run.code == 0, run.stderr
    assert ids(duck, "k") == [1, 2]


def test_rows_out_of_files_belong_to_the_version_after_them(duck: Warehouse) -> None:
    duck.load(*DECLARED, *rows(1, 1, 100), *activated(1))
    path = duck.folder / "rows.jsonl"
    path.write_text('{"id": 1, "v": "new"}\n{"id": 2, "v": "new"}\n')
    batches = [
        {
            "type": "BATCH",
            "stream": name,
            "encoding": {"format": "jsonl"},
            "manifest": [path.as_uri()],
        }
        for name in "kn"
    ]
    run = duck.load(*DECLARED, *batches, *activated(2), state(n=2), replace_when="trusted")
    assert run.code == 0, run.stderr
    assert both(duck) == [[1, 2]] * 2
    early = duck.load(*DECLARED, *activated(3), *batches, state(n=3))
    assert early.code == 0, early.stderr
    assert duck.query("SELECT DISTINCT _sdc_table_version FROM k") == [(3,)]


@MOSTLY_POSTGRES
def test_child_rows_go_with_their_rows(warehouse: Warehouse) -> None:
    declared = schema("k", {"id": INTEGER, "tags": {"type": "array"}}, ("id",))

    def of(version: int, number: int) -> Any:
        return record("k", version, id=number, tags=[{"name": "a"}, {"name": "b"}])

    nested: dict[str, Any] = {"nested": "tables"}
    warehouse.load(declared, of(1, 1), of(1, 2), activate("k", 1), **nested)
    warehouse.load(declared, of(2, 3), half_way(2), **nested)
    run = warehouse.load(declared, of(2, 4), activate("k", 2), **nested)
    assert run.code == 0, run.stderr
    assert ids(warehouse, "k") == [3, 4]
    assert warehouse.query("SELECT count(*) FROM k__tags") == [(4,)]


def test_files_refuse_a_version_that_was_not_loaded_whole(duck: Warehouse, tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "destination": "filesystem",
        "credentials": None,
        "destination_config": {"bucket_url": (tmp_path / "files").as_uri()},
    }
    # Nothing older is there, so nothing has to go.
    assert duck.load(KEYLESS, record("n", 1, id=0), state(version=1), **files).code == 0
    run = duck.load(KEYLESS, record("n", 1, id=1), activate("n", 1), state(version=1), **files)
    assert (run.code, len(run.states)) == (0, 1), run.stderr
    assert duck.load(KEYLESS, record("n", 2, id=2), state(version=2), **files).code == 0
    run = duck.load(KEYLESS, record("n", 2, id=3), activate("n", 2), state(version=2), **files)
    assert (run.code, run.states) == (2, []), run.stderr
    assert "version 2" in run.last_line
    assert "without its STATE" in run.last_line
    whole = duck.load(KEYLESS, record("n", 3, id=4), activate("n", 3), **files)
    assert whole.code == 0, whole.stderr


@pytest.mark.parametrize("text", ["12", "12.0", '"12"'])
def test_versions_are_numbers_however_they_are_written(text: str) -> None:
    assert read_version(json.loads(text), "t") == 12
    assert names_version(f'{{"a": [1, {{"b": {text}}}]}}'.encode(), 12)


@pytest.mark.parametrize("text", ['"abc"', "1.5", "true", "[]", str(2**63)])
def test_what_is_no_version_is_said(text: str) -> None:
    with pytest.raises(MessageError, match="stream 't'"):
        read_version(json.loads(text), "t")
    assert not names_version(f'{{"a": {text}}}'.encode(), 12)


def test_a_version_may_stand_in_a_text_among_other_things() -> None:
    mark = b'{"bookmarks": {"a": {"resume": "position=9&version=1764480000000&rows=5"}}}'
    assert names_version(mark, 1764480000000)
    assert not names_version(mark, 176448000000)
    assert not names_version(mark, 1)


def test_no_version_in_no_state() -> None:
    assert read_version(None, "t") is None
    assert not names_version(None, 12)
