"""A read in parts on Spark: the example as it stands, and Python workers that die."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from cinchy.conftest import site
from parts.reading import file_of

from sandbox.cinchy import build_world, story

from .recipes import ENGINES, ROOT

PYTHON = ENGINES / "spark" / "bin" / "python"
EXAMPLE = ROOT / "examples" / "read_on_spark.py"
STREAM = "delivery_tasks"
SETTINGS: dict[str, Any] = {
    "tables_include": ["Delivery.Tasks"],
    "page_size": 100,
    "requests_per_minute": 0,
}
ROWS = 3000

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]


def spark(*arguments: str | Path) -> subprocess.Popen[str]:
    assert shutil.which("java"), "Spark needs Java 17: install openjdk-17-jre-headless"
    return subprocess.Popen(
        [str(part) for part in (PYTHON, *arguments)],
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("killed", [False, True], ids=["quiet", "a worker killed"])
def test_the_example_reads_a_table_in_parts(tmp_path: Path, killed: bool) -> None:  # noqa: FBT001
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) < 40
    with site(build_world(rows=20, sizes_by_table={story.TASKS: ROWS})) as platform:
        config = file_of(tmp_path, "config", platform.config(**SETTINGS))
        token = platform.config()["access_token"]
        platform.forget()
        running = spark(EXAMPLE, "tap-cinchy", STREAM, config, tmp_path / "out")
        killer = threading.Thread(target=kill_a_worker, args=(running.pid,))
        if killed:
            killer.start()
        said, log = running.communicate(timeout=800)
        assert running.returncode == 0, log[-3000:]
        if killed:
            killer.join()
        expected = platform.run(settings=SETTINGS).keys(STREAM)
    assert f"{STREAM}: {len(expected)} rows, proved" in said
    assert token not in said + log
    table = pq.read_table(tmp_path / "out" / STREAM)
    assert sorted(table.column("Cinchy Id").to_pylist()) == sorted(key[0] for key in expected)
    assert re.search(r"Cinchy Id: long", said)
    assert (tmp_path / "out" / "state.json").exists()


def kill_a_worker(pid: int) -> None:
    """Kill a tap that reads a part, and the Python worker that it reads for."""
    while True:
        for child in psutil.Process(pid).children(recursive=True):
            try:
                line = child.cmdline()
                if "--part" in line:
                    child.parent().send_signal(signal.SIGKILL)
                    child.send_signal(signal.SIGKILL)
                    return
            except (psutil.Error, AttributeError):
                continue
        time.sleep(0.01)
