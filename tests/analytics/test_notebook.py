"""The notebook of examples/ runs from top to bottom, over marts there are."""

from __future__ import annotations

import subprocess

import pytest

from analytics.loading import DBT, ROOT, Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_its_cells_run(warehouse: Warehouse) -> None:
    notebook = ROOT / "examples" / "board.py"
    done = subprocess.run(
        [str(DBT.parent / "python"), str(notebook), "--", "--database", warehouse.database],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
