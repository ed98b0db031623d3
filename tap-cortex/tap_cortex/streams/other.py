"""What the configuration asks for, and a look at whether Cortex works."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_rest.records import timestamps
from tap_cortex.client import API
from tap_cortex.health import HealthSource
from tap_cortex.jobs import (
    CqlSource,
    MetricsSource,
    column_aliases,
    cql_questions,
    metric_columns,
    metric_questions,
)
from tap_cortex.schemas import other as tables
from tap_cortex.snowflake import PATH, ChatSource
from tap_cortex.streams.base import CortexStream, nothing
from tap_cortex.values import json_text, member

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_rest.http.exchange import Reply
    from singer_rest.sources.base import Source
    from singer_rest.sources.pages import Page
    from tap_cortex.client import Record

SUCCESS = range(200, 300)
ABSENT = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)
EXCERPT = 1000


class Health(CortexStream):
    """One row that says whether Cortex works; no document knows the route."""

    name = "health"
    table = tables.HEALTH
    route = "GET /health"
    cost = "1"
    selected_by_default = False

    def new_source(self) -> Source:
        """Return the one request."""
        return HealthSource(self.api.transport, self.api.request("/health"), self._row)

    def _row(self, reply: Reply | None, sentence: str) -> Record:
        status = reply.status if reply else None
        body = reply.body if reply else sentence
        text = body if isinstance(body, str) else json_text(body) if body is not None else None
        return {
            "endpoint": f"{API}/health",
            "http_status": status,
            "latency_ms": round(reply.seconds * 1000) if reply else None,
            "ok": status in SUCCESS or (status in ABSENT and self.tap.catalog_answers),
            "checked_at": timestamps.text(reply.date if reply else timestamps.now()),
            "body": text[:EXCERPT] if text is not None else None,
        }


class ConfiguredStream(CortexStream):
    """A stream of answers to questions that the configuration asks; inert without any."""

    selected_by_default = False
    permission = ""


class CqlQueries(ConfiguredStream):
    """The entities that configured CQL queries find."""

    name = "cql_queries"
    table = tables.CQL_QUERIES
    route = "POST /queries, then GET /queries/{jobId}"
    cost = "1 per query, and 1 per poll until it is done"

    def new_source(self) -> Source:
        """Return the queries."""
        questions = cql_questions(self.config["cql_queries"])
        if not questions:
            return nothing("/queries", "cql_queries")
        patience = 60.0 * self.config["cql_timeout_minutes"]
        return CqlSource(self.api, questions, self.tap.stop, patience)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every entity found."""
        return self.move_unknown([{**row, "query_name": page.parent.name} for row in page.rows])


class EngineeringMetrics(ConfiguredStream):
    """The answers to configured queries of engineering intelligence."""

    name = "engineering_metrics"
    table = tables.ENGINEERING_METRICS
    route = "POST /eng-intel/metrics/point-in-time"
    permission = "View Dev Metrics, and the licence for it"
    cost = "1 per query and page"

    def new_source(self) -> Source:
        """Return the queries."""
        configured = self.config["engineering_metric_queries"]
        questions = metric_questions(
            [item for item in configured if not item.get("period")], self.tap.upper_bound
        )
        if not questions:
            return nothing("/eng-intel/metrics/point-in-time", "engineering_metric_queries")
        return MetricsSource(self.api, questions)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return the rows with the range and the columns they belong to."""
        question = page.parent
        columns = metric_columns(page.reply.body)
        return [
            {
                "query_name": question.name,
                "row_index": getattr(page, "offset", 0) + index,
                "start_time": question.body["startTime"],
                "end_time": question.body["endTime"],
                "values": row,
                "column_aliases": column_aliases(columns),
                "columns": columns,
            }
            for index, row in enumerate(page.rows)
        ]


class ChatCompletions(ConfiguredStream):
    """What a model of Snowflake answers to configured prompts; every call is billed."""

    name = "chat_completions"
    table = tables.CHAT_COMPLETIONS
    route = f"POST {{snowflake_account_url}}{PATH}"
    permission = "the database role SNOWFLAKE.CORTEX_USER, in Snowflake"
    cost = "1 per prompt, billed by Snowflake"

    @property
    def is_full_table(self) -> bool:
        """Never: completions are added to, for no two runs get the same."""
        return False

    def new_source(self) -> Source:
        """Return the prompts."""
        chat = self.tap.chat
        if chat is None:
            return nothing(PATH, "snowflake_account_url")
        return ChatSource(self.tap.snowflake_transport, chat)

    def rows(self, page: Page) -> Iterable[Mapping[str, Any]]:
        """Return a row for every choice."""
        answer = page.reply.body
        shared = {
            name: answer.get(name)
            for name in ("id", "model", "object", "created", "system_fingerprint", "usage")
        }
        for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
            shared[name] = member(answer.get("usage"), name)
        return self.move_unknown(
            [
                {
                    "index": index,
                    **choice,
                    **shared,
                    "prompt_index": page.parent,
                    "role": member(choice.get("message"), "role"),
                    "content": _text(member(choice.get("message"), "content")),
                }
                for index, choice in enumerate(page.rows)
            ]
        )


def _text(content: Any) -> str | None:
    if content is None or isinstance(content, str):
        return content
    return json_text(content)
