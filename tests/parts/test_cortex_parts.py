"""Cortex in parts: fan-outs by parents, logs by time, the rest whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cortex.conftest import SMALL, Site, all_streams, site

from .reading import read_in_parts

FEW = ("entity_scorecards", "custom_events", "dependencies", "audit_logs", "notification_logs")
SCORED = ("scorecard_scores", "scorecard_next_steps", "entities", "deploys", "docs_list")


@pytest.fixture(scope="module")
def workspace() -> Iterator[Site]:
    with site(SMALL) as running:
        yield running


def run(workspace: Site, streams: tuple[str, ...], *arguments: str, **more: Any) -> Any:
    more.pop("streams", None)
    chosen = () if "--part" in arguments or "--join" in arguments else streams
    settings = {"page_size": 20, **more.pop("settings", {})}
    return workspace.run(*chosen, arguments=arguments, settings=settings, **more)


@pytest.mark.parametrize(
    ("streams", "count"),
    [
        (FEW, 2),
        pytest.param(FEW, 8, marks=pytest.mark.integration),
        pytest.param(SCORED, 32, marks=pytest.mark.integration),
    ],
)
def test_parts_bring_what_one_run_brings(
    workspace: Site, tmp_path: Path, count: int, streams: tuple[str, ...]
) -> None:
    assert set(streams) <= all_streams()
    whole = run(workspace, streams)
    assert whole.exit_code == 0, whole.stderr
    parted = read_in_parts(lambda *a, **m: run(workspace, streams, *a, **m), tmp_path, count)
    assert parted.joined.exit_code == 0, parted.joined.stderr
    for stream in whole.schemas:
        assert set(parted.keys(stream)) == set(whole.keys(stream)), stream
    assert sorted(parted.joined.activated) == sorted(whole.activated)
    ours, theirs = parted.joined.states[-1]["bookmarks"], whole.states[-1]["bookmarks"]
    assert ours.keys() == theirs.keys()
    if count > 2:
        pieces = [piece for part in parted.plan["parts"] for piece in part]
        cut = {name for piece in pieces if piece.get("span") for name in piece["streams"]}
        assert len(cut) >= 3, cut
