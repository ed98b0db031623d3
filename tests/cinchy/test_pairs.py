"""Multi-select cells that hold pairs of id and version: a test of the connection says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import Account, World
from sandbox.cinchy.columns import link, text
from tap_cinchy.values import look_like_pairs

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Site


@pytest.mark.parametrize(
    ("cells", "pairs"),
    [
        ([[900, 1], [901, 2, 904, 1], None], True),
        ([[900, 1]], False),
        ([[900, 1, 3], [901, 2]], False),
        ([[900, 901], [902, 1]], False),
        ([[1, 2], [3, 4]], False),
        ([], False),
    ],
)
def test_ids_that_are_followed_by_versions(cells: list[Any], pairs: bool) -> None:  # noqa: FBT001
    assert look_like_pairs(cells) is pairs


@pytest.mark.parametrize("shown", ["ids", "pairs"])
def test_the_doctor_looks_into_lists_of_links(start: Callable[..., Site], shown: str) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    world.create_table("Lab.Parts", [text("Name")])
    ids = [world.insert("Lab.Parts", {"Name": str(n)}, cinchy_id=900 + n) for n in range(6)]
    world.create_table("Lab.Kits", [text("Name"), link("Parts", "Lab.Parts.Name", multi=True)])
    for place in range(4):
        world.insert("Lab.Kits", {"Name": "k", "Parts": (ids[place], ids[place + 1])})
    running = start(world, multi_select=shown)
    run = running.run("--test", settings={"tables_include": ["Lab.Kits"]})
    assert ("followed by a version" in run.stderr) is (shown == "pairs"), run.stderr
