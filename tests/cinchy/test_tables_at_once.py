"""Many tables side by side: what begins before its turn leaves no trace before it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cinchy import Account, World
from sandbox.cinchy.columns import text
from sandbox.cinchy.scale import DOMAIN, add_series

from .conftest import incremental, select_tables, streams_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Site

TABLES, ROWS = 12, 40


def test_a_state_tells_only_of_tables_that_were_read(start: Callable[..., Site]) -> None:
    """The next tables begin in other threads, which must not touch what is being written."""
    world = World(3)
    world.add_account(Account(username="reader"), "R")
    for place in range(TABLES):
        columns = [text("Name")]
        name = f"{DOMAIN}.Table {place}"
        add_series(world, name, ROWS, columns=columns, values=lambda id_: (f"n{id_}",))
    running = start(world)
    settings: dict[str, Any] = {"tables_include": [f"{DOMAIN}.*"], "concurrency": 4}
    catalog = running.discover(**settings)
    incremental(catalog, *select_tables(streams_of(catalog)))
    run = running.run(catalog=catalog, settings=settings)
    assert run.exit_code == 0, run.stderr
    assert len(run.states[-1]["bookmarks"]) == TABLES
    for state in run.states:
        assert all(state["bookmarks"].values()), state
