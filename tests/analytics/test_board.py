"""The page in a real browser, over three hostile systems with receipts; run by make board-test."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from analytics import receipts
from analytics.conftest import by_target_dlt
from analytics.loading import DBT, NOW, PACKAGE, ROOT, SYSTEMS, worlds

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
PYTHON = str(DBT.parent / "python")
SCREENSHOTS = ROOT / "output" / "screenshots"
RUNS = [NOW - dt.timedelta(days=day) for day in range(12)]


def board(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the package as make does."""
    return subprocess.run(
        [PYTHON, "-m", *arguments],
        cwd=PACKAGE,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three systems, one of them on two days, with receipts of twelve."""
    path = tmp_path_factory.mktemp("board") / "warehouse.duckdb"
    with worlds(5, hostile=True) as found:
        by_target_dlt(found, path)
    for system in SYSTEMS:
        receipts.write(path, system, RUNS)
    return path


@pytest.fixture(scope="module")
def page(database: Path) -> Path:
    """The page over them."""
    path = database.with_name("board.html")
    made = board("board", str(database), "--output", str(path))
    assert made.returncode == 0, made.stderr
    assert made.stdout.strip() == str(path)
    return path


def test_nothing_is_wrong_with_it_in_a_browser(page: Path) -> None:
    seen = board("board.looking", str(page), "--screenshots", str(SCREENSHOTS))
    assert (seen.returncode, seen.stdout.strip()) == (0, "nothing wrong"), seen.stderr


def test_every_section_has_its_chart(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    charts = ("uptime", "teams", "fallen", "unowned", "deploys", "tables", "links", "proofs")
    for key in charts:
        assert f'class="chart" id="{key}"' in text, key
    assert 'class="empty">' not in text.split("<noscript>")[0]


def test_what_is_proved_is_said(page: Path, database: Path) -> None:
    text = page.read_text(encoding="utf-8")
    with duckdb.connect(str(database), read_only=True) as connection:
        streams = connection.execute(
            "select count(*) from analytics.fct_loads where is_latest"
        ).fetchone()
        until = connection.execute(
            "select distinct proved_until from analytics.fct_incidents"
        ).fetchall()
    assert streams is not None
    assert f"{streams[0]} of {streams[0]}\u00a0streams" in text
    assert until == [(NOW.replace(tzinfo=None),)]


def test_a_page_that_is_broken_is_noticed(page: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    text = page.read_text(encoding="utf-8")
    wide = text.replace("<main>", '<main><div style="width: 3000px">wide</div>', 1)
    broken.write_text(wide.replace('"links": ', '"lnks": '), encoding="utf-8")
    seen = board("board.looking", str(broken))
    assert seen.returncode == 1
    assert "wider than the screen" in seen.stdout
    assert "phone: " in seen.stdout
    assert "desktop: " in seen.stdout


def test_a_stream_that_is_not_complete_fails_the_build(database: Path, page: Path) -> None:
    assert page.exists()
    receipts.write(database, "cachet", [NOW + dt.timedelta(hours=1)], {"incidents": "partial"})
    made = board("board", str(database), "--output", str(database.with_name("again.html")))
    assert made.returncode == 2
    assert "proved_complete" in made.stderr
