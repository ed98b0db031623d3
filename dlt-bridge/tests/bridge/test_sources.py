"""The ready source of Cachet into PostgreSQL and files; the others are run as examples."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pyarrow.dataset
import pytest
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from postgres import Postgres

from dlt_bridge import cachet_source, cinchy_source, cortex_source
from dlt_bridge.errors import ConfigError
from sandbox import cachet
from sandbox.serve import serve

STREAMS = ["components", "incidents", "incident_updates", "metric_points"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    return tmp_path


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    world = cachet.generate(cachet.Size(incidents=30, metric_points=20), seed=7)
    with serve(cachet.create_app(world, cachet.Options(api="3"))) as server:
        monkeypatch.setenv("SOURCES__CACHET_SOURCE__API_URL", server.url)
        monkeypatch.setenv("SOURCES__CACHET_SOURCE__API_KEY", cachet.ADMIN_TOKEN)
        yield world


def destinations(postgres: Postgres, folder: Path) -> dict[str, Any]:
    return {
        "postgres": dlt.destinations.postgres(postgres.url),
        "filesystem": dlt.destinations.filesystem(str(folder / "bucket")),
    }


@pytest.mark.parametrize("kind", ["postgres", "filesystem"])
def test_two_runs_give_what_the_system_holds(
    kind: str, world: Any, postgres: Postgres, folder: Path
) -> None:
    pipeline = dlt.pipeline(
        f"cachet_to_{kind}",
        destination=destinations(postgres, folder)[kind],
        dataset_name="cachet_data",
        pipelines_dir=str(folder / "pipelines"),
    )

    def rows(stream: str, *columns: str) -> list[tuple[Any, ...]]:
        if kind == "filesystem":
            files = pyarrow.dataset.dataset(folder / "bucket" / "cachet_data" / stream)
            return [tuple(row.values()) for row in files.to_table(list(columns)).to_pylist()]
        with pipeline.sql_client() as client:
            sql = f"SELECT {', '.join(columns)} FROM {stream}"
            return list(client.execute_sql(sql) or ())  # type: ignore[arg-type]

    pipeline.run(cachet_source(streams=STREAMS))
    world.delete_incident(min(rows("incidents", "id"))[0])
    pipeline.run(cachet_source(streams=STREAMS))
    truth = cachet.truth(world, cachet.Options(api="3"), cachet.Token(cachet.ADMIN_TOKEN)).keys
    for stream in ("components", "incidents", "incident_updates"):
        assert sorted(rows(stream, "id")) == sorted(truth[stream])
    points = rows("metric_points", "metric_id", "id")
    # Points near the bookmark are read again, and files keep both readings.
    assert len(set(points)) == len(truth["metric_points"])
    assert kind == "filesystem" or len(points) == len(set(points))
    tables = pipeline.default_schema.tables
    assert tables["incidents"]["columns"]["occurred_at"]["data_type"] == "timestamp"
    assert all(
        column.get("description") or name.startswith("_")
        for stream in STREAMS
        for name, column in tables[stream]["columns"].items()
    )
    [reference] = tables["incident_updates"].get("references") or []
    assert (reference["referenced_table"], reference["columns"]) == ("incidents", ["incident_id"])


def test_an_address_among_the_settings_wins_over_the_demonstration(folder: Path) -> None:
    world = cachet.generate(cachet.Size(), seed=7)
    with serve(cachet.create_app(world, cachet.Options(api="3"))) as server:
        settings = {"api_url": server.url, "api_key": cachet.ADMIN_TOKEN}
        pipeline = dlt.pipeline(
            "settings",
            destination=dlt.destinations.duckdb(str(folder / "read.duckdb")),
            pipelines_dir=str(folder / "pipelines"),
        )
        pipeline.run(cachet_source(streams=["components"], config=settings))
    with pipeline.sql_client() as client:
        rows: Any = client.execute_sql("SELECT id FROM components")
    truth = cachet.truth(world, cachet.Options(api="3"), cachet.Token(cachet.ADMIN_TOKEN)).keys
    assert sorted(rows) == sorted(truth["components"])


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigFieldMissingException, match="SOURCES__CINCHY_SOURCE__API_URL"):
        cinchy_source()
    # As on dltHub's page, the demonstration of Cachet's makers is the default.
    assert "incidents" in cachet_source().resources
    with pytest.raises(ConfigFieldMissingException, match="api_key"):
        cortex_source()
    with pytest.raises(ConfigError, match="https"):
        cinchy_source("http://cinchy.example.com", "token-of-a-reader")
    monkeypatch.setitem(sys.modules, "tap_cachet.tap", None)
    with pytest.raises(ConfigError, match="needs tap-cachet"):
        cachet_source("https://status.example.com")
