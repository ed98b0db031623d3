"""Users, clients, saved queries, secrets, syncs and logs of a generated world."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from . import story
from .accounts import Account
from .columns import text

if TYPE_CHECKING:
    from .world import World

CLIENT_ID = "sandbox-client"
ANONYMOUS = "Anonymous"
EVERYBODY = "All Users"
FINANCE_TEAM = "Finance Team"
READ_TYPE = "Query (Approved Data Only)"
SINGLE_VALUE_TYPE = "Single Value (First Column of First Row)"
WRITE_TYPE = "Number of Rows Affected"
DDL_TYPE = "Execute DDL Script"
RETIRED = "Archive.Old Vendors"


QUERIES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "HR",
        "Active Employees",
        (
            "SELECT e.[Cinchy Id], e.[Full Name], e.[Email], e.[Modified] FROM [HR].[Employees] e "
            "WHERE e.[Deleted] IS NULL AND e.[Active] = 1 ORDER BY e.[Cinchy Id]"
        ),
        {"result_format": "JSON"},
    ),
    (
        "HR",
        "Public Directory",
        "SELECT e.[Full Name] AS 'Name' FROM [HR].[Employees] e",
        {"users": (ANONYMOUS,)},
    ),
    ("HR", "Salaries", "SELECT [Cinchy Id], [Full Name], [Salary] FROM [HR].[Employees]", {}),
    (
        "Delivery",
        "All Tasks",
        (
            "SELECT [Cinchy Id], [Title], [Status], [Due], [Modified] FROM [Delivery].[Tasks] "
            "ORDER BY [Cinchy Id]"
        ),
        {},
    ),
    (
        "Delivery",
        "All Tasks In No Order",
        "SELECT [Cinchy Id], [Title], [Status] FROM [Delivery].[Tasks]",
        {},
    ),
    (
        "Delivery",
        "Tasks By Status",
        (
            "SELECT [Cinchy Id], [Title], [Status] FROM [Delivery].[Tasks] "
            "WHERE [Status] = @status ORDER BY [Cinchy Id]"
        ),
        {},
    ),
    (
        "Delivery",
        "Tasks Since",
        (
            "SELECT [Cinchy Id], [Title], [Modified] FROM [Delivery].[Tasks] "
            "WHERE [Modified] >= @since OR @since IS NULL ORDER BY [Cinchy Id]"
        ),
        {"compressed": False, "legacy": False},
    ),
    (
        "Delivery",
        "Projects In",
        (
            "SELECT p.[Cinchy Id], p.[Name], p.[Owner].[Full Name] AS 'Owner' "
            "FROM [Delivery].[Projects] p WHERE p.[Cinchy Id] IN ({0}) ORDER BY p.[Cinchy Id]"
        ),
        {},
    ),
    (
        "Delivery",
        "Delete Message",
        "DELETE FROM [Delivery].[Tasks] WHERE [Cinchy Id] = @msgId",
        {"kind": WRITE_TYPE},
    ),
    (
        "Finance",
        "Invoice Check",
        (
            "IF @Int IS NULL OR @Int = 0 "
            "RAISERROR('Invalid parameter: @Int cannot be NULL or zero', 18, 1) "
            "SELECT [Invoice Number], [Amount] FROM [Finance].[Invoices] WHERE [Cinchy Id] = @Int"
        ),
        {},
    ),
    (
        "Finance",
        "Restricted Totals",
        "SELECT [Amount], [Gross] FROM [Finance].[Invoices]",
        {"groups": (FINANCE_TEAM,)},
    ),
    (
        "O'Brien & Sons (EU)",
        "Orders: A/B (100%) + = @ ! & more",
        (
            "SELECT [Cinchy Id], [Order/No], [Total $] "
            "FROM [O'Brien & Sons (EU)].[Staff's Orders/Returns - 100% (a+b): x=y @z!]"
        ),
        {},
    ),
)
"""Saved queries: domain, name, CQL and what differs from an ordinary one."""


def add_accounts(world: World) -> None:
    """Add the users: one sees all, one all tables, one a part, one no metadata."""
    for name in (EVERYBODY, FINANCE_TEAM):
        world.insert("Cinchy.Groups", {"Name": name, "Group Type": "Simple Group"})
    administrator = Account(username="admin", admin=True, groups=(EVERYBODY, FINANCE_TEAM))
    world.add_account(administrator, "System", "Administrator")
    world.add_account(Account(username="reader"), "Robin", "Reader")
    limited = Account(
        username="limited",
        tables=("HR.*", story.TASKS, story.PROJECTS),
        hidden={story.EMPLOYEES: {"Salary", "Photo"}},
        filters={story.TASKS: lambda row: row["Status"] != "Done"},
    )
    world.add_account(limited, "Lim", "Ited")
    world.add_account(Account(username="lowly", metadata=False), "Low", "Ly")
    world.add_account(Account(username=ANONYMOUS, tables=("HR.*",)), ANONYMOUS)
    add_client(world, CLIENT_ID)


def add_client(world: World, client_id: str) -> str:
    """Add an integrated client; return its secret, the GUID of its row, alike in all worlds."""
    secret = str(uuid.uuid5(uuid.NAMESPACE_DNS, client_id))
    values = {
        "Client Id": client_id,
        "Client Name": client_id.title(),
        "Grant Type": "Resource Owner Password",
        "Permitted Scopes": "Id,OpenId,Email,Profile,Roles,js_api",
        "Access Token Lifetime (Seconds)": 3600.0,
        "Enabled": True,
        "GUID": secret,
    }
    world.insert("Cinchy.Integrated Clients", values)
    world.clients[client_id] = secret
    return secret


def _ids(world: World, table: str, column: str, names: tuple[str, ...]) -> tuple[int, ...] | None:
    slot = world.table(table).column(column).slot
    rows = world.table(table).rows.items()
    return tuple(id_ for id_, row in rows if row[slot] in names) or None


def add_saved_query(
    world: World,
    domain: str,
    name: str,
    cql: str,
    *,
    result_format: str = "CSV",
    kind: str = READ_TYPE,
    compressed: bool = True,
    legacy: bool = True,
    timeout: float = 30.0,
    groups: tuple[str, ...] = (EVERYBODY,),
    users: tuple[str, ...] = (),
) -> int:
    """Store a query and return its Cinchy Id.

    Args:
        world: The platform.
        domain: Its domain.
        name: Its name in that domain.
        cql: What it runs.
        result_format: What it answers when nobody asks for another format.
        kind: Its display type.
        compressed: Its own CompressJSON.
        legacy: Whether it may be called without a version in the path (5.10 and later).
        timeout: Its own time limit in seconds.
        groups: Who may execute it.
        users: Who else may; name Anonymous to open it to callers without credentials.
    """
    values: dict[str, Any] = {
        "Name": name,
        world.domain_column: world.catalog.domain_id(domain),
        "CQL": cql,
        "Type": kind,
        "API Result Format": result_format,
        "Timeout": timeout,
        "CompressJSON": compressed,
        "Use Legacy URL Structure": legacy,
        "Groups With Execute Access": _ids(world, "Cinchy.Groups", "Name", groups),
        "Users With Execute Access": _ids(world, "Cinchy.Users", "Username", users),
        "API Version": "1.0",
        "Http Method": "GET",
        "Query Type": "API",
        "UUID": world.guid(),
        "REST API URL": f"/API/v1.0/{domain}/{name}",
    }
    table = world.table("Cinchy.Saved Queries")
    known = {key: value for key, value in values.items() if table.find(key)}
    return world.insert("Cinchy.Saved Queries", known)


def add_secret(
    world: World, domain: str, name: str, value: str, groups: tuple[str, ...] = (EVERYBODY,)
) -> int:
    """Store a secret some groups may read."""
    values = {
        "Secret Source": "Cinchy",
        world.domain_column: world.catalog.domain_id(domain),
        "Name": name,
        "Secret Value": value,
        "Read Groups": _ids(world, "Cinchy.Groups", "Name", groups),
    }
    return world.insert("Cinchy.Secrets", values)


def add_feed(world: World, name: str) -> int:
    """Store a data sync configuration the jobs API can run."""
    return world.insert(
        "Cinchy.Data Sync Configurations",
        {"Name": name, "Config XML": f"<BatchDataSyncConfig name='{name}'/>"},
    )


def _add_past(world: World, feeds: list[int]) -> None:
    log = "Cinchy.Execution Log"
    for place in range(6):
        at = world.now() - dt.timedelta(days=6 - place)
        failed = place % 3 == 2  # noqa: PLR2004
        values = {
            "Execution ID": world.guid(),
            "Command": "Data Sync",
            "Server Name": f"worker-{place % 2}",
            "Parameters": '{"key": "a value that may be sensitive"}',
            "State": "Failed" if failed else "Succeeded",
            "Execution Output": "Could not reach the source" if failed else "12 rows inserted",
            "Execution Time": 10.5 + place,
            "Data Sync Config": feeds[place % len(feeds)],
        }
        run = world.insert(log, values, at=at)
        if failed:
            error = {
                "Error Class": "SourceError",
                "Error Type": "Invalid value",
                "Column": "Amount",
                "Row": float(place),
                "Row Count": 1.0,
                "Execution ID": run,
            }
            world.insert("Cinchy.Execution Errors", error, at=at)


def _add_settings(world: World) -> None:
    zone = "Eastern Standard Time"
    properties = {"Default Time Zone": zone, "Maximum Login Attempts": "3"}
    for place, (name, value) in enumerate(properties.items(), 1):
        values = {"Property ID": f"P{place}", "Name": name, "Value": value}
        world.insert("Cinchy.System Properties", values)
    for account in world.accounts.values():
        preferences = {"User": account.user_id, "Language": "en", "Region": "CA", "Time Zone": zone}
        world.insert("Cinchy.User Preferences", preferences)
    world.insert("Cinchy.Webhooks", {"Key": f"webhook-{world.guid()}"})


def add_platform_content(world: World) -> None:
    """Fill the tables of domain Cinchy, and leave behind a dropped table and a dropped column."""
    if world.release >= (5, 7):
        add_secret(world, "HR", "payroll api", "sandbox-secret-payroll")
        add_secret(world, "Finance", "bank key", "sandbox-secret-bank", groups=(FINANCE_TEAM,))
    for domain, name, cql, more in QUERIES:
        add_saved_query(world, domain, name, cql, **more)
    _add_past(world, [add_feed(world, "Payroll to HR"), add_feed(world, "Failing feed")])
    _add_settings(world)
    world.create_table(RETIRED, [text("Vendor")])
    world.drop_table(RETIRED)
    world.add_column(story.EMPLOYEES, text("Fax"))
    world.drop_column(story.EMPLOYEES, "Fax")
