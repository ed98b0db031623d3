"""The cron line and the units of systemd: what they start, on every kind of night."""

from __future__ import annotations

import configparser
import functools
import os
import re
import shlex
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from readme.blocks import blocks

from .conftest import Night, Place
from .recipes import MELTANO, ROOT, recipe

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]

GUIDE = ROOT / "docs" / "guides" / "schedule.md"
FIELDS = 5


@pytest.fixture(scope="module")
def home(place: Place) -> Path:
    """The folder of a user who has what the guide says: meltano on the path, a project."""
    folder = place.project.parent / "home"
    (folder / ".local").mkdir(parents=True)
    (folder / ".local" / "bin").symlink_to(MELTANO)
    (folder / "status").symlink_to(place.project)
    (place.project / "nightly.py").write_text(recipe("nightly.py"), encoding="utf-8")
    return folder


def check(done: subprocess.CompletedProcess[str], night: Night) -> None:
    assert not done.stdout
    if not night.words:
        assert (done.returncode, done.stderr) == (0, "")
        return
    assert done.returncode == (1 if night.again else 2), done.stderr
    [line] = done.stderr.splitlines()
    assert all(word in line for word in night.words), line


@pytest.mark.parametrize("name", ["all is well", "the loader fails", "discovery fails"])
def test_the_line_of_cron(place: Place, home: Path, name: str) -> None:
    [line] = [b.text for b in blocks(GUIDE) if "nightly.py" in b.text and b.language == "text"]
    [night] = [night for night in place.nights if night.name == name]
    command = line.split(maxsplit=FIELDS)[FIELDS].replace("tap-cachet", night.tap)
    env = {**place.env, **night.env, "HOME": str(home), "PATH": os.environ["PATH"]}
    env.pop("MELTANO_PROJECT_ROOT")
    check(
        subprocess.run(
            ["sh", "-c", command],
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        ),
        night,
    )


@pytest.mark.parametrize("name", ["the tap's key is wrong", "the server is down"])
def test_the_service_of_systemd(place: Place, home: Path, name: str) -> None:
    [text] = [b.text for b in blocks(GUIDE) if ".service" in b.text and b.language == "ini"]
    unit = Unit(text, home)
    [night] = [night for night in place.nights if night.name == name]
    done = subprocess.run(
        unit.start,
        env={**place.env, **night.env, **unit.environment, "HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    check(done, night)
    assert unit.is_tried_again(done.returncode) is night.again


class Unit:
    """What systemd takes from a unit file."""

    def __init__(self, text: str, home: Path) -> None:
        whole = text.replace("%h", str(home))
        lines = [line.partition("=") for line in whole.splitlines()]
        variables = [value.partition("=") for name, _, value in lines if name == "Environment"]
        self.environment = {name: value for name, _, value in variables}
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.read_string(whole)
        self._service = parser["Service"]

    @property
    def start(self) -> list[str]:
        return shlex.split(self._service["ExecStart"])

    def is_tried_again(self, exit_code: int) -> bool:
        never = self._service["RestartPreventExitStatus"].split()
        return self._service["Restart"] == "on-failure" and str(exit_code) not in never


def test_a_run_that_was_killed_is_not_in_the_way_for_ever(place: Place) -> None:
    """What the guide says of Meltano's own lock, and the way around it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = ["meltano", "run", "tap-cachet", "target-dlt"]
        hangs = {**place.env, "TAP_CACHET_API_URL": url}
        killed = subprocess.Popen(
            command,
            cwd=place.project,
            env=hangs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        connection, _address = silent.accept()  # the run has begun, and nobody answers it
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        connection.close()
    start = functools.partial(
        subprocess.run,
        cwd=place.project,
        env=place.env,
        capture_output=True,
        text=True,
        check=False,
    )
    refused = start(command)
    assert refused.returncode == 1
    [said] = [b.text for b in blocks(GUIDE) if "already running" in b.text]
    assert said.split("...")[0].strip() in refused.stdout + refused.stderr
    [way] = re.findall(r"`(meltano run --force [^`]+)`", GUIDE.read_text(encoding="utf-8"))
    forced = start(shlex.split(way))
    assert forced.returncode == 0, forced.stdout + forced.stderr
