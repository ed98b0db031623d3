"""The questions that Cinchy is asked: most of them are queries on one path."""

from __future__ import annotations

from typing import Any

from lies.shapes import CINCHY as ROWS
from lies.shapes import OBJECT

from .base import HEALTH, Route, Scenario, traits

SYSTEM = "cinchy"
CQL = "/API/ExecuteCQL"
PROJECTS = "Delivery.Projects"
LEDGER = "Finance.Imported Ledger"
SAVED = {"domain": "Delivery", "query": "All Tasks", "primary_keys": ["Cinchy Id"]}
QUERY = "SELECT TOP {{top}} t.[Cinchy Id] AS 'id', t.[Title] FROM [Delivery].[Tasks] t "
KEYSET = QUERY + "WHERE t.[Cinchy Id] > {{after}} ORDER BY t.[Cinchy Id]"
WHOLE = "SELECT t.[Cinchy Id] AS 'id', t.[Title] FROM [Delivery].[Tasks] t"
HIGHEST = r"^SELECT TOP .* FROM {} t ORDER BY .* DESC$"
"""The upper end of a table, asked for from behind."""
PAGE = r"^SELECT TOP (?!1 ).* FROM {} t (WHERE .*)?ORDER BY (?!.*DESC)"
LOOK = r"^SELECT TOP 1 .* FROM {} t (WHERE .*|ORDER BY (?!.*DESC).*)$"
"""A look at one row: whether it is there, and when it was made."""
TABLES = {
    "projects": ("delivery_projects", PROJECTS, r"\[Delivery\]\.\[Projects\]"),
    "history": ("delivery_projects__history", PROJECTS, r"\[Delivery\]\.\[Projects\]"),
    "readings": (
        "facilities_sensor_readings",
        "Facilities.Sensor Readings",
        r"\[Facilities\]\.\[Sensor Readings\]",
    ),
    "log": ("execution_log", "", r"\[Cinchy\]\.\[Execution Log\]"),
    "errors": ("execution_errors", "", r"\[Cinchy\]\.\[Execution Errors\]"),
    "domains": ("domains", "", r"\[Cinchy\]\.\[(Domains|Data Products)\]"),
    "catalog": ("saved_queries_catalog", "", r"\[Cinchy\]\.\[Saved Queries\]"),
}
"""Tables: stream, name if it is not of the platform, pattern in a query."""


def _query(name: str, scenario: Scenario, cql: str, kinds: str) -> Route:
    return Route(
        f"{SYSTEM}.{name}", scenario, CQL, ROWS, traits(f"cinchy query columnar {kinds}"),
        key=(0,), method="POST", cql=cql,
    )  # fmt: skip


def _scenario(name: str, *streams: str, **settings: Any) -> Scenario:
    return Scenario(f"{SYSTEM}.{name}", SYSTEM, streams, settings)


def _tables() -> list[Route]:
    found = []
    for name, (stream, table, quoted) in TABLES.items():
        settings: dict[str, Any] = {"tables_include": [table] if table else []}
        if name == "history":
            settings["include_history"] = True
        scenario = _scenario(name, stream, **settings)
        found += [
            _query(name, scenario, PAGE.format(quoted), "keyed"),
            _query(f"{name}.highest", scenario, HIGHEST.format(quoted), "highest"),
        ]
    changes = Scenario(
        f"{SYSTEM}.changes", SYSTEM, ("delivery_projects",), {"tables_include": [PROJECTS]},
        incremental=True,
    )  # fmt: skip
    quoted = TABLES["projects"][2]
    ledger = _scenario("ledger", "finance_imported_ledger", tables_include=[LEDGER])
    return [
        *found,
        _query("changes", changes, PAGE.format(quoted), "keyed dated"),
        _query("changes.highest", changes, HIGHEST.format(quoted), "highest"),
        _query("changes.look", changes, LOOK.format(quoted), "keyed"),
        _query("ledger", ledger, r"FROM \[Finance\]\.\[Imported Ledger\] t ORDER BY", ""),
    ]


def _discovery() -> list[Route]:
    scenario = Scenario(
        f"{SYSTEM}.discovery",
        SYSTEM,
        (),
        {"tables_include": [PROJECTS, "HR.Departments", "Facilities.Sites"], "page_size": 300},
        discovers=True,
    )
    tables, columns = r"\[Cinchy\]\.\[Tables\]", r"\[Cinchy\]\.\[Table Columns\]"
    return [
        _query("discovery.tables", scenario, PAGE.format(tables), "keyed"),
        _query("discovery.tables.highest", scenario, HIGHEST.format(tables), "highest"),
        _query("discovery.columns", scenario, PAGE.format(columns), "keyed"),
        _query("discovery.columns.highest", scenario, HIGHEST.format(columns), "highest"),
    ]


def _questions() -> list[Route]:
    off: dict[str, Any] = {"tables_include": []}
    keyed = {"name": "q", "primary_keys": ["id"]}
    by_rows = [{**SAVED, "name": "q", "paging": "start_row"}]
    by_keys = [{**keyed, "query": KEYSET, "paging": "keyset"}]
    paged = _scenario("saved.paged", "q", saved_queries=by_rows, **off)
    whole = _scenario("saved", "q", saved_queries=[{**SAVED, "name": "q"}], **off)
    keyset = _scenario("cql.paged", "q", cql_queries=by_keys, **off)
    plain = _scenario(
        "cql", "q", cql_queries=[{**keyed, "query": WHOLE}], accept_unproved=["q"], **off
    )
    health = _scenario("health", "healthcheck", "idp_healthcheck", "connections_healthcheck", **off)
    secrets = _scenario(
        "secrets", "secrets_manager", secrets=[{"domain": "HR", "name": "payroll api"}], **off
    )
    saved = "/API/Delivery/All%20Tasks"
    columnar = traits("cinchy columnar keyed")
    setup = _scenario("setup", "delivery_projects", tables_include=[PROJECTS])
    return [
        Route(f"{SYSTEM}.saved.paged", paged, saved, ROWS, columnar, key=(0,), wants="StartRow"),
        Route(f"{SYSTEM}.saved", whole, saved, ROWS, columnar, key=(0,)),
        _query("cql.paged", keyset, r"^SELECT TOP \d+ t\.\[Cinchy Id\] AS 'id'", "keyed worded"),
        _query("cql", plain, r"^SELECT t\.\[Cinchy Id\] AS 'id'", "keyed worded"),
        Route(
            f"{SYSTEM}.health",
            health,
            "(/idp)?/healthcheck",
            OBJECT,
            traits("child"),
            spared=HEALTH,
        ),
        Route(
            f"{SYSTEM}.secrets",
            secrets,
            "/(api|API)/v1.0/secrets-manager/secret",
            OBJECT,
            traits(""),
        ),
        _query("setup", setup, "^SELECT 1$", ""),
    ]


CINCHY = [*_tables(), *_discovery(), *_questions()]
