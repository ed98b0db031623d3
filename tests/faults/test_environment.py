"""Settings from the environment: which one wins, which file is read, and what a wrong one says.

Each test starts the installed command in a folder that has nothing to do with this repository.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import singer_sdk

from .runner import SECRET, TAP_CACHET, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .runner import Runner
    from .stage import Stage

NOWHERE = "http://127.0.0.1:9"
ENV = ("--config", "ENV", "--test")


def start(
    folder: Path, *arguments: str, file: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a folder, with these settings as variables.

    Args:
        folder: Where it is started.
        arguments: Of the command line.
        file: Text of a ``.env`` in that folder.
        variables: By setting.
    """
    if file:
        (folder / ".env").write_text(file)
    env = {f"TAP_CACHET_{name.upper()}": value for name, value in variables.items()}
    run = subprocess.run(
        [*TAP_CACHET, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(env, log="INFO"),
    )
    assert SECRET not in run.stderr
    assert "Traceback" not in run.stderr
    return run


@pytest.fixture
def beside_the_sdk() -> Iterator[None]:
    """Put a file where the SDK would find it: in a folder above its own modules."""
    file = Path(singer_sdk.__file__).with_name(".env")
    file.write_text(f"TAP_CACHET_API_URL={NOWHERE}\nTAP_CACHET_PAGE_SIZE=0\n")
    yield
    file.unlink()


@pytest.mark.usefixtures("beside_the_sdk")
def test_no_file_of_an_installation_is_read(stage: Stage, tmp_path: Path) -> None:
    run = start(tmp_path, *ENV, api_url=stage.url, api_key=SECRET, requests_per_minute="0")
    assert run.returncode == 0, run.stderr
    assert stage.seen


def test_real_variables_win_over_the_file_of_the_folder(stage: Stage, tmp_path: Path) -> None:
    file = f"TAP_CACHET_API_URL={NOWHERE}\nTAP_CACHET_API_KEY={SECRET}\n"
    run = start(tmp_path, *ENV, file=file, api_url=stage.url, requests_per_minute="0")
    assert run.returncode == 0, run.stderr
    assert "api_url comes from the environment (TAP_CACHET_API_URL)" in run.stderr
    assert f"api_key comes from {tmp_path / '.env'} (TAP_CACHET_API_KEY)" in run.stderr
    assert {seen.header("authorization") for seen in stage.seen} == {f"Bearer {SECRET}"}


def test_no_file_of_a_folder_above_is_read(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TAP_CACHET_API_URL={stage.url}\n")
    below = tmp_path / "below"
    below.mkdir()
    run = start(below, *ENV)
    assert run.returncode == 2
    assert "The setting api_url is required." in run.stderr
    assert not stage.seen


@pytest.mark.parametrize(
    ("setting", "text", "words"),
    [
        ("page_size", "abc", "must be a whole number"),
        ("page_size", "9" * 5000, "must be a whole number"),
        ("verify_ssl", "perhaps", "must be true or false"),
        ("stream_maps", "{", "must be a JSON object"),
        ("accept_unproved", "[", "must be a list"),
    ],
)
def test_a_variable_of_the_wrong_type(tmp_path: Path, setting: str, text: str, words: str) -> None:
    run = start(tmp_path, *ENV, api_url=NOWHERE, **{setting: text})
    assert run.returncode == 2
    last = run.stderr.splitlines()[-1]
    assert f"The variable TAP_CACHET_{setting.upper()} {words}" in last
    assert last.endswith("[CONFIG]")


def test_a_pause_may_be_part_of_a_second(tmp_path: Path) -> None:
    # A name that does not resolve is tried again after that very pause; others are drawn by lot.
    values = {"api_url": "https://status.invalid", "api_key": SECRET, "retry_pause": "0.5"}
    run = start(tmp_path, *ENV[:2], **values)
    pauses = re.findall(r"[Tt]rying again in ([\d.]+) s", run.stderr)
    assert run.returncode == 1, run.stderr
    assert pauses[:1] == ["0.5"]


@pytest.mark.parametrize("text", ["0.25", 0.25, "2", 2])
def test_a_number_may_come_as_text(stage: Stage, tap: Runner, text: object) -> None:
    run = tap(stage.config(retry_pause=text), "--test")
    assert run.code == 0, run.last


@pytest.mark.parametrize("text", ["nan", "soon", "-1", "1e99"])
def test_a_pause_that_is_none(stage: Stage, tap: Runner, text: str) -> None:
    run = tap(stage.config(retry_pause=text), "--test")
    assert run.code == 2
    assert "The setting retry_pause must be" in run.last
    assert not stage.seen


def test_variables_that_nobody_reads_are_named(tmp_path: Path) -> None:
    run = start(tmp_path, "--test", api_url=NOWHERE, api_key=SECRET)
    assert run.returncode == 2
    last = run.stderr.splitlines()[-1]
    assert "TAP_CACHET_API_URL" in last
    assert "--config ENV" in last
