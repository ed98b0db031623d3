"""Saved queries by every path, with parameters, windows, rights and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cinchy import build_world, story
from sandbox.cinchy.furnish import (
    DDL_TYPE,
    SINGLE_VALUE_TYPE,
    WRITE_TYPE,
    add_saved_query,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]


def ids(answer: object) -> list[int]:
    return [row[0] for row in answer.json()["data"]]  # type: ignore[attr-defined]


def test_paths_of_each_release(start: Start) -> None:
    site = start()
    for route in ("API", "api", "API/v1.0"):
        assert ids(site.saved("Delivery", "All Tasks", route)) == site.world.table(story.TASKS).ids
    assert site.saved("Delivery", "All Tasks", "API/v2.0").status_code == 404
    old = start(build_world(rows=20, version="5.8.0"))
    assert ids(old.saved("Delivery", "All Tasks"))
    assert old.saved("Delivery", "All Tasks", "API/v1.0").status_code == 404


def test_without_the_legacy_flag_the_short_path_may_be_closed(start: Start) -> None:
    site = start()
    assert site.saved("Delivery", "Tasks Since").status_code == 200
    site.app.options.unversioned_urls = "legacy"
    assert site.saved("Delivery", "Tasks Since").status_code == 404
    assert site.saved("Delivery", "Tasks Since", "API/v1.0").status_code == 200
    assert site.saved("Delivery", "All Tasks").status_code == 200


def test_hostile_names_are_one_segment_each(start: Start) -> None:
    site = start()
    name = "Orders: A/B (100%) + = @ ! & more"
    assert len(ids(site.saved("O'Brien & Sons (EU)", name))) == 30
    site.app.options.refuse_encoded_slash = True
    assert site.saved("O'Brien & Sons (EU)", name).status_code == 400


def test_parameters_by_get_form_and_json(start: Start) -> None:
    site = start()
    done = [row["Cinchy Id"] for row in site.world.truth(story.TASKS) if row["Status"] == "Done"]
    parameters = {"@status": "done"}
    assert ids(site.saved("Delivery", "Tasks By Status", **parameters)) == done
    assert ids(site.saved("Delivery", "Tasks By Status", method="POST", **parameters)) == done
    sent = {**parameters, "resultformat": "JSON"}
    url = f"{site.url}/API/Delivery/Tasks%20By%20Status"
    assert ids(site.http.post(url, json=sent, headers=site.headers)) == done
    assert ids(site.saved("Delivery", "Tasks By Status")) == []


def test_text_parameters_are_pasted_in(start: Start) -> None:
    site = start()
    assert ids(site.saved("Delivery", "Projects In", **{"{0}": "2,3"})) == [2, 3]
    refused = site.saved("Delivery", "Projects In", **{"{0}": "2) OR (1 = 1"})
    assert len(ids(refused)) == len(site.world.table(story.PROJECTS).ids)
    assert site.saved("Delivery", "Projects In").status_code == 400


def test_the_stored_format_counts_when_none_is_asked_for(start: Start) -> None:
    site = start()
    csv = site.saved("Finance", "Invoice Check", ResultFormat="", **{"@Int": "3"})
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert csv.text.startswith('Invoice Number,Amount\r\n"INV-000003",')
    stored = site.saved("HR", "Active Employees", ResultFormat="")
    assert stored.headers["Content-Type"].startswith("application/json")
    assert isinstance(site.saved("Delivery", "Tasks Since").json(), list)
    assert isinstance(site.saved("Delivery", "Tasks Since", CompressJSON="true").json(), dict)


@pytest.mark.parametrize(("base", "first"), [(0, 3), (1, 2)])
def test_windows_start_at_zero_or_one(start: Start, base: int, first: int) -> None:
    site = start(start_row_base=base)
    window: dict[str, Any] = {"StartRow": 2, "RowCount": 3}
    assert ids(site.saved("Delivery", "All Tasks", **window)) == [first, first + 1, first + 2]
    assert ids(site.saved("Delivery", "All Tasks", StartRow=0, RowCount=2)) == [1, 2]
    assert ids(site.saved("Delivery", "All Tasks", StartRow=500, RowCount=2)) == []
    assert ids(site.saved("Delivery", "All Tasks", RowCount=2)) == [1, 2]
    site.app.options.saved_query_cap = 4
    assert ids(site.saved("Delivery", "All Tasks", RowCount=50)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("start_row", "row_count", "found"),
    [
        (0, "ignored", range(4, 61)),
        ("ignored", "honoured", [1, 2]),
        ("ignored", "ignored", range(1, 61)),
    ],
)
def test_windows_may_be_ignored(start: Start, start_row: Any, row_count: str, found: Any) -> None:
    site = start(start_row_base=start_row, row_count=row_count)
    assert ids(site.saved("Delivery", "All Tasks", StartRow=3, RowCount=2)) == [*found]


def test_a_window_beyond_the_end_shows_the_base(start: Start) -> None:
    """One row further than there are: none from base 0, the last one from base 1."""
    site = start()
    window: dict[str, Any] = {"StartRow": 60, "RowCount": 1}
    assert ids(site.saved("Delivery", "All Tasks", **window)) == []
    site.app.options.start_row_base = 1
    assert ids(site.saved("Delivery", "All Tasks", **window)) == [60]
    site.app.options.start_row_base = "ignored"
    assert ids(site.saved("Delivery", "All Tasks", **window)) == [1]


def test_windows_over_rows_in_no_order_overlap_and_miss(start: Start) -> None:
    site = start(shuffle_unordered=True)
    pages = [
        ids(site.saved("Delivery", "All Tasks In No Order", StartRow=begin, RowCount=20))
        for begin in (0, 20, 40)
    ]
    found = [id_ for page in pages for id_ in page]
    assert len(found) == 60
    assert len(set(found)) < 60


def test_rights_decide_between_401_and_400(start: Start) -> None:
    site = start()
    assert site.saved("Finance", "Restricted Totals").status_code == 401
    assert site.become("admin").saved("Finance", "Restricted Totals").status_code == 200
    limited = site.become("limited").saved("HR", "Salaries")
    assert limited.status_code == 400
    assert limited.headers["X-Cinchy-Error"] == "The column [Salary] could not be found"
    assert site.saved("HR", "No Such Query").status_code == 404


def test_a_forbidden_query_may_be_a_403(start: Start) -> None:
    site = start(forbidden_query_status=403)
    answer = site.saved("Finance", "Restricted Totals")
    assert answer.status_code == 403
    assert "X-Cinchy-Error" not in answer.headers
    assert site.become("admin").saved("Finance", "Restricted Totals").status_code == 200


def test_anonymous_callers_reach_only_what_is_shared_with_them(start: Start) -> None:
    site = start()
    url = f"{site.url}/API/HR"
    assert site.http.get(f"{url}/Public%20Directory?ResultFormat=JSON").json()["data"]
    assert site.http.get(f"{url}/Salaries?ResultFormat=JSON").status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert site.http.get(f"{url}/Public%20Directory", headers=wrong).status_code == 401


def test_basic_works_on_its_own_route_only(start: Start) -> None:
    site = start()
    auth = ("reader", "pass-reader")
    url = f"{site.url}/{{}}/HR/Active%20Employees?ResultFormat=JSON"
    assert site.http.get(url.format("BasicAuthAPI"), auth=auth).status_code == 200
    assert site.http.get(url.format("API"), auth=auth).status_code == 401
    bearer = site.http.get(url.format("BasicAuthAPI"), headers=site.headers)
    assert bearer.status_code == 401
    sent = {"Query": "SELECT 1", "ResultFormat": "JSON"}
    assert site.http.post(f"{site.url}/API/ExecuteCQL", sent, auth=auth).status_code == 401


def test_a_saved_query_may_write_by_get(start: Start) -> None:
    site = start()
    assert site.saved("Delivery", "Delete Message", **{"@msgId": "3"}).status_code == 200
    [write] = site.app.seen.writes
    assert (write.route, write.text[:6], write.parameters["@msgId"]) == ("API", "DELETE", "3")


def test_a_raised_message_is_the_error(start: Start) -> None:
    answer = start().saved("Finance", "Invoice Check")
    assert answer.status_code == 400
    assert answer.headers["X-Cinchy-Error"] == "Invalid parameter: @Int cannot be NULL or zero"


def test_a_query_added_while_served_is_there(start: Start) -> None:
    site = start()
    add_saved_query(
        site.world, "HR", "History", "SELECT [Cinchy Id], [Version] FROM [HR].[Departments]",
        kind="Query (Include Version History)",
    )  # fmt: skip
    assert len(ids(site.saved("HR", "History"))) == len(
        site.world.truth(story.DEPARTMENTS, history=True)
    )
    listed = site.rows(
        "SELECT q.[Cinchy Id], q.[Domain].[Name] AS 'domain', q.[Name], q.[Type], q.[Timeout] "
        "FROM [Cinchy].[Saved Queries] q WHERE q.[Deleted] IS NULL"
    )
    assert [row[1:] for row in listed][-1] == [
        "HR",
        "History",
        "Query (Include Version History)",
        30.0,
    ]


def test_types_are_named_as_the_vendor_names_them(start: Start) -> None:
    site = start()
    listed = site.rows("SELECT [Type] FROM [Cinchy].[Saved Queries]")
    assert {type_ for [type_] in listed} == {
        "Query (Approved Data Only)",
        "Number of Rows Affected",
    }
    for kind in (WRITE_TYPE, DDL_TYPE):
        add_saved_query(site.world, "HR", kind, "SELECT 1", kind=kind)
        assert site.saved("HR", kind).json() == 0
    assert [write.kind for write in site.app.seen.writes] == [
        "Number of Rows Affected",
        "Execute DDL Script",
    ]


def test_a_single_value_answers_the_first_column_of_the_first_row(start: Start) -> None:
    site = start()
    cql = "SELECT [Title], [Cinchy Id] FROM [Delivery].[Tasks] WHERE [Cinchy Id] >= @from"
    assert SINGLE_VALUE_TYPE == "Single Value (First Column of First Row)"
    add_saved_query(site.world, "HR", "One", cql, kind=SINGLE_VALUE_TYPE)
    titles = [row["Title"] for row in site.world.truth(story.TASKS)]
    assert site.saved("HR", "One", **{"@from": "2"}).json() == titles[1]
    assert site.saved("HR", "One", **{"@from": "9999"}).json() is None
    site.app.options.single_value = "raw"
    assert site.saved("HR", "One", **{"@from": "2"}).text == titles[1]
    site.app.options.single_value = "columnar"
    assert site.saved("HR", "One", **{"@from": "60"}).json()["data"] == [[titles[59], 60]]


def test_nested_json_needs_the_single_value_type(start: Start) -> None:
    site = start(single_value="raw")
    cql = (
        "SELECT [Cinchy Id] AS 'id', [Name] AS 'is.name', [Part Of].[Name] AS 'is.part' "
        "FROM [HR].[Departments] WHERE [Cinchy Id] <= 2 ORDER BY [Cinchy Id] FOR JSON PATH"
    )
    add_saved_query(site.world, "HR", "Nested", cql, kind=SINGLE_VALUE_TYPE)
    one, two = site.world.truth(story.DEPARTMENTS)[:2]
    assert site.saved("HR", "Nested").json() == [
        {"id": 1, "is": {"name": one["Name"]}},
        {"id": 2, "is": {"name": two["Name"], "part": one["Name"]}},
    ]
    [[text]] = site.rows(cql)
    assert text.startswith('[{"id":1,"is":{"name":')
    assert site.rows(cql.replace("<= 2", "< 0")) == []
    assert "conflict" in site.refusal(cql.replace("'is.part'", "'is'"))
    site.app.options.backend = "postgres"
    assert "FOR" in site.refusal(cql)
