"""Load generated systems through Meltano and ask the result what its owners would ask.

``make demo`` runs this. Everything is local: the systems are sandboxes, the data is generated.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "output" / "demo"
MELTANO = ROOT / ".tools" / "meltano" / "bin" / "meltano"

WAREHOUSE = OUTPUT / "warehouse.duckdb"
QUESTIONS = ROOT / "docs" / "questions"
TAPS = ("tap-cachet", "tap-cortex", "tap-cinchy")


@contextlib.contextmanager
def sandbox(system: str, *options: str) -> Iterator[str]:
    """Start a sandbox on a free port; yields its address."""
    command = [sys.executable, "-m", "sandbox", system, "--stop-with-parent", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        ready = server.stdout.readline().split() if server.stdout else []
        if ready[:1] != ["READY"]:
            raise SystemExit(f"The {system} sandbox did not start.")
        try:
            yield ready[1]
        finally:
            server.terminate()


def meltano_run(*blocks: str, **settings: str) -> None:
    """Run Meltano as a user does, with settings from the environment."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    print(f"$ meltano run {' '.join(blocks)}", flush=True)
    done = subprocess.run(
        [str(MELTANO), "run", "--full-refresh", *blocks],
        cwd=ROOT,
        env={
            **env,
            "TARGET_DLT_CREDENTIALS": str(WAREHOUSE),
            "TARGET_DLT_PIPELINES_DIR": str(OUTPUT / "pipelines"),
            **settings,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def ask(database: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, ...]]:
    """Return an answer as text, column names first."""
    answer = database.execute(query)
    names = tuple(column[0] for column in answer.description or ())
    rows = answer.fetchall()
    return [names, *(tuple("" if v is None else str(v) for v in row) for row in rows)]


def show(title: str, rows: list[tuple[str, ...]]) -> None:
    """Print the answer to one question."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    print(f"\n{title}")
    for number, row in enumerate(rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"  {line.rstrip()}")
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


def load_cachet() -> None:
    """Load a status page."""
    with sandbox("cachet", "--api", "3", "--seed", "42") as url:
        meltano_run(
            "tap-cachet",
            "target-dlt",
            TAP_CACHET_API_URL=url,
            TAP_CACHET_API_KEY="1|sandbox-admin",
        )


def load_cortex() -> None:
    """Load a developer portal twice: before and after its scorecards were evaluated again."""
    settings = {
        "TAP_CORTEX_API_KEY": "cortex-sandbox-key",
        "TAP_CORTEX_REQUESTS_PER_MINUTE": "0",  # nobody else uses this server
    }
    for evaluation in ("0", "6"):
        with sandbox("cortex", "--seed", "42", "--evaluation", evaluation) as url:
            meltano_run("tap-cortex", "target-dlt", TAP_CORTEX_API_URL=url, **settings)
        if evaluation == "0":
            # A demo cannot wait for tomorrow: the first snapshot becomes yesterday's.
            with duckdb.connect(str(WAREHOUSE)) as database:
                database.execute(
                    "update tap_cortex.scorecard_scores_daily set snapshot_date = snapshot_date - 1"
                )


def load_cinchy() -> None:
    """Load a data platform, without a single hand-written query."""
    with sandbox("cinchy", "--seed", "42") as url:
        meltano_run(
            "tap-cinchy",
            "target-dlt",
            TAP_CINCHY_API_URL=url,
            TAP_CINCHY_ACCESS_TOKEN="pat-reader",  # noqa: S106  # of the sandbox
            TAP_CINCHY_ALLOW_INSECURE_HTTP="true",
        )


def main() -> None:
    """Load and ask."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    print("Three generated systems listen on this machine; Meltano loads them into DuckDB.\n")
    for load in (load_cachet, load_cortex, load_cinchy):
        load()
    database = duckdb.connect(str(WAREHOUSE), read_only=True)
    for tap in TAPS:
        schema = tap.replace("-", "_")
        database.execute(f"use {schema}")
        found = ask(
            database,
            "select table_name from information_schema.tables "
            "where table_schema = current_schema() and not starts_with(table_name, '_') order by 1",
        )
        counts: list[tuple[str, ...]] = [
            (name, ask(database, f'select count(*) from "{name}"')[1][0])  # noqa: S608
            for (name,) in found[1:]
        ]
        rows = [("table", "rows"), *counts]
        show(f"{tap}: {len(counts)} tables", rows)
        for question in sorted(QUESTIONS.glob(f"{tap}-*.sql")):
            title, _, query = question.read_text(encoding="utf-8").partition("\n")
            show(title.removeprefix("-- "), ask(database, query))
    place = WAREHOUSE.relative_to(ROOT)
    print(f"\nEverything is in {place}. Now point a tap at a system of your own.")


if __name__ == "__main__":
    main()
