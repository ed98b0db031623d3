"""The tables of domain Cinchy: what the platform knows about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .columns import Column, ColumnType, calculated, choice, date, link, number, plain, text, yes_no

if TYPE_CHECKING:
    from collections.abc import Callable

    from .columns import Reading

TYPES = ",".join(ColumnType)
GROUP = "Cinchy.Groups.Name"
TABLE_NAME = "Cinchy.Tables.Full Name"
COLUMN_NAME = "Cinchy.Table Columns.Full Name"


def _texts(names: str) -> list[Column]:
    return [text(name) for name in names.split(",")]


def _flags(names: str) -> list[Column]:
    return [yes_no(name) for name in names.split(",")]


def _icon() -> list[Column]:
    return [
        link("Icon", "Cinchy.System Icons.CSS Class"),
        link("Icon Colour", "Cinchy.System Colours.Name"),
    ]


def _several(names: str, target: str) -> list[Column]:
    return [link(name, target, multi=True) for name in names.split(",")]


def _groups(names: str) -> list[Column]:
    return _several(names, GROUP)


def _joined(link_name: str, target: str) -> Callable[[Reading], str]:
    return lambda row: f"{row.linked(link_name, target)}.{row['Name']}"


def _person(row: Reading) -> str:
    return " ".join(part for part in (row["First Name"], row["Last Name"]) if part)


def _tables(domain: str, domains: str) -> list[Column]:
    full_name = calculated(
        "Full Name",
        ColumnType.TEXT,
        _joined(domain, "Name"),
        f"CONCAT([{domain}].[Name], '.', [Name])",
        description="Domain and name, with a dot between",
    )
    return [
        link(domain, f"{domains}.Name", mandatory=True),
        text("Name", mandatory=True, max_length=125),
        full_name,
        *_icon(),
        text("Description", max_length=1000),
        text("Guid", mandatory=True, max_length=1000),
        text("Json", mandatory=True, max_length=1_000_000),
        number("Cinchy Schema Version"),
        text("Sync GUID"),
        number("Min Recycle Bin Retention Days"),
        number("Min Version Retention Days"),
        number("Min Retention Versions"),
        yes_no("Has Erased Records"),
        yes_no("Publish Data Change Notifications"),
        choice("Type", "Standard,Spatial,Unversioned"),
    ]


def _table_columns() -> list[Column]:
    full_name = calculated(
        "Full Name",
        ColumnType.TEXT,
        _joined("Table", "Full Name"),
        "CONCAT([Table].[Full Name], '.', [Name])",
    )
    return [
        link("Table", TABLE_NAME, mandatory=True),
        text("Name", mandatory=True, max_length=125),
        full_name,
        choice("Type", TYPES, mandatory=True),
        number("Ordinal", mandatory=True),
        text("Description", max_length=1000),
        text("Guid", mandatory=True, max_length=1000),
        yes_no("Is System Column", mandatory=True),
        yes_no("Is Mandatory", mandatory=True),
        yes_no("Allow Linking", mandatory=True),
        yes_no("Allow Display In Linked Views", mandatory=True),
        text("Calculated Column Expression", max_length=10_000),
        choice("Calculated Column Output Format", "Date and Time,Number,Text,Yes/No"),
        number("Calculated Column Field Length"),
        link("Calculated Column Dependencies", COLUMN_NAME, multi=True),
        yes_no("Choice Column Manual Sort Flag"),
        text("Choice Column Options CSV", max_length=100_000),
        *(date(f"Date Column {what}") for what in ("Default", "Min", "Max")),
        text("Date Column Display Format", max_length=100),
        *(number(f"Number Column {what}") for what in ("Default", "Min", "Max")),
        text("Number Column Display Format", max_length=100),
        text("Text Column Default", max_length=10_000),
        number("Text Column Max Length"),
        text("Text Column Validation Expression", max_length=1000),
        choice("Text Column Format", "Default,HTML"),
        yes_no("YesNo Column Default"),
        link("Link Column Target", COLUMN_NAME),
        link("Link Column Search Display Columns", COLUMN_NAME, multi=True),
        text("Data Security Classification", max_length=100),
        yes_no("Cache"),
    ]


def _users() -> list[Column]:
    display = calculated(
        "Display Name",
        ColumnType.TEXT,
        lambda row: f"{_person(row)} ({row['Username']})",
        "CONCAT([Name], ' (', [Username], ')')",
    )
    return [
        text("Username", mandatory=True, max_length=100),
        choice("Authentication Method", "Cinchy User Account,Single Sign-On,Non Interactive"),
        *_texts("Password,Email Address,Email Verification Code"),
        yes_no("Email Verified"),
        *_texts("First Name,Last Name"),
        calculated("Name", ColumnType.TEXT, _person, "CONCAT([First Name], ' ', [Last Name])"),
        display,
        plain("Profile Photo", ColumnType.BINARY),
        date("Password Expiration Timestamp"),
        yes_no("Is Disabled"),
        date("Locked Timestamp"),
        yes_no("Can Design Tables"),
        yes_no("Can Design Queries"),
    ]


def _saved_queries(domain: str, domains: str, version: tuple[int, ...]) -> list[Column]:
    since_510 = _texts("API Version,Http Method,Query Type,UUID,REST API URL")
    return [
        text("Name", mandatory=True),
        link(domain, f"{domains}.Name", mandatory=True),
        text("Description", max_length=1000),
        text("CQL", max_length=1_000_000),
        text("Type"),
        text("API Result Format"),
        number("Timeout"),
        yes_no("CompressJSON"),
        yes_no("Use Legacy URL Structure"),
        *_groups("Groups With Design Access,Groups With Execute Access"),
        link("Users With Execute Access", "Cinchy.Users.Username", multi=True),
        *_icon(),
        text("Sync GUID"),
        *(since_510 if version >= (5, 10) else ()),
    ]


def _secrets(domain: str, domains: str) -> list[Column]:
    return [
        text("Secret Source"),
        link(domain, f"{domains}.Name", mandatory=True),
        *_texts("Name,Secret Value,Description"),
        *_groups("Read Groups,Write Groups"),
        link("External Secret Manager", "Cinchy.External Secrets Manager.Name"),
        *_texts("External Secret Identifier,Sub Key,Sync GUID"),
    ]


def _sync_columns() -> dict[str, list[Column]]:
    return {
        "Cinchy.Data Sync Configurations": [
            *_texts("Name,Config XML"),
            *_groups("Read Groups,Write Groups,Execute Groups,Admin Groups"),
            text("Sync GUID"),
        ],
        "Cinchy.Listener Config": [
            *_texts("Name,Event Connector Type,Topic,Connection Attributes,Auto Offset Reset"),
            link("Data Sync Config", "Cinchy.Data Sync Configurations.Name"),
            text("Sync GUID"),
        ],
        "Cinchy.Webhooks": [
            *_texts("Key,Forward Payload As Parameter"),
            link("Run As", "Cinchy.Users.Display Name"),
            link("Saved Query", "Cinchy.Saved Queries.Name"),
            text("Sync GUID"),
        ],
        "Cinchy.Execution Log": [
            *_texts("Execution ID,Command,Server Name,File Path,Parameters,State,Execution Output"),
            number("Execution Time"),
            link("Data Sync Config", "Cinchy.Data Sync Configurations.Name"),
        ],
        "Cinchy.Execution Errors": [
            *_texts("Error Class,Error Type,Column"),
            number("Row"),
            number("Row Count"),
            link("Execution ID", "Cinchy.Execution Log.Execution ID"),
        ],
    }


def _settings_columns() -> dict[str, list[Column]]:
    return {
        "Cinchy.System Icons": _texts("CSS Class,Sync GUID,Guid"),
        "Cinchy.System Colours": [
            *_texts("Name,Hex Value"),
            choice("Usage", "Object,Highlight", multi=True),
            *_texts("Sync GUID,Guid"),
        ],
        "Cinchy.Groups": [
            *_texts("Name,Group Type"),
            *_groups("Owner Groups,User Groups"),
            text("Sync GUID"),
        ],
        "Cinchy.Integrated Clients": [
            *_texts("Client Id,Client Name,Grant Type,Permitted Scopes"),
            *_texts("Permitted Login Redirect URLs,Permitted Logout Redirect URLs"),
            number("Access Token Lifetime (Seconds)"),
            yes_no("Show Cinchy Login Screen"),
            yes_no("Enabled"),
            *_texts("GUID,Sync GUID"),
        ],
        "Cinchy.Models": _texts("CinchyML,Sync GUID"),
        "Cinchy.Literal Groups": _texts("Name,Sync GUID"),
        "Cinchy.User Defined Functions": _texts("Name,Script,Sync GUID"),
        "Cinchy.System Properties": _texts("Property ID,Name,Value"),
        "Cinchy.User Preferences": [
            link("User", "Cinchy.Users.Username"),
            *_texts("Language,Region,Time Zone"),
        ],
        "Cinchy.Views": [
            text("Name"),
            link("Table", TABLE_NAME),
            *_texts("Json,Filter Criteria"),
            yes_no("Is Default"),
            *_groups("Groups With View Access"),
            text("Sync GUID"),
        ],
        "Cinchy.Table Access Control": [
            link("Table", TABLE_NAME),
            *_groups("Groups"),
            *_flags("View All Columns,Edit All Columns,Direct Query,Export Data,Add Rows"),
            *_flags("Delete Rows,Approve Changes,Design Table,Install Table,Manage Controls"),
            *_several("Viewable Columns,Editable Columns,Approvable Columns", COLUMN_NAME),
            *_texts("Viewable Row Filter,Editable Row Filter,Sync GUID"),
        ],
    }


def _design_columns(domain: str, domains: str) -> dict[str, list[Column]]:
    """Return the tables of views, applets, translations and data experiences."""
    key = "Sync GUID"
    parts = {
        "Applets": "Applets",
        "Data Sync Configurations": "Data Sync Configurations",
        "Formatting Rules": "Formatting Rules",
        "Groups": "Groups",
        "Integrated Clients": "Integrated Clients",
        "Listener Configurations": "Listener Config",
        "Literal Groups": "Literal Groups",
        "Models": "Models",
        "Reference Data": "Data Experience Reference Data",
        "Saved Queries": "Saved Queries",
        "System Colours": "System Colours",
        "User Defined Functions": "User Defined Functions",
        "Views": "Views",
        "Webhooks": "Webhooks",
    }
    definitions = [link(name, f"Cinchy.{t}.{key}", multi=True) for name, t in parts.items()]
    return {
        "Cinchy.Applets": [
            *_texts("Name,Description,Application Url,Target Window"),
            link(domain, f"{domains}.Name"),
            *_groups("Groups"),
            *_icon(),
            link("Integrated Client", "Cinchy.Integrated Clients.Client Id"),
            text(key),
        ],
        "Cinchy.Formatting Rules": [
            number("Ordinal"),
            link("Table", "Cinchy.Tables.Guid"),
            text("Row Condition"),
            link("Highlight Color", "Cinchy.System Colours.Hex Value"),
            *_several("Highlight Columns", COLUMN_NAME),
            text(key),
        ],
        "Cinchy.View Columns": [
            link("View", f"Cinchy.Views.{key}"),
            link("Column", COLUMN_NAME),
            text("Aggregate Operation"),
            *(number(name) for name in ("Ordinal", "Group By Ordinal", "Sort Ordinal")),
            yes_no("Sort Ascending"),
            text(key),
        ],
        "Cinchy.View Column Link Graph": [
            link("View Column", f"Cinchy.View Columns.{key}"),
            link("Link Column", COLUMN_NAME),
            number("Traversal Sequence"),
            text(key),
        ],
        "Cinchy.Literals": [
            *_texts("Default Text,Guid Override"),
            *_several("Literal Groups", f"Cinchy.Literal Groups.{key}"),
            text(key),
        ],
        "Cinchy.Literal Translations": [
            link("Literal", f"Cinchy.Literals.{key}"),
            *_texts(f"Language,Region,Translated Text,{key}"),
        ],
        "Cinchy.Data Experience Reference Data": [
            text("Name"),
            number("Ordinal"),
            link("Table", "Cinchy.Tables.Guid"),
            *_several("Sync Key", "Cinchy.Table Columns.Guid"),
            link("Expiration Timestamp Field", COLUMN_NAME),
            *_texts("Filter,Target Filter,New Records,Changed Records,Dropped Records"),
            text(key),
        ],
        "Cinchy.Data Experience Definitions": [
            text("Name"),
            *_several("Tables", "Cinchy.Tables.Guid"),
            *definitions,
            text(key),
        ],
        "Cinchy.Data Experience Releases": [
            link("Data Experience", f"Cinchy.Data Experience Definitions.{key}"),
            text("Release Version"),
        ],
    }


def system_tables(
    version: tuple[int, ...], *, domain: str, domains: str
) -> dict[str, list[Column]]:
    """Return the columns of every table of domain Cinchy.

    Args:
        version: The release; older ones lack secrets and some columns of saved queries.
        domain: Name of the link column that became "Data Product" in 6.0.
        domains: Full name of the table of domains.
    """
    tables = {
        domains: [
            text("Name", mandatory=True, max_length=125),
            link("Colour", "Cinchy.System Colours.Name"),
            *_texts("Guid,Sync GUID"),
        ],
        "Cinchy.Tables": _tables(domain, domains),
        "Cinchy.Table Columns": _table_columns(),
        "Cinchy.Users": _users(),
        "Cinchy.Saved Queries": _saved_queries(domain, domains, version),
        **_settings_columns(),
        **_sync_columns(),
        **_design_columns(domain, domains),
    }
    if version >= (5, 7):
        tables["Cinchy.External Secrets Manager"] = [
            *_texts("Name,Type,Parameters JSON,Description,ID Override"),
            *_groups("Read Groups,Write Groups"),
            text("Sync GUID"),
        ]
        tables["Cinchy.Secrets"] = _secrets(domain, domains)
        tables["Cinchy.Data Experience Definitions"] += _several(
            "Secrets", "Cinchy.Secrets.Sync GUID"
        )
    return tables
