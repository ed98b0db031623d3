"""What is printed of a matrix."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

from .excuses import EXCUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .matrix import Result

COLUMNS = ("pairs", "exact", "honest", "excused", "SILENT", "CRASH", "HANG", "BROKEN", "FALSE")


def summary(results: Sequence[Result], seconds: float) -> str:
    """Return the whole report as text."""
    count = collections.Counter(result.verdict for result in results)
    head = ", ".join(f"{count[name]} {name}" for name in COLUMNS[1:] if count[name])
    lines = [f"{len(results)} pairs in {seconds:.0f} s: {head}", ""]
    lines += _table("route", results, lambda result: result.route)
    lines += ["", *_table("way", [r for r in results if r.verdict not in {"exact", "honest"}],
                          lambda result: result.way)]  # fmt: skip
    if count["excused"]:
        lines += ["", "excused, because no client can notice:"]
        used = {result.way for result in results if result.verdict == "excused"}
        lines += [f"  {name}: {EXCUSES[name].reason}" for name in EXCUSES if name in used]
    return "\n".join(lines)


def _table(what: str, results: Iterable[Result], of: Callable[[Result], str]) -> list[str]:
    found: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for result in results:
        found[of(result)].update((result.verdict, "pairs"))
    lines = [f"{what:34}" + "".join(f"{name:>8}" for name in COLUMNS)]
    for name in sorted(found, key=lambda name: (-found[name]["SILENT"], name)):
        cells = "".join(f"{found[name][column] or '-':>8}" for column in COLUMNS)
        lines.append(f"{name[:33]:34}{cells}")
    return lines
