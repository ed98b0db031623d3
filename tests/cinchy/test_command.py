"""The installed command itself: from discovery to state, stopped, and cut off."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

from support.tap_run import BIN, run_tap, select

from sandbox.cinchy import build_world, story

from .conftest import COMMAND, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

TABLES = [story.DEPARTMENTS, story.EMPLOYEES, story.TASKS]
OTHERS = {"hr_departments", "delivery_tasks"}


def test_the_installed_command_from_discovery_to_state(start: Start) -> None:
    running = start()
    config = running.config(tables_include=TABLES, incremental_tables=["*"])
    discovered = run_tap(COMMAND, config, "--discover")
    assert discovered.exit_code == 0, discovered.stderr
    catalog = select(json.loads(discovered.stdout), "delivery_tasks")
    first = run_tap(COMMAND, config, catalog=catalog)
    again = run_tap(COMMAND, config, catalog=catalog, state=first.states[-1])
    assert first.exit_code == again.exit_code == 0
    assert len(again.records["delivery_tasks"]) < len(first.records["delivery_tasks"])
    assert again.states[-1] == first.states[-1]


def test_a_stop_signal_is_no_success(start: Start, tmp_path: Path) -> None:
    running = start(build_world(rows=2000))
    file = tmp_path / "config.json"
    file.write_text(json.dumps(running.config(tables_include=TABLES, page_size=10)))
    processes: list[subprocess.Popen[bytes]] = []

    def stop(request: SandboxRequest) -> None:
        if "> 500 " in request.cql:
            processes[0].send_signal(signal.SIGTERM)

    running.world.on_request(stop)
    with subprocess.Popen(
        [str(BIN / COMMAND), "--config", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        processes.append(process)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert b"Stopped by signal" in errors.splitlines()[-1]
    assert output.endswith(b"\n")
    assert b'"ACTIVATE_VERSION","stream":"delivery_tasks"' not in output


def test_a_closed_pipe_ends_the_run(start: Start, tmp_path: Path) -> None:
    running = start(build_world(rows=3000))
    file = tmp_path / "config.json"
    file.write_text(json.dumps(running.config(tables_include=TABLES, page_size=100)))
    with subprocess.Popen(
        [str(BIN / COMMAND), "--config", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 1
    assert b"closed its input" in errors.splitlines()[-1]
