"""A read in parts on Dask: the example as it stands, a worker that dies, a read that fails."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from cachet.conftest import Site, site
from dask.distributed import Client, LocalCluster
from support.shell import run

from sandbox.cachet.generate import Size
from singer_distributed.commands import ReadError
from singer_distributed.dask import read_parts

from .reading import file_of

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
SMALL = Size(metric_points=120, metrics=6, incidents=20)


@pytest.fixture(scope="module")
def page() -> Iterator[Site]:
    with site("3", SMALL) as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    workers = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with workers, Client(workers) as client:
        yield client


def test_the_example_runs_as_it_stands(page: Site, tmp_path: Path) -> None:
    example = ROOT / "examples" / "read_on_dask.py"
    assert len(example.read_text().splitlines()) < 40
    config = file_of(tmp_path, "config", page.config())
    said = run(sys.executable, example, "tap-cachet", config, tmp_path / "out")
    whole = page.run()
    rows = {stream: len(found) for stream, found in whole.records.items()}
    for stream, count in rows.items():
        assert f"{stream}: {count} rows, proved" in said
        found = pq.read_table(tmp_path / "out" / stream)
        assert found.num_rows == count
    state = json.loads((tmp_path / "out" / "state.json").read_text())
    assert page.run(state=state).exit_code == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_worker_that_is_killed_costs_no_row(page: Site, client: Client, tmp_path: Path) -> None:
    config = file_of(tmp_path, "config", page.config())
    page.server.forget()
    pids = list(client.run(os.getpid).values())

    def kill() -> None:
        while not any("points" in request.path for request in page.server.requests):
            time.sleep(0.01)
        victim = psutil.Process(pids[0])
        for child in victim.children(recursive=True):
            child.send_signal(signal.SIGKILL)
        victim.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    result = read_parts(
        client,
        tap="tap-cachet",
        config=config,
        to=tmp_path / "out",
        parts=3,
        stream="metric_points",
    )
    killer.join()
    assert pids != list(client.run(os.getpid).values()), "a worker has died"
    expected = page.run(streams=("metric_points",)).keys("metric_points")
    frame = result.dataframe("metric_points").compute()
    names = [name for name in ("metric_id", "id") if name in frame]
    assert result.rows == {"metric_points": len(expected)}
    assert len(frame[names].drop_duplicates()) == len(expected)


def test_what_was_there_stays_when_a_read_fails(page: Site, client: Client, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "before").touch()
    config = file_of(tmp_path, "config", page.config(api_key="1|wrong"))
    with pytest.raises(ReadError, match="api_key"):
        read_parts(client, tap="tap-cachet", config=config, to=out, parts=2, retries=0)
    with pytest.raises(ReadError, match="There is no tap-nothing on this worker"):
        read_parts(client, tap="tap-nothing", config=config, to=out, parts=2)
    with pytest.raises(ReadError, match="has no stream cats"):
        read_parts(client, tap="tap-cachet", config=config, to=out, parts=2, stream="cats")
    assert [path.name for path in out.iterdir()] == ["before"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "out"]
