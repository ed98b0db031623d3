"""An entity that is archived between two runs: its history stays in the table, its state goes."""

from __future__ import annotations

import collections
import dataclasses
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from support.tap_run import BIN, TapRun

from .conftest import SMALL, Site, site

if TYPE_CHECKING:
    from pathlib import Path

FEW = dataclasses.replace(SMALL, entities=40, crowd=6, logs=40)
HISTORIES = ("custom_data", "custom_events", "deploys", "gitops_logs")
OF_ENTITY = ("custom_data", "custom_events", "deploys")
RETIRED = ("custom_data", "deploys", "gitops_logs")
"""Those that are read whole, so that a read can retire rows; events come from a bookmark on."""


def load(folder: Path, run: TapRun) -> None:
    """Give what a tap wrote to target-dlt, into one DuckDB file."""
    config = folder / "target.json"
    config.write_text(
        json.dumps(
            {
                "destination": "duckdb",
                "credentials": str(folder / "w.duckdb"),
                "dataset_name": "portal",
                "pipelines_dir": str(folder / "pipelines"),
            }
        )
    )
    done = subprocess.run(
        [BIN / "target-dlt", "--config", config],
        input=run.stdout,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr


def keys(folder: Path, run: TapRun, stream: str) -> set[tuple[Any, ...]]:
    """Return the keys that a table holds now."""
    columns = [re.sub("([A-Z])", r"_\1", n).lower() for n in run.schemas[stream]["key_properties"]]
    names = ", ".join(columns)
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as database:
        return set(database.execute(f"SELECT {names} FROM portal.{stream}").fetchall())


def of_busiest(running: Site, run: TapRun) -> Any:
    """Return the living entity that has most of a history of every kind."""
    found = [collections.Counter(r["entity_id"] for r in run.records[name]) for name in OF_ENTITY]
    living = [entity for entity in running.world.entities if not entity.is_archived]
    busy = max(living, key=lambda entity: min(counts[entity.id] for counts in found))
    assert all(counts[busy.id] for counts in found)
    return busy


@pytest.mark.parametrize("gone", [True, False], ids=["its routes are gone", "its routes answer"])
def test_an_archived_entity_keeps_its_history(tmp_path: Path, gone: bool) -> None:  # noqa: FBT001
    streams = (*HISTORIES, "entities")
    with site(FEW, archived_children_gone=gone) as running:
        first = running.run(*streams)
        load(tmp_path, first)
        before = {stream: keys(tmp_path, first, stream) for stream in HISTORIES}
        busy = of_busiest(running, first)
        busy.is_archived = True
        del running.world.gitops_logs[0]  # which Cortex keeps for a while only
        running.world.touch()
        second = running.run(*streams, state=first.states[-1])
        load(tmp_path, second)
        after = {stream: keys(tmp_path, first, stream) for stream in HISTORIES}
        old = running.run(*streams, state=second.states[-1], settings={"retire_history": True})
        load(tmp_path, old)
        retired = {stream: keys(tmp_path, first, stream) for stream in RETIRED}
    assert first.exit_code == second.exit_code == old.exit_code == 0, second.stderr
    for stream in HISTORIES:
        assert len(before[stream]) == len(set(first.keys(stream)))
        assert after[stream] == before[stream], stream
    assert second.activated == ["entities"]
    assert set(RETIRED) <= set(old.activated)
    for stream in RETIRED if gone else ():
        assert retired[stream] < before[stream], stream
        assert len(retired[stream]) == len(set(old.keys(stream)))
