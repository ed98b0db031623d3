"""Receipts as a tap really sends them: dbt holds the loaded tables against them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.conftest import TARGET_DLT
from analytics.loading import dbt, load, messages, worlds

pytestmark = pytest.mark.integration

RECEIPTS = ("--select", "stg_receipts", "fct_loads")
VARIABLES: dict[str, Any] = {"cortex_enabled": False, "cinchy_enabled": False}
FAULTS = {
    "incidents": "delete from tap_cachet.incidents where id = 3",
    "components": "insert into tap_cachet.components select * from tap_cachet.components limit 1",
    "metrics": "update tap_cachet.metrics set id = 99 where id = 1",
    "incident_components": "delete from tap_cachet.incident_components where component_id = 1",
    "schedules": "drop table tap_cachet.schedules",
}


def test_tables_that_are_not_what_was_proved_fail_a_test(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    env = {
        "TARGET_DLT_CREDENTIALS": str(database),
        "TARGET_DLT_DATASET_NAME": "tap_cachet",
        "TARGET_DLT_PIPELINES_DIR": str(tmp_path / "pipelines"),
    }
    with worlds(5, hostile=True) as found:
        found.receipts = True
        load([TARGET_DLT, "--config", "ENV"], messages(found, "cachet"), env)
    where = {"ANALYTICS_TARGET": "duckdb", "ANALYTICS_DUCKDB": str(database)}
    said = dbt(tmp_path, "build", *RECEIPTS, variables=VARIABLES, **where)
    assert "matches_receipts" in said
    with duckdb.connect(str(database)) as connection:
        for statement in FAULTS.values():
            connection.execute(statement)
    with pytest.raises(AssertionError) as failure:
        dbt(tmp_path, "test", *RECEIPTS, variables=VARIABLES, **where)
    assert f"Got {len(FAULTS)} results" in str(failure.value)
