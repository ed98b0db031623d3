"""What is printed of a matrix, and what of it stands in the README."""

from __future__ import annotations

import collections
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .excuses import EXCUSES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

    from .matrix import Result

ROOT = Path(__file__).parents[2]
NUMBERS = Path(__file__).parent / "numbers.json"
BEGIN, END = "<!-- lies: begin -->", "<!-- lies: end -->"
COLUMNS = ("pairs", "exact", "honest", "excused", "SILENT", "CRASH", "HANG", "BROKEN", "FALSE")


def summary(results: Sequence[Result], seconds: float) -> str:
    """Return the whole report as text."""
    count = collections.Counter(result.verdict for result in results)
    head = ", ".join(f"{count[name]} {name}" for name in COLUMNS[1:] if count[name])
    noticed = {"exact", "honest"}
    lines = [f"{len(results)} pairs in {seconds:.0f} s: {head}", ""]
    lines += _table("route", results, lambda result: result.route)
    rest = [result for result in results if result.verdict not in noticed]
    if rest:
        lines += ["", *_table("way", rest, lambda result: result.way)]
    if count["excused"]:
        lines += ["", "excused, because no client can notice:"]
        used = {result.way for result in results if result.verdict == "excused"}
        lines += [f"  {name}: {EXCUSES[name].reason}" for name in EXCUSES if name in used]
    return "\n".join(lines)


def _table(what: str, results: Iterable[Result], of: Callable[[Result], str]) -> list[str]:
    found: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for result in results:
        found[of(result)].update((result.verdict, "pairs"))
    shown = [name for name in COLUMNS if any(count[name] for count in found.values())]
    lines = [f"{what:34}" + "".join(f"{name:>8}" for name in shown)]
    for name in sorted(found, key=lambda name: (-found[name]["SILENT"], name)):
        cells = "".join(f"{found[name][column] or '-':>8}" for column in shown)
        lines.append(f"{name[:33]:34}{cells}")
    return lines


def publish(part: str, results: Sequence[Result], seconds: float, day: dt.date) -> None:
    """Keep the numbers of a run, and write them into the README.

    Args:
        part: ``matrix``, ``sample`` (of the matrix) or ``honest``.
        results: Of the run.
        seconds: How long it took.
        day: When it was.
    """
    numbers = json.loads(NUMBERS.read_text("utf-8")) if NUMBERS.exists() else {}
    count = collections.Counter(result.verdict for result in results)
    if part in {"matrix", "sample"}:
        numbers = {kept: found for kept, found in numbers.items() if kept == "honest"}
    numbers[part] = {
        "date": day.isoformat(),
        "minutes": round(seconds / 60, 1),
        "cores": os.cpu_count(),
        "ways": len({result.way for result in results}),
        "routes": len({result.route for result in results}),
        "pairs": len(results),
        "excused_ways": len({r.way for r in results if r.verdict == "excused"}),
        **{name.lower(): count[name] for name in COLUMNS[1:]},
    }
    NUMBERS.write_text(json.dumps(numbers, indent=2) + "\n", "utf-8")
    page = ROOT / "README.md"
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{page.name} has no place for the numbers: {BEGIN} ... {END}.")
    page.write_text(f"{before}{BEGIN}\n\n{section(numbers)}\n\n{END}{after}", "utf-8")


def section(numbers: dict[str, Any]) -> str:
    """Return what the README says of the last runs."""
    lies, healthy = numbers.get("matrix") or numbers.get("sample"), numbers.get("honest")
    some = "" if "matrix" in numbers else "a seeded sample of "
    rows = ["| servers | runs | all rows exactly | not complete, and said so | excused | silent |"]
    rows += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    if lies:
        silent = lies["silent"] + lies["crash"] + lies["hang"] + lies["broken"]
        rows.append(
            f"| that lie in {lies['ways']} ways on {lies['routes']} routes | {some}{lies['pairs']} "
            f"| {lies['exact']} | {lies['honest']} | {lies['excused']} | {silent} |"
        )
    if healthy:
        rows.append(
            f"| that are healthy, and change while they are read | {healthy['pairs']} "
            f"| {healthy['exact']} | {healthy['false']} | - | - |"
        )
    return "\n".join(rows)
