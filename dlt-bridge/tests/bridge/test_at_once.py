"""Loads at the same time into one destination lose nothing, or one of them is refused."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import COMMAND
from .messages import INTEGER, TEXT, activate, record, schema, state

if TYPE_CHECKING:
    from .conftest import Warehouse

KEYED = schema("k", {"id": INTEGER, "v": TEXT}, ("id",))
KEYLESS = schema("n", {"id": INTEGER, "v": TEXT})


class Load:
    """One target-dlt, with working folders as on a machine of its own."""

    def __init__(self, warehouse: Warehouse, name: str, **settings: Any) -> None:
        self.folder = warehouse.folder / name
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "config.json"
        folders = {"pipelines_dir": str(self.folder / "pipelines")}
        config.write_text(json.dumps(warehouse.config | folders | settings))
        self._log = self.folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [str(COMMAND), "--config", str(config)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | {"RUNTIME__DLTHUB_TELEMETRY": "false"},
            )

    def send(self, *messages: Any) -> None:
        assert self._process.stdin
        for message in messages:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def next_state(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def end(self) -> tuple[int, str]:
        """The exit code and what it logged."""
        self._process.communicate()
        return self._process.returncode, self._log.read_text()


def rows(first: int, count: int) -> list[Any]:
    found: list[Any] = [KEYED, KEYLESS]
    for number in range(first, first + count):
        found += [record("k", id=number, v="v"), record("n", id=number, v="v")]
        if number % 500 == 499:
            found.append(state(n=number))
    return found


def counts(warehouse: Warehouse) -> list[tuple[int, int]]:
    return [
        warehouse.query(f"SELECT count(*), count(DISTINCT id) FROM {table}")[0] for table in "kn"
    ]


def load_at_once(warehouse: Warehouse, loads: int, count: int, *, one_name: bool) -> None:
    running = {
        number: Load(
            warehouse,
            f"machine{number}",
            pipeline_name="same" if one_name else f"load{number}",
            batch_size_rows=1_000,
        )
        for number in range(loads)
    }
    again = 0
    while running:
        for number, load in running.items():
            load.send(*rows(number * count, count))
        ended = {number: load.end() for number, load in running.items()}
        refused = [number for number, (code, _) in ended.items() if code]
        for number in refused:
            assert warehouse.kind == "duckdb"
            assert "one writer at a time" in ended[number][1]
        assert len(refused) < len(running)
        again += 1
        running = {
            number: Load(warehouse, f"again{again}_{number}", pipeline_name=f"load{number}")
            for number in refused
        }
    assert counts(warehouse) == [(loads * count, loads * count)] * 2


def test_two_loads_into_one_postgres(pg: Warehouse) -> None:
    load_at_once(pg, 2, 1_500, one_name=True)
    left = pg.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%_staging_%'")
    assert left == []


def test_a_load_goes_on_while_another_begins_and_ends(pg: Warehouse) -> None:
    """The first has loaded a part when the second loads a snapshot of the same table."""
    first = Load(pg, "first", pipeline_name="first", batch_size_rows=1)
    first.send(KEYLESS, record("n", 2, id=1, v="2"), KEYED, record("k", id=1, v="1"))
    first.send(state(version=2))
    # STATE waits for the snapshot; the other stream's rows do not.
    second = Load(pg, "second", pipeline_name="second")
    second.send(KEYLESS, record("n", 1, id=9, v="1"), activate("n", 1))
    second.send(KEYED, record("k", id=1, v="2"), record("k", id=2, v="2"), state(n=1))
    code, log = second.end()
    assert code == 0, log
    first.send(activate("n", 2), state(n=2))
    code, log = first.end()
    assert code == 0, log
    assert pg.query("SELECT id FROM n") == [(1,)]
    assert pg.query("SELECT id FROM k ORDER BY id") == [(1,), (2,)]


def test_a_second_load_into_a_duckdb_file_is_refused(duck: Warehouse) -> None:
    first = Load(duck, "first", pipeline_name="first", batch_size_rows=1)
    first.send(KEYED, record("k", id=1, v="v"), state(n=1))
    assert first.next_state() == {"n": 1}
    second = duck.load(KEYED, record("k", id=2, v="v"), pipeline_name="second")
    assert second.code == 1
    assert "one writer at a time" in second.last_line
    assert duck.query("SELECT id FROM k") == [(1,)]
    first.send(record("k", id=3, v="v"))
    code, log = first.end()
    assert code == 0, log
    assert duck.load(KEYED, record("k", id=2, v="v"), pipeline_name="second").code == 0
    assert duck.query("SELECT id FROM k ORDER BY id") == [(1,), (2,), (3,)]


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("loads", [2, 4])
def test_many_loads_many_times(warehouse: Warehouse, loads: int, seed: int) -> None:
    load_at_once(warehouse, loads, 3_000, one_name=bool(seed % 2))
