"""The captured and documented samples of the reference, reproduced by the sandbox."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from sandbox.cinchy import build_world
from sandbox.cinchy.columns import date, number, text, yes_no
from sandbox.cinchy.furnish import add_saved_query

from .site import sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from .site import Site

    Start = Callable[..., Site]

# Columns that only the reference's text names, or that a row cannot do without.
MENTIONED = {
    "Cinchy.Saved Queries": {"Users With Execute Access"},
    "Cinchy.Data Sync Configurations": {"Name"},
}


def shape(value: Any) -> Any:
    """Reduce a JSON value to its keys and types."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def assessments(start: Start, expected: list[dict[str, str]]) -> Site:
    site = start()
    names = list(expected[0])
    site.world.create_table("Product.Assessments", [text(name) for name in names])
    for row in expected:
        site.world.insert("Product.Assessments", row)
    columns = ", ".join(f"[{name}]" for name in names)
    query = f"SELECT {columns} FROM [Product].[Assessments]"
    add_saved_query(site.world, "Product", "hubspot-api-test", query)
    return site


def test_columnar_json(start: Start) -> None:
    expected = sample("saved-query-compressed.json")
    names = [column["columnName"] for column in expected["schema"]]
    rows = [dict(zip(names, row, strict=True)) for row in expected["data"]]
    assert assessments(start, rows).saved("Product", "hubspot-api-test").json() == expected


def test_expanded_json(start: Start) -> None:
    expected = sample("SYNTHETIC-expanded.json")
    site = assessments(start, expected)
    answer = site.saved("Product", "hubspot-api-test", CompressJSON="false")
    assert answer.json() == expected


def test_types_of_a_table_valued_answer(start: Start) -> None:
    expected = sample("table-valued-udf-same-format.json")
    site = start()
    names = [column["columnName"] for column in expected["schema"]]
    columns = [text(names[0]), number(names[1]), date(names[2]), yes_no(names[3])]
    site.world.create_table("Product.Types", columns)
    listed = ", ".join(f"[{name}]" for name in names)
    answer = site.execute(f"SELECT {listed} FROM [Product].[Types]").json()
    assert answer["schema"] == expected["schema"]


def test_delimited_text(start: Start) -> None:
    expected = sample("executecql-csv-excerpt.csv").splitlines()
    site = start()
    names = expected[0].split(",")
    typed = {"Auto-Expand": yes_no("Auto-Expand"), "Sequence": number("Sequence")}
    columns = [typed.get(name) or text(name) for name in names]
    site.world.create_table("Meta Forms.Sections", columns)
    rows: list[list[Any]] = [
        [False, "", "Meta Form Child Form Fields", "Child Forms", None],
        [False, "4", "Meta Form Fields", "Fields", None],
    ]
    for row in rows:
        site.world.insert("Meta Forms.Sections", dict(zip(names, row, strict=True)))
    listed = ", ".join(f"[{name}]" for name in names)
    query = f"SELECT {listed} FROM [Meta Forms].[Sections]"
    answer = site.execute(query, ResultFormat="CSV")
    assert answer.text.splitlines() == expected[:3]


def test_health_checks_of_three_releases(start: Start) -> None:
    for version, name, path in (
        ("4.14.0.0", "healthcheck-4.14.json", "/healthcheck"),
        ("5.9.0", "ASSEMBLED-healthcheck-5.9.json", "/healthcheck"),
        ("5.7.1", "ASSEMBLED-idp-healthcheck-5.7.1.json", "/idp/healthcheck"),
    ):
        expected = sample(name)
        found = start(build_world(rows=5, version=version)).get(path).json()
        assert shape(found) == shape(expected)
        assert found["version"] == expected["version"]
        assert found["healthChecks"] == expected["healthChecks"]


def test_tokens(start: Start) -> None:
    site = start()
    granted = site.token()
    assert shape(granted.json()) == shape(sample("token-200.json"))
    claims = granted.json()["access_token"].split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    expected = sample("token-jwt-claims.json")
    assert {key: shape(found[key]) for key in expected} == shape(expected)
    refused = site.token(password="wrong")
    assert (refused.status_code, refused.json()) == (400, sample("token-400.json"))


def test_secret(start: Start) -> None:
    path = "/api/v1.0/secrets-manager/secret"
    found = start().get(path, secretName="payroll api", domain="HR").json()
    assert shape(found) == shape(sample("secret-200.json"))


def test_headers(start: Start) -> None:
    site = start()
    said = "Invalid parameter: @Int cannot be NULL or zero"
    for name, answer in (
        ("http-400-headers.txt", site.saved("Finance", "Invoice Check")),
        ("http-401-headers.txt", site.http.get(f"{site.url}/API/HR/Salaries")),
        ("http-200-headers.txt", site.saved("HR", "Active Employees")),
    ):
        lines = sample(name).splitlines()
        assert str(answer.status_code) in lines[0]
        expected = dict(line.split(": ", 1) for line in lines[1:] if line)
        assert {key.lower() for key in expected} <= {key.lower() for key in answer.headers}
        for key in ("Content-Type", "X-Cinchy-Error"):
            wanted = {name.lower(): value for name, value in expected.items()}.get(key.lower())
            assert answer.headers.get(key) == wanted
    assert site.saved("Finance", "Invoice Check").headers["X-Cinchy-Error"] == said


def test_documented_job_options(start: Start) -> None:
    site = start()
    options = {**sample("jobs-options-documented.json"), "feed": "Payroll to HR"}
    url = f"{site.url}/connections/api/v1.0/jobs"
    parts = {"options": (None, json.dumps(options))}
    answer = site.http.post(url, files=parts, headers=site.headers)
    assert isinstance(answer.json()["executionId"], int)
    assert site.app.seen.jobs[0].options == options


def test_system_tables_have_the_columns_of_the_reference() -> None:
    known = sample("../system-tables.json")["tables"]
    world = build_world(rows=5)
    found = {
        table.full_name: {column.name for column in table.columns if not column.system}
        for table in world.tables(system=True)
        if table.domain == "Cinchy"
    }
    assert set(found) == set(known)
    for name, columns in found.items():
        listed = {column["name"] for column in known[name]["columns"]}
        assert columns == listed | MENTIONED.get(name, set()), name


def test_guarded_columns_of_the_reference_exist() -> None:
    world = build_world(rows=5)
    for name in sample("../system-tables.json")["sensitive_columns"]:
        table, column = name.rsplit(".", 1)
        assert world.table(table).find(column) is not None, name
