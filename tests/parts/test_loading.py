"""Parts into tables: by several loaders at once into PostgreSQL, in turn into DuckDB."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from cachet.conftest import site
from postgres import Postgres, start_postgres
from support.shell import run
from support.tap_run import BIN, discover, select

from sandbox.cachet.generate import Size

from .reading import file_of

pytestmark = pytest.mark.integration

STREAMS = ("components", "metric_points", "incidents")
SMALL = Size(metric_points=120, metrics=6, incidents=20, components=12)
PARTS = 3


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with start_postgres() as server:
        yield server


@pytest.mark.parametrize("at_once", [True, False], ids=["PostgreSQL at once", "DuckDB in turn"])
def test_parts_are_loaded_and_what_is_gone_is_retired(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    at_once: bool,  # noqa: FBT001
) -> None:
    credentials = request.getfixturevalue("postgres").url if at_once else f"{tmp_path}/w.duckdb"
    kind = "postgres" if at_once else "duckdb"

    def target(name: str, **more: str) -> str:
        config = {
            "destination": kind,
            "credentials": credentials,
            "dataset_name": "status",
            "pipeline_name": name,
            "pipelines_dir": str(tmp_path / name),
            **more,
        }
        return f"{BIN / 'target-dlt'} --config {file_of(tmp_path, name, config)}"

    with site("3", SMALL) as page:
        tap = f"{BIN / 'tap-cachet'} --config {file_of(tmp_path, 'tap', page.config())}"
        catalog = select(discover("tap-cachet"), *STREAMS)
        tap += f" --catalog {file_of(tmp_path, 'catalog', catalog)}"
        piped(f"{tap} | {target('nightly')} > {tmp_path}/before")
        gone = next(iter(page.world.components)).id
        page.world.components.delete(gone)
        plan = tmp_path / "plan.json"
        plan.write_text(run(*tap.split(), "--parts", str(PARTS)))
        receipts = [f"{tmp_path}/receipt.{index}" for index in range(PARTS)]
        lines = [
            f"{tap} --part {plan}#{index} | {target(f'part{index}')} > {receipt}"
            for index, receipt in enumerate(receipts)
        ]
        if at_once:
            started = [subprocess.Popen(["bash", "-o", "pipefail", "-c", line]) for line in lines]
            assert [one.wait(timeout=250) for one in started] == [0] * PARTS
        else:
            for line in lines:
                piped(line)
        ending = target("nightly", replace_when="trusted")  # there are no rows in it
        piped(f"{tap} --join {plan} {' '.join(receipts)} | {ending} > {tmp_path}/state")
        expected = page.run(streams=STREAMS)
        again = page.run(streams=STREAMS, state=Path(tmp_path, "state").read_text())
    assert again.exit_code == 0, again.stderr
    assert (gone,) not in expected.keys("components")
    for stream in STREAMS:
        names = expected.schemas[stream]["key_properties"]
        found = rows(kind, credentials, stream, names)
        assert sorted(found) == sorted(expected.keys(stream)), stream
    proofs = rows(kind, credentials, "singer_proofs", ["stream_name", "scope", "verdict"])
    assert {("components", "whole", "equal"), ("incidents", "whole", "equal")} <= set(proofs)
    assert "differs" not in {verdict for _stream, _scope, verdict in proofs}


def rows(kind: str, credentials: str, stream: str, names: list[str]) -> list[tuple[Any, ...]]:
    query = f"SELECT {', '.join(names)} FROM status.{stream}"
    if kind == "duckdb":
        with duckdb.connect(credentials) as database:
            return database.execute(query).fetchall()
    with psycopg.connect(credentials) as server:
        return server.execute(query).fetchall()


def piped(line: str) -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
