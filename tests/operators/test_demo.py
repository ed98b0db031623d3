"""What the demo leaves behind does not come into the way of what a user does next."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

import duckdb
import pytest
from support.shell import run

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
MELTANO = ROOT / ".tools" / "meltano" / "bin" / "meltano"
LOADED = """
import pathlib, sys
sys.path.insert(0, "scripts")
import demo

demo.OUTPUT = pathlib.Path(sys.argv[1])
demo.WAREHOUSE = demo.OUTPUT / "warehouse.duckdb"
demo.load("cachet")
"""


@pytest.mark.timeout(600)
def test_the_demo_has_a_state_and_a_database_of_its_own(tmp_path: Path) -> None:
    with (ROOT / ".meltano" / ".tests.lock").open("w") as lock:  # as tests/loaders do
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = run(MELTANO, "state", "list", cwd=ROOT)
        told = run(sys.executable, "-c", LOADED, tmp_path, cwd=ROOT)
        after = run(MELTANO, "state", "list", cwd=ROOT)
    assert "streams proved complete" in told
    assert after == before
    assert (tmp_path / "meltano.db").exists()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as database:
        [(rows,)] = database.execute("select count(*) from tap_cachet.metric_points").fetchall()
    assert rows > 100
