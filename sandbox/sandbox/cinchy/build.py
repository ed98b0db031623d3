"""Makes a platform with content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .content import Author, sizes
from .furnish import add_accounts, add_platform_content
from .story import OPTIONS, story_tables
from .world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .clock import Clock


def build_world(
    seed: int = 1,
    rows: int = 300,
    *,
    sizes_by_table: Mapping[str, int] | None = None,
    version: str = "5.11.0",
    clock: Clock | None = None,
    delete_moves_modified: bool = True,
    domains_renamed: bool = False,
) -> World:
    """Return a generated platform; the same arguments always give the same one.

    Args:
        seed: Everything random follows from it.
        rows: Rows of ``Delivery.Tasks``; the other tables follow in proportion, up to a few
            thousand rows.
        sizes_by_table: Rows of single tables, by ``Domain.Table``.
        version: The release it claims to be; 6.0.0 renames Domain to Data Product.
        clock: The server's clock.
        delete_moves_modified: Whether deleting a row also sets its Modified.
        domains_renamed: Whether 6.0 also calls the table of domains Data Products.
    """
    world = World(
        seed,
        version=version,
        clock=clock,
        delete_moves_modified=delete_moves_modified,
        domains_renamed=domains_renamed,
    )
    add_accounts(world)
    world.define(story_tables(), OPTIONS)
    Author(world, {**sizes(rows), **(sizes_by_table or {})}).write()
    add_platform_content(world)
    return world
