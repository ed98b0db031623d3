"""Answers that are not what they should be: F36 to F46."""

from __future__ import annotations

import dataclasses
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from .answers import (
    bad_gzip,
    bomb,
    changed,
    data,
    edited,
    gzipped,
    html,
    raw,
    status,
    unless_identity,
    when,
)
from .stage import SMALL, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from .runner import Run, Runner

INCIDENTS = "/api/incidents"
TWO = ["components", "incidents"]


def assert_failed_aloud(run: Run, *words: str, requests: int, stage: Stage) -> None:
    """A body that cannot be read is never an empty list."""
    assert run.code == 1
    assert run.rows("incidents") == []
    assert run.activated == ["components"]
    assert "incidents" not in run.state["bookmarks"]
    for word in words:
        assert word in run.last
    assert len(stage.requests(INCIDENTS)) == requests


def test_f36_a_gateway_page_is_asked_again(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, html(), raw(200, b"<html>maintenance</html>", "application/json"))
    run = tap(stage.config(), select=TWO)
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><p>", b"\n\n<HTML><body>hi", b"Sorry, we moved"])
def test_f36_a_web_page_is_never_zero_rows(stage: Stage, tap: Runner, body: bytes) -> None:
    stage.script(INCIDENTS, forever=html(200, body))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert_failed_aloud(run, "web page instead of data", "tried 3 times", requests=3, stage=stage)


def test_f36_on_the_first_request(stage: Stage, tap: Runner) -> None:
    stage.script("*", forever=html())
    run = tap(stage.config(), log="INFO")
    assert run.code == 2
    assert not run.messages


@pytest.mark.parametrize("cut", [1, 40, 2000])
def test_f37_truncated_json_is_asked_again_then_fails(stage: Stage, tap: Runner, cut: int) -> None:
    stage.script(INCIDENTS, forever=changed(lambda body: body[:-cut]))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert_failed_aloud(run, "bytes that are not JSON", "at character", requests=3, stage=stage)
    assert "attributes" not in run.last, "no body in the log"


def test_f37_one_bad_answer_is_forgiven(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, raw(200, b"{'single': 'quotes'}"), raw(200, b'{"data": [}'))
    run = tap(stage.config(), select=TWO)
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")


@pytest.mark.parametrize("answer", [raw(200), raw(204), raw(200, b" \n"), raw(200, b"", None)])
def test_f38_nothing_at_all_fails(stage: Stage, tap: Runner, answer: Any) -> None:
    stage.script(INCIDENTS, forever=answer)
    run = tap(stage.config(), select=TWO, log="INFO")
    assert_failed_aloud(run, "without any content where data was expected", requests=3, stage=stage)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "answered null where a list of objects under 'data' was expected"),
        ({}, "answered an empty object"),
        ({"items": [], "links": {}}, "answered an object with 'items', 'links'"),
        ({"data": None, "links": {}}, "answered an object with 'data', 'links'"),
        ({"data": {"1": {}}, "links": {}}, "answered an object with 'data', 'links'"),
        ([], "answered a list of 0"),
        ("nothing to see", "answered a str"),
        ({"data": ["a", "b"], "links": {}}, "answered an object with 'data', 'links'"),
    ],
)
def test_f39_a_body_without_the_rows_fails(
    stage: Stage, tap: Runner, body: Any, words: str
) -> None:
    stage.script(INCIDENTS, forever=data(body))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert_failed_aloud(run, words, requests=1, stage=stage)


@pytest.mark.parametrize("attributes", ["missing", None, []])
def test_f39_one_record_without_attributes_empties_no_other(
    stage: Stage, tap: Runner, attributes: Any
) -> None:
    def edit(body: Any) -> None:
        if attributes == "missing":
            del body["data"][1]["attributes"]
        else:
            body["data"][1]["attributes"] = attributes

    stage.script("/api/metrics", forever=edited(edit))
    run = tap(stage.config(), select=["metrics"], log="INFO")
    assert run.code == 1
    assert run.rows("metrics") == [], "not rows of nulls"
    assert "where records with attributes under 'data' was expected" in run.last


def test_f39_a_list_without_its_end_signal_fails(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=edited(lambda body: {"data": body["data"]}))
    run = tap(stage.config(), select=TWO)
    assert run.code == 1
    assert run.activated == ["components"]
    assert "its end cannot be seen" in run.last


def first_name(run: Run) -> Any:
    return run.rows("incidents")[0]["name"]


def named(name: str) -> Callable[[Any], None]:
    """Return the edit that gives the first incident a name."""

    def edit(body: Any) -> None:
        body["data"][0]["attributes"]["name"] = name

    return edit


def replaced(what: str, by: bytes) -> Callable[[bytes], bytes]:
    """Return the change that writes bytes for a name."""

    def change(body: bytes) -> bytes:
        value = json.loads(body)
        named(what)(value)
        return json.dumps(value).encode().replace(json.dumps(what).encode(), by)

    return change


def test_f40_byte_order_mark_and_wrong_label_are_borne(stage: Stage, tap: Runner) -> None:
    def change(body: bytes) -> bytes:
        value = json.loads(body)
        named("Zürich ✓")(value)
        return b"\xef\xbb\xbf" + json.dumps(value, ensure_ascii=False).encode()

    stage.script(INCIDENTS, changed(change, content_type="application/json; charset=iso-8859-1"))
    run = tap(stage.config(), select=["incidents"], log="INFO")
    assert run.code == 0, run.last
    assert first_name(run) == "Zürich ✓"
    assert run.warnings == ""


def test_f40_invalid_utf8_is_replaced_and_counted(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, changed(replaced("bad", b'"a\xff\xfeb\xc3"')))
    run = tap(stage.config(), select=["incidents"], log="INFO")
    assert run.code == 0, run.last
    assert first_name(run) == "a\ufffd\ufffdb\ufffd"
    assert "/api/incidents: 3 invalid UTF-8 sequences replaced" in run.warnings


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e999"])
def test_f41_what_json_lacks_becomes_null(stage: Stage, tap: Runner, literal: bytes) -> None:
    stage.script("/api/metrics", changed(default_value(literal)))
    run = tap(stage.config(), select=["metrics"], log="INFO")
    assert run.code == 0, run.last
    assert run.rows("metrics")[0]["default_value"] is None
    assert "1 numbers outside JSON's range set to null" in run.warnings


def default_value(literal: bytes) -> Callable[[bytes], bytes]:
    """Return the change that gives the first metric a number."""

    def change(body: bytes) -> bytes:
        value = json.loads(body)
        value["data"][0]["attributes"]["default_value"] = "HERE"
        return json.dumps(value).encode().replace(b'"HERE"', literal)

    return change


@pytest.mark.parametrize(
    "digits",
    [
        "9007199254740993",
        "123456789012345678901234567890",
        "0.1234567890123456789012345",
        "12345678901234567.25",
        "1.10",
        "1E+2",
        "-0.0",
    ],
)
def test_f42_numbers_keep_their_digits(stage: Stage, tap: Runner, digits: str) -> None:
    stage.script("/api/metrics", changed(default_value(digits.encode())))
    run = tap(stage.config(), select=["metrics"])
    assert run.code == 0, run.last
    line = next(line for line in run.stdout.splitlines() if b'"RECORD","stream":"metrics"' in line)
    assert f'"default_value":{digits},'.encode() in line


def test_f42_a_large_integer_in_an_integer_column(stage: Stage, tap: Runner) -> None:
    large = 2**63 + 1

    def edit(body: Any) -> None:
        body["data"][0]["attributes"]["order"] = large

    stage.script("/api/component-groups", edited(edit))
    run = tap(stage.config(), select=["components_groups"])
    assert run.code == 0, run.last
    assert run.rows("components_groups")[0]["order"] == large


def test_f43_nul_and_lone_surrogates_are_removed(stage: Stage, tap: Runner) -> None:
    text = b'"a\\u0000b\\ud800c\\udfffd\\ud83d\\ude00e"'
    stage.script(INCIDENTS, changed(replaced("bad", text)))
    run = tap(stage.config(), select=["incidents"], log="INFO")
    assert run.code == 0, run.last
    assert first_name(run) == "abcd\U0001f600e"
    assert "3 NUL or surrogate characters removed" in run.warnings


@pytest.mark.parametrize(("text", "name"), [(rb'"a\u0000b"', "ab"), (rb'"a\\u0000b"', r"a\u0000b")])
def test_f43_a_nul_alone_is_removed_and_its_name_is_not(
    stage: Stage, tap: Runner, text: bytes, name: str
) -> None:
    stage.script(INCIDENTS, changed(replaced("bad", text)))
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 0, run.last
    assert first_name(run) == name


def test_f43_also_in_keys_and_deep_inside(stage: Stage, tap: Runner) -> None:
    def change(body: bytes) -> bytes:
        value = json.loads(body)
        value["data"][0]["attributes"]["meta"] = {"x": ["HERE"]}
        return json.dumps(value).encode().replace(b'"x": ["HERE"]', b'"k\\u0000": ["v\\udc00"]')

    stage.script(INCIDENTS, changed(change))
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 0, run.last
    assert run.rows("incidents")[0]["meta"] == {"k": ["v"]}


def test_f44_a_gzip_bomb_costs_no_memory(stage: Stage, tap: Runner) -> None:
    plain = tap(stage.config(), select=TWO)
    stage.script(INCIDENTS, forever=bomb(300))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert run.code == 1
    assert run.outcome("incidents") == "partial"
    assert run.activated == ["components"]
    assert "answered more than 64 MB" in run.last
    sizes = [seen.query["per_page"] for seen in stage.requests(INCIDENTS)]
    assert sizes[-2:] == ["100", "50"], "half the page is tried"
    assert run.peak - plain.peak < 100_000, "kilobytes: the ceiling and its copy, not 300 MB"


def test_f44_a_heavy_page_fits_in_halves(tap: Runner) -> None:
    with Stage(size=dataclasses.replace(SMALL, incidents=40)) as stage:
        pad = changed(lambda body: body + b" " * (2 << 20))
        stage.script(INCIDENTS, forever=when(lambda s: int(s.query["per_page"]) > 10, pad))
        run = tap(stage.config(page_size=20, max_response_mb=1), select=["incidents"])
        expected = stage.ids("incidents")
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == expected


@pytest.mark.parametrize("encoding", ["bad gzip", "cut gzip", "unknown", "plain as gzip"])
def test_f45_a_bad_encoding_is_asked_for_plain(stage: Stage, tap: Runner, encoding: str) -> None:
    packed = {
        "bad gzip": bad_gzip(),
        "cut gzip": changed(lambda body: gzip.compress(body)[:-20], content_encoding="gzip"),
        "unknown": changed(lambda body: body[::-1], content_encoding="br"),
        "plain as gzip": changed(bytes, content_encoding="gzip"),
    }[encoding]
    stage.script(INCIDENTS, forever=unless_identity(packed))
    run = tap(stage.config(), select=TWO)
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")
    asked = [seen.header("accept-encoding") for seen in stage.requests(INCIDENTS)]
    assert asked[-1] == "identity"
    assert len(asked) == 2


def test_f45_good_gzip_is_read(stage: Stage, tap: Runner) -> None:
    stage.script("/api/*", forever=gzipped())
    run = tap(stage.config(), select=TWO)
    assert run.code == 0, run.last
    assert set(run.ids("incidents")) == stage.ids("incidents")


def test_f45_an_encoding_that_never_unpacks_fails(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=bad_gzip())
    run = tap(stage.config(), select=TWO, log="INFO")
    assert_failed_aloud(
        run, "does not unpack as its Content-Encoding says", requests=3, stage=stage
    )


@pytest.mark.parametrize("depth", [150, 400, 990, 5_000, 200_000])
def test_f46_deep_nesting_is_borne_or_refused(stage: Stage, tap: Runner, depth: int) -> None:
    deep = b"[" * depth + b"]" * depth

    def change(body: bytes) -> bytes:
        value = json.loads(body)
        value["data"][0]["attributes"]["meta"] = {"deep": "HERE"}
        return json.dumps(value).encode().replace(b'"HERE"', deep)

    stage.script(INCIDENTS, forever=changed(change))
    run = tap(stage.config(), select=TWO, log="INFO")
    assert "bug" not in run.last
    if run.code == 0:
        assert depth < 1000, "no deeper than the interpreter can follow"
        assert set(run.ids("incidents")) == stage.ids("incidents")
    else:
        assert depth > 400
        assert run.rows("incidents") == []
        assert "nested too deeply" in run.last


def test_f46_very_wide_objects_are_read(stage: Stage, tap: Runner) -> None:
    wide = {f"key {number}": number for number in range(20_000)}

    def edit(body: Any) -> None:
        body["data"][0]["attributes"]["meta"] = wide

    stage.script(INCIDENTS, edited(edit))
    run = tap(stage.config(), select=["incidents"])
    assert run.code == 0, run.last
    assert run.rows("incidents")[0]["meta"] == wide


def test_errors_with_bodies_that_cannot_be_read_are_still_named(stage: Stage, tap: Runner) -> None:
    stage.script(INCIDENTS, forever=raw(418, b"\xff\x00{not json", "application/json"))
    stage.script("/api/metrics", forever=status(418, {"message": "\u0000tea\ud800" + "x" * 5000}))
    run = tap(stage.config(), select=["incidents", "metrics"], log="INFO")
    assert run.code == 1
    assert "answered 418" in run.last
    assert max(map(len, run.lines)) < 800
