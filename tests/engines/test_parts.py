"""The recipes for reading in parts: the shell, Dagster and Airflow, each into DuckDB."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import duckdb
import psycopg
import pytest
from postgres import start_postgres
from readme.blocks import blocks
from support.shell import run

from .conftest import Place
from .recipes import BIN, ENGINES, ROOT, start

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]

GUIDE = ROOT / "docs" / "guides" / "many-machines.md"
DAGSTER = """
import os
import dagster
os.environ["DAGSTER_HOME"] = os.getcwd()
import parts_definitions as found

instance = dagster.DagsterInstance.ephemeral()
assets = [found.cachet_plan, found.cachet_part, found.cachet_joined]
dagster.materialize([found.cachet_plan], instance=instance)
for part in found.PARTS.get_partition_keys():
    dagster.materialize([assets[0], assets[1]], selection=[assets[1]], partition_key=part,
                        instance=instance)
dagster.materialize(assets, selection=[assets[2]], instance=instance)
print("[]")
"""


def block(name: str) -> str:
    [found] = [one.text for one in blocks(GUIDE) if one.text.startswith(f"# {name}")]
    return found


def environment(place: Place, folder: Path) -> dict[str, str]:
    return {
        **place.env,
        "PATH": f"{BIN}:{place.env['PATH']}",
        "PARTS_FOLDER": str(folder),
        "TARGET_DLT_DESTINATION": "duckdb",
        "TARGET_DLT_CREDENTIALS": str(folder / "parts.duckdb"),
        "TARGET_DLT_DATASET_NAME": "status",
        "TARGET_DLT_PIPELINES_DIR": str(folder / "pipelines"),
    }


def check(folder: Path) -> None:
    state = json.loads((folder / "state.json").read_text())
    with duckdb.connect(str(folder / "parts.duckdb")) as database:
        [(rows,)] = database.execute("SELECT count(*) FROM status.incidents").fetchall()
    assert state["bookmarks"]["incidents"]["complete_rows"] == rows > 0


def test_the_shell_reads_in_parts(place: Place, tmp_path: Path) -> None:
    [text] = [one.text for one in blocks(GUIDE) if one.language == "console"]
    known = environment(place, tmp_path)
    with start_postgres() as server:
        kept = {name: value for name, value in known.items() if name.startswith("TAP_")}
        kept |= {
            "TARGET_DLT_DESTINATION": "postgres",
            "TARGET_DLT_CREDENTIALS": server.url,
            "TARGET_DLT_DATASET_NAME": "status",
            "TARGET_DLT_PIPELINES_DIR": str(tmp_path / "pipelines"),
        }
        lines = [f"{name}={shlex.quote(value)}" for name, value in kept.items()]
        (tmp_path / ".env").write_text("\n".join(lines) + "\n")
        (tmp_path / "output").mkdir()
        run("bash", "-eo", "pipefail", "-c", text, cwd=tmp_path, env={"PATH": known["PATH"]})
        with psycopg.connect(server.url) as database:
            [(rows,)] = database.execute("SELECT count(*) FROM status.incidents").fetchall()
    state = json.loads((tmp_path / "output" / "state.json").read_text())
    assert state["bookmarks"]["incidents"]["complete_rows"] == rows > 0


def test_dagster_reads_in_parts(place: Place, tmp_path: Path) -> None:
    for name in ("parts.py", "parts_definitions.py"):
        (place.project / name).write_text(block(name), encoding="utf-8")
    start("dagster", DAGSTER, place.project, environment(place, tmp_path))
    check(tmp_path)


def test_airflow_reads_in_parts(place: Place, tmp_path: Path) -> None:
    dags = tmp_path / "dags"
    dags.mkdir()
    for name in ("parts.py", "parts_dag.py"):
        (dags / name).write_text(block(name), encoding="utf-8")
    airflow = ENGINES / "airflow" / "bin"
    env = environment(place, tmp_path)
    env |= {
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PATH": f"{airflow}:{env['PATH']}",
    }
    for command in ("airflow db migrate", "airflow dags test cachet_in_parts"):
        done = subprocess.run(
            command.split(),
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=800,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    check(tmp_path)
