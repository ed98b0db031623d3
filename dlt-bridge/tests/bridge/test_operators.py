"""What an operator sees of a run: the last line, the summary, the log under Meltano."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dlt_bridge.summary_file import SummaryFile

from .conftest import COMMAND, Warehouse
from .messages import INTEGER, TEXT, record, schema, state

SUMMARY_SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "summary.schema.json").read_text(encoding="utf-8")
)
DECLARED = schema("t", {"id": INTEGER, "v": TEXT}, ("id",))
BAD = record("t", id="many")


def read_summary(path: Path) -> Any:
    summary = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(SUMMARY_SCHEMA)
    jsonschema.validate(summary, SUMMARY_SCHEMA)
    return summary


def test_the_summary_of_a_load(duck: Warehouse) -> None:
    path = duck.folder / "summary.json"
    run = duck.load(
        DECLARED,
        record("t", id=1),
        record("t", id=2),
        state(n=1),
        schema("empty", {"id": INTEGER}),
        summary_file=str(path),
    )
    assert run.code == 0, run.stderr
    target = read_summary(path)["target"]
    assert (target["exit_code"], target["error_code"], target["last_line"]) == (0, None, "")
    assert (target["program"], target["destination"], target["dataset"]) == (
        "target-dlt",
        "duckdb",
        "loaded",
    )
    assert (target["rows_received"], target["rows_loaded"], target["states"]) == (2, 2, 1)
    unproved = {"proof": None, "proof_reason": ""}  # this tap sends no receipts
    assert target["streams"] == [
        {"stream": "empty", "table": "empty", "rows_received": 0, "rows_loaded": 0, **unproved},
        {"stream": "t", "table": "t", "rows_received": 2, "rows_loaded": 2, **unproved},
    ]
    assert target["ended_at"] >= target["started_at"]


def test_the_summary_of_a_failure_keeps_the_section_of_the_tap(duck: Warehouse) -> None:
    path = duck.folder / "summary.json"
    SummaryFile(path, "tap").write({"streams": [], "exit_code": 0})
    run = duck.load(DECLARED, record("t", id=1), BAD, summary_file=str(path))
    assert run.code != 0
    summary = json.loads(path.read_text())
    assert summary["tap"] == {"streams": [], "exit_code": 0}
    target = summary["target"]
    assert (target["exit_code"], target["error_code"]) == (run.code, "VALUE")
    assert run.last_line == f"CRITICAL {target['last_line']}"
    assert target["last_line"].endswith("[VALUE]")
    assert (target["rows_received"], target["rows_loaded"]) == (2, 0)
    assert run.stderr.count("CRITICAL") == 1


@pytest.mark.parametrize(
    "settings", [{"batch_size_rows": "many"}, {"no_such_setting": 1}, {"destination": "nowhere"}]
)
def test_the_summary_of_settings_that_cannot_work(
    duck: Warehouse, settings: dict[str, Any]
) -> None:
    path = duck.folder / "summary.json"
    run = duck.load(DECLARED, summary_file=str(path), **settings)
    target = read_summary(path)["target"]
    assert (run.code, target["exit_code"], target["error_code"]) == (2, 2, "CONFIG")
    assert run.last_line == f"CRITICAL {target['last_line']}"


def test_a_summary_file_without_a_folder(duck: Warehouse) -> None:
    run = duck.load(DECLARED, summary_file=str(duck.folder / "none" / "summary.json"))
    assert run.code == 2
    assert "no folder" in run.last_line


def test_a_killed_run_leaves_a_section_without_an_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    started = start(tmp_path, summary_file=str(path))
    assert started.stdin
    started.stdin.write(json.dumps(DECLARED) + "\n")
    while not path.exists():
        assert started.poll() is None
    started.kill()
    started.communicate()
    target = read_summary(path)["target"]
    assert (target["exit_code"], target["ended_at"]) == (None, None)


def test_two_programs_write_one_file_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"

    def write(section: str) -> None:
        for number in range(100):
            SummaryFile(path, section).write({"number": number})

    threads = [threading.Thread(target=write, args=(name,)) for name in ("tap", "target")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert json.loads(path.read_text()) == {
        "schema_version": 1,
        "tap": {"number": 99},
        "target": {"number": 99},
    }
    assert [file.name for file in tmp_path.iterdir()] == ["summary.json"]


@pytest.mark.parametrize("reason", ["value", "settings"])
def test_the_tap_can_write_on_after_an_error(tmp_path: Path, reason: str) -> None:
    settings: dict[str, Any] = {"nested": "deep"} if reason == "settings" else {}
    started = start(tmp_path, **settings)
    assert started.stdin
    # Far more than a pipe holds: a writer that is not read to the end gets a broken pipe.
    started.stdin.write("\n".join(map(json.dumps, [DECLARED, BAD, state(n=1)])) + "\n")
    for number in range(20_000):
        started.stdin.write(json.dumps(record("t", id=number, v="x" * 100)) + "\n")
    started.stdin.close()
    assert started.stderr
    last = started.stderr.read().splitlines()[-1]
    assert started.wait() == (2 if reason == "settings" else 1)
    assert last.startswith("CRITICAL ")


def test_the_log_is_json_where_meltano_asks_for_it(tmp_path: Path) -> None:
    asked = {
        "formatters": {"singer_formatter": {"()": "singer_sdk.logging.StructuredFormatter"}},
        "root": {"level": "DEBUG"},
    }
    (tmp_path / "logging.json").write_text(json.dumps(asked))
    environment = {"SINGER_SDK_LOG_CONFIG": str(tmp_path / "logging.json")}
    started = start(tmp_path, environment)
    _, stderr = started.communicate("\n".join(map(json.dumps, [DECLARED, BAD])))
    lines = [json.loads(line) for line in stderr.splitlines()]
    fields = {"level", "pid", "logger_name", "ts", "thread_name", "app_name", "message"}
    assert all(fields <= line.keys() for line in lines)
    assert lines[-1]["level"] == "critical"
    assert lines[-1]["message"].endswith("[VALUE]")
    details = [line for line in lines if line["message"] == "Details"]
    assert details[0]["exception"]["type"] == "RejectedValueError"


def start(
    folder: Path, environment: dict[str, str] | None = None, **settings: Any
) -> subprocess.Popen[str]:
    config = folder / "config.json"
    config.write_text(json.dumps(settings))
    return subprocess.Popen(
        [COMMAND, "--config", str(config)],
        cwd=folder,
        env=os.environ | {"DLT_DATA_DIR": str(folder / "dlt")} | (environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
