"""How the server behaves: every answer the vendor's sources leave open is a switch here."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass(kw_only=True)
class Health:
    """One component's health check."""

    status: str = "Green"
    """Anything but Green is unhealthy: 503 when the caller asks for ``return503OnFailure``."""
    component: str = "Cinchy"
    checks: Literal["present", "empty", "missing"] = "present"
    """What stands in ``healthChecks``."""
    field_case: Literal["camel", "lower", "pascal"] = "camel"
    starting: Literal["no", "redirect", "html"] = "no"
    """While it starts: a redirect to an HTML page, or that page itself."""
    installed: bool = True
    """Otherwise 404."""


@dataclasses.dataclass(kw_only=True)
class Options:
    """The server's behaviour; fields may be changed while it runs.

    The defaults are what the sources show, and where they show nothing, what hurts a reader more.
    """

    # Where things are
    base_path: str = ""
    """Path of the web application, ``/Cinchy`` on IIS."""
    idp_path: str | None = None
    """Path of the SSO component from the root; ``{base_path}/idp`` when nothing is said."""
    connections_path: str | None = None
    """Path of Connections from the root; ``{base_path}/connections`` when nothing is said."""
    well_known: Literal["json", "absent", "html"] = "json"
    """``/.well-known/cinchy-configuration``: there, 404, or the application's start page."""
    advertised_idp: str | None = None
    """What it names as ``idp_endpoint`` instead of this server."""
    advertised_connections: str | None = None
    """What it names as ``connections_endpoint`` instead of this server."""
    silent_refresh_tail: bool = True
    """Whether ``connections_endpoint`` carries its odd tail."""
    token_path: str = "/identity/connect/token"  # noqa: S105 - a path
    """Where tokens are given, below the SSO path; OIDC discovery tells it."""
    unversioned_urls: Literal["all", "legacy"] = "all"
    """Which saved queries ``/API/{domain}/{query}`` reaches on 5.10 and later."""
    refuse_encoded_slash: bool = False
    """Answer 400 to a path that holds ``%2F``, as IIS may."""

    # Who is asking
    expires_in: int = 3600
    """Seconds a token lives, as its answer says."""
    token_lifetime: float | None = None
    """Seconds it really lives, when that differs."""
    token_requests: int | None = None
    """Requests a token is good for; after that it has expired."""
    token_in_flight: int | None = None
    """When so many requests are under way at once, every token given so far expires, also for
    those that wait (give them ``latency``); this happens once, then the option is empty again."""
    unauthorized: Literal[
        "page", "login_page", "redirect", "redirect_idp", "forbidden", "error_body"
    ] = "page"
    """What is given where 401 is due: 401 and a page; the login page with 200; 302 to the login
    page, or to the SSO component (``advertised_idp``); 403; 200 and a JSON message."""
    forbidden_query_status: Literal[401, 403] = 401
    """What a saved query gives that the account may not execute."""
    forbidden_tables: Literal["error", "empty"] = "error"
    """What a query on a table without entitlement gives."""

    link_to_nothing: Literal["null", "vanish"] = "null"
    """A link that is walked and is empty, or leads to an erased row: nothing, or the row vanishes
    that has it, as an inner join would have it."""
    link_to_deleted: Literal["value", "null", "vanish"] = "value"
    """The same for a link to a row in the recycle bin."""
    link_rules_everywhere: bool = False
    """Whether these two hold for links of Cinchy's own tables and for system columns as well:
    Deleted By is empty in every live row, and official clients walk empty links of metadata."""
    link_to_filtered: Literal["id", "null", "vanish"] = "id"
    """What a link to a row gives that a row filter hides; ``id``: its Cinchy Id and no more."""
    link_to_hidden: Literal["error", "null", "vanish"] = "error"
    """What a link gives to a table or column the account may not see; the error is a 400."""
    hidden_link_blamed: bool = False
    """That error names the link, not the column at its other end."""

    # What a query means
    backend: Literal["sqlserver", "postgres"] = "sqlserver"
    filter_zone: str | None = None
    """IANA zone in which date literals are read; the output zone when nothing is said."""
    ambiguous_hour: Literal["first", "second"] = "first"
    """Which pass of the hour that daylight saving time repeats a literal means."""
    literal_digits: int = 7
    """Fraction digits a date literal may have; the older datetime takes 3."""
    literal_offset: Literal["ignored", "honoured", "refused"] = "ignored"
    """What becomes of ``Z`` or ``+01:00`` in a date literal."""
    history_joins: bool = True
    """A history query multiplies rows by the versions of the rows they link to."""
    shuffle_unordered: bool = False
    """Give rows nobody ordered in another order each time, ties of an ORDER BY among them."""
    shuffle_ties: bool = False
    """Give rows that an ORDER BY cannot tell apart in another order each time; rows nobody
    ordered stay as they are."""
    page_cap: int | None = None
    """Rows ExecuteCQL gives at most, whatever TOP says."""
    error_form: Literal["header", "page", "json", "ok_json", "ok_page"] = "header"
    """How a query's error is told: in a header over an HTML page; the page without the header; a
    JSON message; that message, or an HTML page, with 200."""
    timeout_above_rows: int | None = None
    """A query that yields more rows takes too long."""
    rows_per_second: int | None = None
    """A query that yields more rows than this in its time limit takes too long."""
    timeout_above_scanned: int | None = None
    """A query that looks at more rows takes too long, however few it gives. Windows of Cinchy Id
    are found through the index; everything else looks at every row until TOP is reached."""
    scanned_per_second: int | None = None
    """A query that looks at more rows than this in its time limit takes too long."""
    sort_cost: float = 1.0
    """What sorting a row costs on top, in rows looked at: an ORDER BY that does not begin with
    Cinchy Id sorts all that its condition leaves, whatever TOP says."""
    timeout_status: int = 400
    timeout_text: str = (
        "Execution Timeout Expired.  The timeout period elapsed prior to completion of the "
        "operation or the server is not responding."
    )

    # How an answer looks
    output_zone: str = "America/New_York"
    """IANA zone of the system timestamps in answers; an account may have its own."""
    dates_in_zone: bool = False
    """Whether date columns of users are converted like system timestamps."""
    fraction_digits: int | None = None
    """Fraction digits of a date; without a number as many as it needs."""
    show_offset: bool = False
    """Whether timestamps carry the offset of their zone."""
    schema_when_empty: bool = True
    """Whether an answer without rows still has its schema."""
    schema_only: Literal["schema", "empty", "ignored"] = "schema"
    """What ``SchemaOnly=true`` gives: the schema, nothing, or all rows."""
    always_expanded: bool = False
    """Give an array of objects even where CompressJSON is true."""
    single_link_as_number: bool = True
    """A multi-select link with one link is a number, not a text."""
    multi_select: Literal["ids", "pairs"] = "ids"
    """Several links read by ``[Cinchy Id]``: ``12,45``, or each with its version, ``12,1,45,3``."""
    quote_labels: bool = False
    """Quote a label with a comma inside a multi-select text."""
    booleans: Literal["json", "number", "text"] = "json"
    """Yes/No as true, 1 or "True"."""
    spatial: Literal["wkt", "object"] = "wkt"
    """Geometry as its text, or as an object."""
    type_names: dict[str, str] = dataclasses.field(default_factory=dict)
    """Other names for .NET types in a schema, such as ``{"Double": "Decimal"}``."""

    # Saved queries
    start_row_base: Literal[0, 1, "ignored"] = 0
    """Number of the first row for StartRow, or no window begins anywhere but at the first row."""
    row_count: Literal["honoured", "ignored"] = "honoured"
    """Whether RowCount ends a window."""
    single_value: Literal["value", "raw", "columnar"] = "value"
    """A query of type Single Value answers its value as JSON, its text as it is, or one row."""
    saved_query_cap: int | None = None
    """Rows a saved query gives at most, whatever RowCount says."""
    missing_query_status: int = 404

    # Secrets and jobs
    secret_refusal_status: int = 404
    """Answer to a secret that does not exist or may not be read."""
    jobs_paths: Literal["both", "v1.0", "legacy"] = "both"
    """Where jobs are started: ``/api/v1.0/jobs``, ``/api/jobs`` or either."""
    jobs_take_tokens: bool = True
    """Whether the jobs API takes personal access tokens; 5.8 said no."""
    jobs_answer: Literal["ok", "gateway", "cut"] = "ok"
    """The job is started in any case; then 200, 502, or a connection cut in mid-answer."""
    execution_id_as_text: bool = False
    job_polls: int = 2
    """How often the Execution Log still says Running when it is read."""

    # Health, and the wire
    health: Health = dataclasses.field(default_factory=Health)
    idp_health: Health = dataclasses.field(default_factory=Health)
    connections_health: Health = dataclasses.field(
        default_factory=lambda: Health(component="Connections", checks="missing")
    )
    latency: float = 0.0
    """Seconds every answer waits; unlike the server's own, it may be changed meanwhile."""
