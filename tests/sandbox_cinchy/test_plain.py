"""The plain year: harmless, whole in its links, and seen from any of its days."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from sandbox import company
from sandbox.cinchy import Clock, World, build_plain_world
from sandbox.cinchy.columns import ColumnType
from sandbox.cinchy.plain_tables import ACCOUNTS, INCIDENTS, INVOICES, PAYMENTS, SHIPMENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]

NOW = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
HARMLESS = re.compile(r"[A-Za-z0-9 .,:;'()/@%_-]*")


def seen_on(days_ago: int, seed: int = 1) -> World:
    clock = Clock(NOW - dt.timedelta(days=days_ago))
    return build_plain_world(seed, clock=clock, days_ago=days_ago)


def rows(world: World) -> dict[str, list[dict[str, Any]]]:
    return {table.full_name: world.truth(table.full_name) for table in world.tables()}


def test_the_same_seed_and_day_give_the_same_year() -> None:
    one = rows(seen_on(0))
    assert one == rows(seen_on(0)) != rows(seen_on(0, seed=2))
    for table in one.values():
        for row in table:
            for value in row.values():
                assert not isinstance(value, str) or HARMLESS.fullmatch(value), value


def test_every_link_leads_somewhere(start: Start) -> None:
    site = start(seen_on(0))
    world = site.world
    links = 0
    for table in world.tables():
        for column in table.columns:
            if column.type is ColumnType.LINK and not column.system:
                known = set(world.table(column.target_table).ids)
                for row in world.truth(table.full_name):
                    value = row[column.name]
                    ids = value if isinstance(value, tuple) else (value,) if value else ()
                    assert set(ids) <= known, (table.full_name, column.name)
                    links += len(ids)
    assert links > 5000
    found = site.rows("SELECT [Shipment Number], [Account], [Status] FROM [Operations].[Shipments]")
    assert len(found) == len(world.truth(SHIPMENTS, deleted=False)) > 1000
    assert site.rows("SELECT [Account Name] FROM [Customers].[Accounts] WHERE [Active] = 1")


def test_it_tells_of_the_same_incidents() -> None:
    told = company.troubles(1, int(NOW.timestamp()))
    found = seen_on(0).truth(INCIDENTS)
    assert [row["Title"] for row in found] == [one.title for one in told]
    minutes = {row["Title"]: row["Minutes"] for row in found if row["Fixed"]}
    for one in told:
        if one.fixed is not None and [t.title for t in told].count(one.title) == 1:
            assert minutes[one.title] == (one.fixed - one.began) / 60


def test_an_earlier_day_shows_the_same_year() -> None:
    whole, earlier = seen_on(0), seen_on(60)
    cut = NOW - dt.timedelta(days=60)
    for table in (SHIPMENTS, INVOICES, PAYMENTS, ACCOUNTS, INCIDENTS):
        created = {
            row["Cinchy Id"]: row["Created"] for row in whole.truth(table) if row["Created"] <= cut
        }
        found = {row["Cinchy Id"]: row["Created"] for row in earlier.truth(table)}
        assert found == created, table
        assert all(row["Modified"] <= cut for row in earlier.truth(table))
    paid = sum(row["Status"] == "Paid" for row in whole.truth(INVOICES))
    assert paid == len(whole.truth(PAYMENTS)) > 300


def test_syncs_ran_every_night_and_some_failed() -> None:
    log = seen_on(0).truth("Cinchy.Execution Log")
    failed = [row for row in log if row["State"] == "Failed"]
    assert len(log) == 600
    assert 5 < len(failed) < 60
