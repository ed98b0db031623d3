"""Load a year of a made-up company through Meltano, ask the questions of the docs, draw the page.

``make demo`` runs this. Everything is local: the systems are sandboxes, the data is generated. What
takes longer than a moment says so before it begins, and every five seconds while it goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "output" / "demo"
MELTANO = ROOT / ".tools" / "meltano" / "bin" / "meltano"
ANALYTICS = ROOT / ".tools" / "analytics" / "bin" / "python"
PROVE = Path(sys.executable).with_name("singer-prove")

WAREHOUSE = OUTPUT / "warehouse.duckdb"
PAGE = OUTPUT / "board.html"
QUESTIONS = ROOT / "docs" / "questions"
WEEK = 7
EVERY = 5
"""Seconds between two signs of life."""
MAX_ROWS, MAX_WIDTH = 5, 34
"""Of an answer on the screen; the page and the database have all of it."""

KEYS = {
    "cachet": {"TAP_CACHET_API_KEY": "1|sandbox-admin"},
    "cortex": {
        "TAP_CORTEX_API_KEY": "cortex-sandbox-key",
        "TAP_CORTEX_OPT_IN_STREAMS": '["deploys"]',
        "TAP_CORTEX_REQUESTS_PER_MINUTE": "0",  # nobody else uses this server
    },
    "cinchy": {
        "TAP_CINCHY_ACCESS_TOKEN": "pat-reader",
        "TAP_CINCHY_ALLOW_INSECURE_HTTP": "true",
    },
}
"""How to sign in to the sandboxes; no secret of anybody's, and yet nothing for a screen."""
WHAT = {"cachet": "a status page", "cortex": "a developer portal", "cinchy": "a data platform"}


@contextlib.contextmanager
def patiently(what: str) -> Iterator[None]:
    """Say what is done, that it goes on, and how long it took."""
    print(f"{what} ...", flush=True)
    over = threading.Event()
    began = time.monotonic()

    def remind() -> None:
        while not over.wait(EVERY):
            print(f"  {time.monotonic() - began:.0f} s", flush=True)

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        over.set()
        reminder.join()


@contextlib.contextmanager
def sandbox(system: str, *options: str) -> Iterator[str]:
    """Start a sandbox on a free port; yields its address."""
    command = [sys.executable, "-m", "sandbox", system, "--company", "--stop-with-parent"]
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it tells how to sign in
        text=True,
        cwd=ROOT,
    ) as server:
        ready = server.stdout.readline().split() if server.stdout else []
        if ready[:1] != ["READY"]:
            raise SystemExit(f"The {system} sandbox did not start.")
        try:
            yield ready[1]
        finally:
            server.terminate()


def load(system: str, *options: str, when: str = "") -> None:
    """Load one system as a user does, settings from the environment; say what is proved."""
    summary = OUTPUT / f"{system}.json"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with patiently(f"$ meltano run tap-{system} target-dlt"), sandbox(system, *options) as url:
        done = subprocess.run(
            [str(MELTANO), "run", "--full-refresh", f"tap-{system}", "target-dlt"],
            cwd=ROOT,
            env={
                **env,
                **KEYS[system],
                f"TAP_{system.upper()}_API_URL": url,
                f"TAP_{system.upper()}_SUMMARY_FILE": str(summary),
                # What a user's own commands load later knows nothing of what was loaded here.
                "MELTANO_DATABASE_URI": f"sqlite:///{OUTPUT / 'meltano.db'}",
                "TARGET_DLT_CREDENTIALS": str(WAREHOUSE),
                "TARGET_DLT_PIPELINES_DIR": str(OUTPUT / "pipelines" / system),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    streams = json.loads(summary.read_text(encoding="utf-8"))["tap"]["streams"]
    complete = [one for one in streams if one["outcome"] == "complete"]
    rows = sum(one["rows"] for one in complete)
    print(
        f"  {WHAT[system]}{when}: {len(complete)} of {len(streams)} streams proved complete, "
        f"{rows} rows"
    )


def load_cortex() -> None:
    """Load the portal as it was a week ago, and as it is now: scores fall between two days only."""
    load("cortex", "--days-ago", str(WEEK), when=" as it was a week ago")
    with duckdb.connect(str(WAREHOUSE)) as database:
        # A demo cannot wait for a week: the first snapshot is dated back.
        database.execute(
            f"update tap_cortex.scorecard_scores_daily set snapshot_date = snapshot_date - {WEEK}"  # noqa: S608
        )
    load("cortex", when=" as it is now")


def build_page() -> None:
    """Build the marts with dbt, and draw them."""
    with patiently("$ make board: dbt builds the marts and tests them, then the page is drawn"):
        done = subprocess.run(
            [str(ANALYTICS), "-m", "board", str(WAREHOUSE), "--output", str(PAGE)],
            cwd=ROOT / "analytics",
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def cell(value: object) -> str:
    """Return a value as a cell of a table on the screen."""
    text = "" if value is None else str(value)
    return text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 1] + "…"


def answer(database: duckdb.DuckDBPyConnection, question: Path) -> None:
    """Print a question and the beginning of its answer."""
    title, _, query = question.read_text(encoding="utf-8").partition("\n")
    found = database.execute(query)
    names = tuple(column[0] for column in found.description or ())
    every = found.fetchall()
    rows = [names, *(tuple(map(cell, row)) for row in every[:MAX_ROWS])]
    widths = [max(len(row[index]) for row in rows) for index in range(len(names))]
    print(f"\n{title.removeprefix('-- ')}")
    for number, row in enumerate(rows):
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        print(f"  {line.rstrip()}")
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
    if len(every) > MAX_ROWS:
        print(f"  ... and {len(every) - MAX_ROWS} more")


def prove(system: str) -> None:
    """Hold the tables of a system against what its tap proved."""
    command = [str(PROVE), str(WAREHOUSE), "--schema", f"tap_{system}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    *lines, last = done.stdout.splitlines()
    print(f"  {WHAT[system]}: {last.removeprefix('PROVED ')}")
    for line in lines:
        if line.startswith("not comparable"):
            print(f"    {line.removeprefix('not comparable').strip()}")


def main() -> None:
    """Load, ask, draw and prove."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    print(
        "A status page, a developer portal and a data platform of a made-up company listen on\n"
        "this machine; Meltano loads them into DuckDB, as it would load yours.\n",
        flush=True,
    )
    load("cachet")
    load_cortex()
    load("cinchy")
    build_page()
    with duckdb.connect(str(WAREHOUSE), read_only=True) as database:
        for question in sorted(QUESTIONS.glob("*.sql")):
            answer(database, question)
    print("\n$ singer-prove: are the tables what the taps proved? (docs/receipts.md)")
    for system in WHAT:
        prove(system)
    print(
        f"\nThe page: {PAGE}\n"
        f"The data: {WAREHOUSE.relative_to(ROOT)} (tables in tap_..., answers in analytics)\n\n"
        "Your own system comes next. Copy .env.example to .env, fill in an address and a key,\n"
        "and see what the key may read:\n\n"
        "  .tools/meltano/bin/meltano invoke tap-cachet --test"
    )


if __name__ == "__main__":
    main()
