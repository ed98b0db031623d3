"""Generated platforms: what is in them, and that a careful reader finds exactly that."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import zoneinfo
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import build_world, story
from sandbox.cinchy.columns import ColumnType, calculated, link, number, text
from sandbox.cinchy.cql import CqlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest, World

    from .site import Site

    Start = Callable[..., Site]

ZONE = zoneinfo.ZoneInfo("America/New_York")
TABLE_RULE = re.compile(r"[A-Za-z0-9_ '+\-:()/=@!&%]{1,125}")
COLUMN_RULE = re.compile(r"[A-Za-z0-9_ '+\-:()/=@!&%$]{1,125}")


def expected(value: Any, *, choice: bool) -> Any:
    """Write a stored value down as the default options say."""
    if isinstance(value, dt.datetime):
        local = value.astimezone(ZONE).replace(tzinfo=None) if value.tzinfo else value
        written = local.isoformat()
        return written.rstrip("0") if "." in written else written
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        if len(value) == 1 and not choice:
            return value[0]
        return ",".join(map(str, value))
    return value


def snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def existing(world: World, column: Any, value: Any) -> Any:
    """Leave out links to rows that were erased."""
    if column.type is not ColumnType.LINK or value is None:
        return value
    rows = world.table(column.target_table).rows
    if isinstance(value, tuple):
        return tuple(one for one in value if one in rows) or None
    return value if value in rows else None


def written(world: World, name: str) -> list[dict[str, Any]]:
    columns = {column.name: column for column in world.table(name).columns}
    return [
        {
            column: expected(
                existing(world, columns[column], value),
                choice=columns[column].type is ColumnType.CHOICE,
            )
            for column, value in row.items()
        }
        for row in world.truth(name)
    ]


def test_twelve_business_tables_with_every_column_type(world: World) -> None:
    tables = world.tables()
    assert len(tables) == 12
    columns = [column for table in tables for column in table.columns]
    assert {column.type for column in columns} == set(ColumnType)
    outputs = {(column.output, column.cached) for column in columns if column.output}
    assert {output for output, _ in outputs} == {
        ColumnType.TEXT,
        ColumnType.NUMBER,
        ColumnType.DATE,
        ColumnType.YES_NO,
    }
    assert {cached for _, cached in outputs} == {True, False}
    links = [column for column in columns if column.type is ColumnType.LINK and not column.system]
    assert {column.multi for column in links} == {True, False}
    assert len({table.domain for table in tables}) == 7
    assert {table.kind for table in tables} == {"Standard", "Spatial", "Unversioned"}


def test_names_obey_the_platforms_rule_and_still_collide(world: World) -> None:
    for table in world.tables(system=True):
        assert TABLE_RULE.fullmatch(table.domain)
        assert TABLE_RULE.fullmatch(table.name)
        assert all(COLUMN_RULE.fullmatch(column.name) for column in table.columns)
    names = [snake(table.full_name) for table in world.tables()]
    assert len(set(names)) == len(names) - 1
    columns = [column.name for column in world.table(story.ORDERS).columns]
    assert len({snake(column) for column in columns}) < len(columns)
    assert len({column.encode()[:63] for column in columns}) < len(columns)


def test_a_seed_gives_the_same_platform_and_another_seed_another(world: World) -> None:
    again, other = build_world(rows=60), build_world(seed=2, rows=60)
    for table in world.tables(system=True):
        assert again.truth(table.full_name, history=True) == world.truth(
            table.full_name, history=True
        )
    assert other.truth(story.EMPLOYEES) != world.truth(story.EMPLOYEES)


def test_a_reader_that_knows_only_the_metadata_finds_everything(start: Start) -> None:
    site = start()
    found = site.discover()
    business = {name: columns for name, columns in found.items() if not name.startswith("Cinchy.")}
    assert set(business) == {table.full_name for table in site.world.tables()}
    for name, columns in business.items():
        assert site.read(name, columns) == written(site.world, name), name


def test_system_tables_describe_the_platform_and_themselves(start: Start) -> None:
    site = start()
    found = site.discover()
    for table in site.world.tables(system=True):
        assert [name for name, _, _ in found[table.full_name]] == [
            column.name for column in table.columns
        ]
    rows = site.rows(
        "SELECT t.[Full Name], t.[Domain].[Name], t.[Type], t.[Has Erased Records], t.[Guid] "
        "FROM [Cinchy].[Tables] t WHERE t.[Deleted] IS NULL"
    )
    assert {row[0] for row in rows} == set(found)
    assert all(name.split(".", 1)[0] == domain for name, domain, *_ in rows)
    assert {row[2] for row in rows} == {"Standard", "Spatial", "Unversioned"}
    assert [row[0] for row in rows if row[3]] == [story.EMPLOYEES]
    gone = site.rows("SELECT [Full Name] FROM [Cinchy].[Tables] WHERE [Deleted] IS NOT NULL")
    assert gone == [["Archive.Old Vendors"]]


def test_multi_select_is_told_only_in_the_json_of_a_table(start: Start) -> None:
    site = start()
    query = (
        f"SELECT [Cinchy Id], [Json] FROM [Cinchy].[Tables] WHERE [Full Name] = '{story.PROJECTS}'"
    )
    [[_, described]] = site.rows(query)
    columns = {column["name"]: column for column in json.loads(described)["Columns"]}
    assert columns["Members"]["allowMultiple"] is True
    assert columns["Owner"]["allowMultiple"] is False
    assert columns["Tags"]["allowMultiple"] is True
    assert columns["Members"]["linkedTableId"] == site.world.table(story.EMPLOYEES).table_id
    [[targets]] = site.rows(
        "SELECT c.[Link Column Target].[Full Name] FROM [Cinchy].[Table Columns] c "
        f"WHERE c.[Cinchy Id] = {columns['Members']['columnId']}"
    )
    assert targets == f"{story.EMPLOYEES}.Full Name"


def test_release_six_says_data_product(start: Start) -> None:
    site = start(build_world(rows=20, version="6.0.0"))
    query = "SELECT TOP 1 t.[{}].[Name] FROM [Cinchy].[Tables] t"
    assert site.rows(query.format("Data Product")) == [["Cinchy"]]
    assert site.refusal(query.format("Domain")) == "The column [Domain] could not be found"
    assert site.rows("SELECT TOP 1 t.[Full Name] FROM [Cinchy].[Tables] t")
    queries = "SELECT TOP 1 q.[Data Product].[Name] FROM [Cinchy].[Saved Queries] q"
    assert site.rows(queries) == [["HR"]]
    assert site.rows("SELECT TOP 1 [Name] FROM [Cinchy].[Domains]")
    renamed = start(build_world(rows=20, version="6.0.0", domains_renamed=True))
    assert renamed.rows("SELECT TOP 1 [Name] FROM [Cinchy].[Data Products]") == [["Cinchy"]]
    assert "could not be found" in renamed.refusal("SELECT 1 FROM [Cinchy].[Domains]")


def test_older_releases_lack_what_came_later() -> None:
    old = build_world(rows=20, version="5.1.0")
    assert old.table("Cinchy.Saved Queries").find("API Version") is None
    with pytest.raises(KeyError):
        old.table("Cinchy.Secrets")
    assert old.table(story.TASKS).column("Cinchy Id").kind.value == "Int32"
    assert build_world(rows=20).table(story.TASKS).column("Cinchy Id").kind.value == "Int64"


def test_a_change_makes_a_version_and_a_delete_fills_deleted(world: World) -> None:
    world.clock.advance(60)
    world.update(story.TASKS, 4, {"Status": "Done"})
    changed = world.truth(story.TASKS)[3]
    assert (changed["Status"], changed["Modified"]) == ("Done", world.now())
    before = [row for row in world.truth(story.TASKS, history=True) if row["Cinchy Id"] == 4]
    assert before[-1] == changed
    assert before[-2]["Version"] == changed["Version"] - 1
    assert before[-2]["Replaced"] == world.now()
    world.clock.advance(60)
    world.delete(story.TASKS, 4)
    deleted = world.truth(story.TASKS)[3]
    assert deleted["Deleted"] == deleted["Modified"] == world.now()
    assert all(row["Cinchy Id"] != 4 for row in world.truth(story.TASKS, deleted=False))
    world.restore(story.TASKS, 4)
    assert world.truth(story.TASKS)[3]["Deleted"] is None


def test_a_delete_may_leave_modified_alone() -> None:
    world = build_world(rows=20, delete_moves_modified=False)
    before = world.truth(story.TASKS)[4]["Modified"]
    world.clock.advance(60)
    world.delete(story.TASKS, 5)
    after = world.truth(story.TASKS)[4]
    assert (after["Modified"], after["Deleted"]) == (before, world.now())


def test_the_world_answers_queries_itself(world: World) -> None:
    world.update(story.DEPARTMENTS, 1, {"Head": 2})
    query = "SELECT TOP 1 [Cinchy Id], [Head].[Email] AS 'who' FROM [HR].[Departments]"
    email = world.truth(story.EMPLOYEES)[1]["Email"]
    assert world.query(query) == [{"Cinchy Id": 1, "who": email}]
    assert world.query("SELECT [Cinchy Id] FROM [Cinchy].[Tables]", "lowly") == []
    with pytest.raises(CqlError, match="no DELETE"):
        world.query("DELETE FROM [HR].[Departments]")


def test_erased_rows_leave_only_a_hint_and_their_id_is_not_given_again(world: World) -> None:
    last = world.table(story.TASKS).ids[-1]
    world.erase(story.TASKS, last)
    assert all(row["Cinchy Id"] != last for row in world.truth(story.TASKS, history=True))
    assert world.insert(story.TASKS, {"Title": "new"}) == last + 1
    tables = world.truth("Cinchy.Tables")
    assert [row["Has Erased Records"] for row in tables if row["Full Name"] == story.TASKS] == [
        True
    ]


def test_compression_forgets_replaced_versions(world: World) -> None:
    assert world.compress(story.TASKS) > 0
    assert world.truth(story.TASKS, history=True) == world.truth(story.TASKS)


def test_drafts_wait_for_approval(world: World) -> None:
    world.propose(story.INVOICES, 2, {"Amount": 1.0})
    world.propose(story.INVOICES, 2, {"Amount": 2.0})
    assert world.truth(story.INVOICES)[1]["Amount"] != 2.0
    draft = world.truth(story.INVOICES, drafts=True)[1]
    assert (draft["Amount"], draft["Draft Version"]) == (2.0, 2)
    version = world.truth(story.INVOICES)[1]["Version"]
    world.approve(story.INVOICES, 2)
    approved = world.truth(story.INVOICES)[1]
    assert (approved["Amount"], approved["Gross"]) == (2.0, 2.26)
    assert (approved["Version"], approved["Draft Version"]) == (version + 1, 0)
    history = [r for r in world.truth(story.INVOICES, history=True) if r["Cinchy Id"] == 2]
    keys = [(row["Version"] - version, row["Draft Version"]) for row in history]
    assert keys[-4:] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert [row["Replaced"] is None for row in history[-4:]] == [False, False, False, True]


def test_tables_without_versions_or_ids_lack_system_columns(world: World) -> None:
    names = [column.name for column in world.table(story.READINGS).columns if column.system]
    assert names == ["Cinchy Id", "Created By", "Created", "Modified By", "Modified"]
    world.update(story.READINGS, 1, {"Value": 1.0})
    world.delete(story.READINGS, 2)
    rows = world.truth(story.READINGS, history=True)
    assert [row["Cinchy Id"] for row in rows[:2]] == [1, 3]
    ledger = [column.name for column in world.table(story.LEDGER).columns if column.system]
    assert ledger == ["Created", "Modified"]


def test_every_larger_table_changed_in_the_repeated_hour(world: World) -> None:
    for name in (story.TASKS, story.EMPLOYEES, story.INVOICES):
        hours = {
            row["Modified"].astimezone(ZONE).strftime("%Y-%m-%d %H %z")
            for row in world.truth(name, history=True)
        }
        assert {"2026-11-01 01 -0400", "2026-11-01 01 -0500"} <= hours


def test_a_late_commit_has_a_lower_id_and_an_earlier_instant(world: World) -> None:
    world.insert(story.TASKS, {"Title": "later"}, cinchy_id=100)
    early = world.now() - dt.timedelta(minutes=5)
    world.insert(story.TASKS, {"Title": "slow"}, cinchy_id=90, at=early)
    assert [row["Cinchy Id"] for row in world.truth(story.TASKS)][-2:] == [90, 100]
    assert world.truth(story.TASKS)[-2]["Modified"] == early
    with pytest.raises(ValueError, match="already has a row 90"):
        world.insert(story.TASKS, {}, cinchy_id=90)


def test_live_calculations_move_without_modified_and_cached_ones_do_not(world: World) -> None:
    before = {row["Cinchy Id"]: row for row in world.truth(story.EMPLOYEES)}
    world.clock.advance(366 * 86_400)
    for row in world.truth(story.EMPLOYEES):
        old = before[row["Cinchy Id"]]
        assert row["Modified"] == old["Modified"]
        assert row["Tenth Anniversary"] == old["Tenth Anniversary"]
        if old["Years Of Service"] is not None:
            assert row["Years Of Service"] == old["Years Of Service"] + 1
    world.update(story.EMPLOYEES, 1, {"First Name": "Zoë"})
    assert world.truth(story.EMPLOYEES)[0]["Full Name"].startswith("Zoë ")


def test_tables_and_columns_come_go_and_change_while_served(start: Start) -> None:
    site = start()
    world = site.world
    doubled = calculated("Doubled", ColumnType.NUMBER, lambda row: row["Size"] * 2, "[Size] * 2")
    world.create_table(
        "New & Fresh.Table", [number("Size"), link("Task", f"{story.TASKS}.Title"), doubled]
    )
    world.insert("New & Fresh.Table", {"Size": 4.0, "Task": 1})
    found = site.discover()["New & Fresh.Table"]
    assert [name for name, _, is_system in found if not is_system] == ["Size", "Task", "Doubled"]
    query = "SELECT [Size], [Doubled], [Task].[Cinchy Id] FROM [New & Fresh].[Table]"
    assert site.rows(query) == [[4.0, 8.0, 1]]
    world.change_column("New & Fresh.Table", "Size", text("Size"), lambda value: f"{value:g} m")
    world.add_column("New & Fresh.Table", number("More"), 1.5)
    answer = site.execute("SELECT [Size], [More] FROM [New & Fresh].[Table]").json()
    assert answer == {
        "schema": [
            {"columnName": "Size", "type": "String"},
            {"columnName": "More", "type": "Double"},
        ],
        "data": [["4 m", 1.5]],
    }
    assert ("Size", "Text", False) in site.discover()["New & Fresh.Table"]
    world.drop_column("New & Fresh.Table", "More")
    assert site.refusal("SELECT [More] FROM [New & Fresh].[Table]") == (
        "The column [More] could not be found"
    )
    world.drop_table("New & Fresh.Table")
    assert "New & Fresh.Table" not in site.discover()
    assert site.refusal(query) == "The table [New & Fresh.Table] could not be found"


def test_rows_change_between_pages(start: Start) -> None:
    site = start()
    world = site.world

    def change(request: SandboxRequest) -> None:
        if "Tasks" in request.cql and request.number % 2:
            world.insert(story.TASKS, {"Title": f"during {request.number}"})

    undo = world.on_request(change)
    columns = site.discover()[story.TASKS]
    found = site.read(story.TASKS, columns)
    assert len(found) > 60
    assert [row["Cinchy Id"] for row in found] == [r["Cinchy Id"] for r in world.truth(story.TASKS)]
    undo()
    assert world.hooks == []


def test_many_rows_are_built_and_paged_at_once(start: Start) -> None:
    site = start(build_world(rows=200_000))
    found, last = 0, 0
    while page := site.rows(
        "SELECT TOP 20000 t.[Cinchy Id] AS 'c0', t.[Title] AS 'c1' FROM [Delivery].[Tasks] t "
        f"WHERE t.[Cinchy Id] > {last} ORDER BY t.[Cinchy Id]"
    ):
        found, last = found + len(page), page[-1][0]
    assert found == 200_000
