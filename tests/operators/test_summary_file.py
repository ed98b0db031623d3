"""The summary file is written however the command ends, and is what its schema says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from faults.runner import SECRET, TAP_CACHET, Runner, environment
from faults.server import free_port

if TYPE_CHECKING:
    from faults.stage import Stage
    from faults.systems import System

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "summary.schema.json").read_text(encoding="utf-8"))
TARGET_DLT = Path(sys.executable).with_name("target-dlt")

ENDINGS: dict[str, tuple[tuple[str, ...], dict[str, Any], str, int, str | None]] = {
    "a run": ((), {}, "sync", 0, None),
    "a run with a wrong setting": ((), {"page_size": 0}, "sync", 2, "CONFIG"),
    "discovery": (("--discover",), {}, "discover", 0, None),
    "a test": (("--test",), {}, "test", 0, None),
    "a test with a wrong setting": (("--test",), {"page_size": 0}, "test", 2, "CONFIG"),
    "a plan": (("--plan",), {}, "plan", 0, None),
    "no such option": (("--colour",), {}, "sync", 2, "USAGE"),
    "no such catalog": (("--catalog", "none.json"), {}, "sync", 2, "USAGE"),
}


def section(file: Path) -> dict[str, Any]:
    summary = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(summary, SCHEMA)
    found: dict[str, Any] = summary["tap"]
    return found


@pytest.mark.parametrize("how", ENDINGS)
def test_every_ending_is_written(any_system: System, tmp_path: Path, how: str) -> None:
    arguments, settings, command, code, error = ENDINGS[how]
    file = tmp_path / "summary.json"
    run = any_system(*arguments, settings={**settings, "summary_file": str(file)}, log="INFO")
    told = section(file)
    assert run.code == code, run.last
    assert (told["command"], told["exit_code"], told["error_code"]) == (command, code, error)
    assert told["program"] == f"tap-{any_system.name}"
    assert told["ended_at"] >= told["started_at"]
    if error == "CONFIG":
        assert run.last.endswith(told["last_line"])
        assert told["last_line"].endswith("[CONFIG]")
    if command in {"sync", "test"} and not error:
        assert {stream["outcome"] for stream in told["streams"]} <= {"complete", "ok", "skipped"}


def test_a_discovery_that_finds_no_server(tap_cinchy: Runner, tmp_path: Path) -> None:
    reserved, url = free_port()
    file = tmp_path / "summary.json"
    with reserved:
        config = {
            "api_url": url, "access_token": SECRET, "allow_insecure_http": True,
            "max_retries": 0, "retry_pause": 0, "summary_file": str(file),
        }  # fmt: skip
        run = tap_cinchy(config, "--discover", log="INFO")
    told = section(file)
    assert (run.code, told["exit_code"], told["error_code"]) == (1, 1, "REFUSED")
    assert told["command"] == "discover"
    assert run.last.endswith(told["last_line"])


@pytest.mark.parametrize("broken", ["config", "variable"])
def test_settings_that_cannot_be_read(tmp_path: Path, broken: str) -> None:
    config = tmp_path / "config.json"
    config.write_text("{" if broken == "config" else "{}")
    file = tmp_path / "summary.json"
    variables = {"TAP_CACHET_SUMMARY_FILE": str(file), "TAP_CACHET_PAGE_SIZE": "many"}
    done = subprocess.run(
        [*TAP_CACHET, "--config", "ENV", "--config", str(config)],
        cwd=tmp_path,
        env=environment(variables, log="INFO"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith(section(file)["last_line"])


def test_tap_and_loader_share_a_file(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    config, target = tmp_path / "tap.json", tmp_path / "target.json"
    config.write_text(json.dumps(stage.config(summary_file=str(file))))
    target.write_text(
        json.dumps(
            {
                "credentials": str(tmp_path / "data.duckdb"),
                "pipelines_dir": str(tmp_path / "pipelines"),
                "summary_file": str(file),
            }
        )
    )
    done = subprocess.run(
        [
            "bash", "-c",
            f"set -o pipefail; {TAP_CACHET[0]} --config {config} | {TARGET_DLT} --config {target}",
        ],
        cwd=tmp_path,
        env=environment(log="INFO"),
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    tap = section(file)
    loader = json.loads(file.read_text(encoding="utf-8"))["target"]
    assert tap["rows"] > 0
    assert {s["stream"]: s["rows"] for s in tap["streams"]} == {
        s["stream"]: s["rows_received"]
        for s in loader["streams"]
        if s["stream"] != "singer_receipts"
    }
