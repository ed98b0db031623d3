"""Run the tests and a sample of lies against mutants: ``make mutants``.

A mutant lives in a copy of the package that stands first on the path; the sources are never
touched. It is killed if a unit test fails, or if the verdict on any of the lies is another than
without it.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import importlib.util
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "singer-rest" / "singer_rest"
TARGETS = (
    "sources/evidence.py",
    "sources/claims.py",
    "sources/pages.py",
    "sources/walk.py",
    "sources/passes.py",
    "sources/keys.py",
    "run/outcomes.py",
    "run/bookmarks.py",
    "run/reader.py",
)
"""What decides whether a stream is complete."""
UNIT = "singer-rest/tests"
SLOWEST = (
    f"{UNIT}/test_lists.py::test_what_is_complete_lacks_no_row_that_was_there_throughout",
    f"{UNIT}/test_lists.py::test_a_quiet_list_is_complete",
    f"{UNIT}/test_values.py::test_an_id_is_one_segment_whatever_it_holds",
)
"""Half of the time of all unit tests; they are asked last, behind the lies."""
SECONDS = 240
"""A mutant that takes longer is caught in a loop, which anybody would notice."""
ROUTES = (
    "cachet-3.incidents",
    "cachet-3.points",
    "cachet-2.4.components",
    "cortex.users",
    "cortex.custom_data",
    "cortex.audit_logs",
    "cortex.scores",
    "cortex.teams",
    "cortex.scim_users",
    "cinchy.projects",
    "cinchy.changes",
    "cinchy.ledger",
)
"""One for every way in which completeness is proved."""
SAMPLE = ("--routes", ",".join(ROUTES), "--sample", "60", "--seed", "5")


@dataclasses.dataclass
class Verdict:
    """What became of a mutant."""

    mutant: dict[str, Any]
    killed_by: str

    def line(self) -> str:
        """Say it on one line."""
        where = Path(self.mutant["file"]).relative_to(PACKAGE)
        return f"{where}:{self.mutant['line']}: {self.mutant['before']}  ->  {self.mutant['after']}"


class Bench:
    """Copies of the package, one for each process, and what is run against them."""

    def __init__(self, folder: Path, jobs: int, tests: Sequence[str]) -> None:
        self.tests = tests
        self.killers: dict[str, list[str]] = {}
        self.free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(jobs):
            copy = folder / f"copy-{number}"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(
                PACKAGE, copy / "singer_rest", ignore=shutil.ignore_patterns("__pycache__")
            )
            self.free.put(copy)
        self.true = {} if tests else dict(self._lies(PACKAGE.parent, *SAMPLE))

    @contextlib.contextmanager
    def mutated(self, mutant: dict[str, Any]) -> Iterator[Path]:
        """Put a mutant into a copy, and the truth back afterwards."""
        copy = self.free.get()
        file = copy / "singer_rest" / Path(mutant["file"]).relative_to(PACKAGE)
        true = file.read_text("utf-8")
        _write(file, mutant["code"])
        try:
            yield copy
        finally:
            _write(file, true)
            self.free.put(copy)

    def judge(self, mutant: dict[str, Any]) -> Verdict:
        """Find out what kills a mutant, if anything."""
        file = mutant["file"]
        with self.mutated(mutant) as copy:
            if self.tests:
                return Verdict(mutant, self._failing_test(copy, file, *self.tests))
            quick = [f"--deselect={test}" for test in SLOWEST]
            return Verdict(
                mutant,
                self._failing_test(copy, file, UNIT, *quick)
                or self._noticed(copy)
                or self._failing_test(copy, file, *SLOWEST),
            )

    def _noticed(self, copy: Path) -> str:
        """Return a lie whose verdict is another than without the mutant.

        Which lies are drawn may depend on the time of day, so each that tells is asked once more.
        """
        left = dict(self.true)
        for pair, verdict in self._lies(copy, *SAMPLE):
            if left.pop(pair, None) != verdict and self._once_more(pair) != verdict:
                return f"lies ({pair})"
        for pair in left:
            if self._once_more(pair, copy) != self._once_more(pair):
                return f"lies ({pair})"
        return ""

    def _once_more(self, pair: str, copy: Path = PACKAGE.parent) -> str:
        route, way = pair.split(":")[:2]
        found = self._lies(copy, "--routes", route, "--ways", way)
        return dict(found).get(pair, "")

    def _environment(self, copy: Path) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(copy), str(ROOT / "tests")]),
        }

    def _failing_test(self, copy: Path, file: str, *tests: str) -> str:
        """Run tests, first those that have killed other mutants of the same file."""
        killers = self.killers.setdefault(file, [])
        code, said = units.run(copy, ROOT, [*killers, *tests], SECONDS)
        if code == units.TIMED_OUT:
            return "time"
        failed = re.search(r"^(?:FAILED|ERROR) ([^\s\[]+)", said, re.MULTILINE)
        if failed and failed[1] not in killers:
            killers.append(failed[1])
        return "tests" if code else ""

    def _lies(self, copy: Path, *which: str) -> Iterator[tuple[str, str]]:
        """Yield the verdict on each lie; too few if it takes too long."""
        command = [sys.executable, "-m", "lies", "--jobs", "1", "--details", "/dev/stderr"]
        with subprocess.Popen(
            [*command, *which], cwd=ROOT, env=self._environment(copy), text=True,
            start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as lies:  # fmt: skip
            end = threading.Timer(SECONDS, os.killpg, (lies.pid, signal.SIGKILL))
            end.start()
            try:
                for line in lies.stderr or ():
                    if line.startswith("{"):
                        one = json.loads(line)
                        yield one["pair"], one["verdict"]
            finally:
                end.cancel()
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(lies.pid, signal.SIGKILL)


def _write(file: Path, code: str) -> None:
    """Write a module, and forget how it was compiled: two mutants may be of one size and second."""
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
    file.write_text(code, "utf-8")


def make(folder: Path, python: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Have the mutants made where cosmic-ray is installed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = [str(PACKAGE / name) for name in TARGETS]
    maker = str(Path(__file__).with_name("make.py"))
    subprocess.run([python, maker, str(folder), str(count), str(seed), *files], check=True)
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 1 if less than 90 of 100 are killed."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--python", required=True, help="interpreter that has cosmic-ray")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="part of file and line, such as walk.py:180:")
    parser.add_argument("--tests", default="", help="ask these tests alone, and no lies")
    args = parser.parse_args(argv)
    folder = ROOT / "output" / "mutants"
    mutants = make(folder, args.python, args.count, args.seed)
    mutants = [one for one in mutants if args.only in f"{one['file']}:{one['line']}:"]
    bench = Bench(folder, args.jobs, args.tests.split())
    print(f"{len(mutants)} mutants; {len(bench.true)} lies besides the tests", flush=True)
    verdicts = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed(pool.submit(bench.judge, m) for m in mutants):
            verdicts.append(verdict := done.result())
            if not verdict.killed_by:
                print(f"survived: {verdict.line()}", flush=True)
            if len(verdicts) % 20 == 0:
                print(f"{len(verdicts)} of {len(mutants)} judged", file=sys.stderr, flush=True)
    by = collections.Counter(verdict.killed_by.partition(" ")[0] for verdict in verdicts)
    killed = len(verdicts) - by[""]
    share = killed / max(1, len(verdicts))
    print(
        f"{killed} of {len(verdicts)} killed ({share:.1%}): {by['tests']} by the unit tests, "
        f"{by['lies']} by the lies, {by['time']} because the tests did not end in {SECONDS} s"
    )
    return int(share < 0.9)  # noqa: PLR2004  # what the issue of this command asks for


if __name__ == "__main__":
    sys.exit(main())
