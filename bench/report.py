"""The measurements as tables for people and as JSON for machines."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import TYPE_CHECKING, Any

from bench.results import NotMeasuredError
from bench.targets import TARGETS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.results import Entry, Outcome

FRONT = (
    "list, 1 000 a page: plain SDK tap against ours, CPU",
    "list, 1 000 a page: dlt rest_api extract against ours, CPU",
    "into DuckDB: dlt defaults against ours, CPU",
    "a file of messages: target-postgres against target-dlt, time",
    "fan-out at 50 ms, 16 workers, against the ideal, time",
    "share of 1 000 requests a minute that is used (fixed)",
    "Cinchy: plain SDK tap against ours, CPU",
    "memory, 1 000 000 records more than 10 000",
)
"""One row for each kind of work: what the page that everybody opens first shows."""
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
LONGEST = 120
"""Characters of what a failed contender said last."""
PACKAGES = ("singer-sdk", "dlt", "duckdb", "requests", "msgspec")


def as_json(outcome: Outcome, day: dt.date, rounds: int) -> dict[str, Any]:
    """Return everything that was measured, and on what, without a name of this machine."""
    return {
        "date": day.isoformat(),
        "rounds": rounds,
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "targets": [
            {"what": what, "value": round(value, 3), "must": must, "met": met}
            for what, value, must, met in judged(outcome)
        ],
        "scenarios": outcome.as_json(),
    }


def judged(outcome: Outcome) -> Iterator[tuple[str, float, str, bool]]:
    """Yield every number that was measured, what it must be, and whether it is."""
    for target in TARGETS:
        try:
            value = target.value(outcome)
        except NotMeasuredError:
            continue
        must = f"{target.sense} {target.bound:g}{target.unit}"
        yield target.what, value, must, target.met(value)


def summary(outcome: Outcome, day: dt.date, rounds: int, only: Sequence[str] | None = None) -> str:
    """Return what was measured against what must be reached, as a table.

    Args:
        outcome: What was measured.
        day: When.
        rounds: How often, at most.
        only: The rows to show; all of them by default.
    """
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    rows = [
        (what, _number(value), must, "" if met else "**missed**")
        for what, value, must, met in judged(outcome)
        if only is None or what in only
    ]
    return (
        f"Measured {day.isoformat()} by `make bench` on {os.cpu_count()} cores with Python "
        f"{platform.python_version()}, {packages}; medians of up to {rounds} rounds.\n\n"
        f"{_table(('what', 'measured', 'must be', ''), rows)}\n"
    )


def details(outcome: Outcome) -> str:
    """Return what every contender needed, a table for each scenario."""
    header = ("", "size", "CPU s", "time s", "per CPU s", "memory MB", "start-up CPU s", "429")
    parts = []
    for name, entries in outcome.entries.items():
        rows = [_row(contender, entry) for contender, entry in entries.items()]
        parts.append(f"**{outcome.scenarios[name].title}**\n\n{_table(header, rows)}\n")
        parts += [
            f"`{contender}` ended with: `...{entry.failure[-LONGEST:].replace('`', '')}`\n"
            for contender, entry in entries.items()
            if entry.failure
        ]
    return "\n".join(parts)


def _row(contender: str, entry: Entry) -> tuple[str, ...]:
    if entry.failure:
        return (f"{contender}: did not finish (see below)", *[""] * 7)
    cpu = entry.median("cpu")
    refused = max(int(one.asked["refused"]) for one in entry.rounds)
    return (
        contender,
        f"{entry.size:,}".replace(",", " "),
        f"{cpu:.2f}",
        f"{entry.median('seconds'):.2f}",
        f"{entry.size / cpu:,.0f}".replace(",", " ") if cpu > 0 else "-",
        f"{entry.median('memory'):.0f}",
        f"{entry.start.cpu:.2f}",
        str(refused),
    )


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004  # digits that matter


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _column in header[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def put_into(path: Path, text: str) -> None:
    """Replace what stands between the two marks of a page.

    Raises:
        ValueError: It has no marks.
    """
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path.name} has no place for the tables: {BEGIN} ... {END}")
    path.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}", encoding="utf-8")
