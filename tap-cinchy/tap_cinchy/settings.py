"""The settings of tap-cinchy."""

from __future__ import annotations

from typing import Any

from singer_rest.sdk import settings
from singer_rest.sdk.settings import th
from tap_cinchy.auth import AUTO, METHODS
from tap_cinchy.client import READ_TYPES
from tap_cinchy.endpoints import EXAMPLE_URL

PAGE_SIZE = 5000
LARGEST_PAGE = 50_000
COMMAND_TIMEOUT = 300


def _text(name: str, title: str, description: str, **more: Any) -> th.Property[str]:
    return th.Property(name, th.StringType, title=title, description=description, **more)


def _texts(name: str, title: str, description: str, default: list[str]) -> th.Property[list[str]]:
    kind = th.ArrayType(th.StringType)
    return th.Property(name, kind, default=default, title=title, description=description)


def _switch(name: str, title: str, description: str, *, default: bool = False) -> th.Property[bool]:
    return th.Property(name, th.BooleanType, default=default, title=title, description=description)


def _anything() -> th.ObjectType:
    return th.ObjectType(additional_properties=True)


_QUERY = (
    _text(
        "name",
        "Stream name",
        "Name of the stream: letters, digits and underscores.",
        required=True,
    ),
    th.Property(
        "params",
        _anything(),
        title="Parameters",
        description="Values by name; the @ belongs to the name. The one of replication_param is "
        "the value of the first run.",
    ),
    _texts("primary_keys", "Primary keys", "Columns that identify a row.", []),
    _text(
        "replication_key",
        "Replication key",
        "Column whose greatest value becomes the bookmark; with replication_param.",
    ),
    _text(
        "replication_param",
        "Replication parameter",
        "Parameter that carries the bookmark, such as @since; a time is taken back by "
        "lookback_minutes.",
    ),
    th.Property(
        "json_schema",
        _anything(),
        title="JSON schema",
        description="Schema of a row. Without it the query is run once in discovery.",
    ),
)
_SAVED_QUERY = th.ObjectType(
    *_QUERY,
    _text("domain", "Domain", "Domain of the saved query.", required=True),
    _text("query", "Query", "Name of the saved query.", required=True),
    _text(
        "api_version",
        "API version",
        "Version in the path since Cinchy 5.10, such as 1.0; without it the old path is tried "
        "first.",
    ),
    _text(
        "method",
        "Method",
        "GET, or POST for long parameters.",
        allowed_values=["GET", "POST"],
        default="GET",
    ),
    th.Property(
        "text_params",
        _anything(),
        title="Text parameters",
        description="Replacements of {0}, {1}, ... in the query; Cinchy escapes nothing there.",
    ),
    _text(
        "auth",
        "Authentication",
        "basic reads this query by /BasicAuthAPI with username and password; by default the "
        "credential of the tap is used.",
        allowed_values=["default", "basic"],
        default="default",
    ),
    _text(
        "paging",
        "Paging",
        "start_row reads pages that overlap by a row; it needs primary_keys, and an ORDER BY "
        "over them in the query.",
        allowed_values=["none", "start_row"],
        default="none",
    ),
    additional_properties=False,
)
_CQL_QUERY = th.ObjectType(
    *_QUERY,
    _text("query", "CQL", "A query that reads.", required=True),
    _text(
        "type",
        "Type",
        "Whether drafts or all versions are read too.",
        allowed_values=list(READ_TYPES),
        default="QUERY",
    ),
    _text(
        "paging",
        "Paging",
        "keyset fills {{top}} and {{after}} in the query with the page size and the last value of "
        "the first primary key.",
        allowed_values=["none", "keyset"],
        default="none",
    ),
    additional_properties=False,
)
_SECRET = th.ObjectType(
    _text("domain", "Domain", "Domain of the secret.", required=True),
    _text("name", "Name", "Name of the secret.", required=True),
    additional_properties=False,
)
_JOB = th.ObjectType(
    _text("feed", "Feed", "Name of the data sync configuration.", required=True),
    th.Property(
        "params",
        _anything(),
        title="Parameters",
        description="Values of the sync's parameters by name.",
    ),
    additional_properties=False,
)

CREDENTIALS = (
    _text(
        "auth_method",
        "Authentication",
        "pat, password (with an integrated client), basic (saved queries only) or none (health "
        "checks and public queries); auto decides by the settings that are given.",
        allowed_values=list(METHODS),
        default=AUTO,
    ),
    _text(
        "access_token",
        "Personal access token",
        "Token from the user's preferences, Cinchy 5.5 and later.",
        secret=True,
    ),
    _text("username", "User name", "User of the password and Basic methods."),
    _text("password", "Password", "Its password.", secret=True),
    _text("client_id", "Client id", "Client Id of the integrated client."),
    _text("client_secret", "Client secret", "GUID of the integrated client.", secret=True),
    _text(
        "idp_url",
        "Login server",
        "Address of the login server (SSO), if the platform does not tell it or it stands on "
        "another host.",
        examples=["https://cinchy.example.com/idp", "https://cinchy.example.com/CinchySSO"],
    ),
    _text(
        "connections_url",
        "Connections",
        "Address of Connections, if the platform does not tell it or it stands on another host.",
        examples=["https://cinchy.example.com/connections"],
    ),
    _switch(
        "allow_insecure_http",
        "Allow http",
        "Send credentials over http, readable for everybody on the way.",
    ),
)
TABLES = (
    _texts(
        "tables_include",
        "Tables to read",
        "Patterns of Domain.Table, such as HR.*; an empty list switches discovery of tables off.",
        ["*"],
    ),
    _texts(
        "tables_exclude",
        "Tables to leave out",
        "Patterns of Domain.Table. The platform's own tables hold personal data and settings; "
        "columns with credentials are never read, whatever is chosen here.",
        ["Cinchy.*"],
    ),
    _texts(
        "incremental_tables",
        "Incremental tables",
        "Patterns of tables that discovery proposes to read INCREMENTAL by Modified; all others "
        "are read in full unless the catalog says otherwise.",
        [],
    ),
    _switch(
        "include_deleted",
        "Deleted rows",
        "Read rows in the recycle bin too, with their time in Deleted and _sdc_deleted_at.",
        default=True,
    ),
    _switch(
        "include_history",
        "History",
        "Offer a second stream with all versions of the rows of every table.",
    ),
    _text(
        "link_output",
        "Links",
        "Links as Cinchy Id of the linked row, or with what they show in a second column.",
        allowed_values=["id", "id_and_label"],
        default="id",
    ),
    _switch(
        "check_entitlements",
        "Check entitlements",
        "Ask for the account's rights on every table in discovery, one request each, and leave "
        "out columns it may not view.",
    ),
    _text(
        "timezone",
        "Time zone",
        "IANA name of the account's time zone. With it, Created, Modified, Deleted and Replaced "
        "are instants, written in UTC; without it they are as the server shows them, in columns "
        "without a zone (format date-time-local), unless it shows their offset.",
        examples=["America/Toronto", "Europe/Berlin"],
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="On the first run, read rows of INCREMENTAL tables that changed from this date "
        "on. Default: all.",
    ),
    settings.integer(
        "lookback_minutes",
        360,
        "Lookback",
        "Minutes before the bookmark from which rows are read again, for changes that were "
        "committed late; an hour is added, because clocks are put back by one in autumn. The "
        "price: what changed in that time comes again in every run, and the target keeps one row "
        "of each.",
    ),
    th.Property(
        "resume",
        th.BooleanType,
        default=True,
        title="Go on where a read ended",
        description="Take a table that was not read to its end up again where the last run stood, "
        "and read what changed meanwhile at the end. Needs a target that keeps the rows of an "
        "interrupted read; where one refuses them, switch it off.",
    ),
    settings.integer(
        "resume_max_age",
        7,
        "Days to go on",
        "Days after which a read that ended early is begun anew.",
    ),
    settings.integer(
        "command_timeout",
        COMMAND_TIMEOUT,
        "Query timeout",
        "Seconds the server may work on one query.",
        minimum=1,
    ),
)
CONFIGURED = (
    th.Property(
        "saved_queries",
        th.ArrayType(_SAVED_QUERY),
        default=[],
        title="Saved queries",
        description="Saved queries to read, one stream each. They are never found by themselves: "
        "a saved query may write, even by GET.",
    ),
    th.Property(
        "cql_queries",
        th.ArrayType(_CQL_QUERY),
        default=[],
        title="CQL queries",
        description="CQL to read, one stream each. Statements that write are refused.",
    ),
    th.Property(
        "secrets",
        th.ArrayType(_SECRET),
        default=[],
        title="Secrets",
        description="Secrets whose accessibility the stream secrets_manager tells.",
    ),
    _switch(
        "secrets_extract_values",
        "Extract secrets",
        "Write the values of those secrets into the target, in clear.",
    ),
    th.Property(
        "jobs",
        th.ArrayType(_JOB),
        default=[],
        title="Jobs",
        description="Data syncs that the stream jobs starts, once in every run.",
    ),
    _switch(
        "jobs_allow_trigger",
        "Start jobs",
        "Really start them; a sync changes data in other systems.",
    ),
    settings.integer(
        "jobs_wait_seconds",
        0,
        "Wait for jobs",
        "Seconds to watch each job in the execution log before its row is written.",
    ),
)

CONFIG_SCHEMA: dict[str, Any] = th.PropertiesList(
    _text(
        "api_url",
        "API URL",
        "Address of the platform, with its path if it has one.",
        required=True,
        examples=[EXAMPLE_URL, "https://cinchy.example.com"],
    ),
    *CREDENTIALS,
    *TABLES,
    *CONFIGURED,
    *settings.common(
        page_size=PAGE_SIZE,
        largest_page=LARGEST_PAGE,
        requests_per_minute=0,
        concurrency=4,
    ),
).to_dict()
