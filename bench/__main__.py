"""Measure everything, one contender after the other, and print what came out.

``python -m bench`` from the root of the repository, or ``make bench``.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import http.client
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import report
from bench.contenders import Job
from bench.measure import ContenderError, Cost, run
from bench.results import Entry, Outcome, Round, median_cost
from bench.scenarios import everything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.contenders import Contender
    from bench.scenarios import Scenario

ROOT = Path(__file__).parent.parent
ROUNDS = 3
LEFT_OUT = frozenset(
    {"PYTHONDONTWRITEBYTECODE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}
)


def environment() -> dict[str, str]:
    """Return the environment of every contender: byte code, and no network of this machine."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name not in LEFT_OUT
    }
    return kept | {"PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def served(scenario: Scenario, size: int, *, quick: bool) -> Iterator[str]:
    """Serve a world in a process of its own until the block ends; yields its URL."""
    options = ["--size", str(size), "--latency-ms", str(0 if quick else scenario.latency_ms)]
    options += ["--limit", str(scenario.limit), "--window", scenario.window]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.server", scenario.world, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None  # noqa: S101  # both are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        yield process.stdout.readline().split()[1]
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def control(url: str, what: str) -> dict[str, float]:
    """Ask the server for its statistics, or to begin anew."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", f"/-/{what}")
    found: dict[str, float] = json.load(connection.getresponse())
    connection.close()
    return found


def measure(scenario: Scenario, contender: Contender, url: str, size: int | None) -> Round:
    """Run a contender once.

    Raises:
        ContenderError: It failed, or did not bring what there is.
    """
    control(url, "reset")
    with tempfile.TemporaryDirectory() as folder:
        job = Job(url, Path(folder), scenario.page_size, scenario.workers)
        commands = contender.commands(job)
        cost = run(commands, environment() | dict(contender.env), folder)
    asked = control(url, "stats")
    wanted = None if contender.records is None else contender.records * (size or 0)
    if size is not None and wanted is not None and cost.records != wanted:
        raise ContenderError(f"{contender.name} wrote {cost.records} records of {wanted}")
    if asked["missed"]:
        raise ContenderError(f"{contender.name} asked {asked['missed']} times for nothing")
    return Round(cost, asked)


def play(scenario: Scenario, outcome: Outcome, rounds: int, *, quick: bool) -> None:
    """Run a scenario: every contender once with a world of one, then all of them in turn."""
    outcome.scenarios[scenario.name] = scenario
    entries = outcome.entries[scenario.name] = {}
    rounds = min(rounds, scenario.most_rounds)
    with contextlib.ExitStack() as servers:
        sizes = {one.name: max(1, int(scenario.size * one.share)) for one in scenario.contenders}
        urls = {
            size: servers.enter_context(served(scenario, size, quick=quick))
            for size in {1, *sizes.values()}
        }
        for contender in scenario.contenders:
            starts = [Cost(0.0, 0.0, 0.0, 0)]
            if scenario.name != "start-up" and not quick:
                starts = [measure(scenario, contender, urls[1], 1).cost for _round in range(rounds)]
            entries[contender.name] = Entry(sizes[contender.name], median_cost(starts))
        for number in range(rounds):
            for contender in scenario.contenders:
                size = sizes[contender.name]
                found = measure(scenario, contender, urls[size], size)
                entries[contender.name].rounds.append(found)
                print(
                    f"{scenario.name:14} {number + 1}/{rounds} {contender.name:28} "
                    f"{found.cost.cpu:8.2f} CPU s {found.cost.seconds:8.2f} s "
                    f"{found.cost.memory:7.0f} MB",
                    file=sys.stderr,
                    flush=True,
                )


def main() -> int:
    """Do what the command line says."""
    scenarios = {scenario.name: scenario for scenario in everything()}
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=scenarios, help="these scenarios only")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of every contender")
    parser.add_argument("--quick", action="store_true", help="tiny worlds: does it work at all?")
    parser.add_argument("--size", type=int, help="records or entities, instead of each's own")
    parser.add_argument("--json", type=Path, help="where to keep the results")
    parser.add_argument("--page", type=Path, nargs="*", default=[], help="Markdown to bring up")
    options = parser.parse_args()
    outcome = Outcome()
    for name in options.only or scenarios:
        scenario = scenarios[name].quick() if options.quick else scenarios[name]
        if options.size:
            scenario = dataclasses.replace(scenario, size=options.size)
        play(scenario, outcome, 1 if options.quick else options.rounds, quick=options.quick)
    day = dt.datetime.now(dt.UTC).date()
    text = report.as_markdown(outcome, day, options.rounds)
    print(text)
    found = json.dumps(report.as_json(outcome, day, options.rounds), indent=1)
    print(found)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(found + "\n", encoding="utf-8")
    for page in options.page:
        report.put_into(page, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
