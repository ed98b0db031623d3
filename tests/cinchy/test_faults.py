"""Bad input: the server's sentence, the stream's outcome, nothing lost, no bookmark moved."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import JSONResponse, Response
from support.tap_run import select

from sandbox.cinchy import Account, World, story
from sandbox.cinchy.columns import number, text
from sandbox.cinchy.pages import as_json, refused

from .conftest import Site, streams_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.tap_run import TapRun

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

TABLES = [story.DEPARTMENTS, story.EMPLOYEES, story.TASKS]
OTHERS = {"hr_departments", "delivery_tasks"}


def fails(running: Site, run: TapRun, stream: str = "hr_employees") -> None:
    """Assert that one stream failed, and that the others were read to their end."""
    assert run.exit_code == 1, run.stderr
    assert f"Stream {stream} is" in run.last_line
    assert "Traceback" not in run.stderr
    assert OTHERS - {stream} <= set(run.activated)
    assert stream not in run.activated
    assert len(run.records["delivery_tasks"]) == len(running.world.truth(story.TASKS))


def with_catalog(running: Site) -> dict[str, Any]:
    """Return a catalog of three tables, made before the trouble begins."""
    catalog = running.discover(tables_include=TABLES)
    return select(catalog, "hr_employees", *OTHERS)


def test_a_table_that_vanished(start: Start) -> None:
    running = start()
    catalog = with_catalog(running)
    running.world.drop_table(story.EMPLOYEES)
    # Links into the table cannot be followed either.
    for stream in ("hr_departments", "delivery_tasks"):
        for entry in streams_of(catalog)[stream]["metadata"]:
            if entry["breadcrumb"] in (["properties", "Head"], ["properties", "Assignee"]):
                entry["metadata"]["selected"] = False
    run = running.run(catalog=catalog)
    fails(running, run)
    assert "The table [HR.Employees] could not be found" in run.last_line
    assert "run discovery again" in run.last_line


@pytest.mark.parametrize("backend", ["sqlserver", "postgres"])
def test_a_column_that_vanished(start: Start, backend: str) -> None:
    running = start(backend=backend)
    catalog = with_catalog(running)
    running.world.drop_column(story.EMPLOYEES, "Salary")
    run = running.run(catalog=catalog)
    fails(running, run)
    assert "Salary" in run.last_line
    assert "renamed or deleted" in run.last_line
    assert run.records["hr_employees"] == []


def test_a_column_the_account_may_not_view(start: Start) -> None:
    running = start()
    catalog = with_catalog(running)
    running.world.accounts["reader"].hidden = {story.EMPLOYEES: {"Salary", "Title"}}
    run = running.run(catalog=catalog)
    fails(running, run)
    assert "hr_employees is forbidden" in run.last_line
    assert "may not view Title, Salary" in run.last_line
    skipped = running.run(catalog=catalog, settings={"on_stream_error": "skip"})
    assert skipped.exit_code == 0
    assert "hr_employees" not in skipped.activated


@pytest.mark.parametrize("how", ["error", "empty"])
def test_a_table_the_account_may_not_see_is_never_empty(start: Start, how: str) -> None:
    running = start(forbidden_tables=how)
    found = running.discover(tables_include=[story.INVOICES, story.LEDGER])
    catalog = select(found, "finance_invoices", "finance_imported_ledger")
    running.world.accounts["reader"].tables = ("HR.*",)
    for method in ("FULL_TABLE", "INCREMENTAL"):
        streams_of(catalog)["finance_invoices"]["replication_method"] = method
        run = running.run(catalog=catalog)
        assert run.exit_code == 1
        words = "no right to it" if how == "empty" else "could not be found"
        assert run.stderr.count(words) >= 2
        assert "finance_" in run.last_line
        assert run.activated == []


@pytest.mark.parametrize("listed", [True, False])
def test_a_platform_that_answers_everything_without_rows_is_not_empty(
    start: Start,
    listed: bool,  # noqa: FBT001  # a parameter of the matrix
) -> None:
    """On a first run nothing else tells that there were rows."""
    running = start()
    query = {"name": "q", "domain": "Delivery", "query": "All Tasks"}
    settings = {"tables_include": [story.INVOICES, story.LEDGER], "saved_queries": [query]}
    found = running.discover(**settings)
    streams = ("finance_invoices", "finance_imported_ledger", "tables", "q")
    catalog = select(found, *streams)
    down = not listed

    def empty(request: SandboxRequest) -> JSONResponse | None:
        nonlocal down
        # The registry is asked before the first table, or it is as empty as all the rest.
        down = down or "[Finance]" in request.cql or request.path.endswith("Tasks")
        if not request.path.endswith(("ExecuteCQL", "Tasks")):
            return None
        names = re.findall(r"AS '([^']*)'", request.cql)
        schema = [{"columnName": name} for name in names]
        return JSONResponse({"schema": schema, "data": []}) if down else None

    undo = running.world.on_request(empty)
    run = running.run(catalog=catalog, settings=settings)
    assert run.exit_code == 1, run.stderr
    assert run.stderr.count("answers without rows where there are some") >= 4
    assert run.activated == []
    undo()
    again = running.run(catalog=catalog, settings=settings)
    assert again.exit_code == 0, again.stderr
    assert set(again.activated) == set(streams)


def test_a_column_that_changed_its_type(start: Start) -> None:
    running = start()
    catalog = with_catalog(running)
    running.world.change_column(story.EMPLOYEES, "Salary", text("Salary"), str)
    run = running.run(catalog=catalog)
    fails(running, run)
    assert "the column Salary comes as String now, the catalog says number" in run.last_line
    assert run.records["hr_employees"] == []
    fresh = running.run(settings={"tables_include": TABLES})
    assert fresh.exit_code == 0, fresh.stderr


def test_a_text_that_became_a_number_loses_nothing(start: Start) -> None:
    running = start()
    catalog = with_catalog(running)
    new = number("Employee Number")
    running.world.change_column(
        story.EMPLOYEES, "Employee Number", new, lambda old: float(len(old))
    )
    run = running.run(catalog=catalog)
    assert run.exit_code == 0, run.stderr
    assert "comes as Double now" in run.stderr
    run.check_records()
    assert {type(r["Employee Number"]) for r in run.records["hr_employees"]} == {str}


def test_a_link_that_may_hold_several_now(start: Start) -> None:
    running = start(single_link_as_number=False)
    catalog = with_catalog(running)
    department = running.world.table(story.EMPLOYEES).column("Department")
    department.multi = True
    slot = department.slot
    running.world.table(story.EMPLOYEES)._rewrite(
        lambda row: (*row[:slot], (1, 2), *row[slot + 1 :])
    )
    run = running.run(catalog=catalog)
    fails(running, run)
    assert "the column Department comes as String now" in run.last_line


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_the_servers_words_come_from_its_header(start: Start, status: int) -> None:
    running = start()
    catalog = with_catalog(running)

    def fail(request: SandboxRequest) -> Any:
        if "FROM [HR].[Employees]" in request.cql:
            return refused("Something about <b>fields</b> is wrong", status)
        return None

    running.world.on_request(fail)
    run = running.run(catalog=catalog)
    fails(running, run)
    assert "Something about <b>fields</b> is wrong" in run.last_line
    assert "Server Error in" not in run.stderr
    assert ("hr_employees is forbidden" in run.last_line) is (status == 403)


@pytest.mark.parametrize(
    "body",
    [
        {"schema": [{"columnName": "c1", "type": "Int64"}], "data": [[1]]},
        {"schema": [{"columnName": "c0", "type": "Int64"}], "data": [[1]]},
        {"schema": [], "data": [[1, 2]]},
        {"schema": "?", "data": 5},
        [{"c0": 1, "oops": 2}],
        ["text"],
        "text",
        7,
        {},
    ],
)
def test_an_answer_that_is_not_what_was_asked_for(start: Start, body: Any) -> None:
    running = start()
    catalog = with_catalog(running)

    def answer(request: SandboxRequest) -> Any:
        return as_json(body) if "FROM [HR].[Employees]" in request.cql else None

    running.world.on_request(answer)
    run = running.run(catalog=catalog)
    fails(running, run)
    assert run.records["hr_employees"] == []
    assert "were expected" in run.last_line


@pytest.mark.parametrize("shift", [0, 1])
def test_a_server_that_goes_in_circles(start: Start, shift: int) -> None:
    """It ignores the condition on the key, or the order."""
    running = start()
    catalog = with_catalog(running)

    def answer(request: SandboxRequest) -> Any:
        if "FROM [HR].[Employees]" not in request.cql or "DESC" in request.cql:
            return None
        width = request.cql.split("FROM")[0].count(" AS ")
        schema = [{"columnName": f"c{place}", "type": "Object"} for place in range(width)]
        blank = [None] * (width - 1)
        rows = [[1, *blank], [2, *blank]] if shift == 0 else [[2, *blank], [1, *blank]]
        return as_json({"schema": schema, "data": rows})

    running.world.on_request(answer)
    run = running.run(catalog=catalog)
    fails(running, run)
    assert "does not come in the order of its key" in run.last_line


@pytest.mark.parametrize("different", [False, True])
def test_rows_that_come_twice_in_one_answer(start: Start, different: bool) -> None:  # noqa: FBT001
    """As joins of a history query may give them: word for word once, otherwise a fault."""
    running = start()

    def double(request: SandboxRequest) -> Any:
        if "FROM [HR].[Departments]" not in request.cql or "DESC" in request.cql:
            return None
        body = json.loads(bytes(running.app._route(request).body))
        body["data"] = [list(row) for row in body["data"] for _ in range(2)]
        if different:
            for row in body["data"][1::2]:
                row[-1] = "another"
        return as_json(body)

    running.world.on_request(double)
    settings = {"include_history": True, "tables_include": [story.DEPARTMENTS]}
    catalog = running.discover(**settings)
    names = ("hr_departments", "hr_departments__history")
    for stream in names:
        for entry in streams_of(catalog)[stream]["metadata"]:
            if len(entry["breadcrumb"]) == 2:
                entry["metadata"]["selected"] = entry["breadcrumb"][1] in {"Name", "Modified"}
    run = running.run(catalog=select(catalog, *names), settings=settings)
    if different:
        assert run.exit_code == 1
        assert "does not come in the order of its key" in run.last_line
        return
    assert run.exit_code == 0, run.stderr
    run.check_records()
    assert len(run.records["hr_departments"]) == 9
    history = running.world.truth(story.DEPARTMENTS, history=True)
    assert len(run.records["hr_departments__history"]) == len(history)


def test_a_history_that_grows_as_fast_as_it_is_read_ends(start: Start) -> None:
    running = start()

    def grow(request: SandboxRequest) -> None:
        if "FROM [HR].[Departments]" in request.cql:
            for _ in range(6):
                running.world.insert(story.DEPARTMENTS, {"Name": "new"})

    settings = {"include_history": True, "tables_include": [story.DEPARTMENTS], "page_size": 5}
    catalog = running.discover(**settings)
    before = running.world.truth(story.DEPARTMENTS, history=True)
    running.world.on_request(grow)
    run = running.run(catalog=select(catalog, "hr_departments__history"), settings=settings)
    assert run.exit_code == 0, run.stderr
    keys = {(row["Cinchy Id"], row["Version"], row["Draft Version"]) for row in before}
    assert keys <= set(run.keys("hr_departments__history"))


def test_passing_trouble_is_overcome(start: Start) -> None:
    running = start()
    trouble = [
        Response("busy", 503, {"Retry-After": "0"}),
        Response("bad gateway", 502),
        refused("Deadlock", 500),
        Response("slow down", 429, {"Retry-After": "0"}),
    ]

    def stumble(request: SandboxRequest) -> Any:
        return trouble.pop() if "FROM [HR].[Employees]" in request.cql and trouble else None

    running.world.on_request(stumble)
    run = running.run(settings={"tables_include": TABLES})
    assert run.exit_code == 0, run.stderr
    assert trouble == []


def test_a_metadata_error_ends_before_any_row(start: Start) -> None:
    running = start()

    def fail(request: SandboxRequest) -> Any:
        return refused("No such luck") if "[Table Columns]" in request.cql else None

    running.world.on_request(fail)
    for arguments in (("--discover",), ()):
        run = running.run(*arguments)
        assert run.exit_code == 2
        assert "No such luck" in run.last_line
        assert run.stdout == ""


@pytest.mark.parametrize("status", [400, 403])
def test_a_system_table_the_account_may_not_see_does_not_fail_the_run(
    start: Start, status: int
) -> None:
    running = start()

    def hide(request: SandboxRequest) -> Any:
        if "[Cinchy].[Execution Log]" in request.cql:
            return refused("The table [Cinchy].[Execution Log] could not be found", status)
        return None

    running.world.on_request(hide)
    run = running.run(settings={"tables_include": []})
    assert run.exit_code == 0, run.stderr
    assert "execution_log is skipped" in run.stderr
    assert "execution_log" not in run.activated
    assert run.records["execution_errors"]


def test_a_platform_that_cannot_be_reached(shared: Site) -> None:
    run = shared.run(settings={"api_url": "http://127.0.0.1:9", "max_retries": 0})
    assert run.exit_code == 1
    assert "connection refused" in run.last_line


def test_another_web_site_is_no_platform(start: Start) -> None:
    running = start(base_path="/Cinchy")
    run = running.run(settings={"api_url": running.server.url})
    assert run.exit_code == 2
    assert f"Did you mean {running.url}? Set api_url to it." in run.last_line


def test_settings_with_a_typing_error_are_pointed_out(shared: Site) -> None:
    run = shared.run(
        settings={"tables_includes": ["*"], "cql_queries": [{"name": "q", "sql": "SELECT 1"}]}
    )
    assert run.exit_code == 2
    assert "did you mean tables_include" in run.stderr
    assert "cql_queries.0" in run.last_line


def test_worlds_without_any_table_of_users(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    run = start(world).run()
    assert run.exit_code == 0, run.stderr
    assert "None of the" in run.stderr
