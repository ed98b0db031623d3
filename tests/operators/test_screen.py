"""What a person reads of a run: short lines, a total, and what to do about what was not read."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from faults.answers import silence, status
from faults.runner import TAP_CACHET, Runner, environment

from .test_patience import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from faults.stage import Stage
    from faults.systems import System

RECORD = re.compile(r"^\d{4}-\d\d-\d\d .* \| ")
COLOUR = "\x1b["


def told(lines: list[str]) -> list[str]:
    """Return the lines of the summary: all that are no records of the log."""
    return [line for line in lines if not RECORD.match(line)]


def test_the_summary_fits_a_screen(any_system: System) -> None:
    run = any_system(log="INFO", settings={"progress_interval": 0})
    lines = told(run.lines)
    assert run.code == 0, run.last
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == ["stream", "outcome", "rows", "expected", "how", "it", "is", "known"]
    for stream, line in zip(run.outcomes, lines[1:], strict=False):
        assert line.startswith(stream[:31])
    total = re.search(
        r"^(\d+) of (\d+) complete, [\d ]+ rows, [\d ]+ requests", "\n".join(lines), re.MULTILINE
    )
    assert total, lines
    assert int(total[1]) == int(total[2]) == len(run.outcomes)
    assert COLOUR not in run.stderr


def test_opt_in_streams_that_nobody_asked_for_are_named_once(stage: Stage, tap: Runner) -> None:
    run = tap(stage.config(), log="INFO")
    [line] = [line for line in told(run.lines) if line.startswith("Not read")]
    assert run.stderr.count("subscribers") == 1
    assert "component_status_daily" in line
    asked = next(line for line in run.lines if "meltano config set" in line).strip()
    assert asked == "meltano config set tap-cachet opt_in_streams '[\"component_status_daily\"]'"
    run = tap(stage.config(opt_in_streams=["*"]), log="INFO")
    assert "Not read" not in run.stderr


def test_what_a_setting_would_have_to_ask_for_is_skipped(stage: Stage, tap: Runner) -> None:
    run = tap(stage.config(opt_in_streams=["*_by_id"]), log="INFO")
    assert run.code == 0
    assert run.outcome("incidents_by_id") == run.outcome("components_by_id") == "skipped"
    assert "2 skipped" in "\n".join(told(run.lines))
    asked = stage.config(opt_in_streams=["incidents_by_id"], incident_ids=[1])
    assert tap(asked).outcome("incidents_by_id") == "complete"


def test_an_expected_number_is_of_the_stream_itself(stage: Stage, tap: Runner) -> None:
    run = tap(stage.config(), select=["incidents", "incident_updates", "metric_points"])
    for stream in run.outcomes:
        result = run.result(stream)
        assert result["expected"] in {None, result["rows"]}


def test_a_failing_run_ends_with_one_sentence(stage: Stage, tap: Runner) -> None:
    stage.script("/api/metrics", forever=status(403))
    run = tap(stage.config(), select=["components", "metrics"], log="INFO")
    assert run.code == 1
    assert RECORD.match(run.last)
    assert "Stream metrics is forbidden" in run.last
    [at] = [index for index, line in enumerate(run.lines) if line.startswith("1 of 2 complete")]
    assert at < len(run.lines) - 1


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colours_are_for_terminals(
    stage: Stage, tap: Runner, tmp_path: Path, env: dict[str, str]
) -> None:
    text = on_a_terminal(tap, stage, {"TERM": "xterm", **env}, tmp_path)
    assert "of 1 complete" in text
    assert (COLOUR in text) is (not env)


def test_a_server_that_says_nothing_is_told_of(stage: Stage, tap: Runner) -> None:
    stage.script("/api/incidents", forever=silence())
    started = tap.start(stage.config(progress_interval=1), select=["incidents"], log="INFO")
    wait_for(started, r"METRIC.*http_request_count|Connecting: ")
    started.kill()
    started.finish()


def on_a_terminal(tap: Runner, stage: Stage, env: dict[str, str], folder: Path) -> str:
    """Run a tap as a person does, standard error on a terminal; returns what that showed."""
    config = folder / "config.json"
    config.write_text(json.dumps(stage.config()))
    more, _options = tap._files(select=["metrics"])
    master, slave = os.openpty()
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [*tap.command, "--config", str(config), *more],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=slave,
            env=environment(env, log="INFO"),
        )
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):
        while piece := os.read(master, 4096):
            shown += piece
    os.close(master)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize("arguments", ["--test", "--plan"])
def test_nothing_is_left_open(stage: Stage, tmp_path: Path, arguments: str) -> None:
    """Meltano shows the warning of Python that a socket was left open, and users ask what it is."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps(stage.config()))
    done = subprocess.run(
        [*TAP_CACHET, "--config", str(config), arguments],
        env=environment({"PYTHONWARNINGS": "default"}, log="INFO"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ResourceWarning" not in done.stderr


def test_under_meltano_every_line_names_its_stream(
    stage: Stage, tap: Runner, tmp_path: Path
) -> None:
    """Meltano's own renderer shows of a metric its name and value, and not whose it is."""
    layout = tmp_path / "logging.json"
    layout.write_text(
        json.dumps(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {
                    "json": {"()": "singer_sdk.logging.StructuredFormatter"},
                },
                "handlers": {
                    "default": {
                        "class": "logging.StreamHandler",
                        "formatter": "json",
                        "stream": "ext://sys.stderr",
                    }
                },
                "root": {"level": "INFO", "handlers": ["default"]},
            }
        )
    )
    run = tap(
        stage.config(progress_interval=1),
        select=["incidents", "metrics"],
        env={"SINGER_SDK_LOG_CONFIG": str(layout)},
        log="INFO",
    )
    assert run.code == 0
    messages = [json.loads(line)["message"] for line in run.lines]
    assert "METRIC" not in messages
    assert any(message.startswith("2 of 2 complete") for message in messages)
    assert sum(message.startswith("incidents ") for message in messages) == 1
