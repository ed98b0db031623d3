"""The shapes an answer may take, and every switch for what the vendor leaves open."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import build_world, story

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]

TASKS = "[Delivery].[Tasks]"
NINE = dt.datetime(2026, 7, 1, 9)  # noqa: DTZ001 - a wall-clock time, as users enter it
NONE = f"SELECT [Cinchy Id] AS 'c0', [Title] AS 'c1' FROM {TASKS} WHERE [Cinchy Id] < 0"
FIVE = f"SELECT TOP 5 [Cinchy Id] AS 'c0' FROM {TASKS} WHERE [Cinchy Id] > 0 ORDER BY [Cinchy Id]"


def test_columnar_is_the_default_and_expanded_on_request(start: Start) -> None:
    site = start()
    query = "SELECT TOP 2 [Cinchy Id], [Code] AS 'code' FROM [HR].[Departments] ORDER BY 1"
    query = query.replace("ORDER BY 1", "ORDER BY [Cinchy Id]")
    columnar = {
        "schema": [
            {"columnName": "Cinchy Id", "type": "Int64"},
            {"columnName": "code", "type": "String"},
        ],
        "data": [[1, "0001"], [2, "0002"]],
    }
    expanded = [{"Cinchy Id": 1, "code": "0001"}, {"Cinchy Id": 2, "code": "0002"}]
    assert site.execute(query).json() == columnar
    assert site.execute(query, CompressJSON="True").json() == columnar
    assert site.execute(query, compressjson="false").json() == expanded
    site.app.options.always_expanded = True
    assert site.execute(query, CompressJSON="true").json() == expanded


def test_a_single_record_may_leave_its_array(start: Start) -> None:
    site = start()
    query = "SELECT TOP 1 [Code] FROM [HR].[Departments] ORDER BY [Cinchy Id]"
    form = {"CompressJSON": "false"}
    assert site.execute(query, **form).json() == [{"Code": "0001"}]
    assert site.execute(query, **form, WrapSingleRecordInArray="false").json() == {"Code": "0001"}


def test_paths_and_parameter_names_are_in_any_case(start: Start) -> None:
    site = start()
    form = {"QUERY": "SELECT 1", "rEsultformat": "json", "type": "query"}
    answer = site.http.post(f"{site.url}/aPi/eXecutecql", data=form, headers=site.headers)
    assert answer.json()["data"] == [[1]]


def test_no_rows_with_and_without_a_schema(start: Start) -> None:
    site = start()
    answer = site.execute(NONE).json()
    assert answer["data"] == []
    assert [column["columnName"] for column in answer["schema"]] == ["c0", "c1"]
    site.app.options.schema_when_empty = False
    assert site.execute(NONE).json() == {"schema": [], "data": []}
    assert site.execute(NONE, CompressJSON="false").json() == []


@pytest.mark.parametrize(("how", "rows"), [("schema", 0), ("empty", 0), ("ignored", 5)])
def test_schema_only(start: Start, how: str, rows: int) -> None:
    answer = start(schema_only=how).execute(FIVE, SchemaOnly="true").json()
    assert len(answer["data"]) == rows
    assert bool(answer["schema"]) is (how != "empty")


def test_start_row_is_ignored_for_json_and_honoured_for_delimited_files(start: Start) -> None:
    site = start()
    window = {"StartRow": 2, "RowCount": 2}
    assert site.rows(FIVE, **window) == [[1], [2], [3], [4], [5]]
    answer = site.execute(FIVE, **window, ResultFormat="DELIMITED_FILE", Delimiter="|")
    assert answer.text.split() == ["c0", "3", "4"]
    assert "DELIMITED_FILE" in site.refusal(FIVE, ResultFormat="DELIMITED_FILE")


def test_a_cap_below_top_is_silent(start: Start) -> None:
    assert start(page_cap=3).rows(FIVE) == [[1], [2], [3]]


def test_scalar_is_the_first_value(start: Start) -> None:
    site = start()
    assert site.execute(FIVE, Type="SCALAR").json() == 1
    assert site.execute(NONE, Type="SCALAR").json() is None


def test_values_and_their_type_names(start: Start) -> None:
    site = start()
    update = site.world.update
    for id_ in (3, 7):
        update(story.EMPLOYEES, id_, {"Employee Number": f"E0000{id_}"})
    update(story.PROJECTS, 1, {"Members": (3, 7), "Tags": ("urgent", "research")})
    update(story.PROJECTS, 2, {"Members": (3,), "Tags": ("urgent",)})
    update(story.PROJECTS, 3, {"Members": None, "Tags": None})
    answer = site.execute(
        "SELECT TOP 3 [Members].[Cinchy Id], [Members].[Employee Number], [Tags], [Budget], "
        "[On Track], [Version] FROM [Delivery].[Projects] ORDER BY [Cinchy Id]"
    ).json()
    assert [column["type"] for column in answer["schema"]] == [
        "String", "String", "String", "Double", "Boolean", "Int32",
    ]  # fmt: skip
    assert [row[:3] for row in answer["data"]] == [
        ["3,7", "E00003, E00007", "urgent,research"],
        [3, "E00003", "urgent"],
        [None, None, None],
    ]
    assert [row[4] for row in answer["data"]] == [False, True, False]
    site.app.options.single_link_as_number = False
    query = "SELECT [Members].[Cinchy Id] FROM [Delivery].[Projects] WHERE [Cinchy Id] = 2"
    assert site.rows(query) == [["3"]]


def test_a_label_with_a_comma_is_ambiguous_or_quoted(start: Start) -> None:
    site = start()
    site.world.update(story.EMPLOYEES, 3, {"First Name": "A", "Last Name": "Smith, Jr."})
    site.world.update(story.EMPLOYEES, 7, {"First Name": "B", "Last Name": 'C"D'})
    site.world.update(story.PROJECTS, 1, {"Members": (3, 7)})
    query = "SELECT [Members] FROM [Delivery].[Projects] WHERE [Cinchy Id] = 1"
    assert site.rows(query) == [['A Smith, Jr., B C"D']]
    site.app.options.quote_labels = True
    assert site.rows(query) == [['"A Smith, Jr.", B C"D']]


def test_type_names_may_be_others(start: Start) -> None:
    site = start(type_names={"Double": "Decimal", "Int64": "Whatever"})
    schema = site.execute(f"SELECT [Cinchy Id], [Estimate], [Title] FROM {TASKS}").json()["schema"]
    assert [column["type"] for column in schema] == ["Whatever", "Decimal", "String"]


@pytest.mark.parametrize(("how", "yes"), [("json", True), ("number", 1), ("text", "True")])
def test_booleans(start: Start, how: str, yes: Any) -> None:
    query = f"SELECT TOP 1 [Billable] FROM {TASKS} WHERE [Billable] = 1"
    [[value]] = start(booleans=how).rows(query)
    assert (type(value), value) == (type(yes), yes)


def test_spatial_values(start: Start) -> None:
    site = start()
    query = "SELECT [Position], [Floor Plan] FROM [Facilities].[Sites] WHERE [Cinchy Id] = 1"
    answer = site.execute(query).json()
    assert [column["type"] for column in answer["schema"]] == ["SqlGeography", "SqlGeometry"]
    assert answer["data"][0][0] == "POINT (-79.381 43.651)"
    site.app.options.spatial = "object"
    assert site.rows(query)[0][0] == {
        "IsNull": False,
        "STSrid": 4326,
        "Text": "POINT (-79.381 43.651)",
    }


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"output_zone": "UTC"}, "2026-07-01T12:00:00.25"),
        ({}, "2026-07-01T08:00:00.25"),
        ({"show_offset": True}, "2026-07-01T08:00:00.25-04:00"),
        ({"fraction_digits": 0}, "2026-07-01T08:00:00"),
        ({"fraction_digits": 7}, "2026-07-01T08:00:00.2500000"),
        ({"output_zone": "Asia/Kolkata", "fraction_digits": 3}, "2026-07-01T17:30:00.250"),
    ],
)
def test_timestamps_are_written_in_the_zone_and_form_of_the_options(
    start: Start, options: dict[str, Any], text: str
) -> None:
    site = start(**options)
    at = dt.datetime(2026, 7, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
    id_ = site.world.insert(story.TASKS, {"Due": NINE}, at=at)
    query = f"SELECT [Modified], [Due] FROM {TASKS} WHERE [Cinchy Id] = {id_}"
    [[modified, due]] = site.rows(query)
    assert modified == text
    assert due.startswith("2026-07-01T09:00:00")


def test_an_account_may_have_a_zone_of_its_own(start: Start) -> None:
    site = start(output_zone="UTC")
    at = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    id_ = site.world.insert(story.TASKS, {}, at=at)
    site.world.accounts["limited"].time_zone = "Asia/Kolkata"
    query = f"SELECT [Modified] FROM {TASKS} WHERE [Cinchy Id] = {id_} AND [Modified] = "
    assert site.rows(query + "'2026-07-01T12:00:00'") == [["2026-07-01T12:00:00"]]
    limited = site.become("limited")
    assert limited.rows(query + "'2026-07-01T17:30:00'") == [["2026-07-01T17:30:00"]]


def test_the_repeated_hour_cannot_be_told_apart_without_an_offset(start: Start) -> None:
    site = start()
    first = dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)
    for hour in range(2):
        site.world.insert(story.TASKS, {"Title": "x"}, at=first + dt.timedelta(hours=hour))
    query = f"SELECT [Modified] FROM {TASKS} WHERE [Title] = 'x'"
    assert site.rows(query) == [["2026-11-01T01:30:00"]] * 2
    site.app.options.show_offset = True
    assert site.rows(query) == [["2026-11-01T01:30:00-04:00"], ["2026-11-01T01:30:00-05:00"]]


@pytest.mark.parametrize(
    ("output", "filters", "found"),
    [
        ("UTC", "UTC", 1),
        ("Asia/Kolkata", "UTC", 0),
        ("UTC", "Asia/Kolkata", 1),
        ("Asia/Kolkata", None, 1),
    ],
)
def test_output_and_filter_zones_may_differ(
    start: Start, output: str, filters: str | None, found: int
) -> None:
    """A reader east of the filter's zone that asks from its last Modified on loses rows."""
    site = start(output_zone=output, filter_zone=filters)
    id_ = site.world.insert(story.TASKS, {})
    [[modified]] = site.rows(f"SELECT [Modified] FROM {TASKS} WHERE [Cinchy Id] = {id_}")
    query = f"SELECT [Cinchy Id] FROM {TASKS} WHERE [Cinchy Id] = {id_} AND [Modified] >= "
    assert len(site.rows(query + f"'{modified}'")) == found


def test_user_dates_may_be_converted_too(start: Start) -> None:
    site = start(dates_in_zone=True, output_zone="Asia/Kolkata")
    id_ = site.world.insert(story.TASKS, {"Due": NINE})
    query = f"SELECT [Due] FROM {TASKS} WHERE [Cinchy Id] = {id_} AND [Due] = "
    assert site.rows(query + "'2026-07-01T14:30:00'") == [["2026-07-01T14:30:00"]]
    assert site.rows("SELECT [Ends] FROM [Delivery].[Projects] WHERE [Ends] > '9999-01-01'")


def test_before_5_7_a_user_in_utc_sees_no_row(start: Start) -> None:
    assert start(build_world(rows=20, version="5.6.0"), output_zone="UTC").rows(FIVE) == []
    assert start(build_world(rows=20, version="5.6.0")).rows(FIVE)
    assert start(build_world(rows=20, version="5.7.0"), output_zone="UTC").rows(FIVE)
    site = start(build_world(rows=20, version="5.6.0"))
    site.world.accounts["reader"].time_zone = "UTC"
    assert (site.rows(FIVE), len(site.become("admin").rows(FIVE))) == ([], 5)


def test_expensive_pages_time_out(start: Start) -> None:
    site = start(timeout_above_rows=4)
    assert "Timeout" in site.refusal(FIVE)
    assert site.rows(FIVE.replace("TOP 5", "TOP 4"))
    site.app.options.timeout_status = 500
    assert site.execute(FIVE).status_code == 500
    site.app.options.timeout_above_rows = None
    site.app.options.rows_per_second = 1
    everything = f"SELECT [Cinchy Id] FROM {TASKS}"
    assert site.execute(everything).status_code == 500
    assert len(site.rows(everything, CommandTimeout=60)) == 60


def test_an_error_is_a_header_and_a_page(start: Start) -> None:
    answer = start().execute("SELECT [Nope] FROM [HR].[Employees]")
    assert answer.status_code == 400
    assert answer.headers["X-Cinchy-Error"] == "The column [Nope] could not be found"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-correlation-id"])
    assert len(answer.text) > 3000
    postgres = start(backend="postgres").refusal("SELECT [Nope] FROM [HR].[Employees]")
    assert postgres == 'The column "Nope" could not be found'


@pytest.mark.parametrize(
    ("form", "code", "type_"),
    [
        ("page", 400, "text/html"),
        ("json", 400, "application/json"),
        ("ok_json", 200, "application/json"),
        ("ok_page", 200, "text/html"),
    ],
)
def test_an_error_may_be_told_otherwise(start: Start, form: str, code: int, type_: str) -> None:
    site = start(error_form=form, timeout_above_rows=50)
    said = "The column [Nope] could not be found"
    for answer in (
        site.execute("SELECT [Nope] FROM [HR].[Employees]"),
        site.execute(f"SELECT [Title] FROM {TASKS}"),
        site.saved("Finance", "Invoice Check"),
    ):
        assert answer.status_code == code
        assert answer.headers["Content-Type"].startswith(type_)
        assert "X-Cinchy-Error" not in answer.headers
    if "json" in form:
        answer = site.execute("SELECT [Nope] FROM [HR].[Employees]")
        assert answer.json() == {"message": said}
    assert site.rows(FIVE)


def test_ids_of_several_links_may_come_in_pairs_with_versions(start: Start) -> None:
    site = start(multi_select="pairs")
    site.world.update(story.PROJECTS, 1, {"Members": (3, 7)})
    site.world.update(story.PROJECTS, 2, {"Members": (3,)})
    site.world.update(story.PROJECTS, 3, {"Members": None})
    versions = [site.world.table(story.EMPLOYEES).rows[id_][1] for id_ in (3, 7)]
    query = "SELECT TOP 3 [Members].[Cinchy Id], [Owner].[Cinchy Id] FROM [Delivery].[Projects] "
    rows = site.rows(query + "ORDER BY [Cinchy Id]")
    assert [row[0] for row in rows] == [
        f"3,{versions[0]},7,{versions[1]}",
        f"3,{versions[0]}",
        None,
    ]
    assert all(isinstance(row[1], int) for row in rows if row[1] is not None)
    found = site.rows(
        "SELECT [Cinchy Id] FROM [Delivery].[Projects] WHERE [Members].[Cinchy Id] = 7"
    )
    assert [1] in found


def test_parameters_of_execute_cql(start: Start) -> None:
    site = start()
    query = (
        "SELECT [Cinchy Id] FROM [Delivery].[Tasks] WHERE [Status] = @s AND [Cinchy Id] IN ({0})"
    )
    form = {
        "Parameters[0].ParameterName": "@s",
        "parameters[0].valueType": "System.String",
        "Parameters[0].XmlSerializedValue": "Done",
        "Parameters[1].ParameterName": "{0}",
        "Parameters[1].XmlSerializedValue": "3,4,7",
    }
    assert site.rows(query, **form) == [[3], [7]]
    quoted = {**form, "Parameters[0].XmlSerializedValue": '"Done"'}
    assert site.rows(query, **quoted) == []
    wrong = {**form, "parameters[0].valueType": "System.Int64"}
    assert "System.Int64" in site.refusal(query, **wrong)


def test_writes_are_recorded_and_not_done(start: Start) -> None:
    site = start()
    before = site.world.truth(story.TASKS)
    assert site.execute(f"DELETE FROM {TASKS}", Type="NONQUERY").status_code == 200
    assert site.execute(f"UPDATE {TASKS} SET [Title] = 'x'").status_code == 200
    assert [write.kind for write in site.app.seen.writes] == ["NONQUERY", "QUERY"]
    assert site.world.truth(story.TASKS) == before


def test_an_unknown_type_or_format_is_refused(start: Start) -> None:
    site = start()
    assert "INSERT" in site.refusal(FIVE, Type="INSERT")
    assert "PROTOBUF" in site.refusal(FIVE, ResultFormat="PROTOBUF")
    assert site.execute(FIVE, ResultFormat="").text.startswith("<?xml")


def test_concurrent_requests_are_counted(start: Start) -> None:
    site = start(latency=0.05)
    site.rows(FIVE)
    assert site.app.seen.in_flight_peak == 1
    assert [query.text for query in site.app.seen.queries] == [FIVE]
