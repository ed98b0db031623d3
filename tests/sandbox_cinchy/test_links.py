"""What a link gives that leads to nothing, to a deleted row, or to what may not be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import Account, build_world, story
from sandbox.cinchy.columns import link, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]

BOTH = "SELECT [Cinchy Id], [Who].[Cinchy Id], [Who].[Name], [All].[Cinchy Id] FROM [Lab].[Things]"
FULL = [[1, 1, "one", "1,2"], [2, 2, "two", 2], [3, None, None, None], [4, 3, "three", 3]]
COUNT = 4


@pytest.fixture
def lab(start: Start) -> Callable[..., Site]:
    """Serve four things: linked to a row, a deleted one, nothing, and a filtered one."""

    def begin(**options: Any) -> Site:
        site = start(build_world(rows=20), **options)
        world = site.world
        world.create_table("Lab.People", [text("Name")])
        target = "Lab.People.Name"
        world.create_table("Lab.Things", [link("Who", target), link("All", target, multi=True)])
        for name in ("one", "two", "three"):
            world.insert("Lab.People", {"Name": name})
        world.delete("Lab.People", 2)
        for who, every in ((1, (1, 2)), (2, (2,)), (None, None), (3, (3,))):
            world.insert("Lab.Things", {"Who": who, "All": every})
        keep = {"Lab.People": lambda row: row["Name"] != "three"}
        world.add_account(Account(username="filtered", filters=keep), "Fil", "Tered")
        return site

    return begin


def test_by_default_no_row_vanishes(lab: Callable[..., Site]) -> None:
    site = lab()
    assert site.rows(BOTH) == FULL
    assert site.become("filtered").rows(BOTH)[3] == [4, 3, None, 3]


def test_an_inner_join_on_links_takes_rows_away(lab: Callable[..., Site]) -> None:
    site = lab(link_to_nothing="vanish")
    assert site.rows(BOTH) == [FULL[0], FULL[1], FULL[3]]
    assert len(site.rows("SELECT [Cinchy Id] FROM [Lab].[Things]")) == COUNT
    for name in ("Who", "All"):
        assert len(site.rows(f"SELECT TOP 3 [{name}].[Cinchy Id] FROM [Lab].[Things]")) == 3
        assert len(site.rows(f"SELECT [{name}] FROM [Lab].[Things]")) == 3
    where = "SELECT [Cinchy Id] FROM [Lab].[Things] WHERE NOT [Who].[Name] = 'one'"
    assert site.rows(where) == [[2], [4]]
    assert site.rows("SELECT [Cinchy Id] FROM [Lab].[Things] ORDER BY [Who]") == [[1], [4], [2]]
    site.world.erase("Lab.People", 1)
    assert site.rows("SELECT [Cinchy Id] FROM [Lab].[Things] ORDER BY [Who]") == [[4], [2]]
    by = "SELECT [Deleted By].[Cinchy Id] FROM [Lab].[Things]"
    assert len(site.rows(by)) == COUNT
    columns = "SELECT [Link Column Target].[Name] FROM [Cinchy].[Table Columns]"
    assert [None] in site.rows(columns)
    site.app.options.link_rules_everywhere = True
    assert site.rows(by) == []
    assert [None] not in site.rows(columns)
    assert len(site.rows("SELECT [Created By].[Cinchy Id] FROM [Lab].[Things]")) == COUNT


def test_a_walk_over_two_links_needs_both(lab: Callable[..., Site]) -> None:
    site = lab(link_to_nothing="vanish")
    site.world.add_column("Lab.People", link("Boss", "Lab.People.Name"))
    site.world.update("Lab.People", 1, {"Boss": 3})
    walk = "SELECT [Cinchy Id], [Who].[Boss].[Name] FROM [Lab].[Things]"
    assert site.rows(walk) == [[1, "three"]]
    site.app.options.link_to_nothing = "null"
    assert site.rows(walk) == [[1, "three"], [2, None], [3, None], [4, None]]


@pytest.mark.parametrize(
    ("how", "rows"),
    [
        ("null", [[1, 1, "one", 1], [2, None, None, None], *FULL[2:]]),
        ("vanish", [[1, 1, "one", 1], *FULL[2:]]),
    ],
)
def test_links_to_deleted_rows_may_vanish(
    lab: Callable[..., Site], how: str, rows: list[list[Any]]
) -> None:
    assert lab(link_to_deleted=how).rows(BOTH) == rows


def test_links_to_filtered_rows_may_vanish(lab: Callable[..., Site]) -> None:
    site = lab(link_to_filtered="null")
    filtered = site.become("filtered")
    assert filtered.rows(BOTH) == [*FULL[:3], [4, None, None, None]]
    site.app.options.link_to_filtered = "vanish"
    assert filtered.rows(BOTH) == FULL[:3]
    assert site.rows(BOTH) == FULL


def test_a_link_to_a_hidden_table_is_a_400_that_names_either_end(lab: Callable[..., Site]) -> None:
    site = lab()
    site.world.accounts["limited"].tables = ("Lab.Things",)
    limited = site.become("limited")
    for path, named in (("[Who].[Cinchy Id]", "Cinchy Id"), ("[Who]", "Name")):
        said = limited.refusal(f"SELECT {path} FROM [Lab].[Things]")
        assert said == f"The column [{named}] could not be found"
    site.app.options.hidden_link_blamed = True
    said = limited.refusal("SELECT [Who].[Cinchy Id] FROM [Lab].[Things]")
    assert said == "The column [Who] could not be found"
    assert len(limited.rows("SELECT [Cinchy Id] FROM [Lab].[Things]")) == COUNT
    site.app.options.link_to_hidden = "null"
    found = limited.execute(BOTH).json()
    assert [row[1:] for row in found["data"]] == [[None, None, None]] * COUNT
    assert found["schema"][1]["type"] == "Int64"
    site.app.options.link_to_hidden = "vanish"
    assert limited.rows(BOTH) == []
    assert site.rows(BOTH) == FULL


def test_a_link_needs_rights_on_both_columns(lab: Callable[..., Site]) -> None:
    site = lab()
    account = site.world.accounts["limited"]
    account.tables, account.hidden = ("Lab.*",), {"Lab.People": {"Name"}}
    limited = site.become("limited")
    assert limited.rows("SELECT [Who].[Cinchy Id] FROM [Lab].[Things]") == [[1], [2], [None], [3]]
    assert "could not be found" in limited.refusal("SELECT [Who] FROM [Lab].[Things]")
    site.app.options.link_to_hidden = "null"
    assert limited.rows("SELECT [Who] FROM [Lab].[Things]") == [[None]] * COUNT


def test_history_reads_links_as_it_always_did(lab: Callable[..., Site]) -> None:
    site = lab(link_to_nothing="vanish", link_to_deleted="null")
    ids = "SELECT [Cinchy Id], [Who].[Cinchy Id] FROM [Lab].[Things]"
    found = site.rows(ids, Type="VERSION_HISTORY_QUERY")
    assert found == [[1, 1], [2, None], [3, None], [4, 3]]
    narrow = site.become("admin")
    site.app.options.history_joins = False
    assert narrow.rows(ids, Type="VERSION_HISTORY_QUERY") == [[1, 1], [2, None], [4, 3]]


def test_cinchys_own_tables_may_be_hidden_from_an_account(start: Start) -> None:
    site = start(build_world(rows=20))
    account = site.world.accounts["limited"]
    account.hidden_tables = ("Cinchy.Users", "Cinchy.Exec*")
    account.hidden = {**account.hidden, "Cinchy.Tables": {"Json"}}
    limited = site.become("limited")
    said = limited.refusal("SELECT [Cinchy Id] FROM [Cinchy].[Users]")
    assert said == "The table [Cinchy.Users] could not be found"
    by = "SELECT [Created By].[Cinchy Id] FROM [HR].[Departments]"
    assert limited.refusal(by) == "The column [Cinchy Id] could not be found"
    assert "[Json]" in limited.refusal("SELECT [Json] FROM [Cinchy].[Tables]")
    assert "Cinchy.Users" not in limited.discover()
    assert "Cinchy.Execution Log" not in limited.discover()
    assert site.rows(by)
    account.hidden_tables = ("Cinchy.Tables",)
    assert "Cinchy.Tables" in limited.refusal("SELECT [Full Name] FROM [Cinchy].[Tables]")
    columns = "SELECT c.[Table].[Full Name] FROM [Cinchy].[Table Columns] c"
    assert limited.refusal(columns) == "The column [Full Name] could not be found"
    site.app.options.forbidden_tables = "empty"
    assert limited.rows("SELECT [Full Name] FROM [Cinchy].[Tables]") == []


def test_a_right_may_be_lost_between_two_requests(start: Start) -> None:
    site = start(build_world(rows=20))
    query = f"SELECT [Cinchy Id] FROM [{story.TASKS.replace('.', '].[')}]"
    assert site.rows(query)
    site.world.accounts["reader"].hidden_tables = ("Delivery.*",)
    assert "could not be found" in site.refusal(query)
    assert story.TASKS not in site.discover()
