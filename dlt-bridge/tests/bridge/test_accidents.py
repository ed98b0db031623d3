"""What people and machines do to a destination is made good, or said with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .messages import INTEGER, TEXT, record, schema, state

if TYPE_CHECKING:
    from .conftest import Warehouse

KEYED = schema("k", {"id": INTEGER, "v": TEXT, "n": INTEGER}, ("id",))


def rows(*numbers: int) -> list[Any]:
    return [record("k", id=number, v="v", n=number) for number in numbers]


def test_a_dropped_column_is_made_again(warehouse: Warehouse) -> None:
    assert warehouse.load(KEYED, *rows(1, 2), state(n=2)).code == 0
    warehouse.execute("ALTER TABLE k DROP COLUMN n")
    warehouse.execute("ALTER TABLE k DROP COLUMN v")
    run = warehouse.load(state(n=2), KEYED, *rows(2, 3), state(n=3))
    assert (run.code, run.states) == (0, [{"n": 2}, {"n": 3}]), run.stderr
    [warning] = [line for line in run.stderr.splitlines() if "has lost" in line]
    assert warning.startswith("WARNING")
    assert "n, v" in warning
    assert "--full-refresh" in warning
    found = warehouse.query("SELECT id, v, n FROM k ORDER BY id")
    assert found == [(1, None, None), (2, "v", 2), (3, "v", 3)]


def test_a_dropped_key_column_is_refused(duck: Warehouse) -> None:
    assert duck.load(KEYED, *rows(1)).code == 0
    # DuckDB keeps a column that is NOT NULL and last; a table without it is as good.
    duck.execute("CREATE OR REPLACE TABLE k AS SELECT v, n, _singer_seq FROM k")
    run = duck.load(KEYED, *rows(2))
    assert run.code == 2
    assert "drop the table" in run.last_line


def test_a_dropped_table_is_made_again_with_a_warning(duck: Warehouse) -> None:
    assert duck.load(KEYED, *rows(1), state(n=1)).code == 0
    duck.execute("DROP TABLE k")
    run = duck.load(state(n=1), KEYED, *rows(2), state(n=2))
    assert run.code == 0, run.stderr
    [warning] = [line for line in run.stderr.splitlines() if "has lost" in line]
    assert warning.startswith("WARNING")
    assert "without it" in warning
    assert duck.query("SELECT id FROM k") == [(2,)]


def test_a_dataset_that_vanished_is_told(warehouse: Warehouse) -> None:
    first = warehouse.load(state(), KEYED, *rows(1), state(n=1))
    assert "has nothing of the dataset" not in first.stderr
    dataset = warehouse.config["dataset_name"]
    warehouse.execute(f"DROP SCHEMA {dataset} CASCADE")
    run = warehouse.load(state(n=1), KEYED, *rows(2), state(n=2))
    assert run.code == 0, run.stderr
    [warning] = [line for line in run.stderr.splitlines() if "has nothing of" in line]
    assert warning.startswith("WARNING")
    assert "--full-refresh" in warning
    assert warehouse.query("SELECT id FROM k") == [(2,)]


def test_a_state_from_elsewhere_and_an_empty_destination_are_told(duck: Warehouse) -> None:
    run = duck.load(state(n=5), KEYED, *rows(6))
    assert "has nothing of the dataset" in run.stderr
    assert "has nothing of the dataset" not in duck.load(state(n=6), KEYED, *rows(7)).stderr


def test_a_duckdb_file_and_a_dataset_of_one_name(duck: Warehouse) -> None:
    run = duck.load(KEYED, *rows(1), dataset_name="warehouse")
    assert run.code == 2
    assert "warehouse.duckdb" in run.last_line
    assert "set dataset_name" in run.last_line


def test_a_full_disk_is_told(duck: Warehouse) -> None:
    assert duck.load(KEYED, *rows(1)).code == 0
    journal = next((duck.folder / "dlt").rglob("*journal-*.json"))
    full = journal.with_suffix(".new")
    full.symlink_to("/dev/full")
    run = duck.load(KEYED, *rows(2))
    assert run.code == 1
    assert "disk is full" in run.last_line
    assert "pipelines_dir" in run.last_line
    full.unlink()
    assert duck.load(KEYED, *rows(2)).code == 0
    assert duck.query("SELECT id FROM k ORDER BY id") == [(1,), (2,)]


def test_more_columns_than_postgres_takes(pg: Warehouse) -> None:
    wide = {f"c{number}": INTEGER for number in range(1_650)}
    run = pg.load(schema("k", {"id": INTEGER, **wide}, ("id",)), record("k", id=1))
    assert run.code == 2
    assert "1600 columns" in run.last_line
    assert "deselect" in run.last_line


def test_what_a_killed_load_left_is_cleared_away(pg: Warehouse) -> None:
    dataset = pg.config["dataset_name"]
    assert pg.load(KEYED, *rows(1)).code == 0
    staging = f"{dataset}_staging_{'a' * 12}"
    pg.execute(f'CREATE SCHEMA "{staging}"')
    assert pg.load(KEYED, *rows(2)).code == 0
    left = pg.query(f"SELECT nspname FROM pg_namespace WHERE nspname LIKE '{dataset}%'")
    assert left == [(dataset,)]
