"""Run the matrix: ``python -m lies``."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import fnmatch
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .honest import run_seed, run_seeds
from .matrix import now, parsed, run_unit, run_units, sampled, units
from .report import publish, summary
from .routes import ROUTES
from .runs import Theatre
from .ways import WAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .matrix import Result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lies", description=__doc__)
    parser.add_argument(
        "--routes", default="*", help="patterns of routes, such as cachet-*,cinchy.cql"
    )
    parser.add_argument("--ways", default="*", help="pattern of ways, such as drop_*")
    parser.add_argument("--sample", type=int, help="so many pairs only, of all routes")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--details", type=Path, help="file for one line of JSON per pair")
    parser.add_argument("--replay", metavar="ID", help="run one pair and tell what happened")
    parser.add_argument("--honest", type=int, help="so many runs against healthy servers instead")
    parser.add_argument("--publish", action="store_true", help="write the README's numbers")
    parser.add_argument("--list", action="store_true", help="print the routes and ways")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 1 if anything was silent."""
    args = _parser().parse_args(argv)
    if args.list:
        print("\n".join(["routes:", *ROUTES, "", "ways:", *WAYS]))
        return 0
    if args.replay:
        return _replay(args.replay)
    if args.honest:
        seeds = range(args.seed, args.seed + args.honest)
        part = "honest" if args.publish else ""
        return _report(run_seeds(seeds, args.jobs), args.details, part)
    ways = tuple(name for name in WAYS if fnmatch.fnmatch(name, args.ways))
    patterns = args.routes.split(",")
    routes = [name for name in ROUTES if any(fnmatch.fnmatch(name, one) for one in patterns)]
    if args.sample:
        chosen = sampled(args.sample, args.seed, routes)
    else:
        chosen = units(routes, ways=() if len(ways) == len(WAYS) else ways)
    part = "sample" if args.sample else "matrix"
    return _report(run_units(chosen, args.jobs), args.details, part if args.publish else "")


def _report(found: Iterable[Result], path: Path | None, part: str) -> int:
    """Write the details as they come, the summary at the end, and maybe the README."""
    begun = time.monotonic()
    results = []
    with path.open("w", encoding="utf-8") if path else contextlib.nullcontext() as details:
        for result in found:
            results.append(result)
            if details:
                details.write(json.dumps(dataclasses.asdict(result)) + "\n")
                details.flush()
            if sys.stderr.isatty():
                print(f"\r{len(results)} pairs", end="", file=sys.stderr)
    seconds = time.monotonic() - begun
    print(summary(results, seconds))
    if part:
        publish(part, results, seconds, now().date())
    return int(any(result.bad for result in results))


def _replay(pair_id: str) -> int:
    theatre = Theatre(now())
    results: list[Result]
    try:
        if pair_id.startswith("honest:"):
            results = [run_seed(theatre, int(pair_id.removeprefix("honest:")))]
        else:
            results = run_unit(theatre, parsed(pair_id))
    finally:
        theatre.close()
    for result in results:
        print(json.dumps(dataclasses.asdict(result), indent=2))
    if not results:
        print("There is nothing to lie about.")
    return int(any(result.bad for result in results))


if __name__ == "__main__":
    sys.exit(main())
