"""The settings of tap-cortex."""

from __future__ import annotations

from typing import Any

from singer_rest.sdk import selection, settings
from singer_rest.sdk.settings import th
from tap_cortex.client import LARGEST_PAGE
from tap_cortex.eng_intel import PERIODS
from tap_cortex.jobs import MAX_RANGE
from tap_cortex.snowflake import AUTH_TYPES, EXAMPLE

CLOUD = "https://api.getcortexapp.com"
PAGE_SIZE = LARGEST_PAGE
"""Most lists are one page then, which needs no further proof."""
REQUESTS_PER_MINUTE = 900
BURST = 50
"""Requests in a row that the vendor's own client allows itself."""
CONCURRENCY = 8


def _flag(name: str, title: str, description: str) -> th.Property[bool]:
    return th.Property(name, th.BooleanType, default=True, title=title, description=description)


def _names(name: str, title: str, description: str) -> th.Property[list[str]]:
    kind = th.ArrayType(th.StringType)
    return th.Property(name, kind, default=[], title=title, description=description)


def _connection() -> list[th.Property[Any]]:
    return [
        th.Property(
            "api_url",
            th.StringType,
            default=CLOUD,
            title="API URL",
            description="Address of the API; that of a self-managed Cortex if you have one.",
            examples=[CLOUD, "https://cortex-api.example.com"],
        ),
        th.Property(
            "api_key",
            th.StringType,
            required=True,
            secret=True,
            title="API key",
            description="API key of the workspace (Settings, API keys) or personal access token.",
        ),
        th.Property(
            "start_date",
            th.DateTimeType,
            title="Start date",
            description="On the first run, read logs, custom events and custom metrics from this "
            "date on. Default: all.",
        ),
        settings.integer(
            "log_margin_seconds",
            10,
            "Log margin",
            "Seconds before the start of the run at which the reading of logs ends: what is still "
            "being written then comes with the next run.",
        ),
        settings.integer(
            "lookback_minutes",
            1440,
            "Lookback",
            "Minutes before the bookmark from which logs, custom events and custom metrics are "
            "read again: they may come late, and the status of notifications changes.",
        ),
    ]


def _wide() -> list[th.Property[Any]]:
    return [
        settings.integer(
            "wide_lookback_days",
            180,
            "Wide lookback",
            "Days that custom events and custom metrics are read again in the first run of a week, "
            "because they may be dated back; 0 never does. Costs no requests but those for the "
            "further pages of an entity.",
        ),
    ]


def _history() -> list[th.Property[Any]]:
    return [
        th.Property(
            "retire_history",
            th.BooleanType,
            default=False,
            title="Retire history",
            description="Retire rows of deploys, deploys_search, custom_data, gitops_logs, and of "
            "logs, events and metric points that are read as a whole, when a complete read shows "
            "them no longer. By default they stay: Cortex shows those of an archived entity no "
            "more, though they happened.",
        ),
    ]


def _width() -> list[th.Property[Any]]:
    return [
        _flag(
            "include_archived",
            "Archived entities",
            "Read archived entities, too; the API leaves them out unless asked.",
        ),
        _flag(
            "include_team_entities",
            "Teams in the catalog",
            "Read teams as catalog entities, where the workspace has them there.",
        ),
        _flag(
            "include_built_in_types",
            "Built-in types",
            "Read the entity types that Cortex brings along, too.",
        ),
        _flag(
            "include_drafts",
            "Drafts",
            "Read drafts of scorecards, initiatives and plugins, too.",
        ),
        _flag("include_expired", "Expired initiatives", "Read expired initiatives, too."),
        _flag("include_ignored", "Ignored discoveries", "Read ignored events of discovery, too."),
        _flag(
            "include_memberless_teams", "Teams without members", "Read teams without members, too."
        ),
        _flag(
            "include_undelivered",
            "Undelivered notifications",
            "Read notification runs that delivered nothing, too.",
        ),
        _flag(
            "include_disabled_types",
            "Disabled resource types",
            "Read AWS and Azure resource types that are not imported, too.",
        ),
        th.Property(
            "hierarchy_depth",
            th.StringType,
            default="1",
            title="Depth of the hierarchy",
            description="Levels of parents and children in entities.hierarchy: a number, or full "
            "for whole trees, which make very large answers. entity_hierarchy needs no more "
            "than 1.",
        ),
    ]


def _fan_out() -> list[th.Property[Any]]:
    return [
        _names(
            "fan_out_types",
            "Types to ask about",
            "Entity types for which the streams with one request per entity ask; all by default. "
            "Rows of other types are then never retired in the target.",
        ),
        th.Property(
            "openapi_linked_only",
            th.BooleanType,
            default=False,
            title="Only linked OpenAPI documents",
            description="Ask for documentation_openapi only where an entity has a link of type "
            "OPENAPI; documents uploaded without a link are then missed.",
        ),
        _names(
            "custom_metric_keys",
            "Custom metrics",
            "Keys of the custom metrics to read in custom_metrics; the API cannot list them.",
        ),
        _names(
            "department_tags",
            "Departments",
            "Tags of the departments to read, where the API does not list them.",
        ),
    ]


def _questions() -> list[th.Property[Any]]:
    text = th.StringType
    objects = th.ArrayType(th.ObjectType(additional_properties=True))
    metric = th.ObjectType(
        th.Property("metric", text, required=True, description="Key of a metric."),
        th.Property("aggregation", text, required=True, description="Such as AVG or P95."),
    )
    return [
        th.Property(
            "cql_queries",
            th.ArrayType(
                th.ObjectType(
                    th.Property("name", text, required=True, description="Becomes query_name."),
                    th.Property("query", text, required=True, description="The query, in CQL."),
                )
            ),
            default=[],
            title="CQL queries",
            description="Queries to run in cql_queries, each with name and query.",
        ),
        settings.integer(
            "cql_timeout_minutes",
            30,
            "Patience with CQL queries",
            "Minutes that a query may take.",
            minimum=1,
        ),
        th.Property(
            "engineering_metric_queries",
            th.ArrayType(
                th.ObjectType(
                    th.Property("name", text, required=True, description="Becomes query_name."),
                    th.Property(
                        "metrics",
                        th.ArrayType(metric),
                        required=True,
                        description="Metrics, each with metric and aggregation.",
                    ),
                    th.Property(
                        "days",
                        th.IntegerType(minimum=1, maximum=MAX_RANGE),
                        description="Days before today that are looked at; 30 by default.",
                    ),
                    th.Property(
                        "group_by", th.ArrayType(text), description="Attributes to group by."
                    ),
                    th.Property(
                        "period",
                        text,
                        allowed_values=list(PERIODS),
                        description="day, week or month: the query is asked for every period that "
                        "is over, in engineering_metrics_by_period.",
                    ),
                    th.Property("filters", objects, description="Filters, as the API wants them."),
                    th.Property("order_by", objects, description="Order, as the API wants it."),
                    th.Property(
                        "limit", th.IntegerType(minimum=1), description="Rows; 1000 by default."
                    ),
                )
            ),
            default=[],
            title="Engineering metrics",
            description="Queries to run in engineering_metrics, each with name and metrics, and "
            "if need be days or period, group_by, filters, order_by and limit.",
        ),
        th.Property(
            "trace_queries",
            th.ArrayType(
                th.ObjectType(
                    th.Property("name", text, required=True, description="Becomes query_name."),
                    th.Property(
                        "source", text, required=True, description="Source, as the API names it."
                    ),
                    th.Property(
                        "time_attribute",
                        text,
                        required=True,
                        description="Attribute with the instant by which events are read.",
                    ),
                    th.Property(
                        "attributes",
                        th.ArrayType(text),
                        description="Attributes to read, id among them; all by default.",
                    ),
                    th.Property("filters", objects, description="Filters, as the API wants them."),
                )
            ),
            default=[],
            title="Raw engineering events",
            description="Queries to run in eng_intel_trace, each with name, source and "
            "time_attribute, and if need be attributes and filters.",
        ),
        settings.integer(
            "eng_intel_lookback_days",
            30,
            "Lookback of engineering data",
            "Days before the bookmark from which eng_intel_trace and engineering_metrics_by_period "
            "are read again, for events change while they are open. Costs a request per query "
            "and 30 days of events, and one per query and period.",
        ),
    ]


def _snowflake() -> list[th.Property[Any]]:
    return [
        th.Property(
            "snowflake_account_url",
            th.StringType,
            title="Snowflake account",
            description="Address of the Snowflake account that chat_completions asks; Snowflake "
            "Cortex is another product, with costs for every call.",
            examples=[EXAMPLE],
        ),
        th.Property(
            "snowflake_token",
            th.StringType,
            secret=True,
            title="Snowflake token",
            description="Token for that account; the Cortex API key does not work there.",
        ),
        th.Property(
            "snowflake_auth_type",
            th.StringType,
            default=AUTH_TYPES[0],
            allowed_values=list(AUTH_TYPES),
            title="Kind of Snowflake token",
            description="What kind of token it is.",
        ),
        th.Property(
            "snowflake_model",
            th.StringType,
            default="llama3.1-70b",
            title="Snowflake model",
            description="Model that completes the prompts.",
        ),
        _names(
            "snowflake_prompts",
            "Snowflake prompts",
            "Prompts to complete in chat_completions; each is sent once in a run.",
        ),
        th.Property(
            "snowflake_system_prompt",
            th.StringType,
            title="Snowflake system prompt",
            description="Text that goes before every prompt.",
        ),
        settings.integer(
            "snowflake_max_completion_tokens",
            1024,
            "Longest completion",
            "Tokens that a completion may have.",
            minimum=1,
        ),
    ]


def schema() -> dict[str, Any]:
    """Return the JSON schema of the configuration."""
    return th.PropertiesList(
        *_connection(),
        selection.setting(),
        *_wide(),
        *_history(),
        *_width(),
        *_fan_out(),
        *_questions(),
        *_snowflake(),
        *settings.common(
            page_size=PAGE_SIZE,
            largest_page=LARGEST_PAGE,
            requests_per_minute=REQUESTS_PER_MINUTE,
            concurrency=CONCURRENCY,
        ),
    ).to_dict()
