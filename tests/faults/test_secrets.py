"""No secret is ever shown: F61, for all three taps and everything they can be asked for.

The runner searches the output of every run of every fault test for :data:`MARKER`. Here is shown
that it would find one, and what those tests do not run is searched too.
"""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

from singer_rest.http.credentials import HeaderCredential, OriginCredentials
from singer_rest.http.exchange import Request
from singer_rest.redact import Redactor

from .answers import data, held, html, raw, redirect, reset_in_body, status, whole
from .runner import MARKER, SECRET, TAP_CACHET, Prepared
from .systems import CLIENT_SECRET, PASSWORD, CinchyStage, CortexStage

if TYPE_CHECKING:
    from .runner import Runner
    from .stage import Stage
    from .systems import System

FORMS = {
    "plain": SECRET,
    "in a URL": quote(SECRET, safe=""),
    "in a query": quote_plus(SECRET),
    "as JSON": json.dumps(SECRET),
    "as Python shows it": repr(SECRET.encode()),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["stderr", "stdout", "summary"])
def test_f61_a_secret_would_be_found(tmp_path: Path, place: str, form: str) -> None:
    prepared = Prepared(tmp_path, ["--about"], command=TAP_CACHET, config={})
    text = f"DEBUG header {FORMS[form]}"
    prepared.stderr.write_text(text if place == "stderr" else "")
    if place == "summary":
        (prepared.folder / "summary.json").write_text(json.dumps({"tap": {"last_line": text}}))
    with pytest.raises(AssertionError, match="a secret is in the"):
        prepared.ended(0, text.encode() if place == "stdout" else b"", 0)


def files_of(run_folder: Path) -> str:
    """Return everything below a folder but the configuration, which holds the secrets."""
    return "".join(
        file.read_bytes().decode("utf-8", "replace")
        for file in run_folder.rglob("*")
        if file.is_file() and file.name != "config.json"
    )


QUESTIONS = [
    ["--about"],
    ["--about", "--format", "json"],
    ["--about", "--format", "markdown"],
    ["--discover"],
    ["--test"],
    ["--test", "json"],
    ["--test", "schema"],
    ["--plan"],
    ["--plan", "json"],
    ["--version"],
    ["--help"],
    [],
]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_f61_nothing_a_tap_can_be_asked_shows_a_secret(
    any_system: System, tmp_path: Path, question: list[str]
) -> None:
    run = any_system(*question)
    assert run.code == 0, run.stderr
    assert run.stdout
    assert MARKER not in files_of(tmp_path)


@pytest.mark.parametrize("question", [["--about", "--format", "json"], ["--discover"], []])
def test_f61_also_when_secrets_come_by_the_environment(
    any_system: System, question: list[str], tmp_path: Path
) -> None:
    settings = any_system.stage.config()
    name = f"TAP_{any_system.name}_{any_system.key}".upper()
    env = {name: settings.pop(any_system.key)}
    run = any_system.run(settings, "--config", "ENV", *question, env=env)
    assert run.code == 0, run.stderr
    if not question:
        assert any(message["type"] == "RECORD" for message in run.messages)
    assert MARKER not in files_of(tmp_path)


ENDS = {
    "refused": status(401, {"message": f"no such key: {SECRET}"}, www_authenticate=SECRET),
    "forbidden": status(403, {"message": f"{SECRET} may not", "details": SECRET}),
    "a page with it": html(200, f"<html>{SECRET}</html>".encode()),
    "a page that forbids": html(403, f"<html>{SECRET}</html>".encode()),
    "data with it": data({"error": SECRET, "message": SECRET}),
    "a list with it": data([SECRET]),
    "broken JSON": raw(200, f'{{"key": "{SECRET}"'.encode()),
    "a request id": status(500, {"message": "broken"}, x_request_id=SECRET),
    "another host": redirect(f"https://elsewhere.invalid/{quote(SECRET)}?key={quote(SECRET)}"),
    "a place with a password": redirect(f"http://me:{MARKER}@elsewhere.invalid/"),
    "an end in the middle": reset_in_body(),
    "a wait": status(429, {"message": SECRET}, retry_after="99999"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("when", ["first", "later"])
def test_f61_no_failure_shows_a_secret(any_system: System, end: str, when: str) -> None:
    stage = any_system.stage
    good = []
    if when == "later":
        any_system()
        good = [whole()] * (len(stage.seen) - 1)
    stage.script("*", *good, forever=ENDS[end])
    run = any_system(settings={"max_retries": 1})
    if run.code == 0 and any_system.name == "cinchy":
        assert "is skipped" in run.warnings, "a table of Cinchy that most may not read"
    assert run.code in {0, 1, 2}, run.stderr
    assert "[BUG]" not in run.last


def test_f61_neither_password_nor_tokens_of_cinchy(tap_cinchy: Runner, tmp_path: Path) -> None:
    with CinchyStage() as stage:
        run = tap_cinchy(stage.password())
        assert run.code == 0, run.last
        tokens = list(stage.app.identity._grants)
    assert tokens, "a password was traded for a token"
    everything = files_of(tmp_path)
    for token in tokens:
        assert token not in everything
        assert token.rpartition(".")[2] not in everything
    for secret in (PASSWORD, CLIENT_SECRET):
        assert base64.b64encode(secret.encode()).decode() not in everything


@pytest.mark.parametrize("setting", ["username", "password", "client_id", "client_secret"])
def test_f61_a_refused_password_is_not_shown(tap_cinchy: Runner, setting: str) -> None:
    with CinchyStage() as stage:
        run = tap_cinchy(
            stage.password(
                **{
                    setting: f"{MARKER}-wrong"
                    if "sec" in setting or setting == "password"
                    else "wrong"
                }
            )
        )
        assert len(stage.requests("*/connect/token")) == 1
    assert run.code == 2
    assert "rejected by" in run.last


def test_f61_basic_is_a_secret_too(tap_cinchy: Runner, tmp_path: Path) -> None:
    with CinchyStage() as stage:
        query = {
            "name": "q",
            "domain": "HR",
            "query": "Employees",
            "auth": "basic",
            "primary_keys": ["id"],
            "json_schema": {"properties": {"id": {"type": "integer"}}},
        }
        settings = stage.password(saved_queries=[query], client_id=None, client_secret=None)
        run = tap_cinchy(settings)
        sent = {seen.header("authorization") for seen in stage.seen} - {None}
    assert run.code in {0, 1, 2}
    assert sent
    everything = files_of(tmp_path)
    for header in sent:
        assert header is not None
        assert header.partition(" ")[2] not in everything


def test_f61_the_second_secret_of_cortex(tap_cortex: Runner, tmp_path: Path) -> None:
    with CortexStage() as stage:
        stage.script("/api/v2/*", forever=status(401, {"message": f"bad {MARKER}-snow"}))
        settings = stage.config(
            snowflake_account_url=stage.url,
            snowflake_token=f"{MARKER}-snow",
            snowflake_prompts=["hello"],
        )
        run = tap_cortex(settings, select=["chat_completions", "catalogs"])
    assert run.outcomes["catalogs"] == "complete"
    assert MARKER not in files_of(tmp_path)


def test_f61_not_in_the_list_of_processes(stage: Stage, tap: Runner) -> None:
    gate = threading.Event()
    stage.script("/api/metrics", held(gate))
    started = tap.start(stage.config(), select=["metrics"])
    stage.wait_for("/api/metrics")
    line = Path(f"/proc/{started.process.pid}/cmdline")
    shown = line.read_bytes() if line.exists() else b""
    gate.set()
    assert started.finish().code == 0
    assert MARKER.encode() not in shown


def test_f61_not_in_addresses(any_system: System) -> None:
    any_system()
    assert any_system.stage.seen
    assert not any(MARKER in seen.target for seen in any_system.stage.seen)


def test_f61_not_in_what_a_debugger_shows() -> None:
    header = {"Authorization": f"Bearer {SECRET}"}
    credential = HeaderCredential("api_key", header)
    origin_credentials = OriginCredentials()
    origin_credentials.bind("https://status.example.com", credential)
    request = Request("https://status.example.com", {"key": SECRET}, headers=header)
    form = Request("https://status.example.com", form={"password": SECRET}, json={"p": SECRET})
    for thing in (credential, origin_credentials, request, form, Redactor([SECRET])):
        assert MARKER not in f"{thing!r} {thing!s}"
