"""The default loader: `meltano run` into one DuckDB file, twice."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from cachet.conftest import site

from sandbox.cachet.generate import Size

from .conftest import Run

# Others may be using the project, and a test waits until they are done.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

STREAMS = ("components", "incidents", "incident_components", "metric_points", "schedules")


def test_what_is_loaded_equals_what_there_is(meltano: Run, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with site("3", Size(metric_points=60)) as running:
        config = {
            "TAP_CACHET_API_URL": running.server.url,
            "TAP_CACHET_API_KEY": running.options.tokens[0].text,
            "TARGET_DLT_CREDENTIALS": str(file),
            "TARGET_DLT_PIPELINES_DIR": str(tmp_path / "pipelines"),
        }
        for gone in (None, 4):
            if gone is not None:
                running.world.delete_incident(sorted(running.truth().ids("incidents"))[gone])
            done = meltano("run", "tap-cachet", "target-dlt", **config)
            assert done.returncode == 0, done.stderr
            truth = running.truth().keys
            with duckdb.connect(str(file), read_only=True) as database:
                for stream in STREAMS:
                    key = "incident_id, component_id" if "_comp" in stream else "id"
                    query = f"select {key} from tap_cachet.{stream}"
                    keys = database.execute(query).fetchall()
                    assert len(keys) == len(set(keys)), stream
                    assert set(keys) == truth[stream], stream
