"""Every row and every value, whatever shape the server gives them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import Account, World, build_world, story
from sandbox.cinchy.columns import link, text, yes_no
from sandbox.cinchy.pages import as_json

from .conftest import Site, streams_of
from .target import Target, expected, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cinchy import SandboxRequest

    Start = Callable[..., Site]

STORY = {
    story.DEPARTMENTS: "hr_departments",
    story.EMPLOYEES: "hr_employees",
    story.PROJECTS: "delivery_projects",
    story.TASKS: "delivery_tasks",
    story.INVOICES: "finance_invoices",
    story.SITES: "facilities_sites",
    story.ASSETS: "facilities_assets",
    story.READINGS: "facilities_sensor_readings",
    story.ORDERS: "o_brien_sons_eu_staff_s_orders_returns_100_a_b_x_y_z",
}
LIVE = {"Years Of Service", "Overdue", "Owner Email"}


def assert_equal_to_source(running: Site, run: Any, zone: str = "America/New_York") -> None:
    """Compare every value of every table with what the world holds."""
    assert run.exit_code == 0, run.stderr
    run.check_records()
    for table, stream in STORY.items():
        records = run.records[stream]
        truth = expected(running.world, table, zone)
        assert len(records) == len(truth), table
        for record, row in zip(records, truth, strict=True):
            deleted = row.get("Deleted")
            assert record.pop("_sdc_deleted_at", None) == deleted
            assert record == {name: value for name, value in row.items() if name in record}, table
            assert set(row) - set(record) <= {"Photo", "Scan", "Position", "Floor Plan"}


def test_every_value_of_every_table(shared: Site) -> None:
    run = shared.run()
    assert_equal_to_source(shared, run)
    assert set(run.activated) == set(run.schemas)
    assert shared.app.seen.writes == []
    assert shared.app.seen.side_effects == []
    assert {query.kind for query in shared.app.seen.queries} <= {"QUERY"}
    assert shared.app.seen.in_flight_peak <= 4


@pytest.mark.parametrize(
    "options",
    [
        {"always_expanded": True, "booleans": "text", "show_offset": False},
        {"booleans": "number", "single_link_as_number": False, "schema_when_empty": False},
        {"backend": "postgres", "page_cap": 13, "quote_labels": True, "spatial": "object"},
        {"base_path": "/Cinchy", "idp_path": "/CinchySSO", "connections_path": "/Connections"},
    ],
)
def test_every_shape_an_answer_may_take(start: Start, options: dict[str, Any]) -> None:
    running = start(**options)
    # A table without Cinchy Id cannot be read through a cap; see below.
    settings = {"page_size": 50, "tables_exclude": ["Cinchy.*", story.LEDGER]}
    assert_equal_to_source(running, running.run(settings=settings))


def test_binaries_are_base64_where_selected(shared: Site) -> None:
    catalog = shared.discover(tables_include=[story.EMPLOYEES])
    for entry in streams_of(catalog)["hr_employees"]["metadata"]:
        if entry["breadcrumb"] == ["properties", "Photo"]:
            entry["metadata"]["selected"] = True
    run = shared.run(catalog=select(catalog, "hr_employees"))
    truth = {row["Cinchy Id"]: row["Photo"] for row in expected(shared.world, story.EMPLOYEES)}
    assert any(truth.values())
    assert {r["Cinchy Id"]: r["Photo"] for r in run.records["hr_employees"]} == truth


def test_only_selected_columns_are_asked_for(shared: Site) -> None:
    catalog = shared.discover(tables_include=[story.TASKS])
    for entry in streams_of(catalog)["delivery_tasks"]["metadata"]:
        if len(entry["breadcrumb"]) == 2:
            entry["metadata"]["selected"] = entry["breadcrumb"][1] == "Title"
    shared.forget()
    run = shared.run(catalog=select(catalog, "delivery_tasks"))
    assert set(run.records["delivery_tasks"][0]) == {"Cinchy Id", "Modified", "Title"}
    queries = [query for query in shared.queries if "[Delivery]" in query]
    assert all("[Status]" not in query for query in queries)
    assert max(query.count(" AS ") for query in queries) == 3


def test_generated_queries_have_no_functions(shared: Site) -> None:
    """The sandbox refuses functions, OFFSET and derived tables as PostgreSQL deployments do."""
    shared.forget()
    run = shared.read(story.ORDERS, settings={"link_output": "id_and_label"})
    assert run.exit_code == 0, run.stderr
    bare = [re.sub(r"\[[^]]*\]|'[^']*'", "", query) for query in shared.queries]
    assert bare
    assert not any(re.search(r"\w\(", query) for query in bare)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_a_time_zone_makes_instants_of_system_times(start: Start, zone: str) -> None:
    running = start(output_zone=zone)
    plain = running.read(story.TASKS).records["delivery_tasks"]
    moved = running.read(story.TASKS, settings={"timezone": zone}).records["delivery_tasks"]
    truth = {row["Cinchy Id"]: row for row in running.world.truth(story.TASKS)}
    for before, after in zip(plain, moved, strict=True):
        row = truth[after["Cinchy Id"]]
        assert not before["Created"].endswith("Z")
        assert dt.datetime.fromisoformat(after["Created"]) == row["Created"]
        assert after["Created"].endswith("Z")
        # Dates that users typed have no zone, and are never moved to another.
        assert before["Due"] == after["Due"]
        assert row["Due"] is None or dt.datetime.fromisoformat(after["Due"]) == row["Due"]


def test_offsets_that_are_shown_are_believed(start: Start) -> None:
    running = start(show_offset=True, fraction_digits=7)
    run = running.read(story.TASKS)
    truth = {row["Cinchy Id"]: row for row in running.world.truth(story.TASKS)}
    for record in run.records["delivery_tasks"]:
        assert record["Created"].endswith("Z")
        moment = dt.datetime.fromisoformat(record["Created"])
        assert moment == truth[record["Cinchy Id"]]["Created"].replace(
            microsecond=moment.microsecond
        )


def test_a_date_that_is_none_is_kept_beside(start: Start) -> None:
    running = start()

    def spoil(request: SandboxRequest) -> Any:
        if "'c2'" not in request.cql or "FROM [D].[T]" not in request.cql:
            return None
        types = [("c0", "Int64"), ("c1", "Int32"), ("c2", "DateTime")]
        schema = [{"columnName": name, "type": kind} for name, kind in types]
        return as_json({"schema": schema, "data": [[1, 5, "soon"]]})

    running.world.create_table("D.T", [text("A")])
    running.world.insert("D.T", {"A": "x"})
    running.world.on_request(spoil)
    catalog = running.discover(tables_include=["D.T"])
    for entry in streams_of(catalog)["d_t"]["metadata"]:
        if len(entry["breadcrumb"]) == 2:
            kept = {"Modified", "Version", "_sdc_unparsed"}
            entry["metadata"]["selected"] = entry["breadcrumb"][1] in kept
    run = running.run(catalog=select(catalog, "d_t"))
    assert run.exit_code == 0, run.stderr
    [record] = run.records["d_t"]
    assert record == {
        "Cinchy Id": 1,
        "Version": 5,
        "Modified": None,
        "_sdc_unparsed": {"Modified": "soon"},
    }
    assert "did not fit" in run.stderr


def test_two_runs_over_the_same_platform_are_identical(shared: Site) -> None:
    first, second = shared.run(), shared.run()
    assert first.records == second.records


def test_deleted_rows_come_with_their_time_or_not_at_all(shared: Site) -> None:
    truth = shared.world.truth(story.TASKS)
    deleted = {row["Cinchy Id"] for row in truth if row["Deleted"]}
    assert deleted
    run = shared.read(story.TASKS)
    marked = {r["Cinchy Id"] for r in run.records["delivery_tasks"] if r["_sdc_deleted_at"]}
    assert marked == deleted
    without = shared.read(story.TASKS, settings={"include_deleted": False})
    assert {key[0] for key in without.keys("delivery_tasks")} == {
        row["Cinchy Id"] for row in truth if not row["Deleted"]
    }
    schema = without.schemas["delivery_tasks"]["schema"]["properties"]
    assert "_sdc_deleted_at" not in schema


@pytest.mark.parametrize("page_size", [7, 50])
@pytest.mark.parametrize("joins", [True, False])
def test_history_has_every_version_once(start: Start, page_size: int, joins: bool) -> None:  # noqa: FBT001
    running = start(history_joins=joins)
    running.world.update(story.INVOICES, 1, {"Status": "Paid"})
    settings = {"include_history": True, "page_size": page_size, "link_output": "id_and_label"}
    run = running.read(story.INVOICES, settings=settings)
    assert run.exit_code == 0, run.stderr
    run.check_records()
    truth = {
        (row["Cinchy Id"], row["Version"], row["Draft Version"])
        for row in running.world.truth(story.INVOICES, history=True)
    }
    assert len(truth) > len(running.world.truth(story.INVOICES))
    assert set(run.keys("finance_invoices__history")) == truth
    assert run.schemas["finance_invoices__history"]["key_properties"] == [
        "Cinchy Id",
        "Version",
        "Draft Version",
    ]


def test_history_is_there_only_where_versions_are(shared: Site) -> None:
    names = set(streams_of(shared.discover(include_history=True)))
    assert "hr_employees__history" in names
    assert not names & {"facilities_sensor_readings__history", "finance_imported_ledger__history"}


def test_a_table_without_cinchy_id_is_proved_from_both_ends(start: Start) -> None:
    running = start(shuffle_unordered=True)
    run = running.read(story.LEDGER)
    assert run.exit_code == 0, run.stderr
    assert len(run.records["finance_imported_ledger"]) == len(running.world.truth(story.LEDGER))
    assert "has no Cinchy Id" in run.stderr
    assert "read from both ends" in run.stderr
    running.app.options.page_cap = 25
    cut = running.read(story.LEDGER)
    assert cut.exit_code == 1
    assert "finance_imported_ledger is partial" in cut.last_line
    assert "finance_imported_ledger" not in cut.activated


@pytest.mark.parametrize("status", [400, 500, 504])
def test_a_page_that_takes_too_long_is_asked_for_in_halves(start: Start, status: int) -> None:
    world = build_world(rows=20, sizes_by_table={story.TASKS: 700})
    running = start(world, timeout_above_rows=150, timeout_status=status)
    run = running.read(story.TASKS, settings={"page_size": 1000})
    assert run.exit_code == 0, run.stderr
    assert len(run.records["delivery_tasks"]) == 700
    pages = [query for query in running.queries if "[Delivery].[Tasks]" in query]
    asked = [int(query.split()[2]) for query in pages if "t.[Title]" in query]
    assert asked[:4] == [1000, 500, 250, 125]
    assert asked.count(125) >= 4
    # Now and then more is tried, by smaller steps, because most trouble passes.
    assert asked.count(1000) == 2
    assert len(asked) <= 12


def test_a_query_that_is_slow_for_another_reason_fails_with_its_words(start: Start) -> None:
    running = start()
    catalog = running.discover(tables_include=[story.TASKS])
    running.app.options.timeout_above_rows = 0
    run = running.run(catalog=select(catalog, "delivery_tasks"))
    assert run.exit_code == 1
    assert "Execution Timeout Expired" in run.last_line
    assert "command_timeout" in run.last_line
    assert run.last_line.endswith("[QUERY-TIMEOUT]")


def test_an_answer_that_is_too_large_is_asked_for_in_halves(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    world.create_table("D.Wide", [text("A")])
    for _ in range(40):
        world.insert("D.Wide", {"A": "x" * 60_000})
    running = start(world)
    run = running.read("D.Wide", settings={"max_response_mb": 1, "page_size": 40})
    assert run.exit_code == 0, run.stderr
    assert len(run.records["d_wide"]) == 40


def test_an_empty_platform_is_complete(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    world.create_table("D.Empty", [text("A"), link("L", "D.Empty.A"), yes_no("B")])
    running = start(world, schema_when_empty=False)
    run = running.run()
    assert run.exit_code == 0, run.stderr
    assert run.records["healthcheck"]
    assert "d_empty" in run.activated


def test_rows_that_vanish_and_come_during_a_full_read(start: Start) -> None:
    world = build_world(rows=120)
    running = start(world, page_cap=11)
    stays = set(versions_of(world, story.TASKS))
    gone: list[int] = sorted(stays)[::9]
    asked = 0

    def change(request: SandboxRequest) -> None:
        nonlocal asked
        if "FROM [Delivery].[Tasks]" in request.cql:
            asked += 1
            if asked > 1 and gone:
                world.erase(story.TASKS, gone.pop())
                world.insert(story.TASKS, {"Title": "new"})

    stays -= set(gone)
    world.on_request(change)
    run = running.read(story.TASKS)
    assert run.exit_code == 0, run.stderr
    keys = [key[0] for key in run.keys("delivery_tasks")]
    assert stays <= set(keys)
    assert len(keys) == len(set(keys))
    world.hooks.clear()
    target = Target()
    target.load(run.messages)
    target.load(running.read(story.TASKS).messages)
    assert target.versions("delivery_tasks") == versions_of(world, story.TASKS)


def test_plan_and_doctor(shared: Site) -> None:
    shared.forget()
    catalog = shared.discover()
    doctor = shared.run("--test", catalog=select(catalog))
    assert doctor.exit_code == 0, doctor.stdout + doctor.stderr
    assert "21 ok" in doctor.stdout
    plan = shared.run("--plan", catalog=select(catalog, "delivery_tasks"))
    assert plan.exit_code == 0, plan.stderr
    assert "delivery_tasks" in plan.stdout
