"""The summary of a run for a person: lines of at most 100 columns, and what to do next.

A command writes them to standard error as they are. Where somebody else lays out the log, as
Meltano does, they are records like all others.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from singer_rest.errors import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.redact import Redactor
    from singer_rest.run.outcomes import RunReport, StreamResult

logger = logging.getLogger(__name__)

WIDTH = 100
MAX_NAME = 32
NARROW = 26
"""Columns that a proof needs beside the counts; with fewer it stands below."""
INDENT = "    "
HEADER = ("stream", "outcome", "rows", "expected")
COLOURS = {
    Outcome.COMPLETE: "green",
    Outcome.SKIPPED: None,
    Outcome.UNPROVED: "yellow",
}
LAID_OUT_ELSEWHERE = "SINGER_SDK_LOG_CONFIG"
"""Is set by whoever reads the log as records."""


def is_laid_out_elsewhere() -> bool:
    """Tell whether another program shows the log, in its own form."""
    return LAID_OUT_ELSEWHERE in os.environ


def show(lines: Sequence[str], redactor: Redactor, *, plain: bool) -> None:
    """Show lines to whoever watches, unless the log level says that nobody wants them.

    Args:
        lines: The summary.
        redactor: Masks secrets.
        plain: Whether standard error is ours, as it is in a command.
    """
    if not plain or is_laid_out_elsewhere():
        for line in lines:
            logger.info("%s", line)
    elif logger.isEnabledFor(logging.INFO):
        # Where nobody reads them any more, words are lost, and no rows.
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write("".join(f"{redactor.text(line)}\n" for line in lines))
            sys.stderr.flush()


def wants_colours() -> bool:
    """Tell whether a terminal shows the lines, and nobody has said no (https://no-color.org)."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return (
        is_terminal
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
        and not is_laid_out_elsewhere()
    )


def summary(
    report: RunReport, *, tap: str, unread: Sequence[str] = (), colours: bool = False
) -> list[str]:
    """Return the summary of a run as lines of text.

    Args:
        report: How the streams ended.
        tap: What the tap is called, for the command to write.
        unread: Opt-in streams that nobody asked for.
        colours: Whether outcomes are coloured.
    """
    cells = [HEADER, *(_cells(result) for result in report.results)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(HEADER))]
    lines = [f"{_row(HEADER, widths)}  how it is known"]
    for result, row in zip(report.results, cells[1:], strict=True):
        lines += _lines(result, row, widths, colours=colours)
    lines += textwrap.wrap(total(report), WIDTH)
    return [*lines, *_unread(tap, unread)]


def total(report: RunReport) -> str:
    """Return the whole run in one line."""
    read = [result for result in report.results if result.outcome is not Outcome.SKIPPED]
    complete = sum(result.outcome is Outcome.COMPLETE for result in read)
    parts = [f"{complete} of {len(read)} complete"]
    for count, word in (
        (sum(result.accepted for result in read), "accepted unproved"),
        (len(report.results) - len(read), "skipped"),
    ):
        parts += [f"{count} {word}"] if count else []
    parts += [f"{grouped(report.rows)} rows", f"{grouped(report.requests)} requests"]
    if report.retries:
        parts[-1] += f" ({grouped(report.retries)} repeated)"
    parts.append(duration(report.seconds))
    if report.waited >= 1:
        parts[-1] += f" ({duration(report.waited)} of waiting for the limit)"
    return ", ".join(parts)


def grouped(number: int) -> str:
    """Return a number that can be read."""
    return f"{number:,}".replace(",", " ")


def duration(seconds: float) -> str:
    """Return a span of time that can be read."""
    if seconds < 10:  # noqa: PLR2004  # where a tenth can still be felt
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _cells(result: StreamResult) -> tuple[str, ...]:
    name = result.stream
    if len(name) > MAX_NAME:
        name = f"{name[: MAX_NAME - 1]}…"
    outcome = "accepted" if result.accepted else result.outcome.value
    expected = "" if result.expected is None else grouped(result.expected)
    return name, outcome, grouped(result.rows), expected


def _row(cells: Sequence[str], widths: Sequence[int], colour: str | None = None) -> str:
    name, outcome, *counts = cells
    padded = outcome.ljust(widths[1])
    shown = click.style(padded, fg=colour) if colour else padded
    numbers = [count.rjust(width) for count, width in zip(counts, widths[2:], strict=True)]
    return "  ".join([name.ljust(widths[0]), shown, *numbers])


def _lines(
    result: StreamResult, cells: Sequence[str], widths: Sequence[int], *, colours: bool
) -> Iterator[str]:
    colour = COLOURS.get(result.outcome, "red") if colours else None
    head = _row(cells, widths, "yellow" if colour and result.accepted else colour)
    left = WIDTH - sum(widths) - 2 * len(widths)
    words = result.sentence or result.proof
    if result.duplicates:
        words += f"; {grouped(result.duplicates)} rows came twice and were written once"
    if result.skipped:
        were = "was" if result.skipped == 1 else "were"
        words += f"; {grouped(result.skipped)} {were} deleted meanwhile"
    if len(words) <= left or (result.good and left >= NARROW):
        first, *rest = textwrap.wrap(words, left) or [""]
        yield f"{head}  {first}".rstrip()
        yield from (" " * (WIDTH - left) + line for line in rest)
        return
    yield head.rstrip()
    yield from textwrap.wrap(words, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


def _unread(tap: str, unread: Sequence[str]) -> Iterator[str]:
    """Yield which streams nobody asked for, and the line that asks for one."""
    if not unread:
        return
    yield from textwrap.wrap(
        f"Not read, because they are opt-in: {', '.join(unread)}.", WIDTH, subsequent_indent=INDENT
    )
    asked = f'["{unread[0]}"]'
    words = f'To read one, write "opt_in_streams": {asked} into the configuration; with Meltano:'
    yield from textwrap.wrap(words, WIDTH)
    yield f"{INDENT}meltano config set {tap} opt_in_streams '{asked}'"
