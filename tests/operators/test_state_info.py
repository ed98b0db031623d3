"""What a state covers, in words."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults.runner import TAP_CACHET, environment

if TYPE_CHECKING:
    from faults.runner import Runner
    from faults.stage import Stage
    from faults.systems import System

STATES = Path(__file__).parents[1] / "faults" / "states"


def info(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TAP_CACHET, "--state-info", str(file)],
        env=environment(log="INFO"),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_state_says_what_it_covers(any_system: System, tmp_path: Path) -> None:
    run = any_system()
    file = tmp_path / "state.json"
    file.write_text(json.dumps(run.state))
    told = any_system.run({}, "--state-info", str(file), log="INFO")
    assert told.code == 0
    first, *lines = told.stdout.decode().splitlines()
    assert any_system.stage.url in first
    for stream in run.outcomes:
        [line] = [line for line in lines if line.split()[0] == stream]
        assert "complete" in line or "read up to" in line


def test_a_bookmark_for_each_parent(stage: Stage, tap: Runner, tmp_path: Path) -> None:
    run = tap(stage.config(), select=["metric_points"])
    file = tmp_path / "state.json"
    file.write_text(json.dumps(run.state))
    assert " bookmarks, one for each parent, up to 20" in info(file).stdout


@pytest.mark.parametrize("file", sorted(STATES.glob("good/cachet*")), ids=lambda path: path.stem)
def test_every_state_that_a_tap_takes_can_be_told(file: Path) -> None:
    told = info(file)
    assert told.returncode == 0, told.stderr
    assert " of a system that the state does not name" in told.stdout


@pytest.mark.parametrize("text", ["", "[]", '{"x": 1}', "{"])
def test_what_is_no_state(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    told = info(file)
    assert told.returncode == 2
    assert told.stderr.splitlines()[-1].endswith("[STATE]")
    assert not told.stdout
