"""A large table in eight parts that changes while it is read, on two workers, one of them killed.

``make engines`` takes 40 000 rows; ``SCALE=1`` as well a million. What it took is printed (``-s``).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pyarrow.parquet as pq
import pytest
from cinchy.conftest import NO_BUNDLE, site
from cinchy.target import versions_of
from parts.reading import file_of

from sandbox.cinchy import Account, World
from sandbox.cinchy.columns import number, text
from sandbox.cinchy.scale import EVENTS, add_series

from .recipes import ENGINES

if TYPE_CHECKING:
    from cinchy.conftest import Site

pytestmark = [pytest.mark.engines, pytest.mark.timeout(3600)]

LARGE = "SCALE" in os.environ
ROWS, PAGE = (1_000_000, 2000) if LARGE else (40_000, 200)
PARTS, STREAM, DAY = 8, "scale_events", 86_400
CHANGE_EVERY = ROWS // PAGE // 20
"""Requests from one change to the next."""
MOST_CHANGES = 15
"""Fewer than there is time for: what changes while the join reads comes with the next run."""
SETTINGS: dict[str, Any] = {
    "tables_include": [EVENTS],
    "incremental_tables": [EVENTS],
    "page_size": PAGE,
    "requests_per_minute": 0,
}
DRIVERS = {
    "dask": """
import sys
from dask.distributed import Client, LocalCluster
from singer_distributed.dask import read_parts

if __name__ == "__main__":
    tap, stream, config, to, parts = sys.argv[1:]
    workers = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with workers, Client(workers) as client:
        read_parts(client, tap=tap, config=config, to=to, parts=int(parts), stream=stream)
""",
    "spark": """
import os
import sys
from pyspark.sql import SparkSession
from singer_distributed.spark import load

if __name__ == "__main__":
    tap, stream, config, to, parts = sys.argv[1:]
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    load(spark, tap=tap, stream=stream, config=config, to=to, parts=int(parts))
    spark.stop()
""",
}
WORKERS = {"dask": "multiprocessing", "spark": "CoarseGrainedExecutorBackend"}
"""What the command line of a worker says; taps are what it starts."""


def platform() -> World:
    """Return a platform with one large table, of which nothing has changed for a while."""
    world = World(3)
    world.add_account(Account(username="reader"), "R")
    columns = [text("Name"), number("Amount")]
    add_series(world, EVENTS, ROWS, columns=columns, values=lambda id_: (f"n{id_}", id_ / 4))
    world.clock.advance(3 * DAY)
    return world


class Life:
    """Changes, deletes and adds rows with every so many requests."""

    def __init__(self, world: World) -> None:
        self.world, self.chance = world, random.Random(7)
        self.requests = self.changes = 0
        world.on_request(self)

    def __call__(self, _request: Any) -> None:
        self.requests += 1
        if self.requests % CHANGE_EVERY == 0 and self.changes < MOST_CHANGES:
            self.change()

    def change(self) -> None:
        """Change some rows now."""
        table = self.world.table(EVENTS)
        sample = self.chance.sample(table.ids, 30)
        changed, gone = [id_ for id_ in sample if table.rows[id_][9] is None][:2]
        self.world.update(EVENTS, changed, {"Name": "changed"})
        self.world.delete(EVENTS, gone)
        self.world.insert(EVENTS, {"Name": "new"})
        self.world.clock.advance(60)
        self.changes += 1


class Watch(threading.Thread):
    """Kills one worker when the read is well under way, and looks at the memory all the time."""

    def __init__(self, root: int, worker: str, life: Life) -> None:
        super().__init__(daemon=True)
        self._root, self._worker, self._life = psutil.Process(root), worker, life
        self._kill_at = life.requests + ROWS // PAGE // 3
        self.killed: list[int] = []
        self.most_of_a_tap = self.most_of_all = 0

    def run(self) -> None:
        """Look until the program has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            while self._root.status() != psutil.STATUS_ZOMBIE:
                self._look(self._root.children(recursive=True))
                time.sleep(0.05)

    def _look(self, children: list[psutil.Process]) -> None:
        total = 0
        for child in children:
            with contextlib.suppress(psutil.Error):
                held = child.memory_info().rss
                total += held
                if "--part" in child.cmdline():
                    self.most_of_a_tap = max(self.most_of_a_tap, held)
                    if not self.killed and self._life.requests >= self._kill_at:
                        self._kill(child)
        self.most_of_all = max(self.most_of_all, total)

    def _kill(self, tap: psutil.Process) -> None:
        """Kill the worker that a tap reads for, and all that it started."""
        [worker, *_] = [one for one in tap.parents() if self._worker in " ".join(one.cmdline())]
        for process in [worker, *worker.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
                self.killed.append(process.pid)


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_a_large_table_equals_its_source(engine: str, tmp_path: Path, capsys: Any) -> None:
    python = sys.executable if engine == "dask" else str(ENGINES / engine / "bin" / "python")
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVERS[engine])
    out = tmp_path / "out"
    with site(platform()) as running:
        life = Life(running.world)
        config = file_of(tmp_path, "config", running.config(**SETTINGS))
        began = time.monotonic()
        line = [python, str(driver), "tap-cinchy", STREAM, config, str(out), str(PARTS)]
        program = subprocess.Popen(
            line,
            env={**os.environ, **NO_BUNDLE, "SPARK_LOCAL_IP": "127.0.0.1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        watch = Watch(program.pid, WORKERS[engine], life)
        watch.start()
        _said, log = program.communicate(timeout=3000)
        assert program.returncode == 0, log[-3000:]
        watch.join()
        seconds = time.monotonic() - began
        assert watch.killed, "the read was over before a worker could be killed"
        assert life.changes == MOST_CHANGES

        found = versions_in(out)
        assert found == versions_of(running.world, EVENTS)
        receipt = json.loads((out / "receipts.json").read_text())[STREAM]
        assert receipt["verdict"] == "complete"
        assert f"every part: {PARTS}" in receipt["proof"]
        assert "caught up" in receipt["proof"]

        again = go_on(running, life, out)
        assert found | again == versions_of(running.world, EVENTS)
        assert len(again) < ROWS // 10
    with capsys.disabled():
        print(  # noqa: T201  # the measurement
            f"\n{engine}: {len(found)} rows in {PARTS} parts, {life.requests} requests, "
            f"{seconds:.0f} s, {len(watch.killed)} processes killed, {3 * life.changes} rows "
            f"changed; at most {watch.most_of_a_tap >> 20} MB a tap, {watch.most_of_all >> 20} MB "
            f"all workers and taps; {len(again)} rows by the plain run after it"
        )


def versions_in(out: Path) -> dict[int, tuple[int, bool]]:
    """Return version and whether it is deleted, by Cinchy Id; no key stands there twice."""
    table = pq.read_table(out / STREAM, columns=["Cinchy Id", "Version", "Deleted"])
    ids, versions, deleted = (column.to_pylist() for column in table.columns)
    found = {
        id_: (version, gone is not None)
        for id_, version, gone in zip(ids, versions, deleted, strict=True)
    }
    assert len(found) == len(ids), "a key came twice"
    return found


def go_on(running: Site, life: Life, out: Path) -> dict[int, tuple[int, bool]]:
    """Change some more, and return what a plain incremental run brings."""
    life.change()
    state = json.loads((out / "state.json").read_text())
    again = running.run(settings=SETTINGS, state=state)
    assert again.exit_code == 0, again.stderr
    return {
        row["Cinchy Id"]: (row["Version"], row["Deleted"] is not None)
        for row in again.records[STREAM]
    }
