"""Snowflake's chat completions: billed, so every call is counted."""

from __future__ import annotations

import contextlib
import http.client
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cortex import Failure, SnowflakeOptions, create_snowflake_app
from sandbox.cortex.snowflake import DEFAULT_TOKEN

from .cortex_client import Client, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.cortex import SnowflakeApp
    from sandbox.serve import App

    Begin = Callable[..., tuple[SnowflakeApp, Client]]

PATH = "/api/v2/cortex/v1/chat/completions"
BODY: dict[str, Any] = {
    "model": "mistral-large2",
    "messages": [{"role": "user", "content": "What is it?"}],
    "stream": False,
}
TYPE = {"X_Snowflake_Authorization_Token_Type": "PROGRAMMATIC_ACCESS_TOKEN"}


@pytest.fixture
def begin(run: Callable[[App], str]) -> Iterator[Begin]:
    with contextlib.ExitStack() as stack:

        def start(**options: Any) -> tuple[SnowflakeApp, Client]:
            app = create_snowflake_app(SnowflakeOptions(**options))
            return app, stack.enter_context(Client(run(app), DEFAULT_TOKEN))

        yield start


def ask(client: Client, **change: Any) -> Reply:
    return client.post(PATH, {**BODY, **change}, **TYPE)


def test_a_completion(begin: Begin) -> None:
    app, client = begin()
    data = ask(client).data
    assert data["object"] == "chat.completion"
    assert data["choices"][0]["message"] == {"role": "assistant", "content": "Forty-two."}
    assert data["choices"][0]["finish_reason"] == "stop"
    assert data["usage"]["total_tokens"] == 17
    assert ask(client, n=3).data["choices"][2]["index"] == 2
    assert [call["messages"] for call in app.calls] == [BODY["messages"]] * 2


def test_it_streams_unless_told_not_to(begin: Begin) -> None:
    _, client = begin()
    body = {name: value for name, value in BODY.items() if name != "stream"}
    reply = client.post(PATH, body, **TYPE)
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.body.endswith(b"data: [DONE]\n\n")


def test_fields_may_be_missing(begin: Begin) -> None:
    _, client = begin(answer=None, finish_reason="")
    (choice,) = ask(client).data["choices"]
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"]
    assert "finish_reason" not in choice


def test_tokens_and_their_types(begin: Begin) -> None:
    app, client = begin()
    assert client.post(PATH, BODY).status == 200
    wrong = {"X_Snowflake_Authorization_Token_Type": "OAUTH"}
    assert client.post(PATH, BODY, **wrong).status == 401
    client.token = "cortex-key"
    assert ask(client).status == 401
    assert len(app.calls) == 1
    _, strict = begin(type_required=True)
    assert strict.post(PATH, BODY).status == 401


@pytest.mark.parametrize(
    "change", [{"model": "none"}, {"messages": []}, {"messages": "text"}, {"model": None}]
)
def test_malformed_requests(begin: Begin, change: dict[str, Any]) -> None:
    app, client = begin()
    reply = ask(client, **change)
    assert reply.status == 400
    assert reply.data["message"]
    assert app.calls == []


def test_other_addresses_and_methods(begin: Begin) -> None:
    _, client = begin()
    assert client.post("/api/v2/other", BODY, **TYPE).status == 404
    assert client.get(PATH).status == 405


def test_failures_come_first_and_are_not_billed(begin: Begin) -> None:
    app, client = begin(failures=(Failure(429, retry_after=3), Failure(503)))
    first = ask(client)
    assert (first.status, first.headers["retry-after"]) == (429, "3")
    assert [ask(client).status for _ in range(2)] == [503, 200]
    assert len(app.calls) == 1


def test_an_answer_that_breaks_off_is_billed(begin: Begin) -> None:
    app, client = begin(failures=(Failure(cut_after=20),))
    with pytest.raises(http.client.IncompleteRead):
        ask(client)
    assert len(app.calls) == 1


def test_errors_in_the_other_shape(begin: Begin) -> None:
    _, client = begin(error_shape="openai", failures=(Failure(500),))
    assert ask(client).data["error"]["code"] == "500"
