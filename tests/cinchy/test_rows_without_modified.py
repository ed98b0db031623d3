"""Rows of which nobody can tell when they were changed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sandbox.cinchy import Clock

from .target import Target
from .test_incremental import FALL_BACK, STREAM, TABLE, catalog, lab, run_through

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Site

    Catalog = dict[str, Any]
    Start = Callable[..., Site]

__all__ = ["catalog"]


def test_a_row_without_modified_is_in_every_run(start: Start, catalog: Catalog) -> None:
    """Nobody can tell when it was changed: neither a start_date nor a bookmark leaves it out."""
    world = lab(Clock(FALL_BACK), rows=200)
    blank = {2, 4, 200, 400}
    for id_ in blank:
        world.update(TABLE, id_, {"Modified": None})
    running = start(world)
    target = Target()
    since = FALL_BACK - dt.timedelta(hours=50)
    first = run_through(running, target, catalog, settings={"start_date": since.isoformat()})
    read = {key[0] for key in first.keys(STREAM)}
    assert blank <= read
    assert len(read) < 200
    world.update(TABLE, 4, {"Name": "changed", "Modified": None})
    again = run_through(running, target, catalog)
    assert blank <= {key[0] for key in again.keys(STREAM)}
    assert target.tables[STREAM][4,]["Name"] == "changed"
