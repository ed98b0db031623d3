"""What the configuration asks: CQL queries, engineering metrics, and Snowflake's models."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from support.tap_run import TapRun

from sandbox.cortex.answers import Answer
from sandbox.cortex.routing import Call
from sandbox.cortex.snowflake import (
    DEFAULT_TOKEN,
    PATH,
    TYPE_HEADER,
    Failure,
    SnowflakeApp,
    SnowflakeOptions,
    create_snowflake_app,
)
from sandbox.serve import Running, serve

from .conftest import Site, outcomes, site
from .saying import says

PROMPTS = ["What is a scorecard?", "Who owns payments?", "What is a scorecard?"]
MODEL = "mistral-large2"


@contextlib.contextmanager
def snowflake(**options: Any) -> Iterator[tuple[SnowflakeApp, Running]]:
    app = create_snowflake_app(SnowflakeOptions(type_required=True, **options))
    with serve(app) as server:
        yield app, server


def chat(workspace: Site, server: Running, **settings: Any) -> TapRun:
    return workspace.run(
        "chat_completions",
        settings={
            "snowflake_account_url": server.url,
            "snowflake_token": DEFAULT_TOKEN,
            "snowflake_model": MODEL,
            "snowflake_prompts": PROMPTS,
            **settings,
        },
        env={"TAP_CORTEX_LOGLEVEL": "DEBUG"},
    )


def test_each_prompt_is_sent_once(workspace: Site) -> None:
    workspace.server.forget()
    with snowflake() as (app, server):
        run = chat(workspace, server, snowflake_system_prompt="Be short.")
    assert run.exit_code == 0, run.stderr
    run.check_records()
    rows = run.records["chat_completions"]
    assert [row["prompt_index"] for row in rows] == [0, 1]
    assert {row["content"] for row in rows} == {"Forty-two."}
    assert {row["total_tokens"] for row in rows} == {17}
    assert [call["messages"][-1]["content"] for call in app.calls] == PROMPTS[:2]
    assert [call["stream"] for call in app.calls] == [False, False]
    assert run.activated == []
    assert "payments" not in run.stderr
    assert DEFAULT_TOKEN not in run.stderr + run.stdout
    for request in server.requests:
        assert request.path == PATH.decode()
        assert request.header("authorization") == f"Bearer {DEFAULT_TOKEN}"
        assert request.header(TYPE_HEADER) == "PROGRAMMATIC_ACCESS_TOKEN"
    for request in workspace.server.requests:
        assert DEFAULT_TOKEN not in str(request.headers)
        assert request.header(TYPE_HEADER) is None


@pytest.mark.parametrize(
    "failure", [Failure(status=500), Failure(cut_after=20)], ids=["error", "broken off"]
)
def test_a_prompt_that_may_have_arrived_is_not_sent_again(
    workspace: Site, failure: Failure
) -> None:
    with snowflake(failures=(failure,)) as (app, server):
        run = chat(workspace, server)
    assert run.exit_code == 1
    assert len(server.requests) == 2
    assert "prompt 0" in run.last_line
    assert [row["prompt_index"] for row in run.records["chat_completions"]] == [1]
    assert len(app.calls) <= 2


def test_a_prompt_that_was_refused_is_sent_when_the_quota_is_free_again(workspace: Site) -> None:
    with snowflake(failures=(Failure(status=429, retry_after=0),)) as (app, server):
        run = chat(workspace, server)
    assert run.exit_code == 0, run.stderr
    assert len(server.requests) == 3
    assert len(app.calls) == 2


def test_a_wrong_token_costs_this_stream_only(workspace: Site) -> None:
    with snowflake() as (app, server):
        settings = {
            "snowflake_account_url": server.url,
            "snowflake_token": "wrong-marker",
            "snowflake_prompts": PROMPTS,
        }
        run = workspace.run("chat_completions", "users", settings=settings)
        test = workspace.run("chat_completions", arguments=("--test",), settings=settings)
    assert run.exit_code == 1
    assert "snowflake_token rejected" in run.last_line
    assert run.activated == ["users"]
    assert "wrong-marker" not in run.stderr
    assert test.exit_code == 0, test.stderr  # a test is not worth a bill
    assert len(server.requests) == 1
    assert app.calls == []


def test_a_model_that_calls_a_tool(workspace: Site) -> None:
    with snowflake(answer=None, finish_reason="") as (_app, server):
        run = chat(workspace, server)
    assert run.exit_code == 0, run.stderr
    row = run.records["chat_completions"][0]
    assert (row["content"], row["finish_reason"]) == (None, None)
    assert row["message"]["tool_calls"]


def test_cql_queries_are_waited_for() -> None:
    queries = [
        {"name": "services", "query": "type == service"},
        {"name": "domains", "query": "type == domain"},
    ]
    with site() as running:
        run = running.run("cql_queries", settings={"cql_queries": queries})
        running.options.query_status = "FAILURE"
        failed = running.run("cql_queries", settings={"cql_queries": queries[:1]})
        tags = {
            ("services" if entity.type == "service" else "domains", entity.tag)
            for entity in running.world.entities
            if entity.type in {"service", "domain"}
        }
    assert run.exit_code == 0, run.stderr
    run.check_records()
    assert set(run.keys("cql_queries")) == tags
    assert failed.exit_code == 1
    assert "query services: it ended with status FAILURE" in failed.last_line
    assert failed.activated == []


@pytest.mark.integration  # its patience is a minute at the least
def test_a_cql_job_that_is_stuck_costs_its_own_rows_only() -> None:
    queries = [
        {"name": "stuck", "query": "type == service"},
        {"name": "domains", "query": "type == domain"},
    ]

    def stuck(call: Call) -> Answer | None:
        first = call.names.get("jobId") == "job-000001"
        return says({"status": "IN_PROGRESS", "progress": 0.5}) if first else None

    with site() as running:
        running.world.on_request(stuck)
        settings = {"cql_queries": queries, "cql_timeout_minutes": 1}
        run = running.run("cql_queries", "teams", settings=settings)
        domains = {entity.tag for entity in running.world.entities if entity.type == "domain"}
    assert run.exit_code == 1
    assert outcomes(run) == {"cql_queries": "partial", "teams": "complete"}
    assert set(run.keys("cql_queries")) == {("domains", tag) for tag in domains}
    assert (
        "query stuck: it did not end within the 1 minutes of cql_timeout_minutes" in run.last_line
    )
    assert run.activated == ["teams"]
    asked = [r.path for r in running.server.requests]
    assert sum(path.endswith("/queries") for path in asked) == 2  # none is begun twice


@pytest.fixture
def keyed() -> Iterator[Site]:
    """A workspace whose metrics come as objects, the shape before rows by position."""
    with site(metric_rows="keyed") as running:
        yield running


def test_engineering_metrics(keyed: Site) -> None:
    queries = [
        {
            "name": "cycle time",
            "metrics": [{"metric": "pr-cycle-time", "aggregation": "AVG"}],
            "group_by": ["team"],
            "days": 7,
        },
        {"name": "unknown", "metrics": [{"metric": "no-such", "aggregation": "AVG"}]},
    ]
    settings = {"engineering_metric_queries": queries[:1]}
    run = keyed.run("engineering_metrics", settings=settings)
    assert run.exit_code == 0, run.stderr
    run.check_records()
    rows = run.records["engineering_metrics"]
    assert [row["row_index"] for row in rows] == list(range(len(keyed.world.teams)))
    assert {tuple(row["column_aliases"]) for row in rows} == {("team", "pr-cycle-time_avg")}
    partly = keyed.run("engineering_metrics", settings={"engineering_metric_queries": queries})
    assert partly.exit_code == 1
    assert "query unknown" in partly.last_line
    assert partly.records["engineering_metrics"] == rows


@pytest.mark.parametrize("shape", ["absent", "json", "text"])
def test_health_is_one_row_whatever_comes(shape: str) -> None:
    with site(health=shape, absent_status=405) as running:
        run = running.run("health")
    assert run.exit_code == 0, run.stderr
    run.check_records()
    (row,) = run.records["health"]
    assert row["ok"] is True
    assert row["http_status"] == (405 if shape == "absent" else 200)
    assert row["body"] == {"json": '{"status": "UP"}', "text": "OK"}.get(shape, row["body"])
