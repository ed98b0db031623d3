"""The example pipelines run as they stand, against the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pytest

from sandbox import cachet, cinchy, cortex
from sandbox.serve import serve

EXAMPLES = Path(__file__).parents[3] / "examples"


@contextmanager
def cachet_server() -> Iterator[dict[str, str]]:
    world = cachet.generate(cachet.Size(incidents=30), seed=7)
    with serve(cachet.create_app(world, cachet.Options(api="3"))) as server:
        yield {"api_url": server.url, "api_key": cachet.ADMIN_TOKEN}


@contextmanager
def cortex_server() -> Iterator[dict[str, str]]:
    world = cortex.World(cortex.WorldSpec(seed=7, entities=20))
    with serve(cortex.create_app(world, cortex.Options())) as server:
        yield {"api_url": server.url, "api_key": cortex.DEFAULT_TOKEN}


@contextmanager
def cinchy_server() -> Iterator[dict[str, str]]:
    world = cinchy.build_world(seed=7, rows=20, version="5.11.0")
    with serve(cinchy.create_app(world, cinchy.Options(base_path="/Cinchy"))) as server:
        yield {
            "api_url": server.url + "/Cinchy",
            "access_token": world.accounts["reader"].token,
            "config": '{"allow_insecure_http": true}',
        }


@pytest.mark.parametrize(
    ("system", "server", "table"),
    [
        ("cachet", cachet_server, "incidents"),
        ("cortex", cortex_server, "entities"),
        ("cinchy", cinchy_server, "delivery_tasks"),
    ],
)
def test_example(
    system: str,
    server: Callable[[], AbstractContextManager[dict[str, str]]],
    table: str,
    tmp_path: Path,
) -> None:
    environment = os.environ | {
        "DLT_DATA_DIR": str(tmp_path / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
    with server() as settings:
        for name, value in settings.items():
            environment[f"SOURCES__{system.upper()}_SOURCE__{name.upper()}"] = value
        run = subprocess.run(
            [sys.executable, EXAMPLES / f"{system}_pipeline.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert "LOADED and contains no failed jobs" in run.stdout
    for name, value in settings.items():
        assert name in {"api_url", "config"} or value not in run.stdout + run.stderr
    with duckdb.connect(str(tmp_path / f"{system}_pipeline.duckdb")) as file:
        rows = file.execute(f"SELECT count(*) FROM {system}_data.{table}").fetchall()
    assert rows[0][0] > 0
    if system != "cachet":
        return
    info = subprocess.run(
        [Path(sys.executable).parent / "dlt", "pipeline", "cachet_pipeline", "info"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert info.returncode == 0, info.stderr
    assert "cachet_data" in info.stdout
