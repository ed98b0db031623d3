"""`meltano run` with each tap and two loaders: tables are proved, what happens to them is found.

What is done to the tables after the load stands for what a loader or anybody else may do.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg
import pytest
from cachet.conftest import site as cachet_site
from cinchy.conftest import site as cinchy_site
from cortex.conftest import site as cortex_site
from postgres import Postgres

from sandbox.cachet.generate import Size
from sandbox.cortex.options import DEFAULT_TOKEN

from .conftest import Run

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

PROVE = Path(sys.executable).with_name("singer-prove")
SYSTEMS = (
    "cachet",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("cortex", "cinchy")),
)
"""The two with a hundred tables take minutes on a busy machine."""


def prove(database: str, schema: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [PROVE, database, "--schema", schema, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@contextmanager
def serving(system: str) -> Iterator[dict[str, str]]:
    """Serve a system; yields the settings of its tap."""
    prefix = f"TAP_{system.upper()}"
    paced = {f"{prefix}_REQUESTS_PER_MINUTE": "0"}
    if system == "cachet":
        with cachet_site("3", Size(incidents=40, metric_points=60)) as cachet:
            key = cachet.options.tokens[0].text
            yield {**paced, f"{prefix}_API_URL": cachet.server.url, f"{prefix}_API_KEY": key}
    elif system == "cortex":
        with cortex_site() as cortex:
            url = cortex.server.url
            yield {**paced, f"{prefix}_API_URL": url, f"{prefix}_API_KEY": DEFAULT_TOKEN}
    else:
        with cinchy_site() as cinchy:
            config = cinchy.config()
            yield {
                **paced,
                f"{prefix}_API_URL": config["api_url"],
                f"{prefix}_ACCESS_TOKEN": config["access_token"],
                f"{prefix}_ALLOW_INSECURE_HTTP": "true",
                # Two names that are alike in their first 63 bytes, where PostgreSQL cuts them.
                f"{prefix}_TABLES_EXCLUDE": '["O\'Brien*"]',
            }


@pytest.mark.parametrize("system", SYSTEMS)
def test_tables_that_target_dlt_loads_are_proved(system: str, meltano: Run, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with serving(system) as settings:
        config = {**settings, "TARGET_DLT_CREDENTIALS": str(file)}
        config["TARGET_DLT_PIPELINES_DIR"] = str(tmp_path / "pipelines")
        for _ in range(2):
            done = meltano("run", f"tap-{system}", "target-dlt", **config)
            assert done.returncode == 0, done.stderr[-3000:]
    code, said = prove(str(file), f"tap_{system}")
    assert code == 0, said
    assert " 0 differ" in said.splitlines()[-1]
    with duckdb.connect(str(file), read_only=True) as database:
        found = database.execute(
            f"select distinct verdict from tap_{system}.singer_proofs where verdict <> 'equal'"
        ).fetchall()
    assert found in ([], [("not_comparable",)])


@pytest.mark.parametrize("system", SYSTEMS)
def test_tables_that_target_postgres_loads_are_proved(
    system: str, meltano: Run, warehouse: Postgres
) -> None:
    schema = f"proved_{system}"
    with serving(system) as settings:
        config = {**settings, **postgres_settings(warehouse, schema)}
        done = meltano("run", f"tap-{system}", "target-postgres", **config)
        assert done.returncode == 0, done.stderr[-3000:]
    code, said = prove(warehouse.url, schema)
    assert code == 0, said
    assert " 0 differ" in said.splitlines()[-1]
    assert not said.splitlines()[-1].startswith("PROVED 0 equal")


FAULTS = {
    "a row lost": "DELETE FROM incidents WHERE id = (SELECT min(id) FROM incidents)",
    "a batch lost": "DELETE FROM incident_updates WHERE id % 3 = 0",
    "a row doubled": "{bare} INSERT INTO metrics SELECT * FROM metrics LIMIT 1",
    "a batch loaded twice": "{bare} INSERT INTO metrics SELECT * FROM metrics",
    "one lost, another doubled": "{bare} DELETE FROM metrics WHERE id = 1; "
    "INSERT INTO metrics SELECT * FROM metrics WHERE id = 2",
    "a key changed": "UPDATE components SET id = 99999 WHERE id = (SELECT min(id) FROM components)",
    "a part of a key changed": "UPDATE incident_components SET component_id = 99999 "
    "WHERE ctid = (SELECT min(ctid) FROM incident_components)",
    "truncated": "TRUNCATE schedules",
    "retired wrongly": "UPDATE schedule_updates SET _sdc_deleted_at = now() WHERE id % 2 = 0",
    "never loaded": "DROP TABLE incident_templates",
}


def test_what_happens_to_tables_of_target_postgres_is_found(
    meltano: Run, warehouse: Postgres
) -> None:
    schema = "tampered"
    with serving("cachet") as settings:
        config = {**settings, **postgres_settings(warehouse, schema)}
        done = meltano("run", "tap-cachet", "target-postgres", **config)
        assert done.returncode == 0, done.stderr[-3000:]
    assert prove(warehouse.url, schema)[0] == 0
    bare = (
        "DO $$ BEGIN EXECUTE (SELECT 'ALTER TABLE metrics DROP CONSTRAINT ' || conname FROM "
        "pg_constraint WHERE conrelid = 'metrics'::regclass AND contype = 'p'); END $$;"
    )
    for fault, statement in FAULTS.items():
        with psycopg.connect(warehouse.url) as connection:
            connection.execute(f"SET search_path TO {schema}".encode())
            connection.execute("CREATE SCHEMA kept")
            # What is changed is changed in a copy of everything, so that each fault stands alone.
            for (table,) in connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema]
            ).fetchall():
                copy = f"CREATE TABLE kept.{table} (LIKE {schema}.{table} INCLUDING INDEXES)"
                connection.execute(copy.encode())
                fill = f"INSERT INTO kept.{table} SELECT * FROM {schema}.{table}"
                connection.execute(fill.encode())
            connection.execute("SET search_path TO kept")
            connection.execute(statement.format(bare=bare).encode())
        code, said = prove(warehouse.url, "kept")
        assert (code, " 1 differ" in said) == (1, True), f"{fault}: {said}"
        with psycopg.connect(warehouse.url) as connection:
            connection.execute("DROP SCHEMA kept CASCADE")


def postgres_settings(warehouse: Postgres, schema: str) -> dict[str, str]:
    return {
        "TARGET_POSTGRES_HOST": warehouse.host,
        "TARGET_POSTGRES_PORT": str(warehouse.port),
        "TARGET_POSTGRES_USER": warehouse.user,
        "TARGET_POSTGRES_PASSWORD": warehouse.password,
        "TARGET_POSTGRES_DATABASE": warehouse.database,
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": schema,
        "TARGET_POSTGRES_ACTIVATE_VERSION": "true",
        "TARGET_POSTGRES_HARD_DELETE": "true",
    }
