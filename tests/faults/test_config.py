"""What people type wrong, in every setting that matters: F62, for all three taps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .runner import MARKER, SECRET, TAP_CORTEX, Runner
from .stage import Stage
from .systems import CinchyStage

if TYPE_CHECKING:
    from pathlib import Path

    from .runner import Run
    from .systems import System

FUTURE = "2999-01-01T00:00:00Z"


def refused(run: Run, words: str) -> None:
    """Assert that a configuration was refused before anything was written."""
    assert run.code == 2, run.stderr
    assert run.stdout == b""
    assert words in run.last
    assert "[CONFIG]" in run.last
    assert SECRET not in run.stderr


HARMLESS_URLS = {
    "a slash at the end": "{}/",
    "two": "{}//",
    "the path of the API": "{}/api",
    "that with a slash": "{}/api/",
    "blanks around": "  {}\n",
    "quotes around": '"{}"',
    "a query": "{}?tab=home",
    "a fragment": "{}/#/home",
}


@pytest.mark.parametrize("form", HARMLESS_URLS)
def test_f62_an_address_that_can_be_understood_is(any_system: System, form: str) -> None:
    url = HARMLESS_URLS[form].format(any_system.stage.url)
    run = any_system(settings={"api_url": url}, log="INFO")
    assert run.code == 0, run.last
    assert any(message["type"] == "RECORD" for message in run.messages)
    asked = {seen.path for seen in any_system.stage.seen}
    assert not any("//" in path or path.startswith("/api/api") for path in asked)


WRONG_URLS = {
    "": "api_url is empty",
    "  ": "api_url is empty",
    "{host}": "api_url has no scheme; write it as https://{host}",
    "//{host}": "api_url has no scheme; write it as https://{host}",
    "http:/{host}": "api_url has no scheme; write it as https://{host}",
    "ftp://{host}": "api_url is not an http(s) URL",
    "file:///etc/passwd": "api_url is not an http(s) URL",
    "https://": "api_url is not an http(s) URL",
    "https://http://{host}": "api_url is not one address",
    "http://{host} http://{host}": "api_url is not one address",
    "http://my host": "api_url is not one address",
    "http://[::1": "api_url is not an http(s) URL",
    "http://127.0.0.1:port": "api_url has a port that cannot be",
    "http://127.0.0.1:99999": "api_url has a port that cannot be",
    f"http://me:{MARKER}@{{host}}": "api_url must not contain a user name or password",
}


@pytest.mark.parametrize("url", WRONG_URLS)
def test_f62_an_address_that_cannot_be_understood(any_system: System, url: str) -> None:
    host = any_system.stage.url.partition("://")[2]
    run = any_system(settings={"api_url": url.format(host=host)}, log="INFO")
    refused(run, WRONG_URLS[url].format(host=host))
    assert not any_system.stage.seen


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/incidents/7", "/api/api"])
def test_f62_a_page_for_people_is_told_from_the_api(any_system: System, path: str) -> None:
    url = any_system.stage.url
    run = any_system(settings={"api_url": url + path}, log="INFO")
    refused(run, "There is no C")
    suggested = {"cachet": f"Did you mean {url}/api?", "cinchy": f"Did you mean {url}?"}
    assert suggested.get(any_system.name, "https://api.getcortexapp.com") in run.last


def test_f62_the_pages_of_cortex_are_not_its_api(tmp_path: Path) -> None:
    config = {"api_url": "https://app.getcortexapp.com/admin/home", "api_key": SECRET}
    run = Runner(tmp_path, TAP_CORTEX)(config, log="INFO")
    refused(run, "the address of the web pages; set it to https://api.getcortexapp.com")


def test_f62_a_host_with_a_typing_error(any_system: System) -> None:
    run = any_system(settings={"api_url": "https://statsu.invalid"}, log="INFO")
    assert run.code == 1
    assert run.stdout == b""
    assert "statsu.invalid does not resolve; check the host in api_url" in run.last


def test_f62_http_to_another_machine_is_warned_of(any_system: System) -> None:
    run = any_system(settings={"api_url": "http://statsu.invalid"}, log="INFO")
    assert run.code == 1
    assert f"{any_system.key} is sent to statsu.invalid over http" in run.warnings
    assert "over http" not in any_system(log="INFO").warnings, "this machine is nobody else's"


def test_f62_cinchy_sends_nothing_over_http_unless_allowed(tap_cinchy: Runner) -> None:
    with CinchyStage() as stage:
        run = tap_cinchy(stage.config(allow_insecure_http=False), log="INFO")
        refused(run, "api_url is an http address")
        assert not stage.seen


@pytest.mark.parametrize(
    "form", [" {}\n", '"{}"', "'{}'", "Bearer {}", "bearer   {}", '"Bearer {}" ']
)
def test_f62_a_key_with_what_was_pasted_along(any_system: System, form: str) -> None:
    run = any_system(settings={any_system.key: form.format(SECRET)})
    assert run.code == 0, run.last


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"{SECRET}\n{SECRET}", "holds a line break at place"),
        (f"{SECRET} {SECRET}", "holds a blank at place"),
        (f"{SECRET}\u200b", "holds the character U+200B at place"),
        (f"{SECRET}\u00e9", "holds the character U+00E9 at place"),
        ("", "api_key is empty"),
        (" \n", "api_key is empty"),
        (5, "must be of type string"),
        ([SECRET], "must be of type string"),
    ],
)
def test_f62_a_key_that_cannot_be_one(any_system: System, key: Any, words: str) -> None:
    run = any_system(settings={any_system.key: key})
    refused(run, words.replace("api_key", any_system.key))
    assert not any_system.stage.seen


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"start_date": FUTURE}, f"start_date lies in the future ({FUTURE})"),
        ({"start_date": "soon"}, "start_date is not a date; write it like"),
        ({"start_date": "31.01.2026"}, "start_date is not a date; write it like"),
        ({"start_date": 20260131}, "start_date must be of type string"),
        ({"page_size": 10**6}, "page_size must be at most"),
        ({"page_size": 0}, "page_size must be at least 1"),
        ({"page_size": True}, "page_size must be of type integer"),
        ({"page_size": "50"}, "page_size must be of type integer"),
        ({"concurrency": 1.5}, "concurrency must be of type integer"),
        ({"max_retries": -1}, "max_retries must be at least 0"),
        ({"verify_ssl": "no"}, "verify_ssl must be of type boolean"),
        ({"on_stream_error": "ignore"}, "on_stream_error must be one of fail, skip, stop"),
        ({"ca_bundle": "/nowhere/ca.pem"}, "ca_bundle names /nowhere/ca.pem, which does not exist"),
        ({"summary_file": "/nowhere/else.json"}, "summary_file lies in /nowhere, which is no"),
    ],
)
def test_f62_a_value_of_the_wrong_kind(
    any_system: System, settings: dict[str, Any], words: str
) -> None:
    refused(any_system(settings=settings, log="INFO"), words)
    assert not any_system.stage.seen or "summary_file" in settings


@pytest.mark.parametrize("date", ["2026-01-31", "2026-01-31 00:00:00", "2026-01-31T00:00:00+02:00"])
def test_f62_a_start_date_without_a_zone_is_in_utc(any_system: System, date: str) -> None:
    run = any_system(settings={"start_date": date}, log="INFO")
    assert run.code == 0, run.last


def test_f62_unknown_settings_are_named(any_system: System) -> None:
    run = any_system(settings={"page_sise": 5, "colour": "red"}, log="INFO")
    assert run.code == 0, "an orchestrator may pass settings of its own"
    assert "There is no setting page_sise; did you mean page_size?" in run.warnings
    assert "There is no setting colour." in run.warnings


def test_f62_null_is_not_set(any_system: System) -> None:
    nothing = dict.fromkeys(
        ["page_size", "start_date", "ca_bundle", "on_stream_error", "user_agent"]
    )
    run = any_system(settings=nothing, log="INFO")
    assert run.code == 0, run.last
    without = any_system(settings={any_system.key: None, "api_url": None}, log="INFO")
    words = {
        "cortex": "The setting api_key is required",
        "cachet": "The setting api_url is required",
    }
    refused(without, words.get(any_system.name, "The setting api_url is required"))


def test_f62_several_mistakes_come_at_once(any_system: System) -> None:
    run = any_system(settings={"page_size": 0, "concurrency": "x"}, log="INFO")
    refused(run, "page_size must be at least 1.")
    assert "concurrency must be of type integer" in run.last


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "../../etc/passwd", "+02:00"])
def test_f62_a_zone_that_is_none(stage: Stage, tap: Runner, timezone: str) -> None:
    refused(tap(stage.config(timezone=timezone), log="INFO"), "is not an IANA time zone")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON (line 1, column 1"),
        ('{"api_url": "x",}', "is not JSON (line 1, column"),
        (json.dumps([1]), "is not an object"),
        ("\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_f62_a_file_that_is_no_configuration(
    tap: Runner, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(text.encode("latin-1"))
    run = tap({}, "--config", str(file), log="INFO")
    refused(run, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The catalog file is not JSON (line 1, column 1"),
        ("{}", "The catalog file has no streams; write it anew with --discover"),
        ('{"streams": {}}', "The catalog file has no streams; write it anew with --discover"),
    ],
)
def test_f62_a_file_that_is_no_catalog(
    any_system: System, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text)
    run = any_system("--catalog", str(file), log="INFO")
    refused(run, words)


def test_f62_a_file_that_is_not_there(any_system: System, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.json"
    for option in ("--config", "--catalog", "--state"):
        run = any_system(option, str(missing), log="INFO")
        assert run.code == 2
        assert str(missing) in run.stderr.replace("\n", "")
        assert run.stdout == b""
