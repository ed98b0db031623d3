"""The job of the guide: load, build the marts, test them, all in one `meltano run`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from analytics.loading import ROOT, worlds
from analytics.truth import CachetTruth

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
MELTANO = ROOT / ".tools" / "meltano" / "bin" / "meltano"


def test_one_run_loads_and_answers(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    with worlds(11, hostile=True) as found:
        done = subprocess.run(
            [str(MELTANO), "run", "cachet-answers"],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if "BYTECODE" not in name},
                "MELTANO_DATABASE_URI": f"sqlite:///{tmp_path}/meltano.db",
                "TAP_CACHET_API_URL": found.configs["cachet"]["api_url"],
                "TAP_CACHET_API_KEY": found.configs["cachet"]["api_key"],
                "TAP_CACHET_REQUESTS_PER_MINUTE": "0",
                "TARGET_DLT_CREDENTIALS": str(database),
                "TARGET_DLT_PIPELINES_DIR": str(tmp_path / "pipelines"),
                "DBT_DUCKDB_PATH": str(database),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        expected = CachetTruth(found.cachet, found.cachet_options).seconds_to_fix()
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select incident_id, seconds_to_fix from analytics.fct_incidents "
            "where seconds_to_fix is not null"
        ).fetchall()
    assert dict(rows) == expected
