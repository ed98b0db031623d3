"""The project of the guide for dlt, in a folder that knows nothing of this repository."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sandbox import cachet
from sandbox.serve import serve

from .blocks import blocks
from .checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration
GUIDE = ROOT / "docs" / "guides" / "dlt.md"


def test_the_project_of_the_guide_ends_with_a_data_frame(tmp_path: Path) -> None:
    own = [block.text for block in blocks(GUIDE) if block.reason]
    [secrets] = [text for text in own if text.startswith("# .dlt/secrets.toml")]
    [script] = [text for text in own if text.startswith("# load.py")]
    (tmp_path / ".dlt").mkdir()
    (tmp_path / "load.py").write_text(script, encoding="utf-8")
    world = cachet.generate(cachet.Size(incidents=30, metric_points=5))
    with serve(cachet.create_app(world, cachet.Options())) as server:
        filled = secrets.replace("https://status.example.com", server.url)
        filled = filled.replace('"..."', f'"{cachet.ADMIN_TOKEN}"')
        (tmp_path / ".dlt" / "secrets.toml").write_text(filled, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "load.py"],
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path), "DLT_DATA_DIR": str(tmp_path / "dlt")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    newest = max(row.id for row in world.incidents if row.deleted_at is None)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["id", "name", "status_name", "occurred_at"]
    assert lines[-1].split()[1] == str(newest)
    assert (tmp_path / "cachet_pipeline.duckdb").exists()
