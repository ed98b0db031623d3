"""Play a scenario: serve its world, run every contender in turn, keep what it cost."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contenders import Job
from bench.measure import ContenderError, Cost, run
from bench.results import Entry, Round, median_cost
from bench.scenarios import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.contenders import Contender
    from bench.results import Outcome
    from bench.scenarios import Scenario

ROOT = Path(__file__).parent.parent
LEFT_OUT = frozenset(
    {"PYTHONDONTWRITEBYTECODE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}
)
UNCOUNTED = {"requests": 0.0, "refused": 0.0, "missed": 0.0, "first": 0.0, "last": 0.0}
START_UP = "start-up"
START = "start"


def environment() -> dict[str, str]:
    """Return the environment of every contender: byte code, and no network of this machine."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name not in LEFT_OUT
    }
    return kept | {"PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def served(scenario: Scenario, size: int, window: str, *, quick: bool) -> Iterator[str]:
    """Serve a world in a process of its own until the block ends.

    Yields:
        Its URL; of a world without a server the path of its file.
    """
    if scenario.world == FILE:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            file = str(Path(folder, "messages.jsonl"))
            command = [sys.executable, "-m", "bench.messages", str(size), file]
            subprocess.run(command, check=True, cwd=ROOT)
            yield file
        return
    options = ["--size", str(size), "--latency-ms", str(0 if quick else scenario.latency_ms)]
    options += ["--limit", str(scenario.limit), "--window", window]
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


def control(url: str, what: str) -> Mapping[str, float]:
    """Ask the server for its statistics, or to begin anew."""
    if not url.startswith("http://"):
        return UNCOUNTED
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", f"/-/{what}")
    found: dict[str, float] = json.load(connection.getresponse())
    connection.close()
    return found


def measure(
    scenario: Scenario, contender: Contender, url: str, size: int | None, *, start: bool = False
) -> Round:
    """Run a contender once, or what starts it.

    Raises:
        ContenderError: It failed, or did not bring what there is.
    """
    control(url, "reset")
    with tempfile.TemporaryDirectory() as folder:
        job = Job(url, Path(folder), scenario.page_size, scenario.workers)
        only = contender.start if start else None
        commands = (only or contender.commands)(job)
        cost = run(commands, environment() | dict(contender.env), folder)
        asked = control(url, "stats")
        if only is not None:
            return Round(cost, asked)
        arrived = contender.counted(job) if contender.counted else size
    wanted = None if contender.records is None else contender.records * (size or 0)
    if size is not None and wanted is not None and cost.records != wanted:
        raise ContenderError(f"{contender.name} wrote {cost.records} records of {wanted}")
    if size is not None and arrived != size:
        raise ContenderError(f"{contender.name} loaded {arrived} rows of {size}")
    if asked["missed"]:
        raise ContenderError(f"{contender.name} asked {asked['missed']} times for nothing")
    return Round(cost, asked)


def say(scenario: Scenario, turn: str, contender: Contender, cost: Cost) -> None:
    """Show that something moves."""
    print(
        f"{scenario.name:14} {turn:5} {contender.name:36} {cost.cpu:8.2f} CPU s "
        f"{cost.seconds:8.2f} s {cost.memory:7.0f} MB",
        file=sys.stderr,
        flush=True,
    )


@contextlib.contextmanager
def noted(entry: Entry) -> Iterator[None]:
    """Note in an entry that its contender failed, and go on."""
    try:
        yield
    except ContenderError as error:
        print(error, file=sys.stderr, flush=True)
        entry.failure = next(line for line in reversed(str(error).splitlines()) if line.strip())


class Stage:
    """The servers of a scenario, and its contenders on them."""

    def __init__(self, scenario: Scenario, servers: contextlib.ExitStack, *, quick: bool) -> None:
        self.scenario = scenario
        self._servers = servers
        self._quick = quick
        self._urls: dict[tuple[int, str], str] = {}

    def size(self, contender: Contender) -> int:
        """Return the records or entities of a contender's world."""
        return max(1, int(self.scenario.size * contender.share))

    def url(self, contender: Contender, size: int) -> str:
        """Return the address of a world of some size; it is served from now on."""
        scenario = self.scenario
        key = size, contender.name if scenario.side_by_side else ""
        if key not in self._urls:
            window = contender.window or scenario.window
            server = served(scenario, size, window, quick=self._quick)
            self._urls[key] = self._servers.enter_context(server)
        return self._urls[key]

    def once(self, contender: Contender, turn: str, size: int) -> Round:
        """Run a contender once, and show it."""
        url = self.url(contender, size)
        found = measure(self.scenario, contender, url, size, start=turn == START)
        say(self.scenario, turn, contender, found.cost)
        return found


def play(scenario: Scenario, outcome: Outcome, rounds: int, *, quick: bool) -> None:
    """Run a scenario: every contender with a world of one, then all of them in turn.

    One that fails, or does not bring what there is, is not run again; the others are.
    """
    outcome.scenarios[scenario.name] = scenario
    entries = outcome.entries[scenario.name] = {}
    rounds = min(rounds, scenario.most_rounds)
    for missing in filter(None, (one.missing for one in scenario.contenders)):
        print(f"Left out: {missing}", file=sys.stderr)
    readers = [one for one in scenario.contenders if not one.missing]
    with contextlib.ExitStack() as servers:
        stage = Stage(scenario, servers, quick=quick)
        for contender in readers:  # everything is rendered before anything is measured
            stage.url(contender, 1)
            stage.url(contender, stage.size(contender))
        for contender in readers:
            entry = entries[contender.name] = Entry(stage.size(contender), Cost(0.0, 0.0, 0.0, 0))
            if scenario.name != START_UP and not quick:
                with noted(entry):
                    starts = [stage.once(contender, START, 1).cost for _round in range(rounds)]
                    entry.start = median_cost(starts)
        at_once = len(readers) if scenario.side_by_side else 1
        for number in range(rounds):
            turn = f"{number + 1}/{rounds}"
            with concurrent.futures.ThreadPoolExecutor(at_once) as runners:
                jobs = {
                    one.name: runners.submit(stage.once, one, turn, stage.size(one))
                    for one in readers
                    if not entries[one.name].failure
                }
                for name, job in jobs.items():
                    with noted(entries[name]):
                        entries[name].rounds.append(job.result())
