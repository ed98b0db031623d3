"""`.env.example` copied as it is, and with the lines filled in that one needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults.runner import SECRET, environment
from faults.systems import CLIENT_SECRET, PASSWORD, SYSTEMS, CinchyStage, system

if TYPE_CHECKING:
    from faults.systems import System

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
QUICK = {"REQUESTS_PER_MINUTE": "0", "RETRY_PAUSE": "0"}


def start(one: System, folder: Path, filled: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Copy the file, fill lines in, and try the tap."""
    text = EXAMPLE.read_text(encoding="utf-8")
    prefix = f"TAP_{one.name.upper()}_"
    for name, value in filled.items():
        line = f"^# {prefix}{name}=.*$"
        assert re.search(line, text, re.MULTILINE), f"there is no line for {name}"
        text = re.sub(line, f"{prefix}{name}='{value}'", text, flags=re.MULTILINE)
    (folder / ".env").write_text(text, encoding="utf-8")
    extra = {**QUICK, "ALLOW_INSECURE_HTTP": "true", "TABLES_INCLUDE": '["HR.Employees"]'}
    return subprocess.run(
        [*one.run.command, "--config", "ENV", "--test"],
        cwd=folder,
        env=environment({f"{prefix}{name}": value for name, value in extra.items()}, log="INFO"),
        capture_output=True,
        text=True,
        check=False,
    )


CREDENTIALS = {"cachet": "API_KEY", "cortex": "API_KEY", "cinchy": "ACCESS_TOKEN"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_is_filled_in_is_enough(tmp_path: Path, name: str) -> None:
    with system(name, tmp_path) as one:
        done = start(one, tmp_path, {"API_URL": one.stage.url, CREDENTIALS[name]: SECRET})
    assert done.returncode == 0, done.stderr


def test_a_user_with_an_integrated_client(tmp_path: Path) -> None:
    with system("cinchy", tmp_path) as one:
        assert isinstance(one.stage, CinchyStage)
        filled = {
            "API_URL": one.stage.url,
            "USERNAME": "reader",
            "PASSWORD": PASSWORD,
            "CLIENT_ID": one.stage.client,
            "CLIENT_SECRET": CLIENT_SECRET,
        }
        done = start(one, tmp_path, filled)
    assert done.returncode == 0, done.stderr


def test_a_guest(tmp_path: Path) -> None:
    with system("cachet", tmp_path) as one:
        done = start(one, tmp_path, {"API_URL": one.stage.url})
        empty = start(one, tmp_path, {"API_URL": one.stage.url, "API_KEY": ""})
    assert done.returncode == 0, done.stderr
    assert empty.returncode == 2
    assert "in .env the line TAP_CACHET_API_KEY=" in empty.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", SYSTEMS)
def test_copied_as_it_is_it_asks_for_what_is_missing(tmp_path: Path, name: str) -> None:
    with system(name, tmp_path) as one:
        done = start(one, tmp_path, {})
    assert done.returncode == 2
    assert "is required" in done.stderr.splitlines()[-1]
