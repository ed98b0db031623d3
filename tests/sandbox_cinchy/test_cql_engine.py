"""What the engine understands, and what it refuses in which words."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import story
from sandbox.cinchy.accounts import View
from sandbox.cinchy.cql import CqlError, Session, Write, execute

from .conftest import result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import World

    Ask = Callable[..., list[tuple[Any, ...]]]

TASKS = "[Delivery].[Tasks]"


def test_top_and_keyset_pages_meet_every_row_once(world: World, ask: Ask) -> None:
    seen: list[int] = []
    while True:
        last = seen[-1] if seen else 0
        page = ask(
            f"SELECT TOP 7 t.[Cinchy Id] AS 'c0' FROM {TASKS} t "
            f"WHERE t.[Cinchy Id] > {last} ORDER BY t.[Cinchy Id]"
        )
        if not page:
            break
        seen += [row[0] for row in page]
    assert seen == [row["Cinchy Id"] for row in world.truth(story.TASKS)]


def test_links_are_walked_to_ids_labels_and_on(world: World, ask: Ask) -> None:
    found = ask(
        "SELECT p.[Cinchy Id], p.[Owner].[Cinchy Id], p.[Owner], p.[Owner].[Full Name], "
        "p.[Owner].[Department].[Name], p.[Department].[Head].[Reports To].[Cinchy Id] "
        "FROM [Delivery].[Projects] p"
    )
    people = {row["Cinchy Id"]: row for row in world.truth(story.EMPLOYEES)}
    departments = {row["Cinchy Id"]: row for row in world.truth(story.DEPARTMENTS)}
    for row, project in zip(found, world.truth(story.PROJECTS), strict=True):
        owner = people.get(project["Owner"], {})
        named = owner.get("Full Name")
        department = departments.get(owner.get("Department"), {})
        head = people.get(departments.get(project["Department"], {}).get("Head"), {})
        boss = head.get("Reports To")
        assert row == (
            project["Cinchy Id"],
            owner.get("Cinchy Id"),
            named,
            named,
            department.get("Name"),
            boss if boss in people else None,
        )


def test_a_link_to_an_erased_row_is_empty(world: World, ask: Ask) -> None:
    task = next(row for row in world.truth(story.TASKS) if row["Assignee"])
    world.erase(story.EMPLOYEES, task["Assignee"])
    query = f"SELECT [Assignee].[Cinchy Id], [Assignee] FROM {TASKS} WHERE [Cinchy Id] = "
    assert ask(query + str(task["Cinchy Id"])) == [(None, None)]


def test_names_may_be_unbracketed_qualified_and_in_any_case(ask: Ask) -> None:
    wanted = ask("SELECT [Name] FROM [HR].[Departments] ORDER BY [Cinchy Id]")
    for text in (
        "select d.name from hr.departments as d order by d.[cinchy id] asc;",
        "SELECT [HR].[Departments].[Name] FROM [HR].[Departments] ORDER BY [CINCHY ID]",
        "SELECT [Departments].[Name] FROM [HR].[Departments] -- comment\n ORDER BY [Cinchy Id]",
        "SELECT D.[Name] FROM [Cinchy].[HR].[Departments] D /* all */ ORDER BY D.[Cinchy Id]",
        "SELECT [label] = [Name] FROM [HR].[Departments] ORDER BY [Cinchy Id]",
    ):
        assert ask(text) == wanted, text


def test_hostile_names_need_only_brackets_and_doubled_quotes(ask: Ask) -> None:
    domain, name = story.ORDERS.split(".")
    found = ask(
        "SELECT t.[Customer's Name] AS 'it''s', t.[Order/No], t.[select], t.[% off (max=100)] "
        f"FROM [{domain}].[{name}] t WHERE t.[Customer's Name] = 'O''Neil' AND t.[A=B & C!] = 0"
    )
    assert found
    assert {row[0] for row in found} == {"O'Neil"}


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        ("[Estimate] > 3", lambda row: row["Estimate"] is not None and row["Estimate"] > 3),
        ("3 < [Estimate]", lambda row: row["Estimate"] is not None and row["Estimate"] > 3),
        ("[Estimate] <> 2.5", lambda row: row["Estimate"] not in {None, 2.5}),
        ("[Estimate] IS NULL", lambda row: row["Estimate"] is None),
        ("[Estimate] IS NOT NULL", lambda row: row["Estimate"] is not None),
        ("NOT [Estimate] > 3", lambda row: row["Estimate"] is not None and row["Estimate"] <= 3),
        ("[Billable] = 1", lambda row: row["Billable"]),
        ("[Billable] = 'False'", lambda row: not row["Billable"]),
        ("[Status] IN ('Done', 'Open')", lambda row: row["Status"] in {"Done", "Open"}),
        ("[Status] NOT IN ('Done')", lambda row: row["Status"] != "Done"),
        ("[Status] LIKE 'b%'", lambda row: row["Status"] == "Blocked"),
        ("[Cinchy Id] BETWEEN 5 AND 9", lambda row: 5 <= row["Cinchy Id"] <= 9),
        (
            "[Cinchy Id] = 4 OR [Cinchy Id] >= 55",
            lambda row: row["Cinchy Id"] in {4, *range(55, 99)},
        ),
        (
            "([Status] = 'Open' OR [Status] = 'Done') AND NOT ([Cinchy Id] < 20)",
            lambda row: row["Status"] in {"Open", "Done"} and row["Cinchy Id"] >= 20,
        ),
        ("[Depends On].[Cinchy Id] = 1", lambda row: 1 in (row["Depends On"] or ())),
        ("[Project].[Cinchy Id] = [Cinchy Id]", lambda row: row["Project"] == row["Cinchy Id"]),
        ("[Due] = NULL", lambda _row: False),
    ],
)
def test_conditions(
    world: World, ask: Ask, condition: str, test: Callable[[dict[str, Any]], bool]
) -> None:
    found = {row[0] for row in ask(f"SELECT [Cinchy Id] FROM {TASKS} WHERE {condition}")}
    assert found == {row["Cinchy Id"] for row in world.truth(story.TASKS) if test(row)}


def test_text_is_compared_as_the_database_compares_it(ask: Ask) -> None:
    query = "SELECT [Cinchy Id] FROM [Delivery].[Tasks] WHERE [Status] = 'dONE '"
    assert ask(query)
    assert not ask(query, backend="postgres")


def test_nulls_sort_where_the_database_puts_them(ask: Ask) -> None:
    query = "SELECT TOP 3 [Estimate] FROM [Delivery].[Tasks] ORDER BY [Estimate]"
    assert ask(query)[0] == (None,)
    assert ask(query + " DESC")[0] == (7.5,)
    assert ask(query, backend="postgres")[0] == (0.5,)
    assert ask(query + " DESC", backend="postgres")[0] == (None,)


def test_several_sort_keys_and_aliases(world: World, ask: Ask) -> None:
    found = ask(f"SELECT [Status] AS 's', [Title] FROM {TASKS} ORDER BY s DESC, [Title]")
    rows = sorted(world.truth(story.TASKS), key=lambda row: row["Title"].casefold())
    rows.sort(key=lambda row: row["Status"].casefold(), reverse=True)
    assert found == [(row["Status"], row["Title"]) for row in rows]


def test_distinct_counts_before_top(ask: Ask) -> None:
    found = ask(f"SELECT DISTINCT TOP 3 [Status] FROM {TASKS} ORDER BY [Status]")
    assert found == [("Blocked",), ("Done",), ("In Progress",)]


def test_parameters_and_declared_variables(ask: Ask) -> None:
    query = f"SELECT [Cinchy Id] FROM {TASKS} WHERE [Cinchy Id] = @Id"
    assert ask(query, parameters={"@id": "7"}) == [(7,)]
    assert ask(f"DECLARE @id INT = 9; {query}", parameters={"@ID": "7"}) == [(9,)]
    assert ask(f"DECLARE @id NVARCHAR(10); {query}", parameters={"@id": "7"}) == []
    assert ask(query, absent_is_null=True) == []
    with pytest.raises(CqlError, match='Must declare the scalar variable "@Id"'):
        ask(query)


def test_an_empty_text_is_a_date_of_1900_on_sql_server(ask: Ask) -> None:
    query = "SELECT [Cinchy Id] FROM [Delivery].[Projects] WHERE [Ends] = ''"
    same = query.replace("''", "'1900-01-01'")
    assert ask(query) == ask(same) != []


def test_raised_messages_add_up_without_return(ask: Ask) -> None:
    script = "IF @x IS NULL RAISERROR('one', 18, 1){} IF 1 = 1 RAISERROR('two', 18, 1) SELECT 1"
    with pytest.raises(CqlError, match=r"^one two$"):
        ask(script.format(""), absent_is_null=True)
    with pytest.raises(CqlError, match=r"^one$"):
        ask(script.format(" RETURN"), absent_is_null=True)


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ("SELECT [Title] FROM [Delivery].[Tasks] LIMIT 3", "LIMIT"),
        ("SELECT [Title] FROM [Delivery].[Tasks] ORDER BY [Title] OFFSET 3 ROWS", "OFFSET"),
        ("SELECT [Title] FROM [Delivery].[Tasks] GROUP BY [Title]", "GROUP"),
        ("SELECT [Title] FROM [Delivery].[Tasks] t JOIN [HR].[Employees] e ON 1 = 1", "JOIN"),
        ("SELECT 1 UNION SELECT 2", "UNION"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH"),
        ("SELECT * FROM (SELECT 1) t", "("),
        ("SELECT CASE WHEN 1 = 1 THEN 1 END", "CASE"),
        ("SELECT [Title] FROM [Delivery].[Tasks] WHERE", ""),
    ],
)
def test_what_is_not_offered_is_a_syntax_error_in_the_databases_words(
    ask: Ask, query: str, near: str
) -> None:
    with pytest.raises(CqlError) as refused:
        ask(query)
    assert str(refused.value) == f"Incorrect syntax near '{near}'."
    with pytest.raises(CqlError, match="syntax error at"):
        ask(query, backend="postgres")


@pytest.mark.parametrize("name", ["COUNT", "CAST", "DATEADD", "ROW_NUMBER", "LEN", "GETDATE"])
def test_functions_are_refused(ask: Ask, name: str) -> None:
    with pytest.raises(CqlError, match=f"The function {name} is not supported"):
        ask(f"SELECT {name}([Title]) FROM [Delivery].[Tasks]")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT [Nope] FROM [HR].[Employees]", "The column [Nope] could not be found"),
        ("SELECT t.[Email].[Name] FROM [HR].[Employees] t", "The column [Name] could not be found"),
        (
            "SELECT [Department].[Nope] FROM [HR].[Employees]",
            "The column [Nope] could not be found",
        ),
        ("SELECT 1 FROM [HR].[Nope]", "The table [HR.Nope] could not be found"),
        ("SELECT [Fax] FROM [HR].[Employees]", "The column [Fax] could not be found"),
        (
            "SELECT 1 FROM [Archive].[Old Vendors]",
            "The table [Archive.Old Vendors] could not be found",
        ),
    ],
)
def test_unknown_names_are_quoted_as_the_database_does(ask: Ask, query: str, said: str) -> None:
    with pytest.raises(CqlError) as refused:
        ask(query)
    assert str(refused.value) == said
    with pytest.raises(CqlError) as refused:
        ask(query, backend="postgres")
    assert str(refused.value) == said.replace("[", '"').replace("]", '"')


def test_unnamed_columns_are_named_by_the_database(world: World) -> None:
    assert [c.name for c in result_of(world, "SELECT 1, 'a'").columns] == ["Column1", "Column2"]
    postgres = result_of(world, "SELECT 1, 'a'", backend="postgres")
    assert [column.name for column in postgres.columns] == ["?column?", "?column?"]


def test_long_names_are_cut_or_refused_by_the_database(world: World) -> None:
    domain, name = story.ORDERS.split(".")
    query = f"SELECT [{story.LONG}A], [{story.LONG}B] FROM [{domain}].[{name}]"
    columns = [column.name for column in result_of(world, query, backend="postgres").columns]
    assert columns == [story.LONG[:63]] * 2
    assert [c.name for c in result_of(world, query).columns] == [f"{story.LONG}{x}" for x in "AB"]
    with pytest.raises(CqlError, match="Maximum length is 128"):
        result_of(world, f"SELECT 1 AS '{'x' * 129}'")


def test_the_server_may_send_one_name_twice(world: World) -> None:
    query = "SELECT [Name], [Head].[First Name] AS 'Name' FROM [HR].[Departments]"
    assert [column.name for column in result_of(world, query).columns] == ["Name", "Name"]


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO [HR].[Employees] ([Email]) VALUES ('x')",
        "update [HR].[Employees] set [Email] = 'x'",
        "SELECT 1; DELETE FROM [HR].[Employees]",
        "SELECT [Email] INTO [HR].[Copy] FROM [HR].[Employees]",
        "EXEC something",
    ],
)
def test_writing_is_recognised_and_not_done(world: World, query: str) -> None:
    before = world.truth(story.EMPLOYEES)
    found = execute(query, Session(view=View(world.accounts["admin"], world)))
    assert isinstance(found, Write)
    assert world.truth(story.EMPLOYEES) == before


def test_a_plain_query_gives_deleted_rows_and_approved_versions_only(ask: Ask) -> None:
    rows = ask("SELECT [Cinchy Id], [Deleted], [Draft Version] FROM [Finance].[Invoices]")
    assert any(row[1] for row in rows)
    assert {row[2] for row in rows} == {0}
    drafts = ask(
        "SELECT [Cinchy Id], [Draft Version] FROM [Finance].[Invoices]", reads="DRAFT_QUERY"
    )
    assert len(drafts) == len(rows) + 1
    assert [row[0] for row in drafts if row[1]] == [1, 3, 5, 21]


def test_history_has_every_version_once(world: World, ask: Ask) -> None:
    rows = ask(
        "SELECT [Cinchy Id], [Version], [Draft Version], [Replaced] FROM [Finance].[Invoices] "
        "ORDER BY [Cinchy Id], [Version] DESC, [Draft Version] DESC",
        reads="VERSION_HISTORY_QUERY",
    )
    keys = [row[:3] for row in rows]
    assert len(set(keys)) == len(keys) > len(world.truth(story.INVOICES))
    assert keys == sorted(keys, key=lambda key: (key[0], -key[1], -key[2]))
    truth = world.truth(story.INVOICES, history=True)
    assert set(keys) == {(r["Cinchy Id"], r["Version"], r["Draft Version"]) for r in truth}


def test_history_multiplies_rows_by_the_versions_of_what_they_link_to(
    world: World, ask: Ask
) -> None:
    task = next(row for row in world.truth(story.TASKS) if row["Project"])
    for number in range(3):
        world.update(story.PROJECTS, task["Project"], {"Budget": float(number)})
    versions = len(world.table(story.PROJECTS).versions(task["Project"]))
    own = len(world.table(story.TASKS).versions(task["Cinchy Id"]))
    query = f"SELECT {{}} FROM {TASKS} t WHERE t.[Cinchy Id] = {task['Cinchy Id']}"
    rules = {"reads": "VERSION_HISTORY_QUERY"}
    assert len(ask(query.format("t.[Project].[Cinchy Id]"), **rules)) == own
    assert len(ask(query.format("t.[Project].[Budget]"), **rules)) == own * versions
    assert len(ask(query.format("t.[Project]"), **rules, history_joins=False)) == own


def test_date_literals_are_read_in_the_filter_zone(world: World, ask: Ask) -> None:
    at = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
    id_ = world.insert(story.TASKS, {"Title": "x"}, at=at)
    toronto = zoneinfo.ZoneInfo("America/Toronto")
    query = f"SELECT [Cinchy Id] FROM {TASKS} WHERE [Cinchy Id] = {id_} AND [Modified] = "
    assert ask(query + "'2026-07-01T12:00:00'") == [(id_,)]
    assert ask(query + "'2026-07-01 08:00:00.000'", filter_zone=toronto) == [(id_,)]
    assert ask(query + "'2026-07-01T12:00:00Z'", filter_zone=toronto) == []
    honoured = {"filter_zone": toronto, "literal_offset": "honoured"}
    assert ask(query + "'2026-07-01T14:00:00+02:00'", **honoured) == [(id_,)]
    for text, rules in (
        ("'2026-07-01T12:00:00Z'", {"literal_offset": "refused"}),
        ("'2026-07-01T12:00:00.1234'", {"literal_digits": 3}),
        ("'yesterday'", {}),
        ("'2026-02-30'", {}),
    ):
        with pytest.raises(CqlError, match="Conversion failed when converting date"):
            ask(query + text, **rules)


def test_the_repeated_hour_is_read_as_its_first_or_second_pass(world: World, ask: Ask) -> None:
    first = dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)
    ids = [world.insert(story.TASKS, {}, at=first + dt.timedelta(hours=n)) for n in range(2)]
    rules = {"filter_zone": zoneinfo.ZoneInfo("America/New_York")}
    query = f"SELECT [Cinchy Id] FROM {TASKS} WHERE [Modified] = '2026-11-01T01:30:00'"
    assert ask(query, **rules, fold=0) == [(ids[0],)]
    assert ask(query, **rules, fold=1) == [(ids[1],)]


def test_rows_nobody_ordered_may_come_in_any_order(world: World) -> None:
    query = f"SELECT [Cinchy Id] FROM {TASKS}"
    shuffle = random.Random(1)
    pages = [result_of(world, query, shuffle=shuffle).values[0] for _ in range(2)]
    assert pages[0] != pages[1]
    assert sorted(pages[0]) == sorted(pages[1]) == world.table(story.TASKS).ids
    ordered = result_of(world, query + " ORDER BY [Cinchy Id]", shuffle=shuffle)
    assert ordered.values[0] == world.table(story.TASKS).ids
