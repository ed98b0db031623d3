"""`meltano run` into a real PostgreSQL, twice: no row lost, none doubled."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from cachet.conftest import Site, site
from postgres import Postgres

from sandbox.cachet.generate import Size

from .conftest import Run

# Others may be using the project, and a test waits until they are done.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

SCHEMA = "cachet"
KEYS = {
    "incident_components": ("incident_id", "component_id"),
    "schedule_components": ("schedule_id", "component_id"),
}
STREAMS = (
    "components",
    "components_groups",
    "incidents",
    "incident_components",
    "incident_updates",
    "incident_templates",
    "metrics",
    "metric_points",
    "schedules",
    "schedule_components",
    "schedule_updates",
)


def settings(running: Site, warehouse: Postgres) -> dict[str, str]:
    return {
        "TAP_CACHET_API_URL": running.server.url,
        "TAP_CACHET_API_KEY": running.options.tokens[0].text,
        "TAP_CACHET_REQUESTS_PER_MINUTE": "0",
        "TARGET_POSTGRES_HOST": warehouse.host,
        "TARGET_POSTGRES_PORT": str(warehouse.port),
        "TARGET_POSTGRES_USER": warehouse.user,
        "TARGET_POSTGRES_PASSWORD": warehouse.password,
        "TARGET_POSTGRES_DATABASE": warehouse.database,
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": SCHEMA,
        "TARGET_POSTGRES_ACTIVATE_VERSION": "true",
        "TARGET_POSTGRES_HARD_DELETE": "true",
    }


def loaded(warehouse: Postgres, stream: str) -> list[tuple[Any, ...]]:
    columns = ", ".join(KEYS.get(stream, ("id",)))
    with psycopg.connect(warehouse.url) as connection:
        return connection.execute(f"SELECT {columns} FROM {SCHEMA}.{stream}").fetchall()


def assert_loaded(running: Site, warehouse: Postgres) -> None:
    truth = running.truth().keys
    for stream in STREAMS:
        keys = loaded(warehouse, stream)
        assert len(keys) == len(set(keys)), stream
        assert set(keys) == truth[stream], stream


def test_what_is_loaded_equals_what_there_is(meltano: Run, warehouse: Postgres) -> None:
    with site("3", Size(metric_points=60)) as running:
        config = settings(running, warehouse)
        first = meltano("run", "tap-cachet", "target-postgres", **config)
        assert first.returncode == 0, first.stderr
        assert_loaded(running, warehouse)

        second = meltano("run", "tap-cachet", "target-postgres", **config)
        assert second.returncode == 0, second.stderr
        assert_loaded(running, warehouse)

        gone = sorted(running.truth().ids("incidents"))[3]
        running.world.delete_incident(gone)
        added = running.world.metric_points.insert(
            metric_id=min(running.truth().ids("metrics")), value=1.5, counter=1
        )
        third = meltano("run", "tap-cachet", "target-postgres", **config)
        assert third.returncode == 0, third.stderr
        assert_loaded(running, warehouse)
        assert (gone,) not in loaded(warehouse, "incidents")
        assert (added.id,) in loaded(warehouse, "metric_points")


def test_a_failed_stream_fails_the_run_and_keeps_what_was_loaded(
    meltano: Run, warehouse: Postgres
) -> None:
    with site("3", Size(metric_points=10)) as running:
        config = settings(running, warehouse)
        config["TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA"] = "failing"
        good = meltano("run", "tap-cachet", "target-postgres", **config)
        assert good.returncode == 0, good.stderr
        before = running.truth().keys["incidents"]
        running.options.tokens = ()
        bad = meltano("run", "tap-cachet", "target-postgres", **config)
    assert bad.returncode == 1
    assert "api_key rejected" in bad.stdout + bad.stderr
    with psycopg.connect(warehouse.url) as connection:
        rows = connection.execute("SELECT id FROM failing.incidents").fetchall()
    assert set(rows) == before
