"""What goes wrong is named in one sentence, costs nothing, and is made good by the next run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import COMMAND, Run, Warehouse, WarmTarget, new_duck
from .messages import INTEGER, TEXT, record, schema, state

DECLARED = schema("t", {"id": INTEGER, "n": {"type": ["integer", "null"]}, "v": TEXT}, ("id",))
BEFORE = (DECLARED, record("t", id=1, n=1, v="a"), state(n=1))


def fails(warehouse: Warehouse, run: Run, *words: str, code: int = 1) -> None:
    assert run.code == code, run.stderr
    assert "Traceback" not in run.stderr
    for word in words:
        assert word in run.last_line
    assert run.states == []
    assert warehouse.query("SELECT id, n, v FROM t") == [(1, 1, "a")]


BAD_INPUT: dict[str, tuple[list[Any], tuple[str, ...]]] = {
    "truncated": (
        [DECLARED, record("t", id=2), state(n=2), b'{"type": "RECORD", "stream": "t", "re'],
        ("ends in the middle of line 4",),
    ),
    "not_json": ([DECLARED, record("t", id=2), "Reading page 1..."], ("Line 3", "not JSON")),
    "not_an_object": ([DECLARED, "[1]"], ("Line 2", "not a Singer message")),
    "unknown_type": ([DECLARED, {"type": "RECORDS", "stream": "t"}], ("Line 2", "RECORDS")),
    "no_stream": ([{"type": "RECORD", "record": {}}], ("Line 1", "without a stream")),
    "state_without_value": ([{"type": "STATE"}], ("Line 1", "STATE without a value")),
    "record_before_schema": ([record("u", id=1)], ("'u'", "before the stream's SCHEMA")),
    "no_schema": ([{"type": "SCHEMA", "stream": "t"}], ("'t'", "has no schema")),
    "no_properties": ([schema("t", {})], ("'t'", "no properties")),
    "key_not_declared": ([schema("t", {"a": TEXT}, ("id",))], ("'t'", "'id'")),
    "key_missing": ([DECLARED, record("t", v="b")], ("'t'", "'id'", "merged")),
    "key_null": ([DECLARED, record("t", id=None)], ("'t'", "'id'", "merged")),
    "record_is_no_object": (
        [DECLARED, {"type": "RECORD", "stream": "t", "record": [1]}],
        ("'t'", "not a JSON object"),
    ),
    "misfit": (
        [DECLARED, record("t", id=2), record("t", id=3, n="many")],
        ("t.n", "a text of 4 characters", "record number 2", "bigint", "variant"),
    ),
    "nested_misfit": ([DECLARED, record("t", id=2, n={"a": 1})], ("t.n", "an object")),
    "required": (
        [schema("t", {"id": INTEGER, "w": INTEGER}, required=["w"]), record("t", id=2)],
        ("t.w", "requires"),
    ),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, warm: WarmTarget) -> Warehouse:
    """One warehouse for all errors: each of them leaves it as it was."""
    duck = new_duck(tmp_path_factory.mktemp("loaded"), warm)
    assert duck.load(*BEFORE).code == 0
    return duck


@pytest.mark.parametrize("error", BAD_INPUT)
def test_bad_input(loaded: Warehouse, error: str) -> None:
    messages, words = BAD_INPUT[error]
    if error == "required":
        messages = [{**messages[0], "stream": "u"}, {**messages[1], "stream": "u"}]
        words = ("u.w", "requires")
    fails(loaded, loaded.load(*messages), *words)


def test_after_a_fault_the_next_run_catches_up(warehouse: Warehouse) -> None:
    warehouse.load(*BEFORE)
    fails(
        warehouse, warehouse.load(DECLARED, record("t", id=2, n=2), record("t", id=3, n="x")), "t.n"
    )
    run = warehouse.load(DECLARED, record("t", id=2, n=2), record("t", id=3, n=3), state(n=3))
    assert (run.code, run.states) == (0, [{"n": 3}])
    assert warehouse.query("SELECT id, n FROM t ORDER BY id") == [(1, 1), (2, 2), (3, 3)]


def test_misfits_can_be_kept(warehouse: Warehouse) -> None:
    warehouse.load(*BEFORE)
    run = warehouse.load(
        DECLARED,
        record("t", id=2, n="many", v="b"),
        record("t", id=3, n={"a": [1.10]}, v=False),
        record("t", id=4, n=True),
        on_type_mismatch="variant",
    )
    assert run.code == 0, run.stderr
    rows = warehouse.query(
        "SELECT n, v, n__v_text, CAST(n__v_json AS VARCHAR), n__v_bool FROM t ORDER BY id"
    )
    assert [row[:3] + row[4:] for row in rows] == [
        (1, "a", None, None),
        (None, "b", "many", None),
        (None, "false", None, None),
        (None, None, None, True),
    ]
    assert json.loads(rows[2][3]) == {"a": [1.1]}


def test_an_unreachable_destination(pg: Warehouse) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    url = f"postgresql://loader:pg-test-password@127.0.0.1:{port}/warehouse"
    run = pg.load(*BEFORE, credentials=url)
    assert run.code == 1
    assert "Could not reach 'postgres'" in run.last_line
    assert "pg-test-password" not in run.stderr
    assert "Traceback" not in run.stderr


def test_a_wrong_password_is_not_shown(pg: Warehouse) -> None:
    url = pg.config["credentials"].replace("pg-test-password", "wrong-horse")
    run = pg.load(*BEFORE, credentials=url)
    assert run.code == 1
    assert "password authentication failed" in run.last_line
    assert "wrong-horse" not in run.stderr


def test_missing_credentials(pg: Warehouse) -> None:
    run = pg.load(*BEFORE, credentials=None)
    assert run.code == 2
    assert "password" in run.last_line
    assert "DESTINATION__POSTGRES__CREDENTIALS" in run.last_line


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"destination": "nowhere"}, ("no dlt destination 'nowhere'",)),
        ({"datset_name": "x"}, ("'datset_name'", "did you mean 'dataset_name'?")),
        ({"batch_size_rows": "many"}, ("'batch_size_rows'", "integer")),
        ({"batch_size_rows": 0}, ("'batch_size_rows'", "at least 1")),
        ({"batch_size_rows": True}, ("'batch_size_rows'", "integer")),
        ({"nested": "rows"}, ("'nested'", "json, tables")),
        ({"dataset_name": ""}, ("'dataset_name'", "empty")),
        ({"destination_config": {"no_such_option": 1}}, ("duckdb", "no_such_option")),
        ({"pipeline_name": "a/b"}, ("a/b",)),
    ],
)
def test_settings_that_cannot_work(
    duck: Warehouse, settings: dict[str, Any], words: tuple[str, ...]
) -> None:
    run = duck.load(*BEFORE, **settings)
    assert (run.code, run.states) == (2, []), run.stderr
    for word in words:
        assert word in run.last_line


def test_two_runs_of_one_pipeline(tmp_path: Path) -> None:
    environment = os.environ | {"DLT_DATA_DIR": str(tmp_path / "dlt")}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    first = start()
    assert first.stdin
    lock = tmp_path / "dlt" / "pipelines" / "target_dlt" / "singer" / "rows"
    for _ in range(600):
        if lock.exists() or first.poll() is not None:
            break
        time.sleep(0.05)
    second = start()
    _, complaint = second.communicate(input="", timeout=280)
    assert second.returncode == 2
    assert "pipeline_name" in complaint.splitlines()[-1]
    first.send_signal(signal.SIGTERM)
    _, goodbye = first.communicate(timeout=280)
    assert first.returncode == 128 + signal.SIGTERM
    assert goodbye.splitlines()[-1].startswith("CRITICAL Stopped by SIGTERM")
