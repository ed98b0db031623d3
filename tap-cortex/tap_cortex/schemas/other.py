"""Tables of streams that the configuration asks for, and of the probe."""

from __future__ import annotations

from singer_rest.records.columns import ARRAY, BOOLEAN, INSTANT, INTEGER, OBJECT, TEXT, TEXTS

from .common import cols, flat_table, table

HEALTH = flat_table(
    ("endpoint",),
    cols(TEXT, endpoint="Path that was asked.", body="Beginning of the answer."),
    cols(
        INTEGER,
        http_status="Status of the answer; null if none came.",
        latency_ms="Milliseconds until it was there.",
    ),
    cols(
        BOOLEAN,
        ok="Whether Cortex works: the path answers with success, or does not exist and the "
        "catalog answers.",
    ),
    cols(INSTANT, checked_at="When it was asked."),
)
_QUERY = cols(TEXT, query_name="Name of the query, from the configuration.")
CQL_QUERIES = table(
    ("query_name", "tag"),
    _QUERY,
    cols(
        TEXT,
        tag="Tag of an entity that the query found.",
        name="Name of the entity.",
        type="Type of the entity.",
        description="Description of the entity.",
    ),
)
ENGINEERING_METRICS = flat_table(
    ("query_name", "row_index"),
    _QUERY,
    cols(INTEGER, row_index="Place of the row in the answer, from 0."),
    cols(
        INSTANT,
        start_time="Where the range begins.",
        end_time="Where the range ends.",
    ),
    cols(OBJECT, values="Values by the alias of their column."),
    cols(TEXTS, column_aliases="Aliases of the columns, in their order."),
    cols(ARRAY, columns="Columns as the server describes them."),
)
ENGINEERING_METRICS_BY_PERIOD = flat_table(
    ("query_name", "period_start", "group_key"),
    _QUERY,
    cols(
        TEXT,
        period="Kind of period: day, week (from Monday) or month, in UTC.",
        group_key="Digest of the group's values; empty without groups.",
    ),
    cols(
        INSTANT,
        period_start="Where the period begins.",
        period_end="Where it ends; that instant is not part of it.",
    ),
    cols(
        OBJECT,
        groups="Values that the row is grouped by, by the alias of their column.",
        values="Values of the metrics by the alias of their column.",
    ),
)
ENG_INTEL_TRACE = flat_table(
    ("query_name", "event_key"),
    _QUERY,
    cols(
        TEXT,
        source="Source of the event, as the API names it.",
        event_key="Id of the event; a digest of its values where id is not among its attributes.",
    ),
    cols(INSTANT, occurred_at="Instant of the event: the query's time_attribute."),
    cols(OBJECT, values="Values by the alias of their column."),
)
CHAT_COMPLETIONS = table(
    ("id", "index"),
    cols(TEXT, id="What Snowflake calls the answer; one for all of its choices."),
    cols(
        INTEGER,
        index="Place of the choice in the completion.",
        prompt_index="Place of the prompt in snowflake_prompts, without repetitions.",
    ),
    cols(
        TEXT,
        model="Model that answered.",
        object="Kind of object, as Snowflake calls it.",
        role="Role of the message, such as assistant.",
        content="Text of the message; null where the model calls a tool.",
        finish_reason="Why the completion ended; may be missing.",
        system_fingerprint="Version of the back end, if told.",
    ),
    cols(INSTANT, created="When the completion was made."),
    cols(
        INTEGER,
        prompt_tokens="How many tokens were sent.",
        completion_tokens="How many tokens came back.",
        total_tokens="How many tokens are billed: the sum of both.",
    ),
    cols(OBJECT, message="The whole message.", usage="The whole account of tokens."),
)
