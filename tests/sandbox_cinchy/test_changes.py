"""Tables and columns that are renamed, dropped and made again; deletes that need an approval."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import Account, build_world, story
from sandbox.cinchy.columns import link, number, text

from .test_worlds import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import World

    from .site import Site

    Start = Callable[..., Site]


def guid(world: World, table: str) -> str:
    [row] = [r for r in world.truth("Cinchy.Tables", deleted=False) if r["Full Name"] == table]
    return str(row["Guid"])


def test_a_renamed_table_keeps_its_guid_rights_and_links(start: Start) -> None:
    site = start(build_world(rows=20))
    world = site.world
    before, old = guid(world, story.EMPLOYEES), world.truth(story.EMPLOYEES)
    world.rename_table(story.EMPLOYEES, "Human Resources.People")
    assert guid(world, "Human Resources.People") == before
    assert world.truth("Human Resources.People") == old
    assert "could not be found" in site.refusal("SELECT [Email] FROM [HR].[Employees]")
    found = site.discover()
    assert story.EMPLOYEES not in found
    for name in ("Human Resources.People", story.PROJECTS):
        assert site.read(name, found[name]) == written(world, name)
    limited = site.become("limited")
    assert limited.rows("SELECT [Email] FROM [Human Resources].[People]")
    assert "[Salary]" in limited.refusal("SELECT [Salary] FROM [Human Resources].[People]")
    owners = site.rows("SELECT [Owner] FROM [Delivery].[Projects] WHERE [Owner] IS NOT NULL")
    assert owners
    full = "SELECT [Full Name] FROM [Cinchy].[Table Columns] WHERE [Full Name] LIKE 'HR.Emp%'"
    assert site.rows(f"{full} AND [Deleted] IS NULL") == []
    with pytest.raises(ValueError, match="there is a table"):
        world.rename_table("Human Resources.People", story.DEPARTMENTS)
    world.accounts["reader"].hidden_tables = ("Human*",)
    world.rename_table("Human Resources.People", story.EMPLOYEES)
    assert "could not be found" in site.refusal("SELECT [Email] FROM [HR].[Employees]")


def test_a_renamed_column_keeps_its_values_rights_and_calculations(start: Start) -> None:
    site = start(build_world(rows=20))
    world = site.world
    modified = [row["Modified"] for row in world.truth(story.EMPLOYEES)]
    world.rename_column(story.EMPLOYEES, "first name", "Given Name")
    world.rename_column(story.EMPLOYEES, "Salary", "Pay")
    world.rename_column(story.EMPLOYEES, "Full Name", "Called")
    assert [row["Modified"] for row in world.truth(story.EMPLOYEES)] == modified
    assert "[First Name]" in site.refusal("SELECT [First Name] FROM [HR].[Employees]")
    assert site.read(story.EMPLOYEES, site.discover()[story.EMPLOYEES]) == written(
        world, story.EMPLOYEES
    )
    world.update(story.EMPLOYEES, 1, {"Given Name": "Zoë"})
    [[called]] = site.rows("SELECT [Called] FROM [HR].[Employees] WHERE [Cinchy Id] = 1")
    assert called.startswith("Zoë ")
    world.update(story.PROJECTS, 1, {"Owner": 1})
    project = "SELECT [Owner] FROM [Delivery].[Projects] WHERE [Cinchy Id] = 1"
    assert site.rows(project) == [[called]]
    assert "[Pay]" in site.become("limited").refusal("SELECT [Pay] FROM [HR].[Employees]")
    with pytest.raises(ValueError, match="already has a column Pay"):
        world.rename_column(story.EMPLOYEES, "Email", "Pay")


def test_a_table_made_again_under_its_name_is_another_one(start: Start) -> None:
    site = start(build_world(rows=20))
    world = site.world
    world.create_table("Lab.Old", [text("Name")])
    world.create_table("Lab.Pointer", [link("To", "Lab.Old.Name")])
    world.insert("Lab.Old", {"Name": "first"})
    world.insert("Lab.Pointer", {"To": 1})
    before, number_of_old = guid(world, "Lab.Old"), world.table("Lab.Old").table_id
    world.drop_table("Lab.Old")
    world.create_table("Lab.Old", [text("Name")])
    world.insert("Lab.Old", {"Name": "second"})
    assert guid(world, "Lab.Old") != before
    assert world.table("Lab.Old").table_id > number_of_old
    assert site.rows("SELECT [Cinchy Id], [Name] FROM [Lab].[Old]") == [[1, "second"]]
    pointed = "SELECT [To].[Name] FROM [Lab].[Pointer]"
    assert site.refusal(pointed) == "The column [Name] could not be found"
    world.add_column("Lab.Pointer", number("More"), 1.0)
    assert site.rows("SELECT [More] FROM [Lab].[Pointer]") == [[1.0]]


def test_a_column_made_again_under_its_name_is_another_one(start: Start) -> None:
    site = start(build_world(rows=20))
    world = site.world

    def columns() -> list[dict[str, Any]]:
        every = world.truth("Cinchy.Table Columns", deleted=False)
        return [one for one in every if one["Full Name"] == "HR.Departments.Code"]

    [before] = columns()
    world.drop_column(story.DEPARTMENTS, "Code")
    assert columns() == []
    modified = [row["Modified"] for row in world.truth(story.DEPARTMENTS)]
    world.add_column(story.DEPARTMENTS, text("Code"), "filled")
    [after] = columns()
    assert (after["Guid"] == before["Guid"], after["Cinchy Id"] > before["Cinchy Id"]) == (
        False,
        True,
    )
    rows = world.truth(story.DEPARTMENTS)
    assert {row["Code"] for row in rows} == {"filled"}
    assert [row["Modified"] for row in rows] == modified


@pytest.mark.parametrize("moves", [True, False])
def test_a_delete_counts_when_it_is_approved(start: Start, moves: bool) -> None:  # noqa: FBT001
    site = start(build_world(rows=20, delete_moves_modified=moves), output_zone="UTC")
    world = site.world
    requested = world.clock.advance(60)
    world.propose_delete(story.INVOICES, 4)
    query = (
        "SELECT [Deleted], [Modified], [Approval State], [Version], [Draft Version] "
        "FROM [Finance].[Invoices] WHERE [Cinchy Id] = 4"
    )
    [[deleted, modified, *_]] = site.rows(query)
    assert deleted is None
    assert dt.datetime.fromisoformat(modified).replace(tzinfo=dt.UTC) < requested
    [[deleted, _, state, _, draft]] = site.rows(query, Type="DRAFT_QUERY")
    stamp = requested.replace(tzinfo=None).isoformat()
    assert (deleted, state, draft) == (stamp, "Pending", 1)
    approved = world.clock.advance(3 * 86_400)
    world.approve(story.INVOICES, 4)
    [[deleted, modified, state, *_]] = site.rows(query)
    assert (deleted, state) == (stamp, "Approved")
    assert modified == approved.replace(tzinfo=None).isoformat()
    since = f"SELECT [Cinchy Id] FROM [Finance].[Invoices] WHERE [Deleted] >= '{modified}'"
    assert site.rows(since) == []


def test_a_delete_that_is_refused_leaves_the_row(start: Start) -> None:
    site = start(build_world(rows=20))
    before = site.world.truth(story.INVOICES)
    site.world.propose_delete(story.INVOICES, 4)
    site.world.reject(story.INVOICES, 4)
    assert site.world.truth(story.INVOICES) == before
    assert site.world.truth(story.INVOICES, drafts=True)[3]["Deleted"] is None
    versions = site.world.truth(story.INVOICES, history=True)
    [refused] = [row for row in versions if row["Cinchy Id"] == 4 and row["Draft Version"]]
    assert refused["Replaced"] == site.world.now()


def test_rights_on_a_new_account_follow_a_rename() -> None:
    account = Account(username="x", tables=("A.*",), hidden_tables=("A.Secret*",))
    account.follow_table("A.One", "B.One")
    account.follow_table("A.Secret", "B.Known")
    assert account.tables == ("A.*", "B.One", "B.Known")
    assert account.hidden_tables == ("A.Secret*", "B.Known")
