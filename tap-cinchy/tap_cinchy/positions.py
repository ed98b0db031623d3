"""Places in a table, and a long page in steps, each saying up to where everything has come.

What stands behind the last STATE is read again after a kill: half a page on average, and pages of
tables are long so that they are few.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_rest.sources.pages import Page
    from tap_cinchy.windows import Key

STEP = 1000
"""Rows."""


def position_of(key: Key) -> str:
    """Return the text of a place behind a row."""
    return ".".join(map(str, key))


def parse_position(text: str) -> Key | None:
    """Return the key of a row; nothing if the text is none."""
    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        return None


def in_steps(page: Page, keys: Sequence[Key]) -> Iterator[Page]:
    """Yield a page, in steps if it has a position; it has been judged as a whole.

    Args:
        page: Rows in the order of their keys.
        keys: Of these rows; there may be more, of rows behind them.
    """
    count = len(page.rows)
    if not page.position or count <= STEP:
        yield page
        return
    for start in range(0, count, STEP):
        end = min(start + STEP, count)
        position = page.position if end == count else position_of(keys[end - 1])
        yield dataclasses.replace(page, rows=page.rows[start:end], position=position)
