"""Makes a platform with content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .content import Author, Numbering, sizes
from .furnish import add_accounts, add_platform_content
from .scale import add_empty_tables, add_series
from .story import OPTIONS, story_tables
from .world import World

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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
    first_id: int = 1,
    id_step: int = 1,
    bulk_loaded: Collection[str] = (),
    empty_tables: int = 0,
    series_rows: int = 0,
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
        first_id: Cinchy Id of the first row of every table of the company; 0 and below happen
            as soon as nothing says that they do not.
        id_step: From one Cinchy Id to the next; more than 1 leaves holes.
        bulk_loaded: Tables (``Domain.Table``) whose rows all came, unchanged since, at one instant.
        empty_tables: Further tables without a row, in domain Scale.
        series_rows: Rows of ``Scale.Events``, which are made when they are read.
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
    numbering = Numbering(first_id, id_step)
    counts = {**sizes(rows), **(sizes_by_table or {})}
    Author(world, counts, numbering, frozenset(bulk_loaded)).write()
    add_platform_content(world)
    add_empty_tables(world, empty_tables)
    if series_rows:
        add_series(world, count=series_rows)
    return world
