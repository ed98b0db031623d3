"""Measure everything, one program after the other, and print what came out.

``make bench`` from the root of the repository; ``python -m bench --help`` for parts of it.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import sys
from pathlib import Path

from bench import report
from bench.contenders.loading import databases
from bench.play import play
from bench.results import Outcome
from bench.scenarios import WORLDS

HERE = Path(__file__).parent
ROUNDS = 3


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=WORLDS, help="these scenarios only")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of every program")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it work at all?")
    parser.add_argument("--size", type=int, help="records or entities, instead of each's own")
    parser.add_argument("--json", type=Path, help="where to keep the results")
    parser.add_argument("--pages", action="store_true", help="bring the tables of the pages up")
    options = parser.parse_args()
    outcome = Outcome()
    with databases():
        for name in options.only or WORLDS:
            for made in WORLDS[name]():
                scenario = made.quick() if options.quick else made
                if options.size:
                    scenario = dataclasses.replace(scenario, size=options.size)
                play(scenario, outcome, 1 if options.quick else options.rounds, quick=options.quick)
    day = dt.datetime.now(dt.UTC).date()
    short = report.summary(outcome, day, options.rounds)
    text = f"{short}\n{report.details(outcome)}"
    found = json.dumps(report.as_json(outcome, day, options.rounds), indent=1)
    print(text)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(found + "\n", encoding="utf-8")
        print(f"The same as JSON: {options.json}")
    else:
        print(found)
    if options.pages:
        front = report.summary(outcome, day, options.rounds, report.FRONT)
        report.put_into(HERE / "README.md", text)
        report.put_into(HERE.parent / "README.md", front)
    ours = [name for name in outcome.failed if name.startswith(("tap-", "target-dlt"))]
    for name in ours:
        print(f"{name} did not finish.", file=sys.stderr)
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main())
