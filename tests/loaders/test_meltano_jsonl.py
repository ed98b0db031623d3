"""Meltano as a newcomer meets it: no Hub, one command, files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cachet.conftest import site

from sandbox.cachet.generate import Size

from .conftest import Run

# Others may be using the project, and a test waits until they are done.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def test_run_into_files_and_connection_test(meltano: Run, tmp_path: Path) -> None:
    with site("3", Size(metric_points=10)) as running:
        settings = {
            "TAP_CACHET_API_URL": running.server.url,
            "TAP_CACHET_API_KEY": running.options.tokens[0].text,
            "TARGET_JSONL_DESTINATION_PATH": str(tmp_path),
        }
        checked = meltano("config", "test", "tap-cachet", **settings)
        assert checked.returncode == 0, checked.stderr
        done = meltano("run", "tap-cachet", "target-jsonl", **settings)
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / "incidents.jsonl").read_text().splitlines()
        ids = {json.loads(line)["id"] for line in lines}
        assert ids == running.truth().ids("incidents")
        assert len(lines) == len(ids)
    assert not (tmp_path / "subscribers.jsonl").exists()


def test_connection_test_shows_the_remedy(meltano: Run) -> None:
    with site("3", Size(metric_points=10)) as running:
        settings = {"TAP_CACHET_API_URL": running.server.url, "TAP_CACHET_API_KEY": "1|wrong"}
        checked = meltano("config", "test", "tap-cachet", **settings)
    assert checked.returncode != 0
    assert "api_key rejected" in checked.stdout + checked.stderr
