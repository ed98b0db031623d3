"""The three taps into other people's targets: every row once, as the tap sent it.

It takes minutes and installs five environments, so that `make targets` runs it and not `make test`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cachet.conftest import site as cachet_site
from cinchy.conftest import site as cinchy_site
from cortex.conftest import site as cortex_site
from postgres import Postgres
from support.tap_run import TapRun

from sandbox.cachet.generate import Size

from .foreign import TARGETS, Place, Target, text_of

pytestmark = [pytest.mark.targets, pytest.mark.timeout(900)]

UNFIT: dict[tuple[str, str], set[str]] = {
    # Values of any kind, which it writes into a JSON column as they are: a text is no JSON.
    ("cortex", "pipelinewise-target-postgres"): {"custom_data", "entity_metadata"},
    ("cortex", "target-duckdb"): {"custom_data", "entity_metadata"},
    # Two names of columns that are alike in their first 63 bytes, where it cuts them.
    ("cinchy", "meltanolabs-target-postgres"): {
        "o_brien_sons_eu_staff_s_orders_returns_100_a_b_x_y_z"
    },
}
"""What cannot work, see docs/guides/targets.md: streams that have to be deselected."""


@contextmanager
def tap_run(system: str) -> Iterator[TapRun]:
    if system == "cachet":
        with cachet_site("3", Size(metric_points=60)) as site:
            run = site.run()
            truth = site.truth().keys
            for stream, records in run.records.items():
                keys = run.schemas[stream]["key_properties"]
                if stream in truth:
                    sent = {tuple(row[key] for key in keys) for row in records}
                    assert sent == truth[stream]
            yield run
    elif system == "cortex":
        with cortex_site() as site:
            yield site.run()
    else:
        with cinchy_site() as site:
            yield site.run()


@pytest.fixture(scope="module", params=["cachet", "cortex", "cinchy"])
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, TapRun, Path]]:
    with tap_run(request.param) as run:
        assert run.exit_code == 0, run.stderr
        messages = tmp_path_factory.mktemp(request.param) / "messages.singer"
        messages.write_text(run.stdout, encoding="utf-8")
        yield request.param, run, messages


def plain(stream: str) -> str:
    """Return a stream's name as loaders write it."""
    return "_".join(re.findall(r"[a-z0-9]+", stream.lower()))


def without(messages: Path, streams: set[str], folder: Path) -> Path:
    """Leave some streams out, as deselecting them does."""
    if not streams:
        return messages
    kept = folder / "kept.singer"
    with (
        messages.open(encoding="utf-8", newline="\n") as lines,
        kept.open("w", newline="\n") as out,
    ):
        for line in lines:
            if plain(json.loads(line).get("stream", "")) not in streams:
                out.write(line)
    return kept


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.package)
def test_every_row_arrives_once(
    target: Target, system: tuple[str, TapRun, Path], warehouse: Postgres, tmp_path: Path
) -> None:
    name, run, messages = system
    place = Place(tmp_path, warehouse, f"{name}_{uuid.uuid4().hex[:6]}")
    unfit = UNFIT.get((name, target.package), set())
    done = target.load(place, without(messages, unfit, tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    states = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert json.loads(states[-1]) == run.states[-1]
    wrong: dict[str, Any] = {}
    for stream, schema in run.schemas.items():
        if plain(stream) in unfit:
            continue
        columns = tuple(schema["key_properties"])
        sent = Counter(
            tuple(text_of(row.get(column)) for column in columns) for row in run.records[stream]
        )
        if columns and not target.keeps_every_state:
            sent = Counter(dict.fromkeys(sent, 1))
        found = Counter(target.rows(place, stream, columns or ("_none",)) if columns else ())
        if columns and found != sent:
            wrong[stream] = (len(found), len(sent), (sent - found).most_common(2))
    assert wrong == {}
