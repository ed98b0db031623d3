"""Compare what the vendors document with what the taps know, and say what has moved.

Prints a report in Markdown. Exit code 0: nothing moved; 1: something did; 2: a document could not
be read. The scheduled workflow ``drift`` turns a report into an issue; a person decides what it
means, changes the tap, or writes down in ``drift/known.py`` why it means nothing.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import requests

sys.path.insert(0, str(Path(__file__).parent))

from drift.documents import DocumentError, moved_in_openapi, moved_in_pages
from drift.known import CINCHY_PAGES, OPENAPI

if TYPE_CHECKING:
    from collections.abc import Callable

    from drift.known import Known

SECONDS = 60


def fetch(address: str) -> str:
    """Return the text at an address.

    Raises:
        DocumentError: It cannot be had.
    """
    try:
        answer = requests.get(address, timeout=SECONDS, headers={"User-Agent": "singer-taps drift"})
        answer.raise_for_status()
    except requests.RequestException as error:
        raise DocumentError(f"{address} could not be read: {type(error).__name__}.") from error
    return answer.text


def check(name: str, look: Callable[[], list[str]]) -> tuple[int, list[str]]:
    """Look at one vendor's documents; returns the exit code and the lines of its section."""
    try:
        found = look()
    except DocumentError as error:
        return 2, [f"## {name}", "", str(error), ""]
    lines = [f"* {line}" for line in found] or ["Nothing has moved."]
    return int(bool(found)), [f"## {name}", "", *lines, ""]


def main(argv: list[str] | None = None) -> int:
    """Check every vendor, or those that are named; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("vendors", nargs="*", metavar="VENDOR", help="cachet, cortex, cinchy")
    parser.add_argument(
        "--root",
        metavar="URL",
        help="read everything below this address instead, under the host's name (for tests)",
    )
    args = parser.parse_args(argv)

    def read(address: str) -> str:
        return fetch(f"{args.root}/{address.removeprefix('https://')}" if args.root else address)

    def look_at_pages() -> list[str]:
        return moved_in_pages({address: read(address) for address in CINCHY_PAGES})

    def look_at_openapi(known: Known) -> list[str]:
        return moved_in_openapi(read(known.address), known)

    checks = {name: partial(look_at_openapi, known) for name, known in OPENAPI.items()}
    checks["cinchy"] = partial(look_at_pages)
    unknown = set(args.vendors) - set(checks)
    if unknown:
        parser.error(f"no vendor is called {', '.join(sorted(unknown))}")
    worst, report = 0, ["# What the vendors document has moved", ""]
    for name in args.vendors or checks:
        code, lines = check(name, checks[name])
        worst = max(worst, code)
        report += lines
    print("\n".join(report))
    return worst


if __name__ == "__main__":
    sys.exit(main())
