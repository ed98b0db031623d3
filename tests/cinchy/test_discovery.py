"""What discovery finds, what it costs, and that a catalog brings all of it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.tap_run import select

from sandbox.cinchy import Account, World, build_world, story
from sandbox.cinchy.columns import choice, link, number, text

from .conftest import Site, incremental, select_tables, streams_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., Site]

NAMES = {
    story.DEPARTMENTS: "hr_departments",
    story.EMPLOYEES: "hr_employees",
    story.PROJECTS: "delivery_projects",
    story.TASKS: "delivery_tasks",
    story.INVOICES: "finance_invoices",
    story.LEDGER: "finance_imported_ledger",
    story.SITES: "facilities_sites",
    story.ASSETS: "facilities_assets",
    story.READINGS: "facilities_sensor_readings",
    story.ORDERS: "o_brien_sons_eu_staff_s_orders_returns_100_a_b_x_y_z",
}


@pytest.fixture(scope="module")
def catalog(shared: Site) -> dict[str, Any]:
    return shared.discover()


def properties(catalog: dict[str, Any], stream: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = streams_of(catalog)[stream]["schema"]["properties"]
    return found


def test_every_table_is_a_stream(shared: Site, catalog: dict[str, Any]) -> None:
    streams = streams_of(catalog)
    assert set(NAMES.values()) <= set(streams)
    _first, second = sorted(
        shared.world.table(name).table_id for name in (story.ACCOUNTS, story.ACCOUNTS_TOO)
    )
    assert {"sales_marketing_accounts", f"sales_marketing_accounts_{second}"} <= set(streams)
    assert len(select_tables(streams)) == 12


def test_the_columns_of_a_table_are_typed(catalog: dict[str, Any]) -> None:
    project = properties(catalog, "delivery_projects")
    kinds = {
        name: (definition["type"], definition.get("format"), definition.get("items"))
        for name, definition in project.items()
    }
    nullable = ["string", "null"]
    assert kinds["Cinchy Id"] == ("integer", None, None)
    assert kinds["Name"] == (nullable, None, None)
    assert kinds["Owner"] == (["integer", "null"], None, None)
    assert kinds["Members"] == (["array", "null"], None, {"type": "integer"})
    assert kinds["Tags"] == (["array", "null"], None, {"type": "string"})
    assert kinds["Budget"] == (["number", "null"], None, None)
    assert kinds["On Track"] == (["boolean", "null"], None, None)
    assert kinds["Starts"] == kinds["Modified"] == kinds["_sdc_deleted_at"]
    assert kinds["Starts"] == (nullable, "date-time-local", None)
    assert kinds["Owner Email"] == (nullable, None, None)
    employee = properties(catalog, "hr_employees")
    assert employee["Photo"]["contentEncoding"] == "base64"
    assert employee["Tenth Anniversary"]["format"] == "date-time-local"
    assert employee["Years Of Service"]["type"] == ["number", "null"]
    assert employee["Leads Others"]["type"] == ["boolean", "null"]
    assert all(definition["description"] for definition in employee.values())


def test_keys_replication_and_selection(catalog: dict[str, Any]) -> None:
    streams = streams_of(catalog)
    for stream in streams.values():
        metadata = {tuple(one["breadcrumb"]): one["metadata"] for one in stream["metadata"]}
        assert stream["replication_method"] == "FULL_TABLE"
        if stream["tap_stream_id"] not in {
            "finance_imported_ledger",
            *(name for name in streams if name.endswith("healthcheck")),
        }:
            assert stream["key_properties"] == ["Cinchy Id"]
            assert metadata["properties", "Cinchy Id"]["inclusion"] == "automatic"
    tasks = {tuple(m["breadcrumb"]): m["metadata"] for m in streams["delivery_tasks"]["metadata"]}
    assert tasks[()]["valid-replication-keys"] == ["Modified"]
    photo = {tuple(m["breadcrumb"]): m["metadata"] for m in streams["hr_employees"]["metadata"]}
    assert photo["properties", "Photo"]["selected-by-default"] is False
    ledger = streams["finance_imported_ledger"]
    assert ledger["key_properties"] == []
    assert "valid-replication-keys" not in ledger["metadata"][-1]["metadata"]


def test_discovery_is_a_handful_of_requests_whatever_the_number_of_tables(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    for place in range(120):
        world.create_table(f"D{place % 7}.T{place}", [text("Name"), link("Next", "D0.T0.Name")])
    running = start(world)
    catalog = running.discover()
    assert len(select_tables(streams_of(catalog))) == 120
    assert len(running.server.requests) == 5
    assert all("Domain" not in query for query in running.queries)


def test_a_run_with_a_catalog_repeats_nothing_of_discovery(
    shared: Site, catalog: dict[str, Any]
) -> None:
    names = ("hr_employees", "delivery_projects", "finance_imported_ledger")
    shared.forget()
    run = shared.run(catalog=select(json.loads(json.dumps(catalog)), *names))
    assert run.exit_code == 0, run.stderr
    own = [query for query in shared.queries if "FROM [Cinchy]." in query]
    # Names and ids of the tables, by which a bookmark knows its table again.
    assert len(own) == 2
    assert all("FROM [Cinchy].[Tables]" in query for query in own)
    # Besides the credential, two pages each of two tables, and a table from both ends.
    assert len(shared.server.requests) == 2 + 1 + 4 + 2


def test_a_catalog_gives_the_same_records_as_discovery(
    shared: Site, catalog: dict[str, Any]
) -> None:
    found = shared.run(settings={"tables_include": ["HR.*", "Delivery.*", "O'Brien*"]})
    kept = [n for n in streams_of(catalog) if n.startswith(("hr-", "delivery-", "o_brien"))]
    again = shared.run(catalog=select(json.loads(json.dumps(catalog)), *kept))
    assert found.exit_code == again.exit_code == 0, found.stderr + again.stderr
    for name in kept:
        assert found.records[name] == again.records[name]
        assert found.schemas[name] == again.schemas[name]


def test_a_catalog_without_titles_still_finds_the_values(
    shared: Site, catalog: dict[str, Any]
) -> None:
    """As a schema override in Meltano leaves a property: with a type and nothing else."""
    edited = json.loads(json.dumps(catalog))
    for definition in properties(edited, "delivery_projects").values():
        definition.pop("title", None)
    whole = shared.run(catalog=select(json.loads(json.dumps(catalog)), "delivery_projects"))
    bare = shared.run(catalog=select(edited, "delivery_projects"))
    assert bare.exit_code == 0, bare.stderr
    assert bare.records == whole.records


def test_a_new_table_appears_without_a_change_of_settings(start: Start) -> None:
    running = start()
    before = set(streams_of(running.discover()))
    running.world.create_table("HR.Badges", [text("Colour"), number("Size")])
    running.world.insert("HR.Badges", {"Colour": "red", "Size": 2.5})
    after = running.discover()
    assert set(streams_of(after)) - before == {"hr_badges"}
    run = running.run(catalog=select(after, "hr_badges"))
    [record] = run.records["hr_badges"]
    assert (record["Colour"], record["Size"]) == ("red", 2.5)


def test_of_colliding_names_the_oldest_table_keeps_the_plain_one(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    for name in ("Sales+Ops.Orders", "Sales Ops.Orders", "Sales-Ops.Orders", "Sales Ops.Order s"):
        world.create_table(name, [text("Name")])
    running = start(world)
    names = sorted(select_tables(streams_of(running.discover())))
    later = [world.table(f"Sales{sign}Ops.Orders").table_id for sign in " -"]
    assert names == sorted(
        [
            "sales_ops_order_s",
            "sales_ops_orders",
            *(f"sales_ops_orders_{table_id}" for table_id in later),
        ]
    )
    world.create_table("Sales.Ops Orders", [text("Name")])
    assert names == sorted(
        set(select_tables(streams_of(running.discover())))
        - {f"sales_ops_orders_{world.table('Sales.Ops Orders').table_id}"}
    )


def test_a_table_gives_way_to_a_stream_that_is_always_there(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    for name in ("Execution.Log", "Secrets.Manager"):
        world.create_table(name, [text("Name")])
    running = start(world)
    numbers = [world.table(name).table_id for name in ("Execution.Log", "Secrets.Manager")]
    expected = {f"execution_log_{numbers[0]}", f"secrets_manager_{numbers[1]}"}
    assert select_tables(streams_of(running.discover())) == expected


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"tables_include": ["hr.*"]}, {"hr_departments", "hr_employees"}),
        ({"tables_include": ["*.Departments", "*.Sites"]}, {"hr_departments", "facilities_sites"}),
        (
            {"tables_include": ["HR.*"], "tables_exclude": ["*.employees"]},
            {"hr_departments"},
        ),
        ({"tables_include": [" [HR].[Emp*] "]}, {"hr_employees"}),
        ({"tables_include": []}, set()),
    ],
)
def test_filters(shared: Site, settings: dict[str, Any], names: set[str]) -> None:
    shared.forget()
    catalog = shared.discover(**settings)
    assert select_tables(streams_of(catalog)) == names
    if not names:
        assert shared.queries == []


def test_the_platforms_own_tables_never_show_their_secrets(shared: Site) -> None:
    settings = {
        "tables_include": ["Cinchy.*"],
        "tables_exclude": [],
        "link_output": "id_and_label",
    }
    catalog = shared.discover(**settings)
    shared.forget()
    run = shared.run(catalog=select(catalog), settings=settings)
    assert run.exit_code == 0, run.stderr
    assert run.records["cinchy_integrated_clients"]
    assert run.records["cinchy_secrets"]
    everything = json.dumps(catalog) + run.stdout + run.stderr
    for secret in (
        *shared.world.clients.values(),
        "sandbox-secret-payroll",
        "pass-reader",
        "BatchDataSyncConfig",
    ):
        assert secret not in everything
    assert not any("[Secret Value]" in query or "[GUID]" in query for query in shared.queries)
    assert not any("[Password]" in query or "[Config XML]" in query for query in shared.queries)


def test_labels_on_request(start: Start) -> None:
    running = start()
    catalog = running.discover(link_output="id_and_label")
    order = properties(catalog, NAMES[story.ORDERS])
    assert order["Buyer Label"]["title"] == "[Buyer Label]"
    assert order["Buyer Label 2"]["title"] == "[Buyer].[Full Name]"
    assert properties(catalog, "delivery_projects")["Members Label"]["type"] == ["string", "null"]
    run = running.run(catalog=select(catalog, "delivery_tasks"))
    people = {row["Cinchy Id"]: row["Full Name"] for row in running.world.truth(story.EMPLOYEES)}
    tasks = run.records["delivery_tasks"]
    assert any(task["Assignee"] in people for task in tasks)
    for task in tasks:
        assert task["Assignee Label"] == people.get(task["Assignee"])


def test_links_whose_number_nobody_tells_become_lists(start: Start) -> None:
    world = build_world(rows=20)
    account = world.add_account(Account(username="narrow"), "N")
    account.hidden = {"Cinchy.Tables": {"Json"}}
    running = start(world)
    running.username = "narrow"
    run = running.read(story.PROJECTS)
    assert run.exit_code == 0, run.stderr
    schema = run.schemas["delivery_projects"]["schema"]["properties"]
    assert schema["Owner"]["type"] == schema["Members"]["type"] == ["array", "null"]
    assert schema["Created By"]["type"] == ["integer", "null"]
    truth = {row["Cinchy Id"]: row for row in world.truth(story.PROJECTS)}
    for record in run.records["delivery_projects"]:
        owner = truth[record["Cinchy Id"]]["Owner"]
        assert record["Owner"] == (None if owner is None else [owner])
        assert record["Members"] == (list(truth[record["Cinchy Id"]]["Members"] or ()) or None)


def test_an_account_that_sees_no_table_is_told_why(shared: Site) -> None:
    lowly = shared.world.accounts["lowly"].token
    run = shared.run("--discover", settings={"access_token": lowly})
    assert run.exit_code == 2
    assert "sees no table" in run.last_line
    assert "tables_include" in run.last_line
    without = shared.run("--discover", settings={"access_token": lowly, "tables_include": []})
    assert without.exit_code == 0


@pytest.mark.parametrize(
    ("version", "domains_renamed"), [("5.1.0", False), ("6.0.0", False), ("6.0.0", True)]
)
def test_every_release_is_discovered(start: Start, version: str, domains_renamed: bool) -> None:  # noqa: FBT001
    world = build_world(rows=20, version=version, domains_renamed=domains_renamed)
    running = start(world, output_zone="America/Toronto")
    # Tokens came with 5.5.
    config = running.password if version == "5.1.0" else running.config
    run = running.run(config=config(tables_include=["HR.*"]))
    assert run.exit_code == 0, run.stderr
    assert len(run.records["hr_departments"]) == 9
    domains = {record["Name"] for record in run.records["domains"]}
    assert {"HR", "Finance", "Cinchy"} <= domains
    assert {record["Domain"] for record in run.records["saved_queries_catalog"]} <= domains


@pytest.mark.parametrize("cap", [1, 7])
def test_a_page_cap_hides_no_table(start: Start, cap: int) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    for place in range(3):
        world.create_table(f"D.T{place}", [text("A")])
    running = start(world, page_cap=cap)
    catalog = running.discover()
    assert select_tables(streams_of(catalog)) == {"d_t0", "d_t1", "d_t2"}
    assert len(properties(catalog, "d_t2")) == 14


def test_names_and_types_nobody_has_seen(start: Start) -> None:
    world = World(1)
    world.add_account(Account(username="reader"), "R")
    odd = world.create_table("Old.Strange", [text("Good"), text("A [bad] name"), text("Odd")])
    column = odd.column("Odd").column_id
    world.update("Cinchy.Table Columns", column, {"Type": "Hologram"})
    world.create_table("Old.[Brackets]", [text("A")])
    world.create_table("O'D.It's", [text("C'est"), choice("Pick", "a,b", multi=True)])
    world.insert("O'D.It's", {"C'est": "l'été", "Pick": ("a", "b")})
    running = start(world)
    run = running.run(settings={"tables_include": ["O*"]})
    assert run.exit_code == 0, run.stderr
    assert select_tables(run.schemas) == {"old_strange", "o_d_it_s"}
    assert {"Good", "Odd"} <= set(run.schemas["old_strange"]["schema"]["properties"])
    assert run.records["o_d_it_s"][0]["C'est"] == "l'été"
    assert run.records["o_d_it_s"][0]["Pick"] == ["a", "b"]
    assert "Hologram" in run.stderr


def test_entitlements_can_be_asked_for(shared: Site) -> None:
    limited = {"access_token": shared.world.accounts["limited"].token, "tables_include": ["HR.*"]}
    plain_catalog = shared.discover(**limited)
    checked = shared.discover(**limited, check_entitlements=True)
    assert "Salary" in properties(plain_catalog, "hr_employees")
    assert "Salary" not in properties(checked, "hr_employees")
    run = shared.run(catalog=select(checked, "hr_employees"), settings=limited)
    assert run.exit_code == 0, run.stderr
    assert run.records["hr_employees"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"replication_method": "LOG_BASED"}, "offers FULL_TABLE and INCREMENTAL"),
        ({"replication_method": "INCREMENTAL", "replication_key": "Due"}, "key is Modified"),
    ],
)
def test_a_replication_that_is_not_offered_is_refused(
    shared: Site, catalog: dict[str, Any], change: dict[str, str], words: str
) -> None:
    edited = select(json.loads(json.dumps(catalog)), "delivery_tasks")
    streams_of(edited)["delivery_tasks"].update(change)
    run = shared.run(catalog=edited)
    assert run.exit_code == 2
    assert words in run.last_line
    assert run.stdout == ""


def test_incremental_is_not_offered_where_it_cannot_work(
    shared: Site, catalog: dict[str, Any]
) -> None:
    edited = incremental(json.loads(json.dumps(catalog)), "finance_imported_ledger")
    run = shared.run(catalog=edited)
    assert run.exit_code == 2
    assert "can only be read in full" in run.last_line


def test_a_stream_nobody_knows_is_an_error_if_selected(
    shared: Site, catalog: dict[str, Any]
) -> None:
    edited = json.loads(json.dumps(catalog))
    stranger = {**streams_of(edited)["healthcheck"], "tap_stream_id": "gone", "stream": "gone"}
    edited["streams"].append(stranger)
    run = shared.run(catalog=select(edited, "gone"))
    assert run.exit_code == 2
    assert "gone" in run.last_line
    excluded = shared.run(
        catalog=select(json.loads(json.dumps(catalog)), "hr_employees"),
        settings={"tables_exclude": ["HR.*"]},
    )
    assert "leave out HR.Employees" in excluded.stderr


def test_the_wire_type_of_a_column_is_not_the_catalogs(shared: Site) -> None:
    """Geometry is read as text, whatever form the server gives it; only on request."""
    catalog = shared.discover(tables_include=[story.SITES])
    entries = streams_of(catalog)["facilities_sites"]["metadata"]
    for entry in entries:
        if entry["breadcrumb"] in (["properties", "Position"], ["properties", "Floor Plan"]):
            assert entry["metadata"]["selected-by-default"] is False
            entry["metadata"]["selected"] = True
    run = shared.run(catalog=select(catalog, "facilities_sites"))
    assert run.records["facilities_sites"][0]["Position"] == "POINT (-79.381 43.651)"
