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

QUESTIONS = ROOT / "docs" / "questions"


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
        env={**env, **settings},
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


def main() -> None:
    """Load and ask."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    with sandbox("cachet", "--api", "3", "--seed", "42") as url:
        print(f"A generated Cachet status page listens on {url}")
        meltano_run(
            "tap-cachet",
            "target-jsonl",
            TAP_CACHET_API_URL=url,
            TAP_CACHET_API_KEY="1|sandbox-admin",
            TARGET_JSONL_DESTINATION_PATH=str(OUTPUT),
        )
    database = duckdb.connect()
    print("\nWhat arrived:")
    for path in sorted(OUTPUT.glob("*.jsonl")):
        database.execute(
            f"create view {path.stem} as select * from read_json_auto('{path}', format='nd')"  # noqa: S608
        )
        count = ask(database, f"select count(*) from {path.stem}")[1][0]  # noqa: S608
        print(f"  {path.stem:24} {count:>6} rows")
    for question in sorted(QUESTIONS.glob("tap-cachet-*.sql")):
        title, _, query = question.read_text(encoding="utf-8").partition("\n")
        show(title.removeprefix("-- "), ask(database, query))
    print(
        f"\nThe files are in {OUTPUT.relative_to(ROOT)}/. Point tap-cachet at your own page next."
    )


if __name__ == "__main__":
    main()
